"""The page of a study of ten thousand cases, from drawn measurements: time, memory and size.

The page is rendered in a process of its own, so that what it takes can be told from everything else.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure

CASES, SECONDS, MEGABYTES, MEMORY_MB = 10_000, 60.0, 15.0, 1000.0
CODE = """
import json, resource, sys, time
from editproof.report.page.html import render
from tests.report import gold
whole = gold.evidence(int(sys.argv[1]))
began = time.process_time()
size = len(render(whole).encode()) / 1e6
took = time.process_time() - began
print(json.dumps([took, size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How large the study of the page is."""
    parser.add_argument("--page-cases", type=int, default=CASES, help="cases of the page's study, 3 x 2 tools")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of processor time, size and memory of the page of a study of so many cases x 3 x 2 tools."""
    command = [sys.executable, "-c", CODE, str(options.page_cases)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, size, memory = json.loads(said.splitlines()[-1])
    what = f"{options.page_cases} cases x 3 x 2 tools"
    yield Figure("page", f"render, {what}", seconds, "s of processor time", "at most", SECONDS)
    yield Figure("page", f"size, {what}", size, "MB", "at most", MEGABYTES)
    yield Figure("page", f"memory, {what}", memory, "MB", "at most", MEMORY_MB, "with imports and measurements")

"""What the pytest plug-in adds to the start of every session, also of those that have nothing to do with it."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure

PART, MOST_MS = "plugin", 15.0
CODE = """
import time
import pytest
began = time.process_time()
import editproof.pytest_plugin.plugin
print(time.process_time() - began)
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How often it is imported."""
    parser.add_argument("--plugin-runs", type=int, default=20, help="imports, of which the median counts")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The median import of the plug-in after pytest, each in a process of its own."""
    spent = [1e3 * float(_said(CODE)) for _ in range(options.plugin_runs)]
    note = f"median of {len(spent)}, {min(spent):.1f} to {max(spent):.1f}"
    yield Figure(PART, "import after pytest", statistics.median(spent), "ms over pytest", "at most", MOST_MS, note)


def _said(code: str) -> str:
    """What a process prints that keeps compiled modules, as Python does by default."""
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=told).stdout

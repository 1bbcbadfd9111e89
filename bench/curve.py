"""What a case costs in studies of several sizes: edited by the built-in fill, measured, kept, gathered and read again.

Cases are drawn phantoms of small frames, so that what grows with the cohort, if anything does, is not hidden behind
pixels. Each size is a process of its own; what a case costs is its processor time from an empty store to the table,
over the number of cases.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure

PART, MOST = "curve", 1.10
FRAME = (96, 80)
CODE = """
import json, sys, tempfile, time
from functools import partial
from pathlib import Path
import cv2
cv2.setNumThreads(1)
from editproof.editing.edits import Terms
from editproof.editors.registry import editor_from_spec
from editproof.phantoms.phantom import cohort
from editproof.study.bench import Bench
from editproof.study.plan import Plan
n, size = int(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3]))
with tempfile.TemporaryDirectory() as root:
    bench = Bench(partial(editor_from_spec, "opencv-telea"), (), Path(root), Plan("", 3), Terms())
    list(map(bench.record, cohort(2, size=size)))
    began = time.process_time()
    cases = cohort(n, size=size)
    table = bench.measured(cases)
    cold = time.process_time() - began
    began = time.process_time()
    again = bench.measured(cases)
    warm = time.process_time() - began
    assert len(again.rows) == len(table.rows)
    kept = [path.stat().st_size for path in Path(root).rglob("*") if path.is_file()]
print(json.dumps([cold / n, warm / n, sum(kept) / n, len(kept) / n]))
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sizes."""
    parser.add_argument("--curve-cases", type=int, nargs="+", default=[500, 2000, 10000], help="sizes of the studies")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """What a case costs at each size, against the smallest."""
    costs = {n: _costs(n) for n in sorted(options.curve_cases)}
    least = min(costs)
    for n, (cold, warm, size, files) in costs.items():
        note = (
            f"{1e3 * cold:.2f} ms a case, {1e3 * warm:.3f} ms to read it again; "
            f"{size / 1e3:.1f} kB in {files:.1f} files a case"
        )
        limit = ("at most", MOST) if n != least else ("", 0.0)
        what = f"{n} cases x 3 of {FRAME[0]} x {FRAME[1]} by the built-in fill"
        yield Figure(PART, what, cold / costs[least][0], f"x a case of {least}", *limit, note)


def _costs(n: int) -> tuple[float, float, float, float]:
    """Processor time of a case, of reading it again, and its bytes and files in the store."""
    words = [sys.executable, "-c", CODE, str(n), *map(str, FRAME)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    cold, warm, size, files = json.loads(said.splitlines()[-1])
    return cold, warm, size, files

"""A run of which everything is measured, against the imports of any analysis; and a cold demo against an older one.

The run judges two tools on drawn phantoms, three edits each: page, evidence and checks of determinism included. It is a
process of its own with no other plug-in, and so is what it is held against: ``import pandas, scipy.stats,
sklearn.metrics``. Costs are processor time of the whole process, each run followed by the imports.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.figures import Figure

PART, MOST = "warm", 3.0
ROOT = Path(__file__).parents[1]
IMPORTS = "import pandas, scipy.stats, sklearn.metrics"
TOOLS = ("opencv-telea", "rerender")


def add_options(parser: argparse.ArgumentParser) -> None:
    """How large the study is, and what the demo is held against."""
    parser.add_argument("--warm-cases", type=int, default=200, help="cases of the warm run, x 3 x 2 tools")
    parser.add_argument("--warm-rounds", type=int, default=5, help="warm runs, of which the median counts")
    parser.add_argument("--warm-store", type=Path, help="where its edits are kept from call to call")
    parser.add_argument("--demo-before", default="", metavar="COMMIT",
                        help="also run the demo of this and of that commit, from nothing")  # fmt: skip


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The warm run as a multiple of the imports, and the demo before as a multiple of today's."""
    with tempfile.TemporaryDirectory() as root:
        yield warm(options.warm_cases, options.warm_rounds, options.warm_store or Path(root) / "store", Path(root))
        if options.demo_before:
            yield demo(options.demo_before, Path(root))


def warm(cases: int, rounds: int, store: Path, folder: Path) -> Figure:
    """The warm run as a multiple of the imports, the median over rounds."""
    named = [word for tool in TOOLS for word in ("--editor", tool)]
    kept = ["--store", str(store.resolve()), "--reports", str(folder / "reports"), "-p", "no:cacheprovider"]
    alone = ["-p", "editproof.pytest_plugin.plugin", "-q", "--tb=no"]
    run = ["-m", "pytest", str(ROOT / "validations"), *named, "--dataset", f"phantom:?n={cases}", *kept, *alone]
    cpu_of(run)  # makes what is not kept yet
    spent = [(cpu_of(run), cpu_of(["-c", IMPORTS])) for _ in range(rounds)]
    ours, theirs = (statistics.median(costs) for costs in zip(*spent, strict=True))
    note = f"{ours:.2f} s against {theirs:.2f} s, {rounds} runs of each in turn"
    ratio = statistics.median(one / other for one, other in spent)
    what = f"everything measured, {cases} cases x 3 x {len(TOOLS)} tools, page included"
    return Figure(PART, what, ratio, f"x {IMPORTS}", "at most", MOST, note)


def demo(commit: str, folder: Path) -> Figure:
    """How many times as much a cold demo took at a commit."""
    what = f"cold demo of {commit} against today's"
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=False)
    if archive.returncode:
        return Figure(PART, what, None, "x", "at least", 2.0, "git does not know that commit here")
    before = folder / "before"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(before, filter="data")
    costs = []
    for root in (before, ROOT):
        with tempfile.TemporaryDirectory() as place:
            paths = os.pathsep.join((str(root / "harness"), str(root)))
            more = {"PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}  # the verb needs the plug-in
            costs.append(cpu_of(["-m", "editproof.cli", "demo"], place=Path(place), more=more))
    note = f"{costs[0]:.1f} s against {costs[1]:.1f} s, one run of each"
    return Figure(PART, what, costs[0] / costs[1], "x today's", "at least", 2.0, note)


def cpu_of(words: Sequence[str], *, place: Path = ROOT, more: Mapping[str, str] | None = None) -> float:
    """Seconds of processor time of a Python process, of its imports too, and of the processes that it waits for.

    It loads no plug-in of the environment, and keeps compiled modules as Python does by default.
    """
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    told |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1", **(more or {})}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *words], cwd=place, env=told, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):  # 1 is a tool that does not conform
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

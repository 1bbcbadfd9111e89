"""What a run met around it: who was to judge, and which software computed."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from editproof.evidence.facts import RollEntry
from editproof.study.judging import Judgement
from editproof.types import JSON

COMPUTING = ("editproof", "numpy", "scipy", "pandas", "scikit-learn", "opencv-python-headless", "torch", "timm")
RUNTIMES = ("onnxruntime",)


def whole_roll(roll: Iterable[RollEntry], judgements: Iterable[Judgement]) -> tuple[RollEntry, ...]:
    """Every test that asked to judge, and those that judged without asking, by name."""
    entries = {entry.test: entry for entry in roll}
    entries |= {j.test: RollEntry(j.test) for j in judgements if j.test not in entries}
    return tuple(entries[test] for test in sorted(entries))


def environment_of(command: str) -> dict[str, JSON]:
    """Python, platform, and the packages that computed anything; the command line is that of the run."""
    versions = {}
    for package in (*COMPUTING, *RUNTIMES):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions,
        "command": command,
        "executable": Path(sys.executable).name,
    }

"""A study judged from its study file: ``editproof run``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs


def add_to(verbs: Verbs) -> None:
    """Declare ``run``."""
    run = verbs.add_parser("run", help="judge the tools of a study file: editproof run [--study FILE] [--editor SPEC]")
    run.add_argument("--study", type=Path, metavar="FILE", help="default: study.toml, or [tool.editproof], here")
    run.add_argument("--suite", metavar="PATH", help="what pytest runs (default: what the file says, else its folder)")
    run.add_argument("pytest", nargs=argparse.REMAINDER, metavar="...", help="as for pytest: --editor, --lock, ...")
    run.set_defaults(action=_run)


def _run(options: argparse.Namespace) -> int:
    from editproof.study.study_file import read_study, study_here

    path = options.study or study_here(Path())
    suite = options.suite or read_study(path).suite or str(path.parent)
    command = [sys.executable, "-m", "pytest", suite, "--study", str(path), *options.pytest]
    return subprocess.run(command, check=False).returncode

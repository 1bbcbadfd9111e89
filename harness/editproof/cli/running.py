"""A study judged from its study file: ``editproof run``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.handing import path_of_suite, run_pytest
from editproof.cli.verbs import hand_on

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs


def add_to(verbs: Verbs) -> None:
    """Declare ``run``."""
    run = verbs.add_parser("run", help="judge the tools of a study file: editproof run [--study FILE] [--editor SPEC]")
    run.add_argument("--study", type=Path, metavar="FILE", help="default: study.toml, or [tool.editproof], here")
    words = "what pytest runs: a path, or the name of a suite that ships with the package, e.g. removal"
    run.add_argument("--suite", metavar="SUITE", help=f"{words} (default: what the file says, else its folder)")
    hand_on(run)
    run.set_defaults(action=_run)


def _run(options: argparse.Namespace) -> int:
    """Run pytest on a suite; one that is named needs no study file, and the one nearest to it is its own."""
    from editproof.core.shipped import shipped_suite
    from editproof.study.study_file import found_study, read_study, study_here

    shipped = shipped_suite(options.suite or "")
    if shipped:
        path: Path | None = options.study or found_study([Path()], Path().resolve())
        suite = ["--pyargs", shipped]
    elif options.suite:
        path, suite = options.study, [path_of_suite(options.suite)]
    else:
        path = of_file = options.study or study_here(Path())
        suite = [read_study(of_file).suite or str(of_file.parent)]
    study = ["--study", str(path)] if path else []
    return run_pytest([*suite, *study, *options.pytest])

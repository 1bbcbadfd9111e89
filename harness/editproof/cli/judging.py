"""A table of readings judged by a suite: the words of a user, handed on to pytest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.handing import path_of_suite, run_pytest
from editproof.cli.verbs import hand_on
from editproof.core.shipped import shipped_suite
from editproof.study.options import OF_COLUMNS

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs


def add_to(verbs: Verbs) -> None:
    """Declare ``judge``."""
    judge = verbs.add_parser("judge", help="judge a table of readings by a suite: no image, no tool, no instrument")
    judge.add_argument("readings", metavar="READINGS", help="CSV, TSV or Parquet; see docs/readings.md")
    judge.add_argument("--suite", required=True, metavar="PATH", help="tests, or a table of claims (TOML, CSV)")
    judge.add_argument("--cohort", metavar="FILE", help="table with a row for each case of the cohort")
    judge.add_argument("--tool", metavar="NAME", help="the tool whose edits were read")
    for name, (metavar, words) in OF_COLUMNS.items():
        judge.add_argument(f"--{name}", action="append", default=[], metavar=metavar, help=words)
    hand_on(judge)
    judge.set_defaults(action=_judge)


def _judge(options: argparse.Namespace) -> int:
    here, shipped = Path.cwd(), shipped_suite(options.suite)
    suite = ["--pyargs", shipped] if shipped else [path_of_suite(options.suite)]
    command = [*suite, f"--readings={options.readings}"]
    command += [f"--store={here / '.editproof'}", f"--reports={here / 'reports'}"]
    for option, value in (("--cohort-table", options.cohort), ("--readings-tool", options.tool)):
        command += [f"{option}={value}"] if value else []
    command += [f"--readings-{name}={value}" for name in OF_COLUMNS for value in getattr(options, name)]
    return run_pytest(["-q", *command, *options.pytest])

"""The ``editproof`` command: before a run, its edits, and what can be done with its evidence.

A group of verbs is a module with ``add_to(verbs)``; each verb delegates. A verb that hands its arguments on to pytest
declares ``pytest`` among them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from editproof.cli import (
    cohorts,
    editing,
    evidence,
    instruments,
    judging,
    planning,
    readers,
    running,
    training,
)
from editproof.errors import EditproofError
from editproof.evidence.exits import WRONG_USAGE

GROUPS = (cohorts, planning, editing, running, judging, readers, evidence, instruments, training)


STOPPED = 141
"""Exit code where whoever reads the output stopped reading, as of a program that SIGPIPE ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, as :mod:`editproof.evidence.exits` has them; 141 if nobody reads on."""
    try:
        try:
            return _exit_code(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not _silenced():
            raise
        return STOPPED


def _silenced() -> bool:
    """Whether nobody reads the output any more; what is left of it is then dropped."""
    try:
        print(flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line after the usage."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: error: {message}\n")


def _exit_code(arguments: Sequence[str] | None) -> int:
    parser = _Parser("editproof", description=__doc__.partition("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_to(verbs)
    options, rest = parser.parse_known_args(arguments)
    if rest:
        if not hasattr(options, "pytest"):
            parser.error(f"unknown arguments: {' '.join(rest)}")
        options.pytest = [*rest, *options.pytest]
    try:
        return int(options.action(options))
    except EditproofError as error:
        from editproof.report.text.wording import in_one_line

        print(f"editproof: {in_one_line(str(error))}", file=sys.stderr)
        return WRONG_USAGE

"""The ``editproof`` command: before a run, its edits, and what can be done with its evidence.

A group of verbs is a module with ``add_to(verbs)``; each verb delegates. A verb that hands its arguments on to pytest
declares ``pytest`` among them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.cli import cohorts, editing, evidence, instruments, planning, training
from harness.errors import EditproofError

GROUPS = (cohorts, planning, editing, evidence, instruments, training)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 does not hold, 2 wrong usage."""
    parser = argparse.ArgumentParser("editproof", description=__doc__.partition("\n")[0])
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
        print(f"editproof: {error}", file=sys.stderr)
        return 2

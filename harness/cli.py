"""The ``editproof`` command: what can be done with evidence after a run."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import EditproofError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 does not hold, 2 wrong usage."""
    parser = argparse.ArgumentParser("editproof", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, action, words in (
        ("verify", _verify, "recompute every digest of a run, and decide every verdict again from its measurements"),
        ("report", _report, "render a run's report again from its evidence"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.add_argument("run", type=Path, metavar="RUN", help="folder of the run, e.g. reports/RUN")
        command.set_defaults(action=action)
        if name == "report":
            command.add_argument("--report-images", choices=("all", "none"), default="all")
    lock = commands.add_parser("lock", help="freeze a suite's protocol before the first edit is made")
    lock.add_argument("file", type=Path, metavar="FILE", help="lock file to write")
    lock.add_argument(
        "pytest", nargs=argparse.REMAINDER, metavar="...", help="as for pytest: suite, --editor, --dataset"
    )
    lock.set_defaults(action=_lock)
    editors = commands.add_parser("editors", help="list the tools that --editor knows")
    editors.set_defaults(action=_editors)
    options = parser.parse_args(arguments)
    try:
        return int(options.action(options))
    except EditproofError as error:
        print(f"editproof: {error}", file=sys.stderr)
        return 2


def _verify(options: argparse.Namespace) -> int:
    from harness.criteria.redecision import disagreements
    from harness.evidence import faults, loaded

    found = faults(options.run)
    if not found:
        evidence = loaded(options.run)
        found = list(disagreements(evidence))
    for fault in found:
        print(fault)
    if found:
        print(f"editproof: {options.run} does not verify: {len(found)} fault(s)", file=sys.stderr)
        return 1
    verdicts = sum(len(editor.verdicts) for editor in evidence.editors)
    print(f"{options.run}: every digest holds, and all {verdicts} verdicts follow from the measurements")
    return 0


def _report(options: argparse.Namespace) -> int:
    from harness.delivery import rendered
    from harness.evidence import loaded

    print(rendered(loaded(options.run), options.run, images=options.report_images == "all"))
    return 0


def _lock(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--write-lock", str(options.file), *options.pytest]
    return subprocess.run(command, check=False).returncode


def _editors(options: argparse.Namespace) -> int:
    from harness.editors.registry import editor_factories

    for name, factory in sorted(editor_factories().items()):
        try:
            card = factory("").card
        except EditproofError as error:
            print(f"{name}: {error}")
            continue
        print(f"{name}: {card.description}; sends data to {card.sends_data_to or 'no one'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

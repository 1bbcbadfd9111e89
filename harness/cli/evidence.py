"""What can be done with the evidence of a run: verify it, render its report again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.cli.verbs import Verbs


def add_to(verbs: Verbs) -> None:
    """Declare ``verify`` and ``report``."""
    for name, action, words in (
        ("verify", _verify, "recompute every digest of a run, and decide every verdict again from its measurements"),
        ("report", _report, "render a run's report again from its evidence"),
    ):
        verb = verbs.add_parser(name, help=words, description=words)
        verb.add_argument("run", type=Path, metavar="RUN", help="folder of the run, e.g. reports/RUN")
        verb.set_defaults(action=action)
        if name == "report":
            verb.add_argument("--report-images", choices=("all", "none"), default="all")
            verb.add_argument("--format", choices=("html", "markdown"), default="html", help="markdown is printed")


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
    from harness.report import markdown

    evidence = loaded(options.run)
    if options.format == "markdown":
        print(markdown.render(evidence), end="")
    else:
        print(rendered(evidence, options.run, images=options.report_images == "all"))
    return 0

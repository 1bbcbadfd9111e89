"""The ``editproof`` command: what can be done with evidence after a run."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import EditproofError, ProtocolError

if TYPE_CHECKING:
    from harness.criteria.planning import Spread


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
            command.add_argument("--format", choices=("html", "markdown"), default="html", help="markdown is printed")
    plan = commands.add_parser(
        "plan", help="what a study of n patients could show, from a pilot run or from stated SDs"
    )
    plan.add_argument("--pilot", type=Path, metavar="RUN", help="folder of a run to take the spread from")
    plan.add_argument("--editor", metavar="NAME", help="which of the pilot's tools (default: the first)")
    plan.add_argument("--quantity", default="bone_age", help="reading to plan for (default: bone_age)")
    plan.add_argument("--between", type=float, metavar="SD", help="SD of the drift between patients")
    plan.add_argument("--within", type=float, default=0.0, metavar="SD", help="SD between repeats of one patient")
    plan.add_argument("--drift", type=float, metavar="D", help="drift expected of the tool (default: pilot's, else 0)")
    plan.add_argument("--margin", type=float, default=2.0, help="largest drift that is accepted (default: 2.0)")
    plan.add_argument("--n", type=int, default=200, help="patients (default: 200)")
    plan.add_argument("--repeats", type=int, default=3, help="edits per patient (default: 3)")
    plan.set_defaults(action=_plan)
    lock = commands.add_parser("lock", help="freeze a suite's protocol before the first edit is made")
    lock.add_argument("file", type=Path, metavar="FILE", help="lock file to write")
    lock.add_argument(
        "pytest", nargs=argparse.REMAINDER, metavar="...", help="as for pytest: suite, --editor, --dataset"
    )
    lock.set_defaults(action=_lock)
    edit = commands.add_parser("edit", help="make the edits alone: editproof edit --editor SPEC --dataset SPEC ...")
    edit.add_argument(
        "pytest", nargs=argparse.REMAINDER, metavar="...", help="as for pytest, and --edit-threads N, --dry-run"
    )
    edit.set_defaults(action=_edit)
    store = commands.add_parser("store", help="check that everything in a store of edits is as it was written")
    store.add_argument("root", type=Path, metavar="DIR", help="folder of the store, e.g. .editproof")
    store.set_defaults(action=_store)
    probe = commands.add_parser("probe", help="find out with five small edits what a tool makes of its mask")
    probe.add_argument("editor", metavar="SPEC", help="as for --editor")
    probe.add_argument("--allow-egress", action="append", default=[], metavar="HOST")
    probe.add_argument("--store", type=Path, default=Path(".editproof"), metavar="DIR")
    probe.set_defaults(action=_probe)
    editors = commands.add_parser("editors", help="list the tools that --editor knows")
    editors.set_defaults(action=_editors)
    options, rest = parser.parse_known_args(arguments)
    if rest:
        if options.action not in (_edit,):
            parser.error(f"unknown arguments: {' '.join(rest)}")
        options.pytest = [*rest, *options.pytest]
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
    from harness.report import markdown

    evidence = loaded(options.run)
    if options.format == "markdown":
        print(markdown.render(evidence), end="")
    else:
        print(rendered(evidence, options.run, images=options.report_images == "all"))
    return 0


def _plan(options: argparse.Namespace) -> int:
    from harness.criteria import planning

    spread = planning.Spread(options.between or 0.0, options.within, options.drift or 0.0)
    if options.pilot:
        spread = _pilot_spread(options)
    elif options.between is None:
        raise ProtocolError("a plan", "neither a pilot nor an SD", "Give --pilot RUN, or --between SD [--within SD].")
    n, repeats, margin = options.n, options.repeats, options.margin
    needed = planning.patients_needed(spread, margin, repeats)
    print(
        f"SD {spread.between:.2f} between and {spread.within:.2f} within patients, expected drift {spread.drift:+.2f}"
    )
    print(
        f"{n} patients x {repeats} repeats, margin {margin:g}: power {planning.power(spread, margin, n, repeats):.2f}"
    )
    print(f"smallest margin shown with 90 % power: {planning.smallest_margin(spread, n, repeats):.2f}")
    print(
        f"patients for 90 % power at that margin of {margin:g}: {needed or 'none suffice; the drift is not below it'}"
    )
    print(f"largest share of patients that {n} flawless ones prove: {planning.provable_share(n):.3f}")
    return 0


def _pilot_spread(options: argparse.Namespace) -> Spread:
    from harness.criteria.planning import spread_in_pilot
    from harness.evidence import loaded

    editors = {editor.card.name: editor for editor in loaded(options.pilot).editors}
    name = options.editor or next(iter(editors), "")
    if name not in editors:
        raise ProtocolError(f"a plan from {options.pilot}", f"it judged no {name!r}", f"It has: {', '.join(editors)}.")
    spread = spread_in_pilot(editors[name].measurements, options.quantity)
    return spread if options.drift is None else replace(spread, drift=options.drift)


def _lock(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--write-lock", str(options.file), *options.pytest]
    return subprocess.run(command, check=False).returncode


def _edit(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "pytest", "--edit-only"]
    command += ["--edit-estimate" if word == "--dry-run" else word for word in options.pytest]
    return subprocess.run(command, check=False).returncode


def _store(options: argparse.Namespace) -> int:
    from harness.ledger import Ledger
    from harness.store import Store

    found = list(Store(options.root).faults())
    for fault in found:
        print(fault)
    totals = Ledger(options.root).totals()
    print(
        f"{options.root}: {len(found)} fault(s); {sum(totals.edits.values())} edits were asked for, USD "
        f"{totals.cost_usd:.2f} paid; {len(totals.open)} requests were sent and never answered"
    )
    return 1 if found else 0


def _probe(options: argparse.Namespace) -> int:
    from harness.editing import Edits
    from harness.editors.probe import probed
    from harness.editors.registry import editor_from_spec

    editor = editor_from_spec(options.editor, allow_egress=options.allow_egress)
    report = probed(editor, Edits(options.store).outcomes)
    print(report)
    return 0 if report.respected else 1


def _editors(options: argparse.Namespace) -> int:
    from harness.editors.registry import described_editors
    from harness.editors.wrappers import WRAPPERS

    for name, sends_to, description in described_editors():
        print(f"{name:14} {sends_to:34} {description}")
    print(f"wrappers, written WRAPPER+TOOL: {', '.join(WRAPPERS)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

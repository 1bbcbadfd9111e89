"""Before the first edit: what a study can show, and its protocol frozen."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.numbers import brief, figure
from editproof.errors import ProtocolError

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs
    from editproof.criteria.planning import Spread


def add_to(verbs: Verbs) -> None:
    """Declare ``plan`` and ``lock``."""
    plan = verbs.add_parser("plan", help="what a study of n patients could show, from a pilot run or from stated SDs")
    plan.add_argument("--pilot", type=Path, metavar="RUN", help="folder of a run to take the spread from")
    plan.add_argument("--editor", metavar="NAME", help="which of the pilot's tools (default: the first)")
    plan.add_argument("--quantity", help="which of its readings (default: the first continuous one)")
    plan.add_argument("--between", type=float, metavar="SD", help="SD of the drift between patients")
    plan.add_argument("--within", type=float, default=0.0, metavar="SD", help="SD between repeats of one patient")
    plan.add_argument("--drift", type=float, metavar="D", help="drift expected of the tool (default: pilot's, else 0)")
    plan.add_argument("--margin", type=float, default=2.0, help="largest drift that is accepted (default: 2.0)")
    plan.add_argument("--n", type=int, default=200, help="patients (default: 200)")
    plan.add_argument("--repeats", type=int, default=3, help="edits per patient (default: 3)")
    plan.set_defaults(action=_plan)
    lock = verbs.add_parser("lock", help="freeze a suite's protocol before the first edit is made")
    lock.add_argument("--force", action="store_true", help="write it over a lock that is there")
    lock.add_argument("file", type=Path, metavar="FILE", help="lock file to write")
    lock.add_argument(
        "pytest", nargs=argparse.REMAINDER, metavar="...", help="as for pytest: suite, --editor, --dataset"
    )
    lock.set_defaults(action=_lock)


def _plan(options: argparse.Namespace) -> int:
    from editproof.criteria import planning

    spread = planning.Spread(options.between or 0.0, options.within, options.drift or 0.0)
    if options.pilot:
        spread = _pilot_spread(options)
    elif options.between is None:
        raise ProtocolError("a plan", "neither a pilot nor an SD", "Give --pilot RUN, or --between SD [--within SD].")
    n, repeats, margin = options.n, options.repeats, options.margin
    needed = planning.patients_needed(spread, margin, repeats)
    print(
        f"SD {figure(spread.between, 2)} between and {figure(spread.within, 2)} within patients, "
        f"expected drift {figure(spread.drift, 2, '+')}"
    )
    print(
        f"{n} patients x {repeats} repeats, margin {brief(margin)}: "
        f"power {figure(planning.power(spread, margin, n, repeats), 2)}"
    )
    print(f"smallest margin shown with 90 % power: {figure(planning.smallest_margin(spread, n, repeats), 2)}")
    enough = needed or "none suffice; the drift is not below it"
    print(f"patients for 90 % power at that margin of {brief(margin)}: {enough}")
    print(f"largest share of patients that {n} flawless ones prove: {figure(planning.provable_share(n), 3)}")
    return 0


def _pilot_spread(options: argparse.Namespace) -> Spread:
    from editproof.criteria.planning import spread_in_pilot
    from editproof.evidence.bundle import loaded

    editors = {editor.card.name: editor for editor in loaded(options.pilot).editors}
    name = options.editor or next(iter(editors), "")
    if name not in editors:
        raise ProtocolError(f"a plan from {options.pilot}", f"it judged no {name!r}", f"It has: {', '.join(editors)}.")
    measured = editors[name].measurements
    quantity = options.quantity or measured.foremost_reading()
    if not quantity or (measured.unit(quantity) == "probability" and not options.quantity):
        raise ProtocolError(
            f"a plan from {options.pilot}", f"no continuous reading of the edits of {name}",
            "A drift is planned for; take a pilot that reads one, or name one with --quantity.",
        )  # fmt: skip
    spread = spread_in_pilot(measured, quantity)
    print(f"MAE drift of {quantity} by {name} in {options.pilot}, in {measured.unit(quantity) or 'no unit'}")
    return spread if options.drift is None else replace(spread, drift=options.drift)


def _lock(options: argparse.Namespace) -> int:
    rest = [word for word in options.pytest if word != "--force"]
    over = ["--replace-lock"] if options.force or rest != options.pytest else []
    command = [sys.executable, "-m", "pytest", "-q", "--write-lock", str(options.file), *over, *rest]
    return subprocess.run(command, check=False).returncode

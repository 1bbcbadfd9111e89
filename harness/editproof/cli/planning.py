"""Before the first edit: what a study can show, and its protocol frozen."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli import readers
from editproof.cli.handing import run_pytest
from editproof.cli.verbs import hand_on
from editproof.core.numbers import brief, figure, percent
from editproof.errors import ProtocolError

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs

WANTED = 0.9
"""The power that a study is usually planned for."""


def add_to(verbs: Verbs) -> None:
    """Declare ``plan`` and ``lock``."""
    plan = verbs.add_parser("plan", help="how often the claims of a pilot run would pass in a study of n patients")
    plan.add_argument("--pilot", type=Path, metavar="RUN", help="folder of a run whose patients and claims are drawn")
    plan.add_argument("--editor", metavar="NAME", help="which of the pilot's tools (default: the first)")
    plan.add_argument("--n", type=int, default=200, help="patients (default: 200)")
    plan.add_argument("--draws", type=int, default=100, help="studies drawn (default: 100)")
    plan.add_argument("--lost", type=float, default=0.0, metavar="SHARE", help="edits lost besides the pilot's, 0 to 1")
    plan.add_argument("--between", type=float, metavar="SD", help="without a pilot: SD of a drift between patients")
    plan.add_argument("--within", type=float, default=0.0, metavar="SD", help="SD between repeats of one patient")
    plan.add_argument("--drift", type=float, default=0.0, metavar="D", help="drift expected of the tool (default: 0)")
    plan.add_argument("--margin", type=float, default=2.0, help="largest drift that is accepted (default: 2.0)")
    plan.add_argument("--cap", type=float, help="largest drift that counts in full (default: 30 margins)")
    plan.add_argument("--repeats", type=int, help="edits per patient (default: 3)")
    plan.add_argument("--study", type=Path, metavar="FILE", help="study file that says repeats, and caps of quantities")
    plan.add_argument("--quantity", metavar="NAME", help="with --study: whose cap and range count")
    readers.add_plan_options(plan)
    plan.set_defaults(action=_plan)
    lock = verbs.add_parser("lock", help="freeze a protocol before the first edit: editproof lock FILE [SUITE] ...")
    lock.add_argument("--force", action="store_true", help="write it over a lock that is there")
    lock.add_argument("--for-gate", action="store_true", help="leave the version of each tool open, not its name")
    lock.add_argument("file", type=Path, metavar="FILE", help="lock file to write")
    hand_on(lock)
    lock.set_defaults(action=_lock)


def _plan(options: argparse.Namespace) -> int:
    from editproof.criteria import planning

    if options.readers:
        return readers.plan_readers(options)
    if options.n < 1 or options.draws < 1 or not 0 <= options.lost < 1:
        found = f"n {options.n}, {options.draws} draws, {options.lost} lost"
        raise ProtocolError("a plan", found, "Give --n and --draws from 1 on, --lost from 0 to below 1.")
    if options.pilot:
        return _plan_by_pilot(options)
    if options.between is None:
        raise ProtocolError("a plan", "neither a pilot nor an SD", "Give --pilot RUN, or --between SD [--within SD].")
    spread = planning.Spread(options.between, options.within, options.drift)
    n, margin = options.n, options.margin
    repeats, cap = _of_study(options) if options.study else (options.repeats or 3, options.cap)
    chance = planning.power(spread, margin, n, repeats, cap=cap)
    print(
        f"{n} patients x {repeats} repeats, normal drifts of SD {figure(spread.between, 2)} between and "
        f"{figure(spread.within, 2)} within patients, mean {figure(spread.drift, 2, '+')}, margin {brief(margin)}: "
        f"power {figure(chance, 2)}"
    )
    enough = planning.patients_needed(spread, margin, repeats, cap=cap)
    print(f"patients for 90 % power: {enough or 'none suffice; the drift is not below the margin'}")
    print(f"largest share of patients that {n} flawless ones prove: {figure(planning.provable_share(n), 3)}")
    return 0


def _of_study(options: argparse.Namespace) -> tuple[int, float | None]:
    """Repeats and cap, as options say them, else the study file."""
    from editproof.criteria.declared import DeclaredQuantity
    from editproof.study.study_file import read_study

    study = read_study(options.study)
    if options.quantity and options.quantity not in study.quantities:
        found = f"{options.study} declares {', '.join(study.quantities) or 'none'}"
        raise ProtocolError(f"quantity {options.quantity}", found, "Name one of those, or give --cap.")
    told = study.quantities.get(options.quantity, DeclaredQuantity())
    return options.repeats or study.repeats or 3, options.cap or told.cap or told.width


def _plan_by_pilot(options: argparse.Namespace) -> int:
    from editproof.criteria import planning
    from editproof.criteria.redecision import criterion_from
    from editproof.types import place_of

    tool = readers.tool_of_pilot(options)
    pilot = tool.measurements
    claims = [(criterion_from(verdict.criterion), verdict.stratum) for verdict in tool.verdicts]
    found = planning.power_by_pilot(claims, pilot, options.n, draws=options.draws, lost=options.lost)
    print(
        f"{options.draws} studies of {options.n} patients drawn from the {len(set(pilot.patients))} of {tool.card.name}"
    )
    for criterion, stratum in claims:
        place = place_of(criterion.id, stratum)
        chance = found.of_claim[place]
        line = f"  {place}: passes in {percent(chance)}"
        if chance < WANTED:
            more = planning.patients_by_pilot(criterion, stratum, pilot, options.n, draws=options.draws)
            most = round(planning.MULTIPLES[-1] * options.n)
            line += (
                f"; {percent(WANTED)} need about {more} patients" if more else f"; not in {percent(WANTED)} with {most}"
            )
        print(line)
    print(f"all primary claims: in {percent(found.of_suite)}")
    return 0


def _lock(options: argparse.Namespace) -> int:
    asked = ["--replace-lock"] * options.force + ["--lock-for-gate"] * options.for_gate
    return run_pytest(["-q", "--write-lock", str(options.file), *asked, *options.pytest])

"""Human readers: images drawn for them, their answers collected, and how many of them a study needs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.files import store_named
from editproof.core.nearest import did_you_mean
from editproof.errors import ProtocolError

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs
    from editproof.evidence.record import EditorEvidence
    from editproof.stats.readers import Components


def add_to(verbs: Verbs) -> None:
    """Declare ``readers draw`` and ``readers collect``."""
    readers = verbs.add_parser("readers", help="have human readers read originals and edits, blinded")
    kinds = readers.add_subparsers(dest="what", required=True, metavar="WHAT")
    words = "draw cases, and write a sheet and an offline form for each reader, and the key that stays with the study"
    draw = kinds.add_parser("draw", help=words, description=words)
    draw.add_argument("--editor", required=True, metavar="SPEC", help="tool whose stored edits are read")
    draw.add_argument("--dataset", required=True, metavar="SPEC", help="cohort, as for a run")
    draw.add_argument(
        "--store", type=store_named, default=Path(".editproof"), metavar="DIR", help="default: .editproof"
    )
    draw.add_argument(
        "--study", type=Path, metavar="FILE", help="study file that the edits were asked for by (default: the one here)"
    )
    draw.add_argument("--repeats", type=int, help="edits per case of the study (default: what it says, else 3)")
    draw.add_argument("--study-seed", type=int, help="seed of the study's edits (default: what it says, else 0)")
    draw.add_argument("--read", type=int, default=1, metavar="K", help="of each case the first K edits (default: 1)")
    draw.add_argument("--readers", required=True, metavar="NAME,NAME", help="who reads; every reader reads every image")
    draw.add_argument("--questions", required=True, type=Path, metavar="FILE", help="TOML with [[question]] tables")
    draw.add_argument("--n", required=True, type=int, help="cases, drawn at random")
    draw.add_argument("--again", type=int, default=0, metavar="N", help="cases of which all is read twice (default: 0)")
    draw.add_argument("--sittings", type=int, default=2, help="sittings, over which a case is spread (default: 2)")
    draw.add_argument("--gap", type=int, default=10, help="images between two of one case, at least (default: 10)")
    draw.add_argument("--seed", type=int, default=0, help="seed of cases, order and codes (default: 0)")
    draw.add_argument("--longest-side", type=int, default=1024, metavar="PX", help="larger images are reduced to it")
    draw.add_argument("--out", required=True, type=Path, metavar="DIR", help="new folder, for readers")
    draw.add_argument("--key", type=Path, metavar="FILE", help="stays with the study (default: DIR.key.json)")
    draw.set_defaults(action=_draw)
    words = "turn the answers of readers into a table of readings for `editproof judge`"
    collect = kinds.add_parser("collect", help=words, description=words)
    collect.add_argument("answers", nargs="+", type=Path, metavar="ANSWERS", help="CSV that forms saved, filled sheets")
    collect.add_argument("--key", required=True, type=Path, metavar="FILE", help="key of the draw")
    collect.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a reader out altogether")
    collect.add_argument("-o", "--out", required=True, type=Path, metavar="FILE", help="table of readings to write")
    collect.set_defaults(action=_collect)


def add_plan_options(plan: argparse.ArgumentParser) -> None:
    """Declare what ``plan`` takes for claims on readers, beside what it takes for others too."""
    plan.add_argument("--readers", metavar="R,R", help="numbers of human readers: prints power by readers and cases")
    plan.add_argument("--cases", default="50,100,200", metavar="N,N", help="numbers of cases (default: 50,100,200)")
    plan.add_argument("--claim", metavar="ID", help="of the pilot's claims on readers (default: the first)")
    plan.add_argument("--case-sd", type=float, metavar="SD", help="SD over cases of what one reader changes")
    plan.add_argument("--correlation", type=float, default=0.3, help="of two readers' changes (default: 0.3)")
    plan.add_argument(
        "--components", metavar="VARTR,COV1,COV2,COV3,VAR", help="of a published Obuchowski-Rockette table"
    )
    plan.add_argument("--component-cases", type=int, default=0, metavar="N", help="cases of that study")
    plan.add_argument("--equivalence", action="store_true", help="within the margin either way, not above minus it")
    plan.add_argument("--fixed-readers", action="store_true", help="claim about these readers alone")


def plan_readers(options: argparse.Namespace) -> int:
    """Print the power of a claim on readers by their number and that of cases."""
    from editproof.core.numbers import brief
    from editproof.criteria.reader_planning import ReaderPlan, assumed, published

    readers, cases = (
        _counts("--readers", options.readers, 2 - options.fixed_readers),
        _counts("--cases", options.cases, 20),
    )
    if not options.margin > 0:
        raise ProtocolError("a plan of readers", f"a margin of {options.margin}", "Give a positive --margin.")
    least = 0
    if options.pilot:
        components, least = _of_pilot(options)
    elif options.components:
        reader, cov1, cov2, cov3, variance = _numbers("--components", options.components, 5)
        components = published(reader, cov1, cov2, cov3, variance, options.component_cases)
    elif options.between is not None and options.case_sd is not None:
        components = assumed(options.between, options.case_sd, options.correlation)
    else:
        raise ProtocolError(
            "a plan of readers", "nothing says how readings vary",
            "Give --pilot RUN, --between SD with --case-sd SD, or --components with --component-cases.",
        )  # fmt: skip
    plan = ReaderPlan(components, options.margin, options.drift, options.equivalence, fixed=options.fixed_readers)
    words = "within the margin either way" if options.equivalence else "no loss beyond the margin"
    print(f"power to show {words} ({brief(options.margin)}), difference expected {brief(options.drift)}, by cases:")
    print(plan.table(readers, cases))
    print("by Obuchowski and Rockette's interval, with no reading missing and one case a patient")
    if least:
        print(f"the limit that decides by default needs at least {least} cases, however few of them change")
    return 0


def tool_of_pilot(options: argparse.Namespace) -> EditorEvidence:
    """The tool of a pilot that is planned by: the one that ``--editor`` names, else the first.

    Raises
    ------
    ProtocolError
        Where the pilot judged no such tool.
    """
    from editproof.evidence.bundle import loaded

    editors = {editor.card.name: editor for editor in loaded(options.pilot).editors}
    name = options.editor or next(iter(editors), "")
    if name not in editors:
        advice = f"{did_you_mean(name, editors)}It has: {', '.join(editors)}."
        raise ProtocolError(f"a plan from {options.pilot}", f"it judged no {name!r}", advice)
    return editors[name]


def _of_pilot(options: argparse.Namespace) -> tuple[Components, int]:
    from editproof.criteria.estimand import READERS
    from editproof.criteria.reader_planning import cases_that_show, components_in_pilot
    from editproof.criteria.redecision import criterion_from

    tool = tool_of_pilot(options)
    claims = [criterion_from(verdict.criterion) for verdict in tool.verdicts]
    known = {claim.id: claim for claim in claims if claim.estimand.scope == READERS}
    wanted = options.claim or next(iter(known), "")
    if wanted not in known:
        found = f"it has no claim on readers {wanted!r}"
        raise ProtocolError(f"a plan from {options.pilot}", found, f"It has: {', '.join(known) or 'none'}.")
    pilot = tool.measurements
    return components_in_pilot(known[wanted], pilot), cases_that_show(known[wanted], pilot)


def _numbers(option: str, text: str, n: int) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != n:
        raise ProtocolError(f"{option} {text}", f"{n} numbers are wanted", "Part them by commas.")
    return found


def _counts(option: str, text: str, least: int) -> list[int]:
    parts = [part.strip() for part in str(text).split(",")]
    if not all(part.isdigit() and int(part) >= least for part in parts):
        raise ProtocolError(f"{option} {text}", f"whole numbers from {least} on are wanted", "Part them by commas.")
    return [int(part) for part in parts]


def _draw(options: argparse.Namespace) -> int:
    from editproof.datasets.checks import distinct
    from editproof.datasets.registry import dataset_from_spec
    from editproof.editing.edits import REUSE, Terms
    from editproof.study.bench import Bench
    from editproof.study.plan import Plan
    from editproof.study.readers.drawing import Design, chosen_cases, key_of, write_study
    from editproof.study.readers.pictures import drawn_cases
    from editproof.study.readers.questions import read_questions
    from editproof.study.study_file import StudyFile, found_study, read_study
    from editproof.study.suppliers import EditorSupplier

    path = options.study or found_study([Path()], Path().resolve())
    study = read_study(path) if path else StudyFile()
    plan = Plan.of(study, repeats=options.repeats, seed=options.study_seed)
    if not 1 <= options.read <= plan.repeats or options.longest_side < 32:
        found = f"{options.read} of {plan.repeats} edits, {options.longest_side} pixels"
        raise ProtocolError("a reader study", found, "Give --read up to --repeats, and --longest-side from 32 on.")
    names = tuple(name.strip() for name in options.readers.split(",") if name.strip())
    design = Design(names, options.again, options.sittings, options.gap, options.seed)
    asked = read_questions(options.questions)
    dataset = dataset_from_spec(options.dataset)
    bench = Bench(
        EditorSupplier(options.editor), (), options.store, plan, Terms(REUSE),
    )  # fmt: skip
    cases = chosen_cases(distinct(dataset), options.n, options.seed)
    drawn = list(drawn_cases(bench, cases, repeats=options.read, longest=options.longest_side))
    key = key_of(drawn, design, asked, bench.made_editor.card.name, dataset.card.digest)
    key_file = options.key or options.out.with_name(f"{options.out.name}.key.json")
    write_study(options.out, key_file, key, drawn, asked)
    each = len(key.items) // len(names)
    print(f"{options.out}: {len(names)} readers, {each} images each, in {design.sittings} sittings; study {key.study}")
    if key.lost:
        print(f"{len(key.lost)} edits did not come back: nobody reads them, and they count as missing")
    print(f"keep away from readers: {key_file}, {key_file.with_suffix('.cases.csv')}")
    return 0


def _collect(options: argparse.Namespace) -> int:
    from editproof.study.readers.collecting import collected, write_readings
    from editproof.study.readers.key import read_key

    found = collected(read_key(options.key), options.answers, options.without)
    write_readings(options.out, found)
    for reader, asked in found.asked.items():
        left = asked - found.answered[reader]
        print(f"{reader}: {found.answered[reader]} of {asked} questions answered{f', {left} missing' if left else ''}")
    if options.without:
        print(f"left out altogether: {', '.join(options.without)}; say so where you report the study")
    print(f"{options.out}: {len(found.rows)} rows")
    return 0

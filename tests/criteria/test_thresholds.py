"""A claim with a threshold is taken where some edit can meet it and another one not, and refused everywhere else.

Whether that is so is found by the statistics themselves, on values from intervals that are written down here: what an
estimand declares is what is tried.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import math
import runpy
from pathlib import Path

import editproof
import numpy as np
import pytest
from editproof import criteria as c
from editproof.criteria import Criterion, at_least, at_most, within
from editproof.criteria.claim_tables import claims_from
from editproof.criteria.claimed import check_can_fail, criteria_named
from editproof.criteria.estimand import IMAGES, PROBABILITY, READERS, Estimand
from editproof.criteria.factory import example_of
from editproof.criteria.reader_readings import ReaderReadings
from editproof.criteria.readings import Readings
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.criteria.rehearsal import drawn
from editproof.criteria.threshold import Threshold
from editproof.errors import ProtocolError
from editproof.types import EstimandSpec

from tests.docs.blocks import blocks

ROOT = Path(__file__).parents[2]
FAR = 1e6
LIMITLESS = ("hd95", "false_", "point_error", "largest_point_error", "character_error")
"""Metrics whose values nothing bounds; those of every other metric of which there are shares lie between 0 and 1."""
FIXED = {"failure_rate", "refusal_rate", "planted_seen"}
"""Shares of what either is so or not, without a threshold that a claim could set."""
NAMES = ("margin", "at", "within", "more_than")
CHOICES = {("outside_mask_change", "more_than"), ("froc_sensitivity", "at"), ("froc_sensitivity_drift", "at")}
"""Arguments of such a name that say which of two metrics, or where on a curve, is meant; no value is compared with them."""


def with_argument(name: str, argument: str, value: float, **others: object) -> Estimand:
    arguments = {**example_of(ESTIMANDS[name]).arguments, argument: value, **others}
    return estimand_from(EstimandSpec(name, arguments))


COUNTED = [
    (name, argument)
    for name in ESTIMANDS.built_in
    for argument in NAMES
    if argument in inspect.signature(ESTIMANDS[name]).parameters and (name, argument) not in CHOICES
]
EVERY = [
    (name, argument, per)
    for name, argument in COUNTED
    for per in (("patient", "edit") if "per" in inspect.signature(ESTIMANDS[name]).parameters else ("",))
]


def interval_of(made: Estimand, scale: tuple[float, float] | None) -> tuple[float, float]:
    """The interval of the values themselves, which no estimand is asked for."""
    if made.scope == IMAGES:
        return (0.0, FAR) if made.quantity.startswith(LIMITLESS) else (0.0, 1.0)
    if scale is not None:
        return scale
    return (0.0, 1.0) if made.kind == PROBABILITY else (-FAR, FAR)


def can_differ(made: Estimand, least: float, most: float, value: float) -> bool:
    """Whether two tables of values from an interval, its ends and what is about the threshold, come to two numbers."""
    about = [value + step for step in (-1e-9, 0.0, 1e-9)]
    tried = {least, most, (least + most) / 2, *about, *(least + x for x in about)}
    values = [x for x in tried if least <= x <= most]
    found = (comes_to(made, one, other) for one, other in itertools.product(values, values))
    first = next(found)
    return any(number != first for number in found)


def comes_to(made: Estimand, one: float, other: float) -> float:
    """The statistic of four patients, of whom originals and one edit have one value, and another edit another one."""
    n = 4
    binary = made.kind == PROBABILITY
    reference = np.arange(n) % 2.0 if binary else np.full(n, one)
    names = np.array([f"P{i}" for i in range(n)])
    values = np.tile([other, one], (n, 1))
    plain = (names, names, reference, np.full(n, one), values, np.zeros(values.shape, bool), np.full(n, np.nan))
    if made.scope == READERS:
        edited = np.repeat(values[:, None, :, None], 2, axis=1)
        many = np.repeat(values, 2, axis=1)
        readings = ReaderReadings(
            *plain[:4], many, np.zeros(many.shape, bool), plain[6], readers=np.array(["A", "B"]), edited=edited,
            before=np.full((n, 2, 1), one),
        )  # fmt: skip
    else:
        readings = Readings(*plain)
    statistic = made.statistic_on(readings)
    assert not statistic.reason, statistic.reason
    return round(float(statistic.value), 12)


def is_refused(made: Estimand, scale: tuple[float, float] | None) -> str:
    claim = Criterion("A", made, within(0.2, 0.8), source="s")
    try:
        check_can_fail([claim], {} if scale is None else {made.quantity: scale})
    except ProtocolError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("name", "argument", "per"), EVERY)
def test_a_claim_is_taken_where_values_can_differ_about_its_threshold_and_nowhere_else(name, argument, per):
    others = {"per": per} if per else {}
    random, met = np.random.default_rng(0), set()
    plain = with_argument(name, argument, 0.3)
    scales = [None, (0.0, 1.0), (0.25, 0.75)] if plain.kind == PROBABILITY else [None, (0.0, 4.0), (-3.5, 2.0)]
    for scale in scales if plain.scope != IMAGES else [None]:
        least, most = interval_of(plain, scale)
        ends = {0.0, least, most, most - least}
        beside = (-1.0, -1e-9, 0.0, 1e-9, 1.0)
        drawn_ones = random.uniform(least - 1.0, min(most, 300.0) + 1.0, 5)
        for value in {*(end + step for end in ends if abs(end) < FAR for step in beside), *drawn_ones}:
            made = with_argument(name, argument, float(value), **others)
            said = is_refused(made, scale)
            assert bool(said) != can_differ(made, least, most, float(value)), (made, scale, said)
            assert not said or ("nothing in an image decides it" in said and "\n" not in said)
            met.add(bool(said))
    assert met == {True, False}


def test_every_share_of_what_is_measured_declares_its_threshold(monkeypatch):
    """An estimand that counts without a declaration could not be refused; none is left out for want of a name."""
    counting: set[str] = set()
    now = ""
    for method in ("share_of_patients", "share_of_edits"):
        plain = getattr(Readings, method)
        monkeypatch.setattr(
            Readings, method, lambda *args, _plain=plain, **kwargs: (counting.add(now), _plain(*args, **kwargs))[1]
        )
    declared = set()
    for name in ESTIMANDS.built_in:
        signature = inspect.signature(ESTIMANDS[name]).parameters
        for margin in ({}, {"margin": 0.5}) if "margin" in signature else ({},):
            made = estimand_from(EstimandSpec(name, {**example_of(ESTIMANDS[name]).arguments, **margin}))
            made = made.capped(50.0) if made.wants_cap else made
            now = f"{name} {sorted(margin)}"
            if made.threshold is not None:
                assert isinstance(made.threshold, Threshold)
                declared.add(now)
            made.statistic_on(made.raw(drawn(made, patients=8, lost=0.0)))
    assert {f"{name} []" for name in FIXED} <= counting
    assert counting - {f"{name} []" for name in FIXED} <= declared
    assert {now.split()[0] for now in declared} == {name for name, _ in COUNTED}


@pytest.mark.parametrize("name", ESTIMANDS.built_in)
def test_a_limit_at_either_end_is_refused_and_one_inside_is_taken(name):
    """The ends are held against what wild edits come to, limits included."""
    made = estimand_from(example_of(ESTIMANDS[name]))
    made = made.capped(5.0) if made.wants_cap else made
    least, most = made.ends
    if math.isinf(most):
        return
    wild = 5.0 if made.kind == PROBABILITY or made.scope == READERS else 1e3
    found = made.estimate(drawn(made, patients=24, lost=0.1, harm=wild))
    assert found.exists, found.reason
    assert least <= found.low <= found.high <= most
    for region in (at_most(most), at_least(least), within(least - 1.0, most)):
        with pytest.raises(ProtocolError, match="it cannot fail: every value lies between"):
            check_can_fail([Criterion("A", made, region, source="s")])
    inside = 1e-6 * (most - least)
    for region in (at_most(most - inside), at_least(least + inside), within(least, most - inside)):
        check_can_fail([Criterion("A", made, region, source="s")])


def test_a_cap_bounds_nothing_that_is_recalibrated():
    check_can_fail([Criterion("A", c.recalibrated(c.mae_drift("x", cap=5.0)), at_most(6.0), source="s")])


def test_a_line_leads_off_the_scale_and_other_curves_do_not():
    off = c.sensitivity("sex", at=1.2)
    assert is_refused(off, None)
    assert is_refused(c.recalibrated(off, "isotonic"), None)
    assert not is_refused(c.recalibrated(off), None)
    random = np.random.default_rng(0)
    classes = np.arange(60) % 2.0
    read = np.clip(0.5 + 0.02 * (classes - 0.5) + random.normal(0, 0.003, 60), 0, 1)
    read[1] = 1.0
    names = np.array([f"P{i:02d}" for i in range(60)])
    made = Readings(names, names, classes, read, read[:, None], np.zeros((60, 1), bool), np.full(60, np.nan))
    assert 0 < c.recalibrated(off).statistic_on(made).value < 1


@pytest.mark.parametrize(
    "made", [c.boxes_found("nodule", margin=0), c.mask_dice("m", margin=0), c.marks_kept("w", margin=0)]
)
def test_what_lost_edits_alone_could_fail_is_refused(made):
    with pytest.raises(
        ProtocolError, match="no value is below margin=0: all lie between 0 and 1, so that nothing in an"
    ):
        check_can_fail([Criterion("A", made, at_most(0.05), source="s")])


def test_an_own_estimand_without_a_declaration_is_left_alone():
    plain = Estimand(name="own", quantity="x", statistic=lambda readings: readings.share(readings.values > 9, "edit"),
                     ideal=0.0, least=0.0, most=1.0)  # fmt: skip
    check_can_fail([Criterion("A", plain, at_most(0.05), source="s")], {"x": (0.0, 1.0)})


@pytest.mark.parametrize("value", [True, "0.9", math.nan])
def test_a_threshold_is_a_number(value):
    with pytest.raises(ProtocolError):
        c.mask_dice("carpals", margin=value)


PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md") if "Criterion(" in page.read_text(encoding="utf-8"))


def shown_on(page: str) -> list[Criterion]:
    """The claims of a page's Python, one by one, so that files that need another package do not matter."""
    found = []
    for language, _, content in blocks(page):
        if language != "python" or "Criterion(" not in content:
            continue
        names = {**vars(editproof), **{name: getattr(editproof, name) for name in editproof.__all__}}
        tree = ast.parse(content)
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                exec(compile(ast.Module([node], []), "page", "exec"), names)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Criterion":
                try:
                    found.append(eval(compile(ast.Expression(node), "page", "eval"), names))
                except NameError:
                    continue  # an estimand of the page's own
    return found


def test_every_claim_that_pages_show_can_fail():
    shown = {page.name: shown_on(page.read_text(encoding="utf-8")) for page in PAGES}
    assert len(shown["outputs.md"]) >= 10
    assert len(shown["masks.md"]) >= 3
    for claims in shown.values():
        check_can_fail(claims)


def test_every_claim_of_the_suites_can_fail():
    suites = [path for path in (ROOT / "validations").rglob("*.py") if "Criterion(" in path.read_text(encoding="utf-8")]
    found = [
        claim
        for path in suites
        for value in runpy.run_path(str(path)).values()
        for claim in criteria_named(lambda: None, {"value": value})
    ]
    tables = [claim for path in (ROOT / "validations").rglob("*.toml") if "[[claim]]" in path.read_text(encoding="utf-8")
              for claim in claims_from(path)]  # fmt: skip
    assert len(found) > 20
    assert tables
    check_can_fail([*found, *(claim.criterion for claim in tables)])

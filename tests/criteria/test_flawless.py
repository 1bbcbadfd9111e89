"""What the control that must pass is held against, in claims that ask for no change and in claims that ask for one."""

from __future__ import annotations

import pytest
from editproof import (
    Criterion,
    at_least,
    at_most,
    ks_distance,
    local_change,
    mae_drift,
    marker_residual,
    measurements_of,
    ssim,
    verdict_on,
)
from editproof.criteria.controls import verdict_on_control
from editproof.criteria.factory import example_of
from editproof.criteria.flawless import flawless, is_of_effect
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.criteria.rehearsal import drawn
from editproof.types import Outcome

N = 60


def control(editor: str, residual: float):
    cases = [{"case": f"C{k}", "patient": f"P{k}", "reference:age": 100.0} for k in range(N)]
    rows = [(f"C{k}", arm, 0, "pooled", "age", 100.0, "months") for k in range(N) for arm in ("original", "edited")]
    rows += [(f"C{k}", "edited", 0, "image", "marker_residual:inside_mask", residual, "") for k in range(N)]
    return measurements_of(editor, cases, rows, [(f"C{k}", 0, "ok", "") for k in range(N)])


GONE = Criterion("E-1", marker_residual(), at_most(0.3), source="placeholder: a test")


@pytest.mark.parametrize(
    ("made", "region", "effect"),
    [
        (marker_residual(), at_most(0.3), True),
        (ks_distance(), at_most(0.1), False),
        (ks_distance(margin=0.05), at_least(0.9), False),
        (local_change(), at_most(0.05), False),
        (ssim(), at_least(0.9), False),
        (mae_drift("age"), at_most(2.0), False),
    ],
)
def test_claims_that_ask_for_a_change_are_told_apart(made, region, effect):
    assert is_of_effect(Criterion("A", made, region, source="placeholder: a test")) is effect


def test_the_control_of_a_claim_on_the_effect_is_a_perfect_edit():
    assert verdict_on_control(GONE, control("identity", 1.0)).outcome is Outcome.PASS


def test_a_tool_that_does_nothing_still_misses_the_claim_on_the_effect():
    assert verdict_on(GONE, control("a tool that does nothing", 1.0)).outcome is Outcome.FAIL


def test_the_destructive_control_is_judged_by_what_it_did():
    assert verdict_on_control(GONE, control("destructive", 1.0)).outcome is Outcome.FAIL


def test_readings_stay_as_they_are():
    table = control("identity", 1.0)
    made = flawless(GONE, table).rows
    assert (made.loc[made["quantity"] == "age"] == table.rows.loc[table.rows["quantity"] == "age"]).all(axis=None)


def test_a_claim_that_too_few_patients_could_never_show_is_still_found_out():
    strict = Criterion("E-2", marker_residual(), at_most(0.001), source="placeholder: a test")
    assert verdict_on_control(strict, control("identity", 1.0)).outcome is not Outcome.PASS


@pytest.mark.parametrize("name", sorted(ESTIMANDS.names))
def test_nothing_but_a_claim_on_the_effect_is_held_against_another_table(name):
    """Of every other registered estimand the unchanged radiograph is what no tool can better."""
    made = estimand_from(example_of(ESTIMANDS[name]))
    table = drawn(made, harm=0.0, lost=0.0)
    claim = Criterion("A", made.capped(9.0) if made.wants_cap else made, at_most(1e6), source="placeholder: a test")
    if not is_of_effect(claim) and made.against != "target":
        assert flawless(claim, table) is table

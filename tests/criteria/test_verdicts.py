"""The decision rule, and properties that no data may break."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from editproof.criteria import (
    Criterion,
    at_least,
    at_most,
    auc_drift,
    bias,
    ks_distance,
    mae,
    mae_drift,
    prediction_drift,
    recalibrated,
    repeat_difference,
    repeat_sd,
    rmse_drift,
    verdict_on,
    within,
)
from editproof.criteria.criterion import decision, overall
from editproof.errors import ProtocolError
from editproof.stats.calibration import CURVES
from editproof.types import Estimate, Outcome
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.criteria.builders import table

SOURCE = "a test"


def study(
    rng: np.random.Generator, n: int = 40, repeats: int = 3, harm: float = 0.0, spread: float = 1.0
) -> dict[str, dict[str, np.ndarray]]:
    """Arrays of a small study whose edits add ``harm`` months and ``spread`` months of noise."""
    reference = np.clip(rng.normal(132, 43, n), 10, 228).round()
    original = reference + rng.normal(0, 6, n)
    edited = original[:, None] + harm + spread * rng.normal(size=(n, repeats))
    sex = (np.arange(n) % 2).astype(float)
    score = 1 / (1 + np.exp(-(2.4 * (sex - 0.5) + rng.normal(size=n))))
    return {
        "originals": {"bone_age": original, "sex": score},
        "edits": {"bone_age": edited, "sex": np.repeat(score[:, None], repeats, axis=1)},
        "references": {"bone_age": reference, "sex": sex},
    }


def drift_criterion(limit: float = 2.0) -> Criterion:
    return Criterion("BA-1", mae_drift("bone_age"), at_most(limit), source=SOURCE)


def estimate(value: float, low: float, high: float, method: str = "cluster t") -> Estimate:
    return Estimate(value, low, high, "months", 0.9, 200, 600, 0, method)


@pytest.mark.parametrize(
    ("low", "high", "region", "outcome"),
    [
        (0.5, 2.0, at_most(2.0), Outcome.PASS),
        (0.5, 2.0000001, at_most(2.0), Outcome.INCONCLUSIVE),
        (2.0, 3.0, at_most(2.0), Outcome.INCONCLUSIVE),
        (2.0000001, 3.0, at_most(2.0), Outcome.FAIL),
        (-1.0, 1.0, within(-1.0, 1.0), Outcome.PASS),
        (-1.1, 1.0, within(-1.0, 1.0), Outcome.INCONCLUSIVE),
        (-3.0, 3.0, within(-1.0, 1.0), Outcome.INCONCLUSIVE),
        (1.1, 3.0, within(-1.0, 1.0), Outcome.FAIL),
        (0.9, 0.99, at_least(0.9), Outcome.PASS),
        (0.8, 0.89, at_least(0.9), Outcome.FAIL),
    ],
)
def test_interval_inside_passes_outside_fails_else_inconclusive(low, high, region, outcome):
    assert decision(estimate((low + high) / 2, low, high), region)[0] is outcome


def test_no_width_passes_only_where_arms_are_identical():
    assert decision(estimate(0.0, 0.0, 0.0, "identical arms"), at_most(2.0))[0] is Outcome.PASS
    assert decision(estimate(0.0, 0.0, 0.0), at_most(2.0))[0] is Outcome.INCONCLUSIVE


def test_no_estimate_is_inconclusive_with_its_reason():
    nothing = replace(estimate(0, 0, 0), value=None, low=None, high=None, reason="no edit came back")
    outcome, because = decision(nothing, at_most(2.0))
    assert outcome is Outcome.INCONCLUSIVE
    assert "no edit came back" in because


def test_a_miss_is_never_rounded_into_a_hit():
    m = table(**study(np.random.default_rng(0)))
    verdict = verdict_on(drift_criterion(), m)
    for high in (2.004, 2.0000004, 1.9999996):
        changed = replace(verdict, estimate=estimate(1.0, 0.2, high))
        shown = float(repr(changed).split(", ")[1].split("]")[0])
        assert (shown > 2.0) == (high > 2.0)
        assert shown != 2.0


def test_repr_names_everything_a_reader_needs():
    data = study(np.random.default_rng(0), n=60, harm=25)
    line = repr(verdict_on(drift_criterion(), table(**data)))
    assert line.startswith("<FAIL BA-1: MAE drift = +")
    assert "months [+" in line
    assert line.endswith("60 patients, 180 edits; required at most 2.0 months>")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"source": ""}, "no source of its limit"),
        ({"source": "  "}, "no source of its limit"),
        ({"id": ""}, "no id"),
        ({"role": "important"}, "role 'important'"),
        ({"confidence": 0.4}, "confidence 0.4"),
        ({"confidence": 1.0}, "confidence 1.0"),
        ({"limits": "hopeful"}, "limits 'hopeful'"),
        ({"region": at_most(0.0)}, "no cap follows from it"),
    ],
)
def test_a_criterion_that_nobody_could_check_is_refused(wrong, found):
    with pytest.raises(ProtocolError, match=found):
        Criterion(**{"id": "X", "estimand": mae("bone_age"), "region": at_most(1), "source": SOURCE, **wrong})


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda: within(1, -1), "the limits 1.0 and -1.0"),
        (lambda: at_most(math.nan), "nan"),
        (lambda: at_most(math.inf), "no finite limit"),
    ],
)
def test_a_region_without_a_margin_is_refused(make, found):
    with pytest.raises(ProtocolError, match=found):
        make()


def test_few_patients_are_decided_by_the_same_rule_and_prove_little():
    few, many = (verdict_on(drift_criterion(), table(**study(np.random.default_rng(0), n=n))) for n in (12, 150))
    assert few.outcome is Outcome.INCONCLUSIVE
    assert few.estimate.high > 60 * (1 - 0.05 ** (1 / 12))
    assert many.outcome is Outcome.PASS


def test_overall_is_intersection_union():
    m = table(**study(np.random.default_rng(0), n=150))
    good = verdict_on(drift_criterion(), m)
    bad, open_ = replace(good, outcome=Outcome.FAIL), replace(good, outcome=Outcome.INCONCLUSIVE)
    secondary = replace(bad, criterion=replace(bad.criterion, role="secondary"))
    assert overall([good, good])[0] is Outcome.PASS
    assert overall([good, open_])[0] is Outcome.INCONCLUSIVE
    assert overall([good, open_, bad])[0] is Outcome.FAIL
    unsure = replace(secondary, outcome=Outcome.INCONCLUSIVE)
    assert overall([good, unsure])[0] is Outcome.PASS, "a secondary claim need not be shown to hold"
    place = secondary.place
    assert overall([good, secondary, unsure]) == (
        Outcome.FAIL, f"1 of 2 secondary criteria failed: {place}. All 1 primary criteria hold.",
    )  # fmt: skip
    assert overall([open_, secondary])[0] is Outcome.FAIL
    assert overall([secondary])[0] is Outcome.FAIL
    assert overall([unsure])[0] is Outcome.INCONCLUSIVE
    assert overall([])[0] is Outcome.INCONCLUSIVE


BOUNDED = [
    (mae_drift("bone_age", cap=20.0), 20.0),
    (prediction_drift("bone_age", cap=20.0), 20.0),
    (auc_drift("sex"), 1.0),
    (repeat_difference("bone_age", cap=20.0), 20.0),
]
APPROXIMATE = [rmse_drift("bone_age"), *(recalibrated(mae_drift("bone_age"), curve) for curve in CURVES)]


def untouched(seed: int, n: int, repeats: int):
    data = study(np.random.default_rng(seed), n, repeats)
    data["edits"] = {name: np.repeat(values[:, None], repeats, axis=1) for name, values in data["originals"].items()}
    return table(**data)


@pytest.mark.parametrize(("estimand", "reach"), BOUNDED, ids=lambda value: getattr(value, "name", ""))
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(20, 60), repeats=st.integers(2, 3))
@settings(max_examples=8)
def test_an_untouched_edit_is_as_far_from_certain_as_the_patients_are_few(estimand, reach, seed, n, repeats):
    found = estimand.estimate(untouched(seed, n, repeats))
    classes = n // 2 if estimand.kind == "probability" else n
    assert found.value == 0.0
    assert found.high == pytest.approx(reach * (1 - 0.05 ** (1 / classes)), rel=0.08 if reach == 1.0 else 1e-6)
    assert found.low == pytest.approx(-found.high, rel=0.08) or estimand.least == found.low == 0.0


@pytest.mark.parametrize("estimand", APPROXIMATE, ids=lambda e: e.name)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(20, 60), repeats=st.integers(2, 3))
@settings(max_examples=8)
def test_where_nothing_bounds_a_value_identical_arms_of_few_patients_settle_nothing(estimand, seed, n, repeats):
    found = estimand.estimate(untouched(seed, n, repeats))
    assert (found.value, found.notes["point"], found.notes["level"]) == (None, 0.0, "approximate")
    assert "at least 299 are needed" in found.reason


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_the_order_of_cases_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    data = study(rng, n=30, harm=1.5)
    m = table(**data)
    order = rng.permutation(30)
    shuffled = replace(
        m, cases=m.cases.iloc[order].reset_index(drop=True), rows=m.rows.iloc[rng.permutation(len(m.rows))]
    )
    for estimand in (mae_drift("bone_age"), auc_drift("sex"), recalibrated(mae_drift("bone_age"))):
        one, other = estimand.estimate(m), estimand.estimate(shuffled)
        assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


@given(seed=st.integers(0, 2**32 - 1), factor=st.sampled_from([1 / 12, 4.0, 30.4]))
@settings(max_examples=10)
def test_a_change_of_unit_changes_the_unit_alone(seed, factor):
    data = study(np.random.default_rng(seed), n=30, harm=1.5)
    scaled = {kind: {q: v * (factor if q == "bone_age" else 1) for q, v in by.items()} for kind, by in data.items()}
    for make in (mae, mae_drift, rmse_drift, bias, repeat_sd, repeat_difference):
        caps = ({}, {}) if make is rmse_drift else ({"cap": 24.0}, {"cap": 24.0 * factor})
        one = make("bone_age", **caps[0]).estimate(table(**data))
        other = make("bone_age", unit="x", **caps[1]).estimate(table(**scaled, units={"bone_age": "x"}))
        assert other.value == pytest.approx(factor * one.value, rel=1e-9, abs=1e-12)
        assert other.low == pytest.approx(factor * one.low, rel=1e-9, abs=1e-12)
        assert other.high == pytest.approx(factor * one.high, rel=1e-9, abs=1e-12)


@given(
    seed=st.integers(0, 2**32 - 1),
    harm=st.floats(0, 8),
    spread=st.floats(0, 8),
    worse=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 2), st.floats(0, 200)), min_size=1, max_size=40),
)
@settings(max_examples=60)
def test_worse_data_never_turns_fail_into_pass(seed, harm, spread, worse):
    data = study(np.random.default_rng(seed), n=30, harm=harm, spread=spread)
    before = verdict_on(drift_criterion(), table(**data))
    reference, edited = data["references"]["bone_age"], data["edits"]["bone_age"].copy()
    for case, repeat, more in worse:
        away = 1.0 if edited[case, repeat] >= reference[case] else -1.0
        edited[case, repeat] += away * more
    data["edits"]["bone_age"] = edited
    after = verdict_on(drift_criterion(), table(**data))
    if before.outcome is Outcome.FAIL:
        assert after.outcome is not Outcome.PASS
    if before.estimate.value is not None and after.estimate.value is not None:
        assert after.estimate.value >= before.estimate.value - 1e-9


@given(seed=st.integers(0, 2**32 - 1), n_missing=st.integers(1, 20))
@settings(max_examples=20)
def test_losing_edits_never_helps_under_the_worst_case(seed, n_missing):
    rng = np.random.default_rng(seed)
    data = study(rng, n=30, harm=3)
    whole = mae("bone_age", cap=60.0).estimate(table(**data))
    edited = data["edits"]["bone_age"].copy()
    edited.ravel()[rng.choice(edited.size, n_missing, replace=False)] = np.nan
    data["edits"] = {"bone_age": edited}
    lost = mae("bone_age", cap=60.0).estimate(table(**data))
    assert lost.n_missing == n_missing
    assert lost.high >= whole.high
    assert lost.low <= whole.low
    assert set(lost.notes["sensitivity"]) == {"complete_case", "original_used"}


def test_all_edits_lost_is_a_reason_and_not_a_pass():
    data = study(np.random.default_rng(0), n=30)
    data["edits"] = {"bone_age": np.full((30, 3), np.nan)}
    verdict = verdict_on(drift_criterion(1000.0), table(**data))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no edit came back" in verdict.because


def test_a_unit_that_was_not_measured_is_refused():
    with pytest.raises(ProtocolError, match="measured in 'months'"):
        mae_drift("bone_age", unit="years").estimate(table(**study(np.random.default_rng(0), n=30)))


@pytest.mark.parametrize(("value", "outcome"), [(0.0, Outcome.PASS), (0.01, Outcome.PASS), (0.2, Outcome.FAIL)])
def test_a_change_that_is_the_same_everywhere_is_decided_as_any_other(value, outcome):
    data = study(np.random.default_rng(0), n=100)
    m = table(**data, images={"ks_distance:protected": np.full((100, 3), value)})
    assert verdict_on(Criterion("K", ks_distance(), at_most(0.05), source=SOURCE), m).outcome is outcome

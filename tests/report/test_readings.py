"""What the charts say in words is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof import auc, label_change_rate, limits_of_agreement, mae, prediction_drift, repeat_sd
from editproof.criteria.estimand import Estimand
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.report.charts import charts
from editproof.report.charts.chart import Read
from editproof.report.charts.marks import Frame
from editproof.report.page.readings import (
    Paired,
    agreement_lines,
    area,
    band_around,
    complete_mean,
    ecdf,
    label_changes,
    paired,
    roc,
    spread_of_repeats,
)
from editproof.stats.agreement import Z_95
from editproof.stats.roc import roc_points
from editproof.testing import tables
from editproof.types import Quantity
from hypothesis import given
from hypothesis import strategies as st

AGE, SEX = Quantity("bone_age", "months"), Quantity("sex", "probability", "probability")


COMPLETE = "complete_case"


def value_of(estimand: Estimand, table: Measurements) -> float | None:
    """What a verdict's estimate is before it is asked how sure it is; None where there is none."""
    raw = estimand.raw(table)
    if estimand.refusal(raw):
        return None
    found = estimand.statistic_on(raw)
    return None if found.reason else found.value


def same(shown: float, estimand: Estimand, table: Measurements) -> bool:
    return shown == pytest.approx(value_of(estimand, table), rel=0, abs=1e-9)


@given(tables())
def test_limits_of_agreement_and_bias_on_the_page_are_those_of_the_verdicts(table: Measurements) -> None:
    pair = paired(table, AGE)
    assert pair is not None
    found = agreement_lines(pair)
    if found is None:
        assert len(set(pair.counted(reference=False).patients)) < 2
        return
    bias, low, high = found
    assert same(bias, prediction_drift("bone_age", missing=COMPLETE), table)
    for side, shown in (("lower", low), ("upper", high)):
        assert same(shown, limits_of_agreement("bone_age", side=side, missing=COMPLETE), table)


@given(tables())
def test_sd_between_repeats_on_the_page_is_that_of_the_verdict(table: Measurements) -> None:
    pair = paired(table, AGE)
    assert pair is not None
    found, estimand = spread_of_repeats(pair), repeat_sd("bone_age", missing=COMPLETE)
    if found is None:
        assert value_of(estimand, table) is None
        return
    assert same(found[1], estimand, table)
    assert found[0].min() <= found[1] <= found[0].max() or found[1] == pytest.approx(found[0].max())


@given(tables())
def test_mean_absolute_error_on_the_page_is_that_of_the_verdict(table: Measurements) -> None:
    pair = paired(table, AGE)
    assert pair is not None
    if not pair.has_edits:
        return
    error = np.abs(pair.edited - pair.reference[:, None])
    assert same(complete_mean(pair, error), mae("bone_age", missing=COMPLETE), table)


PROBABILITIES = tables("sex", "probability", low=0.0, high=1.0)


@given(PROBABILITIES)
def test_changes_of_class_on_the_page_are_those_of_the_verdict(table: Measurements) -> None:
    pair = paired(table, SEX)
    assert pair is not None
    if pair.has_edits:
        changed, patients = label_changes(pair)
        assert same(changed / patients, label_change_rate("sex", missing=COMPLETE), table)


@given(PROBABILITIES, st.integers(1, 8))
def test_area_under_the_curve_drawn_is_that_of_the_verdict(table: Measurements, levels: int) -> None:
    """With ties, which ``levels`` bring about, and with several edits a case of which some did not come back."""
    rounded = table.rows["value"].mul(levels).round() / levels
    tied = replace(table, rows=table.rows.assign(value=rounded))
    pair = paired(tied, SEX)
    assert pair is not None
    curve = roc(pair, pair.edited)
    truth = pair.reference[np.isfinite(pair.edited).any(axis=1)] > 0.5
    if curve is None:
        assert truth.all() or not truth.any()
        return
    assert same(float(np.trapezoid(curve[1], curve[0])), auc("sex", missing=COMPLETE), tied)


def test_repeats_of_unequal_number_share_the_weight_of_their_case() -> None:
    nan = np.nan
    change = np.array([[1.0, nan, nan], [3.0, 3.0, 3.0], [nan, nan, nan]])
    pair = Paired(AGE, np.zeros(3), np.zeros(3), change)
    found = agreement_lines(pair)
    assert found is not None
    bias, low, high = found
    assert bias == pytest.approx(2.0)
    assert (high - bias, bias - low) == pytest.approx((Z_95, Z_95))


def test_limits_of_agreement_need_two_patients() -> None:
    pair = Paired(AGE, np.zeros(2), np.zeros(2), np.array([[1.0, 2.0], [3.0, 4.0]]), ("one", "one"))
    assert agreement_lines(pair) is None
    assert agreement_lines(replace(pair, patients=("one", "two"))) is not None


def test_equal_changes_have_limits_of_agreement_without_width() -> None:
    for change in np.random.default_rng(8).uniform(0, 10, 50):
        found = agreement_lines(Paired(AGE, np.zeros(30), np.zeros(30), np.full((30, 3), change)))
        assert found == pytest.approx((change,) * 3, abs=1e-6)


def test_changes_of_class_count_patients_and_neither_cases_nor_edits() -> None:
    edited = np.array([[0.2, 0.3], [0.2, np.nan], [0.9, 0.8], [np.nan, np.nan]])
    pair = Paired(SEX, np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.9, 0.9, 0.1, 0.7]), edited, ("a", "a", "b", "c"))
    assert label_changes(pair) == (2, 2)
    same_class = replace(pair, edited=np.array([[0.8, 0.7], [0.6, np.nan], [0.1, 0.2], [np.nan, np.nan]]))
    assert label_changes(same_class) == (0, 2)


def test_cases_without_a_reference_standard_count_where_the_estimand_needs_none() -> None:
    pair = Paired(AGE, np.array([1.0, np.nan]), np.zeros(2), np.array([[1.0, 3.0], [5.0, 5.0]]))
    assert len(pair.counted(reference=True).original) == 1
    assert len(pair.counted(reference=False).original) == 2
    assert len(replace(pair, reference=np.full(2, np.nan)).counted(reference=True).original) == 2


def test_captions_say_where_edits_are_left_out() -> None:
    edited = np.random.default_rng(9).uniform(0, 1, (12, 3))
    pair = Paired(SEX, np.arange(12) % 2.0, edited[:, 0], edited)
    lost = replace(pair, edited=np.where(np.arange(3) == 2, np.nan, edited))
    for one, says in ((pair, False), (lost, True)):
        for chart in (charts.probabilities, charts.roc_curves, charts.repeats):
            figure = chart.draw(Read(one, measurements_of("tool", [], [], []), Frame.around([one])))
            assert ("Edits that did not come back are left out." in figure.caption) is says


def test_roc_of_one_class_is_not_defined() -> None:
    score = np.arange(4.0)[:, None]
    assert roc_points(score, np.ones(4, bool)) is None
    curve = roc_points(np.array([[0.1], [0.2], [0.8], [np.nan]]), np.array([False, False, True, True]))
    assert curve is not None
    assert np.trapezoid(curve[1], curve[0]) == 1.0


def test_quantity_that_was_not_read_is_left_out_and_missing_reference_is_nan() -> None:
    table = measurements_of(
        "t", [{"case": "a", "patient": "a"}], [("a", "original", 0, "pooled", "bone_age", 90.0, "months")],
        [("a", 0, "refused", "no")],
    )  # fmt: skip
    pair = paired(table, AGE)
    assert pair is not None
    assert not pair.has_edits
    assert np.isnan(pair.reference).all()
    assert paired(table, SEX) is None


def test_ecdf_ends_at_one_and_is_none_for_an_empty_region() -> None:
    table = measurements_of(
        "t", [], [], [], [("edited", "whole", 0, 3), ("edited", "whole", 1, 1), ("edited", "hand", 0, 0)]
    )
    curve = ecdf(table, "edited", "whole")
    assert curve is not None
    assert curve[1] == pytest.approx([0.75, 1.0])
    assert ecdf(table, "edited", "hand") is None


def test_band_of_a_curve_holds_the_curve_and_narrows_with_patients() -> None:
    draw, grid = np.random.default_rng(5), np.linspace(0, 1, 21)
    widths = []
    for n in (60, 600):
        truth = np.arange(n) % 2.0
        score = 1 / (1 + np.exp(-(1.5 * (2 * truth - 1)[:, None] + draw.normal(0, 1.5, (n, 3)))))
        pair = Paired(SEX, truth, score[:, 0], score)
        band, curve = band_around(pair, score, grid), roc(pair, score)
        assert band is not None
        assert curve is not None
        low, high = band
        inside = np.interp(grid, curve[0], curve[1])
        assert np.all(low <= inside + 0.02)
        assert np.all(inside - 0.02 <= high)
        widths.append(float((high - low).mean()))
    assert widths[1] < 0.5 * widths[0]


def test_band_draws_patients_and_not_cases() -> None:
    """Ten copies of each patient are no more patients: the band is as wide as without the copies."""
    draw, grid = np.random.default_rng(6), np.linspace(0, 1, 11)
    truth = np.arange(40) % 2.0
    score = 1 / (1 + np.exp(-(2 * truth - 1 + draw.normal(0, 1.0, 40))))[:, None]
    once = Paired(SEX, truth, score[:, 0], score)
    copies = Paired(SEX, np.tile(truth, 10), np.tile(score[:, 0], 10), np.tile(score, (10, 1)),
                    tuple(f"p{k:02d}" for k in range(40)) * 10)  # fmt: skip
    few, many = (band_around(pair, pair.edited, grid) for pair in (once, copies))
    assert few is not None
    assert many is not None
    assert float((many[1] - many[0]).mean()) == pytest.approx(float((few[1] - few[0]).mean()), rel=0.1)


def test_area_has_an_interval_and_is_none_for_one_class() -> None:
    truth = np.arange(60) % 2.0
    score = (0.3 + 0.4 * truth + np.random.default_rng(7).normal(0, 0.2, 60))[:, None]
    found = area(Paired(SEX, truth, score[:, 0], score), score)
    assert found is not None
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.confidence == 0.9, "the level of a verdict at the usual one-sided 95 %"
    assert area(Paired(SEX, np.ones(60), score[:, 0], score), score) is None

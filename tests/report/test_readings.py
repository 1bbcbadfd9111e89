"""What the charts say in words is right."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.evidence.measurements import measurements_of
from editproof.report.page.readings import (
    Paired,
    agreement,
    area,
    changed_class,
    ecdf,
    paired,
    repeat_sd,
    roc,
    roc_band,
)
from editproof.types import Quantity

AGE, SEX = Quantity("bone_age", "months"), Quantity("sex", "probability", "probability")


def test_agreement_of_single_differences_is_the_classical_one() -> None:
    change = np.random.default_rng(1).normal(3.0, 5.0, (50, 1))
    bias, low, high = agreement(change)
    assert bias == pytest.approx(change.mean())
    assert high - bias == pytest.approx(1.96 * change.std(ddof=1))
    assert bias - low == pytest.approx(high - bias)


def test_agreement_with_repeats_finds_both_components_of_variance() -> None:
    draw = np.random.default_rng(2)
    change = draw.normal(0, 4.0, (4000, 1)) + draw.normal(0, 3.0, (4000, 3))
    bias, _, high = agreement(change)
    assert (high - bias) / 1.96 == pytest.approx(5.0, abs=0.15)


def test_agreement_leaves_missing_edits_out_and_needs_two_cases() -> None:
    nan = np.nan
    assert agreement(np.array([[1.0, nan], [3.0, 3.0], [nan, nan]]))[0] == pytest.approx(7 / 3)
    assert np.isnan(agreement(np.array([[1.0, 2.0], [nan, nan]]))).all()


def test_repeat_sd_needs_two_edits_of_a_case() -> None:
    assert repeat_sd(np.array([[1.0, 3.0], [5.0, np.nan]])) == pytest.approx([np.sqrt(2.0)])


def test_changed_class_counts_cases_and_not_edits() -> None:
    pair = Paired(SEX, np.array([1.0, 0.0]), np.array([0.9, 0.1]), np.array([[0.2, 0.3], [0.2, np.nan]]))
    assert changed_class(pair) == 1


def test_roc_of_one_class_is_not_defined() -> None:
    assert roc(np.ones(4), np.arange(4.0)) is None
    curve = roc(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.8, np.nan]))
    assert curve is not None
    assert curve[2] == 1.0


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
        band, curve = roc_band(pair, score, grid), roc(np.repeat(truth, 3), score.ravel())
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
    few, many = (roc_band(pair, pair.edited, grid) for pair in (once, copies))
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
    assert found.low < found.value == pytest.approx(roc(truth, score[:, 0])[2])
    assert area(Paired(SEX, np.ones(60), score[:, 0], score), score) is None

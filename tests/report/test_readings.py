"""What the charts say in words is right."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measurements import measurements_of
from harness.report.readings import Paired, agreement, changed_class, ecdf, paired, repeat_sd, roc
from harness.types import Quantity

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

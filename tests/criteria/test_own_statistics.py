"""A statistic of a user's own that cannot be one is refused in one line, and rightly given ones are taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof.criteria.estimand import READINGS, Estimand
from editproof.errors import ProtocolError
from editproof.stats.sums import Sums, ratio

from .builders import table

N, R = 40, 2
WRONG = {
    "settled is an array": (lambda r: r.mean_of(r.values, r.values > 5), "settled is ndarray array"),
    "settled is one flag a case": (lambda r: r.mean_of(r.values, (r.values > 5).any(axis=1)), "settled is ndarray"),
    "settled is a flag": (lambda r: r.mean_of(r.values, True), "settled is bool True; give one number, or None"),
    "settled is numpy's flag": (lambda r: r.mean_of(r.values, np.True_), "settled is bool"),
    "a share of numbers": (lambda r: r.share_of_patients(r.values[:, 0]), "of True and False, not of float64"),
    "a share of 0 and 1": (lambda r: r.share_of_patients(np.ones(N, int)), "of True and False, not of int64"),
    "patients by three": (
        lambda r: r.share_of_patients(np.ones((N, 3), bool)),
        r"of shape \(40, 3\).*of shape \(40,\) or \(40, 2\)",
    ),
    "bounded and smooth": (lambda r: r.smooth(Sums(np.ones((N, 2)), ratio)), "declares an interval"),
    "edits of numbers": (lambda r: r.share_of_edits(r.values), "of True and False, not of float64"),
    "edits by case": (lambda r: r.share_of_edits(r.values[:, 0] > 5), r"of shape \(40,\).*of shape \(40, 2\)"),
    "too few": (lambda r: r.mean_of(r.values[:3]), "its statistic raised ValueError"),
    "no statistic": (lambda r: r.values > 5, "it returned a ndarray, which is not a statistic"),
}
RIGHT = {
    "mean of flags": (lambda r: r.mean_of(r.values > 5), lambda x: (x > 5).mean()),
    "settled": (lambda r: r.mean_of(0 * r.values, np.float64(0.0)), lambda _: 0.0),
    "share of patients": (lambda r: r.share_of_patients((r.values > 5).any(axis=1)), lambda x: (x > 5).any(1).mean()),
    "patients by repeat": (lambda r: r.share_of_patients(r.values > 5), lambda x: (x > 5).any(1).mean()),
    "a list of flags": (lambda r: r.share_of_patients([True] * N), lambda _: 1.0),
    "share of edits": (lambda r: r.share_of_edits(r.values > 5), lambda x: (x > 5).mean()),
}


def number(found):
    """The estimate, or the number that is noted where so few patients settle nothing."""
    return found.value if found.exists else found.notes["point"]


def estimate(statistic):
    values = np.random.default_rng(5).normal(5, 3, (N, R))
    measured = table(originals={"x": values[:, 0]}, edits={"x": values}, references={"x": values[:, 0]})
    own = Estimand(name="own", quantity="x", statistic=statistic, scope=READINGS, ideal=0.0, needs=frozenset())
    bounded = replace(own, least=-50.0, most=50.0)
    if "smooth" in statistic.__code__.co_names:
        return bounded.estimate(measured), values
    assert number(bounded.estimate(measured)) == pytest.approx(number(own.estimate(measured))), (
        "bounds do not move a number"
    )
    return own.estimate(measured), values


@pytest.mark.parametrize(("statistic", "found"), WRONG.values(), ids=WRONG)
def test_a_statistic_that_cannot_be_one_is_one_line(statistic, found):
    with pytest.raises(ProtocolError, match=found) as caught:
        estimate(statistic)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(("statistic", "expected"), RIGHT.values(), ids=RIGHT)
def test_a_statistic_that_is_one_is_taken(statistic, expected):
    found, values = estimate(statistic)
    assert number(found) == pytest.approx(expected(values))

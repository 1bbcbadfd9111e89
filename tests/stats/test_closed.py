"""Quantiles and roots are those of scipy.stats and scipy.optimize, to the bit, which a run does not load."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from editproof.stats import quantiles
from editproof.stats.roots import root_between
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

shares = st.floats(1e-12, 1 - 1e-12) | st.sampled_from([0.025, 0.05, 0.1, 0.5])
degrees = st.floats(0.5, 5000) | st.integers(1, 2000).map(float)
counts = st.integers(1, 20_000)


@given(shares, degrees, counts, counts)
def test_quantiles_are_those_of_scipy_stats(share: float, df: float, a: int, b: int) -> None:
    for ours, theirs in (
        (quantiles.normal_above(share), scipy.stats.norm.isf(share)),
        (quantiles.student_above(share, df), scipy.stats.t.isf(share, df)),
        (quantiles.beta_below(share, a, b), scipy.stats.beta.ppf(share, a, b)),
        (quantiles.beta_above(share, a, b), scipy.stats.beta.isf(share, a, b)),
        (quantiles.chi_squared_below(share, df), scipy.stats.chi2.ppf(share, df)),
        (quantiles.chi_squared_above(share, df), scipy.stats.chi2.isf(share, df)),
    ):
        assert ours == float(theirs)


@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=5),
    st.floats(-5, 0),
    st.floats(0.01, 5),
    st.sampled_from([1e-6, 1e-11]),
)
def test_a_root_is_that_of_scipy_optimize(powers: list[float], start: float, span: float, within: float) -> None:
    curve = np.polynomial.Polynomial(powers)
    level = float(curve(start + span / 3))

    def function(x: float) -> float:
        return float(np.tanh(curve(x) - level))

    if function(start) * function(start + span) > 0:
        with pytest.raises(ValueError, match="change of sign"):
            root_between(function, start, start + span, within)
        return
    assert root_between(function, start, start + span, within) == brentq(function, start, start + span, xtol=within)

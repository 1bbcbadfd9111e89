"""The longest reach of an interval over readers: no completion of what is missing goes beyond it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof.stats.readers import Components, areas_by_reader, interval_over_readers, means_by_reader
from editproof.stats.unread import longest_reach, pseudovalues
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student_t

cases = {
    "seed": st.integers(0, 2**16), "n": st.integers(20, 40), "readers": st.integers(2, 4),
    "share": st.sampled_from([0.02, 0.3]), "fixed": st.booleans(),
}  # fmt: skip


def half(figures, fixed):
    found = interval_over_readers(figures, 0.9, fixed=fixed)
    return (found.high - found.low) / 2


@pytest.mark.parametrize("kind", ["means", "areas"])
@given(**cases)
@settings(max_examples=30, deadline=None)
def test_no_completion_reaches_further(kind, seed, n, readers, share, fixed):
    random, patients = np.random.default_rng(seed), np.arange(n).astype(str)
    positive = np.arange(n) % 2 == 0
    values, unread = random.choice([-1.0, 0.0, 0.3], (n, readers)), random.random((n, readers)) < share

    def figures(filling):
        table = np.where(unread, filling, values)
        if kind == "means":
            return means_by_reader(table, patients)
        return areas_by_reader(list(table.T), positive, patients)

    worst = np.where(positive, -9.0, 9.0)[:, None]
    ends = (figures(-1.0), figures(1.0)) if kind == "means" else (figures(worst), figures(-worst))
    longest = longest_reach(*ends, 0.9, fixed=fixed)
    for _ in range(8):
        one, other = (worst, -worst) if kind == "areas" else (1.0, -1.0)
        pulled = np.where(random.random(readers) < 0.5, one, other)
        for filling in (random.uniform(-1, 1, (n, readers)), pulled):
            made = figures(filling)
            assert half(made, fixed) <= longest + 1e-9
            low, high = pseudovalues(*ends)
            exact = n * made.values - (n - 1) * made.without
            assert (low <= exact + 1e-9).all()
            assert (exact <= high + 1e-9).all()
    if not unread.any():
        assert longest == pytest.approx(half(ends[0], fixed))


@pytest.mark.parametrize("confidence", [0.2, 0.6, 0.8, 0.9, 0.95, 0.99, 0.998])
@pytest.mark.parametrize("readers", [2, 3, 8])
def test_of_a_given_spread_the_reach_is_longest_at_one_end_of_the_covariance(confidence, readers):
    reach = []
    for shared in np.linspace(0.0, 20.0, 500):
        made = replace(Components(readers, 200, float(readers), np.nan, 0.0), shared=float(shared))
        reach.append(student_t.isf((1 - confidence) / 2, made.degrees_of_freedom()) * made.variance() ** 0.5)
    rising = np.diff(reach) > 0
    assert (np.diff(rising.astype(int)) >= 0).all(), "it falls, and then it rises"

"""The limits by which claims are decided: exact on shares, monotone, and never on the wrong side of the mean."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.stats.bounded import mean_in, share_of_patients
from editproof.stats.draws import lower_quantile
from editproof.stats.gaffke import betting_upper, gaffke_upper, mean_limits, patients_for, shows_below
from editproof.stats.proportion import clopper_pearson
from hypothesis import given, settings
from hypothesis import strategies as st

UPPER = {"gaffke": gaffke_upper, "betting": betting_upper}
values = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array)
alphas = st.sampled_from([0.005, 0.0125, 0.05, 0.2])


@given(ones=st.integers(0, 300), n=st.integers(1, 300), confidence=st.sampled_from([0.6, 0.9, 0.95, 0.99]))
def test_on_shares_they_are_those_of_clopper_and_pearson(ones, n, confidence):
    flags = np.arange(n) < ones
    found = share_of_patients(flags, np.char.zfill(np.arange(n).astype(str), 4)).interval(confidence)
    exact = clopper_pearson(min(ones, n), n, confidence)
    assert (found.low, found.high) == pytest.approx(exact, abs=1e-9)
    assert found.method == "Clopper-Pearson on patients"


@given(ones=st.integers(0, 200), n=st.integers(1, 200), alpha=alphas)
@settings(max_examples=60)
def test_they_come_to_those_of_clopper_and_pearson_without_being_told(ones, n, alpha):
    """Values a hair beside 0 and 1, so that the general way is taken."""
    z = np.where(np.arange(n) < ones, 1 - 1e-9, 1e-9)
    exact = clopper_pearson(min(ones, n), n, 1 - 2 * alpha)[1]
    assert gaffke_upper(z, alpha) == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("name", UPPER)
@given(z=values, more=st.lists(st.floats(0, 1), min_size=60, max_size=60), alpha=alphas)
@settings(max_examples=80)
def test_no_larger_value_gives_a_smaller_limit(name, z, more, alpha):
    larger = np.minimum(1.0, z + np.array(more[: len(z)]))
    low, high = UPPER[name](z, alpha), UPPER[name](larger, alpha)
    assert z.mean() - 1e-9 <= low <= high + 1e-8 <= 1 + 1e-7


@pytest.mark.parametrize("name", UPPER)
@given(z=values, alpha=alphas, seed=st.integers(0, 99))
@settings(max_examples=40)
def test_the_order_of_patients_does_not_matter(name, z, alpha, seed):
    shuffled = np.random.default_rng(seed).permutation(z)
    assert UPPER[name](shuffled, alpha) == pytest.approx(UPPER[name](z, alpha), abs=1e-9)


@given(z=values, alpha=alphas)
@settings(max_examples=60)
def test_it_is_the_quantile_of_means_weighted_at_random_and_betting_reaches_no_less(z, alpha):
    weights = np.random.default_rng(5).standard_exponential((40_000, len(z) + 1))
    drawn = weights @ np.append(z, 1.0) / weights.sum(axis=1)
    limit = gaffke_upper(z, alpha)
    assert (drawn > limit).mean() == pytest.approx(alpha, abs=4 * np.sqrt(alpha / 40_000)) or limit >= 1 - 1e-12
    assert betting_upper(z, alpha) >= limit - 1e-6


@given(z=values, limit=st.floats(0.01, 0.99), alpha=alphas)
@settings(max_examples=80)
def test_whether_it_lies_below_a_limit_is_known_without_searching_for_it(z, limit, alpha):
    found = gaffke_upper(z, alpha)
    if abs(found - limit) > 1e-7:
        assert shows_below(z, limit, alpha) is (found < limit)


@given(z=values, unit=st.floats(0.01, 1e4), shift=st.floats(-50, 50))
@settings(max_examples=60)
def test_neither_the_unit_nor_the_zero_of_a_scale_matters(z, unit, shift):
    one = mean_limits(z, z, 0.0, 1.0, 0.9)
    other = mean_limits(unit * z + shift, unit * z + shift, shift, unit + shift, 0.9)
    assert tuple((x - shift) / unit for x in other) == pytest.approx(one, abs=1e-6)


def test_very_many_patients_are_rounded_to_the_safe_side():
    z = np.clip(np.random.default_rng(1).normal(0.5, 0.02, 4000), 0, 1)
    near = gaffke_upper(z[:1000])
    found = gaffke_upper(z)
    assert z.mean() < found < near
    weights = np.random.default_rng(2).standard_exponential((4000, 4001))
    exact = np.quantile(weights @ np.append(z, 1.0) / weights.sum(axis=1), 0.95)
    assert exact - 1e-4 < found < exact + 2e-4


@pytest.mark.parametrize(("margin", "reach"), [(2.0, 24.0), (2.0, 60.0), (0.05, 1.0), (0.06, 1.0), (3.0, 3.0)])
def test_the_fewest_patients_are_the_fewest(margin, reach):
    n = patients_for(margin, reach)
    assert gaffke_upper(np.zeros(n)) <= margin / reach + 1e-12
    assert n == 1 or gaffke_upper(np.zeros(n - 1)) > margin / reach


def test_a_missing_edit_is_at_either_end_and_a_value_beyond_the_interval_at_its_end():
    names = np.array(["a", "a", "b"])
    gone = np.array([[False, True], [False, False], [True, True]])
    found = mean_in(np.array([[2.0, np.nan], [4.0, 90.0], [np.nan, np.nan]]), names, -10.0, 10.0, gone)
    assert found.lowest == pytest.approx([((2 - 10) / 2 + (4 + 10) / 2) / 2, -10.0])
    assert found.highest == pytest.approx([((2 + 10) / 2 + (4 + 10) / 2) / 2, 10.0])
    assert np.isnan(found.values[1])
    assert found.uncapped > found.value
    assert found.filled(10.0).highest == pytest.approx(found.highest)


def test_draws_are_the_same_each_time_and_in_parts(monkeypatch):
    from editproof.stats import draws

    def mean(weights):
        return weights[:, -1] / weights.sum(axis=1)

    whole = lower_quantile(mean, 30, 0.05, 4000)
    monkeypatch.setattr(draws, "_CHUNK_CELLS", 5000)
    assert lower_quantile(mean, 30, 0.05, 4000) == whole

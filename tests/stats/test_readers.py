"""Several readers: against published figures, the analysis of pseudovalues, brute force, scikit-learn, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.stats.agreement import bland_altman
from editproof.stats.kappa import kappa_interval, kappas_by_reader, weighted_kappa
from editproof.stats.multireader import BoundedMultiReader, PairedChange
from editproof.stats.readers import (
    Components,
    ReaderFigures,
    areas_by_reader,
    interval_over_readers,
    means_by_reader,
    power_over_readers,
    resized,
)
from editproof.stats.repeated import bland_altman_repeated, limits_by_reader, spreads_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

CINE = np.array([0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066])
SPIN_ECHO = np.array([0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169])
"""Empirical areas of five readers on 114 patients (Van Dyke et al., RSNA 1993), as RJafroc and MRMCaov print them."""


def van_dyke() -> Components:
    """Covariances as RJafroc prints them: Var, Cov1, Cov2 and Cov3 by the jackknife."""
    own, shared = 2 * (0.00080228827 - 0.00034661371), 2 * (0.00034407483 - 0.00023902837)
    return Components(5, 114, float((CINE - SPIN_ECHO).var(ddof=1)), own, shared)


def test_the_published_analysis_of_van_dyke_comes_out():
    """RJafroc, StSignificanceTesting(dataset02, "Wilcoxon", "OR"): F 4.4563187 on 1 and 15.259675 degrees."""
    found, difference = van_dyke(), float((CINE - SPIN_ECHO).mean())
    assert difference == pytest.approx(-0.043800322, abs=1e-8)
    assert found.spread / 2 == pytest.approx(0.00055103062, abs=1e-8), "MS(T*R)"
    error, df = found.variance() ** 0.5, found.degrees_of_freedom()
    assert (error, df) == pytest.approx((0.020748618, 15.259675), rel=2e-5)
    assert (difference / error) ** 2 == pytest.approx(4.4563187, rel=2e-5)
    half = stats.t.isf(0.025, df) * error
    assert (difference - half, difference + half) == pytest.approx((-0.087959499, 0.00035885444), abs=1e-6)
    fixed = found.variance(fixed=True)
    assert difference**2 / fixed == pytest.approx(5.4759532, rel=2e-5), "readers fixed: chi square"


def drawn_areas(seed: int, readers: int = 4, patients: int = 40):
    """Scores of two arms, shape (2, readers, cases), with one or two cases a patient."""
    random = np.random.default_rng(seed)
    of_patient = np.repeat(np.arange(patients), random.integers(1, 3, patients))
    positive = random.random(len(of_patient)) < 0.5
    shared = positive + random.normal(0, 0.8, patients)[of_patient]
    skill = random.uniform(0.5, 1.5, (2, readers, 1))
    return skill * shared + random.normal(0, 0.7, (2, readers, len(of_patient))), positive, of_patient.astype(str)


@pytest.mark.parametrize("seed", range(3))
def test_areas_are_those_of_scikit_learn_with_each_patient_left_out(seed):
    scores, positive, patients = drawn_areas(seed)
    found = areas_by_reader(list(scores[0]), positive, patients)
    for j, one in enumerate(scores[0]):
        assert found.values[j] == pytest.approx(roc_auc_score(positive, one))
        for k, name in enumerate(np.unique(patients)):
            keep = patients != name
            assert found.without[k, j] == pytest.approx(roc_auc_score(positive[keep], one[keep]))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_analysis_of_pseudovalues_of_dorfman_berbaum_and_metz(seed):
    """Three-way analysis of variance of normalised pseudovalues, coded by itself (Hillis, Berbaum and Metz 2008)."""
    scores, positive, patients = drawn_areas(seed)
    arms = [areas_by_reader(list(arm), positive, patients) for arm in scores]
    n = len(arms[0].without)
    y = np.stack([(n * arm.values - (n - 1) * arm.without).T for arm in arms])  # (arms, readers, patients)
    y += np.stack([arm.values for arm in arms])[:, :, None] - y.mean(axis=2, keepdims=True)
    t, r, c = y.shape
    grand, of = y.mean(), lambda *axes: y.mean(axis=axes, keepdims=True)
    tr = of(2) - of(1, 2) - of(0, 2) + grand
    tc = of(1) - of(1, 2) - of(0, 1) + grand
    trc = y - of(2) - of(1) - of(0) + of(1, 2) + of(0, 2) + of(0, 1) - grand
    ms_tr = c * (tr**2).sum() / ((t - 1) * (r - 1))
    ms_tc = r * (tc**2).sum() / ((t - 1) * (c - 1))
    ms_trc = (trc**2).sum() / ((t - 1) * (r - 1) * (c - 1))
    down = ms_tr + max(ms_tc - ms_trc, 0.0)
    found = interval_over_readers(arms[1] - arms[0], 0.95)
    assert found.notes["standard_error"] ** 2 == pytest.approx(2 * down / (r * c))
    assert found.notes["degrees_of_freedom"] == pytest.approx(min(n - 1, (down / ms_tr) ** 2 * (t - 1) * (r - 1)))


def test_means_with_a_patient_left_out_and_without_readings():
    values = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0], [7.0, 0.0]])
    found = means_by_reader(values, np.array(["b", "b", "a", "c"]))
    assert found.values.tolist() == pytest.approx([(5 + 2 + 7) / 3, (4 + 2 + 0) / 3])
    assert found.without[1].tolist() == pytest.approx([6.0, 2.0])
    with np.errstate(all="ignore"):
        nobody = interval_over_readers(means_by_reader(np.full((30, 2), np.nan), np.arange(30).astype(str)), 0.9)
    assert nobody.reason == "a reader read none of the cases"


def test_one_reader_stands_for_no_other_and_few_patients_for_none():
    random = np.random.default_rng(0)
    one = means_by_reader(random.normal(size=(30, 1)), np.arange(30).astype(str))
    assert interval_over_readers(one, 0.9).reason == "1 reader cannot stand for others: at least 2 are needed"
    assert interval_over_readers(one, 0.9, fixed=True).exists
    few = means_by_reader(random.normal(size=(19, 3)), np.arange(19).astype(str))
    assert "too few patients: 19" in interval_over_readers(few, 0.9).reason


def test_readers_fixed_give_the_cluster_t_interval_of_their_mean():
    values = np.random.default_rng(1).normal(size=(50, 4))
    found = interval_over_readers(means_by_reader(values, np.arange(50).astype(str)), 0.9, fixed=True)
    mean = values.mean(axis=1)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.9, 49, mean.mean(), stats.sem(mean)))


grades = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=4, max_size=30)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
@given(pairs=grades)
@settings(max_examples=60, deadline=None)
def test_kappa_is_that_of_scikit_learn(weights, pairs):
    one, other = np.array(pairs).T
    found = weighted_kappa(one, other, weights)
    if len({*one, *other}) < 2:
        assert np.isnan(found)
        return
    assert found == pytest.approx(cohen_kappa_score(one, other, weights=weights, labels=range(5)), abs=1e-12)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_kappa_with_each_patient_left_out(weights):
    random = np.random.default_rng(2)
    patients = np.repeat(np.arange(20), 2).astype(str)
    one, other = random.integers(0, 4, (2, 40)).astype(float)
    found = kappas_by_reader([one[:, None]], [other[:, None]], patients, weights)
    for k, name in enumerate(np.unique(patients)):
        keep = patients != name
        expected = cohen_kappa_score(one[keep], other[keep], weights=weights)
        assert found.without[k, 0] == pytest.approx(expected, abs=1e-12)
    held = kappa_interval(one, other, patients, weights=weights)
    assert held.low < held.value == found.values[0] < held.high


def test_limits_of_repeated_readings_are_those_of_1986_where_nothing_is_repeated():
    random = np.random.default_rng(3)
    one, other = random.normal(1, 2, (60, 1)), random.normal(0, 2, (60, 1))
    found, old = bland_altman_repeated(one, other), bland_altman(one[:, 0] - other[:, 0])
    for name in ("bias", "lower", "upper"):
        assert found[name].value == pytest.approx(old[name].value, abs=1e-3)
        assert (found[name].low, found[name].high) == pytest.approx((old[name].low, old[name].high), abs=0.25)


def test_limits_of_a_reader_with_each_patient_left_out():
    random = np.random.default_rng(4)
    edited, original = random.normal(1, 2, (30, 3)), random.normal(0, 1, (30, 2))
    edited[::4, 1:], original[::3, 1] = np.nan, np.nan
    patients = np.repeat(np.arange(15), 2).astype(str)
    found = limits_by_reader([edited], [original], patients, 1)

    def limit(keep):
        made = spreads_of(edited[keep], original[keep])
        return made.bias + stats.norm.isf(0.025) * made.variance**0.5

    assert found.values[0] == pytest.approx(limit(np.ones(30, dtype=bool)))
    assert found.without[:, 0] == pytest.approx([limit(patients != name) for name in np.unique(patients)])


def test_zou_s_limits_hold_the_truth_as_often_as_they_say():
    """Case by reader interaction 1, readings of SD 1 and 0.5, three and two of them: 95 % intervals of the limits."""
    random, held, n = np.random.default_rng(5), 0, 300
    truth = 0.5 + stats.norm.isf(0.025) * (2 * 1.0 + 1.0 + 0.25) ** 0.5
    for _ in range(n):
        middle = random.normal(0, 5, (40, 1))
        edited = middle + 0.5 + random.normal(0, 1, (40, 1)) + random.normal(0, 1, (40, 3))
        original = middle + random.normal(0, 1, (40, 1)) + random.normal(0, 0.5, (40, 2))
        found = bland_altman_repeated(edited, original)["upper"]
        held += found.low <= truth <= found.high
    assert held / n == pytest.approx(0.95, abs=0.04)


def drawn_ratings(random, readers, patients, between, interaction, noise=1.0):
    """Changes of ratings, shape (patients, readers): of the readers, of the patients, and of both."""
    of_reader, of_patient = random.normal(0, between, readers), random.normal(0, interaction, (patients, 1))
    return of_reader + of_patient + random.normal(0, noise, (patients, readers))


@pytest.mark.parametrize(("readers", "between", "interaction"), [(3, 0.3, 0.5), (5, 0.0, 0.5), (6, 0.2, 0.0)])
def test_limits_hold_the_truth_as_often_as_they_say(readers, between, interaction):
    """One-sided error at most 5 % and four Monte Carlo errors; without any spread between readers it is less."""
    random, n, names = np.random.default_rng(6), 600, np.arange(60).astype(str)
    missed = 0
    for _ in range(n):
        figures = means_by_reader(drawn_ratings(random, readers, 60, between, interaction), names)
        missed += interval_over_readers(figures, 0.9).high < 0
    assert missed / n <= 0.05 + 4 * (0.05 * 0.95 / n) ** 0.5


def test_power_is_that_of_studies_drawn():
    random, names, n = np.random.default_rng(7), np.arange(80).astype(str), 400
    pilot = Components(4, 80, 2 * 0.02 + 1.0 / 80, (1.0 + 0.25) / 80, 0.25 / 80)
    passed = 0
    for _ in range(n):
        figures = means_by_reader(drawn_ratings(random, 4, 80, 0.2, 0.5), names)
        passed += interval_over_readers(figures, 0.9).low > -0.5
    assert power_over_readers(pilot, 0.5, 4, 80) == pytest.approx(passed / n, abs=0.06)


def test_more_patients_do_not_remove_what_differs_between_readers():
    pilot = van_dyke()
    most = resized(pilot, 5, 10**7)
    assert most.variance() * 5 == pytest.approx(pilot.spread - pilot.own + pilot.shared, rel=1e-3)
    powers = [power_over_readers(pilot, 0.05, readers, 114) for readers in (3, 5, 8, 12)]
    assert powers == sorted(powers)


@given(seed=st.integers(0, 500), shift=st.floats(-2, 2), scale=st.floats(0.1, 5))
@settings(max_examples=40, deadline=None)
def test_the_interval_moves_and_stretches_with_the_scale(seed, shift, scale):
    values = np.random.default_rng(seed).normal(size=(25, 3))
    names = np.arange(25).astype(str)
    one, other = (interval_over_readers(means_by_reader(x, names), 0.9) for x in (values, shift + scale * values))
    assert (other.low, other.high) == pytest.approx((shift + scale * one.low, shift + scale * one.high))


@given(seed=st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_the_order_of_readers_and_patients_decides_nothing(seed):
    random = np.random.default_rng(seed)
    values, names = random.normal(size=(25, 4)), np.arange(25).astype(str)
    order = random.permutation(25)
    one = interval_over_readers(means_by_reader(values, names), 0.9)
    other = interval_over_readers(means_by_reader(values[order][:, ::-1], names[order]), 0.9)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_figures_of_identical_readers_share_all_their_variance():
    one = np.random.default_rng(8).normal(size=(40, 1))
    made = means_by_reader(np.repeat(one, 3, axis=1), np.arange(40).astype(str)).components
    assert made.spread == pytest.approx(0.0, abs=1e-20)
    assert made.own == pytest.approx(made.shared) == pytest.approx(float(one.var(ddof=1)) / 40)
    assert made.degrees_of_freedom() == 39


def test_a_bounded_change_of_areas_is_as_wide_as_either_way_makes_it():
    from editproof.stats.areas import pairs_of

    scores, positive, patients = drawn_areas(9)
    nothing = np.zeros((len(positive), 1), dtype=bool)
    figures = areas_by_reader(list(scores[1]), positive, patients) - areas_by_reader(
        list(scores[0]), positive, patients
    )
    sides = [[pairs_of(one[:, None], positive, nothing, patients) for one in arm] for arm in scores]
    change = sides[1][0] - sides[0][0]
    these = PairedChange(pairs=change, patients=np.unique(patients))
    made = BoundedMultiReader(
        readers=np.array(list("abcd")), seen=figures, lowest=figures, highest=figures, these=these, least=-1.0, most=1.0,
        patients=np.unique(patients),
    )  # fmt: skip
    both, of_field, of_these = made.interval(0.9), made.conventional(0.9), these.interval(0.9)
    assert both.low == min(of_field.low, of_these.low)
    assert both.high == max(of_field.high, of_these.high)
    assert both.value == of_field.value == figures.values.mean()
    assert both.notes["level"] == "approximate for other readers"


def test_differences_are_of_readers_and_patients_alike():
    one = ReaderFigures(np.array([2.0, 3.0]), np.ones((4, 2)))
    assert (one - one).values.tolist() == [0.0, 0.0]
    assert (one - one).components.variance() == 0.0

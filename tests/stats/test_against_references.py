"""Agreement with independent implementations and published worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.imaging.levels import level_counts
from editproof.stats import bootstrap
from editproof.stats.agreement import bland_altman, icc_statistic, limit_of_agreement
from editproof.stats.auc import auc_statistic
from editproof.stats.auc_interval import auc_difference_interval, auc_interval
from editproof.stats.bootstrap import bootstrap_t_limits, cluster_t_limits, interval, patient_counts, percentile_limits
from editproof.stats.calibration import (
    cross_fitted,
    fold_of,
    histogram_curve,
    isotonic_curve,
    logistic_calibration,
    slope_on_reading,
)
from editproof.stats.ks import ks_of_features, two_sample_distance, wasserstein_distance
from editproof.stats.proportion import clopper_pearson
from editproof.stats.roc import roc_points
from editproof.stats.sums import Sums, mean, per_patient, ratio, slope
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve
from statsmodels.stats.proportion import proportion_confint

WRIGHT = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427.0])
MINI = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451.0])
"""Peak expiratory flow by two meters, l/min (Bland and Altman, Lancet 1986)."""


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_bland_altman_1986():
    limits = bland_altman(WRIGHT - MINI)
    assert limits["bias"].value == pytest.approx(-2.1, abs=0.05)
    assert (limits["lower"].value, limits["upper"].value) == pytest.approx((-78.1, 73.9), abs=0.1)
    # The paper rounds 1.96 SD up to 2 SD: limits -79.7 and 75.5, intervals -114.3 to -45.1 and 40.9 to 110.1.
    sd = float((WRIGHT - MINI).std(ddof=1))
    reach = limits["lower"].high - limits["lower"].value
    assert sd == pytest.approx(38.8, abs=0.05)
    assert (-2.1 - 2 * sd - reach, -2.1 - 2 * sd + reach) == pytest.approx((-114.3, -45.1), abs=0.6)
    assert (-2.1 + 2 * sd - reach, -2.1 + 2 * sd + reach) == pytest.approx((40.9, 110.1), abs=0.6)
    assert (limits["bias"].low, limits["bias"].high) == pytest.approx((-22.0, 17.8), abs=0.1)


def test_limit_of_agreement_is_mean_and_sd_of_differences(rng):
    differences = rng.normal(2, 5, (50, 3))
    found = limit_of_agreement(differences, np.arange(50), 1).value
    assert found == pytest.approx(differences.mean() + stats.norm.isf(0.025) * differences.std(), rel=1e-12)


def test_tost_is_the_interval_within_the_region(rng):
    values = rng.normal(0.2, 1, 60)
    low, high = cluster_t_limits(values.mean(), values.std(ddof=1) / np.sqrt(60), 59, 0.05)
    from statsmodels.stats.weightstats import DescrStatsW

    for margin in (0.3, 0.4, 0.45, 0.6):
        p, *_ = DescrStatsW(values).ttost_mean(-margin, margin)
        assert (p <= 0.05) == (-margin <= low and high <= margin)


def test_standard_error_of_a_mean_is_the_textbook_one(rng):
    values = rng.normal(size=40)
    assert mean(values).standard_error == pytest.approx(stats.sem(values), rel=1e-12)
    found = interval(mean(values), 0.90)
    expected = stats.t.interval(0.90, 39, values.mean(), stats.sem(values))
    assert found.low <= expected[0] + 1e-12
    assert found.high >= expected[1] - 1e-12


def test_cluster_standard_error_is_that_of_gee_with_independence(rng):
    import statsmodels.api as sm

    patients = np.repeat(np.arange(50), rng.integers(1, 5, 50))
    values = rng.normal(size=len(patients)) + rng.normal(size=50)[patients]
    statistic = Sums(per_patient(patients, values, 1.0), ratio)
    fit = sm.OLS(values, np.ones_like(values)).fit(
        cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False}
    )
    assert statistic.value == pytest.approx(fit.params[0], rel=1e-12)
    assert statistic.standard_error == pytest.approx(fit.bse[0] * np.sqrt(50 / 49), rel=1e-10)


def test_slope_and_its_error_are_those_of_clustered_least_squares(rng):
    import statsmodels.api as sm

    x, patients = rng.normal(size=120), np.repeat(np.arange(40), 3)
    y = 2 * x + rng.normal(size=40)[patients]
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False})
    statistic = slope(x, y, patients)
    assert statistic.value == pytest.approx(fit.params[1], rel=1e-10)
    assert statistic.standard_error == pytest.approx(fit.bse[1] * np.sqrt(40 / 39), rel=1e-8)
    assert slope_on_reading(x[:, None], y, patients).value == pytest.approx(fit.params[1], rel=1e-10)


def test_logistic_calibration_is_clustered_logistic_regression(rng):
    import statsmodels.api as sm

    patients = np.repeat(np.arange(110), 2)
    at = rng.normal(size=220)
    y = rng.random(220) < 1 / (1 + np.exp(-(0.3 + 0.7 * at)))
    fit = sm.Logit(y.astype(float), sm.add_constant(at)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False}
    )
    slope_found, intercept = logistic_calibration(1 / (1 + np.exp(-at)), y, patients, 0.95)
    assert (intercept.value, slope_found.value) == pytest.approx(tuple(fit.params), rel=1e-6)
    reach = stats.t.isf(0.025, 108) * fit.bse[1] * np.sqrt(110 / 109)
    assert slope_found.high - slope_found.value == pytest.approx(reach, rel=1e-6)


def test_percentile_bootstrap_agrees_with_scipy(rng):
    values = rng.exponential(size=80)
    low, high = percentile_limits(mean(values), 0.05)
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=0.9, method="percentile", random_state=np.random.default_rng(1)
    ).confidence_interval
    assert (low, high) == pytest.approx(tuple(theirs), abs=0.012)


def test_the_curve_is_that_of_scikit_learn_with_ties(rng):
    scores, positive = rng.integers(0, 6, (40, 1)).astype(float), rng.random(40) < 0.4
    wanted = roc_curve(positive, scores[:, 0])[:2]
    found = roc_points(scores, positive)
    grid = np.linspace(0, 1, 101)
    np.testing.assert_allclose(np.interp(grid, *found), np.interp(grid, *wanted), atol=1e-12)


def test_auc_is_that_of_scikit_learn_with_ties_and_repeats(rng):
    y = rng.random(90) < 0.3
    scores = np.round(y[:, None] + rng.normal(size=(90, 3)), 1)
    assert auc_statistic(scores, y).value == pytest.approx(roc_auc_score(np.repeat(y, 3), scores.ravel()), abs=1e-12)
    statistic = auc_statistic(scores, y)
    counts = next(patient_counts(statistic.strata, 4))
    order = np.concatenate([np.flatnonzero(y), np.flatnonzero(~y)])
    for row, value in zip(counts, statistic.values(counts), strict=True):
        drawn = np.repeat(order, row.astype(int))
        theirs = roc_auc_score(np.repeat(y[drawn], 3), scores[drawn].ravel())
        assert value == pytest.approx(theirs, abs=1e-12)


def test_unclustered_error_is_delongs(rng):
    y = np.arange(70) < 30
    x = y + rng.normal(size=70)
    v10 = np.array([((x[i] > x[~y]) + 0.5 * (x[i] == x[~y])).mean() for i in np.flatnonzero(y)])
    v01 = np.array([((x[y] > x[j]) + 0.5 * (x[y] == x[j])).mean() for j in np.flatnonzero(~y)])
    expected = np.sqrt(v10.var(ddof=1) / 30 + v01.var(ddof=1) / 40)
    assert auc_statistic(x, y).standard_error == pytest.approx(expected, rel=1e-12)


def test_delong_1988_paired_difference(rng):
    y = np.arange(80) < 35
    one, two = y + rng.normal(size=80), 0.7 * y + rng.normal(size=80)
    placements = []
    for x in (one, two):
        wins = (x[y][:, None] > x[~y]) + 0.5 * (x[y][:, None] == x[~y])
        placements.append((wins.mean(axis=1), wins.mean(axis=0)))
    s10 = np.cov(placements[0][0], placements[1][0])
    s01 = np.cov(placements[0][1], placements[1][1])
    covariance = s10 / 35 + s01 / 45
    expected = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert (auc_statistic(one, y) - auc_statistic(two, y)).standard_error == pytest.approx(expected, rel=1e-10)


def test_obuchowski_1997_written_out(rng):
    """Her estimator, term by term, on clusters that hold cases of both classes."""
    patients = rng.integers(0, 40, 150)
    y = rng.random(150) < 0.4
    x = y + rng.normal(size=40)[patients] * 0.7 + rng.normal(size=150)
    wins = (x[y][:, None] > x[~y]) + 0.5 * (x[y][:, None] == x[~y])
    m, n, theta = y.sum(), (~y).sum(), wins.mean()
    names = np.unique(patients)
    up = {p: (wins.mean(axis=1)[patients[y] == p].sum(), (patients[y] == p).sum()) for p in names}
    down = {p: (wins.mean(axis=0)[patients[~y] == p].sum(), (patients[~y] == p).sum()) for p in names}
    i10, i01, i = sum(k > 0 for _, k in up.values()), sum(k > 0 for _, k in down.values()), len(names)
    s10 = i10 / ((i10 - 1) * m) * sum((v - k * theta) ** 2 for v, k in up.values())
    s01 = i01 / ((i01 - 1) * n) * sum((v - k * theta) ** 2 for v, k in down.values())
    s11 = i / (i - 1) * sum((up[p][0] - up[p][1] * theta) * (down[p][0] - down[p][1] * theta) for p in names)
    expected = np.sqrt(s10 / m + s01 / n + 2 * s11 / (m * n))
    statistic = auc_statistic(x, y, patients)
    assert statistic.value == pytest.approx(theta, abs=1e-12)
    assert statistic.standard_error == pytest.approx(expected, rel=1e-10)


def test_clustered_delong_and_patient_bootstrap_agree(rng):
    y = np.arange(160) < 80
    patient = rng.normal(size=(160, 1))
    edited = 1.2 * y[:, None] + patient + 0.7 * rng.normal(size=(160, 3))
    statistic = auc_statistic(edited, y) - auc_statistic(2 * y + patient[:, 0] + 0.5 * rng.normal(size=160), y)
    values = np.concatenate([statistic.values(c) for c in patient_counts(statistic.strata, 4000)])
    assert values.std() == pytest.approx(statistic.standard_error, rel=0.06)


@pytest.mark.parametrize(("x", "n"), [(0, 20), (3, 20), (17, 200), (200, 200)])
def test_clopper_pearson_is_that_of_statsmodels_and_scipy(x, n):
    theirs = proportion_confint(x, n, alpha=0.10, method="beta")
    exact = stats.binomtest(x, n).proportion_ci(0.90, method="exact")
    low, high = clopper_pearson(x, n, 0.90)
    assert (low, high) == pytest.approx(theirs, abs=1e-12)
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_ks_and_wasserstein_are_those_of_scipy(rng, dtype):
    top = np.iinfo(dtype).max
    a = (rng.beta(2, 5, (60, 70)) * top).astype(dtype)
    b = (rng.beta(2.2, 5, (60, 70)) * top).astype(dtype)
    mask = rng.random((60, 70)) < 0.5
    for inside in (None, mask):
        one, other = level_counts(a, inside), level_counts(b, inside)
        x, y = (image.ravel() if inside is None else image[inside] for image in (a, b))
        assert two_sample_distance(one, other) == pytest.approx(stats.ks_2samp(x, y).statistic, abs=1e-12)
        assert wasserstein_distance(one, other) == pytest.approx(
            stats.wasserstein_distance(x.astype(float), y.astype(float)), rel=1e-9
        )
    assert two_sample_distance(level_counts(a, np.zeros_like(mask)), level_counts(b)) is None


def test_ks_of_features_is_two_sample_d_and_its_swap_test_holds_its_level(rng):
    original, edited = rng.normal(size=80), rng.normal(0.3, 1, 80)
    found = ks_of_features(original, edited[:, None], np.arange(80))
    assert found.value == pytest.approx(stats.ks_2samp(original, edited).statistic, abs=1e-12)
    p = [
        ks_of_features(
            base + rng.normal(size=40), (base + rng.normal(size=40))[:, None], np.arange(40), resamples=50
        ).notes["p_swap"]
        for base in rng.normal(size=(150, 40)) * 3
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_icc_is_that_of_the_analysis_of_variance(rng):
    readings = rng.normal(size=(30, 1)) * 3 + rng.normal(size=(30, 4))
    between = 4 * readings.mean(axis=1).var(ddof=1)
    within = readings.var(axis=1, ddof=1).mean()
    expected = (between - within) / (between + 3 * within)
    assert icc_statistic(readings, np.arange(30)).value == pytest.approx(expected, rel=1e-10)


def test_isotonic_and_histogram_curves_are_those_of_scikit_learn(rng):
    from sklearn.isotonic import IsotonicRegression

    x = rng.normal(size=200)
    y = x + rng.normal(size=200)
    at = np.linspace(-4, 4, 50)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(x, y).predict(at)
    assert isotonic_curve(x, y)(at) == pytest.approx(theirs, abs=1e-9)
    binned = histogram_curve(x, y)(x)
    assert len(np.unique(binned)) == 10
    assert binned.mean() == pytest.approx(y.mean(), abs=1e-9)


def test_cross_fitting_never_sees_the_patient_it_scores(rng):
    x, y = rng.normal(size=(60, 1)), rng.normal(size=60)
    patients = np.array([f"p{i % 30}" for i in range(60)])
    before = cross_fitted(x, y, patients, "linear")
    changed = y.copy()
    changed[patients == "p3"] = 1e6
    after = cross_fitted(x, changed, patients, "linear")
    fold = fold_of(patients)
    assert np.array_equal(before[fold == fold[3]], after[fold == fold[3]])
    assert not np.allclose(before[fold != fold[3]], after[fold != fold[3]])
    assert len({f for p, f in zip(patients, fold, strict=True) if p == "p3"}) == 1


def test_a_sample_without_spread_gives_no_interval():
    constant = interval(mean(np.full(40, 0.3)), 0.90)
    assert not constant.exists
    assert constant.notes["point"] == pytest.approx(0.3)
    nearly = np.zeros(200)
    nearly[0] = 1
    assert not interval(mean(nearly), 0.90).exists


def test_perfect_auc_keeps_an_honest_lower_limit():
    y = np.arange(60) < 30
    found = auc_interval(auc_statistic(y.astype(float), y), 0.90)
    assert found.value == 1.0
    assert found.low == pytest.approx(0.05 ** (1 / 30))
    alike = auc_difference_interval(auc_statistic(y.astype(float), y), auc_statistic(2.0 * y, y), 0.90)
    assert alike.low < 0 < alike.high


def test_resampling_is_deterministic_and_bounds_hold_their_own_estimate(rng):
    statistic = mean(rng.exponential(size=50))
    assert bootstrap_t_limits(statistic, 0.05) == bootstrap_t_limits(statistic, 0.05)
    low, high = bootstrap_t_limits(statistic, 0.05)
    assert low <= statistic.value <= high
    counts = np.concatenate(list(patient_counts((5, 7), 100)))
    assert np.array_equal(counts[:, :5].sum(1), np.full(100, 5.0))


@pytest.mark.parametrize("sizes", [(40,), (5, 7), (1,), (30, 1, 2)])
def test_patients_are_counted_from_one_stream_of_draws(sizes, monkeypatch):
    draws = np.random.default_rng(3)
    plain = [
        [np.bincount(row, minlength=size) for row in draws.integers(0, size, (90, size), dtype=np.uint32)]
        for size in sizes
    ]
    expected = np.hstack([np.stack(rows) for rows in plain])
    for cells in (10, 64, 500_000):
        monkeypatch.setattr(bootstrap, "_CHUNK_CELLS", cells)
        assert np.array_equal(bootstrap._drawn(sizes, 90, np.random.default_rng(3)), expected)

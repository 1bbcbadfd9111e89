"""Worlds whose truth is known: patients with repeated edits, from which whole studies are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from editproof.stats.agreement import Z_95, icc_statistic, limit_of_agreement
from editproof.stats.auc import auc_statistic
from editproof.stats.auc_interval import auc_difference_interval, auc_interval
from editproof.stats.bootstrap import interval
from editproof.stats.bounded import mean_in
from editproof.stats.calibration import cross_fitted, logistic_calibration, slope_on_reading
from editproof.stats.interval import Interval
from editproof.stats.sums import Sums, mean, per_patient
from scipy.stats import norm

RESAMPLES = 400
"""Resamples per interval: fewer than in use, which adds noise to limits and takes nothing off their error rates."""

Rng = np.random.Generator
Study = Callable[[Rng], Callable[[float], Interval]]


@dataclass(frozen=True)
class World:
    """A way to draw one study and the truth that its interval should hold.

    Attributes
    ----------
    study : callable
        From a random generator, one study: its interval at any two-sided confidence.
    exact : bool
        Whether the method is conservative by construction, so that coverage has no upper limit.
    """

    name: str
    truth: float
    study: Study
    n: int
    exact: bool = False


def standard(rng: Rng, shape: str, size: tuple[int, ...]) -> np.ndarray:
    """Draws of mean 0 and SD 1 of a named shape."""
    if shape == "normal":
        return rng.standard_normal(size)
    if shape == "skewed":
        return rng.exponential(size=size) - 1
    if shape == "skewed left":
        return 1 - rng.exponential(size=size)
    if shape == "heavy":
        return rng.standard_t(4, size) / np.sqrt(2)
    if shape == "tied":
        return rng.choice([-1.0, 0.0, 1.0], size=size, p=[0.25, 0.5, 0.25]) * np.sqrt(2)
    if shape == "sparse":
        p = 0.15
        return (np.where(rng.random(size) < p, 1.0, 0.0) - p) / np.sqrt(p * (1 - p))
    raise ValueError(shape)


SHAPES = ("normal", "skewed", "skewed left", "heavy", "tied", "sparse")


def clustered(rng: Rng, n: int, repeats: int, rho: float, shape: str) -> np.ndarray:
    """Values of mean 0 and SD 1 with intra-cluster correlation ``rho``, shape (n, repeats)."""
    between = standard(rng, shape, (n, 1))
    return np.sqrt(rho) * between + np.sqrt(1 - rho) * standard(rng, shape, (n, repeats))


def _held(statistic: Sums) -> Callable[[float], Interval]:
    return partial(interval, statistic, resamples=RESAMPLES)


def drift_world(n: int, repeats: int, rho: float, shape: str) -> World:
    """Mean drift of exactly 2 months."""

    def study(rng: Rng) -> Callable[[float], Interval]:
        drift = 2 + 6 * clustered(rng, n, repeats, rho, shape)
        return _held(mean(drift.mean(axis=1)))

    return World(f"mean drift, {shape}, n {n}, x{repeats}, ICC {rho:g}", 2.0, study, n)


def limit_world(n: int, repeats: int, rho: float, shape: str) -> World:
    """Upper limit of agreement of differences of SD 6 around 2 months."""

    def study(rng: Rng) -> Callable[[float], Interval]:
        differences = 2 + 6 * clustered(rng, n, repeats, rho, shape)
        return _held(limit_of_agreement(differences, np.arange(n), 1))

    name = f"upper limit of agreement, {shape}, n {n}, x{repeats}, ICC {rho:g}"
    return World(name, 2 + 6 * Z_95, study, n)


def rowwise_world(n: int, repeats: int, rho: float) -> World:
    """The same, analysed as if edits were independent."""

    def study(rng: Rng) -> Callable[[float], Interval]:
        drift = 2 + 6 * clustered(rng, n, repeats, rho, "normal")
        return _held(mean(drift.ravel()))

    return World(f"mean drift, edits as independent, n {n}, x{repeats}, ICC {rho:g}", 2.0, study, n)


def absolute_errors(rng: Rng, n: int, repeats: int, rare: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reference, original and edited readings of a tool that adds skewed harm, and disasters in a rare patient."""
    reference = np.clip(rng.normal(132, 43, n), 10, 228)
    original = reference + 8 * rng.standard_t(6, n)
    harm = 4 * rng.exponential(size=(n, 1)) + rng.normal(0, 4, (n, repeats))
    harm += np.where(rng.random((n, 1)) < rare, rng.exponential(25, (n, 1)), 0)
    return reference, original, original[:, None] + harm


def _mae_drift(reference: np.ndarray, original: np.ndarray, edited: np.ndarray) -> np.ndarray:
    return np.abs(edited - reference[:, None]).mean(axis=1) - np.abs(original - reference)


def _rms(sums: np.ndarray) -> np.ndarray:
    return np.sqrt(sums[..., 0] / sums[..., 2]) - np.sqrt(sums[..., 1] / sums[..., 2])


def _reading_statistics(patients: np.ndarray) -> dict[str, Callable[..., Sums]]:
    return {
        "MAE drift": lambda ref, o, e: mean(_mae_drift(ref, o, e)),
        "RMSE drift": lambda ref, o, e: Sums(
            per_patient(patients, ((e - ref[:, None]) ** 2).mean(1), (o - ref) ** 2, 1.0), _rms
        ),
        "upper limit of agreement": lambda ref, o, e: limit_of_agreement(e - o[:, None], patients, 1),
        "ICC between repeats": lambda ref, o, e: icc_statistic(e, patients),
        "calibration slope": lambda ref, o, e: slope_on_reading(e, ref, patients),
        "MAE drift, recalibrated": lambda ref, o, e: mean(
            _mae_drift(
                ref,
                cross_fitted(o[:, None], ref, patients, "linear")[:, 0],
                cross_fitted(e, ref, patients, "linear"),
            )
        ),
    }


@cache
def _true_readings(repeats: int, rare: float) -> dict[str, float]:
    """Every statistic of continuous readings in a study so large that it may be taken for the truth."""
    n = 200_000
    everyone = absolute_errors(np.random.default_rng(1), n, repeats, rare)
    return {name: statistic(*everyone).value for name, statistic in _reading_statistics(np.arange(n)).items()}


def reading_worlds(n: int, repeats: int = 3, rare: float = 0.0) -> Iterator[World]:
    """Every statistic of continuous readings."""
    disasters = f", disasters in {rare:.0%}" if rare else ""
    truth = _true_readings(repeats, rare)
    for name, statistic in _reading_statistics(np.arange(n)).items():
        study = partial(_reading_study, statistic, n, repeats, rare)
        yield World(f"{name}, n {n}, x{repeats}{disasters}", truth[name], study, n)


def _reading_study(
    statistic: Callable[..., Sums], n: int, repeats: int, rare: float, rng: Rng
) -> Callable[[float], Interval]:
    return _held(statistic(*absolute_errors(rng, n, repeats, rare)))


def scores(
    rng: Rng, n: int, repeats: int, rho: float, prevalence: float, levels: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, scores of originals and of edits; edits separate the classes less well."""
    positive = np.arange(n) < round(prevalence * n)
    patient = rng.standard_normal(n)
    original = 2.4 * positive + np.sqrt(0.5) * (patient + rng.standard_normal(n))
    own = np.sqrt(rho) * rng.standard_normal((n, 1)) + np.sqrt(1 - rho) * rng.standard_normal((n, repeats))
    edited = 1.9 * positive[:, None] + np.sqrt(0.5) * (patient[:, None] + own)
    if levels is not None:
        original, edited = (np.clip(np.round(x), -1, levels - 2) for x in (original, edited))
    return positive, original, edited


def _true_auc(separation: float, levels: int | None) -> float:
    """AUC of two unit normals this far apart, exactly, also where scores are rounded to few levels."""
    if levels is None:
        return float(norm.cdf(separation / np.sqrt(2)))
    edges = np.arange(-0.5, levels - 2)
    positive, negative = (np.diff(norm.cdf(edges - at), prepend=0, append=1) for at in (separation, 0))
    return float(positive @ (np.cumsum(negative) - negative / 2))


def auc_world(
    n: int, repeats: int, rho: float, prevalence: float, levels: int | None = None, *, drift: bool = True
) -> World:
    """AUC drift, or the AUC of edits, in a binormal world, optionally with few levels of score."""
    edited, original = (_true_auc(separation, levels) for separation in (1.9, 2.4))
    truth = edited - original if drift else edited

    def study(rng: Rng) -> Callable[[float], Interval]:
        positive, before, after = scores(rng, n, repeats, rho, prevalence, levels)
        area = auc_statistic(after, positive)
        if drift:
            return partial(auc_difference_interval, area, auc_statistic(before, positive))
        return partial(auc_interval, area)

    kind = "AUC drift" if drift else "AUC"
    ties = f", {levels} levels" if levels else ""
    return World(f"{kind}, n {n}, x{repeats}, ICC {rho:g}, {prevalence:.0%} positive{ties}", truth, study, n)


def share_world(n: int, repeats: int, rho: float, rate: float) -> World:
    """Share of failed edits, correlated within patients (beta-binomial)."""
    a = rate * (1 - rho) / rho if rho else None

    def study(rng: Rng) -> Callable[[float], Interval]:
        p = rng.beta(a, a * (1 - rate) / rate, (n, 1)) if a is not None else np.full((n, 1), rate)
        failed = rng.random((n, repeats)) < p
        return mean_in(failed.astype(float), np.arange(n), 0.0, 1.0).interval

    return World(f"share of edits, rate {rate:g}, n {n}, x{repeats}, ICC {rho:g}", rate, study, n, exact=True)


def _extreme_probabilities(rng: Rng, n: int, repeats: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of edits that are too extreme by a factor of two and scatter between repeats."""
    at = rng.normal(0, 1.5, (n, 1)) + rng.normal(0, 0.7, (n, repeats))
    truth = rng.random(n) < 1 / (1 + np.exp(-at.mean(axis=1)))
    return 1 / (1 + np.exp(-2 * at.ravel())), np.repeat(truth, repeats), np.repeat(np.arange(n), repeats)


@cache
def _true_slope(repeats: int) -> float:
    found = logistic_calibration(*_extreme_probabilities(np.random.default_rng(3), 300_000, repeats))[0].value
    assert found is not None
    return found


def slope_world(n: int, repeats: int) -> World:
    """Cox calibration slope of probabilities."""

    def study(rng: Rng) -> Callable[[float], Interval]:
        drawn = _extreme_probabilities(rng, n, repeats)
        return lambda confidence: logistic_calibration(*drawn, confidence)[0]

    return World(f"logistic calibration slope, n {n}, x{repeats}", _true_slope(repeats), study, n)

"""Intervals by resampling patients, never edits.

A statistic says what its value and standard error are, for the sample and for any resample that is given as a
matrix of counts (how often each patient was drawn). Everything else, including the choice of the interval, is here.

References
----------
Efron B, Tibshirani R. *An Introduction to the Bootstrap*, chapters 12-14. Chapman & Hall, 1993.
Davison AC, Hinkley DV. *Bootstrap Methods and their Application*, chapter 5. Cambridge, 1997.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from editproof.stats.interval import ONE_PATIENT, SEED, Interval, no_interval, too_few
from editproof.stats.quantiles import student_above

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.stats.sums import Sums

RESAMPLES = 10_000
_CHUNK_CELLS = 500_000
_CACHED_CELLS = 6_000_000


class Resampled(Protocol):
    """A number made of patients, which can be made again of resampled patients."""

    @property
    def strata(self) -> Sequence[int]:
        """Sizes of the groups of patients within which resampling takes place; their sum is the patients."""
        ...

    @property
    def value(self) -> float: ...

    @property
    def standard_error(self) -> float: ...

    @property
    def degrees_of_freedom(self) -> float: ...

    def __hash__(self) -> int: ...

    def resampled(self, counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values and standard errors, shapes (n_resamples,), for counts of shape (n_resamples, n_patients)."""
        ...

    def values(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values alone."""
        ...


def patient_counts(
    strata: Sequence[int], resamples: int = RESAMPLES, seed: int = SEED
) -> Iterator[NDArray[np.float64]]:
    """How often each patient is drawn, in chunks of shape (n, sum(strata)) so that memory stays small.

    Each row of each stratum sums to the size of the stratum.

    Examples
    --------
    >>> chunk = next(patient_counts([3, 2], resamples=4))
    >>> chunk.shape, chunk[:, :3].sum(axis=1).tolist(), chunk[:, 3:].sum(axis=1).tolist()
    ((4, 5), [3.0, 3.0, 3.0, 3.0], [2.0, 2.0, 2.0, 2.0])
    """
    sizes = tuple(size for size in strata if size)
    rows = max(1, _CHUNK_CELLS // max(1, sum(sizes)))
    if sum(sizes) * resamples <= _CACHED_CELLS:
        kept = _cached_counts(sizes, resamples, seed)
        for start in range(0, resamples, rows):
            yield kept[start : start + rows].astype(float)
        return
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, rows):
        yield _drawn(sizes, min(rows, resamples - start), rng).astype(float)


@lru_cache(maxsize=8)
def _cached_counts(sizes: tuple[int, ...], resamples: int, seed: int) -> NDArray[np.uint16]:
    counts = _drawn(sizes, resamples, np.random.default_rng(seed))
    counts.setflags(write=False)
    return counts


def _drawn(sizes: tuple[int, ...], rows: int, rng: np.random.Generator) -> NDArray[np.uint16]:
    counts = np.empty((rows, sum(sizes)), np.uint16)
    left = 0
    for size in sizes:
        step = min(rows, max(1, _CHUNK_CELLS // size))
        place = np.arange(step)[:, None] * size
        for first in range(0, rows, step):
            n = min(step, rows - first)
            drawn = rng.integers(0, size, (n, size)) + place[:n]
            found = np.bincount(drawn.ravel(), minlength=n * size)
            counts[first : first + n, left : left + size] = found.reshape(n, size)
        left += size
    return counts


def interval(
    statistic: Sums,
    confidence: float = 0.90,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """The widest of the intervals that a reader could hold against the estimate, on either side.

    The cluster t interval is safe with heavy tails and few patients, the bootstrap-t with skewness. Where a single
    patient carries much of the variance, worse ones may well exist that were not drawn, and the limit on that side is
    the one there would be with one more patient like it. A limit that cannot be had (hardly any patient differs from
    the rest) is a reason, as is a sample without any spread: an interval of no width would pass by accident.

    Parameters
    ----------
    confidence : float
        Two-sided coverage; ``0.90`` gives two one-sided 95 % bounds.

    Examples
    --------
    >>> from editproof.stats.sums import mean
    >>> drift = interval(mean(np.arange(40.0)), 0.90, resamples=500)
    >>> drift.value, drift.low < 19.5 < drift.high, drift.method
    (19.5, True, 'patient bootstrap-t')
    """
    n = sum(statistic.strata)
    if n < statistic.least:
        return _with_point(too_few(n, confidence, statistic.least), statistic)
    value, error = statistic.value, statistic.standard_error
    if not np.isfinite(value):
        return no_interval("the statistic is not defined on these readings", confidence, n)
    if not error > 0:
        reason = "all patients show the same value, so its uncertainty is unknown"
        return no_interval(reason, confidence, n, point=value)
    alpha = (1 - confidence) / 2
    low, high = _limits(statistic, alpha, resamples, seed)
    moves = statistic.influence
    weight = moves**2 / (moves**2).sum()
    lowest, highest = int(moves.argmin()), int(moves.argmax())
    guards = []
    if weight[lowest] > ONE_PATIENT:
        low, guards = min(low, _limits(statistic.with_another(lowest), alpha, resamples, seed)[0]), ["lower"]
    if weight[highest] > ONE_PATIENT:
        high = max(high, _limits(statistic.with_another(highest), alpha, resamples, seed)[1])
        guards.append("upper")
    if not (np.isfinite(low) and np.isfinite(high)):
        reason = "nearly all patients show the same value; too few differ to say how far others might"
        return no_interval(reason, confidence, n, point=value)
    notes = {"guarded": guards} if guards else {}
    return Interval(value, low, high, confidence, n, "patient bootstrap-t", seed, notes=notes)


def _limits(statistic: Sums, alpha: float, resamples: int, seed: int) -> tuple[float, float]:
    """The wider of cluster t and bootstrap-t on either side; bootstrap-t alone where the value leans on a variance."""
    low_b, high_b = bootstrap_t_limits(statistic, alpha, resamples, seed)
    if statistic.leans_on_variance:
        return low_b, high_b
    low_t, high_t = cluster_t_limits(statistic.value, statistic.standard_error, statistic.degrees_of_freedom, alpha)
    return min(low_t, low_b), max(high_t, high_b)


def _with_point(refusal: Interval, statistic: Resampled) -> Interval:
    if not sum(statistic.strata):
        return refusal
    with np.errstate(all="ignore"):
        value = float(statistic.value)
    return refusal.noted(point=value) if np.isfinite(value) else refusal


def cluster_t_limits(value: float, error: float, degrees_of_freedom: float, alpha: float) -> tuple[float, float]:
    """Limits of the t interval with ``alpha`` beyond either side."""
    reach = student_above(alpha, max(1.0, degrees_of_freedom)) * error
    return value - reach, value + reach


def bootstrap_t_limits(
    statistic: Resampled, alpha: float, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Limits of the studentised bootstrap; infinite where more than ``alpha`` of the resamples have no spread."""
    value, error, pivot = statistic.value, statistic.standard_error, _pivots(statistic, resamples, seed)
    first = int(np.floor(alpha * (len(pivot) + 1))) - 1
    below, above = pivot[max(first, 0)], pivot[min(len(pivot) - 1 - first, len(pivot) - 1)]
    return min(value, float(value - above * error)), max(value, float(value - below * error))


@lru_cache(maxsize=4)
def _pivots(statistic: Resampled, resamples: int, seed: int) -> NDArray[np.float64]:
    """Studentised deviations of the resamples, sorted; kept for the next confidence that is asked for."""
    value, pivots = statistic.value, []
    for counts in patient_counts(statistic.strata, resamples, seed):
        values, errors = statistic.resampled(counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            pivots.append(np.where(errors > 0, (values - value) / errors, np.sign(values - value) * np.inf))
    return np.sort(np.nan_to_num(np.concatenate(pivots), nan=0.0, posinf=np.inf, neginf=-np.inf))


def percentile_limits(
    statistic: Resampled, alpha: float, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Limits of the percentile bootstrap: shown beside an AUC's own interval, since it rests on nothing else."""
    values = np.concatenate([statistic.values(c) for c in patient_counts(statistic.strata, resamples, seed)])
    low, high = np.quantile(values, [alpha, 1 - alpha])
    return min(statistic.value, float(low)), max(statistic.value, float(high))

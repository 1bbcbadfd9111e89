"""Kolmogorov-Smirnov and Wasserstein distances, exactly, from histograms of integer levels.

What a criterion bounds is the effect size D of each image pair. Its p-value over millions of pixels is always 0 and
says nothing; p-values come from patients, by swapping original and edit within each (:func:`ks_of_features`).

References
----------
Hodges JL. The significance probability of the Smirnov two-sample test. *Ark Mat* 1958;3:469-486.
Good P. *Permutation, Parametric, and Bootstrap Tests of Hypotheses*, chapter 3. Springer, 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.stats.bootstrap import RESAMPLES, patient_counts
from editproof.stats.interval import MIN_PATIENTS, SEED, Interval, no_interval, too_few

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SWAPS = 2_000
_ONE_SHIFT = "all patients show the same shift, so its uncertainty is unknown"


def two_sample_distance(first: NDArray[np.int64], second: NDArray[np.int64]) -> float | None:
    """Largest vertical distance of two empirical distribution functions; None where either is empty.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_levels,)
        Histograms on the same levels.

    Examples
    --------
    >>> two_sample_distance(np.array([2, 2, 0]), np.array([0, 2, 2]))
    0.5
    """
    n, m = int(first.sum()), int(second.sum())
    if not n or not m:
        return None
    gap = np.abs(np.cumsum(first) * m - np.cumsum(second) * n)
    return int(gap.max()) / (n * m)


def wasserstein_distance(first: NDArray[np.int64], second: NDArray[np.int64]) -> float | None:
    """Mean shift of intensity that turns one distribution into the other, in levels; None where either is empty."""
    n, m = int(first.sum()), int(second.sum())
    if not n or not m:
        return None
    return float(np.abs(np.cumsum(first) / n - np.cumsum(second) / m).sum())


def ks_of_features(
    original: ArrayLike,
    edited: ArrayLike,
    patients: NDArray[Any],
    confidence: float = 0.90,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Interval:
    """Distance D between a summary feature of originals and of edits, over patients.

    The limits are a uniform band: D moves by no more than the largest vertical deviation of the difference curve, whose
    distribution is taken from resampled patients. ``notes["p_swap"]`` is the permutation p-value of swapping original
    and edit within patients; a small one shows a difference, a large one shows nothing.

    Parameters
    ----------
    original : array_like of float, shape (n_cases,)
    edited : array_like of float, shape (n_cases, n_repeats)
        NaN is a repeat that did not come back; every case has at least one.
    patients : ndarray, shape (n_cases,)
    """
    gaps, weights = _gaps(np.asarray(original, dtype=float), np.asarray(edited, dtype=float), patients)
    n, value = len(weights), distance_of_features(original, edited, patients)
    if n < MIN_PATIENTS:
        return too_few(n, confidence).noted(point=value)
    reach = _reach([gaps], weights, confidence, resamples, seed)
    sign = np.where(np.random.default_rng(seed).random((SWAPS, n)) < 0.5, 1.0, -1.0)
    swapped = np.abs(sign @ gaps / weights.sum()).max(axis=1)
    p = float((1 + (swapped >= value - 1e-12).sum()) / (1 + SWAPS))
    if reach == 0:
        return no_interval(_ONE_SHIFT, confidence, n, point=value)
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Interval(value, low, high, confidence, n, "uniform band by patient bootstrap", seed, notes={"p_swap": p})


def distance_of_features(original: ArrayLike, edited: ArrayLike, patients: NDArray[Any]) -> float:
    """Distance D between a summary feature of originals and of edits, over patients; see :func:`ks_of_features`."""
    gaps, weights = _gaps(np.asarray(original, dtype=float), np.asarray(edited, dtype=float), patients)
    return float(np.abs(gaps.sum(axis=0) / weights.sum()).max(initial=0.0))


def _reach(
    curves: Sequence[NDArray[np.float64]], weights: NDArray[np.float64], confidence: float, resamples: int, seed: int
) -> float:
    """How far difference curves together deviate from those of the sample in resamples of patients."""
    deviations = [
        sum(
            np.abs(counts @ gaps / (counts @ weights)[:, None] - gaps.sum(axis=0) / weights.sum()).max(axis=1)
            for gaps in curves
        )
        for counts in patient_counts((len(weights),), resamples, seed)
    ]
    return float(np.quantile(np.concatenate(deviations), (1 + confidence) / 2))


def _gaps(
    original: NDArray[np.float64], edited: NDArray[np.float64], patients: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each patient adds to the difference of the two distribution functions, on all levels that occur."""
    grid = np.unique(np.concatenate([original, edited[~np.isnan(edited)]]))
    times = (~np.isnan(edited)).sum(axis=1)
    cases = (original[:, None] <= grid).astype(float)
    for repeat in edited.T:
        cases -= (repeat[:, None] <= grid) / times[:, None]
    _, index = np.unique(patients, return_inverse=True)
    gaps = np.zeros((int(index.max(initial=-1)) + 1, len(grid)))
    np.add.at(gaps, index, cases)
    return gaps, np.bincount(index).astype(float)

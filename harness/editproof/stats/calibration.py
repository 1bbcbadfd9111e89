"""Recalibration fitted on other patients than those it is scored on, and how well readings are calibrated.

References
----------
Cox DR. Two further applications of a model for binary regression. *Biometrika* 1958;45:562-565.
Zadrozny B, Elkan C. Obtaining calibrated probability estimates. *ICML* 2001. (histogram binning)
Zadrozny B, Elkan C. Transforming classifier scores into accurate multiclass probability estimates. *KDD* 2002.
(isotonic regression)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from editproof.stats.interval import Interval, no_interval, too_few
from editproof.stats.quantiles import student_above
from editproof.stats.sums import Sums, per_patient

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]
    Curve = Callable[[Values], Values]

MIN_LOGISTIC = 50
"""Fewest patients for Cox's calibration of probabilities, whose interval is anticonservative in smaller samples."""

FOLDS = 10
BINS = 10


def linear_curve(readings: Values, reference: Values) -> Curve:
    """Least-squares line of the reference standard on the readings."""
    centre = readings.mean()
    spread = float(((readings - centre) ** 2).sum())
    slope = float(((readings - centre) * (reference - reference.mean())).sum()) / spread if spread > 0 else 0.0
    level = float(reference.mean())
    return lambda x: level + slope * (x - centre)


def isotonic_curve(readings: Values, reference: Values) -> Curve:
    """Monotone least-squares fit, interpolated between the readings and held constant beyond them."""
    at, inverse, times = np.unique(readings, return_inverse=True, return_counts=True)
    level = np.bincount(inverse, weights=reference) / times
    from scipy.optimize import isotonic_regression

    fitted = isotonic_regression(level, weights=times.astype(float)).x
    return lambda x: np.interp(x, at, fitted)


def histogram_curve(readings: Values, reference: Values) -> Curve:
    """Mean reference standard within tenths of the readings."""
    edges = np.unique(np.quantile(readings, np.linspace(0, 1, BINS + 1)[1:-1]))
    place = np.searchsorted(edges, readings, side="right")
    times = np.bincount(place, minlength=len(edges) + 1)
    sums = np.bincount(place, weights=reference, minlength=len(edges) + 1)
    level = np.where(times > 0, sums / np.maximum(times, 1), reference.mean())
    return lambda x: level[np.searchsorted(edges, x, side="right")]


CURVES: Mapping[str, Callable[[Values, Values], Curve]] = {
    "linear": linear_curve,
    "isotonic": isotonic_curve,
    "histogram": histogram_curve,
}


def fold_of(patients: NDArray[Any], folds: int = FOLDS) -> NDArray[np.intp]:
    """Fold of each case, by the patient's name alone, so that neither order nor company changes it."""
    names, inverse = np.unique(patients.astype(str), return_inverse=True)
    keys = [hashlib.sha256(name.encode()).digest() for name in names]
    rank = np.empty(len(names), dtype=np.intp)
    rank[sorted(range(len(names)), key=keys.__getitem__)] = np.arange(len(names))
    return rank[inverse] % folds


def cross_fitted(readings: Values, reference: Values, patients: NDArray[Any], curve: str, folds: int = FOLDS) -> Values:
    """Readings recalibrated to the reference standard, each by a curve fitted on other patients.

    Parameters
    ----------
    readings : ndarray of float, shape (n_cases, n_repeats)
        NaN stays NaN.
    reference : ndarray of float, shape (n_cases,)
    curve : {"linear", "isotonic", "histogram"}

    Examples
    --------
    >>> months = np.arange(60.0)
    >>> biased = (2 * months + 5)[:, None]
    >>> bool(np.allclose(cross_fitted(biased, months, np.arange(60), "linear")[:, 0], months))
    True
    """
    fold = fold_of(patients, folds)
    truth = np.broadcast_to(reference[:, None], readings.shape)
    out = np.full(readings.shape, np.nan)
    for held_out in np.unique(fold):
        inside = fold == held_out
        known = ~np.isnan(readings) & ~inside[:, None]
        if known.any():
            fitted = CURVES[curve](readings[known], truth[known])
            out[inside] = np.where(np.isnan(readings[inside]), np.nan, fitted(np.nan_to_num(readings[inside])))
    return out


def slope_on_reading(readings: Values, reference: Values, patients: NDArray[Any]) -> Sums:
    """Slope of the reference standard on the readings; 1 is calibrated, below 1 the readings are too extreme."""
    return _line(readings, reference, patients, lambda slope, level: slope)


def intercept_on_reading(readings: Values, reference: Values, patients: NDArray[Any]) -> Sums:
    """Intercept of the reference standard on the readings, at reading 0."""
    return _line(readings, reference, patients, lambda slope, level: level)


def _line(x: Values, y: Values, patients: NDArray[Any], pick: Callable[[Any, Any], Any]) -> Sums:
    across = np.broadcast_to(y[:, None], x.shape)
    times = (~np.isnan(x)).sum(axis=1)
    columns = (1.0, np.nansum(x, 1) / times, y, np.nansum(x * x, 1) / times, np.nansum(x * across, 1) / times)

    def of(sums: NDArray[Any]) -> NDArray[Any]:
        w, sx, sy, sxx, sxy = (sums[..., k] for k in range(5))
        slope = (w * sxy - sx * sy) / (w * sxx - sx * sx)
        return np.asarray(pick(slope, (sy - slope * sx) / w))

    return Sums(per_patient(patients, *columns), of)


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """Cox's calibration of probabilities: ``logit P(positive) = intercept + slope * logit(probability)``.

    Attributes
    ----------
    intercept, slope : float
        0 and 1 are calibrated; NaN where ``reason`` says why there is no fit.
    influence : ndarray of float, shape (n_patients, 2)
        How much each patient moves intercept and slope, patients in sorted order.
    """

    intercept: float
    slope: float
    influence: Values = field(repr=False)
    reason: str = ""


def logistic_fit(probabilities: Values, positive: ArrayLike, patients: NDArray[Any]) -> LogisticFit:
    """The fit by maximum likelihood, from :data:`MIN_LOGISTIC` patients on.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n_edits,)
    positive : array_like of bool, shape (n_edits,)
    patients : ndarray, shape (n_edits,)
    """
    y = np.asarray(positive, dtype=float)
    _, index = np.unique(patients, return_inverse=True)
    n = int(index.max(initial=-1)) + 1
    if n < MIN_LOGISTIC:
        return _no_fit(n, str(too_few(n, 0.9, MIN_LOGISTIC).reason))
    design = np.stack([np.ones(len(y)), logit(np.clip(probabilities, 1e-6, 1 - 1e-6))], axis=1)
    beta = np.zeros(2)
    for _ in range(50):
        fitted = expit(design @ beta)
        bread = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if np.linalg.cond(bread) > 1e12 or np.abs(beta).max() > 1e3:
            return _no_fit(n, "the classes are separated, so there is no finite calibration slope")
        step = np.linalg.solve(bread, design.T @ (y - fitted))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    scores = per_patient(index, *(design * (y - fitted)[:, None]).T)
    return LogisticFit(float(beta[0]), float(beta[1]), scores @ np.linalg.inv(bread))


def _no_fit(n: int, reason: str) -> LogisticFit:
    return LogisticFit(math.nan, math.nan, np.zeros((n, 2)), reason)


def cluster_robust(value: float, influence: Values, confidence: float) -> Interval:
    """The t interval of a coefficient, or of a difference of two, from what each patient adds to it.

    Parameters
    ----------
    influence : ndarray of float, shape (n_patients,)
    """
    n = len(influence)
    error = float(np.sqrt((influence**2).sum() * n / (n - 1)))
    reach = student_above((1 - confidence) / 2, n - 2) * error
    return Interval(value, value - reach, value + reach, confidence, n, "cluster-robust t")


def logistic_calibration(
    probabilities: Values, positive: ArrayLike, patients: NDArray[Any], confidence: float = 0.90
) -> tuple[Interval, Interval]:
    """Slope and intercept of :func:`logistic_fit`, each with its cluster-robust t interval."""
    fit = logistic_fit(probabilities, positive, patients)
    if fit.reason:
        refusal = no_interval(fit.reason, confidence, len(fit.influence))
        return refusal, refusal
    intercept, slope = fit.influence.T
    return cluster_robust(fit.slope, slope, confidence), cluster_robust(fit.intercept, intercept, confidence)

"""Limits of agreement of two arms that were read more than once, by components of variance.

References
----------
Bland JM, Altman DG. Agreement between methods of measurement with multiple observations per individual. *J Biopharm
Stat* 2007;17:571-582.
Zou GY. Confidence interval estimation for the Bland-Altman limits of agreement with multiple observations per
individual. *Stat Methods Med Res* 2013;22:630-642.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.agreement import Z_95
from editproof.stats.interval import Interval
from editproof.stats.quantiles import chi_squared_above, chi_squared_below, normal_above
from editproof.stats.readers import ReaderFigures

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]


@dataclass(frozen=True)
class Spreads:
    """Components of the variance of a difference of two single readings, what is read being constant.

    Attributes
    ----------
    bias : float
        Mean over cases of the difference of the two arms' means.
    of_means : float
        Variance over cases of the difference of means.
    within : tuple of float
        Variance between readings of one case, of either arm.
    weights : tuple of float
        How much of either enters: 1 less the mean of ``1 / readings of the case``.
    freedom : tuple of int
        Degrees of freedom of the three variances.
    """

    bias: float
    of_means: float
    within: tuple[float, float]
    weights: tuple[float, float]
    freedom: tuple[int, int, int]

    @property
    def variance(self) -> float:
        """Variance of the difference of two single readings (Bland and Altman 2007, section 3)."""
        return self.of_means + sum(w * s for w, s in zip(self.weights, self.within, strict=True))


def spreads_of(edited: ArrayLike, original: ArrayLike) -> Spreads:
    """The components of variance of repeated readings.

    Parameters
    ----------
    edited, original : array_like of float, each of shape (n_cases, n_readings)
        NaN is a reading that there is not; of every case there is one of either arm.

    Examples
    --------
    >>> found = spreads_of([[2.0, 4.0], [5.0, 5.0], [4.0, np.nan]], [[1.0], [3.0], [3.0]])
    >>> round(found.bias, 3), found.within, found.weights[1]
    (1.667, (1.0, 0.0), 0.0)
    """
    tables = [np.asarray(x, dtype=float) for x in (edited, original)]
    means = [np.nanmean(x, axis=1) for x in tables]
    apart = means[0] - means[1]
    sums, freedom, weights = [], [], []
    for table, average in zip(tables, means, strict=True):
        count = (~np.isnan(table)).sum(axis=1)
        freedom.append(int((count - 1).sum()))
        squares = float(np.nansum((table - average[:, None]) ** 2))
        sums.append(squares / freedom[-1] if freedom[-1] else 0.0)
        weights.append(float(1 - (1 / count).mean()))
    n = len(apart)
    return Spreads(
        float(apart.mean()), float(apart.var(ddof=1)), (sums[0], sums[1]), (weights[0], weights[1]),
        (n - 1, freedom[0], freedom[1]),
    )  # fmt: skip


def bland_altman_repeated(edited: ArrayLike, original: ArrayLike, confidence: float = 0.95) -> dict[str, Interval]:
    """Bias and 95 % limits of agreement of repeated readings, with Zou's intervals of the limits.

    Cases are taken to be independent.

    Parameters
    ----------
    edited, original : array_like of float, each of shape (n_cases, n_readings)
        As for :func:`spreads_of`.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> truth = random.normal(0, 5, (80, 1))
    >>> found = bland_altman_repeated(truth + random.normal(1, 1, (80, 2)), truth + random.normal(0, 1, (80, 2)))
    >>> found["lower"].value < found["bias"].value < found["upper"].value
    True
    """
    made = spreads_of(edited, original)
    n, alpha = made.freedom[0] + 1, (1 - confidence) / 2
    z, sd = normal_above(alpha), math.sqrt(made.variance)
    reach = z * math.sqrt(made.of_means / n)
    below, above = 0.0, 0.0
    parts = zip((1.0, *made.weights), (made.of_means, *made.within), made.freedom, strict=True)
    for weight, variance, df in parts:
        if df and weight:
            below += (weight * variance * (1 - df / chi_squared_above(alpha, df))) ** 2
            above += (weight * variance * (df / chi_squared_below(alpha, df) - 1)) ** 2
    least = math.sqrt(max(made.variance - math.sqrt(below), 0.0))
    most = math.sqrt(made.variance + math.sqrt(above))
    near, far = (math.hypot(reach, Z_95 * (end - sd)) for end in (least, most))
    upper, lower = made.bias + Z_95 * sd, made.bias - Z_95 * sd
    of = "Bland-Altman 2007, Zou 2013"
    return {
        "bias": Interval(made.bias, made.bias - reach, made.bias + reach, confidence, n, of),
        "lower": Interval(lower, lower - far, lower + near, confidence, n, of),
        "upper": Interval(upper, upper - near, upper + far, confidence, n, of),
    }


def limits_by_reader(edited: list[Values], original: list[Values], patients: Names, side: int) -> ReaderFigures:
    """Upper (``side=1``) or lower (``side=-1``) 95 % limit of agreement of each reader's single readings.

    Parameters
    ----------
    edited, original : list of ndarray of float, each of shape (n_cases, n_readings)
        One for each reader; NaN is a reading that there is not.
    patients : ndarray of str, shape (n_cases,)
    """
    found = [_limit(one, other, patients, side) for one, other in zip(edited, original, strict=True)]
    return ReaderFigures(np.array([value for value, _ in found]), np.stack([rest for _, rest in found], axis=1))


def _limit(edited: Values, original: Values, patients: Names, side: int) -> tuple[float, Values]:
    """A limit of agreement, and what it is without each patient, shape (n_patients,)."""
    names, index = np.unique(patients, return_inverse=True)
    there = ~np.isnan(edited).all(axis=1) & ~np.isnan(original).all(axis=1)
    tables = [edited[there], original[there]]
    means = [np.nanmean(x, axis=1) if len(x) else np.empty(0) for x in tables]
    apart = means[0] - means[1]
    middle = float(apart.mean()) if len(apart) else math.nan
    columns = [np.ones(len(apart)), apart - middle, (apart - middle) ** 2]
    for table, average in zip(tables, means, strict=True):
        count = (~np.isnan(table)).sum(axis=1)
        columns += [np.nansum((table - average[:, None]) ** 2, axis=1), count - 1.0, 1 / count]
    parts = np.stack([np.bincount(index[there], x, minlength=len(names)) for x in columns])
    whole = parts.sum(axis=1)
    every = np.concatenate([whole[:, None], whole[:, None] - parts], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        n, sums, squares = every[:3]
        average = sums / n
        variance = (squares - n * average**2) / (n - 1)
        for inside, freedom, shares in (every[3:6], every[6:9]):
            variance = variance + np.where(freedom > 0.5, (1 - shares / n) * inside / freedom, 0.0)
        limits = middle + average + side * Z_95 * np.sqrt(np.maximum(variance, 0.0))
    return float(limits[0]), limits[1:]

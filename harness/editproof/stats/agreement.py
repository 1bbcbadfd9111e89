"""Agreement of repeated readings: limits of agreement, repeatability, intraclass correlation.

References
----------
Bland JM, Altman DG. *Lancet* 1986;327:307-310; Measuring agreement in method comparison studies. *Stat Methods Med
Res* 1999;8:135-160; Agreement between methods with multiple observations per individual. *J Biopharm Stat*
2007;17:571-582.
Shrout PE, Fleiss JL. Intraclass correlations. *Psychol Bull* 1979;86:420-428.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.stats.interval import Interval
from editproof.stats.quantiles import normal_above, student_above
from editproof.stats.sums import Sums, per_patient

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]

Z_95 = normal_above(0.025)
MIN_LIMIT = 100
"""Fewest patients for a limit of agreement: it leans on a variance; with fewer, skewed differences pass too often."""


def limit_of_agreement(differences: Values, patients: NDArray[Any], side: int) -> Sums:
    """Upper (``side=1``) or lower (``side=-1``) 95 % limit of agreement: mean +- 1.96 SD of single differences.

    Parameters
    ----------
    differences : ndarray of float, shape (n_cases, n_repeats)
        Repeats of a case share the weight of one case; NaN is a repeat that does not count. Every case has one that
        does.
    """
    times = (~np.isnan(differences)).sum(axis=1)
    columns = (1.0, np.nansum(differences, 1) / times, np.nansum(differences**2, 1) / times)

    def of(sums: NDArray[Any]) -> NDArray[Any]:
        average = sums[..., 1] / sums[..., 0]
        variance = sums[..., 2] / sums[..., 0] - average**2
        variance = np.where(variance.real < 0, 0.0, variance)  # equal differences, but for rounding
        return np.asarray(average + side * Z_95 * np.sqrt(variance))

    return Sums(per_patient(patients, *columns), of, MIN_LIMIT, leans_on_variance=True)


def bland_altman(differences: ArrayLike, confidence: float = 0.95) -> dict[str, Interval]:
    """Bias and limits of agreement of independent pairs with the intervals of Bland and Altman (1986).

    The published closed form, for comparison and for one reading per patient; criteria use
    :func:`limit_of_agreement`, which knows about repeats and does not lean on normality for its interval.

    Examples
    --------
    >>> limits = bland_altman([-5.0, 1.0, 3.0, 2.0, -4.0, 6.0])
    >>> round(limits["bias"].value, 2), round(limits["upper"].value - limits["lower"].value, 2)
    (0.5, 16.58)
    """
    values = np.asarray(differences, dtype=float)
    n, average, sd = len(values), float(values.mean()), float(values.std(ddof=1))
    reach = student_above((1 - confidence) / 2, n - 1) * sd
    half = {"bias": reach / np.sqrt(n), "lower": reach * np.sqrt(3 / n), "upper": reach * np.sqrt(3 / n)}
    at = {"bias": average, "lower": average - 1.96 * sd, "upper": average + 1.96 * sd}
    return {
        name: Interval(at[name], at[name] - half[name], at[name] + half[name], confidence, n, "Bland-Altman 1986")
        for name in at
    }


def is_repeated(readings: Values) -> NDArray[np.bool_]:
    """The cases of which two repeats or more came back, shape (n_cases,)."""
    return np.asarray((~np.isnan(readings)).sum(axis=1) >= 2)


def within_case_variance(readings: Values) -> Values:
    """Variance over the repeats of each case, shape (n_cases,); unequal numbers of repeats are allowed.

    Parameters
    ----------
    readings : ndarray of float, shape (n_cases, n_repeats)
        At least two repeats of every case; NaN where one did not come back.
    """
    return np.asarray(np.nanvar(readings, axis=1, ddof=1))


def between_repeats(readings: Values) -> Values:
    """Differences between each two repeats of a case, shape (n_cases, n_pairs); NaN where one of them is.

    The mean of half their squares is the variance over the repeats, whatever their number.

    Examples
    --------
    >>> differences = between_repeats(np.array([[1.0, 2.0, 4.0]]))
    >>> differences.tolist(), round(float((differences**2 / 2).mean()), 3), round(float(np.var([1, 2, 4], ddof=1)), 3)
    ([[-1.0, -3.0, -2.0]], 2.333, 2.333)
    """
    one, other = np.triu_indices(readings.shape[1], 1)
    return np.asarray(readings[:, one] - readings[:, other])


def icc_statistic(readings: Values, patients: NDArray[Any]) -> Sums:
    """ICC(1,1), one-way random effects: share of the variance of single readings that lies between cases.

    Parameters
    ----------
    readings : ndarray of float, shape (n_cases, n_repeats)
        Complete, with at least two repeats.
    """
    r = readings.shape[1]
    centred = readings - readings.mean()
    average, within = centred.mean(axis=1), readings.var(axis=1, ddof=1)

    def of(sums: NDArray[Any]) -> NDArray[Any]:
        cases = len(readings)
        between = r * (sums[..., 1] / sums[..., 0] - (sums[..., 2] / sums[..., 0]) ** 2) * cases / (cases - 1)
        noise = sums[..., 3] / sums[..., 0]
        return np.asarray((between - noise) / (between + (r - 1) * noise))

    return Sums(per_patient(patients, 1.0, average**2, average, within), of)

"""Proportions: exact on patients, and of edits clustered in patients.

References
----------
Clopper CJ, Pearson ES. *Biometrika* 1934;26:404-413.
Hoeffding W. Probability inequalities for sums of bounded random variables. *J Am Stat Assoc* 1963;58:13-30. (theorem 1)
Korn EL, Graubard BI. Confidence intervals for proportions with small expected number of positive counts estimated
from survey data. *Survey Methodology* 1998;24:193-201.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import rel_entr
from scipy.stats import beta
from scipy.stats import t as student_t

from editproof.stats.interval import Interval, no_interval
from editproof.stats.sums import Sums, per_patient, ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def clopper_pearson(successes: float, n: float, confidence: float = 0.90) -> tuple[float, float]:
    """Exact binomial limits.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100, 0.90)
    >>> low, round(high, 4)
    (0.0, 0.0295)
    """
    alpha = (1 - confidence) / 2
    low = 0.0 if successes <= 0 else float(beta.ppf(alpha, successes, n - successes + 1))
    high = 1.0 if successes >= n else float(beta.isf(alpha, successes + 1, n - successes))
    return low, high


def hoeffding(mean: float, n: int, confidence: float = 0.90) -> tuple[float, float]:
    """Limits of the mean of ``n`` independent values in [0, 1], whatever their distribution (Chernoff and Hoeffding).

    Never shorter than the exact limits of a share, and equal to them where every value is 0, or every value is 1.

    Examples
    --------
    >>> low, high = hoeffding(0.0, 100, 0.90)
    >>> low, round(high, 4)
    (0.0, 0.0295)
    """
    reach = -math.log((1 - confidence) / 2) / n

    def beyond(limit: float) -> float:
        return float(rel_entr(mean, limit) + rel_entr(1 - mean, 1 - limit)) - reach

    edge = 1e-15
    low = 0.0 if mean <= 0 else float(brentq(beyond, edge * mean, mean))
    high = 1.0 if mean >= 1 else float(brentq(beyond, mean, 1 - edge * (1 - mean)))
    return low, high


def change_of_share(changes: ArrayLike, confidence: float = 0.90, *, whole: bool) -> tuple[float, float]:
    """Limits of a mean change of shares, each patient's in [-1, 1], from the patients in whom it rose and fell.

    How much rose and how much fell are bounded each with half of the error, so that a difference of the two bounds is
    sound on either side; without a single change in ``n`` patients the limits are those of a share of 0 of ``n``.

    Parameters
    ----------
    changes : array_like of float, shape (n_patients,)
    whole : bool
        Whether every change is -1, 0 or 1, so that the bounds are exact (Clopper-Pearson); else those of
        :func:`hoeffding`.

    Examples
    --------
    >>> [round(x, 3) for x in change_of_share([0.0] * 120, whole=True)]
    [-0.03, 0.03]
    >>> change_of_share([1.0] * 200, whole=True)[0] > 0.9
    True
    """
    values = np.asarray(changes, dtype=float)
    n, halved = len(values), (1 + confidence) / 2
    parts = [np.clip(sign * values, 0.0, 1.0) for sign in (1, -1)]
    rose, fell = (
        clopper_pearson(int((part > 0).sum()), n, halved) if whole else hoeffding(float(part.mean()), n, halved)
        for part in parts
    )
    return rose[0] - fell[1], rose[1] - fell[0]


def share_of_patients(holds: ArrayLike, confidence: float = 0.90) -> Interval:
    """Share of patients for whom something holds; exact, so that there is no least number of patients.

    Parameters
    ----------
    holds : array_like of bool, shape (n_patients,)
    """
    flags = np.asarray(holds, dtype=bool)
    n, successes = len(flags), int(flags.sum())
    if not n:
        return no_interval("there are no patients", confidence, 0)
    low, high = clopper_pearson(successes, n, confidence)
    return Interval(successes / n, low, high, confidence, n, "Clopper-Pearson on patients", notes={"holds": successes})


def clustered_share(holds: ArrayLike, patients: NDArray[Any], confidence: float = 0.90) -> Interval:
    """Share of edits for which something holds: Clopper-Pearson at the effective number of edits.

    The effective number is that of Korn and Graubard, from the cluster-robust variance. It is never taken to be more
    than the edits, and is the number of patients where nothing, or everything, holds.

    Parameters
    ----------
    holds : array_like of bool, shape (n_edits,)
    patients : ndarray, shape (n_edits,)
    """
    flags = np.asarray(holds, dtype=float)
    sums = per_patient(patients, flags, 1.0) if len(flags) else np.empty((0, 2))
    n, total = len(sums), len(flags)
    if not total:
        return no_interval("there are no edits", confidence, 0)
    value = float(flags.mean())
    error = Sums(sums, ratio).standard_error
    effective = float(n)
    if 0 < value < 1 and error > 0 and n > 1:
        alpha = (1 - confidence) / 2
        shrink = (student_t.isf(alpha, max(1, total - 1)) / student_t.isf(alpha, n - 1)) ** 2
        effective = min(float(total), value * (1 - value) / error**2 * shrink)
    low, high = clopper_pearson(value * effective, effective, confidence)
    return Interval(
        value, min(low, value), max(high, value), confidence, n, "Clopper-Pearson at the effective number of edits",
        notes={"effective_edits": effective}, n_edits=total,
    )  # fmt: skip

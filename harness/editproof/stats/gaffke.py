"""Limits of a mean of bounded values that hold however rare the worst ones are.

The limit of Gaffke is a quantile of the weighted mean of the patients' values and of one more patient, who was not seen
and whose value is the worst that there can be; the weights are uniform over all that there are (Dirichlet). On values
that are 0 or 1 it is the limit of Clopper and Pearson; it never falls when a value rises; and it needs no case of its
own where nothing was observed to happen. That it covers the mean is proven for 0 and 1 and conjectured for other values
(docs/statistics.md). The betting limits are proven for all.

Both leave a side of the interval at one half of the error, as all intervals of this room do.

References
----------
Gaffke N. *Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable.*
Mathematical Methods of Statistics 2005;14:451-467.
Learned-Miller E, Thomas PS. *A new confidence interval for the mean of a bounded random variable.* arXiv 1905.06208.
Imhof JP. Computing the distribution of quadratic forms in normal variables. *Biometrika* 1961;48:419-426.
Waudby-Smith I, Ramdas A. Estimating means of bounded random variables by betting. *J R Stat Soc B* 2024;86:1-27.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from editproof.stats.quantiles import beta_above
from editproof.stats.roots import root_between

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]

GAFFKE, BETTING, CONVENTIONAL = "gaffke", "betting", "conventional"
LIMITS = (GAFFKE, BETTING, CONVENTIONAL)
"""How the limits of a claim may be made; the conventional ones are a cluster t interval, DeLong's, and the like."""

_EXACT_UP_TO = 1_000
"""Patients up to which every value is taken as it is."""
_LEVELS = 1_024
"""Levels to which the values of more patients are rounded, away from the side that would help."""
_FIRST_POINTS, _MOST_POINTS = 128, 1 << 17
_LEFT, _NEGLIGIBLE = 1e-4, 30.0
_FRACTIONS = np.sin(np.pi / 2 * (np.arange(50) + 0.5) / 50) ** 2
"""Of the largest stake that cannot lose all at once, the shares among which a bet is spread."""


def gaffke_upper(values: ArrayLike, alpha: float = 0.05) -> float:
    """Upper limit of the mean of values in [0, 1].

    Parameters
    ----------
    values : array_like of float, shape (n_patients,)
    alpha : float
        Chance, at most, that the mean of the population lies above.

    Examples
    --------
    >>> round(gaffke_upper([0.0] * 59), 4), round(gaffke_upper([0.0] * 58 + [1.0]), 4)
    (0.0495, 0.0779)
    """
    z = np.clip(np.asarray(values, dtype=float), 0.0, 1.0)
    n, mean = len(z), float(z.mean()) if len(z) else 0.0
    if mean >= 1.0 or not n:
        return 1.0
    if ((z == 0) | (z == 1)).all():
        ones = int(z.sum())
        return beta_above(alpha, ones + 1, n - ones)
    levels, times = np.unique(np.append(_rounded_up(z), 1.0), return_counts=True)
    found = root_between(lambda limit: _chance_above(levels - limit, times) - alpha, mean, 1.0, 1e-10)
    return max(mean, float(found))


def shows_below(values: ArrayLike, limit: float, alpha: float = 0.05) -> bool:
    """Whether :func:`gaffke_upper` of values in [0, 1] lies at or below a limit; without searching for it.

    Examples
    --------
    >>> shows_below([0.0] * 59, 0.05), shows_below([0.0] * 58, 0.05)
    (True, False)
    """
    z = np.clip(np.asarray(values, dtype=float), 0.0, 1.0)
    if not len(z) or z.mean() > limit or limit >= 1.0:
        return bool(len(z)) and limit >= 1.0
    levels, times = np.unique(np.append(_rounded_up(z), 1.0), return_counts=True)
    return _chance_above(levels - limit, times) <= alpha


def betting_upper(values: ArrayLike, alpha: float = 0.05) -> float:
    """Upper limit of the mean of values in [0, 1], proven by Markov's inequality whatever their distribution.

    A mean is refuted where a gambler who bets against it, at stakes that are spread over shares of the largest that
    can never lose all at once, would have multiplied the money by ``1 / alpha``. The stakes do not depend on the
    values, so that the order of the patients does not matter and a larger value never gives a smaller limit. It reaches
    30 to 80 % farther than Gaffke's.

    Examples
    --------
    >>> round(betting_upper([0.0] * 59), 4)
    0.0685
    """
    z = np.clip(np.asarray(values, dtype=float), 0.0, 1.0)
    if not len(z) or z.mean() >= 1.0:
        return 1.0

    def wealth(limit: float) -> float:
        gains = 1.0 + _FRACTIONS[:, None] * (limit - z) / (1.0 - limit)
        logs = np.log(np.maximum(gains, 1e-300)).sum(axis=1)
        return float(logsumexp(logs) - np.log(len(_FRACTIONS)) + np.log(alpha))

    low, high = float(z.mean()), 1.0 - 1e-12
    if wealth(high) < 0:
        return 1.0
    return max(low, root_between(wealth, low, high, 1e-11))


UPPER: dict[str, Callable[[ArrayLike, float], float]] = {GAFFKE: gaffke_upper, BETTING: betting_upper}


def mean_limits(
    lowest: ArrayLike, highest: ArrayLike, least: float, most: float, confidence: float, limits: str = GAFFKE
) -> tuple[float, float]:
    """Two-sided limits of a mean over patients of values in a declared interval.

    Parameters
    ----------
    lowest, highest : array_like of float, shape (n_patients,)
        What each patient's value can have been, given what was lost of it; equal where nothing was lost.
    least, most : float
        The declared interval, in which every value lies.
    confidence : float
        Two-sided; each limit is a one-sided bound at ``(1 + confidence) / 2``.
    limits : {"gaffke", "betting"}

    Examples
    --------
    >>> low, high = mean_limits([0.0] * 200, [0.0] * 200, -60.0, 60.0, 0.90)
    >>> round(low, 3), round(high, 3)
    (-0.892, 0.892)
    """
    width, alpha, upper = most - least, (1 - confidence) / 2, UPPER[limits]
    below = 1.0 - upper((most - np.asarray(lowest, dtype=float)) / width, alpha)
    above = upper((np.asarray(highest, dtype=float) - least) / width, alpha)
    return least + width * below, least + width * above


def patients_for(margin: float, reach: float, confidence: float = 0.95) -> int:
    """Fewest patients with whom a claim can pass where nothing at all is observed to go wrong.

    Parameters
    ----------
    margin : float
        How far from its ideal value the claim lets the mean lie.
    reach : float
        How far from it one patient's value can lie in the declared interval.
    confidence : float
        One-sided.

    Examples
    --------
    >>> [patients_for(2, cap) for cap in (24, 60, 120, 228)], patients_for(0.05, 1), patients_for(0.03, 1)
    ([35, 89, 179, 341], 59, 99)
    """
    share = margin / reach
    return 1 if share >= 1 else int(np.ceil(np.log(1 - confidence) / np.log1p(-share) - 1e-9))


def _rounded_up(z: Values) -> Values:
    """Values of very many patients on few levels, none of them lower than it was."""
    low, high = float(z.min()), float(z.max())
    if len(z) <= _EXACT_UP_TO or low == high:
        return z
    step = (high - low) / _LEVELS
    return np.minimum(high, low + step * np.ceil((z - low) / step))


def _chance_above(c: Values, times: NDArray[np.int64]) -> float:
    """P(sum of ``c_i * E_i`` > 0) for independent exponential ``E_i``, each ``c_i`` occurring so many times.

    The distribution function is inverted as Imhof does, in the logarithm ``x`` of his variable, by the trapezoid rule;
    steps are halved until nothing changes any more. Left of the first point the integrand is a multiple of ``exp(x)``,
    whose integral, and whose share in the error of the rule, are known.
    """
    weights = times.astype(float)
    c = c / np.sqrt(weights @ (c * c))
    right = 1.0
    while weights @ np.log1p((c * right) ** 2) < 2 * _NEGLIGIBLE:
        right *= 1.5
    first, last = np.log(_LEFT), np.log(right)

    def heights(x: Values) -> Values:
        u = np.exp(x)[:, None] * c
        turn, fall = np.arctan(u) @ weights, 0.5 * (np.log1p(u * u) @ weights)
        return np.asarray(np.sin(turn) * np.exp(-fall))

    points, step = _FIRST_POINTS, (last - first) / _FIRST_POINTS
    at = heights(np.linspace(first, last, points + 1))
    left, total = float(at[0]), float(at.sum() - 0.5 * (at[0] + at[-1]))
    before = total * step + left * step**2 / 12
    while points < _MOST_POINTS:
        total += float(heights(first + step * (np.arange(points) + 0.5)).sum())
        points, step = 2 * points, step / 2
        now = total * step + left * step**2 / 12
        if abs(now - before) < 1e-9:
            break
        before = now
    return float(0.5 + (left + now) / np.pi)

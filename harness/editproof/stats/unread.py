"""How far an interval over readers can reach, whatever the readings would have been that nobody gave.

With missing readings at one end for all readers, readers look alike, and a small variance between them narrows the
interval. Here the missing readings of each reader go their own way. All is interval arithmetic on pseudovalues: the
figures of each reader lie between two ends, and so do their variance and covariance. The reach is exact where nothing
is missing, and never less as more is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.quantiles import student_above
from editproof.stats.readers import Components, ReaderFigures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


def longest_reach(lowest: ReaderFigures, highest: ReaderFigures, confidence: float, *, fixed: bool = False) -> float:
    """Half of the width of the widest interval over readers between these ends.

    Parameters
    ----------
    lowest, highest : ReaderFigures
        Means, or areas, with what is missing at the least and at the most; finite.
    fixed : bool
        Whether the readers stand for themselves alone.

    Notes
    -----
    Of a given spread between readers, the reach falls and then rises with their covariance, as the degrees of freedom
    grow first; so that it is longest at one of the ends of the covariance.

    Examples
    --------
    Two readers, of whom nobody knows whether one changed a tenth more than the other:

    >>> from editproof.stats.readers import means_by_reader
    >>> names, calls = np.arange(40).astype(str), np.zeros((40, 2))
    >>> none = means_by_reader(calls, names)
    >>> calls[:4] = 1.0
    >>> round(longest_reach(none, means_by_reader(calls, names), 0.9), 3)
    0.316
    """
    if np.array_equal(lowest.values, highest.values) and np.array_equal(lowest.without, highest.without):
        return _half(lowest.components, confidence, fixed=fixed)
    low, high = pseudovalues(lowest, highest)
    n, r = low.shape
    if fixed:
        one = low.mean(axis=1), high.mean(axis=1)
        variance = _covariance(one, one)[1]
        return _half(Components(1, n, 0.0, variance, 0.0), confidence, fixed=True)
    spread, ends = 0.0, np.zeros(2)
    for j in range(r):
        for k in range(j + 1, r):
            apart = max(highest.values[j] - lowest.values[k], highest.values[k] - lowest.values[j])
            spread += float(apart) ** 2 / (r * (r - 1))
            ends += np.array(_covariance((low[:, j], high[:, j]), (low[:, k], high[:, k]))) * 2 / (r * (r - 1))
    made = Components(r, n, spread, math.nan, 0.0)
    return max(_half(replace(made, shared=float(end)), confidence) for end in ends)


def pseudovalues(lowest: ReaderFigures, highest: ReaderFigures) -> tuple[Values, Values]:
    """The least and the most of each patient's pseudovalue, both of shape (n_patients, n_readers).

    A pseudovalue is what the patient's own readings add, less a part of what is left without the patient; each of the
    two is least and most where the missing readings are.
    """
    if lowest.kept is None:
        raise ValueError("figures that are no means have no ends that their missing readings give them")
    n, kept = len(lowest.without), lowest.kept
    own = [n * (end.values - kept * end.without) for end in (lowest, highest)]
    rest = [(n * kept - (n - 1)) * end.without for end in (lowest, highest)]
    return np.minimum(*own) + np.minimum(*rest), np.maximum(*own) + np.maximum(*rest)


def _half(made: Components, confidence: float, *, fixed: bool = False) -> float:
    df = made.degrees_of_freedom(fixed=fixed)
    return student_above((1 - confidence) / 2, df) * math.sqrt(made.variance(fixed=fixed))


def _covariance(one: tuple[Values, Values], other: tuple[Values, Values]) -> tuple[float, float]:
    """The least and the most of the covariance of the means of two lists of pseudovalues, each between its ends."""
    n = len(one[0])
    least, most = _product(one, other)
    of_sums = _product((one[0].sum(), one[1].sum()), (other[0].sum(), other[1].sum()))
    low, high = float(least.sum() - of_sums[1] / n), float(most.sum() - of_sums[0] / n)
    return low / (n * (n - 1)), high / (n * (n - 1))


def _product(one: tuple[Values, Values], other: tuple[Values, Values]) -> tuple[Values, Values]:
    """The ends of the product of two numbers between theirs, of a square where both are the same."""
    all_ = np.stack([a * b for a in one for b in other])
    least = all_.min(axis=0)
    if one is other:
        least = np.maximum(least, 0.0)
    return least, all_.max(axis=0)

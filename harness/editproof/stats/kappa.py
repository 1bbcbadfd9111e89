"""Cohen's weighted kappa, of one pair of readings and of several readers.

References
----------
Cohen J. Weighted kappa. *Psychol Bull* 1968;70:213-220.
Fleiss JL, Cohen J. The equivalence of weighted kappa and the intraclass correlation coefficient. *Educ Psychol Meas*
1973;33:613-619.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.stats.interval import Interval
from editproof.stats.readers import ReaderFigures, interval_over_readers
from editproof.stats.sums import Sums, per_patient
from editproof.stats.unseen import WithUnseen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from editproof.stats.statistic import Smooth

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]

POWERS = {"linear": 1, "quadratic": 2}
"""By name of the weights: the power of the distance between two grades that they are."""


def weighted_kappa(one: ArrayLike, other: ArrayLike, weights: str = "quadratic") -> float:
    """Weighted kappa of two readings of the same cases: 1 less the disagreement seen, over that of chance.

    Parameters
    ----------
    one, other : array_like of float, shape (n_cases,)
        Grades as numbers; their distances are the weights, so that equal steps count equally.
    weights : {"linear", "quadratic"}

    Returns
    -------
    float
        NaN where chance leaves nothing to disagree on, as where every reading is the same grade.

    Examples
    --------
    >>> weighted_kappa([0, 1, 2, 2], [0, 1, 1, 2])
    0.8
    """
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    patients = np.arange(len(first)).astype(str)
    return float(kappas_by_reader([first[:, None]], [second[:, None]], patients, weights).values[0])


def quadratic_kappa(
    values: Values, other: Values, patients: Names, scale: tuple[float, float], before: Values | None = None
) -> Smooth:
    """Quadratic-weighted kappa of readings with other ones of the same cases; patients weigh alike.

    The cases of a patient share his weight, and the repeats of a case share its. Of one reading and one case a patient
    it is Cohen's, which equals the concordance correlation coefficient. The limits count one more patient, whose
    readings are as far apart as the scale allows (:mod:`editproof.stats.unseen`); the grades that occur would not do,
    since the grade that harm leads to may not be among them.

    Kappa is not monotone: a worse grade can raise it, since it can raise the disagreement of chance by more.

    Parameters
    ----------
    values : ndarray of float, shape (n_cases, n_repeats)
        NaN is a reading that there is not.
    other : ndarray of float, shape (n_cases,)
    patients : ndarray of str, shape (n_cases,)
    scale : tuple of float
        The lowest and the highest grade that there are; readings beyond them widen it.
    before : ndarray of float, shape (n_cases,), optional
        Of the originals: then the kappa of ``values`` less that of ``before``.

    Examples
    --------
    >>> cases = np.array(["a", "b", "c", "d"])
    >>> edited, original = np.array([[0.0], [1.0], [2.0], [2.0]]), np.array([0.0, 1.0, 1.0, 2.0])
    >>> round(quadratic_kappa(edited, original, cases, (0.0, 4.0)).value, 12)
    0.8
    """
    there = ~np.isnan(values).all(axis=1) & ~np.isnan(other)
    arms = [values[there]] if before is None else [values[there], before[there][:, None]]
    y, names = other[there], patients[there]
    columns = [column for x in arms for column in _columns(x, y)]
    rows = per_patient(names, *columns)
    seen = np.concatenate([scale, y, *(x.ravel() for x in arms)])
    far, near = _rows_of_unseen(float(np.nanmin(seen)), float(np.nanmax(seen)))
    worst, best = (far, near) if before is None else (np.hstack([far, near]), np.hstack([near, far]))
    sums = Sums(rows / rows[:, :1], _kappa_of_sums if before is None else _change_of_sums)
    return WithUnseen(sums=sums, patients=np.unique(names), worst=worst, best=best)


def _columns(x: Values, y: Values) -> tuple[Any, ...]:
    mine, square = np.nanmean(x, axis=1), np.nanmean(x * x, axis=1)
    return np.ones(len(y)), mine, square, y, y * y, mine * y


def _rows_of_unseen(least: float, most: float) -> tuple[Values, Values]:
    """Of one more patient, at every grade of a scale: with a reading as far off as can be, and with an equal one."""
    y = np.unique(np.concatenate([[least], np.round(np.linspace(least, most, _GRADES_TRIED)[1:-1]), [most]]))
    far, near = (np.stack(_columns(x[:, None], y), axis=1) for x in (np.where(y - least > most - y, least, most), y))
    return far, near


_GRADES_TRIED = 9
"""Of a longer scale, so many grades at equal distances stand for all."""


def _change_of_sums(sums: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(_kappa_of_sums(sums[..., :6]) - _kappa_of_sums(sums[..., 6:]))


def _kappa_of_sums(sums: NDArray[Any]) -> NDArray[Any]:
    n, x, xx, y, yy, xy = (sums[..., place] for place in range(6))
    chance = (xx + yy) / n - 2 * x * y / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(2 * (xy / n - x * y / n**2) / chance)


def kappa_interval(
    one: ArrayLike, other: ArrayLike, patients: Names, confidence: float = 0.95, weights: str = "quadratic"
) -> Interval:
    """Weighted kappa of one reader's two readings with a jackknife interval over patients.

    Examples
    --------
    >>> grades = np.arange(40) % 4
    >>> found = kappa_interval(grades, np.roll(grades, 1) // 2, np.arange(40).astype(str))
    >>> found.low < found.value < found.high
    True
    """
    first, second = np.asarray(one, dtype=float)[:, None], np.asarray(other, dtype=float)[:, None]
    return interval_over_readers(kappas_by_reader([first], [second], patients, weights), confidence, fixed=True)


def kappas_by_reader(
    edited: list[Values], original: list[Values], patients: Names, weights: str = "quadratic"
) -> ReaderFigures:
    """Weighted kappa between two arms, of each reader; repeated readings enter as all their pairs, of equal weight.

    Parameters
    ----------
    edited, original : list of ndarray of float, each of shape (n_cases, n_readings)
        One for each reader; NaN is a reading that there is not.
    patients : ndarray of str, shape (n_cases,)
    """
    found = [_kappa(one, other, patients, POWERS[weights]) for one, other in zip(edited, original, strict=True)]
    return ReaderFigures(np.array([value for value, _ in found]), np.stack([rest for _, rest in found], axis=1))


def _kappa(edited: Values, original: Values, patients: Names, power: int) -> tuple[float, Values]:
    names, index = np.unique(patients, return_inverse=True)
    there = ~np.isnan(edited).all(axis=1) & ~np.isnan(original).all(axis=1)
    one, other, of_case = edited[there], original[there], index[there]
    apart = np.zeros((len(one), len(other)))
    pairs = np.outer((~np.isnan(one)).sum(axis=1), (~np.isnan(other)).sum(axis=1))
    for left in one.T:
        for right in other.T:
            apart += np.nan_to_num(np.abs(left[:, None] - right[None, :]) ** power)
    apart /= pairs if len(one) else 1
    blocks = np.zeros((len(names), len(one)))
    np.add.at(blocks, of_case, apart)
    rows, columns, inside = blocks.sum(axis=1), np.zeros(len(names)), np.zeros(len(names))
    np.add.at(columns, of_case, apart.sum(axis=0))
    np.add.at(inside, of_case, blocks[of_case, np.arange(len(one))])
    cases, seen = np.bincount(of_case, minlength=len(names)), np.zeros(len(names))
    np.add.at(seen, of_case, np.diagonal(apart))
    n = len(one)
    with np.errstate(invalid="ignore", divide="ignore"):
        left_over, rest = n - cases, apart.sum() - rows - columns + inside
        without = 1 - (seen.sum() - seen) * left_over / rest
        value = 1 - seen.sum() * n / apart.sum() if apart.sum() else math.nan
    return float(value), np.asarray(without)

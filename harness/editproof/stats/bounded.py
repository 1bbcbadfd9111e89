"""Means over patients of values in a declared interval: the statistics by which claims are decided."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from editproof.stats.bootstrap import cluster_t_limits
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE, mean_limits
from editproof.stats.interval import MIN_PATIENTS, Interval, no_interval, too_few
from editproof.stats.statistic import ChangeApart, Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]

METHODS = {
    GAFFKE: "Gaffke, one unseen patient at the worst",
    "betting": "betting",
    "exact": "Clopper-Pearson on patients",
}
"""How the limits are called that hold whatever was not seen."""


@dataclass(frozen=True, eq=False, kw_only=True)
class BoundedMean(Statistic):
    """Mean over patients of values in a declared interval; patients are given once each in sorted order.

    Repeats and cases are averaged within the patient. Where edits are missing, a patient's value can lie anywhere from
    the one with all of them at the least to the one with all at the most.

    Attributes
    ----------
    values : ndarray of float, shape (n_patients,)
        Of the edits that came back; NaN where none did.
    lowest, highest : ndarray of float, shape (n_patients,)
        Between what the value lies, whatever missing edits would have been; equal where none is missing.
    least, most : float
        The declared interval. Values outside are taken as its ends.
    root : bool
        Whether the number is the root of the mean; the interval is then that of the squares.
    uncapped : float, optional
        The same number without the declared interval, where that made a difference.

    Examples
    --------
    >>> drift = mean_in(np.array([[1.0], [2.0], [99.0]]), np.array(["a", "a", "b"]), -60.0, 60.0)
    >>> drift.value, drift.uncapped
    (30.75, 50.25)
    """

    values: Values = field(repr=False)
    lowest: Values = field(repr=False)
    highest: Values = field(repr=False)
    least: float
    most: float
    root: bool = False
    uncapped: float | None = None

    bounded: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse values of other patients than those named, and an interval in which nothing can differ."""
        if not self.least < self.most:
            raise ValueError(f"the interval from {self.least} to {self.most} is empty")
        if not len(self.patients) == len(self.values) == len(self.lowest) == len(self.highest):
            raise ValueError(f"{len(self.values)} values for {len(self.patients)} patients")

    @property
    def value(self) -> float:
        if np.isnan(self.values).all():
            return math.nan
        found = float(np.nanmean(self.values))
        return math.sqrt(max(0.0, found)) if self.root else found

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        if limits == CONVENTIONAL:
            return self.conventional(confidence)
        low, high = mean_limits(self.lowest, self.highest, self.least, self.most, confidence, limits)
        return self._between(low, high, confidence, METHODS["exact" if self._is_exact(limits) else limits])

    def conventional(self, confidence: float) -> Interval:
        """The cluster t interval: its lower limit with missing edits at the least, its upper one at the most."""
        n = len(self.patients)
        if n < MIN_PATIENTS:
            return too_few(n, confidence).noted(point=self.value)
        alpha = (1 - confidence) / 2
        ends = [
            cluster_t_limits(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n), n - 1, alpha)
            for values in (self.lowest, self.highest)
        ]
        low, high = ends[0][0], ends[1][1]
        if low == high:
            reason = "all patients show the same value, so its uncertainty is unknown"
            return no_interval(reason, confidence, n, point=self.value)
        return self._between(low, high, confidence, "cluster t")

    @property
    def is_share(self) -> bool:
        """Whether every value lies between 0 and 1 by its nature."""
        return (self.least, self.most, self.root) == (0.0, 1.0, False)

    @property
    def is_of_shares(self) -> bool:
        """Whether it is a share, or a change of one, whose interval needs no declaration."""
        return self.most - self.least <= 2.0 and not self.root

    def filled(self, value: float) -> BoundedMean:
        """The same, had every missing edit had this value."""
        at = (value - self.least) / (self.most - self.least)
        values = self.lowest + at * (self.highest - self.lowest)
        return replace(self, values=values, lowest=values, highest=values)

    def complement(self) -> BoundedMean:
        """The share of patients of whom it does not hold."""
        values, lowest, highest = (1.0 - x for x in (self.values, self.highest, self.lowest))
        holds = int(np.nansum(values))
        return replace(self, values=values, lowest=lowest, highest=highest, notes={**self.notes, "holds": holds})

    def capped(self, reach: float) -> BoundedMean:
        """The same with every value taken as at most so far from 0."""
        values, lowest, highest = (np.clip(x, -reach, reach) for x in (self.values, self.lowest, self.highest))
        least, most = max(-reach, self.least), min(reach, self.most)
        made = replace(self, values=values, lowest=lowest, highest=highest, least=least, most=most)
        return made if np.array_equal(values, self.values, equal_nan=True) else replace(made, uncapped=self.value)

    def only(self, patients: Names) -> BoundedMean:
        keep = np.isin(self.patients, patients)
        values, lowest, highest = (x[keep] for x in (self.values, self.lowest, self.highest))
        return replace(self, values=values, lowest=lowest, highest=highest, patients=patients, uncapped=None)

    def folded(self, sign: float, middle: float) -> BoundedMean | None:
        if self.root:
            return None
        values, *ends = (sign * (x - middle) for x in (self.values, self.lowest, self.highest))
        lowest, highest = ends if sign > 0 else ends[::-1]
        least, most = sorted((sign * (self.least - middle), sign * (self.most - middle)))
        return replace(self, values=values, lowest=lowest, highest=highest, least=least, most=most, uncapped=None)

    def _less(self, other: BoundedMean) -> Statistic:
        """The change, with what is missing of this one and of the other at its farthest; roots are bounded apart."""
        if self.root or other.root:
            return ChangeApart(new=self, old=other, patients=self.patients, words=", of both versions")
        return BoundedMean(
            values=self.values - other.values, lowest=self.lowest - other.highest, highest=self.highest - other.lowest,
            least=self.least - other.most, most=self.most - other.least, patients=self.patients,
        )  # fmt: skip

    def _is_exact(self, limits: str) -> bool:
        ends = np.concatenate([self.lowest, self.highest])
        return limits == GAFFKE and self.is_share and bool(((ends == 0) | (ends == 1)).all())

    def _between(self, low: float, high: float, confidence: float, method: str) -> Interval:
        value = self.value
        if math.isnan(value):
            return no_interval("no edit came back", confidence, len(self.patients))
        shown = [math.sqrt(max(0.0, x)) if self.root else x for x in (low, high, self.least, self.most)]
        notes = {} if self.is_share else {"least": shown[2], "most": shown[3]}
        if self.uncapped is not None:
            notes["uncapped"] = self.uncapped
        found = Interval(value, min(shown[0], value), max(shown[1], value), confidence, len(self.patients), method)
        return found.noted(**self.notes, **notes)


def mean_in(
    values: ArrayLike,
    patients: Names,
    least: float,
    most: float,
    missing: ArrayLike | None = None,
    *,
    root: bool = False,
) -> Statistic:
    """Mean over patients of values in a declared interval.

    Parameters
    ----------
    values : array_like of float, shape (n_cases,) or (n_cases, n_repeats)
        Averaged over the repeats of a case and the cases of a patient; NaN does not count, unless it is missing.
    patients : ndarray of str, shape (n_cases,)
        Patient of each case.
    least, most : float
        The declared interval; values outside are taken as its ends. It may be infinite where only the number is wanted
        and nothing is missing.
    missing : array_like of bool, of the shape of ``values``, optional
        Edits that did not come back, each of which could have had any value of the interval.
    root : bool
        Whether the number is the root of the mean of ``values``, which are squares.

    Returns
    -------
    BoundedMean or Undefined
        Patients of whom nothing counts are left out; undefined where that leaves none.

    Examples
    --------
    >>> found = mean_in(np.array([[0.0, np.nan], [1.0, 1.0]]), np.array(["a", "b"]), 0, 1, np.array([[0, 1], [0, 0]]))
    >>> found.lowest.tolist(), found.highest.tolist()
    ([0.0, 1.0], [0.5, 1.0])
    """
    table = np.asarray(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    gone = (
        np.zeros(table.shape, dtype=bool) if missing is None else np.asarray(missing, dtype=bool).reshape(table.shape)
    )
    there = ~np.isnan(table) & ~gone
    counts = (there | gone).sum(axis=1)
    rows = counts > 0
    names, index = np.unique(np.asarray(patients)[rows], return_inverse=True)
    if not len(names):
        return Undefined(patients=names, why="there is nothing of which it could be a mean")

    def by_patient(cases: Values, weights: Values | None = None) -> Values:
        each = np.bincount(index, weights=cases)
        return np.asarray(each / (np.bincount(index) if weights is None else np.bincount(index, weights=weights)))

    share = there[rows].sum(axis=1) / counts[rows]
    kept, raw = (
        np.where(there[rows], x[rows], 0.0).sum(axis=1) / counts[rows] for x in (np.clip(table, least, most), table)
    )
    with np.errstate(invalid="ignore"):
        values, free = (by_patient(cases, share) for cases in (kept, raw))
    known, lost = by_patient(kept), by_patient(1.0 - share)
    lowest, highest = (known + lost * (end if lost.any() else 0.0) for end in (least, most))
    found = BoundedMean(
        values=values, lowest=lowest, highest=highest, least=float(least), most=float(most), root=root, patients=names
    )
    if np.array_equal(values, free, equal_nan=True):
        return found
    return replace(found, uncapped=replace(found, values=free).value)


def patient_means(values: ArrayLike, patients: Names) -> tuple[Names, Values]:
    """Each patient once, in sorted order, with the mean over cases of the mean over repeats; without those of none.

    Parameters
    ----------
    values : array_like of float, shape (n_cases,) or (n_cases, n_repeats)
        NaN does not count.
    patients : ndarray of str, shape (n_cases,)
    """
    found = mean_in(values, patients, -math.inf, math.inf)
    return found.patients, found.values if isinstance(found, BoundedMean) else np.empty(0)


def share_of_patients(holds: ArrayLike, patients: Names, open_: ArrayLike | None = None) -> Statistic:
    """Share of patients with a case in which something holds.

    Parameters
    ----------
    holds : array_like of bool, shape (n_cases,)
    patients : ndarray of str, shape (n_cases,)
        Patient of each case.
    open_ : array_like of bool, shape (n_cases,), optional
        Cases of which it is not known, since an edit is missing.

    Examples
    --------
    >>> share_of_patients([False, True, False], np.array(["a", "a", "b"])).value
    0.5
    """
    names, index = np.unique(patients, return_inverse=True)
    if not len(names):
        return Undefined(patients=names, why="there are no patients")
    flags = np.asarray(holds, dtype=bool)
    unknown = np.zeros(len(flags), dtype=bool) if open_ is None else np.asarray(open_, dtype=bool)
    holding, open_for, known_of = (
        np.bincount(index, weights=x, minlength=len(names)) > 0 for x in (flags, unknown, ~unknown)
    )
    values = np.where(holding | known_of, holding.astype(float), np.nan)
    found = BoundedMean(
        values=values, lowest=holding.astype(float), highest=(holding | open_for).astype(float), least=0.0, most=1.0,
        patients=names,
    )  # fmt: skip
    return found.noted(holds=int(holding.sum()))

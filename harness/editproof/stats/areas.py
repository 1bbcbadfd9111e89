"""Areas under ROC curves as statistics; a pair of which an edit is missing may be in either order."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from editproof.core.digests import digest_of, pixel_digest
from editproof.stats.auc import Auc, auc_statistic
from editproof.stats.auc_interval import auc_difference_interval, auc_interval
from editproof.stats.draws import METHOD, lower_quantiles
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import SEED, Interval, no_interval
from editproof.stats.statistic import Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.stats.kernel import Kernel

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]

ONE_CLASS = "only one class is present, so there is no ROC curve"


@dataclass(frozen=True, eq=False, kw_only=True)
class Pairs:
    """How often the positive cases of a patient score above the negative ones of another, averaged over their cases.

    Attributes
    ----------
    lowest, highest : Kernel, of shape (n_with_positives, n_with_negatives)
        In [0, 1], or in [-1, 1] for a change; they differ by what missing edits leave open.
    rows, columns : ndarray of int
        Index of the patient behind each row and column.
    least, most : float
        What an unseen patient can add.
    """

    lowest: Kernel = field(repr=False)
    highest: Kernel = field(repr=False)
    rows: NDArray[np.intp] = field(repr=False)
    columns: NDArray[np.intp] = field(repr=False)
    least: float = 0.0
    most: float = 1.0

    def __sub__(self, other: Pairs) -> Pairs:
        """The change, with what is missing on either side at its farthest."""
        lowest = highest = self.lowest - other.highest
        if self.highest is not self.lowest or other.highest is not other.lowest:
            highest = self.highest - other.lowest
        return replace(
            self, lowest=lowest, highest=highest, least=self.least - other.most, most=self.most - other.least
        )

    def limits(self, n_patients: int, confidence: float) -> tuple[float, float]:
        """Two-sided limits of the mean over pairs of patients, with one unseen patient of either class at the worst."""
        asked = self._digest, n_patients, confidence
        if asked not in _KNOWN:
            if len(_KNOWN) >= _MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN[asked] = _limits(self, n_patients, confidence)
        return _KNOWN[asked]

    @cached_property
    def _digest(self) -> str:
        places = [pixel_digest(places) for places in (self.rows, self.columns)]
        return digest_of([self.lowest.digest, self.highest.digest, *places, self.least, self.most])


_KNOWN: dict[tuple[str, int, float], tuple[float, float]] = {}
"""Limits by what they were asked of: a claim is decided for its test, for the record and for the page."""
_MOST_KNOWN = 4096


def _limits(pairs: Pairs, n_patients: int, confidence: float) -> tuple[float, float]:
    ends = ((pairs.lowest, pairs.least, 1.0), (pairs.highest, pairs.most, -1.0))

    def of(weights: Values) -> Values:
        """The mean at either end, the unseen patient being of one class and of the other; shape (4, n_draws)."""
        up, down, extra = weights[:, pairs.rows], weights[:, pairs.columns], weights[:, -1]
        of_rows, of_columns = up.sum(axis=1), down.sum(axis=1)
        found, known = [], {}
        for kernel, unseen, sign in ends:
            if id(kernel) not in known:
                known[id(kernel)] = kernel.both(up, down)
            inside = known[id(kernel)]
            found += [
                sign * (inside + unseen * extra * of_columns) / ((of_rows + extra) * of_columns),
                sign * (inside + unseen * extra * of_rows) / (of_rows * (of_columns + extra)),
            ]
        return np.stack(found)

    lowest = lower_quantiles(of, n_patients, (1 - confidence) / 2)
    return float(min(lowest[:2])), -float(min(lowest[2:]))


def pairs_of(scores: Values, positive: NDArray[np.bool_], missing: NDArray[np.bool_], patients: Names) -> Pairs:
    """Pairs of scores, of which those that are missing could be in the wrong order, or in the right one.

    Parameters
    ----------
    scores : ndarray of float, shape (n_cases, n_repeats)
        NaN where an edit is missing, or does not count.
    positive : ndarray of bool, shape (n_cases,)
    missing : ndarray of bool, shape (n_cases, n_repeats)
    patients : ndarray of str, shape (n_cases,)
    """
    worst = np.where(positive, -np.inf, np.inf)[:, None]

    def completed(sign: float) -> Auc:
        return auc_statistic(np.where(missing, sign * worst, scores), positive, patients)

    low = completed(1.0)
    lowest = highest = low.kernel.divided(low.positives, low.negatives)
    if missing.any():
        highest = completed(-1.0).kernel.divided(low.positives, low.negatives)
    return Pairs(lowest=lowest, highest=highest, rows=low.rows, columns=low.columns)


@dataclass(frozen=True, eq=False, kw_only=True)
class Area(Statistic):
    """Area under a ROC curve; patients are given once each in sorted order, as the curve's indices name them.

    Attributes
    ----------
    area : Auc
        Of the edits that came back, for the number and the conventional interval.
    pairs : Pairs
        Of all, for the limits by which a claim is decided.
    """

    area: Auc
    pairs: Pairs

    bounded: ClassVar[bool] = True

    @property
    def reason(self) -> str:
        return "" if all(self.area.kernel.shape) else ONE_CLASS

    @property
    def value(self) -> float:
        return mean_of_pairs(self.area) if all(self.area.kernel.shape) else math.nan

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        if self.reason or limits == CONVENTIONAL:
            return self.conventional(confidence)
        return _between(self.value, self.pairs.limits(len(self.patients), confidence), confidence, self)

    def conventional(self, confidence: float) -> Interval:
        """Clustered DeLong on the logit scale, of the edits that came back."""
        return auc_interval(self.area, confidence).noted(**self.notes)

    def only(self, patients: Names) -> Area:
        keep = np.isin(self.patients, patients)
        return replace(self, area=self.area.only(keep), pairs=_only(self.pairs, keep), patients=patients)

    def _less(self, other: Area) -> Statistic:
        if not self.area.pairs_with(other.area):
            return Undefined(patients=self.patients, why="the versions have readings of different cases")
        return AreaChange(
            edited=self.area, original=other.area, pairs=self.pairs - other.pairs, patients=self.patients,
            own=(self.pairs, other.pairs),
        )  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class AreaChange(Statistic):
    """Area of edits less that of their originals, or of one version less another, paired; patients as in Area.

    Attributes
    ----------
    pairs : Pairs
        The change of each pair.
    own : tuple of Pairs
        The pairs of either side.
    """

    edited: Auc
    original: Auc
    pairs: Pairs
    own: tuple[Pairs, Pairs]

    bounded: ClassVar[bool] = True

    @property
    def reason(self) -> str:
        return "" if all(self.edited.kernel.shape) and all(self.original.kernel.shape) else ONE_CLASS

    @property
    def value(self) -> float:
        return mean_of_pairs(self.edited) - mean_of_pairs(self.original)

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        if self.reason or limits == CONVENTIONAL:
            return self.conventional(confidence)
        return _between(self.value, self.pairs.limits(len(self.patients), confidence), confidence, self)

    def conventional(self, confidence: float) -> Interval:
        """The profile of the clustered DeLong ellipse on the logit scale, of the edits that came back."""
        if not self.edited.pairs_with(self.original):
            reason = "of some cases nothing came back, so the two areas are not of the same cases"
            return no_interval(reason, confidence, len(self.patients))
        return auc_difference_interval(self.edited, self.original, confidence).noted(**self.notes)

    def only(self, patients: Names) -> AreaChange:
        keep = np.isin(self.patients, patients)
        return replace(
            self, edited=self.edited.only(keep), original=self.original.only(keep), patients=patients,
            pairs=_only(self.pairs, keep), own=(_only(self.own[0], keep), _only(self.own[1], keep)),
        )  # fmt: skip

    def _less(self, other: AreaChange) -> Statistic:
        """The originals are those of both versions, and cancel."""
        new, old = (Area(area=change.edited, pairs=change.own[0], patients=self.patients) for change in (self, other))
        return new._less(old)


def mean_of_pairs(area: Auc) -> float:
    """Mean over pairs of patients, each averaged over its cases; the AUC, where every patient has one case."""
    return area.kernel.divided(area.positives, area.negatives).mean


def _between(value: float, limits: tuple[float, float], confidence: float, of: Statistic) -> Interval:
    low, high = limits
    n = len(of.patients)
    return Interval(value, min(low, value), max(high, value), confidence, n, METHOD, SEED).noted(**of.notes)


def _only(pairs: Pairs, keep: NDArray[np.bool_]) -> Pairs:
    """Those of some of the patients, from a mask of shape (n_patients,)."""
    place = np.cumsum(keep) - 1
    up, down = keep[pairs.rows], keep[pairs.columns]
    lowest = highest = pairs.lowest.only(up, down)
    if pairs.highest is not pairs.lowest:
        highest = pairs.highest.only(up, down)
    return replace(
        pairs, lowest=lowest, highest=highest,
        rows=place[pairs.rows[up]], columns=place[pairs.columns[down]],
    )  # fmt: skip

"""Statistics made of whole curves: ROC curves, calibration curves, distribution functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.auc_interval import auc_difference_interval, auc_interval
from editproof.stats.bootstrap import percentile_limits
from editproof.stats.calibration import LogisticFit, cluster_robust, logistic_fit
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval
from editproof.stats.ks import distance_of_features, ks_change, ks_of_features
from editproof.stats.statistic import Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.stats.auc import Auc

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Area(Statistic):
    """Area under a ROC curve; patients are given once each in sorted order, as the curve's indices name them."""

    area: Auc

    @property
    def value(self) -> float:
        return self.area.value

    def interval(self, confidence: float) -> Interval:
        return _with_bootstrap(auc_interval(self.area, confidence), self.area).noted(**self.notes)

    def only(self, patients: Names) -> Area:
        return replace(self, area=self.area.only(np.isin(self.patients, patients)), patients=patients)

    def _less(self, other: Area) -> Statistic:
        if not self.area.pairs_with(other.area):
            return Undefined(patients=self.patients, why="the versions have readings of different cases")
        return AreaChange(edited=self.area, original=other.area, patients=self.patients)


@dataclass(frozen=True, eq=False, kw_only=True)
class AreaChange(Statistic):
    """Area of edits less that of their originals, or of one version less another, paired; patients as in Area."""

    edited: Auc
    original: Auc
    settled: float | None = None

    @property
    def value(self) -> float:
        return self.edited.value - self.original.value

    def interval(self, confidence: float) -> Interval:
        if self.settled is not None and len(self.patients) >= MIN_PATIENTS:
            return identical(confidence, len(self.patients), self.settled).noted(**self.notes)
        found = auc_difference_interval(self.edited, self.original, confidence)
        return _with_bootstrap(found, self.edited - self.original).noted(**self.notes)

    def only(self, patients: Names) -> AreaChange:
        keep = np.isin(self.patients, patients)
        return replace(self, edited=self.edited.only(keep), original=self.original.only(keep), patients=patients)

    def _less(self, other: AreaChange) -> Statistic:
        """The originals are those of both versions, and cancel."""
        edits = (Area(area=change.edited, patients=self.patients) for change in (self, other))
        return next(edits)._less(next(edits))


def _with_bootstrap(found: Interval, area: Auc) -> Interval:
    """The interval, with the percentile limits of the patient bootstrap beside it: two methods that ought to agree."""
    if not found.exists:
        return found
    return found.noted(patient_bootstrap=list(percentile_limits(area, (1 - found.confidence) / 2)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Calibration(Statistic):
    """Cox's calibration slope or intercept of probabilities; patients are those of each edit.

    Attributes
    ----------
    probabilities : ndarray of float, shape (n_edits,)
    positive : ndarray of bool, shape (n_edits,)
    which : {"slope", "intercept"}
    """

    probabilities: Values
    positive: NDArray[np.bool_]
    which: str

    @cached_property
    def _fit(self) -> LogisticFit:
        return logistic_fit(self.probabilities, self.positive, self.patients)

    @property
    def reason(self) -> str:
        return self._fit.reason

    @property
    def value(self) -> float:
        return self._fit.slope if self.which == "slope" else self._fit.intercept

    @property
    def influence(self) -> Values:
        """How much each patient moves the value, shape (n_patients,)."""
        return np.asarray(self._fit.influence[:, 1 if self.which == "slope" else 0])

    def interval(self, confidence: float) -> Interval:
        if self.reason:
            return no_interval(self.reason, confidence, len(self.influence)).noted(**self.notes)
        return cluster_robust(self.value, self.influence, confidence).noted(**self.notes)

    def only(self, patients: Names) -> Calibration:
        rows = np.isin(self.patients, patients)
        return replace(
            self, probabilities=self.probabilities[rows], positive=self.positive[rows], patients=self.patients[rows]
        )

    def _less(self, other: Calibration) -> Statistic:
        for fitted in (self, other):
            if fitted.reason:
                return Undefined(patients=fitted.patients, why=fitted.reason)
        return Coefficient(
            number=self.value - other.value,
            influence=self.influence - other.influence,
            patients=np.unique(self.patients),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Coefficient(Statistic):
    """A number of which it is known how much each patient, given once each in sorted order, moves it."""

    number: float
    influence: Values

    @property
    def value(self) -> float:
        return self.number

    def interval(self, confidence: float) -> Interval:
        found = cluster_robust(self.number, self.influence, confidence).noted(**self.notes)
        if not self.influence.any():
            reason = "no patient moves it, so its uncertainty is unknown"
            return no_interval(reason, confidence, found.n_patients, point=self.number)
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureDistance(Statistic):
    """Distance D between the distributions of a feature of originals and of edits; patients are those of each case.

    Attributes
    ----------
    original : ndarray of float, shape (n_cases,)
    edited : ndarray of float, shape (n_cases, n_repeats)
    settled : float, optional
        As in :class:`Smooth`.
    """

    original: Values
    edited: Values
    settled: float | None = None

    @property
    def value(self) -> float:
        return distance_of_features(self.original, self.edited, self.patients)

    def interval(self, confidence: float) -> Interval:
        n = len(np.unique(self.patients))
        if self.settled is not None and n >= MIN_PATIENTS:
            return identical(confidence, n, self.settled).noted(**self.notes)
        return ks_of_features(self.original, self.edited, self.patients, confidence).noted(**self.notes)

    def only(self, patients: Names) -> FeatureDistance:
        rows = np.isin(self.patients, patients)
        return replace(self, original=self.original[rows], edited=self.edited[rows], patients=self.patients[rows])

    def _less(self, other: FeatureDistance) -> Statistic:
        if not np.array_equal(self.patients, other.patients):
            return Undefined(patients=self.patients, why="the versions have readings of different cases")
        return FeatureDistanceChange(new=self, old=other, patients=self.patients)


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureDistanceChange(Statistic):
    """How much larger D is in one version than in another; see :func:`editproof.stats.ks.ks_change`."""

    new: FeatureDistance
    old: FeatureDistance

    @property
    def value(self) -> float:
        return self.new.value - self.old.value

    def interval(self, confidence: float) -> Interval:
        new, old = ((version.original, version.edited) for version in (self.new, self.old))
        return ks_change(new, old, self.patients, confidence).noted(**self.notes)

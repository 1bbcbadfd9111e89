"""Calibration of probabilities as a statistic: the coefficients of a curve that is fitted to all patients at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.calibration import LogisticFit, cluster_robust, logistic_fit
from editproof.stats.gaffke import GAFFKE
from editproof.stats.interval import Interval, no_interval
from editproof.stats.statistic import Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]


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

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
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

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        found = cluster_robust(self.number, self.influence, confidence).noted(**self.notes)
        if not self.influence.any():
            reason = "no patient moves it, so its uncertainty is unknown"
            return no_interval(reason, confidence, found.n_patients, point=self.number)
        return found

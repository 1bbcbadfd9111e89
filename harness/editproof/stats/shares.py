"""Shares of patients and of edits as statistics, and how much a share changed from one version to another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from editproof.stats.interval import Interval
from editproof.stats.proportion import change_of_share, clustered_share, share_of_patients
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class PatientShare(Statistic):
    """Share of patients for whom something holds, exact; patients are given once each in sorted order."""

    holds: NDArray[np.bool_]

    @property
    def value(self) -> float:
        return float(self.holds.mean()) if len(self.holds) else math.nan

    def interval(self, confidence: float) -> Interval:
        return share_of_patients(self.holds, confidence).noted(**self.notes)

    def only(self, patients: Names) -> PatientShare:
        return replace(self, holds=self.holds[np.isin(self.patients, patients)], patients=patients)

    def _less(self, other: PatientShare) -> ShareChange:
        changes = self.holds.astype(float) - other.holds.astype(float)
        return ShareChange(changes=changes, whole=True, patients=self.patients)


@dataclass(frozen=True, eq=False, kw_only=True)
class EditShare(Statistic):
    """Share of edits for which something holds, at their effective number; patients are those of each case.

    Attributes
    ----------
    holds : ndarray of float, shape (n_cases, n_repeats)
        1 where it holds, 0 where not, NaN where the edit does not count.
    """

    holds: Values

    @property
    def value(self) -> float:
        return float(np.nanmean(self.holds))

    def interval(self, confidence: float) -> Interval:
        known = ~np.isnan(self.holds)
        patients = np.broadcast_to(self.patients[:, None], known.shape)
        return clustered_share(self.holds[known] > 0, patients[known], confidence).noted(**self.notes)

    def only(self, patients: Names) -> EditShare:
        rows = np.isin(self.patients, patients)
        return replace(self, holds=self.holds[rows], patients=self.patients[rows])

    def by_patient(self) -> Values:
        """Each patient's share, the mean over cases of the share of a case, shape (n_patients,)."""
        _, index = np.unique(self.patients, return_inverse=True)
        return np.asarray(np.bincount(index, weights=np.nanmean(self.holds, axis=1)) / np.bincount(index))

    def _less(self, other: EditShare) -> ShareChange:
        """The mean over patients of the change of their shares."""
        changes = self.by_patient() - other.by_patient()
        return ShareChange(changes=changes, whole=False, patients=np.unique(self.patients))


@dataclass(frozen=True, eq=False, kw_only=True)
class ShareChange(Statistic):
    """Mean change of a share, of each patient in [-1, 1]; see :func:`editproof.stats.proportion.change_of_share`."""

    changes: Values
    whole: bool
    exact: ClassVar[bool] = True

    @property
    def value(self) -> float:
        return float(self.changes.mean())

    def interval(self, confidence: float) -> Interval:
        low, high = change_of_share(self.changes, confidence, whole=self.whole)
        method = "exact over changed patients" if self.whole else "Hoeffding over changed patients"
        counted = {"patients_higher": int((self.changes > 0).sum()), "patients_lower": int((self.changes < 0).sum())}
        value = self.value
        return Interval(
            value, min(low, value), max(high, value), confidence, len(self.changes), method,
            notes={**self.notes, **counted},
        )  # fmt: skip


def patient_share(holds: ArrayLike, patients: Names) -> PatientShare:
    """Share of patients with a case in which something holds.

    Parameters
    ----------
    holds : array_like of bool, shape (n_cases,)
    patients : ndarray of str, shape (n_cases,)
        Patient of each case.

    Examples
    --------
    >>> patient_share([False, True, False], np.array(["a", "a", "b"])).value
    0.5
    """
    names, index = np.unique(patients, return_inverse=True)
    holding = np.bincount(index, weights=np.asarray(holds, dtype=float), minlength=len(names)) > 0
    return PatientShare(holds=holding, patients=names)


def label_change_share(edited: Values, original: Values, patients: Names, at: float = 0.5) -> PatientShare:
    """Share of patients with an edit whose class is not that of its original.

    Parameters
    ----------
    edited : ndarray of float, shape (n_cases, n_repeats)
        Probabilities; NaN is an edit that does not count.
    original : ndarray of float, shape (n_cases,)
    patients : ndarray of str, shape (n_cases,)
        Patient of each case.
    at : float
        Probability from which on a case is of the positive class.

    Examples
    --------
    >>> edited = np.array([[0.6, 0.4], [0.1, np.nan], [0.2, 0.3]])
    >>> label_change_share(edited, np.array([0.7, 0.2, 0.2]), np.array(["a", "a", "b"])).value
    0.5
    """
    changed = ((edited >= at) != (original >= at)[:, None]) & ~np.isnan(edited)
    return patient_share(changed.any(axis=1), patients)

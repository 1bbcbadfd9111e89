"""Readings of the instruments, as arrays for charts and as rows for the table of cases."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from editproof.core.numbers import decimals_for
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.stats.agreement import between_repeats, is_repeated, limit_of_agreement, within_case_variance
from editproof.stats.areas import Area, pairs_of
from editproof.stats.auc import auc_statistic
from editproof.stats.bounded import mean_in, patient_means, share_of_patients
from editproof.stats.interval import Interval
from editproof.stats.roc import roc_band, roc_points
from editproof.types import Quantity

Floats = NDArray[np.float64]

LEVEL: Final = 0.9
"""Coverage of the intervals of areas, as of claims at the usual one-sided 95 %: one number for one area on the page."""


@dataclass(frozen=True)
class Paired:
    """One quantity on originals and edits.

    Attributes
    ----------
    reference : ndarray of float, shape (n_cases,)
        Reference standard; NaN where there is none.
    original : ndarray of float, shape (n_cases,)
    edited : ndarray of float, shape (n_cases, n_repeats)
        NaN where an edit did not come back. All three are in ``quantity.unit``.
    patients : tuple of str
        Patient of each case; empty where every case is its own.
    cases : tuple of str
        Names of the cases; empty where they have none.
    """

    quantity: Quantity
    reference: Floats
    original: Floats
    edited: Floats
    patients: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()

    @property
    def change(self) -> Floats:
        """Edited minus original, shape (n_cases, n_repeats)."""
        return self.edited - self.original[:, None]

    @cached_property
    def decimals(self) -> int:
        """Number of decimals of its readings as text."""
        return decimals_for([float(x) for x in self.original if np.isfinite(x)])

    @property
    def clusters(self) -> NDArray[np.str_]:
        """Patient of each case, shape (n_cases,)."""
        return np.array(self.patients or [f"{i:09d}" for i in range(len(self.original))], dtype=str)

    @property
    def all_came_back(self) -> bool:
        """Whether every edit of every case was read."""
        return bool(np.isfinite(self.edited).all())

    def counted(self, *, reference: bool) -> Paired:
        """The cases behind a figure, in the order of the verdicts, so that both are the same to the last digit.

        Cases of which no edit came back are left out, and so are those without a reading of the original; with
        ``reference`` also those without a reference standard, in a cohort that has one.
        """
        here = np.isfinite(self.original) & np.isfinite(self.edited).any(axis=1)
        if reference and np.isfinite(self.reference).any():
            here &= np.isfinite(self.reference)
        patients, names = self.clusters, np.array(self.cases or self.clusters, dtype=str)
        order = np.lexsort((names, patients))
        order = order[here[order]]
        return replace(
            self, reference=self.reference[order], original=self.original[order], edited=self.edited[order],
            patients=tuple(patients[order]), cases=tuple(names[order]),
        )  # fmt: skip

    @property
    def is_of_classes(self) -> bool:
        """Whether the reference standard says which class a case is of, 0 or 1, so that no reading has an error."""
        known = self.reference[np.isfinite(self.reference)]
        return bool(len(known)) and bool(np.isin(known, (0.0, 1.0)).all())

    @property
    def has_edits(self) -> bool:
        """Whether any edit was read at all."""
        return bool(np.isfinite(self.edited).any())


def paired(table: Measurements, quantity: Quantity) -> Paired | None:
    """The pooled instrument's readings of one quantity; None where originals were not read."""
    if not table.has(quantity.name, ORIGINAL):
        return None
    original = table.matrix(quantity.name, ORIGINAL)[:, 0]
    if table.has(quantity.name, EDITED):
        edited = table.matrix(quantity.name, EDITED)
    else:
        edited = np.full((len(original), max(1, table.n_repeats)), np.nan)
    try:
        reference = table.reference(quantity.name)
    except ProtocolError:
        reference = np.full(len(original), np.nan)
    patients, cases = (tuple(map(str, table.cases[column])) for column in ("patient", "case"))
    return Paired(quantity, reference, original, edited, patients, cases)


def complete_mean(pair: Paired, values: Floats) -> float:
    """Mean over the patients of whom a value of shape (n_cases, n_repeats) is known, each by its own mean; else NaN."""
    _, means = patient_means(values, pair.clusters)
    return float(means.mean()) if len(means) else math.nan


def agreement_lines(pair: Paired) -> tuple[float, float, float] | None:
    """Mean change and the lower and upper 95 % limit of agreement; None with fewer than two patients.

    They are the statistics of the estimands of these names, with the edits that came back (``complete_case``).
    """
    counted = pair.counted(reference=False)
    if len(set(counted.patients)) < 2:
        return None
    low, high = (limit_of_agreement(counted.change, counted.clusters, side).value for side in (-1, 1))
    return complete_mean(counted, counted.change), low, high


def spread_of_repeats(pair: Paired) -> tuple[Floats, float] | None:
    """SD over the repeats of each case that has two or more, and their root mean square, the SD between repeats.

    The latter is the statistic of the estimand ``repeat_sd``, with the edits that came back; None without such a case.
    """
    counted = pair.counted(reference=True)
    here = is_repeated(counted.edited)
    if not here.any():
        return None
    several = counted.edited[here]
    halved = between_repeats(several) ** 2 / 2
    whole = mean_in(halved, counted.clusters[here], 0.0, math.inf, root=True)
    return np.sqrt(within_case_variance(several)), whole.value


def label_changes(pair: Paired) -> tuple[int, int]:
    """Patients with an edit on the other side of 0.5, and all: what ``label_change_rate`` makes of what came back."""
    counted = pair.counted(reference=True)
    changed = ((counted.edited >= 0.5) != (counted.original >= 0.5)[:, None]) & np.isfinite(counted.edited)
    found = share_of_patients(changed.any(axis=1), counted.clusters)
    n = len(found.patients)
    return round(found.value * n) if n else 0, n


def area(pair: Paired, score: Floats) -> Interval | None:
    """Area under the curve of what came back, with its interval at the level of verdicts; None with one class alone.

    Parameters
    ----------
    pair : Paired
    score : ndarray of float, shape (n_cases, n_repeats)
    """
    here = np.isfinite(pair.reference) & np.isfinite(score).any(axis=1)
    truth = pair.reference[here] > 0.5
    if truth.all() or not truth.any():
        return None
    read, patients = score[here], pair.clusters[here]
    pairs = pairs_of(read, truth, np.zeros(read.shape, dtype=bool), patients)
    return Area(area=auc_statistic(read, truth, patients), pairs=pairs, patients=np.unique(patients)).interval(LEVEL)


def roc(pair: Paired, score: Floats) -> tuple[Floats, Floats] | None:
    """False and true positive rates, whose area is the value of :func:`area`; None with one class alone."""
    here = np.isfinite(pair.reference)
    return roc_points(score[here], pair.reference[here] > 0.5, pair.clusters[here])


def band_around(pair: Paired, score: Floats, grid: Floats) -> tuple[Floats, Floats] | None:
    """Lower and upper sensitivity at each false positive rate of ``grid``; None with one class alone."""
    here = np.isfinite(pair.reference)
    return roc_band(score[here], pair.reference[here] > 0.5, pair.clusters[here], grid)


def ecdf(table: Measurements, arm: str, region: str) -> tuple[Floats, Floats] | None:
    """Gray level and share of pixels at or below it; None where no pixel was counted."""
    rows = table.histograms
    chosen = rows[(rows["arm"] == arm) & (rows["region"] == region)].sort_values("level")
    count = chosen["count"].to_numpy(float)
    if not count.sum():
        return None
    return chosen["level"].to_numpy(float), np.cumsum(count) / count.sum()

"""Readings of the instruments, as arrays for charts and as rows for the table of cases."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editproof.core.numbers import decimals_for
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.stats.auc import auc_statistic
from editproof.stats.auc_interval import auc_interval
from editproof.stats.bootstrap import patient_counts
from editproof.stats.interval import Interval
from editproof.types import Quantity

BAND_DRAWS, BAND_SEED = 400, 2016
"""Draws of patients behind the band about a curve, and their seed: the page is the same each time."""

Floats = NDArray[np.float64]


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
    """

    quantity: Quantity
    reference: Floats
    original: Floats
    edited: Floats
    patients: tuple[str, ...] = ()

    @property
    def change(self) -> Floats:
        """Edited minus original, shape (n_cases, n_repeats)."""
        return self.edited - self.original[:, None]

    @property
    def decimals(self) -> int:
        """Number of decimals of its readings as text."""
        return decimals_for([float(x) for x in self.original if np.isfinite(x)])

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
    return Paired(quantity, reference, original, edited, tuple(map(str, table.cases["patient"])))


def agreement(change: Floats) -> tuple[float, float, float]:
    """Bias and 95 % limits of agreement of repeated differences, each patient with one true difference.

    Parameters
    ----------
    change : ndarray of float, shape (n_cases, n_repeats)
        Differences; NaN where missing.

    Returns
    -------
    tuple of float
        Bias, lower and upper limit, in the unit of ``change``; NaN with fewer than two cases.

    References
    ----------
    Bland JM, Altman DG. Agreement between methods of measurement with multiple observations per individual.
    J Biopharm Stat 2007;17:571-582, section 2 (unequal numbers of replicates).

    Examples
    --------
    >>> bias, low, high = agreement(np.array([[1.0, 1.0], [3.0, 3.0]]))
    >>> round(bias, 2), round(high - bias, 2)
    (2.0, 2.77)
    """
    here = np.isfinite(change)
    count = here.sum(axis=1)
    values, count = [row[row == row] for row in change[count > 0]], count[count > 0]
    if len(values) < 2:
        return math.nan, math.nan, math.nan
    mean = np.array([v.mean() for v in values])
    total = int(count.sum())
    bias = float((mean * count).sum() / total)
    spare = total - len(values)
    within = sum(float(((v - v.mean()) ** 2).sum()) for v in values) / spare if spare else 0.0
    between_square = float((count * (mean - bias) ** 2).sum()) / (len(values) - 1)
    effective = (total**2 - float((count**2).sum())) / ((len(values) - 1) * total)
    between = max(0.0, (between_square - within) / effective) if spare else between_square
    half = 1.96 * math.sqrt(between + within)
    return bias, bias - half, bias + half


def repeat_sd(edited: Floats) -> Floats:
    """Standard deviation over the repeats of each case that has at least two, shape (n,)."""
    enough = np.isfinite(edited).sum(axis=1) >= 2
    return np.nanstd(edited[enough], axis=1, ddof=1) if enough.any() else np.empty(0)


def changed_class(pair: Paired, threshold: float = 0.5) -> int:
    """Cases whose class at ``threshold`` differs between their original and any of their edits."""
    class_changed = ((pair.edited >= threshold) != (pair.original >= threshold)[:, None]) & np.isfinite(pair.edited)
    return int(class_changed.any(axis=1).sum())


def roc(reference: Floats, score: Floats) -> tuple[Floats, Floats, float] | None:
    """False positive rate, true positive rate and area under the curve; None with one class alone."""
    here = np.isfinite(reference) & np.isfinite(score)
    truth = reference[here] > 0.5
    if truth.all() or not truth.any():
        return None
    from sklearn.metrics import auc, roc_curve

    false_positive, true_positive, _ = roc_curve(truth, score[here])
    return false_positive, true_positive, float(auc(false_positive, true_positive))


def area(pair: Paired, score: Floats) -> Interval | None:
    """Area under the curve with its 95 % interval, patients resampled; None with one class alone.

    Parameters
    ----------
    pair : Paired
    score : ndarray of float, shape (n_cases, n_repeats)
    """
    here = np.isfinite(pair.reference) & np.isfinite(score).any(axis=1)
    truth = pair.reference[here] > 0.5
    if truth.all() or not truth.any():
        return None
    patients = np.array(pair.patients)[here] if pair.patients else None
    return auc_interval(auc_statistic(score[here], truth, patients), 0.95)


def roc_band(pair: Paired, score: Floats, grid: Floats) -> tuple[Floats, Floats] | None:
    """Sensitivity at each false positive rate of ``grid``, 2.5 % and 97.5 % over draws of whole patients.

    None where there is no curve.
    """
    n, k = score.shape
    truth, value = np.repeat(pair.reference, k), score.ravel()
    _, patient = np.unique(pair.patients or range(n), return_inverse=True)
    here = np.isfinite(truth) & np.isfinite(value)
    if len(set(truth[here] > 0.5)) < 2:
        return None
    order = np.argsort(-value[here], kind="stable")
    of = np.repeat(patient, k)[here][order]
    positive = truth[here][order] > 0.5
    last = np.append(np.diff(value[here][order]) != 0, True)
    curves = []
    for counts in patient_counts([int(patient.max()) + 1], BAND_DRAWS, BAND_SEED):
        weight = counts[:, of]
        up, down = (np.cumsum(weight * kind, axis=1) for kind in (positive, ~positive))
        whole = (up[:, -1] > 0) & (down[:, -1] > 0)
        up, down = (c[whole] / c[whole, -1:] for c in (up, down))
        curves += [np.interp(grid, x, y) for x, y in zip(down[:, last], up[:, last], strict=True)]
    low, high = np.quantile(np.array(curves), (0.025, 0.975), axis=0)
    return low, high


def ecdf(table: Measurements, arm: str, region: str) -> tuple[Floats, Floats] | None:
    """Gray level and share of pixels at or below it; None where no pixel was counted."""
    rows = table.histograms
    chosen = rows[(rows["arm"] == arm) & (rows["region"] == region)].sort_values("level")
    count = chosen["count"].to_numpy(float)
    if not count.sum():
        return None
    return chosen["level"].to_numpy(float), np.cumsum(count) / count.sum()

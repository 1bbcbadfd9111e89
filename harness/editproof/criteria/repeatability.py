"""Estimands of what differs between repeats of one and the same request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import UNITS, Estimand, called
from editproof.criteria.readings import Readings
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.agreement import icc as icc_of
from editproof.stats.agreement import repeat_sd as repeat_sd_of
from editproof.stats.bootstrap import interval
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval
from editproof.stats.proportion import share_of_patients

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BOTH = frozenset({"reference", "original"})


OF_REPEATS = frozenset(["repeat_sd", "icc", "label_flip_rate"])
"""Estimands that compare the repeats of an edit with one another, and with nothing else."""


def repeat_sd(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Standard deviation of the reading between repeats of a case: root of the mean within-case variance.

    Needs at least two repeats. Repeats that are equal throughout are recognised as such.
    """
    unit = UNITS.get(quantity) if unit is None else unit
    call = called("repeat_sd", quantity, arm=arm, unit=unit, instrument=instrument, missing=missing)
    return Estimand("SD between repeats", quantity, unit, _spread, call, "continuous", _BOTH, arm, instrument, missing)


def icc(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """ICC(1,1): share of the variance of single readings that lies between cases (Shrout and Fleiss 1979)."""
    call = called("icc", quantity, arm=arm, instrument=instrument, missing=missing)
    return Estimand("ICC between repeats", quantity, "", _icc, call, "ratio", _BOTH, arm, instrument, missing)


def label_flip_rate(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of patients whose predicted class is not the same in all repeats; exact on patients."""
    call = called("label_flip_rate", quantity, at=at, arm=arm, instrument=instrument, missing=missing)
    return Estimand(
        "share of patients with label flips", quantity, "", partial(_flips, at=at), call, "probability", _BOTH, arm,
        instrument, missing,
    )  # fmt: skip


def label_change_rate(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of patients with an edit whose predicted class is not that of the original; exact on patients."""
    call = called("label_change_rate", quantity, at=at, arm=arm, instrument=instrument, missing=missing)
    return Estimand(
        "share of patients with changed label", quantity, "", partial(_changes, at=at), call, "probability", _BOTH, arm,
        instrument, missing,
    )  # fmt: skip


def _spread(readings: Readings, confidence: float) -> Interval:
    refusal = _too_few_repeats(readings, confidence)
    if refusal is not None:
        return refusal
    several = readings.only((~np.isnan(readings.values)).sum(axis=1) >= 2)
    deviations = np.nanstd(several.values, axis=1, ddof=1)
    notes = {"mean_of_sds": float(deviations.mean()), "mean_range": float(np.mean(_range(several)))}
    if not _range(several).any() and several.n_patients >= MIN_PATIENTS:
        return identical(confidence, several.n_patients).noted(**notes)
    return interval(repeat_sd_of(several.values, several.patients), confidence).noted(**notes)


def _range(readings: Readings) -> NDArray[np.float64]:
    return np.asarray(np.nanmax(readings.values, axis=1) - np.nanmin(readings.values, axis=1))


def _icc(readings: Readings, confidence: float) -> Interval:
    refusal = _too_few_repeats(readings, confidence)
    if refusal is not None:
        return refusal
    full = readings.only(~np.isnan(readings.values).any(axis=1))
    if not _range(full).any() and full.n_patients >= MIN_PATIENTS and np.ptp(full.values) > 0:
        return identical(confidence, full.n_patients, 1.0)
    return interval(icc_of(full.values, full.patients), confidence)


def _flips(readings: Readings, confidence: float, *, at: float) -> Interval:
    refusal = _too_few_repeats(readings, confidence)
    if refusal is not None:
        return refusal
    above = readings.values >= at
    known = ~np.isnan(readings.values)
    flipped = (above & known).any(axis=1) & (~above & known).any(axis=1)
    return share_of_patients(_any_by_patient(readings, flipped | readings.missing.any(axis=1)), confidence)


def _changes(readings: Readings, confidence: float, *, at: float) -> Interval:
    known = ~np.isnan(readings.values)
    changed = ((readings.values >= at) != (readings.original >= at)[:, None]) & known
    return share_of_patients(_any_by_patient(readings, changed.any(axis=1)), confidence)


def _any_by_patient(readings: Readings, holds: ArrayLike) -> NDArray[np.bool_]:
    _, index = np.unique(readings.patients, return_inverse=True)
    return np.asarray(np.bincount(index, weights=np.asarray(holds, dtype=float)) > 0)


def _too_few_repeats(readings: Readings, confidence: float) -> Interval | None:
    if readings.values.shape[1] < 2 or not ((~np.isnan(readings.values)).sum(axis=1) >= 2).any():
        return no_interval("repeats cannot be compared: there is one per case", confidence, readings.n_patients)
    return None

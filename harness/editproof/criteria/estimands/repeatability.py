"""Estimands of what differs between repeats of one and the same request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import ANY, PROBABILITY, READINGS, REPEATS, Compute, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.readings import Readings
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.agreement import icc_statistic as icc_of
from editproof.stats.agreement import is_repeated, within_case_variance
from editproof.stats.agreement import repeat_sd_statistic as repeat_sd_of
from editproof.stats.shares import label_change_share
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOTH = frozenset({"reference", "original"})


@estimand
def repeat_sd(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Standard deviation of the reading between repeats of a case: root of the mean within-case variance.

    Needs at least two repeats. Repeats that are equal throughout are recognised as such.
    """
    return Estimand(
        name="SD between repeats", quantity=quantity, unit=unit, statistic=_spread, scope=REPEATS, needs=_BOTH, arm=arm,
        instrument=instrument, missing=missing, ideal=0.0,
    )  # fmt: skip


@estimand
def icc(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """ICC(1,1): share of the variance of single readings that lies between cases (Shrout and Fleiss 1979)."""
    return Estimand(
        name="ICC between repeats", quantity=quantity, statistic=_icc, scope=REPEATS, kind=ANY, needs=_BOTH, arm=arm,
        instrument=instrument, missing=missing, ideal=1.0,
    )  # fmt: skip


@estimand(example={"quantity": "sex"})
def label_flip_rate(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of patients whose predicted class is not the same in all repeats; exact on patients."""
    name, flips = "share of patients with label flips", partial(_flips, at=at)
    return _labels(name, flips, REPEATS, quantity, arm, instrument, missing)


@estimand(example={"quantity": "sex"})
def label_change_rate(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of patients with an edit whose predicted class is not that of the original; exact on patients."""
    name, changes = "share of patients with changed label", partial(_changes, at=at)
    return _labels(name, changes, READINGS, quantity, arm, instrument, missing)


def _labels(
    name: str, statistic: Compute, scope: str, quantity: str, arm: str, instrument: str, missing: str
) -> Estimand:
    return Estimand(
        name=name, quantity=quantity, statistic=statistic, scope=scope, kind=PROBABILITY, needs=_BOTH, arm=arm,
        instrument=instrument, missing=missing, ideal=0.0,
    )  # fmt: skip


def _spread(readings: Readings) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    several = readings.only(is_repeated(readings.values))
    deviations, ranges = np.sqrt(within_case_variance(several.values)), _range(several)
    found = several.smooth(repeat_sd_of(several.values, several.patients), None if ranges.any() else 0.0)
    return found.noted(mean_of_sds=float(deviations.mean()), mean_range=float(np.mean(ranges)))


def _range(readings: Readings) -> NDArray[np.float64]:
    return np.asarray(np.nanmax(readings.values, axis=1) - np.nanmin(readings.values, axis=1))


def _icc(readings: Readings) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    full = readings.only(~np.isnan(readings.values).any(axis=1))
    equal = bool(full.n_patients) and not _range(full).any() and np.ptp(full.values) > 0
    return full.smooth(icc_of(full.values, full.patients), 1.0 if equal else None)


def _flips(readings: Readings, *, at: float) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    above = readings.values >= at
    known = ~np.isnan(readings.values)
    flipped = (above & known).any(axis=1) & (~above & known).any(axis=1)
    return readings.share_of_patients(flipped | readings.missing.any(axis=1))


def _changes(readings: Readings, *, at: float) -> Statistic:
    return label_change_share(readings.values, readings.original, readings.patients, at)


def _single(readings: Readings) -> bool:
    """Whether there is no case of which two repeats came back."""
    return not is_repeated(readings.values).any()


def _incomparable(readings: Readings) -> Statistic:
    return readings.undefined("repeats cannot be compared: there is one per case")

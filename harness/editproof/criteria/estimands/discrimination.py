"""Estimands of probabilities against a binary reference standard (1 = positive)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import PROBABILITY, Compute, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED
from editproof.stats.auc import auc_statistic as auc_of
from editproof.stats.curves import Area, AreaChange, Calibration
from editproof.stats.statistic import Smooth, Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOTH = frozenset({"reference", "original"})
_SEX = {"quantity": "sex"}


@estimand(example=_SEX)
def auc(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Area under the ROC curve; the chance that a positive case scores above a negative one, ties counting half.

    Repeats are compared pair by pair (clustered DeLong, Obuchowski 1997), never averaged first.
    ``arm="original"`` gives the baseline, for validity floors.
    """
    return _probability("AUC", _area, quantity, arm, instrument, missing, ideal=1.0)


@estimand(example=_SEX)
def auc_drift(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """AUC of the edits less AUC of their originals, paired; a loss is negative: ``at_least(-0.03)``."""
    return _drift("AUC drift", _area_drift, quantity, arm, instrument, missing)


@estimand(example=_SEX)
def brier(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Brier score: mean of ``(probability - reference)**2`` (Brier 1950)."""
    return _probability("Brier score", _squared, quantity, arm, instrument, missing, ideal=0.0)


@estimand(example=_SEX)
def brier_drift(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Brier score of the edits less that of their originals, paired."""
    return _drift("Brier score drift", _squared_drift, quantity, arm, instrument, missing)


@estimand(example=_SEX)
def sensitivity(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of edits of positive cases read at or above an operating point that was locked beforehand."""
    hits = partial(_hits, at=at, positive=True)
    return _probability("sensitivity", hits, quantity, arm, instrument, missing, ideal=1.0)


@estimand(example=_SEX)
def specificity(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of edits of negative cases read below an operating point that was locked beforehand."""
    hits = partial(_hits, at=at, positive=False)
    return _probability("specificity", hits, quantity, arm, instrument, missing, ideal=1.0)


@estimand(example=_SEX)
def probability_slope(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "complete_case"
) -> Estimand:
    """Cox's calibration slope of probabilities; 1 is calibrated, below 1 they are too extreme."""
    return _probability("calibration slope", _slope, quantity, arm, instrument, missing, ideal=1.0)


@estimand(example=_SEX)
def probability_intercept(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "complete_case"
) -> Estimand:
    """Cox's calibration intercept of probabilities, on the logit scale; 0 is calibrated."""
    return _probability("calibration intercept", _intercept, quantity, arm, instrument, missing, ideal=0.0)


def _probability(
    name: str, statistic: Compute, quantity: str, arm: str, instrument: str, missing: str, *, ideal: float,
    signed: bool = False,
) -> Estimand:  # fmt: skip
    needs = frozenset({"reference"}) if arm == ORIGINAL else _BOTH
    shown = f"{name} of originals" if arm == ORIGINAL else name if arm == EDITED else f"{name}, {arm}"
    return Estimand(
        name=shown, quantity=quantity, statistic=statistic, kind=PROBABILITY, needs=needs, arm=arm,
        instrument=instrument, missing=missing, ideal=ideal, signed=signed,
    )  # fmt: skip


def _drift(name: str, statistic: Compute, quantity: str, arm: str, instrument: str, missing: str) -> Estimand:
    if arm == ORIGINAL:
        asked = f"{name} of {quantity} on the originals"
        raise ProtocolError(asked, "a drift is measured against the originals", "Choose another arm.")
    return _probability(name, statistic, quantity, arm, instrument, missing, ideal=0.0, signed=True)


def _area(readings: Readings) -> Area:
    area = auc_of(readings.values, readings.reference > 0.5, readings.patients)
    return Area(area=area, patients=readings.names)


def _area_drift(readings: Readings) -> Statistic:
    positive = readings.reference > 0.5
    if positive.all() or not positive.any():
        return readings.undefined("only one class is present, so there is no ROC curve")
    edited = auc_of(readings.values, positive, readings.patients)
    original = auc_of(readings.original, positive, readings.patients)
    found = AreaChange(edited=edited, original=original, settled=readings.unmoved, patients=readings.names)
    return found.noted(original=original.value, edited=edited.value)


def _squared(readings: Readings) -> Smooth:
    return readings.mean_of(readings.errors**2)


def _squared_drift(readings: Readings) -> Smooth:
    edited = np.nanmean(readings.errors**2, axis=1)
    original = (readings.original - readings.reference) ** 2
    found = readings.mean_of(edited - original, readings.unmoved)
    return found.noted(original=float(original.mean()), edited=float(edited.mean()))


def _hits(readings: Readings, *, at: float, positive: bool) -> Statistic:
    group = readings.only((readings.reference > 0.5) == positive)
    if not len(group.patients):
        return readings.undefined(f"there is no {'positive' if positive else 'negative'} case")
    return group.share_of_edits((group.values >= at) == positive)


def _slope(readings: Readings) -> Calibration:
    return _calibration(readings, "slope")


def _intercept(readings: Readings) -> Calibration:
    return _calibration(readings, "intercept")


def _calibration(readings: Readings, which: str) -> Calibration:
    known = ~np.isnan(readings.values)
    positive: NDArray[np.bool_] = np.broadcast_to((readings.reference > 0.5)[:, None], known.shape)
    patients: NDArray[np.str_] = np.broadcast_to(readings.patients[:, None], known.shape)
    return Calibration(
        probabilities=readings.values[known], positive=positive[known], patients=patients[known], which=which
    )

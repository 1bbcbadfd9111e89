"""Estimands of probabilities against a binary reference standard (1 = positive)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import PROBABILITY, Compute, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import AT_LEAST, READING, SHARE, Threshold
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED
from editproof.stats.areas import ONE_CLASS, Area, AreaChange, pairs_of
from editproof.stats.auc import auc_statistic as auc_of
from editproof.stats.coefficients import Calibration
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOTH = frozenset({"reference", "original"})
_SEX = {"quantity": "sex"}
_EITHER = "of either class"
_FREE = (-math.inf, math.inf)


@estimand(example=_SEX)
def auc(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Area under the ROC curve; the chance that a positive case scores above a negative one, ties counting half.

    Repeats are compared pair by pair (clustered DeLong, Obuchowski 1997), never averaged first.
    ``arm="original"`` gives the baseline, for validity floors.
    """
    return _probability("AUC", area_of, quantity, arm, instrument, missing, ideal=1.0, counts=_EITHER)


@estimand(example=_SEX)
def auc_drift(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """AUC of the edits less AUC of their originals, paired; a loss is negative: ``at_least(-0.03)``."""
    return _drift("AUC drift", area_drift_of, quantity, arm, instrument, missing, counts=_EITHER)


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
    called = Threshold("at", at, AT_LEAST, SHARE, READING)
    hits = partial(_hits, called=called, positive=True)
    made = _probability(
        "sensitivity", hits, quantity, arm, instrument, missing, ideal=1.0, counts="with a positive case"
    )
    return replace(made, threshold=called)


@estimand(example=_SEX)
def specificity(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of edits of negative cases read below an operating point that was locked beforehand."""
    called = Threshold("at", at, AT_LEAST, SHARE, READING)
    hits = partial(_hits, called=called, positive=False)
    made = _probability(
        "specificity", hits, quantity, arm, instrument, missing, ideal=1.0, counts="with a negative case"
    )
    return replace(made, threshold=called)


@estimand(example=_SEX)
def probability_slope(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Cox's calibration slope of probabilities; 1 is calibrated, below 1 they are too extreme."""
    return _probability("calibration slope", _slope, quantity, arm, instrument, missing, ideal=1.0, bounds=_FREE)


@estimand(example=_SEX)
def probability_intercept(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Cox's calibration intercept of probabilities, on the logit scale; 0 is calibrated."""
    return _probability(
        "calibration intercept", _intercept, quantity, arm, instrument, missing, ideal=0.0, bounds=_FREE
    )


def _probability(
    name: str, statistic: Compute, quantity: str, arm: str, instrument: str, missing: str, *, ideal: float,
    signed: bool = False, bounds: tuple[float, float] = (0.0, 1.0), counts: str = "",
) -> Estimand:  # fmt: skip
    needs = frozenset({"reference"}) if arm == ORIGINAL else _BOTH
    shown = f"{name} of originals" if arm == ORIGINAL else name if arm == EDITED else f"{name}, {arm}"
    return Estimand(
        name=shown, quantity=quantity, statistic=statistic, kind=PROBABILITY, needs=needs, arm=arm,
        instrument=instrument, missing=missing, ideal=ideal, signed=signed, least=bounds[0], most=bounds[1],
        counts=counts,
    )  # fmt: skip


def _drift(
    name: str, statistic: Compute, quantity: str, arm: str, instrument: str, missing: str, *, counts: str = ""
) -> Estimand:
    if arm == ORIGINAL:
        asked = f"{name} of {quantity} on the originals"
        raise ProtocolError(asked, "a drift is measured against the originals", "Choose another arm.")
    bounds = (-1.0, 1.0)
    return _probability(
        name, statistic, quantity, arm, instrument, missing, ideal=0.0, signed=True, bounds=bounds, counts=counts
    )


def area_of(readings: Readings) -> Statistic:
    """Area under the ROC curve of edits; undefined where there is one class only."""
    positive = readings.reference > 0.5
    if positive.all() or not positive.any():
        return readings.undefined(ONE_CLASS)
    return _area_of(readings, readings.values, readings.missing)


def _area_of(readings: Readings, values: NDArray[np.float64], missing: NDArray[np.bool_]) -> Area:
    positive = readings.reference > 0.5
    area = auc_of(values, positive, readings.patients)
    pairs = pairs_of(values, positive, missing, readings.patients)
    return Area(area=area, pairs=pairs, patients=readings.names)


def area_drift_of(readings: Readings) -> Statistic:
    """Area of edits less that of their originals."""
    positive = readings.reference > 0.5
    if positive.all() or not positive.any():
        return readings.undefined(ONE_CLASS)
    original = np.where(np.isnan(readings.values).all(axis=1), np.nan, readings.original)[:, None]
    before = _area_of(readings, readings.original[:, None], np.zeros((len(positive), 1), dtype=bool))
    found = _area_of(readings, readings.values, readings.missing) - replace(
        before, area=auc_of(original, positive, readings.patients)
    )
    if not isinstance(found, AreaChange):
        return found
    return found.noted(original=found.original.value, edited=found.edited.value)


def _squared(readings: Readings) -> Statistic:
    return readings.mean_of(readings.errors**2)


def _squared_drift(readings: Readings) -> Statistic:
    edited, original = readings.errors**2, (readings.original - readings.reference) ** 2
    found = readings.mean_of(edited - original[:, None], readings.unmoved)
    return found.noted(original=readings.average(original), edited=readings.average(edited))


def _hits(readings: Readings, *, called: Threshold, positive: bool) -> Statistic:
    group = readings.only((readings.reference > 0.5) == positive)
    if not len(group.patients):
        return readings.undefined(f"there is no {'positive' if positive else 'negative'} case")
    return group.share_of_edits(called.met(group.values) == positive)


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

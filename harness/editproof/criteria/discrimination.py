"""Estimands of probabilities against a binary reference standard (1 = positive)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import Estimand, called
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED
from editproof.stats.auc import Auc
from editproof.stats.auc import auc as auc_of
from editproof.stats.auc_interval import auc_difference_interval, auc_interval
from editproof.stats.bootstrap import interval, percentile_limits
from editproof.stats.calibration import logistic_calibration
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval
from editproof.stats.proportion import clustered_share
from editproof.stats.sums import mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_BOTH = frozenset({"reference", "original"})


def auc(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Area under the ROC curve; the chance that a positive case scores above a negative one, ties counting half.

    Repeats are compared pair by pair (clustered DeLong, Obuchowski 1997), never averaged first.
    ``arm="original"`` gives the baseline, for validity floors.
    """
    return _probability("AUC", "auc", _area, quantity, arm, instrument, missing)


def auc_drift(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """AUC of the edits less AUC of their originals, paired; a loss is negative: ``at_least(-0.03)``."""
    return _probability("AUC drift", "auc_drift", _area_drift, quantity, arm, instrument, missing)


def brier(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Brier score: mean of ``(probability - reference)**2`` (Brier 1950)."""
    return _probability("Brier score", "brier", _squared, quantity, arm, instrument, missing)


def brier_drift(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """Brier score of the edits less that of their originals, paired."""
    return _probability("Brier score drift", "brier_drift", _squared_drift, quantity, arm, instrument, missing)


def sensitivity(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of edits of positive cases read at or above an operating point that was locked beforehand."""
    return _probability(
        "sensitivity", "sensitivity", partial(_hits, at=at, positive=True), quantity, arm, instrument, missing, at=at
    )


def specificity(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of edits of negative cases read below an operating point that was locked beforehand."""
    return _probability(
        "specificity", "specificity", partial(_hits, at=at, positive=False), quantity, arm, instrument, missing, at=at
    )


def probability_slope(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "complete_case"
) -> Estimand:
    """Cox's calibration slope of probabilities; 1 is calibrated, below 1 they are too extreme."""
    return _probability("calibration slope", "probability_slope", _slope, quantity, arm, instrument, missing)


def probability_intercept(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "complete_case"
) -> Estimand:
    """Cox's calibration intercept of probabilities, on the logit scale; 0 is calibrated."""
    name = "calibration intercept"
    return _probability(name, "probability_intercept", _intercept, quantity, arm, instrument, missing)


def _probability(
    name: str,
    factory: str,
    compute: Callable[[Readings, float], Interval],
    quantity: str,
    arm: str,
    instrument: str,
    missing: str,
    **options: object,
) -> Estimand:
    call = called(factory, quantity, arm=arm, instrument=instrument, missing=missing, **options)
    if "drift" in name and arm == ORIGINAL:
        raise ProtocolError(call, "a drift is measured against the originals", "Choose another arm.")
    needs = frozenset({"reference"}) if arm == ORIGINAL else _BOTH
    shown = f"{name} of originals" if arm == ORIGINAL else name if arm == EDITED else f"{name}, {arm}"
    return Estimand(shown, quantity, "", compute, call, "probability", needs, arm, instrument, missing)


def _area(readings: Readings, confidence: float) -> Interval:
    area = auc_of(readings.values, readings.reference > 0.5, readings.patients)
    return _with_bootstrap(auc_interval(area, confidence), area)


def _area_drift(readings: Readings, confidence: float) -> Interval:
    positive = readings.reference > 0.5
    if positive.all() or not positive.any():
        return no_interval("only one class is present, so there is no ROC curve", confidence, readings.n_patients)
    edited = auc_of(readings.values, positive, readings.patients)
    original = auc_of(readings.original, positive, readings.patients)
    if readings.same and readings.n_patients >= MIN_PATIENTS:
        found = identical(confidence, readings.n_patients)
    else:
        found = _with_bootstrap(auc_difference_interval(edited, original, confidence), edited - original)
    return found.noted(original=original.value, edited=edited.value)


def _with_bootstrap(found: Interval, area: Auc) -> Interval:
    """The interval, with the percentile limits of the patient bootstrap beside it: two methods that ought to agree."""
    if not found.exists:
        return found
    return found.noted(patient_bootstrap=list(percentile_limits(area, (1 - found.confidence) / 2)))


def _squared(readings: Readings, confidence: float) -> Interval:
    return interval(mean(_square(readings), readings.patients), confidence)


def _squared_drift(readings: Readings, confidence: float) -> Interval:
    edited, original = _square(readings), (readings.original - readings.reference) ** 2
    if readings.same and readings.n_patients >= MIN_PATIENTS:
        found = identical(confidence, readings.n_patients)
    else:
        found = interval(mean(edited - original, readings.patients), confidence)
    return found.noted(original=float(original.mean()), edited=float(edited.mean()))


def _square(readings: Readings) -> NDArray[np.float64]:
    return np.asarray(np.nanmean((readings.values - readings.reference[:, None]) ** 2, axis=1))


def _hits(readings: Readings, confidence: float, *, at: float, positive: bool) -> Interval:
    group = readings.only((readings.reference > 0.5) == positive)
    if not len(group.patients):
        word = "positive" if positive else "negative"
        return no_interval(f"there is no {word} case", confidence, readings.n_patients)
    patients = np.broadcast_to(group.patients[:, None], group.values.shape)
    known = ~np.isnan(group.values)
    return clustered_share(((group.values >= at) == positive)[known], patients[known], confidence)


def _slope(readings: Readings, confidence: float) -> Interval:
    return logistic_calibration(*_long(readings), confidence)[0]


def _intercept(readings: Readings, confidence: float) -> Interval:
    return logistic_calibration(*_long(readings), confidence)[1]


def _long(readings: Readings) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.str_]]:
    known = ~np.isnan(readings.values)
    positive = np.broadcast_to((readings.reference > 0.5)[:, None], known.shape)
    patients = np.broadcast_to(readings.patients[:, None], known.shape)
    return readings.values[known], positive[known], patients[known]

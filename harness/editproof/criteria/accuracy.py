"""Estimands of continuous readings against the reference standard and against the original.

Every error is taken edit by edit; the repeats of a case are averaged after that, never before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.criteria.estimand import UNITS, Estimand, called
from editproof.criteria.readings import Readings, known_curve
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED
from editproof.stats.bootstrap import interval
from editproof.stats.interval import MIN_PATIENTS, Interval, identical
from editproof.stats.sums import Sums, per_patient, ratio, root_ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

_BOTH = frozenset({"reference", "original"})


def mae(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Mean absolute error against the reference standard: mean of ``|reading - reference|``.

    ``arm="original"`` gives the baseline, for validity floors. Three edits that read 100, 110 and 120 months where
    the reference standard is 108 contribute ``(8 + 2 + 12) / 3 = 7.33`` months, not the 2 months of their mean.
    """
    return _accuracy("MAE", "mae", _mean_absolute, quantity, arm, unit, instrument, missing)


def rmse(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Root mean squared error: root of the mean of ``(reading - reference)**2``."""
    return _accuracy("RMSE", "rmse", _root_mean_square, quantity, arm, unit, instrument, missing)


def bias(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Mean signed error against the reference standard: mean of ``reading - reference``."""
    return _accuracy("bias", "bias", _mean_signed, quantity, arm, unit, instrument, missing)


def mae_drift(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """How much larger the absolute error is after the edit: mean of ``|edited - ref| - |original - ref|``, paired.

    A patient whose original reads 4 months off and whose edits read 10, 4 and 7 months off adds 3 months.
    """
    return _accuracy("MAE drift", "mae_drift", _absolute_drift, quantity, arm, unit, instrument, missing)


def rmse_drift(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """RMSE of the edits less RMSE of their originals, paired."""
    return _accuracy("RMSE drift", "rmse_drift", _square_drift, quantity, arm, unit, instrument, missing)


def prediction_drift(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Mean signed change of the reading: mean of ``edited - original``. It needs no reference standard."""
    return _change("prediction drift", "prediction_drift", _signed_change, quantity, arm, unit, instrument, missing)


def prediction_change(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Mean size of the change of the reading: mean of ``|edited - original|``. It needs no reference standard."""
    return _change("prediction change", "prediction_change", _absolute_change, quantity, arm, unit, instrument, missing)


def recalibrated(estimand: Estimand, curve: str = "linear") -> Estimand:
    """The estimand after simple recalibration: harm that it removes is curable, harm that stays is not.

    Both arms are recalibrated to the reference standard, each by a ``linear``, ``isotonic`` or ``histogram`` curve of
    its own that was fitted on other patients.

    Examples
    --------
    >>> recalibrated(mae_drift("bone_age"), "linear").name
    'MAE drift after linear recalibration'
    """
    if estimand.kind not in ("continuous", "probability") or "reference" not in estimand.needs:
        raise ProtocolError(
            f"recalibration of {estimand!r}",
            "it is not measured against a reference standard",
            "Recalibrate a reading.",
        )
    return estimand.recalibrated(known_curve(curve))


def _accuracy(
    name: str, factory: str, compute: Any, quantity: str, arm: str, unit: str | None, instrument: str, missing: str
) -> Estimand:
    unit = UNITS.get(quantity) if unit is None else unit
    call = called(factory, quantity, arm=arm, unit=unit, instrument=instrument, missing=missing)
    drift = "drift" in name
    if drift and arm == ORIGINAL:
        raise ProtocolError(call, "a drift is measured against the originals", "Choose another arm.")
    needs = _BOTH if drift or arm != ORIGINAL else frozenset({"reference"})
    shown = f"{name} of originals" if arm == ORIGINAL else name if arm == EDITED else f"{name}, {arm}"
    return Estimand(shown, quantity, unit, compute, call, "continuous", needs, arm, instrument, missing)


def _change(
    name: str, factory: str, compute: Any, quantity: str, arm: str, unit: str | None, instrument: str, missing: str
) -> Estimand:
    unit = UNITS.get(quantity) if unit is None else unit
    call = called(factory, quantity, arm=arm, unit=unit, instrument=instrument, missing=missing)
    shown = name if arm == EDITED else f"{name}, {arm}"
    needs = frozenset({"original"})
    return Estimand(shown, quantity, unit, compute, call, "continuous", needs, arm, instrument, missing)


def _case_means(edits: Values) -> Values:
    return np.asarray(np.nanmean(edits, axis=1))


def _mean(readings: Readings, cases: Values) -> Sums:
    return Sums(per_patient(readings.patients, cases, 1.0), ratio)


def _mean_absolute(readings: Readings, confidence: float) -> Interval:
    errors = np.abs(readings.values - readings.reference[:, None])
    return interval(_mean(readings, _case_means(errors)), confidence)


def _mean_signed(readings: Readings, confidence: float) -> Interval:
    return interval(_mean(readings, _case_means(readings.values - readings.reference[:, None])), confidence)


def _root_mean_square(readings: Readings, confidence: float) -> Interval:
    squares = _case_means((readings.values - readings.reference[:, None]) ** 2)
    return interval(Sums(per_patient(readings.patients, squares, 1.0), root_ratio), confidence)


def _root_difference(sums: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.sqrt(sums[..., 0] / sums[..., 2]) - np.sqrt(sums[..., 1] / sums[..., 2]))


def _absolute_drift(readings: Readings, confidence: float) -> Interval:
    edited = _case_means(np.abs(readings.values - readings.reference[:, None]))
    original = np.abs(readings.original - readings.reference)
    found = _unless_same(readings, _mean(readings, edited - original), confidence)
    return found.noted(original=float(original.mean()), edited=float(edited.mean()))


def _square_drift(readings: Readings, confidence: float) -> Interval:
    edited = _case_means((readings.values - readings.reference[:, None]) ** 2)
    original = (readings.original - readings.reference) ** 2
    sums = Sums(per_patient(readings.patients, edited, original, 1.0), _root_difference)
    found = _unless_same(readings, sums, confidence)
    return found.noted(original=float(np.sqrt(original.mean())), edited=float(np.sqrt(edited.mean())))


def _signed_change(readings: Readings, confidence: float) -> Interval:
    change = _case_means(readings.values - readings.original[:, None])
    found = _unless_same(readings, _mean(readings, change), confidence)
    return found.noted(original=float(readings.original.mean()), edited=float(_case_means(readings.values).mean()))


def _absolute_change(readings: Readings, confidence: float) -> Interval:
    change = _case_means(np.abs(readings.values - readings.original[:, None]))
    return _unless_same(readings, _mean(readings, change), confidence)


def _unless_same(readings: Readings, statistic: Sums, confidence: float) -> Interval:
    if readings.same and readings.n_patients >= MIN_PATIENTS:
        return identical(confidence, readings.n_patients)
    return interval(statistic, confidence)

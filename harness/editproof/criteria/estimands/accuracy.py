"""Estimands of continuous readings against the reference standard and against the original.

Every error is taken edit by edit; the repeats of a case are averaged after that, never before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.criteria.estimand import Compute, Estimand
from editproof.criteria.factory import estimand, reach_of
from editproof.criteria.readings import Readings, known_curve
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED
from editproof.stats.statistic import Smooth, Statistic
from editproof.stats.sums import Sums, per_patient
from editproof.types import EstimandSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOTH = frozenset({"reference", "original"})


@estimand
def mae(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Mean absolute error against the reference standard: mean of ``|reading - reference|``.

    ``arm="original"`` gives the baseline, for validity floors. Three edits that read 100, 110 and 120 months where
    the reference standard is 108 contribute ``(8 + 2 + 12) / 3 = 7.33`` months, not the 2 months of their mean.
    """
    return _accuracy("MAE", _mean_absolute, quantity, arm, unit, instrument, missing, cap=cap)


@estimand
def rmse(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Root mean squared error: root of the mean of ``(reading - reference)**2``."""
    return replace(_accuracy("RMSE", _root_mean_square, quantity, arm, unit, instrument, missing, cap=cap), root=True)


@estimand
def bias(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Mean signed error against the reference standard: mean of ``reading - reference``."""
    return _accuracy("bias", _mean_signed, quantity, arm, unit, instrument, missing, cap=cap, signed=True)


@estimand
def mae_drift(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """How much larger the absolute error is after the edit: mean of ``|edited - ref| - |original - ref|``, paired.

    A patient whose original reads 4 months off and whose edits read 10, 4 and 7 months off adds 3 months.

    Parameters
    ----------
    cap : float, optional
        The largest change that counts in full, in the unit of the quantity; larger ones, and missing edits at their
        worst, count as this. A criterion takes 30 times its margin where none is given. The larger it is, the more
        patients are needed to rule out that rare large changes were not seen.
    """
    return _drift("MAE drift", _absolute_drift, quantity, arm, unit, instrument, missing, cap)


@estimand
def rmse_drift(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """RMSE of the edits less RMSE of their originals, paired."""
    return _drift("RMSE drift", _square_drift, quantity, arm, unit, instrument, missing)


@estimand
def prediction_drift(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Mean signed change of the reading: mean of ``edited - original``. It needs no reference standard."""
    return _change("prediction drift", _signed_change, quantity, arm, unit, instrument, missing, cap, signed=True)


@estimand
def prediction_change(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Mean size of the change of the reading: mean of ``|edited - original|``. It needs no reference standard."""
    return _change("prediction change", _absolute_change, quantity, arm, unit, instrument, missing, cap)


@estimand(example={"estimand": EstimandSpec("mae_drift", {"quantity": "bone_age"})})
def recalibrated(estimand: Estimand, curve: str = "linear") -> Estimand:
    """The estimand after simple recalibration: harm that it removes is curable, harm that stays is not.

    Both arms are recalibrated to the reference standard, each by a ``linear``, ``isotonic`` or ``histogram`` curve of
    its own that was fitted on other patients.

    Examples
    --------
    >>> recalibrated(mae_drift("bone_age"), "linear").name
    'MAE drift after linear recalibration'
    """
    if not estimand.reads or "reference" not in estimand.needs:
        raise ProtocolError(
            f"recalibration of {estimand!r}",
            "it is not measured against a reference standard",
            "Recalibrate a reading.",
        )
    name = f"{estimand.name} after {known_curve(curve)} recalibration"
    counted = estimand.threshold
    if counted is not None and curve == "linear":  # a line leads off the scale; the other curves keep to it
        counted = counted.unbounded()
    return replace(estimand, name=name, recalibration=curve, threshold=counted)


def _accuracy(
    name: str, statistic: Compute, quantity: str, arm: str, unit: str | None, instrument: str, missing: str,
    *, cap: float | None = None, signed: bool = False, cap_in_margins: float = 10.0,
) -> Estimand:  # fmt: skip
    needs = frozenset({"reference"}) if arm == ORIGINAL else _BOTH
    shown = f"{name} of originals" if arm == ORIGINAL else name if arm == EDITED else f"{name}, {arm}"
    least, most = reach_of(cap, signed=signed)
    return Estimand(
        name=shown, quantity=quantity, unit=unit, statistic=statistic, needs=needs, arm=arm, instrument=instrument,
        missing=missing, ideal=0.0, signed=signed, least=least, most=most, cap_in_margins=cap_in_margins,
    )  # fmt: skip


def _drift(
    name: str, statistic: Compute, quantity: str, arm: str, unit: str | None, instrument: str, missing: str,
    cap: float | None = None,
) -> Estimand:  # fmt: skip
    if arm == ORIGINAL:
        asked = f"{name} of {quantity} on the originals"
        raise ProtocolError(asked, "a drift is measured against the originals", "Choose another arm.")
    return _accuracy(
        name, statistic, quantity, arm, unit, instrument, missing, cap=cap, signed=True, cap_in_margins=30.0
    )


def _change(
    name: str, statistic: Compute, quantity: str, arm: str, unit: str | None, instrument: str, missing: str,
    cap: float | None, *, signed: bool = False,
) -> Estimand:  # fmt: skip
    least, most = reach_of(cap, signed=signed)
    return Estimand(
        name=name if arm == EDITED else f"{name}, {arm}", quantity=quantity, unit=unit, statistic=statistic,
        needs=frozenset({"original"}), arm=arm, instrument=instrument, missing=missing, ideal=0.0, signed=signed,
        least=least, most=most,
    )  # fmt: skip


def _mean_absolute(readings: Readings) -> Statistic:
    return readings.mean_of(np.abs(readings.errors))


def _mean_signed(readings: Readings) -> Statistic:
    return readings.mean_of(readings.errors)


def _root_mean_square(readings: Readings) -> Statistic:
    return readings.root_mean_of(readings.errors**2)


def _root_difference(sums: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.sqrt(sums[..., 0] / sums[..., 2]) - np.sqrt(sums[..., 1] / sums[..., 2]))


def _absolute_drift(readings: Readings) -> Statistic:
    edited, original = np.abs(readings.errors), np.abs(readings.original - readings.reference)
    found = readings.mean_of(edited - original[:, None], readings.unmoved)
    return found.noted(original=readings.average(original), edited=readings.average(edited))


def _square_drift(readings: Readings) -> Smooth:
    edited = np.nanmean(readings.errors**2, axis=1)
    original = (readings.original - readings.reference) ** 2
    sums = Sums(per_patient(readings.patients, edited, original, 1.0), _root_difference)
    found = readings.smooth(sums, readings.unmoved)
    return found.noted(original=float(np.sqrt(original.mean())), edited=float(np.sqrt(edited.mean())))


def _signed_change(readings: Readings) -> Statistic:
    found = readings.mean_of(readings.changes, readings.unmoved)
    return found.noted(original=readings.average(readings.original), edited=readings.average(readings.values))


def _absolute_change(readings: Readings) -> Statistic:
    return readings.mean_of(np.abs(readings.changes), readings.unmoved)

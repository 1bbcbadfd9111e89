"""Estimands of how edited readings agree with original ones, patient by patient."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import UNITS, Estimand, called
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.agreement import limit_of_agreement
from editproof.stats.bootstrap import interval
from editproof.stats.calibration import intercept_on_reading, slope_on_reading
from editproof.stats.interval import MIN_PATIENTS, Interval, identical
from editproof.stats.proportion import clustered_share, share_of_patients
from editproof.stats.sums import slope

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from editproof.stats.sums import Sums

    Line = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[Any]], Sums]

_SIDES = {"upper": 1, "lower": -1}
_ORIGINAL, _REFERENCE = frozenset({"original"}), frozenset({"reference"})


def limits_of_agreement(
    quantity: str,
    *,
    side: str,
    arm: str = EDITED,
    unit: str | None = None,
    instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:
    """The upper or the lower 95 % limit of agreement: mean +- 1.96 SD of ``edited - original`` (Bland and Altman).

    Repeats are single differences that share the weight of their case. Two criteria, ``side="upper"`` with
    ``at_most(m)`` and ``side="lower"`` with ``at_least(-m)``, say that 95 % of the readings change by less than ``m``.
    """
    if side not in _SIDES:
        raise ProtocolError(f"limit of agreement {side!r}", "it is 'upper' or 'lower'", "Make a criterion of each.")
    unit = UNITS.get(quantity) if unit is None else unit
    call = called(
        "limits_of_agreement", quantity, side=side, arm=arm, unit=unit, instrument=instrument, missing=missing
    )
    compute = partial(_limit, side=_SIDES[side])
    name = f"{side} limit of agreement"
    return Estimand(name, quantity, unit, compute, call, "continuous", _ORIGINAL, arm, instrument, missing)


def share_changed(
    quantity: str,
    *,
    more_than: float,
    per: str = "patient",
    arm: str = EDITED,
    instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:
    """Share of clinically significant changes: ``|edited - original|`` above a declared size.

    Parameters
    ----------
    more_than : float
        In the unit of the quantity, e.g. 6 months.
    per : {"patient", "edit"}
        Patients with at least one such edit (exact), or edits (at their effective number).
    """
    if per not in ("patient", "edit"):
        raise ProtocolError(f"share of changes per {per!r}", "it is per 'patient' or 'edit'", "Choose one of those.")
    call = called(
        "share_changed", quantity, more_than=more_than, per=per, arm=arm, instrument=instrument, missing=missing
    )
    name = f"share of {per}s changed by more than {more_than:g} {UNITS.get(quantity, '')}".rstrip()
    compute = partial(_share, more_than=more_than, per=per)
    return Estimand(name, quantity, "", compute, call, "continuous", _ORIGINAL, arm, instrument, missing)


def calibration_slope(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "complete_case"
) -> Estimand:
    """Slope of the reference standard on continuous readings; 1 is calibrated."""
    call = called("calibration_slope", quantity, arm=arm, instrument=instrument, missing=missing)
    compute = partial(_line, statistic=slope_on_reading)
    return Estimand(
        "calibration slope", quantity, "", compute, call, "continuous", _REFERENCE, arm, instrument, missing
    )


def calibration_intercept(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "complete_case",
) -> Estimand:  # fmt: skip
    """Intercept of the reference standard on continuous readings, at reading 0."""
    unit = UNITS.get(quantity) if unit is None else unit
    call = called("calibration_intercept", quantity, arm=arm, unit=unit, instrument=instrument, missing=missing)
    compute = partial(_line, statistic=intercept_on_reading)
    name = "calibration intercept"
    return Estimand(name, quantity, unit, compute, call, "continuous", _REFERENCE, arm, instrument, missing)


def bias_interaction(
    quantity: str,
    *,
    by: str,
    arm: str = EDITED,
    unit: str | None = None,
    instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:
    """How the mean change ``edited - original`` depends on age, sex or another stratum.

    Parameters
    ----------
    by : str
        A stratum of the cohort. With two values, the difference of the mean change between them (the later in sorted
        order less the earlier, e.g. M less F); with numbers, the slope per unit of the stratum.
    """
    unit = UNITS.get(quantity) if unit is None else unit
    call = called("bias_interaction", quantity, by=by, arm=arm, unit=unit, instrument=instrument, missing=missing)
    name = f"dependence of change on {by}"
    return Estimand(name, quantity, unit, _interaction, call, "continuous", _ORIGINAL, arm, instrument, missing, by=by)


def _changes(readings: Readings) -> NDArray[np.float64]:
    return np.asarray(readings.values - readings.original[:, None])


def _limit(readings: Readings, confidence: float, *, side: int) -> Interval:
    if readings.same and readings.n_patients >= MIN_PATIENTS:
        return identical(confidence, readings.n_patients)
    return interval(limit_of_agreement(_changes(readings), readings.patients, side), confidence)


def _share(readings: Readings, confidence: float, *, more_than: float, per: str) -> Interval:
    changes = np.abs(_changes(readings))
    large, known = changes > more_than, ~np.isnan(changes)
    if per == "edit":
        return clustered_share(
            large[known], np.broadcast_to(readings.patients[:, None], large.shape)[known], confidence
        )
    _, index = np.unique(readings.patients, return_inverse=True)
    return share_of_patients(np.bincount(index, weights=large.any(axis=1)) > 0, confidence)


def _line(readings: Readings, confidence: float, *, statistic: Line) -> Interval:
    return interval(statistic(readings.values, readings.reference, readings.patients), confidence)


def _interaction(readings: Readings, confidence: float) -> Interval:
    known = readings.only(~np.isnan(readings.covariate))
    if readings.same and readings.n_patients >= MIN_PATIENTS:
        return identical(confidence, readings.n_patients)
    change = np.nanmean(_changes(known), axis=1)
    return interval(slope(known.covariate, change, known.patients), confidence)

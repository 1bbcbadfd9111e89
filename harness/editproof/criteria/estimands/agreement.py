"""Estimands of how edited readings agree with original ones, patient by patient."""

from __future__ import annotations

from functools import partial

import numpy as np

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import UNITS, estimand, known_unit
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import ABOVE, AMOUNT, CHANGE, Threshold
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.agreement import limit_of_agreement
from editproof.stats.calibration import intercept_on_reading, slope_on_reading
from editproof.stats.statistic import Smooth, Statistic
from editproof.stats.sums import slope

_SIDES = {"upper": 1, "lower": -1}
_ORIGINAL, _REFERENCE = frozenset({"original"}), frozenset({"reference"})


@estimand(example={"side": "upper"})
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
    return Estimand(
        name=f"{side} limit of agreement", quantity=quantity, unit=unit, statistic=partial(_limit, side=_SIDES[side]),
        needs=_ORIGINAL, arm=arm, instrument=instrument, missing=missing, ideal=0.0,
    )  # fmt: skip


@estimand(example={"more_than": 6.0})
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
        Share of patients with at least one such edit, or share of edits, averaged over patients.
    """
    counted, large = known_unit(per, "changes"), Threshold("more_than", more_than, ABOVE, AMOUNT, CHANGE)
    return Estimand(
        name=f"share of {counted}s changed by more than {more_than:g} {UNITS.get(quantity, '')}".rstrip(),
        quantity=quantity, statistic=partial(_share, large=large, per=per), needs=_ORIGINAL, arm=arm,
        instrument=instrument, missing=missing, ideal=0.0, least=0.0, most=1.0, threshold=large,
    )  # fmt: skip


@estimand
def calibration_slope(
    quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Slope of the reference standard on continuous readings; 1 is calibrated."""
    return Estimand(
        name="calibration slope", quantity=quantity, statistic=_slope, needs=_REFERENCE, arm=arm, instrument=instrument,
        missing=missing, ideal=1.0,
    )  # fmt: skip


@estimand
def calibration_intercept(
    quantity: str, *, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Intercept of the reference standard on continuous readings, at reading 0."""
    return Estimand(
        name="calibration intercept", quantity=quantity, unit=unit, statistic=_intercept, needs=_REFERENCE, arm=arm,
        instrument=instrument, missing=missing, ideal=0.0,
    )  # fmt: skip


@estimand(example={"by": "sex"})
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
    return Estimand(
        name=f"dependence of change on {by}", quantity=quantity, unit=unit, statistic=_interaction, needs=_ORIGINAL,
        arm=arm, instrument=instrument, missing=missing, ideal=0.0, by=by, signed=True,
    )  # fmt: skip


def _limit(readings: Readings, *, side: int) -> Smooth:
    return readings.smooth(limit_of_agreement(readings.changes, readings.patients, side), readings.unmoved)


def _share(readings: Readings, *, large: Threshold, per: str) -> Statistic:
    return readings.share(large.met(np.abs(readings.changes)), per)


def _slope(readings: Readings) -> Smooth:
    return readings.smooth(slope_on_reading(readings.values, readings.reference, readings.patients))


def _intercept(readings: Readings) -> Smooth:
    return readings.smooth(intercept_on_reading(readings.values, readings.reference, readings.patients))


def _interaction(readings: Readings) -> Smooth:
    known = readings.only(~np.isnan(readings.covariate))
    change = np.nanmean(known.changes, axis=1)
    return known.smooth(slope(known.covariate, change, known.patients), known.unmoved)

"""Estimands against scan-rescan variability: what acquiring the same patient again changes without any edit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.numbers import brief
from editproof.criteria.declared import LOW
from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand, reach_of
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray


@estimand(example={"by": "acquired", "cap": 50.0})
def change_beyond_rescan(
    quantity: str, *, by: str, cap: float, times: float = 1.0, arm: str = EDITED, unit: str | None = None,
    instrument: str = POOLED, missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """How much more an edit changes a reading than a rescan: mean of ``|edited - original| - times * |rescan - scan|``.

    Below 0, editing an image moves its reading by less than acquiring the same patient again does. Of the patients
    without repeated acquisitions nothing is known, and they are left out. Both sides are readings of one instrument,
    so that an instrument that reads at random shows small harm against large variability: set its floor.

    Parameters
    ----------
    by : str
        A stratum of the cohort; cases of one patient with the same value in it are acquisitions of the same.
    cap : float
        The largest difference that counts in full, in the unit of the quantity; at least five times what a rescan
        changes, or the claim stays open.
    times : float
        Share, or multiple, of the scan-rescan difference that an edit may use up; above 0.

    References
    ----------
    Bland and Altman, Statistics notes: measurement error, BMJ 1996;313:744: repeatability from repeated measurements.
    """
    if not times > 0:
        raise ProtocolError(f"a multiple of {times} of a rescan", "it is not above 0", "Write e.g. times=1.0.")
    least, most = reach_of(cap, signed=True)
    shown = f"{times:g} times " if times != 1 else ""
    return Estimand(
        name=f"change beyond {shown}scan-rescan variability", quantity=quantity, unit=unit,
        statistic=partial(_excess, times=times), needs=frozenset({"original"}), arm=arm, instrument=instrument,
        missing=missing, ideal=0.0, signed=True, least=least, most=most, by=by, grouped=True,
    )  # fmt: skip


def _excess(readings: Readings, *, times: float) -> Statistic:
    rescan = rescan_differences(readings)
    known = ~np.isnan(rescan)
    kept = readings.only(known)
    usual = times * kept.average(rescan[known])
    if readings.most < LOW * usual:
        return readings.undefined(
            f"the cap, {brief(readings.most)}, is less than {LOW:g} times what a rescan changes, {brief(usual)}, "
            "so that a large change would hardly count"
        )
    return kept.mean_of(np.abs(kept.changes) - times * rescan[known][:, None]).noted(
        rescan=kept.average(rescan[known]), edit=kept.average(np.abs(kept.changes))
    )


def rescan_differences(readings: Readings) -> NDArray[np.float64]:
    """Mean size of the difference between the reading of each original and those of its rescans, shape (n_cases,).

    NaN where a case has no rescan.

    Raises
    ------
    ProtocolError
        Where two patients share a value of the stratum, so that it does not say what was acquired again.
    """
    found = np.full(len(readings.original), np.nan)
    for group in np.unique(readings.covariate[~np.isnan(readings.covariate)]):
        members = np.flatnonzero(readings.covariate == group)
        if len(patients := np.unique(readings.patients[members])) > 1:
            raise ProtocolError(
                "acquisitions of the same",
                f"patients {patients[0]} and {patients[1]} have one value in the stratum that says which they are",
                "Give each patient, or each body part of a patient, a value of its own.",
            )
        if len(members) > 1:
            values = readings.original[members]
            found[members] = np.abs(values[:, None] - values[None, :]).sum(axis=1) / (len(members) - 1)
    return found

"""Estimands of grades on a declared scale, read as their places on it; equal steps count equally.

The share of patients whose grade changed is ``share_changed(quantity, more_than=0)``, the mean size of the change
``prediction_change(quantity, cap=...)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.declared import is_number
from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import known_other
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import AMOUNT, AT_MOST, CHANGE, Threshold
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.kappa import quadratic_kappa
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray


@estimand(example={"quantity": "grade"})
def grade_agreement(
    quantity: str, *, against: str = "original", within: float = 0.0, arm: str = EDITED, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of edits whose grade is that of the original, or of the reference, averaged over patients.

    A missing edit has another grade.

    Parameters
    ----------
    against : {"original", "reference"}
    within : float
        Grades by which it may differ; 0 is exact agreement.
    """
    apart, alike = f" within {within:g}" if within else "", _alike(within)
    return Estimand(
        name=f"agreement of grades with the {known_other(against)}{apart}", quantity=quantity, arm=arm,
        statistic=partial(_agreement, against=against, alike=alike), needs={against}, instrument=instrument,
        missing=missing, ideal=1.0, least=0.0, most=1.0, threshold=alike,
    )  # fmt: skip


@estimand(example={"quantity": "grade"})
def grade_agreement_loss(
    quantity: str, *, within: float = 0.0, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """How much lower the agreement of grades with the reference is on edits than on originals.

    A missing edit loses 1. For ``within`` see :func:`grade_agreement`.
    """
    alike = _alike(within)
    return Estimand(
        name="loss of agreement of grades with the reference", quantity=quantity, arm=arm, signed=True,
        statistic=partial(_agreement_loss, alike=alike), needs={"reference", "original"}, instrument=instrument,
        missing=missing, ideal=0.0, least=-1.0, most=1.0, threshold=alike,
    )  # fmt: skip


@estimand(example={"quantity": "grade", "scale": [0, 4]})
def quadratic_weighted_kappa(
    quantity: str, *, scale: Sequence[float], against: str = "original", arm: str = EDITED, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Quadratic-weighted kappa between the grades of edits and those of originals, or of the reference.

    It depends on how common the grades are, and is no mean over patients: its level is approximate, and a missing edit
    leaves it open. Nor is it monotone: a worse grade can raise the disagreement of chance, and with it kappa. Decide
    :func:`grade_agreement` and show this beside it.

    Parameters
    ----------
    scale : two numbers
        The lowest and the highest grade that there are, e.g. ``[0, 4]``, whether or not the cohort has them: the limits
        count one more patient, whose grades are so far apart.
    against : {"original", "reference"}
    """
    return Estimand(
        name=f"quadratic-weighted kappa with the {known_other(against)}", quantity=quantity, arm=arm,
        statistic=partial(_kappa, against=against, scale=_scale(scale)), needs={against},
        instrument=instrument, missing=missing, ideal=1.0,
    )  # fmt: skip


@estimand(example={"quantity": "grade", "scale": [0, 4]})
def quadratic_weighted_kappa_drift(
    quantity: str, *, scale: Sequence[float], arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Quadratic-weighted kappa of edits with the reference less that of originals; a loss is negative.

    For ``scale`` see :func:`quadratic_weighted_kappa`.
    """
    return Estimand(
        name="drift of quadratic-weighted kappa", quantity=quantity, arm=arm, signed=True,
        statistic=partial(_kappa_drift, scale=_scale(scale)),
        needs={"reference", "original"}, instrument=instrument, missing=missing, ideal=0.0,
    )  # fmt: skip


def _scale(scale: object) -> tuple[float, float]:
    ends = tuple(scale) if isinstance(scale, list | tuple) else ()
    if len(ends) != 2 or not all(is_number(end) for end in ends) or not ends[0] < ends[1]:
        found = "it is not the lowest and the highest grade"
        raise ProtocolError(f"scale={scale!r} of grades", found, "Give both, e.g. scale=[0, 4].")
    return float(ends[0]), float(ends[1])


def _other(readings: Readings, against: str) -> NDArray[np.float64]:
    return readings.original if against == "original" else readings.reference


def _alike(within: float) -> Threshold:
    """By how much two grades that agree may differ."""
    return Threshold("within", within, AT_MOST, AMOUNT, CHANGE)


def _agreement(readings: Readings, *, against: str, alike: Threshold) -> Statistic:
    return readings.share_of_edits(alike.met(np.abs(readings.values - _other(readings, against)[:, None])))


def _agreement_loss(readings: Readings, *, alike: Threshold) -> Statistic:
    edited = np.where(np.isnan(readings.values), np.nan, alike.met(np.abs(readings.errors)))
    original = alike.met(np.abs(readings.original - readings.reference)).astype(float)
    found = readings.mean_of(original[:, None] - edited, readings.unmoved)
    return found.noted(original=readings.average(original), edited=readings.average(edited))


def _kappa(readings: Readings, *, against: str, scale: tuple[float, float]) -> Statistic:
    found = quadratic_kappa(readings.values, _other(readings, against), readings.patients, scale)
    return found if np.isfinite(found.value) else readings.undefined(_ONE_GRADE)


def _kappa_drift(readings: Readings, *, scale: tuple[float, float]) -> Statistic:
    before = readings.original[:, None]
    of_edits, of_originals = (
        quadratic_kappa(values, readings.reference, readings.patients, scale).value
        for values in (readings.values, before)
    )
    if not np.isfinite(of_edits) or not np.isfinite(of_originals):
        return readings.undefined(_ONE_GRADE)
    found = quadratic_kappa(readings.values, readings.reference, readings.patients, scale, readings.original)
    return found.noted(original=of_originals, edited=of_edits)


_ONE_GRADE = "every grade is the same, so that chance leaves nothing to disagree on"

"""Estimands of all scores of boxes: the free-response curve and the average precision of a whole cohort.

What a box finds is declared on the card of the instrument (docs/outputs.md); the score from which on it counts
elsewhere is of no effect here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from editproof.core.declared import is_number
from editproof.criteria.estimand import IMAGES, PROBABILITY, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import known_other, measured_as, needs_of
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import IMAGE
from editproof.stats.detection import Detection, Measure, arm_of, largest_known
from editproof.stats.statistic import Statistic

MOST_RANKS = 12
"""Lesions of an image whose scores are measured; of false boxes one more, by which more than the cap is known."""
LUNA16 = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_EXAMPLE = {"label": "nodule", "cap": 10, "lesions": 3}


@estimand(example=_EXAMPLE)
def froc_sensitivity(
    label: str, *, cap: int, lesions: int, at: Sequence[float] = LUNA16, against: str = "original",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of all lesions that boxes find at stated false boxes an image (FROC), averaged over these.

    At each number of false boxes an image it is the largest share at no more than that. Lesions weigh alike within a
    cohort of one image a patient, other than in :func:`boxes_found`, where patients do. A missing edit finds nothing.

    Parameters
    ----------
    label : str
        Of boxes, or the name of an output.
    cap : int
        The most false boxes that an image can have, from 1 to 12; a missing edit has them. A score at which an image of
        the cohort has more is not worked at, and what is found from there on does not count.
    lesions : int
        The most lesions that an image can have; where one has more, they weigh as much as so many.
    at : sequence of float
        False boxes an image; by default those of LUNA16.
    against : {"original", "reference"}
        The boxes on the original that count, or those of the cohort.
    """
    return _made("FROC sensitivity", label, against, _measure(cap, lesions, at), missing)


@estimand(example=_EXAMPLE)
def froc_sensitivity_drift(
    label: str, *, cap: int, lesions: int, at: Sequence[float] = LUNA16, missing: str = "worst_case"
) -> Estimand:
    """FROC sensitivity of edits against the reference less that of originals; a loss is negative.

    For the arguments see :func:`froc_sensitivity`. Of originals everything counts that is found, also at scores at
    which an image has more false boxes than the cap, so that these never hide a loss.
    """
    return _made("FROC sensitivity", label, "reference", _measure(cap, lesions, at), missing, drift=True)


@estimand(example=_EXAMPLE)
def average_precision(
    label: str, *, cap: int, lesions: int, against: str = "original", missing: str = "worst_case"
) -> Estimand:
    """Average precision of boxes: area under the steps of precision over recall, lesions not found included.

    Parameters
    ----------
    label : str
        Of boxes, or the name of an output.
    cap : int
        The most false boxes that an image can have, from 1 to 12; a missing edit has them. A score at which an image of
        the cohort has more is not worked at, and what is found from there on does not count.
    lesions : int
        The most lesions that an image can have; where one has more, they weigh as much as so many.
    against : {"original", "reference"}
    """
    return _made("average precision", label, against, _measure(cap, lesions), missing)


@estimand(example=_EXAMPLE)
def average_precision_drift(label: str, *, cap: int, lesions: int, missing: str = "worst_case") -> Estimand:
    """Average precision of edits against the reference less that of originals; a loss is negative.

    For the arguments see :func:`average_precision`; originals keep all that is found, as in
    :func:`froc_sensitivity_drift`.
    """
    return _made("average precision", label, "reference", _measure(cap, lesions), missing, drift=True)


def _measure(cap: int, lesions: int, at: Sequence[float] | None = None) -> Measure:
    for name, value in (("cap", cap), ("lesions", lesions)):
        if isinstance(value, bool) or value not in range(1, MOST_RANKS + 1):
            raise ProtocolError(
                f"{name}={value!r} of boxes", "it is no whole number from 1 to 12", "Give one, e.g. 10."
            )
    rates = () if at is None else tuple(at) if isinstance(at, Sequence) else (at,)
    if at is not None and not (rates and all(is_number(rate) and 0 < rate < cap for rate in rates)):
        found = f"they are not numbers above 0 and below the cap of {cap}"
        raise ProtocolError(f"at={at!r} false boxes an image", found, "Write e.g. at=[0.5, 1, 2].")
    return Measure(tuple(map(float, rates)), float(cap), float(lesions))


def _made(name: str, label: str, against: str, measure: Measure, missing: str, *, drift: bool = False) -> Estimand:
    shown = f"{name} drift, {label}" if drift else f"{name} to the {known_other(against)}, {label}"
    parts = [f"{side}_score_{n}" for side, most in (("hit", 0), ("false", 1)) for n in range(1, MOST_RANKS + most + 1)]
    return Estimand(
        name=shown, quantity=measured_as("lesions", label, against), scope=IMAGES, instrument=IMAGE, kind=PROBABILITY,
        parts=tuple(measured_as(part, label, against) for part in parts), missing=missing, needs=needs_of(against),
        statistic=partial(_curve, measure=measure, drift=drift), ideal=0.0 if drift else 1.0,
        least=-1.0 if drift else 0.0, most=1.0, signed=drift,
    )  # fmt: skip


def _curve(readings: Readings, *, measure: Measure, drift: bool) -> Statistic:
    known = largest_known(readings.values, readings.original)
    true, false = (np.stack([part.values for part in side]) for side in _sides(readings))
    edited = arm_of(true, false, known, readings.missing, readings.patients, measure)
    found = Detection(measure=measure, edited=edited, patients=readings.names)
    if not drift or found.reason:
        return found if not found.reason else readings.undefined(found.reason)
    true, false = (np.stack([part.original[:, None] for part in side]) for side in _sides(readings))
    gone = np.zeros((len(readings.cases), 1), dtype=bool)
    before = arm_of(true, false, readings.original[:, None], gone, readings.patients, measure)
    lost = np.asarray(readings.missing.all(axis=1, keepdims=True))
    came = arm_of(true, false, readings.original[:, None], lost, readings.patients, measure).came
    original = type(before)(came, before.worst, before.best).unfloored()
    change = Detection(measure=measure, edited=edited, original=original, patients=readings.names)
    alone = Detection(measure=measure, edited=original, patients=readings.names)
    return change.noted(original=alone.value, edited=found.value)


def _sides(readings: Readings) -> tuple[tuple[Readings, ...], tuple[Readings, ...]]:
    return readings.parts[:MOST_RANKS], readings.parts[MOST_RANKS:]

"""Estimands of one number an edit that says how an output of an instrument compares with another one.

The other one is what the same instrument gives on the original, or the reference of the cohort. A number is either an
agreement, from 0 to 1, or a deviation, from 0 on, that counts up to a cap. Of each there is the mean over patients, the
share of patients with an edit beyond a margin, and how much worse it is on edits than on originals.
"""

from __future__ import annotations

from functools import partial

from editproof.criteria.estimand import IMAGES, PROBABILITY, Estimand
from editproof.criteria.factory import known_unit, reach_of
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import ABOVE, AMOUNT, BELOW, SHARE, Scale, Threshold, counted_share
from editproof.errors import ProtocolError
from editproof.evidence.measurements import IMAGE
from editproof.stats.statistic import Statistic

AGAINST = ("original", "reference")
_ORIGINAL = frozenset({"original"})


def agreement(
    words: str, output: str, subject: str, *, against: str, margin: float | None, per: str, missing: str
) -> Estimand:
    """An estimand of a number that is 1 where nothing differs and 0 at its worst.

    Parameters
    ----------
    words, output : str
        What the number is called, and the name of the metric's output.
    subject : str
        What it is a number of, e.g. a structure.
    margin : float, optional
        Without it the estimand is the mean; with it, the share of patients, or of edits, below it.
    """
    quantity, name = measured_as(output, subject, against), f"{words} to the {against}, {subject}"
    if margin is not None:
        below = Threshold("margin", margin, BELOW, SHARE)
        shown = f"{name}: share of {known_unit(per, 'images')}s below {margin:g}"
        return share(shown, quantity, below, per, missing, 1.0, needs_of(against))
    return Estimand(
        name=name, quantity=quantity, statistic=mean_of_edits, scope=IMAGES, instrument=IMAGE, missing=missing,
        unchanged=1.0, least=0.0, most=1.0, ideal=1.0, kind=PROBABILITY, needs=needs_of(against),
    )  # fmt: skip


def deviation(
    words: str, output: str, subject: str, *, against: str, cap: float, unit: str, margin: float | None, per: str,
    missing: str, interval: Scale = AMOUNT,
) -> Estimand:  # fmt: skip
    """An estimand of a number that is 0 where nothing differs, and counts up to a cap; see :func:`agreement`.

    The share is of those above the margin, whatever the cap.

    Parameters
    ----------
    interval : (float, float)
        In which the number itself lies, before it is capped.
    """
    quantity, name = measured_as(output, subject, against), f"{words} to the {against}, {subject}"
    least, most = reach_of(cap)
    if margin is not None:
        above = Threshold("margin", margin, ABOVE, interval)
        shown = f"{name}: share of {known_unit(per, 'images')}s above {margin:g} {unit}".rstrip()
        return share(shown, quantity, above, per, missing, 0.0, needs_of(against))
    return Estimand(
        name=name, quantity=quantity, unit=unit, statistic=mean_of_edits, scope=IMAGES, instrument=IMAGE,
        missing=missing, least=least, most=most, ideal=0.0, needs=needs_of(against),
    )  # fmt: skip


def loss(words: str, output: str, subject: str, *, missing: str) -> Estimand:
    """How much lower an agreement with the reference is on edits than on originals; a missing edit loses 1."""
    return Estimand(
        name=f"loss of {words} to the reference, {subject}", quantity=measured_as(output, subject, "reference"),
        statistic=_loss, scope=IMAGES, kind=PROBABILITY, needs=_ORIGINAL, instrument=IMAGE, missing=missing,
        least=-1.0, most=1.0, ideal=0.0, signed=True,
    )  # fmt: skip


def rise(words: str, output: str, subject: str, *, cap: float, unit: str, missing: str) -> Estimand:
    """How much larger a deviation from the reference is on edits than on originals, within the cap of either sign."""
    least, most = reach_of(cap, signed=True)
    return Estimand(
        name=f"rise of {words} to the reference, {subject}", quantity=measured_as(output, subject, "reference"),
        unit=unit, statistic=_rise, scope=IMAGES, needs=_ORIGINAL, instrument=IMAGE, missing=missing, least=least,
        most=most, ideal=0.0, signed=True,
    )  # fmt: skip


def known_other(against: str) -> str:
    """What is held against, if there is such a thing.

    Raises
    ------
    ProtocolError
    """
    if against not in AGAINST:
        raise ProtocolError(f"a claim against {against!r}", f"there are {', '.join(AGAINST)}", "Choose one of those.")
    return against


def measured_as(output: str, subject: str, against: str) -> str:
    """The name under which a number is measured.

    Raises
    ------
    ProtocolError
        Where outputs are held against nothing of that name.

    Examples
    --------
    >>> measured_as("lesions_found", "nodule", "reference")
    'lesions_found_to_reference:nodule'
    """
    return f"{output}_to_{known_other(against)}:{subject}"


def share(
    name: str, quantity: str, threshold: Threshold, per: str, missing: str, unchanged: float, needs: frozenset[str]
) -> Estimand:
    """An estimand of the share of patients, or of edits, that a threshold counts: those too far from ideal."""
    return Estimand(
        name=name, quantity=quantity, statistic=partial(counted_share, threshold=threshold, per=per), scope=IMAGES,
        instrument=IMAGE, missing=missing, unchanged=unchanged, least=0.0, most=1.0, ideal=0.0, needs=needs,
        threshold=threshold,
    )  # fmt: skip


def needs_of(against: str) -> frozenset[str]:
    """What has to be there: against the reference, what the original comes to stands in for no edit."""
    return _ORIGINAL if against == "reference" else frozenset()


def mean_of_edits(readings: Readings) -> Statistic:
    """Mean over patients of the number on their edits."""
    return readings.mean_of(readings.values)


def _loss(readings: Readings) -> Statistic:
    return _paired(readings, -1.0)


def _rise(readings: Readings) -> Statistic:
    return _paired(readings, 1.0)


def _paired(readings: Readings, sign: float) -> Statistic:
    found = readings.mean_of(sign * readings.changes, readings.unmoved)
    return found.noted(original=readings.average(readings.original), edited=readings.average(readings.values))

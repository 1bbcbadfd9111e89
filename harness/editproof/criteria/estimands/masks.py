"""Estimands of masks that an instrument draws: how well a structure keeps its place, outline and area under editing.

Each is of one number an edit, measured on two masks of a structure (:mod:`editproof.metrics.masks`): what the
instrument draws on the edit, held against what it draws on the original, which needs no reference, or against the
reference mask of the cohort.
"""

from __future__ import annotations

from dataclasses import replace

from editproof.criteria.estimand import IMAGES, PROBABILITY, Estimand
from editproof.criteria.factory import estimand, known_unit, reach_of
from editproof.criteria.held import agreement, loss, mean_of_edits, measured_as, needs_of, share
from editproof.criteria.threshold import ABOVE, AMOUNT, SHARE, Threshold
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, IMAGE

TOLERANCES = (1, 2, 3)
UNITS = {"px": "pixels", "mm": "mm"}
AREAS = {"px": "pixels", "mm2": "mm2"}


@estimand(example={"structure": "carpals"})
def mask_dice(
    structure: str, *, against: str = "original", margin: float | None = None, per: str = "patient",
    arm: str = EDITED, missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Dice of a structure that an instrument draws on edits, or the share of patients in whom it is too low.

    A missing edit has a Dice of 0. Of a structure that is on neither mask there is none.

    Parameters
    ----------
    structure : str
        As the card of the instrument names it.
    against : {"original", "reference"}
        What the instrument draws on the original, or the reference mask of the cohort.
    margin : float, optional
        Without it the estimand is the mean: ``at_least(0.95)``. With it, the share of patients with an edit below it,
        or of edits: ``mask_dice("carpals", margin=0.9)`` and ``at_most(0.05)``.
    per : {"patient", "edit"}
    arm : str
        ``"original"`` with ``against="reference"`` says how well the instrument draws, for validity floors.
    """
    made = agreement("Dice", "dice", structure, against=against, margin=margin, per=per, missing=missing)
    return made if arm == EDITED else replace(made, name=f"{made.name}, {arm}", arm=arm, needs=frozenset())


@estimand(example={"structure": "carpals"})
def mask_surface_dice(
    structure: str, *, tolerance: int = 2, tolerance_unit: str = "px", against: str = "original",
    margin: float | None = None, per: str = "patient", missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Normalised surface distance: share of both outlines of a structure within a tolerance of the other outline.

    A missing edit has none of it. For the other parameters see :func:`mask_dice`.

    Parameters
    ----------
    tolerance : {1, 2, 3}
    tolerance_unit : {"px", "mm"}
        mm needs the pixel spacing of every case.
    """
    if tolerance not in TOLERANCES or tolerance_unit not in UNITS:
        found = f"tolerances of {', '.join(map(str, TOLERANCES))} {' or '.join(UNITS)} are measured"
        raise ProtocolError(f"surface Dice at {tolerance} {tolerance_unit}", found, "Choose one of those.")
    words, output = f"surface Dice at {tolerance} {tolerance_unit}", f"surface_dice_{tolerance}{tolerance_unit}"
    return agreement(words, output, structure, against=against, margin=margin, per=per, missing=missing)


@estimand(example={"structure": "carpals"})
def mask_dice_loss(structure: str, *, missing: str = "worst_case") -> Estimand:
    """How much lower the Dice of a structure against its reference mask is on edits than on originals; below 0, higher.

    A missing edit loses 1.
    """
    made = loss("Dice", "dice", structure, missing=missing)
    return replace(made, name=f"loss of Dice against the reference, {structure}")


@estimand(example={"structure": "carpals", "cap": 40.0})
def mask_distance(
    structure: str, *, cap: float, unit: str = "px", against: str = "original", margin: float | None = None,
    per: str = "patient", missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """95th percentile of the distances between the outlines of a structure (HD95), or the share of patients beyond it.

    Parameters
    ----------
    structure : str
        As the card of the instrument names it.
    cap : float
        The largest distance that counts in full, in the unit; a missing edit counts as such a one.
    unit : {"px", "mm"}
        mm needs the pixel spacing of every case.
    against : {"original", "reference"}
    margin : float, optional
        Without it the estimand is the mean. With it, the share of patients with an edit beyond it, or of edits:
        ``at_most(0.05)``.
    per : {"patient", "edit"}
    """
    if unit not in UNITS:
        raise ProtocolError(f"a surface distance in {unit!r}", f"there are {', '.join(UNITS)}", "Choose one of those.")
    quantity, name = measured_as(f"hd95_{unit}", structure, against), f"HD95 to the {against}, {structure}"
    if margin is not None:
        beyond = Threshold("margin", margin, ABOVE, AMOUNT)
        counted = f"{name}: share of {known_unit(per, 'images')}s beyond {margin:g} {unit}"
        return share(counted, quantity, beyond, per, missing, 0.0, needs_of(against))
    least, most = reach_of(cap)
    return Estimand(
        name=name, quantity=quantity, unit=UNITS[unit], statistic=mean_of_edits, scope=IMAGES,
        instrument=IMAGE, missing=missing, least=least, most=most, ideal=0.0, needs=needs_of(against),
    )  # fmt: skip


@estimand(example={"structure": "carpals", "cap": 500.0})
def mask_area_difference(
    structure: str, *, cap: float, unit: str = "px", against: str = "original", missing: str = "worst_case"
) -> Estimand:
    """Mean over patients of the area of a structure on edits less that of the mask it is held against, with its sign.

    A mean hides changes of either sign; see :func:`mask_area_change` for their size.

    Parameters
    ----------
    structure : str
        As the card of the instrument names it.
    cap : float
        The largest difference that counts in full, in the unit.
    unit : {"px", "mm2"}
        mm2 needs the pixel spacing of every case.
    against : {"original", "reference"}
    """
    if unit not in AREAS:
        raise ProtocolError(f"an area in {unit!r}", f"there are {', '.join(AREAS)}", "Choose one of those.")
    return _difference("area", AREAS[unit], f"area_difference_{unit}", structure, cap, against, missing)


@estimand(example={"structure": "carpals"})
def mask_area_change(
    structure: str, *, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Size of the difference of area of a structure over the larger of both areas, or the share of patients beyond it.

    For the parameters see :func:`mask_dice`; here the share is of those above the margin. A missing edit counts 1.
    """
    return _change("area", structure, against, margin, per, missing)


@estimand(example={"structure": "brain", "cap": 50.0})
def mask_volume_difference(
    structure: str, *, cap: float, against: str = "original", missing: str = "worst_case"
) -> Estimand:
    """Mean over patients of the volume of a structure on edits less that of the mask it is held against, with its sign.

    Of cohorts of volumes with their spacing. A mean hides changes of either sign; see :func:`mask_volume_change`.

    Parameters
    ----------
    structure : str
        As the card of the instrument names it.
    cap : float
        The largest difference in ml that counts in full.
    against : {"original", "reference"}
    """
    return _difference("volume", "ml", "volume_difference_ml", structure, cap, against, missing)


@estimand(example={"structure": "brain"})
def mask_volume_change(
    structure: str, *, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Size of the difference of volume of a structure over the larger of both, or the share of patients beyond it.

    Of cohorts of volumes. For the parameters see :func:`mask_dice`; here the share is of those above the margin. A
    missing edit counts 1.
    """
    return _change("volume", structure, against, margin, per, missing)


def _difference(what: str, unit: str, output: str, structure: str, cap: float, against: str, missing: str) -> Estimand:
    """An estimand of the size of a structure less that of the mask it is held against, with its sign."""
    least, most = reach_of(cap, signed=True)
    return Estimand(
        name=f"difference of {what} to the {against}, {structure}", unit=unit,
        quantity=measured_as(output, structure, against), statistic=mean_of_edits, scope=IMAGES, instrument=IMAGE,
        missing=missing, least=least, most=most, ideal=0.0, signed=True, needs=needs_of(against),
    )  # fmt: skip


def _change(what: str, structure: str, against: str, margin: float | None, per: str, missing: str) -> Estimand:
    """An estimand of a difference of size over the larger of both sizes, from 0 to 1."""
    quantity = measured_as(f"{what}_change", structure, against)
    name = f"change of {what} to the {against}, {structure}"
    if margin is not None:
        above = Threshold("margin", margin, ABOVE, SHARE)
        counted = f"{name}: share of {known_unit(per, 'images')}s above {margin:g}"
        return share(counted, quantity, above, per, missing, 0.0, needs_of(against))
    return Estimand(
        name=name, quantity=quantity, statistic=mean_of_edits, scope=IMAGES, instrument=IMAGE, missing=missing,
        least=0.0, most=1.0, ideal=0.0, kind=PROBABILITY, needs=needs_of(against),
    )  # fmt: skip

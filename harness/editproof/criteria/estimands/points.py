"""Estimands of landmarks: how far they are from where they are on the original, or from the reference."""

from __future__ import annotations

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import deviation, rise
from editproof.errors import ProtocolError

UNITS = {"px": "pixels", "mm": "mm"}


@estimand(example={"point": "apex", "cap": 40.0})
def point_error(
    point: str, *, cap: float, unit: str = "px", largest: bool = False, against: str = "original",
    margin: float | None = None, per: str = "patient", missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Distance of a landmark from where it is on the original or in the reference, or the share of patients beyond it.

    A landmark that is missing on one side is as far off as the diagonal of the image; a missing edit, as the cap.

    Parameters
    ----------
    point : str
        A landmark, or the name of an output: then of its landmarks.
    cap : float
        The largest distance that counts in full, in the unit.
    unit : {"px", "mm"}
        mm needs the pixel spacing of every case.
    largest : bool
        Of the landmarks of an output, the largest error of an image; else their mean.
    against : {"original", "reference"}
    margin : float, optional
        Without it the estimand is the mean. With it, the share of patients with an edit beyond it, or of edits:
        ``at_most(0.05)``.
    per : {"patient", "edit"}
    """
    words, output = _named(unit, largest=largest)
    return deviation(
        words, output, point, against=against, cap=cap, unit=UNITS[unit], margin=margin, per=per, missing=missing
    )


@estimand(example={"point": "apex", "cap": 40.0})
def point_error_rise(
    point: str, *, cap: float, unit: str = "px", largest: bool = False, missing: str = "worst_case"
) -> Estimand:
    """How much farther from the reference a landmark is on edits than on originals; see :func:`point_error`.

    Parameters
    ----------
    cap : float
        The largest change of the distance that counts in full.
    """
    words, output = _named(unit, largest=largest)
    return rise(words, output, point, cap=cap, unit=UNITS[unit], missing=missing)


def _named(unit: str, *, largest: bool) -> tuple[str, str]:
    if unit not in UNITS:
        raise ProtocolError(f"a landmark error in {unit!r}", f"there are {', '.join(UNITS)}", "Choose one of those.")
    part = "largest_" if largest else ""
    return f"{part.replace('_', ' ')}landmark error", f"{part}point_error_{unit}"

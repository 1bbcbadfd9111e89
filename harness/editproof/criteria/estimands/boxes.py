"""Estimands of boxes with scores: lesions that are found on edits, and false boxes.

When a box counts and when it finds a lesion is declared on the card of the instrument (docs/outputs.md).
"""

from __future__ import annotations

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import agreement, deviation, loss, rise

_FOUND, _FALSE = "lesions found by boxes", "false boxes"


@estimand(example={"label": "nodule"})
def boxes_found(
    label: str, *, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of the lesions of an image that a box finds on its edit (sensitivity), or of patients with too few found.

    Images without a lesion are left out. A missing edit has none found.

    Parameters
    ----------
    label : str
        Of boxes; or the name of an output: then lesions of all its labels, each to be found under its own.
    against : {"original", "reference"}
        The boxes on the original that count, or those of the cohort.
    margin : float, optional
        Without it the estimand is the mean: ``at_least(0.9)``. With it, the share of patients with an edit below it,
        or of edits: ``margin=1`` counts those of whom a lesion is lost.
    per : {"patient", "edit"}
    """
    return agreement(_FOUND, "boxes_found", label, against=against, margin=margin, per=per, missing=missing)


@estimand(example={"label": "nodule", "cap": 10.0})
def false_boxes(
    label: str, *, cap: float, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Boxes an image that are of no lesion (false positives), or the share of patients with more than a margin.

    Parameters
    ----------
    label : str
        Of boxes, or the name of an output.
    cap : float
        The largest number that counts in full; a missing edit counts as such a one.
    against : {"original", "reference"}
    margin : float, optional
        ``margin=0`` counts patients with an edit with any, or edits.
    per : {"patient", "edit"}
    """
    return deviation(
        _FALSE, "false_boxes", label, against=against, cap=cap, unit="boxes", margin=margin, per=per, missing=missing
    )


@estimand(example={"label": "nodule"})
def boxes_lost(label: str, *, missing: str = "worst_case") -> Estimand:
    """How much lower the share of reference lesions found is on edits than on originals; a missing edit loses 1."""
    return loss(_FOUND, "boxes_found", label, missing=missing)


@estimand(example={"label": "nodule", "cap": 10.0})
def false_boxes_rise(label: str, *, cap: float, missing: str = "worst_case") -> Estimand:
    """How many more false boxes an image has, against the reference, on edits than on originals.

    Parameters
    ----------
    cap : float
        The largest change of the number that counts in full.
    """
    return rise(_FALSE, "false_boxes", label, cap=cap, unit="boxes", missing=missing)

"""Estimands of masks lesion by lesion: connected components that are found, and false ones."""

from __future__ import annotations

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import agreement, deviation, loss, rise

_FOUND, _FALSE = "lesions found", "false lesions"


@estimand(example={"structure": "lesion"})
def mask_lesions_found(
    structure: str, *, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of the lesions of a structure that an instrument finds on edits (sensitivity), or of patients with too few.

    A lesion is a connected component of the mask that the edit's is held against; it is found where the edit's mask
    has a pixel of it. Images without one are left out. A missing edit finds none.

    Parameters
    ----------
    structure : str
        As the card of the instrument names it.
    against : {"original", "reference"}
        What the instrument draws on the original, or the reference mask of the cohort.
    margin : float, optional
        Without it the estimand is the mean: ``at_least(0.9)``. With it, the share of patients with an edit below it,
        or of edits: ``margin=1.0`` counts those of whom a lesion is lost.
    per : {"patient", "edit"}
    """
    return agreement(_FOUND, "lesions_found", structure, against=against, margin=margin, per=per, missing=missing)


@estimand(example={"structure": "lesion", "cap": 10.0})
def mask_false_lesions(
    structure: str, *, cap: float, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """False lesions an image: components of the edit's mask that have no pixel in common with the other mask.

    Parameters
    ----------
    structure : str
        As the card of the instrument names it.
    cap : float
        The largest number that counts in full; a missing edit counts as such a one.
    against : {"original", "reference"}
    margin : float, optional
        With it, the share of patients with an edit above it, or of edits: ``margin=0`` counts those with any.
    per : {"patient", "edit"}
    """
    return deviation(
        _FALSE, "false_lesions", structure, against=against, cap=cap, unit="lesions", margin=margin, per=per,
        missing=missing,
    )  # fmt: skip


@estimand(example={"structure": "lesion"})
def mask_lesions_lost(structure: str, *, missing: str = "worst_case") -> Estimand:
    """How much lower the share of reference lesions found is on edits than on originals; a missing edit loses 1."""
    return loss(_FOUND, "lesions_found", structure, missing=missing)


@estimand(example={"structure": "lesion", "cap": 10.0})
def mask_false_lesions_rise(structure: str, *, cap: float, missing: str = "worst_case") -> Estimand:
    """How many more false lesions an image has, against the reference, on edits than on originals.

    Parameters
    ----------
    cap : float
        The largest change of the number that counts in full.
    """
    return rise(_FALSE, "false_lesions", structure, cap=cap, unit="lesions", missing=missing)

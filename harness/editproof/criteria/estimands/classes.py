"""Estimands of several classes that exclude one another, of which an instrument gives the probabilities.

Of each class alone there are the estimands of probabilities, e.g. ``auc_drift("finding=effusion")``.
"""

from __future__ import annotations

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import agreement, loss

_WORDS = "agreement of the most probable class"


@estimand(example={"output": "finding"})
def class_agreement(
    output: str, *, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of edits whose most probable class is that of the original, or the true one (top-1 accuracy).

    A missing edit has another class.

    Parameters
    ----------
    output : str
        As the card of the instrument names it.
    against : {"original", "reference"}
    margin : float, optional
        Without it the estimand is the mean over patients: ``at_least(0.95)``. With ``margin=1``, the share of patients
        with an edit of another class, or of edits: ``at_most(0.05)``.
    per : {"patient", "edit"}
    """
    return agreement(_WORDS, "same_class", output, against=against, margin=margin, per=per, missing=missing)


@estimand(example={"output": "finding"})
def class_agreement_loss(output: str, *, missing: str = "worst_case") -> Estimand:
    """How much lower the top-1 accuracy is on edits than on originals; below 0, higher. A missing edit loses 1."""
    return loss(_WORDS, "same_class", output, missing=missing)

"""Estimands of text that an instrument reads in images: what is left of identifiers, and what is kept of the rest."""

from __future__ import annotations

from dataclasses import replace

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.held import agreement, deviation, loss, rise
from editproof.criteria.threshold import SHARE
from editproof.evidence.measurements import EDITED

_LEFT, _KEPT, _ERROR = "identifiers left", "marks kept", "character error rate"
_OF_MARKS = "character error rate of marks"


@estimand(example={"output": "words"})
def identifiers_left(
    output: str, *, margin: float | None = None, per: str = "patient", arm: str = EDITED, missing: str = "worst_case"
) -> Estimand:
    """Efficacy: share of a case's identifiers that are still read on its edit, or of patients with too many left.

    Cases without identifiers are left out. A missing edit has all left. What the instrument cannot read on the original
    is no proof of removal: ``identifiers_left("words", arm="original")`` and ``at_least(0.9)`` is the floor.

    Parameters
    ----------
    output : str
        As the card of the instrument names it.
    margin : float, optional
        Without it the estimand is the mean. ``margin=0`` counts patients with an edit on which one is left, or edits.
    per : {"patient", "edit"}
    """
    made = deviation(
        _LEFT, "identifiers_left", output, against="reference", cap=1.0, unit="", margin=margin, per=per,
        missing=missing, interval=SHARE,
    )  # fmt: skip
    name = made.name.replace(" to the reference", "") + ("" if arm == EDITED else f" ({arm})")
    return replace(made, name=name, arm=arm, needs=frozenset(), unchanged=1.0, perfect=0.0)


@estimand(example={"output": "words"})
def marks_kept(
    output: str, *, margin: float | None = None, per: str = "patient", missing: str = "worst_case"
) -> Estimand:
    """Share of a case's marks, such as L and R, that are read on its edit, or of patients with too few.

    Cases without marks are left out. A missing edit has none. An instrument that does not read a mark on the original
    does not read it on the edit: see :func:`marks_lost`.

    Parameters
    ----------
    output : str
    margin : float, optional
        Without it the estimand is the mean. ``margin=1`` counts patients with an edit on which one is gone, or edits.
    per : {"patient", "edit"}
    """
    return agreement(_KEPT, "marks_kept", output, against="reference", margin=margin, per=per, missing=missing)


@estimand(example={"output": "words"})
def marks_lost(output: str, *, missing: str = "worst_case") -> Estimand:
    """How much lower the share of marks that are read is on edits than on originals. A missing edit loses 1."""
    return loss(_KEPT, "marks_kept", output, missing=missing)


@estimand(example={"output": "words"})
def mark_error(
    output: str, *, margin: float | None = None, per: str = "patient", missing: str = "worst_case"
) -> Estimand:
    """Character error rate of a case's marks on its edit, or the share of patients beyond it; other text is no error.

    Each mark is held against the words that come closest to it, so that the rate is 1 where nothing of any is read, and
    of a missing edit. Cases without marks are left out.

    Parameters
    ----------
    output : str
    margin : float, optional
        Without it the estimand is the mean. With it, the share of patients with an edit above it, or of edits.
    per : {"patient", "edit"}
    """
    return deviation(
        _OF_MARKS, "mark_error", output, against="reference", cap=1.0, unit="", margin=margin, per=per, missing=missing,
        interval=SHARE,
    )  # fmt: skip


@estimand(example={"output": "words"})
def mark_error_rise(output: str, *, missing: str = "worst_case") -> Estimand:
    """How much larger the character error rate of a case's marks is on edits than on originals."""
    return rise(_OF_MARKS, "mark_error", output, cap=1.0, unit="", missing=missing)


@estimand(example={"output": "words"})
def character_error(
    output: str, *, cap: float = 1.0, against: str = "original", margin: float | None = None, per: str = "patient",
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Character error rate of the text on edits against that on originals or the reference, or the share beyond it.

    Parameters
    ----------
    output : str
    cap : float
        The largest rate that counts in full; a missing edit counts as such a one.
    against : {"original", "reference"}
    margin : float, optional
        Without it the estimand is the mean. With it, the share of patients with an edit above it, or of edits.
    per : {"patient", "edit"}
    """
    return deviation(
        _ERROR, "character_error", output, against=against, cap=cap, unit="", margin=margin, per=per, missing=missing
    )


@estimand(example={"output": "words"})
def character_error_rise(output: str, *, cap: float = 1.0, missing: str = "worst_case") -> Estimand:
    """How much larger the character error rate against the reference is on edits than on originals.

    Parameters
    ----------
    cap : float
        The largest change of the rate that counts in full.
    """
    return rise(_ERROR, "character_error", output, cap=cap, unit="", missing=missing)

"""Estimands of several classes that exclude one another, of which an instrument gives the probabilities.

Of each class alone there are the estimands of probabilities, e.g. ``auc_drift("finding=effusion")``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from editproof.criteria.estimand import PROBABILITY, Estimand
from editproof.criteria.estimands.discrimination import area_drift_of, area_of
from editproof.criteria.factory import estimand
from editproof.criteria.held import agreement, loss
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.areas import Area, AreaChange
from editproof.stats.macro import MacroArea
from editproof.stats.statistic import Statistic

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


@estimand(example={"output": "finding", "classes": ["effusion", "nodule", "none"]})
def macro_auc(
    output: str, *, classes: Sequence[str], arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Mean over classes of the area under the ROC curve of each against the rest (macro AUC); classes weigh alike.

    A pair of cases of which an edit is missing is in the wrong order. A class of which the cohort has no case, or
    nothing else, leaves the claim without a number. ``arm="original"`` gives the baseline, for floors.

    Parameters
    ----------
    output : str
        As the card of the instrument names it.
    classes : sequence of str
        All of its labels, two or more. A study refuses a claim that leaves one out: the mean would not see its loss.
    """
    return _macro(
        "macro AUC", output, classes, partial(_mean_area, output, tuple(classes), area_of), arm, instrument, missing
    )


@estimand(example={"output": "finding", "classes": ["effusion", "nodule", "none"]})
def macro_auc_drift(
    output: str, *, classes: Sequence[str], arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Macro AUC of the edits less that of their originals, paired; a loss is negative: ``at_least(-0.05)``.

    For ``classes`` see :func:`macro_auc`.
    """
    made = _macro(
        "macro AUC drift",
        output,
        classes,
        partial(_mean_area, output, tuple(classes), area_drift_of),
        arm,
        instrument,
        missing,
    )
    return replace(made, ideal=0.0, least=-1.0, signed=True)


def _macro(
    name: str, output: str, classes: Sequence[str], statistic: Callable[[Readings], Statistic], arm: str,
    instrument: str, missing: str,
) -> Estimand:  # fmt: skip
    asked = f"the {name} of {output}"
    if isinstance(classes, str) or len(set(classes)) < 2 or len(set(classes)) < len(classes):
        raise ProtocolError(asked, f"classes={classes!r}", "Name two or more of the labels of its output, each once.")
    first, *rest = (f"{output}={label}" for label in classes)
    shown = name if arm == EDITED else f"{name} of {arm}s"
    return Estimand(
        name=shown, quantity=first, parts=tuple(rest), statistic=statistic, kind=PROBABILITY, arm=arm,
        needs=frozenset({"reference"} if arm == "original" else {"reference", "original"}), instrument=instrument,
        missing=missing, ideal=1.0, least=0.0, most=1.0, counts="of each class",
    )  # fmt: skip


def _mean_area(
    output: str, classes: Sequence[str], area: Callable[[Readings], Statistic], readings: Readings
) -> Statistic:
    areas: list[Area | AreaChange] = []
    for label, one in zip(classes, (readings, *readings.parts), strict=True):
        found = area(replace(one, missing=readings.missing))
        if not isinstance(found, Area | AreaChange):
            every = "no case" if not (one.reference > 0.5).any() else "no case but those"
            return readings.undefined(f"there is {every} of {output}={label}, so that it has no ROC curve")
        areas.append(found)
    return MacroArea(areas=tuple(areas), patients=readings.names)

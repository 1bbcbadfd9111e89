"""The table of a tool that could not be better, for each claim: what the control that must pass is held against.

Of a claim against the original, nothing is better than the unchanged radiograph. A claim on what an edit is for asks
for a change, which the unchanged radiograph misses by its nature. There the target itself, taken for the edit, is
flawless; without a target, an edit on which the metric has the value of a perfect one.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from editproof.criteria.criterion import Criterion, verdict_on
from editproof.criteria.estimand import IMAGES
from editproof.evidence.measurements import EDITED, TARGET, Measurements
from editproof.stats.interval import ALIKE
from editproof.stats.multireader import NO_SPREAD
from editproof.types import EditStatus, Outcome, Verdict


def is_against_target(criterion: Criterion) -> bool:
    """Whether a claim holds edits against targets."""
    return criterion.estimand.against == TARGET


def is_of_effect(criterion: Criterion) -> bool:
    """Whether a claim asks for a change of the image, such as a marker that is gone."""
    estimand = criterion.estimand
    return estimand.scope == IMAGES and (is_against_target(criterion) or estimand.perfect is not None)


def is_of_removal(criterion: Criterion) -> bool:
    """Whether a claim asks that something be gone, which an image that is destroyed lacks as well."""
    estimand = criterion.estimand
    return is_of_effect(criterion) and not is_against_target(criterion) and estimand.perfect != estimand.unchanged


def verdict_on_flawless(criterion: Criterion, unchanged: Measurements) -> Verdict:
    """A criterion decided for a tool that could not be better.

    Where nothing differs between the arms and nothing bounds what was not seen, there is no interval: of a tool that
    settles nothing. Of the control it is no finding but how it was made, so that there the number itself decides.

    Parameters
    ----------
    criterion : Criterion
    unchanged : Measurements
        Of the control ``identity``.
    """
    verdict = verdict_on(criterion, flawless(criterion, unchanged))
    point, region = verdict.estimate.notes.get("point"), criterion.region
    alike = (verdict.estimate.reason or "").startswith((ALIKE, NO_SPREAD))
    if not alike or point is None or not region.low <= point <= region.high:
        return verdict
    because = f"The arms are alike by their making, and {point:.6g} is {region.words(verdict.estimate.unit)}."
    return replace(verdict, outcome=Outcome.PASS, because=because)


def flawless(criterion: Criterion, unchanged: Measurements) -> Measurements:
    """The measurements of the unchanged radiograph, or those of a perfect edit where a claim asks for a change.

    Parameters
    ----------
    criterion : Criterion
    unchanged : Measurements
        Of the control ``identity``. Edits that did not come back stay missing; a case without a target stays as it is.
    """
    rows, estimand = unchanged.rows, criterion.estimand
    if not is_against_target(criterion):
        if not is_of_effect(criterion):
            return unchanged
        made = (rows["arm"] == EDITED) & (rows["quantity"] == estimand.quantity)
        return replace(unchanged, rows=rows.assign(value=rows["value"].where(~made, estimand.perfect)))
    targets = rows[rows["arm"] == TARGET]
    came_back = unchanged.edits.loc[unchanged.edits["status"] == EditStatus.OK.value, ["case", "repeat"]]
    edited = targets.drop(columns="repeat").assign(arm=EDITED).merge(came_back, on="case")
    kept = rows[(rows["arm"] != EDITED) | ~rows["case"].isin(set(targets["case"]))]
    return replace(unchanged, rows=pd.concat([kept, edited[list(rows.columns)]], ignore_index=True))


def left_unread(criterion: Criterion, unchanged: Measurements) -> Measurements:
    """Measurements in which just that is left of each original which was not seen on it, of a claim of removal.

    Of an original on which all is read nothing is left; of one on which nothing is read, everything.

    Parameters
    ----------
    criterion : Criterion
        Of removal; see :func:`is_of_removal`.
    unchanged : Measurements
        Of the control ``identity``.
    """
    rows, estimand = unchanged.rows, criterion.estimand
    made = (rows["arm"] == EDITED) & (rows["quantity"] == estimand.quantity)
    whole = estimand.unchanged + (estimand.perfect or 0.0)
    return replace(unchanged, rows=rows.assign(value=rows["value"].where(~made, whole - rows["value"])))

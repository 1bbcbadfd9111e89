"""The table of a tool that could not be better, for each claim: what the control that must pass is held against.

Of a claim against the original, nothing is better than the unchanged radiograph. A claim against a target asks for a
change, which the unchanged radiograph misses by its nature; there the target itself, taken for the edit, is flawless.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from editproof.criteria.criterion import Criterion
from editproof.evidence.measurements import EDITED, TARGET, Measurements
from editproof.types import EditStatus


def is_against_target(criterion: Criterion) -> bool:
    """Whether a claim holds edits against targets."""
    return criterion.estimand.against == TARGET


def flawless(criterion: Criterion, unchanged: Measurements) -> Measurements:
    """The measurements of the unchanged radiograph, or those with targets in place of edits, as a claim asks.

    Parameters
    ----------
    criterion : Criterion
    unchanged : Measurements
        Of the control ``identity``. Edits that did not come back stay missing; a case without a target stays as it is.
    """
    if not is_against_target(criterion):
        return unchanged
    rows = unchanged.rows
    targets = rows[rows["arm"] == TARGET]
    came_back = unchanged.edits.loc[unchanged.edits["status"] == EditStatus.OK.value, ["case", "repeat"]]
    edited = targets.drop(columns="repeat").assign(arm=EDITED).merge(came_back, on="case")
    kept = rows[(rows["arm"] != EDITED) | ~rows["case"].isin(set(targets["case"]))]
    return replace(unchanged, rows=pd.concat([kept, edited[list(rows.columns)]], ignore_index=True))

"""Where the harm comes from, on tables where it is known."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from editproof.criteria.attribution import attribution, causes
from editproof.evidence.measurements import (
    CLASSICAL_FILL,
    CONVERSION,
    EDITED,
    GEOMETRY,
    HISTOGRAM_MATCHED,
    ORIGINAL,
    PASTE_BACK,
    Measurements,
)
from editproof.types import EditorCard

from tests.criteria.builders import table

N, REPEATS = 40, 3
CARD = EditorCard("tool", "1", "a tool", geometry="squash:64", conversion="8bit+rgb")
AGE = np.random.default_rng(0).uniform(60, 200, N)
JITTER = np.random.default_rng(1).uniform(-1, 1, N)
JITTER -= JITTER.mean()
ADDED = {GEOMETRY: 0.4, CONVERSION: 1.5, CLASSICAL_FILL: -0.1, PASTE_BACK: 0.7, HISTOGRAM_MATCHED: 20.0}


def measured(arms: dict[str, float], whole: float = 23.9) -> Measurements:
    """Originals read 10 months too high; each arm adds its months to that, on average over the patients."""
    original = AGE + 10
    edits = np.repeat((original + whole + JITTER)[:, None], REPEATS, axis=1)
    made = table(originals={"bone_age": original}, edits={"bone_age": edits}, references={"bone_age": AGE})
    more = [made.rows]
    for arm, months in arms.items():
        source = made.rows[made.rows["arm"] == (ORIGINAL if arm in (GEOMETRY, CONVERSION, CLASSICAL_FILL) else EDITED)]
        base = original + JITTER if len(source) == N else np.repeat(original + JITTER, REPEATS)
        more.append(source.assign(arm=arm, value=base + months))
    return replace(made, rows=pd.concat(more, ignore_index=True))


def test_every_arm_is_a_row_of_one_estimand():
    rows = {entry.arm: entry for entry in attribution(measured(ADDED), CARD)}
    assert list(rows) == [
        EDITED, GEOMETRY, CONVERSION, PASTE_BACK, CLASSICAL_FILL, HISTOGRAM_MATCHED, "recalibrated_linear",
    ]  # fmt: skip
    for arm, months in ADDED.items():
        assert rows[arm].estimate.value == pytest.approx(months), arm
        assert rows[arm].estimate.n_missing == 0
    assert rows[GEOMETRY].estimate.n_edits == N, "one image a case, whatever the repeats"
    assert "squash:64" in rows[GEOMETRY].meaning
    assert "8bit+rgb+squash:64" in rows[CONVERSION].meaning


def test_the_sentence_sums_to_the_whole():
    sentence = causes(attribution(measured(ADDED), CARD))
    assert sentence == (
        "Of MAE drift +23.9 months, +0.4 come from geometry, +1.1 come from gray conversion and +22.4 from the tool "
        "itself; paste-back leaves +0.7; a classical fill of the same mask makes -0.1."
    )
    whole, *parts = (float(x) for x in re.findall(r"[+-]\d+\.\d", sentence.partition(";")[0]))
    assert sum(parts) == pytest.approx(whole)


def test_a_tool_without_geometry_has_nothing_to_share_the_blame_with():
    entries = attribution(measured({PASTE_BACK: 0.7}), EditorCard("tool", "1", "a tool"))
    assert causes(entries).startswith(
        "MAE drift +23.9 months, none of it from geometry or gray conversion; paste-back leaves +0.7."
    )


def test_edits_that_never_came_back_have_no_causes():
    made = measured({GEOMETRY: 0.4})
    lost = replace(made, rows=made.rows[made.rows["arm"] != EDITED], edits=made.edits.assign(status="failed"))
    assert causes(attribution(lost, CARD)) == ""


def test_missing_edits_do_not_touch_the_arms_that_ask_no_tool():
    made = measured({GEOMETRY: 0.4})
    gone = (made.rows["arm"] == EDITED) & (made.rows["case"] == "c0003")
    edits = made.edits.assign(status=np.where(made.edits["case"] == "c0003", "failed", "ok"))
    rows = {e.arm: e.estimate for e in attribution(replace(made, rows=made.rows[~gone], edits=edits), CARD)}
    assert rows[EDITED].n_missing == REPEATS
    assert rows[GEOMETRY].n_missing == 0
    assert rows[GEOMETRY].value == pytest.approx(0.4)

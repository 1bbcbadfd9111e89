"""The table of arXiv 2511.23066 for any run: ``python -m docs.paper_table reports/RUN``.

Three columns a tool: the paper's figures, the run analysed as the paper did, and as this harness does. The paper's
way takes 600 edits for 600 patients and scores a calibration on the cases that it was fitted on; it is shown so that
figures can be held against the published ones, and decides nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from editproof import auc, image_metric, label_change_rate, label_flip_rate, mae, recalibrated, repeat_sd
from editproof.evidence.bundle import loaded
from editproof.evidence.measurements import EDITED, HISTOGRAM_MATCHED, IMAGE, ORIGINAL, PASTE_BACK
from editproof.evidence.record import EditorEvidence
from editproof.types import Estimate
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, roc_auc_score

Row = tuple[str, str, str, str]


def rows(editor: EditorEvidence) -> Iterator[Row]:
    """Quantity, the paper's figure, the run in the paper's way, and ours with its 95 % interval."""
    m = editor.measurements
    age, sex = m.reference("bone_age"), m.reference("sex")
    before, months = m.matrix("bone_age", ORIGINAL)[:, 0], m.matrix("bone_age")
    chance = m.matrix("sex")
    known = ~np.isnan(months)
    ages, sexes = (np.broadcast_to(column[:, None], months.shape)[known] for column in (age, sex))
    line = LinearRegression().fit(months[known][:, None], ages).predict(months[known][:, None])
    yield _both(
        "bone-age MAE, originals, months",
        "6.26",
        mean_absolute_error(age, before),
        mae("bone_age", arm=ORIGINAL).estimate(m, 0.95),
    )
    yield _both(
        "bone-age MAE, edits, months",
        "30.11",
        mean_absolute_error(ages, months[known]),
        mae("bone_age").estimate(m, 0.95),
    )
    yield _both(
        "bone-age MAE, edits, after linear calibration, months",
        "19.55",
        mean_absolute_error(ages, line),
        recalibrated(mae("bone_age"), "linear").estimate(m, 0.95),
    )
    original = auc("sex", arm=ORIGINAL).estimate(m, 0.95)
    yield _both("sex AUC, originals", "0.955", roc_auc_score(sex, m.matrix("sex", ORIGINAL)[:, 0]), original, 3)
    yield _both("sex AUC, edits", "0.704", roc_auc_score(sexes, chance[known]), auc("sex").estimate(m, 0.95), 3)
    for arm, words, published in ((ORIGINAL, "originals", "23.05"), (EDITED, "edits", "31.91")):
        spread = image_metric("sd:whole", worst=255.0, unchanged=-1.0, arm=arm, missing="complete_case")
        found = np.nanmean(m.matrix("sd:whole", arm, IMAGE))
        yield _both(f"SD of pixel intensities, {words}", published, found, spread.estimate(m, 0.95))
    deviation = float(np.nanmean(np.nanstd(months, axis=1, ddof=1)))
    yield _both(
        "SD of bone age over repeats, months (ours: root mean square)",
        "8.77",
        deviation,
        repeat_sd("bone_age").estimate(m, 0.95),
    )
    male = chance > 0.5
    flips = float((male.any(1) & ~male.all(1)).mean())
    yield _both(
        "patients whose sex changes between repeats", "0.295", flips, label_flip_rate("sex").estimate(m, 0.95), 3
    )
    yield _both(
        "edits read as of another sex than their original",
        "–",
        None,
        label_change_rate("sex", per="edit").estimate(m, 0.95),
        3,
    )
    call, truth = np.broadcast_to(m.matrix("sex", ORIGINAL)[:, :1] > 0.5, male.shape), sex[:, None] > 0.5
    changed = known & (male != call)
    for calls, words in ((call, "of these, right before the edit"), (male, "of these, right after it")):
        yield words, "–", f"{(calls == truth)[changed].mean():.3f}" if changed.any() else "–", "–"
    for arm, words in ((HISTOGRAM_MATCHED, "histogram matching"), (PASTE_BACK, "paste-back into the mask")):
        if (m.rows["arm"] == arm).any():
            yield _both(f"bone-age MAE after {words}, months", "–", None, mae("bone_age", arm=arm).estimate(m, 0.95))


def _both(name: str, paper: str, theirs: float | None, ours: Estimate, decimals: int = 2) -> Row:
    as_they_did = "–" if theirs is None else f"{theirs:.{decimals}f}"
    if ours.value is None:
        return name, paper, as_they_did, ours.reason or "no estimate"
    value, low, high = (f"{x:.{decimals}f}" for x in (ours.value, ours.low, ours.high))
    return name, paper, as_they_did, value if low == high else f"{value} [{low}, {high}]"


def main() -> None:
    """Print the tables of a run."""
    evidence = loaded(Path(sys.argv[1]))
    for editor in evidence.editors:
        print(f"\n| {editor.card.name} on {evidence.dataset.name} | paper, gpt-image-1 | its analysis | ours |")
        print("|---|---|---|---|")
        for row in rows(editor):
            print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

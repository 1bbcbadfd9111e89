"""A run in the quantities of arXiv 2511.23066: ``python docs/side_by_side.py reports/RUN``.

Point estimates for reading beside the paper's; verdicts with their intervals stand in the report.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from harness.bundle import loaded
from harness.evidence import EditorEvidence
from harness.measurements import HISTOGRAM_MATCHED, IMAGE, ORIGINAL, PASTE_BACK


def rows(editor: EditorEvidence) -> dict[str, str]:
    """The paper's quantities for one tool, in words."""
    measured = editor.measurements
    age, sex = measured.reference("bone_age"), measured.reference("sex")
    before, months = measured.matrix("bone_age", ORIGINAL)[:, 0], measured.matrix("bone_age")
    chance_before, chance = measured.matrix("sex", ORIGINAL)[:, 0], measured.matrix("sex")
    spread = [measured.matrix("sd:whole", arm, IMAGE).mean() for arm in (ORIGINAL, "edited")]
    male = chance > 0.5
    arms = {row.arm: row.estimate.value for row in editor.attribution}
    return {
        "bone-age MAE, months": f"{np.abs(before - age).mean():.2f} → {np.abs(months - age[:, None]).mean():.2f}",
        "bone-age bias, months": f"{(before - age).mean():+.2f} → {(months - age[:, None]).mean():+.2f}",
        "sex AUC": f"{roc_auc_score(sex, chance_before):.3f} → "
        f"{np.mean([roc_auc_score(sex, column) for column in chance.T]):.3f} (mean of repeats)",
        "SD of pixel intensities": f"{spread[0]:.1f} → {spread[1]:.1f}",
        "SD of bone age over repeats, months": f"{months.std(axis=1, ddof=1).mean():.2f}",
        "patients whose predicted sex changes between repeats": f"{100 * (male.any(1) & ~male.all(1)).mean():.1f} %",
        "MAE drift after linear recalibration, months": _drift(arms.get("recalibrated_linear")),
        "MAE drift after histogram matching, months": _drift(arms.get(HISTOGRAM_MATCHED)),
        "MAE drift after paste-back into the mask, months": _drift(arms.get(PASTE_BACK)),
    }


def _drift(value: float | None) -> str:
    return "no estimate" if value is None else f"{value:+.2f}"


if __name__ == "__main__":
    evidence = loaded(Path(sys.argv[1]))
    columns = {editor.card.name: rows(editor) for editor in evidence.editors}
    print(f"| {evidence.dataset.name} | {' | '.join(columns)} |")
    print("|---|" + "---|" * len(columns))
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(column[name] for column in columns.values())} |")

"""How good automatic masks are where the truth is exact: on phantoms. ``python -m bench.masks [N]``, default 200.

Hand: Dice and intersection over union with the drawn anatomy. Edit mask: the share of artefact pixels that it covers
(recall), the share of its pixels that are within four pixels of an artefact (precision), the share of cases whose
markers are covered by at least half, and how much of the anatomy it would let a tool change.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from editproof.datasets.masks.hand import artefact_mask, hand_mask
from editproof.phantoms.phantom import cohort


def measured(n: int) -> dict[str, list[dict[str, float]]]:
    """One row of figures for each phantom, those with borders (collimation, frame) apart."""
    cases = cohort(n, 77, stream="test")
    rows: dict[str, list[dict[str, float]]] = {"markers alone": [], "markers and borders": []}
    for case, spec in zip(cases, cases.specs, strict=True):
        pixels = case.decode()
        hand = hand_mask(pixels.image)
        edit = artefact_mask(pixels.image, hand)
        both, either = np.count_nonzero(hand & pixels.protected_mask), np.count_nonzero(hand | pixels.protected_mask)
        near = cv2.dilate(pixels.edit_mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        recall = np.count_nonzero(edit & pixels.edit_mask) / max(np.count_nonzero(pixels.edit_mask), 1)
        rows["markers and borders" if spec.borders else "markers alone"].append(
            {
                "hand Dice": 2 * both / (both + either),
                "hand IoU": both / either,
                "artefact recall": recall,
                "artefact precision": np.count_nonzero(edit & near) / edit.sum() if edit.any() else np.nan,
                "half covered": float(recall >= 0.5),
                "anatomy editable": np.count_nonzero(edit & pixels.protected_mask) / pixels.protected_mask.sum(),
            }
        )
    return rows


def main(n: int) -> None:
    """Print the table."""
    print("| phantoms | figure | mean | median | 5 % | worst |\n|---|---|---|---|---|---|")
    for kind, rows in measured(n).items():
        for name in rows[0]:
            values = np.array([row[name] for row in rows])
            values = values[np.isfinite(values)]
            harm = name == "anatomy editable"
            low, worst = np.percentile(values, 95 if harm else 5), values.max() if harm else values.min()
            figures = " | ".join(f"{value:.3f}" for value in (values.mean(), np.median(values), low, worst))
            print(f"| {kind}, n = {len(values)} | {name} | {figures} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

"""The edits that a reader sees: the worst, the median and the best of each tool, chosen by rule and not by hand."""

from __future__ import annotations

import cv2
import numpy as np

from harness.datasets.checks import decoded
from harness.evidence import Exhibit
from harness.measurements import EDITED, ORIGINAL, POOLED, Measurements
from harness.study import Bench
from harness.types import JSON, Dataset

LONGEST_SIDE = 480
"""Pixels of the longer side of an exhibit; larger radiographs are reduced for the page."""

RANKS = (("worst", 0.0, 3), ("median", 0.5, 1), ("best", 1.0, 1))
"""Name, position in the order of falling change, and number of exhibits of each rank."""


def exhibits(dataset: Dataset, bench: Bench, measured: Measurements) -> tuple[Exhibit, ...]:
    """Exhibits of one tool, ranked by the absolute change of the first continuous reading; at most one a case.

    Empty where no edit came back.
    """
    readings = _readings(measured)
    if not readings:
        return ()
    first = next((name for name, unit in readings.items() if unit != "probability"), next(iter(readings)))
    before = {name: measured.matrix(name, ORIGINAL) for name in readings}
    after = {name: measured.matrix(name) for name in readings}
    change = np.abs(after[first] - before[first])
    returned = [int(row) for row in np.flatnonzero(np.isfinite(change).any(axis=1))]
    worst_repeat = [int(repeat) for repeat in np.where(np.isfinite(change), change, -1).argmax(axis=1)]
    order = sorted(returned, key=lambda row: (-change[row, worst_repeat[row]], row))
    cases = {case.case_id: case for case in dataset}
    shown: dict[int, str] = {}
    for rank, position, count in RANKS:
        start = round(position * max(0, len(order) - count))
        for row in order[start : start + count]:
            shown.setdefault(row, rank)
    chosen = []
    for row, rank in shown.items():
        case, repeat = cases[measured.cases["case"].iloc[row]], worst_repeat[row]
        pixels = decoded(case)
        outcome = bench.edit(case, pixels, repeat)
        if outcome.image is None:
            continue
        images = {
            "original": pixels.image,
            "edited": outcome.image,
            "edit_mask": pixels.edit_mask.astype(np.uint8) * 255,
            "protected_mask": pixels.protected_mask.astype(np.uint8) * 255,
        }
        chosen.append(
            Exhibit(
                case.case_id,
                repeat,
                rank,
                {
                    name: {
                        "reference": _number(case.reference.get(name)),
                        "original": float(before[name][row, 0]),
                        "edited": float(after[name][row, repeat]),
                        "unit": unit,
                    }
                    for name, unit in readings.items()
                },
                {role: png(image) for role, image in images.items()},
            )
        )
    return tuple(chosen)


def png(image: np.ndarray) -> bytes:
    """An 8-bit PNG of an image or mask, reduced to ``LONGEST_SIDE``; 16-bit is scaled by 257."""
    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    scale = LONGEST_SIDE / max(image.shape)
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())


def _readings(measured: Measurements) -> dict[str, str]:
    rows = measured.rows[(measured.rows["instrument"] == POOLED) & (measured.rows["arm"] == EDITED)]
    return {str(name): measured.unit(str(name)) for name in rows["quantity"].unique()}


def _number(value: float | None) -> JSON:
    return None if value is None else float(value)

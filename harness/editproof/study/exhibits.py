"""The pictures of the edits that a reader is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.datasets.checks import decoded_case
from editproof.evidence.facts import Pictures
from editproof.evidence.findings import Exhibit
from editproof.evidence.patches import PATCHES, levels_of
from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.colour import bgr
from editproof.imaging.output import in_frame
from editproof.imaging.png import PNG_FAST
from editproof.imaging.sheets import most_changed, sheet_of, window_of
from editproof.metrics.patches import crossings
from editproof.study.bench import Bench
from editproof.types import Case, Dataset, Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image

LONGEST_SIDE = 480
"""Pixels of the longer side of an exhibit; larger radiographs are reduced for the page."""


def exhibit_pictures(dataset: Dataset, bench: Bench, exhibits: Iterable[Exhibit]) -> tuple[Pictures, ...]:
    """The pictures of one tool's exhibits, in their order."""
    cases = {case.case_id: case for case in dataset}
    return tuple(
        Pictures(exhibit.case, exhibit.repeat, _pictures(bench, cases[exhibit.case], exhibit.repeat))
        for exhibit in exhibits
    )


def _pictures(bench: Bench, case: Case, repeat: int) -> dict[str, bytes]:
    pixels = decoded_case(case)
    outcome = bench.edit(case, pixels, repeat)
    if outcome.image is None:
        return {}
    if axes_of(pixels.image.shape) == ZYX:
        return {role: exhibit_png(sheet) for role, sheet in sheets_of(pixels, outcome.image, case.spacing_mm).items()}
    edited = in_frame(outcome.image, pixels.image.shape)
    images = {
        "original": pixels.image,
        "edited": edited,
        "edit_mask": pixels.edit_mask.astype(np.uint8) * 255,
        "protected_mask": pixels.protected_mask.astype(np.uint8) * 255,
    }
    shown = {role: exhibit_png(image) for role, image in images.items()}
    return {**shown, PATCHES: patches_png(crossings(pixels.image, edited))}


def sheets_of(pixels: Pixels, edited: Image, spacing_mm: tuple[float, ...] | None) -> dict[str, np.ndarray]:
    """Three orthogonal planes of a volume, of its edit and of its masks, through the place where most changed."""
    place, window = most_changed(pixels.image, edited), window_of(pixels.image)
    shown = {"original": pixels.image, "edited": edited}
    masks = {"edit_mask": pixels.edit_mask, "protected_mask": pixels.protected_mask}
    sheets = {role: sheet_of(volume, place, window, spacing_mm) for role, volume in shown.items()}
    return sheets | {role: sheet_of(mask, place, (0.0, 1.0), spacing_mm) for role, mask in masks.items()}


def patches_png(found: NDArray[np.float64]) -> bytes:
    """A PNG with one pixel for each cell of a map of patches."""
    return bytes(cv2.imencode(".png", levels_of(found), PNG_FAST)[1].tobytes())


def exhibit_png(image: np.ndarray) -> bytes:
    """An 8-bit PNG of an image or mask, reduced to ``LONGEST_SIDE``; 16-bit is scaled by 257."""
    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    scale = LONGEST_SIDE / max(image.shape)
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", bgr(image), PNG_FAST)[1].tobytes())

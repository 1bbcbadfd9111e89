"""The pictures of the edits that a reader is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from editproof.core.digests import read_only
from editproof.datasets.checks import decoded_case
from editproof.evidence.drawn import DRAWN, FULL, MOST_STRUCTURES, NEAR
from editproof.evidence.facts import Extent, Pictures
from editproof.evidence.findings import Exhibit
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.evidence.patches import PATCHES, levels_of
from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.colour import bgr
from editproof.imaging.crops import crop_at
from editproof.imaging.output import in_frame, mask_in_frame
from editproof.imaging.png import PNG_FAST
from editproof.imaging.sheets import gray_of, most_changed, sheet_of, window_of
from editproof.metrics.patches import crossings
from editproof.study.bench import Bench
from editproof.types import Case, Dataset, Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image

LONGEST_SIDE = 480
"""Pixels of the longer side of an exhibit; larger radiographs are reduced for the page."""
NEAR_SIDE = 128
"""Pixels of either side of the crop at native resolution; both of an exhibit take some 25 KB of the page."""
FULL_SIZE_BUDGET = 32 * 2**20
"""Bytes of the files with every pixel that a tool's exhibits may take in the bundle, in their order."""


def exhibit_pictures(dataset: Dataset, bench: Bench, exhibits: Iterable[Exhibit]) -> tuple[Pictures, ...]:
    """The pictures of one tool's exhibits, in their order."""
    cases = {case.case_id: case for case in dataset}
    made, left = [], FULL_SIZE_BUDGET
    for exhibit in exhibits:
        kept = _pictures(bench, cases[exhibit.case], exhibit.repeat)
        size = sum(len(kept.images.get(role, b"")) for role in FULL.values())
        if size > left:
            images = {role: png for role, png in kept.images.items() if role not in FULL.values()}
            kept, size = replace(kept, images=images), 0
        left -= size
        made.append(kept)
    return tuple(made)


def _pictures(bench: Bench, case: Case, repeat: int) -> Pictures:
    pixels = decoded_case(case)
    outcome = bench.edit(case, pixels, repeat)
    bare = Pictures(case.case_id, repeat)
    if outcome.image is None:
        return bare
    drawn = list(bench.drawn(case, {(ORIGINAL, 0): read_only(pixels.image), (EDITED, repeat): outcome.image}))
    if axes_of(pixels.image.shape) == ZYX:
        place, spacing = most_changed(pixels.image, outcome.image), case.spacing_mm
        flat = [(arm, structure, sheet_of(mask, place, (0.0, 1.0), spacing)) for arm, structure, mask in drawn]
        sheets = sheets_of(pixels, outcome.image, spacing)
        shown = {role: exhibit_png(sheet) for role, sheet in sheets.items()} | contours_of(flat)
        step = (min(spacing),) * 2 if spacing else None
        window, slice_ = window_of(pixels.image), place[0]
        planes = [gray_of(volume[slice_], window) for volume in (pixels.image, outcome.image)]
        close, extent = near(planes[0], planes[1], pixels.edit_mask[slice_], spacing[1:] if spacing else None)
        shape = sheets["original"].shape[:2]
        return replace(
            bare,
            images=shown | close | full_size(sheets["original"], sheets["edited"]),
            whole=Extent((0, 0), shape, step),
            near=replace(extent, place=(slice_, *extent.place)),
        )
    edited = in_frame(outcome.image, pixels.image.shape)
    images = {
        "original": pixels.image,
        "edited": edited,
        "edit_mask": pixels.edit_mask.astype(np.uint8) * 255,
        "protected_mask": pixels.protected_mask.astype(np.uint8) * 255,
    }
    shown = {role: exhibit_png(image) for role, image in images.items()}
    frame = pixels.edit_mask.shape
    framed = [(arm, structure, mask_in_frame(mask, frame) * np.uint8(255)) for arm, structure, mask in drawn]
    close, extent = near(pixels.image, edited, pixels.edit_mask, case.spacing_mm)
    patches = {PATCHES: patches_png(crossings(pixels.image, edited))}
    return replace(
        bare,
        images={**shown, **patches, **contours_of(framed), **close, **full_size(pixels.image, edited)},
        whole=Extent((0, 0), frame, case.spacing_mm),
        near=extent,
    )


def near(
    original: NDArray[Any], edited: NDArray[Any], edit_mask: NDArray[Any], spacing_mm: tuple[float, ...] | None
) -> tuple[dict[str, bytes], Extent]:
    """The place that changed most at native pixels, by role, and where it is."""
    crop, outside = crop_at(original, edited, edit_mask, NEAR_SIDE)
    down, across = crop
    images = {NEAR[ORIGINAL]: exhibit_png(original[crop]), NEAR[EDITED]: exhibit_png(edited[crop])}
    shape = down.stop - down.start, across.stop - across.start
    return images, Extent((down.start, across.start), shape, spacing_mm, outside)


def full_size(original: NDArray[Any], edited: NDArray[Any]) -> dict[str, bytes]:
    """Both images with every pixel and level, by role; nothing where a picture of ``LONGEST_SIDE`` is that already."""
    if max(original.shape[:2]) <= LONGEST_SIDE and original.dtype == np.uint8:
        return {}
    both = {FULL[ORIGINAL]: original, FULL[EDITED]: edited}
    return {role: bytes(cv2.imencode(".png", bgr(image), PNG_FAST)[1].tobytes()) for role, image in both.items()}


def contours_of(drawn: Iterable[tuple[str, str, NDArray[np.uint8]]]) -> dict[str, bytes]:
    """What was drawn on the original and on the edit as PNG by role: bit k of a pixel is the structure of that place.

    Structures are in the order of their names, the first :data:`MOST_STRUCTURES` of them.
    """
    masks = {(arm, structure): mask for arm, structure, mask in drawn}
    names = sorted({structure for _, structure in masks})[:MOST_STRUCTURES]
    found: dict[str, NDArray[np.uint8]] = {}
    for (arm, structure), mask in masks.items():
        if structure in names:
            bit = np.where(reduced(mask) > 127, np.uint8(1 << names.index(structure)), np.uint8(0))
            found[DRAWN[arm]] = found.get(DRAWN[arm], np.uint8(0)) | bit
    return {role: bytes(cv2.imencode(".png", bits, PNG_FAST)[1].tobytes()) for role, bits in found.items()}


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
    return bytes(cv2.imencode(".png", bgr(reduced(image)), PNG_FAST)[1].tobytes())


def reduced(image: np.ndarray) -> np.ndarray:
    """An image or mask with at most ``LONGEST_SIDE`` pixels along its longer side."""
    scale = LONGEST_SIDE / max(image.shape)
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

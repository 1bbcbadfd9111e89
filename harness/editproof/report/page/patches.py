"""The map of patches of an exhibit: the edit, small, with the patches that do not follow their original in red."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup
from PIL import Image

from editproof.evidence.patches import PATCH_LIMIT, PATCHES, crossings_of
from editproof.report.page.drawn import edges
from editproof.report.page.pictures import data_uri, decoded_picture
from editproof.report.text.wording import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST: Final = 200
"""Pixels of the longer side on the page."""
_GRAYS: Final = 24
_RED: Final = (214, 24, 24)


@dataclass(frozen=True)
class PatchPicture:
    """The picture as a data URI.

    Attributes
    ----------
    words : str
        How many patches are marked, of how many, and where.
    """

    uri: Markup
    width: int
    height: int
    words: str


def patch_picture(images: Mapping[str, bytes]) -> PatchPicture | None:
    """The map of patches of an exhibit; None where it has none, as a volume has."""
    edited, levels = decoded_picture(images.get("edited")), decoded_picture(images.get(PATCHES))
    if edited is None or levels is None or levels.ndim != 2:
        return None
    found = crossings_of(levels)
    marked = np.nan_to_num(found, nan=1.0) < PATCH_LIMIT
    picture = Image.fromarray(edited).convert("L")
    scale = min(1.0, LONGEST / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    gray = np.asarray(picture.resize((width, height), Image.Resampling.BOX)).astype(int) * _GRAYS // 256
    red = marked[_cell_of(height, len(found))][:, _cell_of(width, found.shape[1])]
    shown = Image.fromarray((gray + np.where(red, _GRAYS, 0) + np.where(edges(red), _GRAYS, 0)).astype(np.uint8))
    shown = shown.convert("P")
    shown.putpalette(_palette())
    return PatchPicture(data_uri(shown), width, height, _words(found, marked, decoded_picture(images.get("edit_mask"))))


def _words(found: NDArray[np.float64], marked: NDArray[np.bool_], mask: NDArray[np.uint8] | None) -> str:
    compared = int(np.isfinite(found).sum())
    if not compared:
        return "Every patch is flat in the original and in the edit, so that none can be compared."
    flat = found.size - compared
    beside = f" {counted(flat, 'flat patch', 'flat patches')} left out." if flat else ""
    if not marked.any():
        return f"None of {counted(compared, 'patch', 'patches')} stops following the original in coarse detail.{beside}"
    outside = ""
    if mask is not None and mask.any():
        alone = int((marked & ~_held(mask, found.shape)).sum())
        outside = f", {alone} of them outside the edit mask"
    return (
        f"Red: {marked.sum()} of {counted(compared, 'patch', 'patches')}{outside}, in which the edit follows its "
        f"original in coarse detail at most.{beside}"
    )


def _held(mask: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The cells whose patch, which reaches half a cell beyond, holds a pixel of a mask."""
    halves = np.zeros([2 * cells + 2 for cells in shape], dtype=bool)  # and one around
    rows, columns = np.nonzero(mask)
    down, across = (_cell_of(length, 2 * cells) for length, cells in zip(mask.shape, shape, strict=True))
    halves[1 + down[rows], 1 + across[columns]] = True
    return np.asarray(np.lib.stride_tricks.sliding_window_view(halves, (4, 4))[::2, ::2].any(axis=(2, 3)))


def _cell_of(length: int, cells: int) -> NDArray[np.intp]:
    """The cell of each row or column of a picture."""
    return (np.arange(length) * cells) // length


def _palette() -> list[int]:
    """Grays, the same under a red glaze, and red."""
    gray = np.linspace(0, 255, _GRAYS)[:, None].repeat(3, axis=1)
    red = np.array(_RED)[None].repeat(_GRAYS, axis=0)
    return [int(level) for level in np.rint(np.vstack([gray, 0.6 * gray + 0.4 * red, red])).ravel()]

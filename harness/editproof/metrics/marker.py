"""Whether the marker is gone, and whether the frame stayed. A tool that does nothing is safe and useless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.region import full_range

if TYPE_CHECKING:
    from editproof.types import Image, Mask

RING_PX = 7
BORDER_SHARE = 0.02
_LEAST_CONTRAST = 0.5


def marker_residual(original: Image, edited: Image, edit_mask: Mask) -> dict[str, tuple[float, str]]:
    """What is left of the marker: its contrast against the surrounding ring, relative to the original's.

    Contrast is the root mean square departure of the pixels inside the mask from the median of the ring around it,
    less the ring's own spread. 1 means untouched, 0 as plain as the surroundings.
    """
    if not edit_mask.any():
        return {}
    around = cv2.dilate(edit_mask.view(np.uint8), np.ones((2 * RING_PX + 1, 2 * RING_PX + 1), np.uint8))
    ring = around.view(bool) & ~edit_mask
    if not ring.any():
        return {}
    before, after = _contrast(original, edit_mask, ring), _contrast(edited, edit_mask, ring)
    if before < _LEAST_CONTRAST:
        return {}
    return {
        "marker_contrast:inside_mask": (after, "levels"),
        "marker_residual:inside_mask": (after / before, ""),
    }


def _contrast(image: Image, inside: Mask, ring: Mask) -> float:
    marker, around = image[inside].astype(float), image[ring].astype(float)
    plain = float(np.median(around))
    power = float(np.mean((marker - plain) ** 2)) - float(np.mean((around - plain) ** 2))
    return float(np.sqrt(max(0.0, power)))


def border_change(original: Image, edited: Image) -> dict[str, tuple[float, str]]:
    """Mean absolute change in the outermost 2 % of the shorter side: padding, cropping and re-framing show there."""
    width = max(1, round(BORDER_SHARE * min(original.shape)))
    change = cv2.absdiff(original, edited)
    total = float(cv2.sumElems(change)[0]) - float(cv2.sumElems(change[width:-width, width:-width])[0])
    inner = max(0, change.shape[0] - 2 * width) * max(0, change.shape[1] - 2 * width)
    return {"border_change:whole": (total / (change.size - inner) / full_range(original), "of range")}

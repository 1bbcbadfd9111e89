"""How much changed where most did: the worst patch of anatomy. A mean over the frame hides a fingertip.

The figures behind the three constants are in ``docs/metrics.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from editproof.imaging.axes import YX, YXC
from editproof.imaging.region import PROTECTED, box_of, full_range
from editproof.metrics.colour import of_most_changed
from editproof.metrics.metric import MetricOutput, metric
from editproof.metrics.pair import shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.region import Box
    from editproof.metrics.pair import Pair, Picture
    from editproof.types import Mask

CLEARLY = 0.05
"""Change of one pixel, as a share of the intensity range, beyond what noise and mild compression do."""
PATCH_MM = 4.0
"""Side of a patch where the cohort knows its pixel spacing."""
PATCH_SHARE = 1 / 40
"""Side of a patch elsewhere, as a share of the longer side of the anatomy: 4.5 mm of a hand of 18 cm."""
LEAST_PX = 8
"""Least side of a patch: a block of JPEG, within which errors of compression balance out."""


class _Anatomy(NamedTuple):
    """Where a tool may change nothing, cut to its bounding box, and how many such pixels are about each of them."""

    box: Box
    inside: Mask
    patch: tuple[int, int]
    pixels: NDArray[np.float32]


@metric(MetricOutput("worst_patch", unit="", unchanged=0.0, regions=(PROTECTED,)), axes=(YX, YXC))
@of_most_changed
def worst_patch(pair: Pair) -> dict[str, float]:
    """Largest share of pixels changed by more than 5 % of range, in any patch of anatomy outside the edit mask.

    A patch is a square about any pixel of the anatomy. Pixels around the anatomy do not count, nor do those that the
    tool may change; a patch that lies half outside is taken to hold half of its pixels at least.
    """
    anatomy = _anatomy(pair.before)
    if anatomy is None:
        return {}
    changed = (pair.change[anatomy.box] > int(CLEARLY * full_range(pair.original))) & anatomy.inside
    box = box_of(changed)
    if box is None:
        return {"worst_patch:protected": 0.0}
    about = tuple(
        slice(max(0, part.start - side), part.stop + side) for part, side in zip(box, anatomy.patch, strict=True)
    )
    shares = pixels_about(changed[about], anatomy.patch) / anatomy.pixels[about]
    most = cv2.minMaxLoc(shares, anatomy.inside[about].view(np.uint8))[1]
    return {"worst_patch:protected": min(1.0, float(most))}


@shared
def _anatomy(original: Picture) -> _Anatomy | None:
    """The anatomy that is to stay as it is; None where there is none."""
    inside = original.protected_mask & ~original.edit_mask
    box = box_of(inside)
    if box is None:
        return None
    inside = inside[box]
    if original.spacing_mm:
        sides = [PATCH_MM / spacing for spacing in original.spacing_mm]
    else:
        sides = [PATCH_SHARE * max(inside.shape)] * 2
    patch = max(LEAST_PX, round(sides[0])), max(LEAST_PX, round(sides[1]))
    return _Anatomy(box, inside, patch, np.maximum(pixels_about(inside, patch), patch[0] * patch[1] / 2))


def pixels_about(where: Mask, patch: tuple[int, int]) -> NDArray[np.float32]:
    """Number of True pixels in the patch about each pixel, of a mask of shape (H, W); beyond the mask there is none."""
    counted = cv2.boxFilter(
        where.view(np.uint8), cv2.CV_32F, patch[::-1], normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(counted, dtype=np.float32)

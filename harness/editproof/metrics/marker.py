"""Whether the marker is gone, and whether the frame stayed. A tool that does nothing is safe and useless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import YX, YXC
from editproof.imaging.region import INSIDE, WHOLE, full_range
from editproof.metrics.colour import of_most_changed, worst_channel
from editproof.metrics.metric import MetricOutput, metric
from editproof.metrics.pair import shared

if TYPE_CHECKING:
    from editproof.metrics.pair import Pair, Picture
    from editproof.types import Image, Mask

RING_PX = 7
BORDER_SHARE = 0.02
_LEAST_CONTRAST = 0.5


@metric(MetricOutput("border_change", unit="of range", unchanged=0.0, regions=(WHOLE,)), axes=(YX, YXC))
@of_most_changed
def border_changes(pair: Pair) -> dict[str, float]:
    """Mean absolute change in the outermost 2 % of the shorter side: padding, cropping and re-framing show there."""
    change = pair.change
    width = max(1, round(BORDER_SHARE * min(change.shape)))
    total = float(cv2.sumElems(change)[0]) - float(cv2.sumElems(change[width:-width, width:-width])[0])
    inner = max(0, change.shape[0] - 2 * width) * max(0, change.shape[1] - 2 * width)
    return {"border_change:whole": total / (change.size - inner) / full_range(pair.original)}


@metric(
    MetricOutput("marker_contrast", unit="levels", regions=(INSIDE,)),
    MetricOutput("marker_residual", unit="", unchanged=1.0, regions=(INSIDE,)),
    axes=(YX, YXC),
)
@worst_channel()
def marker_left(pair: Pair) -> dict[str, float]:
    """What is left of the marker: its contrast against the surrounding ring, relative to the original's.

    Contrast is the root mean square departure of the pixels inside the mask from the median of the ring around it,
    less the ring's own spread. 1 means untouched, 0 as plain as the surroundings.
    """
    before = _contrast_before(pair.before)
    if before < _LEAST_CONTRAST:
        return {}
    after = _contrast(pair.edited, pair.edit_mask, _ring(pair.before))
    return {"marker_contrast:inside_mask": after, "marker_residual:inside_mask": after / before}


@shared
def _contrast_before(original: Picture) -> float:
    """Contrast of the original's marker; 0 where there is nothing inside the mask or nothing around it."""
    ring = _ring(original)
    return _contrast(original.image, original.edit_mask, ring) if ring.any() else 0.0


@shared
def _ring(original: Picture) -> Mask:
    """The pixels around the edit mask; none around an empty one."""
    inside = original.edit_mask
    around = cv2.dilate(inside.view(np.uint8), np.ones((2 * RING_PX + 1, 2 * RING_PX + 1), np.uint8))
    return np.asarray(around.view(bool) & ~inside)


def _contrast(image: Image, inside: Mask, ring: Mask) -> float:
    marker, around = image[inside].astype(float), image[ring].astype(float)
    plain = float(np.median(around))
    power = float(np.mean((marker - plain) ** 2)) - float(np.mean((around - plain) ** 2))
    return float(np.sqrt(max(0.0, power)))

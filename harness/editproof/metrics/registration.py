"""Whether the anatomy moved: rotation, scale and shift between original and edit.

A tool that straightens a tilted hand changes what is measured on it, however good the picture looks.

References
----------
Reddy BS, Chatterji BN. An FFT-based technique for translation, rotation, and scale-invariant image registration.
*IEEE Trans Image Process* 1996;5:1266-1271.
Evangelidis GD, Psarakis EZ. Parametric image alignment using enhanced correlation coefficient maximization. *IEEE
Trans Pattern Anal Mach Intell* 2008;30:1858-1865.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from editproof.imaging.axes import YX, YXC
from editproof.imaging.region import PROTECTED
from editproof.metrics.colour import of_luma
from editproof.metrics.metric import MetricOutput, metric
from editproof.metrics.pair import shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.metrics.pair import Pair, Picture

WORKING_SIDE = 160
_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-6)


@metric(
    MetricOutput("rotation", unit="degrees", unchanged=0.0, regions=(PROTECTED,)),
    MetricOutput("scale_change", unit="", unchanged=0.0, regions=(PROTECTED,)),
    MetricOutput("shift", unit="of longer side", unchanged=0.0, regions=(PROTECTED,)),
    MetricOutput("alignment", unit="", unchanged=1.0, regions=(PROTECTED,)),
    axes=(YX, YXC),
)
@of_luma
def movement(pair: Pair) -> dict[str, float]:
    """Rotation (degrees), scale (ratio less 1) and shift (share of the longer side) of the anatomy, as sizes.

    Estimated by ECC over the protected region (the whole image where that is empty) on reduced copies. Where the
    images are too unlike to be aligned, nothing is returned: unlikeness is for other metrics to say.
    """
    if not pair.change.any():
        return _named(0.0, 0.0, 0.0, 1.0)
    first, second, weight = _reduced(pair.before), _reduced(pair.after), _weight(pair.before)
    if first.std() == 0 or second.std() == 0:
        return {}
    start = np.eye(2, 3, dtype=np.float32)
    try:
        likeness, warp = cv2.findTransformECC(first, second, start, cv2.MOTION_AFFINE, _CRITERIA, weight, 5)
    except cv2.error:
        return {}
    if likeness < 0.5:
        return {}
    linear = warp[:, :2].astype(float)
    size = float(np.sqrt(abs(np.linalg.det(linear))))
    angle = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    rows, columns = np.nonzero(weight)
    centre = np.array([columns.mean(), rows.mean()])
    shift = float(np.linalg.norm(linear @ centre + warp[:, 2] - centre)) / max(first.shape)
    return _named(abs(angle), abs(size - 1), shift, float(likeness))


def _named(rotation: float, scale: float, shift: float, likeness: float) -> dict[str, float]:
    return {
        "rotation:protected": rotation,
        "scale_change:protected": scale,
        "shift:protected": shift,
        "alignment:protected": likeness,
    }


@shared
def _reduced(picture: Picture) -> NDArray[np.float32]:
    """A copy of which the longer side is at most the working one."""
    image = picture.image
    factor = min(1.0, WORKING_SIDE / max(image.shape))
    if factor < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(image, dtype=np.float32)


@shared
def _weight(picture: Picture) -> NDArray[Any]:
    """Where images are aligned, on reduced copies: the protected region and a little around it."""
    mask = picture.protected_mask
    region = mask if mask.any() else np.ones_like(mask)
    shape = _reduced(picture).shape
    weight = cv2.resize(region.view(np.uint8) * 255, shape[::-1], interpolation=cv2.INTER_AREA)
    return cv2.dilate(weight, np.ones((5, 5), np.uint8))

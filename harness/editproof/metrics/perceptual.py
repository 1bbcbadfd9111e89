"""How different an edit looks from its original: colour differences of every region, in CIEDE2000."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editproof.imaging.axes import YXC
from editproof.imaging.perception import colour_differences, lab
from editproof.metrics.metric import MetricOutput, metric
from editproof.metrics.pair import shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.metrics.pair import Pair

NOTICEABLE = 2.3
"""A difference that an observer just notices, about: Mahy M et al., *Color Res Appl* 1994;19:105-121."""
_AT_ONCE = 200_000
"""Pixels whose differences are computed at once, so that memory does not grow with the image."""


@metric(
    MetricOutput("colour_difference", unit="delta E", unchanged=0.0),
    MetricOutput("colour_difference_max", unit="delta E", unchanged=0.0),
    MetricOutput("recoloured_share", unit="", unchanged=0.0),
    axes=(YXC,),
)
def colour_change(pair: Pair) -> dict[str, float]:
    """Mean and largest CIEDE2000 of every region, and the share of pixels that differ by more than 2.3."""
    differences = _differences(pair)
    found = {}
    for region, mask in pair.regions.items():
        inside = differences[mask]
        found[f"colour_difference:{region}"] = float(inside.mean(dtype=np.float64))
        found[f"colour_difference_max:{region}"] = float(inside.max())
        found[f"recoloured_share:{region}"] = float((inside > NOTICEABLE).mean())
    return found


@shared
def _differences(pair: Pair) -> NDArray[np.float32]:
    """CIEDE2000 of each pixel, shape (H, W); computed where a channel changed, and 0 elsewhere."""
    changed = np.flatnonzero((pair.original != pair.edited).any(axis=2))
    found = np.zeros(pair.original.shape[:2], np.float32)
    one, other = pair.original.reshape(-1, 3), pair.edited.reshape(-1, 3)
    for start in range(0, len(changed), _AT_ONCE):
        places = changed[start : start + _AT_ONCE]
        found.flat[places] = colour_differences(lab(one[places]), lab(other[places]))
    return found

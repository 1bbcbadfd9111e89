"""How much of a structure there is in two masks of a volume, in millilitres, and how the two differ."""

from __future__ import annotations

import math

from editproof.imaging.axes import ZYX
from editproof.metrics.masks import MaskPair, mask_metric
from editproof.metrics.metric import MetricOutput

_MM3_IN_ML = 1000.0


@mask_metric(
    MetricOutput("volume_ml", unit="ml", regions=()),
    MetricOutput("volume_difference_ml", unit="ml", unchanged=0.0, regions=()),
    MetricOutput("volume_change", unit="", unchanged=0.0, regions=()),
    axes=(ZYX,),
)
def volume_difference(pair: MaskPair) -> dict[str, float]:
    """Volume of the mask; that less the reference's; and the size of the difference as a share of the larger of both.

    Millilitres need the spacing.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.zeros((4, 10, 10), bool)
    >>> one[:2] = True
    >>> found = volume_difference(MaskPair(one, np.roll(one, 1, axis=0) & one, (5.0, 1.0, 1.0)))
    >>> found["volume_ml"], found["volume_difference_ml"], found["volume_change"]
    ((0.5, 'ml'), (-0.5, 'ml'), (0.5, ''))
    """
    before, after = pair.areas
    found = {"volume_change": abs(after - before) / max(before, after)} if before or after else {}
    if pair.spacing_mm:
        voxel = math.prod(pair.spacing_mm) / _MM3_IN_ML
        found |= {"volume_ml": after * voxel, "volume_difference_ml": (after - before) * voxel}
    return found

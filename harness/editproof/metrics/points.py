"""How far landmarks are from where they are held to be.

A landmark that one side has and the other lacks is as far off as the diagonal of the image, beyond which there is no
distance; one that both lack has none. Against the reference, landmarks that it lacks are left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from editproof.metrics.metric import MetricOutput
from editproof.metrics.outputs import output_metric

if TYPE_CHECKING:
    from editproof.metrics.outputs import OutputPair


@output_metric(
    "points",
    *(
        MetricOutput(f"{name}_{unit}", unit=words, unchanged=0.0, regions=())
        for name in ("point_error", "largest_point_error")
        for unit, words in (("px", "pixels"), ("mm", "mm"))
    ),
)
def point_errors(pair: OutputPair) -> dict[str, float]:
    """Distance of a landmark from where it is held to be; of several, their mean and the largest."""
    found = {}
    for unit, (row, column) in pair.scales.items():
        far = math.hypot(pair.shape[0] * row, pair.shape[1] * column)
        apart = []
        for name in dict.fromkeys((*pair.other, *pair.reading)):
            one, other = pair.reading.get(name), pair.other.get(name)
            there = one is not None and other is not None
            apart.append(math.hypot((one[1] - other[1]) * row, (one[0] - other[0]) * column) if there else far)
        if apart:
            found[f"point_error_{unit}"] = sum(apart) / len(apart)
            found[f"largest_point_error_{unit}"] = max(apart)
    return found

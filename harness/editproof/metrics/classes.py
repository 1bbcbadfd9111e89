"""Whether the most probable of several classes is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.metrics.metric import MetricOutput
from editproof.metrics.outputs import output_metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editproof.metrics.outputs import OutputPair


@output_metric("classes", MetricOutput("same_class", unit="", unchanged=1.0, regions=()))
def same_class(pair: OutputPair) -> dict[str, float]:
    """1 where the most probable class is that of the original, or one that the reference has; else 0."""
    others = {top_class(pair.other)} if isinstance(pair.other, dict) else set(pair.other)
    return {"same_class": float(top_class(pair.reading) in others)}


def top_class(probabilities: Mapping[str, float]) -> str:
    """The most probable class; of several, the first in the order of the card.

    Examples
    --------
    >>> top_class({"effusion": 0.4, "none": 0.4, "nodule": 0.2})
    'effusion'
    """
    return max(probabilities, key=lambda label: probabilities[label])

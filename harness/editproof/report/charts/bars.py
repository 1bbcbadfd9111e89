"""Interval against margin: the places of the parts of one small picture, in pixels, for a template to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from editproof.core.numbers import number
from editproof.types import CriterionCard, Estimate

WIDTH = 240.0
FARTHEST = 12.0
"""A value farther from the region than this many times the width of its finite part is drawn as an arrow."""


@dataclass(frozen=True)
class Scale:
    """A linear axis from ``low`` to ``high`` over :data:`WIDTH` pixels."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Pixel of a value, held inside the picture."""
        share = (value - self.low) / (self.high - self.low)
        return round(WIDTH * min(1.0, max(0.0, share)), 1)


@dataclass(frozen=True)
class Bar:
    """One estimate on its scale.

    Attributes
    ----------
    left, right, point : float or None
        Pixels of the interval and of the estimate; None where there is no estimate.
    beyond_left, beyond_right : bool
        Whether the interval leaves the picture on that side.
    """

    region_left: float
    region_right: float
    left: float | None = None
    right: float | None = None
    point: float | None = None
    beyond_left: bool = False
    beyond_right: bool = False


def scale_of(card: CriterionCard, estimates: Iterable[Estimate]) -> Scale:
    """The axis that every estimate of one criterion shares, whichever tool or subgroup it is of.

    Examples
    --------
    >>> at_most = CriterionCard("A", "", "drift", "m", float("-inf"), 2.0, "at most 2", 0.95, "primary", "s")
    >>> axis = scale_of(at_most, [Estimate(90.0, 80.0, 100.0, "m", 0.9, 9, 9, 0, "t")])
    >>> axis.low < 0 < 2 < axis.high < 30
    True
    """
    anchors = [edge for edge in (card.low, card.high) if math.isfinite(edge)]
    anchors += [0.0] * (card.low <= 0 <= card.high)
    values = [v for e in estimates for v in (e.value, e.low, e.high) if v is not None and math.isfinite(v)]
    low, high = min([*anchors, *values], default=0.0), max([*anchors, *values], default=1.0)
    reach = FARTHEST * (max(anchors) - min(anchors)) if anchors else 0.0
    if reach:
        low, high = max(low, min(anchors) - reach), min(high, max(anchors) + reach)
    pad = 0.07 * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low - pad, high + pad)


def bar(card: CriterionCard, estimate: Estimate, scale: Scale) -> Bar:
    """The places of region, interval and estimate on ``scale``."""
    region_left = scale.at(card.low) if math.isfinite(card.low) else 0.0
    region_right = scale.at(card.high) if math.isfinite(card.high) else WIDTH
    if estimate.value is None:
        return Bar(region_left, region_right)
    low = -math.inf if estimate.low is None else estimate.low
    high = math.inf if estimate.high is None else estimate.high
    return Bar(
        region_left,
        region_right,
        scale.at(low) if math.isfinite(low) else 0.0,
        scale.at(high) if math.isfinite(high) else WIDTH,
        scale.at(estimate.value),
        low < scale.low,
        high > scale.high,
    )


def ticks(card: CriterionCard, scale: Scale) -> list[tuple[float, str]]:
    """Pixels and labels of the limits of a region, and of zero where it is apart from them."""
    edges = [edge for edge in (card.low, card.high) if math.isfinite(edge)]
    digits = max((_written(edge) for edge in edges), default=0)
    marks = [(scale.at(edge), number(edge, digits)) for edge in edges]
    if scale.low < 0 < scale.high and all(abs(scale.at(0.0) - at) > 22 for at, _ in marks):
        marks.append((scale.at(0.0), "0"))
    return marks


def _written(edge: float) -> int:
    """Decimals of an edge as it was written."""
    return len(repr(edge).partition(".")[2]) if "e" not in repr(edge) else 17

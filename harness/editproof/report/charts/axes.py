"""Axes: from values to pixels, and the round numbers that are marked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from editproof.core.numbers import brief, number
from editproof.report.charts.svg import Floats

_LARGEST = float(np.finfo(np.float64).max)
_ROUND = ((math.sqrt(50), 10), (math.sqrt(10), 5), (math.sqrt(2), 2))
"""From which remainder on the step is ten, five or two times a power of ten."""
_SMALLEST = 1e-300
"""A step smaller than this is none."""
_LONG = 6
"""Numbers with as many digits before or after the point are written with a power of ten."""


@dataclass(frozen=True)
class Axis:
    """What an axis measures.

    Attributes
    ----------
    title : str
        With the unit.
    limits : tuple of float, optional
        Without them the axis is as long as what is drawn.
    whole : bool
        Whether only whole numbers are marked, as for counts.
    """

    title: str
    limits: tuple[float, float] | None = None
    whole: bool = False


@dataclass(frozen=True)
class Ruler:
    """A linear map from ``low`` to ``high`` onto ``start`` to ``stop`` pixels."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, values: Floats | float) -> Floats:
        """Pixels of values, shape as given."""
        half = self.high / 2 - self.low / 2
        share = (np.asarray(values, dtype=float) / 2 - self.low / 2) / half if half else np.full(np.shape(values), 0.5)
        return self.start + share * (self.stop - self.start)


def limits_around(values: Floats, pad: float = 0.0) -> tuple[float, float]:
    """Limits of an axis that hold every finite value, with a margin of ``pad`` times their range on both sides.

    Examples
    --------
    >>> limits_around(np.array([0.0, 10.0, np.nan]), 0.1), limits_around(np.array([]))
    ((-1.0, 11.0), (0.0, 1.0))
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if low == high:
        pad, least = 0.0, abs(low) * 1e-9
        low, high = low - max(1.0, least), high + max(1.0, least)
    margin = pad * high - pad * low
    return max(low - margin, -_LARGEST), min(high + margin, _LARGEST)


def round_numbers(low: float, high: float, about: int, *, whole: bool = False) -> list[tuple[float, str]]:
    """Round numbers from ``low`` to ``high``, about so many, each with its text; all have as many decimals.

    Examples
    --------
    >>> [text for _, text in round_numbers(-42.0, 63.0, 6)], [text for _, text in round_numbers(0.0, 1.0, 4)]
    (['−40', '−20', '0', '20', '40', '60'], ['0', '0.2', '0.4', '0.6', '0.8', '1.0'])
    >>> [text for _, text in round_numbers(0.0, 2.0, 6, whole=True)], round_numbers(3.0, 3.0, 6)
    (['0', '1', '2'], [(3.0, '3')])
    >>> [text for _, text in round_numbers(0.0, 4e7, 4)], [text for _, text in round_numbers(0.0, 2e-7, 4)]
    (['0', '1e7', '2e7', '3e7', '4e7'], ['0', '0.5e-7', '1.0e-7', '1.5e-7', '2.0e-7'])
    """
    raw = (high / about) - (low / about)
    if raw < _SMALLEST:
        return [(low, brief(low))]
    power = math.floor(math.log10(raw))
    factor = next((factor for least, factor in _ROUND if raw / 10.0**power >= least), 1)
    if whole and factor * 10.0**power < 1:
        power, factor = 0, 1
    step = factor * 10.0**power
    if factor == 10:
        power += 1
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    largest = max(abs(first), abs(last)) * step
    shift = 0 if power > -_LONG and largest < 10.0**_LONG else math.floor(math.log10(largest or 1.0))
    decimals = max(0, shift - power)
    marked = ((k * step, number(round(k * step / 10.0**shift, decimals), decimals)) for k in range(first, last + 1))
    return [(value, f"{text}e{shift}" if shift and value else text) for value, text in marked]

"""How numbers are put into words: rounding never turns a miss into a hit. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Sequence

_MOST_DECIMALS = 12
_DECIMALS = ((2.0, 1), (0.02, 3), (0.002, 4))
"""From which size on how many decimals show about three figures."""


def decimals_that_tell_apart(numbers: Sequence[float], limits: Sequence[float], least: int = 1) -> int:
    """Fewest decimals, but ``least``, at which every number stays on its side of every limit.

    Examples
    --------
    >>> decimals_that_tell_apart([2.004], [2.0]), decimals_that_tell_apart([1.2], [2.0])
    (3, 1)
    """
    finite = [x for x in numbers if math.isfinite(x)]
    bounds = [x for x in limits if math.isfinite(x)]
    for decimals in range(least, _MOST_DECIMALS):
        faithful = all(float(f"{bound:.{decimals}f}") == bound for bound in bounds)
        if faithful and all(
            _side(x, bound) == _side(float(f"{x:.{decimals}f}"), bound) for x in finite for bound in bounds
        ):
            return decimals
    return _MOST_DECIMALS


def _side(x: float, bound: float) -> int:
    return (x > bound) - (x < bound)


def decimals_for(numbers: Sequence[float], limits: Sequence[float] = ()) -> int:
    """Decimals for a row of numbers: about three figures of the largest, more where a limit is near.

    Examples
    --------
    >>> decimals_for([23.91, 26.5], [2.0]), decimals_for([0.955, 0.98]), decimals_for([2.004], [2.0])
    (1, 3, 3)
    """
    finite = [abs(x) for x in numbers if math.isfinite(x)]
    largest = max([*finite, *(abs(x) for x in limits if math.isfinite(x))], default=1.0)
    least = next((decimals for size, decimals in _DECIMALS if largest >= size), 6 if largest else 1)
    return decimals_that_tell_apart(numbers, limits, least)


def figure(x: float, decimals: int, sign: str = "") -> str:
    """A number at so many decimals, without the minus of a rounded zero.

    Examples
    --------
    >>> figure(-0.0004, 2), figure(-0.0004, 2, "+"), figure(1.5, 1, "+")
    ('0.00', '+0.00', '+1.5')
    """
    text = f"{x:{sign}.{decimals}f}"
    return f"{0.0:{sign}.{decimals}f}" if float(text) == 0 else text


def shortest(x: float) -> str:
    """A limit as its author wrote it: the shortest text that reads back as the same number, with a point."""
    return "infinity" if x == math.inf else "-infinity" if x == -math.inf else repr(float(x))

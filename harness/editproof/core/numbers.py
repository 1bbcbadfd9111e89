"""The one place where numbers become text for people: rounding never turns a miss into a hit. Standard library only."""

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


def number(x: float, digits: int, edges: Sequence[float] = (), *, sign: bool = False) -> str:
    """``x`` as a page prints it: with a true minus sign, and with as many more decimals as keep it off every edge.

    Examples
    --------
    >>> number(2.004, 1, (2.0,)), number(-0.03, 1), number(12.25, 1, sign=True), number(float("-inf"), 1)
    ('2.004', '0.0', '+12.2', '−∞')
    >>> number(0.0, 3)
    '0'
    """
    if not math.isfinite(x):
        return "∞" if x > 0 else "−∞" if x < 0 else "–"
    if x == 0:
        return "0"
    for more in range(digits, 18):
        text = f"{x:.{more}f}"
        if all(_side(float(text), edge) == _side(x, edge) for edge in edges):
            break
    else:
        text = repr(x)
    if float(text) == 0:
        text = text.lstrip("-")
    elif sign and x > 0:
        text = f"+{text}"
    return text.replace("-", "−")


def brief(x: float, figures: int = 6) -> str:
    """A number in as many figures at most, without zeros at its end and, where it is large, without an exponent.

    Examples
    --------
    >>> brief(2.50), brief(1 / 3, 4), brief(-0.0), brief(12345678)
    ('2.5', '0.3333', '0', '12345678')
    """
    text = f"{x:.0f}" if 10**figures <= abs(x) < 1e15 else f"{x:.{figures}g}"
    return "0" if x == 0 else text


def stated(x: float, sign: str = "") -> str:
    """A figure as its author wrote it, but in no more than six figures.

    Examples
    --------
    >>> stated(3.0), stated(0.126866666667), stated(1.5, "+"), stated(-0.0), stated(1764345678.25), stated(200)
    ('3.0', '0.126867', '+1.5', '0.0', '1764345678.25', '200')
    """
    text = f"{x if x else abs(x):{sign}}"
    return (
        text if abs(x) >= 1e6 or len(text.removesuffix(".0").lstrip("+-0.").replace(".", "")) <= 6 else f"{x:{sign}.6g}"
    )


def percent(share: float, decimals: int = 0) -> str:
    """A share of one in percent.

    Examples
    --------
    >>> percent(0.956, 1), percent(-0.001), percent(-0.25)
    ('95.6 %', '0 %', '-25 %')
    """
    return f"{figure(100 * share, decimals)} %"


def level(confidence: float) -> str:
    """The coverage of an interval, or the confidence of a bound.

    Examples
    --------
    >>> level(0.95), level(0.975)
    ('95 %', '97.5 %')
    """
    return f"{brief(100 * confidence, 4)} %"


def dollars(amount: float) -> str:
    """US dollars, to the cent.

    Examples
    --------
    >>> dollars(12.345), dollars(-0.001)
    ('USD 12.35', 'USD 0.00')
    """
    return f"USD {figure(amount, 2)}"


def grouped(n: int) -> str:
    """A whole number with its digits grouped by thousands.

    Examples
    --------
    >>> grouped(1200)
    '1,200'
    """
    return f"{n:,}"

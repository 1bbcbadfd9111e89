"""Where a function crosses zero: Brent's method, step by step that of ``scipy.optimize``, which is slow to load."""

from __future__ import annotations

import math
from collections.abc import Callable

_RELATIVE = 4 * 2.0**-52
_MOST_STEPS = 100


def root_between(function: Callable[[float], float], start: float, stop: float, within: float) -> float:
    """A root of a continuous function that has different signs at ``start`` and ``stop``.

    The same steps as ``scipy.optimize.brentq``, after R. P. Brent, Algorithms for Minimization without Derivatives,
    1973, chapter 4.

    Parameters
    ----------
    function : callable
    start, stop : float
    within : float
        How far from the root the result may be, beside rounding.

    Raises
    ------
    ValueError
        Where the signs are equal, or there is no root within 100 steps.

    Examples
    --------
    >>> round(root_between(lambda x: x * x - 2, 0.0, 2.0, 1e-12), 9)
    1.414213562
    """
    before, now = float(start), float(stop)
    f_before, f_now = float(function(before)), float(function(now))
    if f_before == 0:
        return before
    if f_now == 0:
        return now
    if not math.copysign(1, f_before) * math.copysign(1, f_now) < 0:
        raise ValueError(f"no change of sign between {start} and {stop}")
    other = f_other = step_before = step = 0.0
    for _ in range(_MOST_STEPS):
        if f_before != 0 and f_now != 0 and math.copysign(1, f_before) != math.copysign(1, f_now):
            other, f_other = before, f_before
            step_before = step = now - before
        if abs(f_other) < abs(f_now):
            before, now, other = now, other, now
            f_before, f_now, f_other = f_now, f_other, f_now
        delta = (within + _RELATIVE * abs(now)) / 2
        half = (other - now) / 2
        if f_now == 0 or abs(half) < delta:
            return now
        tried = math.inf
        if abs(step_before) > delta and abs(f_now) < abs(f_before):
            if before == other:
                tried = -f_now * (now - before) / (f_now - f_before)
            else:
                slope, slope_other = (f_before - f_now) / (before - now), (f_other - f_now) / (other - now)
                steepness = slope_other * slope * (f_other - f_before)
                ahead = -f_now * (f_other * slope_other - f_before * slope)
                tried = ahead / steepness if steepness else math.inf
        if 2 * abs(tried) < min(abs(step_before), 3 * abs(half) - delta):
            step_before, step = step, tried
        else:
            step_before = step = half
        before, f_before = now, f_now
        now += step if abs(step) > delta else math.copysign(delta, half)
        f_now = float(function(now))
    raise ValueError(f"no root within {_MOST_STEPS} steps between {start} and {stop}")

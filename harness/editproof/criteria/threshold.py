"""What a share counts: edits of which a number lies on one side of a threshold, and where that number can lie at all.

An estimand declares its threshold once. Its statistic counts by it, and whether a claim can fail follows from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from editproof.core.numbers import brief
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Scale = tuple[float, float]

BELOW, AT_MOST, ABOVE, AT_LEAST = "below", "at most", "above", "at least"
_SIDES: Final[Mapping[str, Callable[[Any, float], Any]]] = MappingProxyType(
    {BELOW: np.less, AT_MOST: np.less_equal, ABOVE: np.greater, AT_LEAST: np.greater_equal}
)
_OPPOSITE: Final = {BELOW: AT_LEAST, AT_MOST: ABOVE, ABOVE: AT_MOST, AT_LEAST: BELOW}

VALUE, READING, CHANGE = "value", "reading", "change"
"""What is compared: a number that was measured, whose interval is known by its nature; a reading, which lies on the
scale of its quantity; or the size of a change of readings, which is no larger than the scale is wide."""

SHARE: Final = (0.0, 1.0)
AMOUNT: Final = (0.0, math.inf)
ANYTHING: Final = (-math.inf, math.inf)


@dataclass(frozen=True)
class Threshold:
    """Which values count, and the interval in which every value lies.

    Attributes
    ----------
    argument : str
        Of the factory, e.g. ``"margin"``.
    value : float
    side : {"below", "at most", "above", "at least"}
        Where a value has to lie to count; ``"below"`` and ``"above"`` are strict.
    interval : (float, float)
        Least and greatest value that there can be; infinite where nothing bounds it.
    of : {"value", "reading", "change"}
        The scale of the quantity narrows the interval of readings and changes, where it is known.

    Raises
    ------
    ProtocolError
        Where the threshold is no number.

    Examples
    --------
    >>> Threshold("margin", 1.0, BELOW, SHARE).met([0.0, 0.5, 1.0]).tolist()
    [True, True, False]
    """

    argument: str
    value: float
    side: str
    interval: Scale
    of: str = VALUE

    def __post_init__(self) -> None:
        """Refuse what nothing can be compared with."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise ProtocolError(f"{self.argument}={self.value!r}", "it is no finite number", "Give a number.")

    def met(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Which values count, in the shape of the values; NaN does not."""
        return np.asarray(_SIDES[self.side](np.asarray(values), self.value))

    def interval_on(self, scale: Scale | None) -> Scale:
        """The interval of the values on the scale of a quantity; None where that is not known.

        Examples
        --------
        >>> Threshold("more_than", 6.0, ABOVE, AMOUNT, CHANGE).interval_on((40.0, 220.0))
        (0.0, 180.0)
        """
        if scale is None or self.of == VALUE:
            return self.interval
        least, most = scale if self.of == READING else (0.0, scale[1] - scale[0])
        return max(least, self.interval[0]), min(most, self.interval[1])

    def idle(self, scale: Scale | None = None) -> str:
        """Why it divides nothing: no value counts, or every one does; empty where some can count and others not.

        Examples
        --------
        >>> Threshold("margin", 0.0, BELOW, SHARE).idle()
        'no value is below margin=0: all lie between 0 and 1'
        >>> Threshold("margin", -1.0, ABOVE, AMOUNT).idle()
        'every value is above margin=-1: all are at least 0'
        >>> Threshold("margin", 0.0, ABOVE, SHARE).idle()
        ''
        """
        interval = self.interval_on(scale)
        if not _reaches(self.side, interval, self.value):
            which = "no"
        elif not _reaches(_OPPOSITE[self.side], interval, self.value):
            which = "every"
        else:
            return ""
        least, most = interval
        lie = f"lie between {brief(least)} and {brief(most)}"
        if math.isinf(most) or math.isinf(least):
            lie = f"are at least {brief(least)}" if math.isinf(most) else f"are at most {brief(most)}"
        return f"{which} {self.of} is {self.side} {self.argument}={brief(self.value)}: all {lie}"

    def unbounded(self) -> Threshold:
        """The same of values that nothing bounds."""
        return replace(self, interval=ANYTHING, of=VALUE)


def _reaches(side: str, interval: Scale, value: float) -> bool:
    """Whether some value of an interval lies on a side: then one of its ends does."""
    return bool(_SIDES[side](interval[0] if side in (BELOW, AT_MOST) else interval[1], value))


def counted_share(readings: Readings, *, threshold: Threshold, per: str, every: bool = False) -> Statistic:
    """Share of edits, or of patients with such an edit (with nothing but such edits), of which the number counts."""
    return readings.share(threshold.met(readings.values), per, every=every)

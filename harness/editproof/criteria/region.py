"""Acceptance regions: where an estimand must lie for a claim to hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from editproof.core.numbers import shortest
from editproof.errors import ProtocolError


@dataclass(frozen=True)
class Region:
    """A closed interval, ``-inf`` or ``inf`` on an open side; see :func:`at_most`, :func:`at_least`, :func:`within`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse a region that nothing, or everything, lies in."""
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ProtocolError("an acceptance region", f"the limits {self.low} and {self.high}", "Order the limits.")
        if math.isinf(self.low) and math.isinf(self.high):
            raise ProtocolError("an acceptance region", "no finite limit", "A claim needs a margin.")

    def words(self, unit: str = "") -> str:
        """The region as a reader meets it.

        Examples
        --------
        >>> at_most(2).words("months"), within(-2, 2).words()
        ('at most 2.0 months', 'between -2.0 and 2.0')
        """
        unit = f" {unit}" if unit else ""
        if math.isinf(self.low):
            return f"at most {shortest(self.high)}{unit}"
        if math.isinf(self.high):
            return f"at least {shortest(self.low)}{unit}"
        return f"between {shortest(self.low)} and {shortest(self.high)}{unit}"

    def holds(self, low: float, high: float) -> bool:
        """Whether an interval lies wholly inside."""
        return self.low <= low and high <= self.high

    def excludes(self, low: float, high: float) -> bool:
        """Whether an interval lies wholly outside."""
        return high < self.low or low > self.high

    def __repr__(self) -> str:
        """The call that makes the region."""
        if math.isinf(self.low):
            return f"at_most({shortest(self.high)})"
        return f"at_least({shortest(self.low)})" if math.isinf(self.high) else f"within({self.low!r}, {self.high!r})"


def at_most(limit: float) -> Region:
    """Everything up to and including ``limit``; decided on the upper confidence bound."""
    return Region(-math.inf, float(limit))


def at_least(limit: float) -> Region:
    """Everything from ``limit`` upwards; decided on the lower confidence bound."""
    return Region(float(limit), math.inf)


def within(low: float, high: float) -> Region:
    """Everything between two limits; decided by two one-sided tests (TOST, Schuirmann 1987)."""
    return Region(float(low), float(high))

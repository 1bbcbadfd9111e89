"""Estimates as text: as short as the interval allows, and never rounded across a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from editproof.core.numbers import decimals_for, level, number
from editproof.types import CriterionCard, Estimate

_UNITLESS = {"", "1", "probability", "share", "fraction"}


@dataclass(frozen=True)
class Figures:
    """An estimate as text; where it has no value, ``value`` is ``"–"`` and ``reason`` says why.

    Attributes
    ----------
    interval : str
        ``"[21.4, 26.5]"``, or empty.
    level : str
        ``"90 %"``: the coverage of the interval.
    """

    value: str
    interval: str
    unit: str
    level: str
    reason: str = ""

    def __str__(self) -> str:
        """One line: value, unit, interval."""
        return " ".join(part for part in (self.value, self.unit, self.interval) if part) if not self.reason else "–"


def figures(estimate: Estimate, card: CriterionCard | None = None, digits: int | None = None) -> Figures:
    """An estimate as text, rounded so that it stays on its own side of each limit of ``card``.

    Examples
    --------
    >>> from editproof.types import CriterionCard, Estimate
    >>> limit = CriterionCard("BA-1", "", "MAE", "months", float("-inf"), 2.0, "at most 2.0", 0.95, "primary", "s")
    >>> print(figures(Estimate(1.51, 1.1, 2.004, "months", 0.9, 9, 9, 0, "t"), limit))
    1.510 months [1.100, 2.004]
    """
    if not estimate.exists or estimate.value is None:
        return Figures("–", "", "", "", estimate.reason or "no reason was given")
    counted = estimate.method == "count"  # of criteria or verdicts: exact, so that there is no interval
    ends = [] if counted else [x for x in (estimate.low, estimate.high) if x is not None]
    edges = (card.low, card.high) if card else ()
    if digits is None:
        digits = 0 if counted else decimals_for((estimate.value, *ends), edges)
    sign = card is not None and card.signed
    value, *around = (number(x, digits, edges, sign=sign) for x in (estimate.value, *ends))
    unit = "" if estimate.unit in _UNITLESS else estimate.unit
    coverage = level(estimate.confidence) if ends else ""
    return Figures(value, f"[{', '.join(around)}]" if ends else "", unit, coverage)


def both_sides(estimate: Estimate) -> str:
    """The values on originals and on edits behind a difference, if the estimate has them in its notes.

    Examples
    --------
    >>> both_sides(Estimate(23.8, 21.4, 26.5, "months", 0.9, 9, 9, 0, "t", notes={"original": 6.3, "edited": 30.1}))
    '6.3 → 30.1'
    """
    sides = [estimate.notes.get(arm) for arm in ("original", "edited")]
    found = [float(x) for x in sides if isinstance(x, (int, float))]
    if len(found) < 2:
        return ""
    digits = decimals_for(found)
    return " → ".join(number(x, digits) for x in found)


def noted_intervals(estimate: Estimate) -> list[tuple[str, Estimate]]:
    """What is noted beside the interval that decides: the conventional one, and the number without a cap.

    Examples
    --------
    >>> notes = {"conventional": {"method": "cluster t", "interval": [1.5, 1.1, 1.9]}, "uncapped": 2.5}
    >>> found = noted_intervals(Estimate(1.5, 0.9, 2.4, "months", 0.9, 9, 9, 0, "Gaffke", notes=notes))
    >>> [(name, str(figures(other))) for name, other in found]
    [('cluster t', '1.500 months [1.100, 1.900]'), ('without a cap', '2.5 months')]
    """
    found = []
    noted = estimate.notes.get("conventional")
    if isinstance(noted, Mapping) and isinstance(noted.get("interval"), (list, tuple)):
        value, low, high = noted["interval"]
        found.append((str(noted.get("method")), replace(estimate, value=value, low=low, high=high, reason=None)))
    free = estimate.notes.get("uncapped")
    if isinstance(free, (int, float)):
        found.append(("without a cap", replace(estimate, value=float(free), low=None, high=None, reason=None)))
    return found


def other_rules(estimate: Estimate) -> list[tuple[str, Estimate]]:
    """The same estimate under other rules for missing edits, if its notes have them as ``[value, low, high]``."""
    noted = estimate.notes.get("sensitivity")
    if not isinstance(noted, Mapping):
        return []
    found = [(str(rule), figure) for rule, figure in noted.items() if isinstance(figure, (list, tuple))]
    return [
        (rule, replace(estimate, value=value, low=low, high=high, reason=None)) for rule, (value, low, high) in found
    ]

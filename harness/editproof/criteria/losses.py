"""Which missing edits a verdict hangs on, and what they would have had to be."""

from __future__ import annotations

from editproof.core.numbers import decimals_for, figure
from editproof.criteria.criterion import Criterion
from editproof.criteria.readings import COMPLETE_CASE, Readings
from editproof.evidence.measurements import Measurements
from editproof.stats.bounded import BoundedMean
from editproof.stats.roots import root_between

NAMED = 5
"""Edits that a sentence names."""


def hanging_on_missing(criterion: Criterion, measurements: Measurements) -> str:
    """That an open claim would be decided but for its missing edits; empty where it would be open all the same.

    The tipping point is the value that every missing edit would have had to have for the limit to lie at the margin.
    """
    estimand, level = criterion.estimand, round(2 * criterion.confidence - 1, 12)
    raw = estimand.raw(measurements)
    if not raw.missing.any() or raw.missing.all() or estimand.refusal(raw):
        return ""
    without = estimand.interval_of(raw, level, criterion.limits, COMPLETE_CASE)
    if without.low is None or without.high is None:
        return ""
    passes = criterion.region.holds(without.low, without.high)
    if not passes and not criterion.region.excludes(without.low, without.high):
        return ""
    word = "PASS" if passes else "FAIL"
    said = f" Missing edits decide it ({_names(raw)}): of those that came back it would be a {word}"
    point = _tipping_point(criterion, raw, level) if passes else None
    if point is None:
        return f"{said}."
    digits = decimals_for([point])
    unit = f" {estimand.unit}" if estimand.unit else ""
    return f"{said}, and remains one up to a value of {figure(point, digits)}{unit} for each that is missing."


def _tipping_point(criterion: Criterion, raw: Readings, level: float) -> float | None:
    """The value at which the claim on a mean is just met; None where there is none, or the statistic is no mean."""
    statistic = criterion.estimand.statistic_on(raw)
    if not isinstance(statistic, BoundedMean) or statistic.root:
        return None
    region = criterion.region

    def room(value: float) -> float:
        found = statistic.filled(value).interval(level, criterion.limits)
        assert found.low is not None
        assert found.high is not None
        return min(region.high - found.high, found.low - region.low)

    ideal, ends = criterion.estimand.ideal, (statistic.least, statistic.most)
    worst = min(ends, key=room)
    if room(ideal) <= 0 or room(worst) >= 0:
        return None
    return root_between(room, min(ideal, worst), max(ideal, worst), 1e-6)


def _names(raw: Readings) -> str:
    cases = [str(case) for case, row in zip(raw.cases, raw.missing, strict=True) for gone in row if gone]
    shown = ", ".join(dict.fromkeys(cases[:NAMED]))
    n = len(cases)
    return f"{n} of {raw.missing.size}, of {shown}{' and others' if len(set(cases)) > len(set(cases[:NAMED])) else ''}"

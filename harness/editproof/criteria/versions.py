"""Two versions of one tool on the same cases: the difference of an estimand, paired by patient, new less old.

The difference is that of the two statistics whose intervals the verdicts show, patient by patient, and the same rule
decides it: a patient's change lies in a declared interval, and one unseen patient is taken to be at its worst. For the
upper limit, an edit that the new version lost is at its most and one that the old version lost at its least; for the
lower one, the other way round.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.numbers import brief
from editproof.criteria.criterion import Criterion, decision
from editproof.criteria.estimand import APPROXIMATE, Estimand
from editproof.criteria.readings import COMPLETE_CASE, Readings
from editproof.criteria.region import Region, at_least, at_most, within
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements
from editproof.stats.bounded import BoundedMean
from editproof.stats.gaffke import CONVENTIONAL
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval
from editproof.stats.statistic import Statistic
from editproof.stats.unseen import WithUnseen
from editproof.types import EstimandSpec, Estimate, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAP_IN_MARGINS = 30.0
"""The largest change from version to version that counts in full, in units of the margin; never above the own cap."""


def difference_verdict(
    criterion: Criterion, margin: float, source: str, new: Measurements, old: Measurements, names: tuple[str, str]
) -> Verdict:
    """Whether the new version is no worse than the old one by more than a margin, under one criterion.

    Parameters
    ----------
    criterion : Criterion
        A claim that both versions were judged by; its region says which direction is worse.
    margin : float
        In the unit of the estimand, positive.
    source : str
        Where the margin comes from.
    names : tuple of str
        The new version and the old one.
    """
    if not (margin > 0 and math.isfinite(margin)):
        raise ProtocolError(f"the margin of {criterion.id}", f"{margin}", "Give a positive one: --margin ID=VALUE.")
    found, region, word = difference(criterion, margin, new, old)
    estimand = criterion.estimand
    unit = new.unit(estimand.quantity) if estimand.unit is None else estimand.unit
    spec = EstimandSpec("difference", {"estimand": estimand.spec}) if estimand.spec else None
    compared = Criterion(
        criterion.id,
        replace(estimand, name=f"{estimand.name}, new less old{word}", unit=unit, spec=spec, signed=True),
        region, criterion.confidence, source, criterion.hazard,
        sentence=f"By {estimand.name}, {names[0]} is no worse than {names[1]} beyond a margin of {margin:g}.",
    )  # fmt: skip
    edits = sum(len(measured.edits) for measured in (new, old))
    missing = sum(measured.n_missing for measured in (new, old))
    estimate = Estimate(
        found.value, found.low, found.high, unit, found.confidence, found.n_patients, edits, missing,
        found.method, found.seed, found.reason, dict(found.notes),
    )  # fmt: skip
    outcome, because = decision(estimate, region)
    return Verdict(compared.card, names[0], new.stratum, estimate, outcome, because)


def difference(
    criterion: Criterion, margin: float, new: Measurements, old: Measurements
) -> tuple[Interval, Region, str]:
    """The difference with its interval, the region it has to lie in, and what of a two-sided claim was compared.

    Of a two-sided claim, the distance from the middle of its region is compared where the old version is shown to lie
    on one side of it, so that a cure is not taken for harm; where it is not, the two must not differ either way.
    """
    confidence, region = round(2 * criterion.confidence - 1, 12), criterion.region
    if math.isinf(region.low):
        return _paired(criterion, margin, new, old, confidence), at_most(margin), ""
    if math.isinf(region.high):
        return _paired(criterion, margin, new, old, confidence), at_least(-margin), ""
    middle = (region.low + region.high) / 2
    before = criterion.estimand.estimate(old, confidence, criterion.limits)
    resolved = before.low is not None and before.high is not None and not before.low <= middle <= before.high
    after = criterion.estimand.estimate(new, confidence, criterion.limits)
    if resolved and before.value is not None and after.value is not None:
        signs = (math.copysign(1.0, after.value - middle), math.copysign(1.0, before.value - middle))
        found = _paired(criterion, margin, new, old, confidence, (*signs, middle))
        if found.method != _NOT_FOLDED:
            return found, at_most(margin), f", as distance from {middle:g}"
    return _paired(criterion, margin, new, old, confidence), within(-margin, margin), ", either way"


_NOT_FOLDED = "not folded"


def margin_by_share(criterion: Criterion, share: float) -> float:
    """A share of how far the criterion lets the estimand lie from its ideal value: a placeholder for a margin.

    Examples
    --------
    >>> from editproof.criteria import at_least, at_most, ks_distance, mae_drift, within
    >>> drift, share = mae_drift("x"), ks_distance(margin=0.05)
    >>> claims = [(drift, at_most(2.0)), (share, at_least(0.9)), (drift, within(-3, 3))]
    >>> [margin_by_share(Criterion("A", *claim, source="s"), 0.5) for claim in claims]
    [1.0, 0.05, 1.5]

    Raises
    ------
    ProtocolError
        Where the ideal is a cap, as of a gain: it bounds what counts, and is no value that a tool should reach.
    """
    region, estimand = criterion.region, criterion.estimand
    if math.isfinite(region.low) and math.isfinite(region.high):
        return _as_written(share * (region.high - region.low) / 2)
    if estimand.spec is not None and "cap" in estimand.spec.arguments and estimand.ideal != 0:
        found = f"none, and of the way to a cap of {brief(abs(estimand.ideal))} no share is a margin"
        raise ProtocolError(
            f"the margin of {criterion.id}", found, f"Give one in its unit: --margin {criterion.id}=VALUE."
        )
    return _as_written(share * abs((region.low if math.isinf(region.high) else region.high) - estimand.ideal))


def _as_written(margin: float) -> float:
    """A margin without the last digits of binary arithmetic: half of 1 less 0.9 is 0.05."""
    return float(f"{margin:.12g}")


def _paired(
    criterion: Criterion,
    margin: float,
    new: Measurements,
    old: Measurements,
    confidence: float,
    folded: tuple[float, float, float] | None = None,
) -> Interval:
    """The interval of the difference; of method ``_NOT_FOLDED`` where the statistic has no distance from a middle."""
    estimand = criterion.estimand
    pair = _same_cases(estimand, estimand.raw(new), estimand.raw(old))
    n = pair[0].n_patients
    for name, readings in zip(("new", "old"), pair, strict=True):
        if reason := estimand.refusal(readings):
            return no_interval(f"{name} version: {reason}", confidence, n)
    if estimand.incomparable:
        return no_interval(f"versions are not compared by {estimand.name}: {estimand.incomparable}", confidence, n)
    one, other = (estimand.statistic_on(readings) for readings in pair)
    for name, statistic in (("new", one), ("old", other)):
        if statistic.reason:
            return no_interval(f"{name} version: {statistic.reason}", confidence, n)
    change = _change(one, other, folded)
    if change is None:
        return no_interval("it has no distance from a middle", confidence, n, _NOT_FOLDED)
    if isinstance(change, BoundedMean) and not change.is_of_shares:
        own = max(abs(estimand.least), abs(estimand.most))
        change = change.capped(min(own, CAP_IN_MARGINS * margin))
    approximate = estimand.is_approximate(one) or estimand.is_approximate(other)
    same = _same(pair[0].values, pair[1].values) and _same(pair[0].original, pair[1].original)
    has_room = isinstance(change, WithUnseen) and not estimand.recalibration  # its own limits count an unseen patient
    if same and approximate and not change.reason and not has_room and n >= MIN_PATIENTS:
        return identical(confidence, n)
    noted = change.noted(new=one.value, old=other.value)
    if approximate or criterion.limits == CONVENTIONAL:
        return noted.conventional(confidence).noted(level=APPROXIMATE)
    return noted.interval(confidence, criterion.limits)


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def _change(one: Statistic, other: Statistic, folded: tuple[float, float, float] | None) -> Statistic | None:
    if folded is None:
        return one - other
    after, before = one.folded(folded[0], folded[2]), other.folded(folded[1], folded[2])
    return None if after is None or before is None else after - before


def _same_cases(estimand: Estimand, new: Readings, old: Readings) -> tuple[Readings, Readings]:
    """The cases that both versions have a value of, or could have had one."""
    both = np.intersect1d(new.cases, old.cases)
    new, old = new.only(np.isin(new.cases, both)), old.only(np.isin(old.cases, both))
    if estimand.missing == COMPLETE_CASE:
        there = ~new.missing.all(axis=1) & ~old.missing.all(axis=1)
        new, old = new.only(there), old.only(there)
    return new, old

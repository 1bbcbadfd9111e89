"""Two versions of one tool on the same cases: the difference of an estimand, paired by patient, new less old.

The difference is that of the two statistics whose intervals the verdicts show, so that both versions are resampled
together, and a share is bounded, exactly or by Hoeffding, from the patients in whom it rose and in whom it fell.

A worst-case rule puts the worst plausible reading for what did not come back, in either version.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from editproof.criteria.criterion import Criterion, decision
from editproof.criteria.estimand import Estimand
from editproof.criteria.readings import COMPLETE_CASE, Readings
from editproof.criteria.region import Region, at_least, at_most, within
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval, too_few
from editproof.stats.statistic import Statistic
from editproof.types import EstimandSpec, Estimate, Verdict


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
        return _paired(criterion, new, old, confidence), at_most(margin), ""
    if math.isinf(region.high):
        return _paired(criterion, new, old, confidence), at_least(-margin), ""
    middle = (region.low + region.high) / 2
    before = criterion.estimand.estimate(old, confidence, region)
    resolved = before.low is not None and before.high is not None and not before.low <= middle <= before.high
    after = criterion.estimand.estimate(new, confidence, region)
    if resolved and before.value is not None and after.value is not None:
        signs = (math.copysign(1.0, after.value - middle), math.copysign(1.0, before.value - middle))
        found = _paired(criterion, new, old, confidence, (*signs, middle))
        if found.method != _NOT_FOLDED:
            return found, at_most(margin), f", as distance from {middle:g}"
    return _paired(criterion, new, old, confidence), within(-margin, margin), ", either way"


_NOT_FOLDED = "not folded"


def margin_by_share(criterion: Criterion, share: float) -> float:
    """A share of how far the criterion lets the estimand lie from its ideal value: a placeholder for a margin.

    Examples
    --------
    >>> from editproof.criteria import at_least, at_most, ks_distance, mae_drift, within
    >>> drift, share = mae_drift("x"), ks_distance(margin=0.05)
    >>> claims = [(drift, at_most(2.0)), (share, at_least(0.9)), (drift, within(-3, 3))]
    >>> [round(margin_by_share(Criterion("A", *claim, source="s"), 0.5), 3) for claim in claims]
    [1.0, 0.05, 1.5]
    """
    region = criterion.region
    if math.isfinite(region.low) and math.isfinite(region.high):
        return share * (region.high - region.low) / 2
    return share * abs((region.low if math.isinf(region.high) else region.high) - criterion.estimand.ideal)


def _paired(
    criterion: Criterion,
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
    if n < MIN_PATIENTS:
        return too_few(n, confidence)
    after, before = (estimand.completed(readings, criterion.region) for readings in pair)
    one, other = (estimand.statistic_of(readings) for readings in (after, before))
    for name, statistic in (("new", one), ("old", other)):
        if statistic.reason:
            return no_interval(f"{name} version: {statistic.reason}", confidence, n)
    change = _change(one, other, folded)
    if change is None:
        return no_interval("it has no distance from a middle", confidence, n, _NOT_FOLDED)
    same = after.values.shape == before.values.shape and bool((after.values == before.values).all())
    if same and not change.exact and not change.reason:
        return identical(confidence, n)
    return change.noted(new=one.value, old=other.value).interval(confidence)


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

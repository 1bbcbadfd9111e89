"""Two versions of one tool on the same cases: the difference of an estimand, paired by patient, new less old.

Every statistic that is a function of sums over patients has a difference of the same kind, so that both versions are
resampled together; AUCs differ by the clustered DeLong method. Shares of patients and of edits that did not come back
are bounded by the patients in whom they changed, exactly: a difference of shares is at most the share that got worse.

A worst-case rule puts the worst plausible reading for what did not come back, in either version.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.criteria.criterion import Criterion, decision
from editproof.criteria.estimand import Estimand
from editproof.criteria.readings import COMPLETE_CASE, Readings
from editproof.criteria.region import Region, at_least, at_most, within
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements
from editproof.stats.agreement import icc, limit_of_agreement, repeat_sd
from editproof.stats.auc import auc
from editproof.stats.auc_interval import auc_difference_interval
from editproof.stats.bootstrap import interval
from editproof.stats.calibration import intercept_on_reading, slope_on_reading
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval, too_few
from editproof.stats.proportion import clopper_pearson
from editproof.stats.sums import Sums, mean, per_patient, root_ratio, slope
from editproof.types import Estimate, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

ONE = frozenset(["auc", "sensitivity", "specificity", "icc", "calibration_slope", "probability_slope"])
"""Estimands of which 1 is the ideal value; of image metrics it is that of an untouched image, of all others 0."""


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
    unit = new.unit(criterion.estimand.quantity) if criterion.estimand.unit is None else criterion.estimand.unit
    compared = Criterion(
        criterion.id,
        replace(
            criterion.estimand, name=f"{criterion.estimand.name}, new less old{word}", unit=unit,
            call=f"difference({criterion.estimand.call})",
        ),
        region, criterion.confidence, source, criterion.hazard,
        sentence=f"By {criterion.estimand.name}, {names[0]} is no worse than {names[1]} beyond a margin of {margin:g}.",
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
        return _paired(criterion, new, old, confidence, None), at_most(margin), ""
    if math.isinf(region.high):
        return _paired(criterion, new, old, confidence, None), at_least(-margin), ""
    middle = (region.low + region.high) / 2
    before = criterion.estimand.estimate(old, confidence, region)
    resolved = before.low is not None and before.high is not None and not before.low <= middle <= before.high
    if resolved and _factory(criterion.estimand) in STATISTICS:
        after = criterion.estimand.estimate(new, confidence, region)
        if before.value is not None and after.value is not None:
            signs = (math.copysign(1.0, after.value - middle), math.copysign(1.0, before.value - middle))
            found = _paired(criterion, new, old, confidence, (*signs, middle))
            return found, at_most(margin), f", as distance from {middle:g}"
    return _paired(criterion, new, old, confidence, None), within(-margin, margin), ", either way"


def margin_by_share(criterion: Criterion, share: float) -> float:
    """A share of how far the criterion lets the estimand lie from its ideal value: a placeholder for a margin.

    Examples
    --------
    >>> from editproof.criteria import at_least, at_most, mae_drift, ssim, within
    >>> claims = [(mae_drift("x"), at_most(2.0)), (ssim(), at_least(0.9)), (mae_drift("x"), within(-3, 3))]
    >>> [round(margin_by_share(Criterion("A", *claim, source="s"), 0.5), 3) for claim in claims]
    [1.0, 0.05, 1.5]
    """
    region, estimand = criterion.region, criterion.estimand
    if math.isfinite(region.low) and math.isfinite(region.high):
        return share * (region.high - region.low) / 2
    ideal = estimand.unchanged if estimand.kind == "image" else float(_factory(estimand) in ONE)
    return share * abs((region.low if math.isinf(region.high) else region.high) - ideal)


def _paired(
    criterion: Criterion,
    new: Measurements,
    old: Measurements,
    confidence: float,
    folded: tuple[float, float, float] | None,
) -> Interval:
    estimand = criterion.estimand
    pair = _same_cases(estimand, estimand.raw(new), estimand.raw(old))
    n = pair[0].n_patients
    for name, readings in zip(("new", "old"), pair, strict=True):
        if reason := estimand.refusal(readings):
            return no_interval(f"{name} version: {reason}", confidence, n)
    after, before = (estimand.completed(readings, criterion.region) for readings in pair)
    options: Mapping[str, Any] = getattr(estimand.compute, "keywords", {})
    factory = _factory(estimand)
    if n < MIN_PATIENTS:
        return too_few(n, confidence)
    if after.values.shape == before.values.shape and (after.values == before.values).all():
        return identical(confidence, n)
    if factory in ("auc", "auc_drift"):
        later, earlier = (auc(r.values, r.reference > 0.5, r.patients) for r in (after, before))
        return auc_difference_interval(later, earlier, confidence).noted(new=later.value, old=earlier.value)
    if factory in SHARES and not (factory == "ks_distance" and "margin" not in options):
        now, then = (SHARES[factory](readings, **options) for readings in (after, before))
        return _changed_patients(now, then, after.patients, confidence)
    if factory not in STATISTICS:
        return no_interval(f"versions are not compared by {estimand.name}", confidence, n)
    one, other = (STATISTICS[factory](readings, **options) for readings in (after, before))
    notes = {"new": one.value, "old": other.value}
    if folded:
        one, other = one.folded(folded[0], folded[2]), other.folded(folded[1], folded[2])
    return interval(one - other, confidence).noted(**notes)


def _same_cases(estimand: Estimand, new: Readings, old: Readings) -> tuple[Readings, Readings]:
    """The cases that both versions have a value of, or could have had one."""
    both = np.intersect1d(new.cases, old.cases)
    new, old = new.only(np.isin(new.cases, both)), old.only(np.isin(old.cases, both))
    if estimand.missing == COMPLETE_CASE:
        there = ~new.missing.all(axis=1) & ~old.missing.all(axis=1)
        new, old = new.only(there), old.only(there)
    return new, old


def _changed_patients(new: Values, old: Values, patients: NDArray[np.str_], confidence: float) -> Interval:
    """Bounds of a difference of shares from the patients in whom it rose and in whom it fell; NaN is of no share."""
    counted = ~np.isnan(new)
    new, old, patients = new[counted], old[counted], patients[counted]
    _, index = np.unique(patients, return_inverse=True)
    cases = np.bincount(index)
    change = (np.bincount(index, weights=new) - np.bincount(index, weights=old)) / cases
    n = len(cases)
    if n == 0:
        return no_interval("there is no case that it counts", confidence, n)
    fell, rose = (int((sign * change > 0).sum()) for sign in (-1, 1))
    low, high = -clopper_pearson(fell, n, confidence)[1], clopper_pearson(rose, n, confidence)[1]
    value = float(change.mean())
    notes = {"patients_higher": rose, "patients_lower": fell}
    return Interval(value, min(low, value), max(high, value), confidence, n, "exact over changed patients", notes=notes)


def _factory(estimand: Estimand) -> str:
    """Name of the factory that made an estimand, whatever it is recalibrated by."""
    return estimand.call.removeprefix("recalibrated(").partition("(")[0]


def _means(cases: Callable[[Readings], Values]) -> Callable[..., Sums]:
    return lambda readings, **_: mean(cases(readings), readings.patients)


def _error(readings: Readings) -> Values:
    return np.asarray(readings.values - readings.reference[:, None])


def _change(readings: Readings) -> Values:
    return np.asarray(readings.values - readings.original[:, None])


def _case_mean(values: Values) -> Values:
    return np.asarray(np.nanmean(values, axis=1))


def _root(readings: Readings, **_: object) -> Sums:
    return Sums(per_patient(readings.patients, _case_mean(_error(readings) ** 2), 1.0), root_ratio)


def _any_case(readings: Readings, holds: Any) -> Values:
    """1 for every case of a patient in any of whose cases something holds."""
    _, index = np.unique(readings.patients, return_inverse=True)
    return np.asarray((np.bincount(index, weights=holds) > 0)[index], dtype=float)


def _flips(readings: Readings, at: float) -> Values:
    above, known = readings.values >= at, ~np.isnan(readings.values)
    flipped = (above & known).any(axis=1) & (~above & known).any(axis=1)
    return _any_case(readings, flipped | readings.missing.any(axis=1))


def _label_changes(readings: Readings, at: float) -> Values:
    changed = ((readings.values >= at) != (readings.original >= at)[:, None]) & ~np.isnan(readings.values)
    return _any_case(readings, changed.any(axis=1))


def _large_changes(readings: Readings, more_than: float, per: str) -> Values:
    large = np.abs(_change(readings)) > more_than
    return _any_case(readings, large.any(axis=1)) if per == "patient" else _case_mean(large.astype(float))


def _outside(readings: Readings, margin: float) -> Values:
    """-1 for every case of a patient with an edit outside, so that more of them is a smaller share within."""
    return -_any_case(readings, np.nanmax(readings.values, axis=1) > margin)


def _hits(readings: Readings, at: float, *, positive: bool) -> Values:
    """Share of a case's edits read on its own side of the operating point; NaN for cases of the other class."""
    known, right = ~np.isnan(readings.values), (readings.values >= at) == positive
    share = (right & known).sum(axis=1) / np.maximum(1, known.sum(axis=1))
    return np.where((readings.reference > 0.5) == positive, share, np.nan)


def _dependence(readings: Readings) -> Sums:
    known = readings.only(~np.isnan(readings.covariate))
    return slope(known.covariate, _case_mean(_change(known)), known.patients)


_ABSOLUTE = _means(lambda r: _case_mean(np.abs(_error(r))))
_SQUARE = _means(lambda r: _case_mean(_error(r) ** 2))
_PLAIN = _means(lambda r: _case_mean(r.values))

IMAGE_MEANS = (
    "ks_distance",
    "outside_mask_change",
    "wasserstein",
    "ssim",
    "psnr",
    "registration_drift",
    "border_change",
    "depth_ratio",
    "marker_residual",
    "image_metric",
)

STATISTICS: Mapping[str, Callable[..., Sums]] = {
    "mae": _ABSOLUTE,
    "mae_drift": _ABSOLUTE,
    "bias": _means(lambda r: _case_mean(_error(r))),
    "rmse": _root,
    "rmse_drift": _root,
    "prediction_drift": _means(lambda r: _case_mean(_change(r))),
    "prediction_change": _means(lambda r: _case_mean(np.abs(_change(r)))),
    "brier": _SQUARE,
    "brier_drift": _SQUARE,
    "limits_of_agreement": lambda r, side: limit_of_agreement(_change(r), r.patients, side),
    "repeat_sd": lambda r, **_: repeat_sd(r.values, r.patients),
    "icc": lambda r, **_: icc(r.values, r.patients),
    "calibration_slope": lambda r, **_: slope_on_reading(r.values, r.reference, r.patients),
    "calibration_intercept": lambda r, **_: intercept_on_reading(r.values, r.reference, r.patients),
    "bias_interaction": lambda r, **_: _dependence(r),
    **dict.fromkeys(IMAGE_MEANS, _PLAIN),
}
"""What is summed over patients, by factory: each difference of values is that of the two verdicts."""

SHARES: Mapping[str, Callable[..., Values]] = {
    "failure_rate": lambda r, **_: _case_mean(r.values),
    "label_flip_rate": _flips,
    "label_change_rate": _label_changes,
    "share_changed": _large_changes,
    "ks_distance": _outside,
    "sensitivity": _hits,
    "specificity": _hits,
}
"""Share of what is counted, by factory, case by case; NaN where a case is not of those it counts."""

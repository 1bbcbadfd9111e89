"""Estimands of what differs between repeats of one and the same request."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from editproof.criteria.estimand import ANY, PROBABILITY, READINGS, REPEATS, Compute, Estimand
from editproof.criteria.factory import estimand, known_unit, reach_of
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import AT_LEAST, READING, SHARE, Threshold
from editproof.evidence.measurements import EDITED, POOLED
from editproof.stats.agreement import icc_statistic as icc_of
from editproof.stats.agreement import is_repeated, within_case_variance
from editproof.stats.statistic import Statistic

_BOTH = frozenset({"reference", "original"})


@estimand
def repeat_difference(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """How far two repeats of a case read apart: mean of ``|repeat - other repeat|`` over the pairs of repeats.

    Needs at least two repeats. Of normal readings it is 1.13 times the standard deviation between repeats, which no
    number of patients bounds as well, for it leans on the rarest of them.

    Parameters
    ----------
    cap : float, optional
        The largest difference that counts in full; a pair of which one is missing counts as this at its worst. A
        criterion takes 10 times its margin where none is given.
    """
    return _between_repeats("difference between repeats", _differences, quantity, cap, arm, unit, instrument, missing)


@estimand
def repeat_sd(
    quantity: str, *, cap: float | None = None, arm: str = EDITED, unit: str | None = None, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Standard deviation of the reading between repeats of a case: root of the mean within-case variance.

    Needs at least two repeats. It is decided by the largest that a case could show, so that it needs many patients; see
    :func:`repeat_difference`.

    Parameters
    ----------
    cap : float, optional
        The largest standard deviation of two repeats that counts in full. A criterion takes 10 times its margin where
        none is given.
    """
    made = _between_repeats("SD between repeats", _spread, quantity, cap, arm, unit, instrument, missing)
    return replace(made, root=True)


@estimand
def icc(quantity: str, *, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case") -> Estimand:
    """ICC(1,1): share of the variance of single readings that lies between cases (Shrout and Fleiss 1979)."""
    return Estimand(
        name="ICC between repeats", quantity=quantity, statistic=_icc, scope=REPEATS, kind=ANY, needs=_BOTH, arm=arm,
        instrument=instrument, missing=missing, ideal=1.0,
    )  # fmt: skip


@estimand(example={"quantity": "sex"})
def label_flip_rate(
    quantity: str, *, at: float = 0.5, arm: str = EDITED, instrument: str = POOLED, missing: str = "worst_case"
) -> Estimand:
    """Share of patients whose predicted class is not the same in all repeats; exact on patients."""
    called = Threshold("at", at, AT_LEAST, SHARE, READING)
    name, flips = "share of patients with label flips", partial(_flips, called=called)
    return _labels(name, flips, called, REPEATS, quantity, arm, instrument, missing)


@estimand(example={"quantity": "sex"})
def label_change_rate(
    quantity: str, *, at: float = 0.5, per: str = "patient", arm: str = EDITED, instrument: str = POOLED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of patients with an edit whose predicted class is not that of the original.

    Parameters
    ----------
    at : float
        Probability from which on a case is of the positive class.
    per : {"patient", "edit"}
        Share of patients with at least one such edit, or share of edits, averaged over patients.
    """
    called = Threshold("at", at, AT_LEAST, SHARE, READING)
    name = f"share of {known_unit(per, 'changes')}s with changed label"
    changes = partial(_changes, called=called, per=per)
    return _labels(name, changes, called, READINGS, quantity, arm, instrument, missing)


def _between_repeats(
    name: str, statistic: Compute, quantity: str, cap: float | None, arm: str, unit: str | None, instrument: str,
    missing: str,
) -> Estimand:  # fmt: skip
    least, most = reach_of(cap)
    return Estimand(
        name=name, quantity=quantity, unit=unit, statistic=statistic, scope=REPEATS, needs=_BOTH, arm=arm,
        instrument=instrument, missing=missing, ideal=0.0, least=least, most=most, cap_in_margins=10.0,
    )  # fmt: skip


def _labels(
    name: str, statistic: Compute, called: Threshold, scope: str, quantity: str, arm: str, instrument: str,
    missing: str,
) -> Estimand:  # fmt: skip
    return Estimand(
        name=name, quantity=quantity, statistic=statistic, scope=scope, kind=PROBABILITY, needs=_BOTH, arm=arm,
        instrument=instrument, missing=missing, ideal=0.0, least=0.0, most=1.0, threshold=called,
    )  # fmt: skip


def _differences(readings: Readings) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    pairs = readings.pairs_of_repeats
    alike = None if np.nansum(np.abs(pairs.values)) else 0.0
    return pairs.mean_of(np.abs(pairs.values), alike).noted(**_figures_of(readings))


def _spread(readings: Readings) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    pairs = readings.pairs_of_repeats
    return pairs.root_mean_of(pairs.values**2 / 2).noted(**_figures_of(readings))


def _figures_of(readings: Readings) -> dict[str, float]:
    """Mean standard deviation and mean range of the cases of which two repeats or more came back."""
    several = readings.values[is_repeated(readings.values)]
    ranges = np.nanmax(several, axis=1) - np.nanmin(several, axis=1)
    return {"mean_of_sds": float(np.sqrt(within_case_variance(several)).mean()), "mean_range": float(ranges.mean())}


def _icc(readings: Readings) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    full = readings.only(~np.isnan(readings.values).any(axis=1))
    equal = bool(full.n_patients) and not np.ptp(full.values, axis=1).any() and np.ptp(full.values) > 0
    return full.smooth(icc_of(full.values, full.patients), 1.0 if equal else None)


def _flips(readings: Readings, *, called: Threshold) -> Statistic:
    if _single(readings):
        return _incomparable(readings)
    above = called.met(readings.values)
    known = ~np.isnan(readings.values)
    return readings.share_of_patients((above & known).any(axis=1) & (~above & known).any(axis=1))


def _changes(readings: Readings, *, called: Threshold, per: str) -> Statistic:
    before = called.met(readings.original)[:, None]
    changed = (called.met(readings.values) != before) & ~np.isnan(readings.values)
    return readings.share(changed, per)


def _single(readings: Readings) -> bool:
    """Whether there is no case of which two repeats came back."""
    return not is_repeated(readings.values).any()


def _incomparable(readings: Readings) -> Statistic:
    return readings.undefined("repeats cannot be compared: there is one per case")

"""Estimands of image metrics and of the flow of edits.

Every metric is a measured quantity ``<metric>:<region>``; see :mod:`harness.metrics`. A missing edit counts as a
ruined image under the worst-case rule.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from harness.criteria.estimand import Estimand, called
from harness.criteria.readings import NOT_RETURNED, Readings
from harness.measurements import EDITED
from harness.stats.bootstrap import interval
from harness.stats.interval import MIN_PATIENTS, Interval, identical
from harness.stats.proportion import clustered_share, share_of_patients
from harness.stats.sums import mean


def image_metric(
    quantity: str,
    *,
    worst: float,
    unchanged: float,
    name: str = "",
    unit: str | None = None,
    arm: str = EDITED,
    missing: str = "worst_case",
) -> Estimand:
    """Mean of any measured image metric over cases.

    Parameters
    ----------
    quantity : str
        E.g. ``"ssim:protected"``.
    worst, unchanged : float
        Value of a ruined and of an untouched image. Where every edit has the latter, nothing changed at all.
    """
    call = called("image_metric", quantity, worst=worst, unchanged=unchanged, unit=unit, arm=arm, missing=missing)
    return _image(name or _title(quantity), quantity, call, partial(_mean, unchanged=unchanged), worst, unchanged, unit,
                  arm, missing)  # fmt: skip


def ks_distance(
    *, region: str = "protected", margin: float | None = None, arm: str = EDITED, missing: str = "worst_case"
) -> Estimand:
    """Kolmogorov-Smirnov distance D of pixel intensities between original and edit, within a region.

    D is an effect size between 0 and 1; its p-value over pixels is never used.

    Parameters
    ----------
    region : {"protected", "outside_mask", "inside_mask", "whole"}
    margin : float, optional
        Without it the estimand is the mean of D: ``at_most(0.05)``. With it, the share of patients whose worst edit
        keeps D within the margin, exact on patients (Clopper-Pearson): ``at_least(0.95)``.
    """
    call = called("ks_distance", region=region, margin=margin, arm=arm, missing=missing)
    if margin is None:
        name, compute = f"KS distance, {_words(region)}", partial(_mean, unchanged=0.0)
    else:
        name = f"share of patients with KS distance at most {margin:g}, {_words(region)}"
        compute = partial(_share_within, margin=margin)
    return _image(name, f"ks_distance:{region}", call, compute, 1.0, 0.0, "", arm, missing)


def outside_mask_change(*, more_than: float = 0.02, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean share of the pixels outside the edit mask that changed.

    Parameters
    ----------
    more_than : {0.0, 0.02}
        Changes that count: every one, or (default) those above 2 % of the intensity range.
    """
    metric = "changed_share" if more_than == 0 else f"changed_share_above_{100 * more_than:g}pct"
    call = called("outside_mask_change", more_than=more_than, arm=arm, missing=missing)
    name = "share of pixels changed outside the mask"
    name += f" by more than {100 * more_than:g} % of range" if more_than else ""
    return _image(name, f"{metric}:outside_mask", call, partial(_mean, unchanged=0.0), 1.0, 0.0, "", arm, missing)


def failure_rate(*, statuses: tuple[str, ...] = tuple(sorted(NOT_RETURNED))) -> Estimand:
    """Share of the requested edits that did not come back as a usable image, clustered by patient."""
    call = called("failure_rate", statuses=None if frozenset(statuses) == NOT_RETURNED else statuses)
    name = "failure rate" if frozenset(statuses) == NOT_RETURNED else f"rate of edits {' or '.join(statuses)}"
    return Estimand(name, "+".join(statuses), "", _share_of_edits, call, "flow")


def refusal_rate() -> Estimand:
    """Share of the requested edits that the tool refused."""
    return failure_rate(statuses=("refused",))


def _image(
    name: str, quantity: str, call: str, compute: partial[Interval], worst: float, unchanged: float, unit: str | None,
    arm: str, missing: str,
) -> Estimand:  # fmt: skip
    shown = name if arm == EDITED else f"{name} ({arm})"
    return Estimand(shown, quantity, unit, compute, call, "image", frozenset(), arm, "image", missing, "", worst,
                    unchanged)  # fmt: skip


def _mean(readings: Readings, confidence: float, *, unchanged: float) -> Interval:
    known = readings.values[~np.isnan(readings.values)]
    if (known == unchanged).all() and readings.n_patients >= MIN_PATIENTS:
        return identical(confidence, readings.n_patients, unchanged)
    return interval(mean(np.nanmean(readings.values, axis=1), readings.patients), confidence)


def _share_within(readings: Readings, confidence: float, *, margin: float) -> Interval:
    _, index = np.unique(readings.patients, return_inverse=True)
    outside = np.nanmax(readings.values, axis=1) > margin
    return share_of_patients(np.bincount(index, weights=outside) == 0, confidence)


def _share_of_edits(readings: Readings, confidence: float) -> Interval:
    known = ~np.isnan(readings.values)
    patients = np.broadcast_to(readings.patients[:, None], known.shape)
    return clustered_share(readings.values[known] > 0, patients[known], confidence)


def _title(quantity: str) -> str:
    metric, _, region = quantity.partition(":")
    return metric.replace("_", " ") + (f", {_words(region)}" if region else "")


def _words(region: str) -> str:
    return region.replace("_", " ")

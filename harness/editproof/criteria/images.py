"""Estimands of image metrics, each a measured quantity ``<metric>:<region>``; see :mod:`editproof.metrics`.

A missing edit counts as a ruined image under the worst-case rule. Where every edit has the value of an untouched image,
nothing changed at all, and that is said instead of an interval of no width.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import Estimand, called
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, IMAGE
from editproof.stats.bootstrap import interval
from editproof.stats.interval import MIN_PATIENTS, Interval, identical
from editproof.stats.ks import ks_of_features
from editproof.stats.proportion import share_of_patients
from editproof.stats.sums import mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from editproof.criteria.readings import Readings

PERFECT_PSNR = 100.0
MOVEMENTS = {"rotation": ("degrees", 180.0), "scale_change": ("", 1.0), "shift": ("of longer side", 1.0)}
"""What :func:`registration_drift` knows: unit, and the value of a ruined image."""


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
    quantity, where = f"ks_distance:{region}", _words(region)
    if margin is None:
        return _image(f"KS distance, {where}", quantity, call, arm, missing, worst=1.0, unchanged=0.0, unit="")
    name = f"share of patients with KS distance at most {margin:g}, {where}"
    compute = partial(_share_within, margin=margin)
    return _image(name, quantity, call, arm, missing, worst=1.0, unchanged=0.0, unit="", compute=compute)


def outside_mask_change(*, more_than: float = 0.02, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean share of the pixels outside the edit mask that changed.

    Parameters
    ----------
    more_than : {0.0, 0.02}
        Changes that count: every one, or (default) those above 2 % of the intensity range.
    """
    call = called("outside_mask_change", more_than=more_than, arm=arm, missing=missing)
    metric = f"changed_share_above_{100 * more_than:g}pct" if more_than else "changed_share"
    above = f" by more than {100 * more_than:g} % of range" if more_than else ""
    name = f"share of pixels changed outside the mask{above}"
    return _image(name, f"{metric}:outside_mask", call, arm, missing, worst=1.0, unchanged=0.0, unit="")


def wasserstein(*, region: str = "protected", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean Wasserstein distance of pixel intensities between original and edit, as a share of the intensity range."""
    call = called("wasserstein", region=region, arm=arm, missing=missing)
    name, unit = f"Wasserstein distance, {_words(region)}", "of range"
    return _image(name, f"wasserstein:{region}", call, arm, missing, worst=1.0, unchanged=0.0, unit=unit)


def ssim(*, region: str = "protected", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean structural similarity of original and edit. Never enough for a pass: smoothing can raise it."""
    call = called("ssim", region=region, arm=arm, missing=missing)
    return _image(f"SSIM, {_words(region)}", f"ssim:{region}", call, arm, missing, worst=0.0, unchanged=1.0, unit="")


def psnr(*, region: str = "protected", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean peak signal-to-noise ratio in dB, equal images counting as 100 dB. Never enough for a pass."""
    call, name = called("psnr", region=region, arm=arm, missing=missing), f"PSNR, {_words(region)}"
    return _image(name, f"psnr:{region}", call, arm, missing, worst=0.0, unchanged=PERFECT_PSNR, unit="dB")


def registration_drift(what: str, *, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """How far the anatomy moved: mean size of its rotation, change of scale, or shift.

    An edit that cannot be aligned with its original at all counts as a missing one.

    Parameters
    ----------
    what : {"rotation", "scale_change", "shift"}
        In degrees, as a ratio less 1, as a share of the longer side.
    """
    if what not in MOVEMENTS:
        raise ProtocolError(f"registration drift of {what!r}", f"there are {', '.join(MOVEMENTS)}", "Choose one.")
    unit, worst = MOVEMENTS[what]
    call, name = called("registration_drift", what, arm=arm, missing=missing), f"{_words(what)} of the anatomy"
    found = _image(name, f"{what}:protected", call, arm, missing, worst=worst, unchanged=0.0, unit=unit)
    return replace(found, undefined_counts=True)


def border_change(*, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean absolute change in the outermost 2 % of the frame: re-framing and padding show there."""
    call, unit = called("border_change", arm=arm, missing=missing), "of range"
    name = "change at the border"
    return _image(name, "border_change:whole", call, arm, missing, worst=1.0, unchanged=0.0, unit=unit)


def depth_ratio(*, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Gray levels in use after the edit relative to before; far below 1, bit depth was lost."""
    call, name = called("depth_ratio", arm=arm, missing=missing), "gray levels in use, edited to original"
    return _image(name, "depth_ratio:whole", call, arm, missing, worst=0.0, unchanged=1.0, unit="")


def marker_residual(*, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Efficacy: contrast left of the marker relative to the original's, 0 removed, 1 untouched: ``at_most(0.3)``.

    A tool that does nothing is safe and useless. Radiographs without a marker are left out.
    """
    call, name = called("marker_residual", arm=arm, missing=missing), "marker contrast left"
    return _image(name, "marker_residual:inside_mask", call, arm, missing, worst=1.0, unchanged=1.0, unit="")


def feature_ks(feature: str, *, region: str = "whole", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Distance D between the distributions, over patients, of a summary feature of originals and of edits.

    Bound its upper limit. The permutation p-value in the notes shows a difference where it is small, and nothing where
    it is large: its silence is never a pass.

    Parameters
    ----------
    feature : {"mean", "sd", "entropy", "noise"}
        ``noise`` is known of the whole image only.
    """
    call = called("feature_ks", feature, region=region, arm=arm, missing=missing)
    name = f"KS distance of image {feature} over patients, {_words(region)}"
    found = _image(
        name, f"{feature}:{region}", call, arm, missing, worst=np.inf, unchanged=0.0, unit="", compute=_feature
    )
    return replace(found, needs=frozenset({"original"}))


def image_metric(
    quantity: str,
    *,
    worst: float,
    unchanged: float,
    unit: str | None = None,
    arm: str = EDITED,
    missing: str = "worst_case",
) -> Estimand:
    """Mean of any measured image metric over cases.

    Parameters
    ----------
    quantity : str
        E.g. ``"mean_abs_change:protected"``.
    worst, unchanged : float
        Value of a ruined and of an untouched image.
    """
    call = called("image_metric", quantity, worst=worst, unchanged=unchanged, unit=unit, arm=arm, missing=missing)
    metric, _, region = quantity.partition(":")
    name = _words(metric) + (f", {_words(region)}" if region else "")
    return _image(name, quantity, call, arm, missing, worst=worst, unchanged=unchanged, unit=unit)


def _image(
    name: str,
    quantity: str,
    call: str,
    arm: str,
    missing: str,
    *,
    worst: float,
    unchanged: float,
    unit: str | None,
    compute: Callable[[Readings, float], Interval] | None = None,
) -> Estimand:
    shown = name if arm == EDITED else f"{name} ({arm})"
    statistic = compute or partial(_mean, unchanged=unchanged)
    return Estimand(
        shown, quantity, unit, statistic, call, "image",
        arm=arm, instrument=IMAGE, missing=missing, worst=worst, unchanged=unchanged,
    )  # fmt: skip


def _mean(readings: Readings, confidence: float, *, unchanged: float) -> Interval:
    known = readings.values[~np.isnan(readings.values)]
    if (known == unchanged).all() and readings.n_patients >= MIN_PATIENTS:
        return identical(confidence, readings.n_patients, unchanged)
    return interval(mean(np.nanmean(readings.values, axis=1), readings.patients), confidence)


def _share_within(readings: Readings, confidence: float, *, margin: float) -> Interval:
    _, index = np.unique(readings.patients, return_inverse=True)
    outside = np.nanmax(readings.values, axis=1) > margin
    return share_of_patients(np.bincount(index, weights=outside) == 0, confidence)


def _feature(readings: Readings, confidence: float) -> Interval:
    if readings.same and readings.n_patients >= MIN_PATIENTS:
        return identical(confidence, readings.n_patients)
    return ks_of_features(readings.original, readings.values, readings.patients, confidence)


def _words(name: str) -> str:
    return name.replace("_", " ")

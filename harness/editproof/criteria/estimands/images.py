"""Estimands of image metrics, each a measured quantity ``<metric>:<region>``; see :mod:`editproof.metrics`.

The value of one image lies between that of an untouched and that of a ruined one; a missing edit can be either.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from editproof.core.numbers import percent
from editproof.criteria.estimand import IMAGES, Compute, Estimand
from editproof.criteria.factory import estimand, known_unit
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import ABOVE, AT_MOST, SHARE, Threshold, counted_share
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, IMAGE
from editproof.stats.distances import FeatureDistance
from editproof.stats.statistic import Statistic

PERFECT_PSNR = 100.0
MOVEMENTS = {"rotation": ("degrees", 20.0), "scale_change": ("", 0.5), "shift": ("of longer side", 0.5)}
"""What :func:`registration_drift` knows: unit, and the largest movement that counts in full."""


@estimand
def ks_distance(
    *, region: str = "protected", margin: float | None = None, per: str = "patient", arm: str = EDITED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Kolmogorov-Smirnov distance D of pixel intensities between original and edit, within a region.

    D is an effect size between 0 and 1; its p-value over pixels is never used.

    Parameters
    ----------
    region : {"protected", "outside_mask", "inside_mask", "whole"}
    margin : float, optional
        Without it the estimand is the mean of D: ``at_most(0.05)``. With it, the share of patients, or of edits, that
        keep D within the margin: ``at_least(0.95)``.
    per : {"patient", "edit"}
        With a margin: share of patients of whom every edit keeps it, or share of edits, averaged over patients.
    """
    quantity, where = f"ks_distance:{region}", _words(region)
    if margin is None:
        return _image(f"KS distance, {where}", quantity, arm, missing, worst=1.0, unchanged=0.0, unit="")
    kept = Threshold("margin", margin, AT_MOST, SHARE)
    name = f"share of {known_unit(per, 'images')}s with KS distance at most {margin:g}, {where}"
    within = partial(counted_share, threshold=kept, per=per, every=True)
    made = _image(name, quantity, arm, missing, worst=1.0, unchanged=0.0, unit="", ideal=1.0, statistic=within)
    return replace(made, threshold=kept)


@estimand
def outside_mask_change(
    *, more_than: float = 0.02, margin: float | None = None, per: str = "edit", arm: str = EDITED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Mean share of the pixels outside the edit mask that changed, or the share of edits in which too many did.

    Parameters
    ----------
    more_than : {0.0, 0.02}
        Changes that count: every one, or (default) those above 2 % of the intensity range.
    margin : float, optional
        Without it the estimand is the mean: ``at_most(0.01)``. With it, the share of edits, or of patients, of whose
        pixels more than this share changed: ``at_most(0.05)``.
    per : {"edit", "patient"}
        With a margin: share of edits, averaged over patients, or of patients with at least one such edit.
    """
    metric = f"changed_share_above_{100 * more_than:g}pct" if more_than else "changed_share"
    above = f" by more than {100 * more_than:g} % of range" if more_than else ""
    name = f"share of pixels changed outside the mask{above}"
    if margin is not None:
        over = Threshold("margin", margin, ABOVE, SHARE)
        counted, most = known_unit(per, "images"), percent(margin)
        name = f"share of {counted}s with more than {most} of pixels changed outside the mask{above}"
        beyond = partial(counted_share, threshold=over, per=per)
        quantity = f"{metric}:outside_mask"
        made = _image(name, quantity, arm, missing, worst=1.0, unchanged=0.0, unit="", ideal=0.0, statistic=beyond)
        return replace(made, threshold=over)
    return _image(name, f"{metric}:outside_mask", arm, missing, worst=1.0, unchanged=0.0, unit="")


@estimand
def wasserstein(*, region: str = "protected", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean Wasserstein distance of pixel intensities between original and edit, as a share of the intensity range."""
    name, unit = f"Wasserstein distance, {_words(region)}", "of range"
    return _image(name, f"wasserstein:{region}", arm, missing, worst=1.0, unchanged=0.0, unit=unit)


@estimand
def ssim(*, region: str = "protected", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean structural similarity of original and edit. Never enough for a pass: smoothing can raise it."""
    return _image(f"SSIM, {_words(region)}", f"ssim:{region}", arm, missing, worst=0.0, unchanged=1.0, unit="")


@estimand
def psnr(*, region: str = "protected", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean peak signal-to-noise ratio in dB, equal images counting as 100 dB. Never enough for a pass."""
    name = f"PSNR, {_words(region)}"
    return _image(name, f"psnr:{region}", arm, missing, worst=0.0, unchanged=PERFECT_PSNR, unit="dB")


@estimand(example={"what": "rotation"})
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
    name = f"{_words(what)} of the anatomy"
    found = _image(name, f"{what}:protected", arm, missing, worst=worst, unchanged=0.0, unit=unit)
    return replace(found, undefined_counts=True)


@estimand
def border_change(*, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Mean absolute change in the outermost 2 % of the frame: re-framing and padding show there."""
    unit = "of range"
    name = "change at the border"
    return _image(name, "border_change:whole", arm, missing, worst=1.0, unchanged=0.0, unit=unit)


@estimand
def depth_ratio(*, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Gray levels in use after the edit relative to before; far below 1, bit depth was lost."""
    name = "gray levels in use, edited to original"
    return _image(name, "depth_ratio:whole", arm, missing, worst=0.0, unchanged=1.0, unit="")


@estimand
def marker_residual(*, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Efficacy: contrast left of the marker relative to the original's, 0 removed, 1 untouched: ``at_most(0.3)``.

    A tool that does nothing is safe and useless. Radiographs without a marker are left out.
    """
    name = "marker contrast left"
    made = _image(name, "marker_residual:inside_mask", arm, missing, worst=1.0, unchanged=1.0, unit="", ideal=0.0)
    return replace(made, perfect=0.0)


@estimand(example={"feature": "sd"})
def feature_ks(feature: str, *, region: str = "whole", arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Distance D between the distributions, over patients, of a summary feature of originals and of edits.

    Bound its upper limit. The permutation p-value in the notes shows a difference where it is small, and nothing where
    it is large: its silence is never a pass.

    Parameters
    ----------
    feature : {"mean", "sd", "entropy", "noise"}
        ``noise`` is known of the whole image only.
    """
    name = f"KS distance of image {feature} over patients, {_words(region)}"
    found = _image(name, f"{feature}:{region}", arm, missing, worst=1.0, unchanged=0.0, unit="", statistic=_feature)
    return replace(found, needs=frozenset({"original"}))


@estimand(example={"quantity": "mean_abs_change:protected", "worst": 1.0, "unchanged": 0.0})
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
        Value of a ruined and of an untouched image; they differ, so that an edit that is missing counts.
    """
    if worst == unchanged:
        found = f"worst and unchanged are both {worst}, so that missing edits would count as untouched ones"
        raise ProtocolError(f"image_metric({quantity!r})", found, "Give the value of a ruined image as worst.")
    metric, _, region = quantity.partition(":")
    name = _words(metric) + (f", {_words(region)}" if region else "")
    return _image(name, quantity, arm, missing, worst=worst, unchanged=unchanged, unit=unit)


def _image(
    name: str,
    quantity: str,
    arm: str,
    missing: str,
    *,
    worst: float,
    unchanged: float,
    unit: str | None,
    ideal: float | None = None,
    statistic: Compute | None = None,
) -> Estimand:
    """An estimand of an image metric, of which the value of an untouched image is the ideal one by default."""
    best = unchanged if ideal is None else ideal
    least, most = (0.0, 1.0) if statistic else (min(worst, unchanged, best), max(worst, unchanged, best))
    return Estimand(
        name=name if arm == EDITED else f"{name} ({arm})", quantity=quantity, unit=unit, statistic=statistic or _mean,
        scope=IMAGES, arm=arm, instrument=IMAGE, missing=missing, unchanged=unchanged, least=least, most=most,
        ideal=best,
    )  # fmt: skip


def _mean(readings: Readings) -> Statistic:
    return readings.mean_of(readings.values)


def _feature(readings: Readings) -> FeatureDistance:
    return FeatureDistance(
        original=readings.original, edited=readings.values, missing=readings.missing, patients=readings.patients
    )


def _words(name: str) -> str:
    return name.replace("_", " ")

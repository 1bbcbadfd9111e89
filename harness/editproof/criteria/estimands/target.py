"""Estimands against a target: the image that an ideal edit would give, where the cohort brings one.

An enhanced image has to differ from its original. What it gains is closeness to the target, and harm is what it does to
a reading in comparison with the target's reading: closeness to the input is not quality.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from editproof.criteria.estimand import IMAGES, READINGS, Estimand
from editproof.criteria.factory import estimand, reach_of
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, IMAGE, TARGET
from editproof.stats.statistic import Statistic
from editproof.types import EstimandSpec

TO_TARGET = {"psnr": ("dB", 1), "ssim": ("", 1), "mean_abs_change": ("of range", -1), "worst_patch": ("", -1)}
"""Metrics of closeness to a target: unit, and whether more (1) or less (-1) is closer."""


@estimand(example={"estimand": EstimandSpec("prediction_change", {"quantity": "bone_age", "cap": 50.0})})
def against_target(estimand: Estimand) -> Estimand:
    """The estimand with the case's target in place of the original; cases without a target are left out.

    Parameters
    ----------
    estimand : Estimand
        One of readings against the original's, with its cap where it takes one: ``prediction_change("bone_age",
        cap=24)``, ``mae_drift``, ``share_changed``, ``auc_drift``. Or one of an image metric that is known against a
        target: ``ssim()``, ``psnr()``, ``local_change()``, ``image_metric("mean_abs_change:protected", ...)``.

    Raises
    ------
    ProtocolError
        Where nothing in it is against the original, or it has no cap yet.

    Examples
    --------
    >>> from editproof.criteria import local_change, prediction_drift
    >>> against_target(prediction_drift("bone_age", cap=24.0)).name
    'prediction drift against the target'
    >>> against_target(local_change()).quantity
    'worst_patch_to_target:protected'
    """
    if estimand.against == TARGET:
        raise ProtocolError(f"{estimand!r} against a target", "it is against a target already", "Name it once.")
    if estimand.wants_cap:
        raise ProtocolError(f"{estimand!r} against a target", "it has no cap", "Give it one, e.g. cap=24.")
    name = f"{estimand.name} against the target"
    metric, _, region = estimand.quantity.partition(":")
    if estimand.scope == IMAGES and metric in TO_TARGET and estimand.arm == EDITED:
        return replace(estimand, name=name, quantity=f"{metric}_to_target:{region}", against=TARGET)
    if estimand.scope == READINGS and "original" in estimand.needs:
        return replace(estimand, name=name, against=TARGET)
    found = "it holds no reading of edits against the original, and no metric that is known against a target"
    raise ProtocolError(f"{estimand!r} against a target", found, f"Such metrics are {', '.join(TO_TARGET)}.")


@estimand(example={"metric": "psnr", "cap": 10.0})
def target_gain(
    metric: str, *, cap: float, region: str = "protected", arm: str = EDITED, missing: str = "worst_case"
) -> Estimand:
    """Benefit: how much closer to the target an edit is than its original is, by an image metric; above 0 is closer.

    Never enough for a pass by itself: a strong smoother gains PSNR and SSIM and loses the finding.

    Parameters
    ----------
    metric : {"psnr", "ssim", "mean_abs_change", "worst_patch"}
    cap : float
        The largest gain or loss that counts in full, in the unit of the metric; a missing edit counts as such a loss at
        its worst. E.g. 10 dB of PSNR, 0.5 of SSIM.
    region : {"protected", "whole"}
    """
    if metric not in TO_TARGET:
        raise ProtocolError(f"gain by {metric!r}", f"there are {', '.join(TO_TARGET)}", "Choose one of those.")
    unit, sign = TO_TARGET[metric]
    least, most = reach_of(cap, signed=True)
    where = region.replace("_", " ")
    return Estimand(
        name=f"gain in {_WORDS[metric]} to the target, {where}", quantity=f"{metric}_to_target:{region}", unit=unit,
        statistic=partial(_gain, sign=sign), needs=frozenset({"original"}), scope=IMAGES, arm=arm, against=TARGET,
        instrument=IMAGE, missing=missing, least=least, most=most, ideal=most, signed=True,
    )  # fmt: skip


_WORDS = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "mean_abs_change": "mean absolute closeness",
    "worst_patch": "closeness of the worst patch",
}


def _gain(readings: Readings, *, sign: int) -> Statistic:
    found = readings.mean_of(sign * readings.changes, readings.unmoved)
    return found.noted(original=readings.average(readings.original), edited=readings.average(readings.values))

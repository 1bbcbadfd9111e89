"""Acceptance criteria: estimands, regions, and the one rule that decides them."""

from editproof.criteria.accuracy import (
    bias,
    mae,
    mae_drift,
    prediction_change,
    prediction_drift,
    recalibrated,
    rmse,
    rmse_drift,
)
from editproof.criteria.agreement import (
    bias_interaction,
    calibration_intercept,
    calibration_slope,
    limits_of_agreement,
    share_changed,
)
from editproof.criteria.criterion import Criterion, overall, verdict_on
from editproof.criteria.discrimination import (
    auc,
    auc_drift,
    brier,
    brier_drift,
    probability_intercept,
    probability_slope,
    sensitivity,
    specificity,
)
from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.flow import failure_rate, refusal_rate
from editproof.criteria.images import (
    border_change,
    depth_ratio,
    feature_ks,
    image_metric,
    ks_distance,
    marker_residual,
    outside_mask_change,
    psnr,
    registration_drift,
    ssim,
    wasserstein,
)
from editproof.criteria.readings import Readings
from editproof.criteria.region import Region, at_least, at_most, within
from editproof.criteria.repeatability import icc, label_change_rate, label_flip_rate, repeat_sd
from editproof.types import sentence_of

__all__ = [
    "Criterion",
    "Estimand",
    "Readings",
    "Region",
    "at_least",
    "at_most",
    "auc",
    "auc_drift",
    "bias",
    "bias_interaction",
    "border_change",
    "brier",
    "brier_drift",
    "calibration_intercept",
    "calibration_slope",
    "depth_ratio",
    "estimand",
    "failure_rate",
    "feature_ks",
    "icc",
    "image_metric",
    "ks_distance",
    "label_change_rate",
    "label_flip_rate",
    "limits_of_agreement",
    "mae",
    "mae_drift",
    "marker_residual",
    "outside_mask_change",
    "overall",
    "prediction_change",
    "prediction_drift",
    "probability_intercept",
    "probability_slope",
    "psnr",
    "recalibrated",
    "refusal_rate",
    "registration_drift",
    "repeat_sd",
    "rmse",
    "rmse_drift",
    "sensitivity",
    "sentence_of",
    "share_changed",
    "specificity",
    "ssim",
    "verdict_on",
    "wasserstein",
    "within",
]

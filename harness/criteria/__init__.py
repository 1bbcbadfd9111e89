"""Acceptance criteria: estimands, regions, and the one rule that decides them."""

from harness.criteria.accuracy import (
    bias,
    mae,
    mae_drift,
    prediction_change,
    prediction_drift,
    recalibrated,
    rmse,
    rmse_drift,
)
from harness.criteria.criterion import Criterion, overall, verdict_on
from harness.criteria.discrimination import (
    auc,
    auc_drift,
    brier,
    brier_drift,
    probability_intercept,
    probability_slope,
    sensitivity,
    specificity,
)
from harness.criteria.estimand import Estimand
from harness.criteria.images import (
    failure_rate,
    image_metric,
    ks_distance,
    outside_mask_change,
    refusal_rate,
)
from harness.criteria.region import Region, at_least, at_most, within
from harness.criteria.repeatability import icc, label_change_rate, label_flip_rate, repeat_sd
from harness.words import sentence_of

__all__ = [
    "Criterion",
    "Estimand",
    "Region",
    "at_least",
    "at_most",
    "auc",
    "auc_drift",
    "bias",
    "brier",
    "brier_drift",
    "failure_rate",
    "icc",
    "image_metric",
    "ks_distance",
    "label_change_rate",
    "label_flip_rate",
    "mae",
    "mae_drift",
    "outside_mask_change",
    "overall",
    "prediction_change",
    "prediction_drift",
    "probability_intercept",
    "probability_slope",
    "recalibrated",
    "refusal_rate",
    "repeat_sd",
    "rmse",
    "rmse_drift",
    "sensitivity",
    "sentence_of",
    "specificity",
    "verdict_on",
    "within",
]

"""Clinical acceptance of generative image-editing tools, as pytest cases.

What a suite needs is here, loaded when it is first named::

    from editproof import Criterion, at_most, mae_drift
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "editproof.criteria": (
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
        "share_changed",
        "specificity",
        "ssim",
        "verdict_on",
        "wasserstein",
        "within",
    ),
    "editproof.evidence.bundle": ("loaded", "save"),
    "editproof.evidence.record": ("Evidence",),
    "editproof.audit.verification": ("faults",),
    "editproof.metrics": ("Metric", "MetricOutput", "Pair", "Picture", "feature", "metric", "shared"),
    "editproof.evidence.measurements": ("Measurements", "measurements_of"),
    "editproof.study.bench": ("Bench", "Plan"),
    "editproof.types": (
        "Case",
        "EditOutcome",
        "EditRequest",
        "EditStatus",
        "Editor",
        "EditorCard",
        "Estimate",
        "EstimandSpec",
        "Outcome",
        "Verdict",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    """The named object, from the room where it lives."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'editproof' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """Every public name."""
    return __all__

"""Image pairs in, named numbers out, each intermediate computed once.

Every number is named ``<output>:<region>`` and comes with its unit. A number that is not defined (an empty region, an
image without contrast) is absent, never 0 and never NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.metrics.masks import MaskPair, mask_metric
from editproof.metrics.metric import (
    OF_IMAGE,
    OF_MASKS,
    OF_PAIR,
    OF_TARGET,
    Metric,
    MetricOutput,
    feature,
    metric,
    target_metric,
)
from editproof.metrics.outputs import OutputPair, output_metric
from editproof.metrics.pair import Pair, Picture, shared
from editproof.metrics.registry import BUILT_IN, METRICS, METRICS_VERSION, own_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editproof.types import Image, Mask

__all__ = [
    "BUILT_IN",
    "METRICS",
    "METRICS_VERSION",
    "OF_IMAGE",
    "OF_MASKS",
    "OF_PAIR",
    "OF_TARGET",
    "MaskPair",
    "Metric",
    "MetricOutput",
    "OutputPair",
    "Pair",
    "Picture",
    "feature",
    "image_features",
    "mask_metric",
    "measured",
    "metric",
    "output_metric",
    "own_metrics",
    "pair_metrics",
    "shared",
    "target_metric",
]  # fmt: skip


def measured(
    of: Pair | Picture | MaskPair | OutputPair, metrics: Iterable[Metric] = BUILT_IN, kind: str = ""
) -> dict[str, tuple[float, str]]:
    """What metrics give for a pair, or for one image, as ``{"<output>:<region>": (value, unit)}``.

    Parameters
    ----------
    of : Pair, Picture, MaskPair or OutputPair
        Metrics of another kind are left out.
    kind : {"pair", "image", "target", "masks"}, optional
        By default ``"pair"`` of a pair, ``"image"`` of a picture, ``"masks"`` of masks and the kind of the outputs.

    Raises
    ------
    MetricError
        Where a metric raises, or gives something other than it declares.
    """
    if isinstance(of, OutputPair):
        return {name: value for metric in metrics if metric.of == of.kind for name, value in metric(of).items()}
    kind = kind or (OF_PAIR if isinstance(of, Pair) else OF_MASKS if isinstance(of, MaskPair) else OF_IMAGE)
    asked = [metric for metric in metrics if metric.of == kind and of.axes in metric.axes]
    return {name: value for metric in asked for name, value in metric(of).items()}


def pair_metrics(original: Image, edited: Image, edit_mask: Mask, protected_mask: Mask) -> dict[str, tuple[float, str]]:
    """How an edit differs from its original, by the built-in metrics; see :func:`measured`.

    Parameters
    ----------
    original, edited : ndarray of uint8 or uint16, shape (H, W)
        Of one shape and one type.
    edit_mask, protected_mask : ndarray of bool, shape (H, W)

    Returns
    -------
    dict
        Per region (``whole``, ``protected``, ``outside_mask``, ``inside_mask``): ``ks_distance``, ``wasserstein``,
        ``changed_share``, ``changed_share_above_2pct``, ``mean_abs_change``, ``max_abs_change``, ``ssim``, ``psnr``;
        further ``rotation``, ``scale_change``, ``shift`` and ``alignment`` of ``protected``, ``depth_ratio:whole``,
        ``border_change:whole``, ``marker_contrast:inside_mask`` and ``marker_residual:inside_mask``.

    Raises
    ------
    ValueError
        Where the images differ in shape or type; the study rejects such edits as malformed beforehand.
    """
    return measured(Pair.of(original, edited, edit_mask, protected_mask))


def image_features(image: Image, edit_mask: Mask, protected_mask: Mask) -> dict[str, tuple[float, str]]:
    """Summary features of one image per region: ``mean``, ``sd``, ``entropy``, and ``noise:whole``."""
    return measured(Picture(image, edit_mask, protected_mask))

"""Image pairs in, named numbers out, in one pass over a pair.

Every number is named ``<metric>:<region>`` and comes with its unit. A metric that is not defined (an empty region, an
image without contrast) is absent, never 0 and never NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.metrics.intensity import distribution_changes, histogram256, pixel_changes, summary_features
from harness.metrics.marker import border_change, marker_residual
from harness.metrics.regions import INSIDE, OUTSIDE, PROTECTED, WHOLE, full_range, regions_of
from harness.metrics.registration import registration_drift
from harness.metrics.similarity import similarity
from harness.stats.ks import level_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.types import Image, Mask

__all__ = [
    "INSIDE", "OUTSIDE", "PROTECTED", "WHOLE", "full_range", "histogram256", "image_features", "pair_metrics",
    "regions_of",
]  # fmt: skip


def pair_metrics(
    original: Image, edited: Image, edit_mask: Mask, protected_mask: Mask
) -> dict[str, tuple[float, str]]:
    """How an edit differs from its original, as ``{"<metric>:<region>": (value, unit)}``.

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
        further ``rotation``, ``scale_change``, ``shift`` and ``alignment`` of ``protected``, ``border_change:whole``,
        ``marker_contrast:inside_mask`` and ``marker_residual:inside_mask``.

    Raises
    ------
    ValueError
        Where the images differ in shape or type; the study rejects such edits as malformed beforehand.
    """
    if original.shape != edited.shape or original.dtype != edited.dtype:
        raise ValueError(f"{original.shape} {original.dtype} against {edited.shape} {edited.dtype}")
    regions = regions_of(edit_mask, protected_mask)
    before = {region: level_counts(original, mask) for region, mask in regions.items()}
    after = {region: level_counts(edited, mask) for region, mask in regions.items()}
    return {
        **distribution_changes(before, after),
        **pixel_changes(original, edited, regions),
        **similarity(original, edited, regions),
        **registration_drift(original, edited, protected_mask),
        **border_change(original, edited),
        **marker_residual(original, edited, edit_mask),
    }


def image_features(image: Image, regions: Mapping[str, Mask]) -> dict[str, tuple[float, str]]:
    """Summary features of one image per region: ``mean``, ``sd``, ``entropy``, and ``noise:whole``.

    Parameters
    ----------
    regions : mapping of str to ndarray of bool
        As made by :func:`regions_of`.
    """
    return summary_features(image, {name: level_counts(image, mask) for name, mask in regions.items()})

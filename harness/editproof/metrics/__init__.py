"""Image pairs in, named numbers out, in one pass over a pair.

Every number is named ``<metric>:<region>`` and comes with its unit. A metric that is not defined (an empty region, an
image without contrast) is absent, never 0 and never NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.imaging.region import INSIDE, OUTSIDE, PROTECTED, WHOLE, full_range, regions
from editproof.metrics.intensity import (
    depth_ratio,
    distribution_changes,
    histogram256,
    pixel_changes,
    summary_features,
)  # fmt: skip
from editproof.metrics.marker import border_change, marker_residual
from editproof.metrics.registration import registration_drift
from editproof.metrics.similarity import similarity
from editproof.stats.ks import level_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editproof.types import Image, Mask

VERSION = "2"
"""Raised whenever any number of this room changes its meaning; enters the protocol digest."""

__all__ = [
    "INSIDE", "OUTSIDE", "PROTECTED", "VERSION", "WHOLE", "full_range", "histogram256", "image_features",
    "pair_metrics", "regions",
]  # fmt: skip


def pair_metrics(original: Image, edited: Image, edit_mask: Mask, protected_mask: Mask) -> dict[str, tuple[float, str]]:
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
        further ``rotation``, ``scale_change``, ``shift`` and ``alignment`` of ``protected``, ``depth_ratio:whole``,
        ``border_change:whole``, ``marker_contrast:inside_mask`` and ``marker_residual:inside_mask``.

    Raises
    ------
    ValueError
        Where the images differ in shape or type; the study rejects such edits as malformed beforehand.
    """
    if original.shape != edited.shape or original.dtype != edited.dtype:
        raise ValueError(f"{original.shape} {original.dtype} against {edited.shape} {edited.dtype}")
    inside = regions(edit_mask, protected_mask)
    before = {region: level_counts(original, mask) for region, mask in inside.items()}
    after = {region: level_counts(edited, mask) for region, mask in inside.items()}
    return {
        **distribution_changes(before, after),
        **depth_ratio(before[WHOLE], after[WHOLE]),
        **pixel_changes(original, edited, inside),
        **similarity(original, edited, inside),
        **registration_drift(original, edited, protected_mask),
        **border_change(original, edited),
        **marker_residual(original, edited, edit_mask),
    }


def image_features(image: Image, inside: Mapping[str, Mask]) -> dict[str, tuple[float, str]]:
    """Summary features of one image per region: ``mean``, ``sd``, ``entropy``, and ``noise:whole``.

    Parameters
    ----------
    inside : mapping of str to ndarray of bool
        Masks by name, as made by :func:`regions`.
    """
    return summary_features(image, {name: level_counts(image, mask) for name, mask in inside.items()})

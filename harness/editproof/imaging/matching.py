"""Histogram matching: the simplest correction of an edit that shifts intensities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.colour import by_plane
from editproof.imaging.levels import level_counts

if TYPE_CHECKING:
    from editproof.types import Image


def histogram_matched(image: Image, target: Image) -> Image:
    """The image with its levels mapped monotonically, so that their distribution follows the target's, by channel.

    Parameters
    ----------
    image, target : ndarray of uint8 or uint16, of a volume int16 or float32 too
        Of one dtype; shapes may differ, of volumes they do not.

    Returns
    -------
    ndarray
        Shape and dtype of ``image``.

    References
    ----------
    Gonzalez and Woods, Digital Image Processing, section "Histogram matching (specification)".

    Examples
    --------
    >>> dark = np.array([[0, 1], [2, 3]], np.uint8)
    >>> histogram_matched(dark, dark + 100).tolist()
    [[100, 101], [102, 103]]
    """
    if axes_of(image.shape) == ZYX:
        return _matched_volume(image, target)
    return by_plane(_matched, image, target)


def _matched(image: Image, target: Image) -> Image:
    share = [np.cumsum(level_counts(pixels)) / pixels.size for pixels in (image, target)]
    mapped = np.searchsorted(share[1], share[0] - 1e-12).clip(0, len(share[1]) - 1).astype(image.dtype)
    return np.asarray(cv2.LUT(image, mapped) if image.dtype == np.uint8 else mapped[image])


def _matched_volume(image: Image, target: Image) -> Image:
    """Values mapped by rank: voxels of one value get the greatest value of the target that is of their ranks."""
    values, counts = np.unique(image, return_counts=True)
    mapped = np.sort(target, axis=None)[np.cumsum(counts) - 1]
    matched = np.empty_like(image)
    for place, plane in enumerate(image):
        matched[place] = mapped[np.searchsorted(values, plane)]
    return matched

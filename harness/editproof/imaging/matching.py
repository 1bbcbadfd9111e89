"""Histogram matching: the simplest correction of an edit that shifts intensities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from editproof.types import Image


def histogram_matched(image: Image, target: Image) -> Image:
    """The image with its gray levels mapped monotonically, so that their distribution follows the target's.

    Parameters
    ----------
    image, target : ndarray of uint8 or uint16
        Of one dtype; shapes may differ.

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
    levels = int(np.iinfo(image.dtype).max) + 1
    share = [np.cumsum(np.bincount(pixels.ravel(), minlength=levels)) / pixels.size for pixels in (image, target)]
    mapped = np.searchsorted(share[1], share[0] - 1e-12).clip(0, levels - 1).astype(image.dtype)
    return np.asarray(mapped[image])

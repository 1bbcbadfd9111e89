"""How many pixels of an image are at each gray level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, Mask

_EXACT_IN_FLOAT32 = 2**24


def level_counts(image: Image, mask: Mask | None = None) -> NDArray[np.int64]:
    """Number of pixels at each level, shape (256,) or (65536,).

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W) or (Z, Y, X)
    mask : ndarray of bool, of the shape of the image, optional
        Pixels to count; all of them without it.

    Examples
    --------
    >>> level_counts(np.array([[0, 2], [2, 255]], np.uint8))[[0, 1, 2, 255]].tolist()
    [1, 0, 2, 1]
    """
    if image.ndim == 3:
        image, mask = image.reshape(-1, image.shape[-1]), None if mask is None else mask.reshape(-1, image.shape[-1])
    levels = 1 << (8 * image.dtype.itemsize)
    counts = np.zeros(levels, dtype=np.int64)
    rows = max(1, (_EXACT_IN_FLOAT32 - 1) // max(1, image.shape[1]))
    for top in range(0, len(image), rows):
        part = np.ascontiguousarray(image[top : top + rows])
        inside = None if mask is None else np.ascontiguousarray(mask[top : top + rows]).view(np.uint8)
        counts += cv2.calcHist([part], [0], inside, [levels], [0, levels]).ravel().astype(np.int64)
    return counts

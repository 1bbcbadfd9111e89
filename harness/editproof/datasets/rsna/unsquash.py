"""Undo a squash to a square, so that geometry loss is not blamed on editing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from editproof.types import Image


def unsquashed(image: Image, height: int, width: int) -> Image:
    """The image stretched back to the aspect ratio of its original, its shorter side as it was.

    Parameters
    ----------
    image : ndarray, shape (S, S)
        A radiograph that was squashed to a square.
    height, width : int
        Size of the original in pixels; only the ratio counts.

    Returns
    -------
    ndarray, shape (H, W)
        Same dtype; ``min(H, W) == S`` and ``H / W`` is the original's ratio to the nearest pixel. Linear
        interpolation along the longer side only, so no column or row of the input is lost.

    Examples
    --------
    >>> import numpy as np
    >>> unsquashed(np.zeros((100, 100), np.uint8), 2044, 1514).shape
    (135, 100)
    """
    side = min(image.shape)
    scale = side / min(height, width)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)

"""One way to a model: an image fitted into the frame that a model reads, and its gray levels stretched.

Nothing comes back from a model that would have to be undone, so an image may be cut, and padding holds no pixel (NaN).
The way to an editing tool's canvas and back is another question: :mod:`editproof.imaging.geometry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from editproof.imaging.geometry import letterboxed

if TYPE_CHECKING:
    from numpy.typing import NDArray

FITS = ("letterbox", "squash", "centre_crop")


def framed(image: NDArray[np.float32], frame: tuple[int, int], fit: str) -> NDArray[np.float32]:
    """The image in a frame, by area interpolation where a side shrinks and linear interpolation else.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W)
    frame : tuple of int
        Height and width.
    fit : {"letterbox", "squash", "centre_crop"}
        ``letterbox`` keeps the proportions and pads with NaN, ``squash`` does not keep them, ``centre_crop`` keeps
        them and cuts what is over.

    Returns
    -------
    ndarray of float32, of the frame's shape

    Examples
    --------
    >>> framed(np.ones((4, 2), np.float32), (2, 3), "letterbox").tolist()
    [[nan, 1.0, nan], [nan, 1.0, nan]]
    """
    scales = frame[0] / image.shape[0], frame[1] / image.shape[1]
    how = cv2.INTER_AREA if min(scales) < 1 else cv2.INTER_LINEAR

    def resized(size: tuple[int, int]) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(image, size[::-1], interpolation=how))

    if fit == "squash":
        return resized(frame)
    if fit == "centre_crop":
        scale = max(scales)
        size = max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))
        top, left = abs(frame[0] - size[0]) // 2, abs(frame[1] - size[1]) // 2
        return resized(size)[top : top + frame[0], left : left + frame[1]]
    place = letterboxed((image.shape[0], image.shape[1]), frame)
    (height, width), (top, left) = place.scaled, place.corner
    padded = np.full(frame, np.nan, np.float32)
    padded[top : top + height, left : left + width] = resized((height, width))
    return padded


def stretched_to_unit(pixels: NDArray[Any], low: float, high: float, headroom: float = 1.0) -> NDArray[np.float64]:
    """Two percentiles of the pixels brought to 0 and to ``1 / headroom``, and what lies outside 0 to 1 clipped.

    NaN is no pixel and stays NaN. A flat image becomes 0.

    Examples
    --------
    >>> stretched_to_unit(np.array([0.0, 50.0, 100.0, np.nan]), 0, 100).tolist()
    [0.0, 0.5, 1.0, nan]
    """
    floor, top = np.nanpercentile(pixels, (low, high))
    span = max(float(top - floor), 1e-6) * float(headroom)
    unit: NDArray[np.float64] = np.clip((pixels.astype(np.float64) - floor) / span, 0, 1)
    return unit

"""One way to a model: an image fitted into the frame that a model reads, and its gray levels stretched.

What a model reads may be cut, and padding holds no pixel (NaN). What it draws comes back to the image by
:func:`unframed`. The way to an editing tool's canvas and back is another question: :mod:`editproof.imaging.geometry`.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    image : ndarray of float32, shape (H, W) or (H, W, 3)
    frame : tuple of int
        Height and width.
    fit : {"letterbox", "squash", "centre_crop"}
        ``letterbox`` keeps the proportions and pads with NaN, ``squash`` does not keep them, ``centre_crop`` keeps
        them and cuts what is over.

    Returns
    -------
    ndarray of float32, of the frame's shape, with the channels of the image

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
    padded = np.full((*frame, *image.shape[2:]), np.nan, np.float32)
    padded[top : top + height, left : left + width] = resized((height, width))
    return padded


@dataclass(frozen=True)
class ModelFrame:
    """Where a model reads an image: height and width in pixels, and how the image was fitted into it."""

    height: int
    width: int
    fit: str


def unframed(plane: NDArray[Any], frame: ModelFrame, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A plane of scores over a frame, on the image that was fitted into the frame: the inverse of :func:`framed`.

    Means of areas where both sides shrink, linear interpolation else.

    Parameters
    ----------
    plane : ndarray, shape (h, w)
        Of the frame's size, or coarser or finer over the same frame.
    frame : ModelFrame
        With the fit ``letterbox`` or ``squash``; what a crop cuts off, no plane covers.
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    ndarray of float32, of the image's shape

    Examples
    --------
    >>> unframed(np.array([[7, 1, 7], [7, 0, 7]]), ModelFrame(2, 3, "letterbox"), (4, 2)).tolist()
    [[1.0, 1.0], [0.75, 0.75], [0.25, 0.25], [0.0, 0.0]]
    """
    scores = _brought(np.asarray(plane, np.float32), (frame.height, frame.width))
    if frame.fit == "letterbox":
        place = letterboxed((shape[0], shape[1]), (frame.height, frame.width))
        (height, width), (top, left) = place.scaled, place.corner
        scores = np.ascontiguousarray(scores[top : top + height, left : left + width])
    return _brought(scores, (shape[0], shape[1]))


def unframed_places(places: NDArray[np.float64], frame: ModelFrame, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Places in the frame on the image that was fitted into it, x and y from the upper left corner.

    Parameters
    ----------
    places : ndarray of float, shape (n, 2)
    frame : ModelFrame
        With the fit ``letterbox`` or ``squash``.
    shape : tuple of int
        Height and width of the image.

    Examples
    --------
    >>> unframed_places(np.array([[1.0, 0.0], [2.0, 2.0]]), ModelFrame(2, 3, "letterbox"), (4, 2)).tolist()
    [[0.0, 0.0], [2.0, 4.0]]
    """
    (height, width), (top, left) = (frame.height, frame.width), (0, 0)
    if frame.fit == "letterbox":
        place = letterboxed((shape[0], shape[1]), (frame.height, frame.width))
        (height, width), (top, left) = place.scaled, place.corner
    return np.asarray((places - [left, top]) * [shape[1] / width, shape[0] / height], dtype=np.float64)


def _brought(plane: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    if plane.shape == shape:
        return plane
    shrinks = shape[0] <= plane.shape[0] and shape[1] <= plane.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=how), np.float32)


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

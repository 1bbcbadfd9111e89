"""A volume as one picture: its three orthogonal planes through a place, side by side, for a page of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image

GAP = 4
"""Black pixels between planes."""


def most_changed(original: Image, edited: Image) -> tuple[int, int, int]:
    """The slice, row and column through which most changed; the centre where nothing did.

    Examples
    --------
    >>> before = np.zeros((3, 4, 5), np.uint8); after = before.copy(); after[2, 1, 4] = 9
    >>> most_changed(before, after), most_changed(before, before)
    ((2, 1, 4), (1, 2, 2))
    """
    sums = [np.zeros(side) for side in original.shape]
    for place, (before, after) in enumerate(zip(original, edited, strict=True)):
        apart = np.abs(before.astype(np.float64) - after)
        sums[0][place] = apart.sum()
        sums[1] += apart.sum(axis=1)
        sums[2] += apart.sum(axis=0)
    if not sums[0].any():
        return original.shape[0] // 2, original.shape[1] // 2, original.shape[2] // 2
    slice_, row, column = (int(along.argmax()) for along in sums)
    return slice_, row, column


def window_of(original: Image) -> tuple[float, float]:
    """The values that are shown black and white: percentiles 0.5 and 99.5 of an original, of 8 bits its whole range."""
    if original.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.percentile(original, (0.5, 99.5))
    return float(low), max(float(high), float(low) + 1e-6)


def gray_of(plane: NDArray[Any], window: tuple[float, float]) -> NDArray[np.uint8]:
    """A plane through a window: the values at its ends, and beyond, are black and white.

    Examples
    --------
    >>> gray_of(np.array([[-9, 0, 5, 20]]), (0.0, 10.0)).tolist()
    [[0, 0, 128, 255]]
    """
    low, high = window
    return np.clip((plane.astype(np.float64) - low) * (255.0 / (high - low)), 0, 255).round().astype(np.uint8)


def sheet_of(
    volume: NDArray[Any], place: tuple[int, int, int], window: tuple[float, float], spacing_mm: tuple[float, ...] | None
) -> NDArray[np.uint8]:
    """Axial, coronal and sagittal plane through a place, head up, in the proportions of the body.

    Parameters
    ----------
    volume : ndarray, shape (Z, Y, X)
        In the order of :mod:`editproof.imaging.volumes`.
    place : tuple of int
    window : tuple of float
        Values that are black and white.
    spacing_mm : tuple of float, optional
        Voxels are taken for cubes where it is not known.

    Returns
    -------
    ndarray of uint8, two axes
    """
    steps = np.array(spacing_mm or (1.0, 1.0, 1.0)) / min(spacing_mm or (1.0,))
    cuts = [
        (volume[place[0]], steps[1], steps[2]),
        (volume[::-1, place[1]], steps[0], steps[2]),
        (volume[::-1, :, place[2]], steps[0], steps[1]),
    ]
    shown = []
    for cut, down, across in cuts:
        gray = gray_of(cut, window)
        size = max(1, round(gray.shape[1] * across)), max(1, round(gray.shape[0] * down))
        shown.append(cv2.resize(gray, size, interpolation=cv2.INTER_NEAREST))
    height = max(len(one) for one in shown)
    sheet = np.zeros((height, sum(one.shape[1] for one in shown) + GAP * (len(shown) - 1)), np.uint8)
    left = 0
    for one in shown:
        sheet[: len(one), left : left + one.shape[1]] = one
        left += one.shape[1] + GAP
    return sheet

"""The place of an edit to look at closely: where most changed, outside the edit mask if anything did there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTICED = 0.02
"""Share of the intensity range; what changed by less outside the edit mask does not draw the crop there."""


def crop_at(
    original: NDArray[Any], edited: NDArray[Any], edit_mask: NDArray[Any], side: int
) -> tuple[tuple[slice, slice], bool]:
    """Rows and columns of the crop with the greatest change in its middle, and whether that is outside the edit mask.

    Changes outside the edit mask come first: a tool is asked to change what is inside.

    Parameters
    ----------
    original, edited : ndarray, shape (H, W) or (H, W, C)
        Of one type; in colour the channel that changed most counts.
    edit_mask : ndarray of bool, shape (H, W)
        Where the tool may change the image.
    side : int
        Pixels of the crop in both directions, fewer where the image is smaller.

    Examples
    --------
    >>> before = np.zeros((9, 9), np.uint8); after = before.copy(); after[1, 1], after[6, 6] = 200, 90
    >>> mask = np.zeros((9, 9), bool); mask[:4, :4] = True
    >>> crop_at(before, after, mask, 4)
    ((slice(4, 8, None), slice(4, 8, None)), True)
    >>> crop_at(before, after, np.ones((9, 9), bool), 4)
    ((slice(0, 4, None), slice(0, 4, None)), False)
    """
    apart = np.abs(edited.astype(np.float32) - original.astype(np.float32))
    apart = apart if apart.ndim == 2 else apart.max(axis=2)
    alone = np.where(edit_mask.astype(bool), np.float32(0), apart)
    whole = np.iinfo(original.dtype).max if original.dtype.kind in "iu" else float(np.ptp(original)) or 1.0
    outside = bool(alone.max(initial=0) > NOTICED * whole)
    near = cv2.boxFilter(alone if outside else apart, -1, (max(1, side // 4),) * 2, borderType=cv2.BORDER_CONSTANT)
    middle = np.unravel_index(int(near.argmax()), near.shape)
    starts = [max(0, min(int(at) - side // 2, length - side)) for at, length in zip(middle, near.shape, strict=True)]
    down, across = (slice(start, min(start + side, length)) for start, length in zip(starts, near.shape, strict=True))
    return (down, across), outside

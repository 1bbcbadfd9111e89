"""Regions of a radiograph in which metrics are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, Mask

    Box = tuple[slice, slice]

WHOLE, PROTECTED, OUTSIDE, INSIDE = "whole", "protected", "outside_mask", "inside_mask"
REGIONS = (WHOLE, PROTECTED, OUTSIDE, INSIDE)


def regions(edit_mask: Mask, protected_mask: Mask) -> dict[str, Mask]:
    """The regions that have at least one pixel, by name.

    Parameters
    ----------
    edit_mask, protected_mask : ndarray of bool, shape (H, W)

    Examples
    --------
    >>> edit = np.array([[True, False]]); hand = np.array([[False, False]])
    >>> sorted(regions(edit, hand))
    ['inside_mask', 'outside_mask', 'whole']
    """
    named = {
        WHOLE: np.ones_like(edit_mask, dtype=bool),
        PROTECTED: protected_mask,
        OUTSIDE: ~edit_mask,
        INSIDE: edit_mask,
    }
    return {name: mask for name, mask in named.items() if mask.any()}


def box_of(where: NDArray[Any]) -> Box | None:
    """The smallest box that holds every pixel of an array that is not zero; None where all are.

    Examples
    --------
    >>> box_of(np.array([[0, 0, 0], [0, 7, 7]]))
    (slice(1, 2, None), slice(1, 3, None))
    """
    rows = np.flatnonzero(where.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(where.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def full_range(image: Image) -> int:
    """Largest level of the image's type: 255 or 65535."""
    return int(np.iinfo(image.dtype).max)

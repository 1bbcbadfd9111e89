"""Regions of a radiograph in which metrics are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, Mask

    Box = tuple[slice, ...]

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

    Parameters
    ----------
    where : ndarray, shape (H, W) or (Z, Y, X)

    Examples
    --------
    >>> box_of(np.array([[0, 0, 0], [0, 7, 7]]))
    (slice(1, 2, None), slice(1, 3, None))
    >>> box_of(np.array([[[0, 0], [0, 0]], [[0, 0], [7, 0]]]))
    (slice(1, 2, None), slice(1, 2, None), slice(0, 1, None))
    """
    box = []
    inner = where
    for _ in range(where.ndim):  # along one axis after the other, of what is left each time
        axes = tuple(range(1, where.ndim))
        places = np.flatnonzero(inner.any(axis=axes))
        if not len(places):
            return None
        box.append(slice(int(places[0]), int(places[-1]) + 1))
        inner = np.moveaxis(inner[box[-1]], 0, -1)
    return tuple(box)


def full_range(image: Image) -> int:
    """Largest level of the image's type: 255 or 65535."""
    return int(np.iinfo(image.dtype).max)

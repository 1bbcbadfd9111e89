"""The map of patches of an exhibit as levels of a picture: up to which detail each patch follows its original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATCHES: Final = "patches"
"""Role of the picture among those of an exhibit: one pixel for each cell of the frame."""
PATCH_LIMIT: Final = 0.33
"""Patches that lose their correlation below this share of the finest frequency are marked; see
:mod:`editproof.metrics.patches`."""
_MOST: Final = 254


def levels_of(crossings: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Level 0 where nothing can be said, else 1 to 255 for a frequency from 0 to the finest.

    Examples
    --------
    >>> levels_of(np.array([[np.nan, 0.0, 0.5, 1.0]])).tolist()
    [[0, 1, 128, 255]]
    """
    return np.where(np.isnan(crossings), 0, 1 + np.rint(np.nan_to_num(crossings) * _MOST)).astype(np.uint8)


def crossings_of(levels: NDArray[Any]) -> NDArray[np.float64]:
    """Frequencies from levels, to the nearest of 255; NaN where nothing can be said.

    Examples
    --------
    >>> crossings_of(np.array([[0, 1, 255]], np.uint8)).tolist()
    [[nan, 0.0, 1.0]]
    """
    return np.where(levels == 0, np.nan, (levels.astype(np.float64) - 1) / _MOST)

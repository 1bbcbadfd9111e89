"""Which cells of a grid over the frame an edit changed, for the map of a cohort.

A cell counts as changed where any pixel of it changed by more than 2 % of the intensity range, as pixels are counted by
``changed_share_above_2pct``; so some cell is changed exactly where that share is above 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editproof.evidence.maps import ANATOMY, CHANGED, OUTSIDE_MASK, Grid
from editproof.imaging.axes import YXC, ZYX, spatial_shape
from editproof.imaging.region import full_range
from editproof.metrics.in_volumes import largest_changes, range_of
from editproof.metrics.intensity import MEANINGFUL

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from editproof.metrics.pair import Pair, Picture
    from editproof.types import Mask


def grid_of(picture: Picture) -> Grid:
    """The grid over the frame of a picture."""
    return Grid(spatial_shape(picture.image.shape))


def changed_cells(pair: Pair) -> dict[str, Mask]:
    """Cells that an edit changed, and those in which it changed a pixel outside the edit mask, shape (rows, columns).

    The latter is absent where the mask covers the whole frame.

    Examples
    --------
    >>> from editproof.metrics.pair import Pair
    >>> image, mask = np.zeros((2, 3), np.uint8), np.zeros((2, 3), bool)
    >>> edited = image.copy(); edited[0, 0], edited[1, 2], mask[0, 0] = 9, 6, True
    >>> {name: cells.astype(int).tolist() for name, cells in changed_cells(Pair.of(image, edited, mask, mask)).items()}
    {'changed': [[1, 0, 0], [0, 0, 1]], 'changed_outside_mask': [[0, 0, 0], [0, 0, 1]]}
    """
    grid, least = grid_of(pair.before), MEANINGFUL * _range_of(pair.before)
    anywhere: NDArray[Any]
    outside: NDArray[Any]
    if pair.axes == ZYX:
        anywhere, outside = largest_changes(pair)
    else:
        anywhere = outside = pair.change
        if pair.edit_mask.any():
            outside = anywhere.copy()
            np.copyto(outside, 0, where=pair.edit_mask[..., None] if pair.axes == YXC else pair.edit_mask)
    found = {CHANGED: _largest_by_cell(anywhere, grid) > least}
    if not pair.edit_mask.all():
        found[OUTSIDE_MASK] = found[CHANGED] if outside is anywhere else _largest_by_cell(outside, grid) > least
    return found


def cells_of_anatomy(picture: Picture) -> dict[str, Mask]:
    """Cells that hold a pixel of the protected anatomy; absent where there is none."""
    mask = picture.protected_mask
    if not mask.any():
        return {}
    flat = np.asarray(mask.any(axis=0) if mask.ndim > len(grid_of(picture).shape) else mask, dtype=np.uint8)
    return {ANATOMY: _largest_by_cell(flat, grid_of(picture)) > 0}


def _range_of(picture: Picture) -> float:
    return range_of(picture) if picture.axes == ZYX else full_range(picture.image)


def _largest_by_cell(values: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """The largest value of each cell, shape (rows, columns); ``values`` has the rows and columns of the frame first."""
    down, across = (range(0, length, grid.side) for length in values.shape[:2])
    bands = np.stack([values[top : top + grid.side].max(axis=0) for top in down])  # 15 times as fast as reduceat
    largest: NDArray[Any] = np.maximum.reduceat(bands, across, axis=1)
    return np.asarray(largest if largest.ndim == len(grid.shape) else largest.max(axis=2))

"""Planes of pixels that lie anywhere, found in the voxels of a volume: whole axes alone, nothing is resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.volumes import Placement

SAME_PLACE = 0.1
"""Voxels by which what is drawn may lie beside the voxels of its image, which is how files are rounded."""
_ALONG = 0.9995
"""Cosine from which a direction is that of an axis of the image (1.8 degrees)."""


def in_voxels(frame: Placement, points: NDArray[Any]) -> NDArray[np.float64]:
    """Slice, row and column of points given in mm of the patient's left, back and head, shape (n, 3)."""
    beside = np.asarray(points, float) - frame.affine[:3, 3]
    return np.asarray(np.linalg.solve(frame.affine[:3, :3], beside.T).T)


def plane_in(frame: Placement, position: NDArray[Any], steps: NDArray[Any], size: tuple[int, int]) -> NDArray[np.int64]:
    """Where a plane of pixels lies in the voxels of an image.

    Parameters
    ----------
    frame : Placement
    position : ndarray, shape (3,)
        Of its first pixel in mm.
    steps : ndarray, shape (2, 3)
        From one row to the next and from one column to the next, in mm.
    size : tuple of int
        Rows and columns.

    Returns
    -------
    ndarray of int, shape (3, 3)
        Slice, row and column of the first pixel; the step from row to row; and from column to column.

    Raises
    ------
    ValueError
        Where its pixels are not voxels of the image, to a tenth of a voxel at every corner.
    """
    start = in_voxels(frame, position[None])[0]
    along = in_voxels(frame, frame.affine[:3, 3] + steps)
    lengths = np.linalg.norm(along * frame.spacing_mm, axis=1)
    cosines = np.abs(along * frame.spacing_mm).max(axis=1) / np.maximum(lengths, 1e-9)
    if (cosines < _ALONG).any():
        turned = np.degrees(np.arccos(min(1.0, float(cosines.min()))))
        raise ValueError(f"it is oblique to the image, by {turned:.1f} degrees")
    whole, first = np.rint(along), np.rint(start)
    if not np.array_equal(np.abs(whole).sum(axis=1), [1, 1]) or _apart(along, whole, size) > SAME_PLACE:
        sides = " x ".join(f"{side:.4g}" for side in lengths)
        raise ValueError(f"its pixels of {sides} mm are not those of the image")
    if (apart := float(np.abs(start - first).max())) > SAME_PLACE:
        raise ValueError(f"it lies {apart:.2g} of a voxel beside the voxels of the image")
    return np.stack([first, *whole]).astype(np.int64)


def _apart(along: NDArray[Any], whole: NDArray[Any], size: tuple[int, int]) -> float:
    """Voxels by which the farthest corner is beside its place, of a plane whose first pixel is in place."""
    return float(np.abs((along - whole).T @ (np.array(size) - 1)).max())


def voxels_of(plane: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.int64]:
    """Slice, row and column of every pixel of a plane, shape (rows, columns, 3).

    Examples
    --------
    >>> voxels_of(np.array([[3, 0, 0], [0, 1, 0], [0, 0, 1]]), (1, 2)).tolist()
    [[[3, 0, 0], [3, 0, 1]]]
    """
    rows, columns = np.indices(size)[..., None]
    return np.asarray(plane[0] + rows * plane[1] + columns * plane[2])

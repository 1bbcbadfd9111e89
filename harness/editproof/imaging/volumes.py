"""Volumes in one order of axes, wherever they come from, and where their voxels lie.

A volume has the axes ``ZYX``: slices from the feet to the head, rows from front to back, columns from the patient's
right to the left. That is the order of DICOM (LPS): an axial slice is seen as radiologists see it. Stored voxels are
turned by whole axes and never resampled, so that one volume stored in any of 48 orders is one array.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_VOXELS = 2**27
"""Voxels of the largest volume that is read: 512 slices of 512x512."""
LEAST_COLUMNS = 4
"""An array of three axes whose last has three places is colour, so that a volume has more columns."""
ORDER = ("L", "P", "S")
TYPES = (np.uint8, np.uint16, np.int16, np.float32)
_WHOLE: dict[Any, tuple[int, int]] = {np.int16: (-(2**15), 2**15 - 1), np.uint16: (0, 2**16 - 1)}
_EXACT_IN_FLOAT32 = 2**24
_SAME_PLACE = 0.1
"""Voxels by which a corner of one volume may lie beside that of another that is said to be of one frame."""
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From a patient's right, front and head to left, back and head."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the voxels of a volume lie.

    Attributes
    ----------
    shape : tuple of int
        Slices, rows and columns.
    spacing_mm : tuple of float
        Distance between slices, rows and columns in millimetres.
    affine : ndarray of float64, shape (4, 4)
        From slice, row, column and 1 to the patient's left, back and head in millimetres, and 1.
    space, series : str
        UIDs of the frame of reference and of the series, where DICOM says them; they decide what masks fit.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    affine: NDArray[np.float64]
    space: str = field(default="", repr=False)
    series: str = field(default="", repr=False)

    def departure(self, other: Placement) -> str:
        """In words, how another volume lies elsewhere; empty where it lies in the same place.

        Corners may be beside one another by a tenth of a voxel, which is how headers are rounded.
        """
        if self.shape != other.shape:
            return f"it has {_by(other.shape)} voxels, not {_by(self.shape)}"
        ends = [(0, side - 1) for side in self.shape]
        corners = np.array([[z, y, x, 1] for z in ends[0] for y in ends[1] for x in ends[2]], float)
        apart = float(np.linalg.norm((corners @ (self.affine - other.affine).T)[:, :3], axis=1).max())
        if apart > _SAME_PLACE * min(self.spacing_mm):
            return f"its affine places a corner {apart:.3g} mm elsewhere"
        return ""


def frame_from(shape: tuple[int, ...], affine: NDArray[np.float64]) -> Placement:
    """Where a volume lies once it is in the one order of axes.

    Parameters
    ----------
    shape : tuple of int
        Of the three axes as stored.
    affine : ndarray of float64, shape (4, 4)
        From the three places as stored and 1 to the patient's right, front and head in millimetres, and 1, as nibabel
        has it.

    Raises
    ------
    ValueError
        Where the affine does not say how each axis lies, or the volume is too large or too narrow.
    """
    from nibabel import orientations

    if math.prod(shape) > MOST_VOXELS or min(shape) < 1:
        raise ValueError(f"it has {_by(shape)} voxels, and from 1 to {MOST_VOXELS} are read")
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise ValueError("its affine cannot be inverted")
    turns = _turns(affine)
    ordered = (_LPS @ affine @ np.asarray(orientations.inv_ornt_aff(turns, shape)))[:, [2, 1, 0, 3]]
    steps = [float(f"{np.linalg.norm(np.sort(np.abs(ordered[:3, axis]))):.6g}") for axis in range(3)]  # of float32
    turned = [shape[int(np.flatnonzero(turns[:, 0] == axis)[0])] for axis in range(3)]
    frame = Placement((turned[2], turned[1], turned[0]), (steps[0], steps[1], steps[2]), ordered)
    if frame.shape[2] < LEAST_COLUMNS:
        found = f"it has {_by(frame.shape)} slices, rows and columns"
        raise ValueError(f"{found}, and {LEAST_COLUMNS} columns are the least")
    return frame


def turned_in_order(values: NDArray[Any], affine: NDArray[np.float64]) -> NDArray[Any]:
    """The voxels of a volume, of three axes as stored, in the one order of axes: shape (Z, Y, X), contiguous."""
    from nibabel import orientations

    turned = orientations.apply_orientation(values, _turns(affine))
    return np.ascontiguousarray(np.transpose(turned, (2, 1, 0)))


def meant(stored: NDArray[Any], slopes: Sequence[float], intercepts: Sequence[float]) -> NDArray[Any]:
    """The values that stored voxels mean, slope times voxel plus intercept, in one of the four types of a volume.

    Parameters
    ----------
    stored : ndarray of integers or floats, three axes
    slopes, intercepts : sequence of float
        Of each part along the first axis.

    Returns
    -------
    ndarray of uint8, uint16, int16 or float32
        As stored, where nothing is scaled and the type is one of these. Whole numbers otherwise as int16, or as uint16
        where they are beyond that; all else as float32.

    Raises
    ------
    ValueError
        Where a value is not finite, or a whole number that float32 does not hold exactly.

    Examples
    --------
    >>> meant(np.array([[[24, 1064]]], np.uint16), [1.0], [-1024.0])
    array([[[-1000,    40]]], dtype=int16)
    """
    plain = set(slopes) == {1.0} and set(intercepts) == {0.0}
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    if plain and native.dtype in TYPES:
        return _finite(native)
    parts = list(zip(native, slopes, intercepts, strict=True))
    whole = native.dtype.kind in "ui" and all(number.is_integer() for number in (*slopes, *intercepts))
    kind: Any = np.float32
    if whole:
        ends = [float(end) * slope + start for part, slope, start in parts for end in (part.min(), part.max())]
        kinds = (
            one for one in (np.int16, np.uint16) if np.iinfo(one).min <= min(ends) and max(ends) <= np.iinfo(one).max
        )
        kind = next(kinds, np.float32)
        if kind is np.float32 and max(map(abs, ends)) > _EXACT_IN_FLOAT32:
            raise ValueError(f"its values reach {max(ends):.0f}, beyond what 16 bits or float32 hold exactly")
    found = np.empty(native.shape, kind)
    for place, (part, slope, start) in enumerate(parts):
        found[place] = part.astype(np.float64) * slope + start
    return _finite(found)


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    strange = values.size - int(np.isfinite(values).sum()) if values.dtype.kind == "f" else 0
    if strange:
        raise ValueError(f"{strange} of its {values.size} voxels are not finite numbers (NaN or infinite)")
    return values


def affine_of(spacing_mm: tuple[float, ...] | None) -> NDArray[np.float64]:
    """The affine of a :class:`Placement` of which nothing is known but the spacing, 1 mm where not even that is."""
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2] = spacing_mm or (1.0, 1.0, 1.0)
    affine[3, 3] = 1.0
    return affine


def as_stored(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The affine of a :class:`Placement` as nibabel has it: from column, row and slice to right, front and head."""
    return np.asarray(_LPS @ affine[:, [2, 1, 0, 3]])


def _turns(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which axis as stored is which of the patient's, and whether it is to be turned."""
    from nibabel import orientations

    found = orientations.io_orientation(affine)
    if np.isnan(found).any():
        raise ValueError("its affine does not say how an axis lies")
    return np.asarray(orientations.ornt_transform(found, orientations.axcodes2ornt(ORDER)))


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))

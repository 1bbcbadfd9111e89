"""Planes that were drawn elsewhere, found in the voxels of an image, and what is wrong where they are not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.numbers import brief
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.volumes import Placement

SAME_PLACE = 0.1
"""Voxels by which what is drawn may lie beside the voxels of its image, which is how files are rounded."""
_ALONG = 0.9995
"""Cosine from which a direction is that of an axis of the image (1.8 degrees)."""
REDRAW = "Draw it on the slices of this image, or store it as NIfTI in its frame."


def in_voxels(frame: Placement, points: NDArray[Any]) -> NDArray[np.float64]:
    """Slice, row and column of points given in mm of the patient's left, back and head, shape (n, 3)."""
    beside = np.asarray(points, float) - frame.affine[:3, 3]
    return np.asarray(np.linalg.solve(frame.affine[:3, :3], beside.T).T)


def plane_in(
    frame: Placement, position: NDArray[Any], steps: NDArray[Any], size: tuple[int, int], asked: str
) -> NDArray[np.int64]:
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
    asked : str

    Returns
    -------
    ndarray of int, shape (3, 3)
        Slice, row and column of the first pixel; the step from row to row; and from column to column.

    Raises
    ------
    DatasetError
        Where its pixels are not voxels of the image, to a tenth of a voxel at every corner.
    """
    start = in_voxels(frame, position[None])[0]
    along = in_voxels(frame, frame.affine[:3, 3] + steps)
    lengths = np.linalg.norm(along * frame.spacing_mm, axis=1)
    cosines = np.abs(along * frame.spacing_mm).max(axis=1) / np.maximum(lengths, 1e-9)
    if (cosines < _ALONG).any():
        turned = np.degrees(np.arccos(min(1.0, float(cosines.min()))))
        raise DatasetError(asked, f"it is oblique to the image, by {turned:.1f} degrees", REDRAW)
    whole, first = np.rint(along), np.rint(start)
    if not np.array_equal(np.abs(whole).sum(axis=1), [1, 1]) or _apart(along, whole, size) > SAME_PLACE:
        sides = " x ".join(f"{side:.4g}" for side in lengths)
        raise DatasetError(asked, f"its pixels of {sides} mm are not those of the image", REDRAW)
    if (apart := float(np.abs(start - first).max())) > SAME_PLACE:
        raise DatasetError(asked, f"it lies {apart:.2g} of a voxel beside the voxels of the image", REDRAW)
    return np.stack([first, *whole]).astype(np.int64)


def _apart(along: NDArray[Any], whole: NDArray[Any], size: tuple[int, int]) -> float:
    """Voxels by which the farthest corner is beside its place, of a plane whose first pixel is in place."""
    return float(np.abs((along - whole).T @ (np.array(size) - 1)).max())


def check_places(places: Iterable[int], asked: str) -> None:
    """Refuse what is drawn on every second slice, or every third, and so on.

    Parameters
    ----------
    places : iterable of int
        Slices on which something is drawn.

    Raises
    ------
    DatasetError
        Where three or more slices are at equal steps of several slices: those between them are missing.

    Examples
    --------
    >>> check_places([4, 5, 7, 8], "the mask of two lesions")
    """
    found = sorted(set(places))
    steps = set(np.diff(found).tolist())
    if len(found) > 2 and len(steps) == 1 and (step := steps.pop()) > 1:
        words = f"it is drawn on {len(found)} slices, {brief(float(step))} apart: those between them are missing"
        raise DatasetError(asked, words, "Interpolate it where it was drawn, and export it again.")


def check_space(spaces: Collection[str], frame: Placement, asked: str) -> None:
    """Refuse what lies in another frame of reference than an image that has one.

    Raises
    ------
    DatasetError
    """
    if frame.space and set(spaces) != {frame.space}:
        found = (
            "it lies in another frame of reference than the image" if any(spaces) else "it has no frame of reference"
        )
        raise DatasetError(asked, found, "Export one that was drawn on this image; positions mean nothing otherwise.")


def part_number(chosen: str, names: dict[int, str], kind: str, asked: str, *, repeat: bool) -> int:
    """The number of the part that is chosen by number or name; names are repeated in errors where they may be.

    Raises
    ------
    DatasetError
        Where there is none, or where several have the name.

    Examples
    --------
    >>> part_number("Liver", {1: "spleen", 2: "liver"}, "segments", "a mask", repeat=True)
    2
    """
    told = f": {', '.join(f'{number} {name}' for number, name in sorted(names.items()))}" if repeat and names else ""
    held = f"it has {len(names)} {kind}{told}"
    if not chosen:
        if len(names) != 1:
            raise DatasetError(asked, held, f"Write FILE#NAME to choose one of the {kind}.")
        return next(iter(names))
    if chosen.isdecimal() and int(chosen) in names:
        return int(chosen)
    found = [number for number, name in names.items() if name.casefold() == chosen.casefold()]
    if len(found) != 1:
        words = f"{len(found) or 'none'} of its {len(names)} {kind} {'have' if found else 'has'} that name{told}"
        raise DatasetError(asked, words, f"Choose one of the {kind} by its number.")
    return found[0]

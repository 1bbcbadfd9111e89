"""Regions of a DICOM structure set (RTSTRUCT): closed contours on the slices of an image, as voxels.

A voxel belongs to a region where its centre lies inside an odd number of the contours on its slice, so that a contour
within another cuts a hole. A centre on an outline is inside on the side of lower rows and columns, so that two regions
with a side in common share no voxel. OpenCV and Pillow paint the outline as well, half a pixel too much all around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.datasets.dicom.tags import quiet
from editproof.datasets.masks.faults import REDRAW, check_places, check_space, part_number
from editproof.errors import DatasetError
from editproof.imaging.lattice import SAME_PLACE, in_voxels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.volumes import Placement
    from editproof.types import Mask

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


def contour_mask(header: Any, chosen: str, frame: Placement, asked: str, *, repeat_names: bool) -> Mask:
    """What a region of a structure set shows, in the voxels of an image.

    Parameters
    ----------
    header : pydicom.Dataset
        Of an RTSTRUCT.
    chosen : str
        Number or name of the region; empty for the only one.
    frame : Placement
    asked : str
    repeat_names : bool
        Whether errors may say how regions are called.

    Returns
    -------
    ndarray of bool, shape (Z, Y, X)

    Raises
    ------
    DatasetError
        Without the region, or with no closed contour of it; where a contour lies on no slice of the image, or slices
        between others have none.
    """
    with quiet(asked, "its regions cannot be read"):
        regions = {int(one.ROINumber): one for one in header.get("StructureSetROISequence") or []}
        names = {number: str(one.get("ROIName", "")).strip() for number, one in regions.items()}
    number = part_number(chosen, names, "regions", asked, repeat=repeat_names)
    with quiet(asked, "its contours cannot be read"):
        check_space([str(regions[number].get("ReferencedFrameOfReferenceUID", ""))], frame, asked)
        own = [one for one in header.get("ROIContourSequence") or [] if int(one.ReferencedROINumber) == number]
        contours = [contour for one in own for contour in one.get("ContourSequence") or []]
        kinds = {str(contour.get("ContourGeometricType", "")) for contour in contours}
        points = [np.array(contour.ContourData, float).reshape(-1, 3) for contour in contours]
        declared = [int(contour.get("NumberOfContourPoints") or -1) for contour in contours]
    if not points:
        raise DatasetError(asked, "the region has no contour", "Leave the cell empty where nothing was drawn.")
    if not kinds <= set(_CLOSED) or min(map(len, points)) < 3:
        raise DatasetError(
            asked, "a contour of it is not closed: points or a line", "Only closed contours hold voxels."
        )
    if declared != [len(found) for found in points]:
        raise DatasetError(asked, "a contour has fewer or more points than it declares", "Export it again.")
    return _filled([in_voxels(frame, found) for found in points], frame, asked)


def inside(outline: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """Pixels whose centre lies inside a polygon.

    Parameters
    ----------
    outline : ndarray of float64, shape (n, 2)
        Row and column of each corner, in pixels; the centre of the first pixel is (0, 0).
    shape : tuple of int

    Returns
    -------
    ndarray of bool
        By the even-odd rule; a centre on the outline is inside on the side of lower rows and columns.

    Examples
    --------
    >>> inside(np.array([[0, 0], [0, 2], [2, 2], [2, 0]], float), (3, 3)).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 0]])
    """
    height, width = shape
    crossed = np.zeros((height, width + 1), np.uint8)
    for (top, left), (bottom, right) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        low, high = min(top, bottom), max(top, bottom)
        rows = np.arange(max(0, int(np.ceil(low))), min(height, int(np.ceil(high))))
        if not rows.size:
            continue
        columns = left + (rows - top) * (right - left) / (bottom - top)
        np.add.at(crossed, (rows, np.clip(np.ceil(columns), 0, width).astype(int)), 1)
    return np.asarray(np.cumsum(crossed[:, :width], axis=1, dtype=np.int64) % 2 == 1)


def _filled(contours: list[NDArray[np.float64]], frame: Placement, asked: str) -> Mask:
    """The voxels of contours given in voxels, all of them across one axis of the image."""
    axis = int(np.argmin(np.max([np.ptp(contour, axis=0) for contour in contours], axis=0)))
    mask = np.zeros(frame.shape, bool)
    across = np.moveaxis(mask, axis, 0)
    drawn = []
    for contour in contours:
        place = round(float(np.mean(contour[:, axis])))
        if (apart := float(np.abs(contour[:, axis] - place).max())) > SAME_PLACE:
            words = f"a contour lies {apart:.2g} of a slice off the slices of the image"
            raise DatasetError(asked, words, REDRAW)
        if not 0 <= place < frame.shape[axis]:
            raise DatasetError(asked, "a contour lies beyond the slices of the image", REDRAW)
        plane = np.delete(contour, axis, axis=1)
        across[place] ^= inside(plane, (across.shape[1], across.shape[2]))
        drawn.append(place)
    check_places(drawn, asked)
    if not mask.any():
        raise DatasetError(asked, "its contours hold the centre of no voxel", REDRAW)
    return mask

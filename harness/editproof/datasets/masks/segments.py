"""Segments of a DICOM segmentation (SEG): frames of pixels, each placed where it says that it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.datasets.dicom.tags import COPY_AGAIN, quiet
from editproof.datasets.masks.faults import REDRAW, check_places, check_space, part_number
from editproof.errors import DatasetError
from editproof.imaging.lattice import plane_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.volumes import Placement
    from editproof.types import Mask

_EXPORT = "Export it with 0 and 1, or, as a label map, with the numbers of its segments."


def segment_mask(header: Any, chosen: str, frame: Placement, asked: str, *, repeat_names: bool) -> Mask:
    """What a segment shows, in the voxels of an image.

    Frames of nothing may be left out of a SEG, so that a slice without a frame has no pixel of the segment.

    Parameters
    ----------
    header : pydicom.Dataset
        Of a SEG, binary or a label map.
    chosen : str
        Number or label of the segment; empty for the only one.
    frame : Placement
    asked : str
    repeat_names : bool
        Whether errors may say how segments are called.

    Returns
    -------
    ndarray of bool, shape (Z, Y, X)

    Raises
    ------
    DatasetError
        Of shares or probabilities in place of pixels; without the segment, or with no frame of it; where a frame is
        missing, lies twice in one place, or not in the voxels of the image, or has a value that is no segment's.
    """
    kind = str(header.get("SegmentationType", "")).upper()
    if kind == "FRACTIONAL":
        found = "it is fractional: it says how much, or how likely, not where"
        raise DatasetError(asked, found, "Export a binary segmentation; the threshold is yours to choose.")
    with quiet(asked, "its segments cannot be read"):
        names = {
            int(one.SegmentNumber): str(one.get("SegmentLabel", "")).strip() for one in header.SegmentSequence or []
        }
        check_space([str(header.get("FrameOfReferenceUID", ""))], frame, asked)
    number = part_number(chosen, names, "segments", asked, repeat=repeat_names)
    with quiet(asked, "where its frames lie cannot be read"):
        groups, count = list(header.PerFrameFunctionalGroupsSequence), int(header.NumberOfFrames)
        if len(groups) != count:
            words = f"a frame is missing: it declares {count} and places {len(groups)}"
            raise DatasetError(asked, words, COPY_AGAIN)
        shown = [place for place in range(count) if kind == "LABELMAP" or _segment_of(groups[place]) == number]
        size = int(header.Rows), int(header.Columns)
        planes = [_plane(header, groups[place], frame, size, f"{asked}, frame {place + 1}") for place in shown]
    if not shown:
        words = "the segment has no frame"
        raise DatasetError(
            asked, words, "Store a frame without pixels where there is nothing, or leave the cell empty."
        )
    _check_length(header, asked)
    mask, met = np.zeros(frame.shape, bool), set[bytes]()
    drawn = []
    for place, plane in zip(shown, planes, strict=True):
        if plane.tobytes() in met:
            raise DatasetError(asked, "two frames of the segment lie in one place", "Keep one of them.")
        met.add(plane.tobytes())
        pixels = _pixels(header, place, asked)
        _check_values(pixels, {0, *names} if kind == "LABELMAP" else {0, 1}, f"{asked}, frame {place + 1}")
        rows, columns = np.nonzero(pixels == (number if kind == "LABELMAP" else 1))
        voxels = plane[0] + np.outer(rows, plane[1]) + np.outer(columns, plane[2])
        if ((voxels < 0) | (voxels >= frame.shape)).any():
            raise DatasetError(asked, f"frame {place + 1} has pixels outside the image", "Draw it on this image.")
        mask[tuple(voxels.T)] = True
        normal = int(np.flatnonzero(np.abs(plane[1:]).sum(axis=0) == 0)[0])
        drawn += [int(plane[0, normal])] if len(rows) else []
    check_places(drawn, asked)
    return mask


def _segment_of(group: Any) -> int:
    return int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _plane(header: Any, group: Any, frame: Placement, size: tuple[int, int], asked: str) -> NDArray[np.int64]:
    """Where one frame lies, of its own functional groups or of those that all share."""
    shared = (header.get("SharedFunctionalGroupsSequence") or [{}])[0]

    def told(macro: str, keyword: str) -> NDArray[np.float64]:
        items = group.get(macro) or shared.get(macro)
        return np.array([float(number) for number in items[0][keyword].value])

    position = told("PlanePositionSequence", "ImagePositionPatient")
    directions = told("PlaneOrientationSequence", "ImageOrientationPatient").reshape(2, 3)
    between_rows, between_columns = told("PixelMeasuresSequence", "PixelSpacing")
    steps = np.stack([directions[1] * between_rows, directions[0] * between_columns])
    try:
        return plane_in(frame, position, steps, size)
    except ValueError as error:
        raise DatasetError(asked, str(error), REDRAW) from None


def _check_values(pixels: NDArray[Any], known: set[int], asked: str) -> None:
    """Refuse a value that says neither that a segment is there nor that none is: it would silently count as none."""
    if strange := sorted(set(np.unique(pixels).tolist()) - known):
        shown = ", ".join(map(str, sorted(known)[:5])) + ("" if len(known) <= 5 else ", ...")
        raise DatasetError(asked, f"a pixel of value {strange[0]}, where there are {shown}", _EXPORT)


def _check_length(header: Any, asked: str) -> None:
    from pydicom.pixels.utils import get_expected_length

    with quiet(asked, "its pixels cannot be read"):
        if header.file_meta.TransferSyntaxUID.is_compressed:
            return
        there, declared = len(header.PixelData), get_expected_length(header)
    if there < declared:
        words = f"a frame is missing: {there} bytes of pixels, {declared} declared"
        raise DatasetError(asked, words, COPY_AGAIN)


def _pixels(header: Any, place: int, asked: str) -> NDArray[Any]:
    """The pixels of one frame. Frames of single bits need not begin with a byte, which pydicom expects of a frame."""
    from pydicom.pixels.utils import pixel_array

    with quiet(asked, f"the pixels of frame {place + 1} cannot be read"):
        if header.BitsAllocated != 1 or header.file_meta.TransferSyntaxUID.is_compressed:
            return np.asarray(pixel_array(header, index=place))
        count = header.Rows * header.Columns
        first, spare = divmod(place * count, 8)
        words = np.frombuffer(header.PixelData, np.uint8, count=(spare + count + 7) // 8, offset=first)
        return np.unpackbits(words, bitorder="little")[spare : spare + count].reshape(header.Rows, header.Columns)

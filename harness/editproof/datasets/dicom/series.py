"""The slices of one volume, of a series of files or of the frames of one: where they lie, and their values in order.

Slices are sorted by their position along the normal of their plane, whatever the files or instances are numbered. What
is no stack of parallel slices at equal steps is refused; nothing is resampled. Values are those after rescale, such as
Hounsfield units; no window is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.numbers import brief
from editproof.datasets.dicom.file import COLOURS, frames_of, header_of
from editproof.datasets.dicom.pixels import rescale_of, stored_values
from editproof.datasets.dicom.tags import quiet, tag_name, value_of
from editproof.errors import DatasetError
from editproof.imaging.volumes import Placement, as_stored, frame_from, meant, turned_in_order

if TYPE_CHECKING:
    from editproof.datasets.folder.files import Entry
    from editproof.types import Image

    Header = Any  # pydicom.Dataset; pydicom is optional, and loaded where a DICOM cohort is read

VERSION = 1
"""Raised whenever equal files would give other voxels; enters the digest of every case."""
_PLANE_TAGS = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
_ONE_STACK = "Keep one stack of parallel slices to a series, or leave it out."
_ANGLE, _STEP, _SIDE = 1e-3, 0.02, 0.1
"""By how much direction cosines may differ; steps between slices, as a share of one; and slices sideways, in mm."""


@dataclass(frozen=True)
class Slice:
    """Where one slice lies, and which frame of which file it is.

    Attributes
    ----------
    file, frame : int
        Place of the file among those of the volume, and of the frame in it, from 0.
    position, rows, columns : tuple of float
        Of the first pixel, in mm of the patient's left, back and head; direction of a row, and of a column.
    spacing : tuple of float
        Between rows and between columns, in mm.
    size : tuple of int
    """

    file: int
    frame: int
    position: tuple[float, ...]
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    spacing: tuple[float, ...]
    size: tuple[int, int]
    thickness: float | None = None

    @property
    def along(self) -> float:
        """Position along the normal of the plane."""
        return float(np.dot(self.position, np.cross(self.rows, self.columns)))


@dataclass(frozen=True)
class Stack:
    """Slices in order, and where their volume lies."""

    slices: tuple[Slice, ...]
    frame: Placement
    affine: tuple[tuple[float, ...], ...]


def slices_of(header: Header, file: int, asked: str) -> list[Slice]:
    """Where each frame of a file lies.

    Raises
    ------
    DatasetError
        Where a tag that says so is missing, or the pixels are in colour.
    """
    if str(header.PhotometricInterpretation) in COLOURS:
        raise DatasetError(asked, "it is in colour", "Volumes are read in gray.")
    with quiet(asked, f"{tag_name('ModalityLUTSequence')} cannot be read"):
        if value_of(header, "ModalityLUTSequence"):
            raise DatasetError(asked, f"it has a {tag_name('ModalityLUTSequence')}", "Export it with rescale.")
    found = []
    for frame in range(frames_of(header)):
        which = asked if frames_of(header) == 1 else f"{asked}, frame {frame + 1}"
        told: dict[str, tuple[float, ...]] = {}
        for tag, length in zip(_PLANE_TAGS, (3, 6, 2), strict=True):
            with quiet(which, f"{tag_name(tag)} is not {length} numbers"):
                value = value_of(header, tag, frame)
                told[tag] = tuple(float(number) for number in value or ())
            if len(told[tag]) != length or not np.isfinite(told[tag]).all():
                advice = "Without it nobody can say where the slice lies; export it again."
                raise DatasetError(which, f"{tag_name(tag)} is missing or not {length} numbers", advice)
        with quiet(which, f"{tag_name('SliceThickness')} is no number"):
            thick = value_of(header, "SpacingBetweenSlices", frame) or value_of(header, "SliceThickness", frame)
            thickness = None if thick is None else abs(float(thick))
        position, both, spacing = (told[tag] for tag in _PLANE_TAGS)
        size = int(header.Rows), int(header.Columns)
        found.append(Slice(file, frame, position, both[:3], both[3:], spacing, size, thickness))
    return found


def stack_of(slices: Sequence[Slice], asked: str) -> Stack:
    """The slices of a volume in order.

    Raises
    ------
    DatasetError
        Where they differ in size, spacing or orientation, two lie in one place, one is missing, their steps are not
        equal, or they do not lie one above the other.
    """
    first = slices[0]
    if len({(one.size, one.spacing) for one in slices}) > 1:
        found = f"its {len(slices)} slices differ in size or pixel spacing"
        raise DatasetError(asked, found, _ONE_STACK)
    directions = np.array([one.rows + one.columns for one in slices])
    if np.abs(directions - directions[0]).max() > _ANGLE:
        raise DatasetError(asked, f"its {len(slices)} slices have several orientations", _ONE_STACK)
    ordered = sorted(slices, key=lambda one: one.along)
    step = _step(ordered, asked)
    normal = np.cross(first.rows, first.columns)
    start = np.array(ordered[0].position)
    beside = np.array([one.position for one in ordered]) - start
    aside = beside - np.outer(beside @ normal, normal)
    if np.linalg.norm(aside, axis=1).max() > max(_SIDE, 1e-3 * step * len(ordered)):
        found = "its slices do not lie one above the other (a tilted gantry)"
        raise DatasetError(asked, found, "Correct the tilt by resampling, and state so, or leave it out.")
    affine = np.eye(4)
    affine[:3, 0] = np.array(first.rows) * first.spacing[1]
    affine[:3, 1] = np.array(first.columns) * first.spacing[0]
    affine[:3, 2], affine[:3, 3] = normal * step, start
    stored = as_stored(affine[:, [2, 1, 0, 3]])  # columns, rows and slices, to right, front and head
    shape = first.size[1], first.size[0], len(ordered)
    try:
        frame = frame_from(shape, stored)
    except ValueError as error:
        raise DatasetError(asked, str(error), "Leave it out.") from None
    return Stack(tuple(ordered), frame, tuple(map(tuple, stored.tolist())))


def series_volume(files: Sequence[Entry], stack: Stack, asked: str) -> Image:
    """The values of a volume after rescale, in the one order of axes.

    Returns
    -------
    ndarray of uint8, uint16, int16 or float32, shape (Z, Y, X)
        Whole numbers as int16 where they are rescaled; see :func:`editproof.imaging.volumes.meant`.
    """
    values, scales, held = None, [], -1
    words: Any = None
    header: Any = None
    for place, one in enumerate(stack.slices):
        if one.file != held:
            header, held = header_of(files[one.file], asked, several=True), one.file
            words = stored_values(header, asked)
        part = words[one.frame] if words.ndim == 3 else words
        if values is None:
            values = np.empty((len(stack.slices), *one.size), part.dtype)
        if part.dtype != values.dtype:
            raise DatasetError(asked, "its slices are stored in several types", _ONE_STACK)
        values[place] = part
        scales.append(rescale_of(header, asked, one.frame))
    assert values is not None, "a stack has a slice"
    try:
        scaled = meant(values, *([scale[place] for scale in scales] for place in (0, 1)))
    except ValueError as error:
        raise DatasetError(asked, str(error), "Leave it out.") from None
    return turned_in_order(np.transpose(scaled, (2, 1, 0)), np.array(stack.affine))


def _step(ordered: Sequence[Slice], asked: str) -> float:
    """The distance between neighbours, which is one."""
    if len(ordered) == 1:
        if not ordered[0].thickness:
            raise DatasetError(asked, f"one slice without {tag_name('SliceThickness')}", _ONE_STACK)
        return ordered[0].thickness
    gaps = np.diff([one.along for one in ordered])
    step = float(np.median(gaps))
    if gaps.min() <= _STEP * max(step, 1e-6) or gaps.min() < 1e-3:
        twice = int((gaps <= max(_STEP * step, 1e-3)).sum())
        found = f"{twice} of its {len(ordered)} slices lie where another does (several times, echoes or phases?)"
        raise DatasetError(asked, found, _ONE_STACK)
    wide = np.abs(gaps - step) > _STEP * step
    if not wide.any():
        return float(np.mean(gaps))
    missing = np.rint(gaps[wide] / step) - 1
    if (missing > 0).all() and (np.abs(gaps[wide] / step - np.rint(gaps[wide] / step)) < _STEP * (missing + 1)).all():
        found = f"{int(missing.sum())} slices are missing between its {len(ordered)}, {brief(step)} mm apart"
        raise DatasetError(asked, found.replace("1 slices are", "1 slice is"), "Copy the series again, whole.")
    found = f"its {len(ordered)} slices lie {brief(float(gaps.min()))} to {brief(float(gaps.max()))} mm apart"
    raise DatasetError(asked, found, "Equal steps are read; resample it, and state so, or leave it out.")

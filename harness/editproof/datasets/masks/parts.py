"""Masks that a DICOM segmentation (SEG) or structure set (RTSTRUCT) holds: which part, and whether it is of an image.

A cell names a part as ``FILE#PART``, by its number or its name; of a file with one part, the file alone. What is drawn
is placed by its geometry, in the voxels of its image, and is never resampled.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.extras import need
from editproof.datasets.dicom.tags import pydicom_or_error, quiet, tag_name
from editproof.datasets.folder.files import Entry, file_below, is_there
from editproof.datasets.masks.contours import contour_mask
from editproof.datasets.masks.segments import segment_mask
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from editproof.imaging.volumes import Placement
    from editproof.types import Mask

VERSION = 1
"""Raised whenever equal files would give other masks; enters the digest of every part."""
SUFFIXES = (".dcm", ".dicom", ".dic")
SEG, LABEL_MAP, STRUCTURE_SET = (f"1.2.840.10008.5.1.4.1.1.{last}" for last in ("66.4", "66.7", "481.3"))
_SAME_IMAGE = "Name the one that was drawn on the image of this case."


@dataclass(frozen=True)
class DrawnPart(Entry):
    """A segment of a SEG or a region of a structure set.

    Attributes
    ----------
    chosen : str
        Its number or name; empty for the only one of its file.
    """

    chosen: str = ""

    def __str__(self) -> str:
        return super().__str__() + (f"#{self.chosen}" if self.chosen and not self.alias else "")

    def digest(self) -> str:
        """What identifies the file and the part, sha256 (hex)."""
        return hashlib.sha256(f"part:{VERSION}:{self.chosen}:{super().digest()}".encode()).hexdigest()


def mask_below(root: Path, cell: str, column: str, case_id: str, *, alias: str = "") -> Entry | None:
    """The file of a mask that a cell names, below the folder, or the part of a DICOM file; None for an empty cell.

    Raises
    ------
    DatasetError
        Where the file is not there, or a part of a file that is not DICOM is named.
    """
    name, chosen = named_part(cell)
    if chosen and is_there(root / cell.replace("\\", "/")):
        name, chosen = cell, ""
    entry = file_below(root, name, column, case_id, alias=alias)
    if entry is None or entry.suffix in SUFFIXES:
        return entry and DrawnPart(entry.root, entry.name, entry.zipped, entry.alias, chosen)
    if chosen:
        found = f"{entry} has no parts to be named after #"
        raise DatasetError(f"{column} of case {case_id}", found, "Name a DICOM SEG or structure set (.dcm).")
    return entry


def named_part(cell: str) -> tuple[str, str]:
    """The path and the part that a cell names.

    Examples
    --------
    >>> named_part("masks/seg.dcm#left lung"), named_part("seg.dcm")
    (('masks/seg.dcm', 'left lung'), ('seg.dcm', ''))
    """
    name, mark, chosen = cell.rpartition("#")
    return (name, chosen.strip()) if mark else (cell, "")


def part_mask(part: DrawnPart, frame: Placement, asked: str) -> Mask:
    """What a part shows, in the voxels of an image.

    Parameters
    ----------
    part : DrawnPart
    frame : Placement
        Where the image lies. Its frame of reference and series have to be those of the file, where it has them.
    asked : str
        What errors call the mask.

    Returns
    -------
    ndarray of bool, shape (Z, Y, X)

    Raises
    ------
    DatasetError
        Where the file is none of the two kinds, was drawn on another image, has no such part, or does not lie in the
        voxels of the image.
    """
    header = _header(part, asked)
    kind = str(header.get("SOPClassUID", ""))
    with quiet(asked, f"{part}: what it was drawn on cannot be read"):
        drawn_on = set(_series(header, kind))
    if frame.series and drawn_on and frame.series not in drawn_on:
        raise DatasetError(asked, f"{part} refers to another series than that of the case", _SAME_IMAGE)
    show = segment_mask if kind in (SEG, LABEL_MAP) else contour_mask
    return show(header, part.chosen, frame, f"{asked}, {part}", repeat_names=not part.alias)


def check_segments_apart(masks: Mapping[str, Entry], frame: Placement, case_id: str) -> None:
    """Refuse structures of one segmentation that share voxels although it does not say that its segments overlap.

    Raises
    ------
    DatasetError
    """
    parts = {name: entry for name, entry in masks.items() if isinstance(entry, DrawnPart)}
    for name, part in parts.items():
        beside = [other for other, entry in parts.items() if other < name and entry.name == part.name]
        asked = f"the mask of {name} of case {case_id}"
        header = _header(part, asked) if beside else {}
        if not beside or "SegmentSequence" not in header or str(header.get("SegmentsOverlap", "")) == "YES":
            continue
        own = part_mask(part, frame, asked)
        for other in beside:
            if common := int(np.count_nonzero(own & part_mask(parts[other], frame, asked))):
                found = f"{common} voxels of it are {other} too, and {tag_name('SegmentsOverlap')} is not YES"
                raise DatasetError(asked, found, "Draw the segments apart, or state that they overlap.")


def _header(part: DrawnPart, asked: str) -> Any:
    need("volumes", asked, DatasetError)
    pydicom = pydicom_or_error(asked)
    with quiet(asked, f"{part} is not a DICOM file, or it is cut short"):
        header = pydicom.dcmread(io.BytesIO(part.read()))
        kind = str(header.get("SOPClassUID", ""))
    if kind not in (SEG, LABEL_MAP, STRUCTURE_SET):
        found = f"{part} is no segmentation (SEG) and no structure set (RTSTRUCT)"
        raise DatasetError(asked, found, "Name one of these, or a NIfTI file.")
    return header


def _series(header: Any, kind: str) -> Iterator[str]:
    """UIDs of the series that a file was drawn on."""
    found = header.get("ReferencedSeriesSequence") or []
    if kind == STRUCTURE_SET:
        frames = header.get("ReferencedFrameOfReferenceSequence") or []
        studies = [study for frame in frames for study in frame.get("RTReferencedStudySequence") or []]
        found = [series for study in studies for series in study.get("RTReferencedSeriesSequence") or []]
    yield from (str(series.SeriesInstanceUID) for series in found)

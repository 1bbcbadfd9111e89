"""Volumes and masks of volumes out of NIfTI files of a folder: what is read, and what is refused in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editproof.core.extras import need
from editproof.datasets.masks.parts import DrawnPart, check_segments_apart, part_mask
from editproof.errors import DatasetError
from editproof.imaging import nifti
from editproof.imaging.nifti import SUFFIXES
from editproof.types import Pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editproof.datasets.folder.files import Entry
    from editproof.datasets.masks.files import Masks
    from editproof.imaging.volumes import Placement
    from editproof.types import Image, Mask

VERSION = 1
"""Raised whenever equal files would give other voxels; enters the digest of every case."""
_ADVICE = "Store one gray volume of three dimensions, or leave it out."
_TURN = "Store the mask in the frame of its image."


def is_volume(entry: Entry) -> bool:
    """Whether a file is one of NIfTI, by its name."""
    return entry.suffix in SUFFIXES


def frame_in(entry: Entry, case_id: str) -> Placement:
    """Where the volume in a file lies, from its header.

    Raises
    ------
    DatasetError
        Where nibabel is not installed, or the file is not one gray volume of known orientation.
    """
    asked = f"decode case {case_id}"
    need("volumes", f"{asked}, a NIfTI file", DatasetError)
    try:
        return nifti.frame_of(entry.read())
    except ValueError as error:
        raise DatasetError(asked, f"{entry}: {error}", _ADVICE) from error


def mask_frame_checked(entry: Entry, frame: Placement, what: str, case_id: str) -> None:
    """Refuse a mask that does not lie where its image does; of NIfTI from the headers alone.

    Raises
    ------
    DatasetError
    """
    asked = f"{what} of case {case_id}"
    if isinstance(entry, DrawnPart):
        part_mask(entry, frame, asked)
        return
    if not is_volume(entry):
        raise DatasetError(asked, f"{entry} is no NIfTI file, as its image is", "Store it as .nii.gz.")
    try:
        departure = frame.departure(nifti.frame_of(entry.read()))
    except ValueError as error:
        raise DatasetError(asked, f"{entry}: {error}", _ADVICE) from error
    if departure:
        raise DatasetError(f"{asked}, in the frame of its image", f"{entry}: {departure}", _TURN)


def volume_in(entry: Entry, case_id: str) -> tuple[Image, Placement]:
    """The voxels of a file, in the one order of axes (:mod:`editproof.imaging.volumes`), and where they lie."""
    asked = f"decode case {case_id}"
    need("volumes", f"{asked}, a NIfTI file", DatasetError)
    try:
        return nifti.volume_of(entry.read())
    except ValueError as error:
        raise DatasetError(asked, f"{entry}: {error}", _ADVICE) from error


def label_map_in(entry: Entry, frame: Placement, what: str, case_id: str) -> Image:
    """A label map in the frame of an image: whole numbers from 0 on, shape (Z, Y, X).

    Raises
    ------
    DatasetError
        Where it lies elsewhere, or holds what is no label.
    """
    mask_frame_checked(entry, frame, what, case_id)
    labels, _ = volume_in(entry, case_id)
    if labels.min() < 0 or (labels.dtype.kind == "f" and bool((labels != np.rint(labels)).any())):
        found = f"{entry} holds values from {labels.min()} to {labels.max()} that are no labels"
        raise DatasetError(f"{what} of case {case_id}", found, "Store whole numbers from 0 on.")
    return labels


def mask_in(entry: Entry, frame: Placement, what: str, case_id: str) -> Mask:
    """A mask of two levels, 0 and another, or a part of a DICOM file, in the frame of an image."""
    if isinstance(entry, DrawnPart):
        return part_mask(entry, frame, f"{what} of case {case_id}")
    labels = label_map_in(entry, frame, what, case_id)
    mask: Mask = labels > 0
    if (levels := np.unique(labels[mask])).size > 1:
        found = f"{entry} has {levels.size + 1} labels from {min(0, int(levels[0]))} to {int(levels[-1])}"
        raise DatasetError(f"{what} of case {case_id}, of two levels", found, "Choose the labels that it is to hold.")
    return mask


def volume_pixels(
    image: Entry,
    edit: Entry | None,
    protected: Entry | None,
    masks: Masks,
    case_id: str,
    target: Entry | None = None,
    structures: Mapping[str, Entry] | None = None,
) -> Pixels:
    """Decode one case that is a volume.

    Where no file gives the edit mask, a tool may change nothing, or all of a volume that has a target; where none gives
    the protected mask, all else is protected.

    Raises
    ------
    DatasetError
        Also where masks are to be found automatically, which is done on radiographs of hands alone.
    """
    if masks == "auto" and edit is None and target is None:
        found = "it is a volume, and masks are found automatically on radiographs of hands alone"
        raise DatasetError(
            f"masks of case {case_id}", found, "Name NIfTI masks in the columns edit_mask, protected_mask."
        )
    volume, frame = volume_in(image, case_id)
    wanted = None if target is None else _target(target, volume, frame, case_id)
    free = wanted is not None and edit is None
    marker = mask_in(edit, frame, "the edit mask", case_id) if edit else np.full(volume.shape, free)
    anatomy = mask_in(protected, frame, "the protected mask", case_id) if protected else ~marker | free
    return Pixels(volume, marker, anatomy, wanted, reference_masks_in(structures or {}, frame, case_id))


def reference_masks_in(masks: Mapping[str, Entry], frame: Placement, case_id: str) -> dict[str, Mask]:
    """The reference mask of each structure, in the frame of an image."""
    return {name: mask_in(entry, frame, f"the mask of {name}", case_id) for name, entry in masks.items()}


def check_masks(
    files: Mapping[str, Entry | None], structures: Mapping[str, Entry], frame: Placement, case_id: str
) -> None:
    """Refuse masks that do not lie where their image does, and segments that overlap where their file does not say so.

    Raises
    ------
    DatasetError
    """
    for what, entry in {**files, **{f"the mask of {name}": entry for name, entry in structures.items()}}.items():
        if entry is not None:
            mask_frame_checked(entry, frame, what, case_id)
    check_segments_apart(structures, frame, case_id)


def _target(entry: Entry, volume: Image, frame: Placement, case_id: str) -> Image:
    mask_frame_checked(entry, frame, "the target", case_id)
    target, _ = volume_in(entry, f"{case_id}, its target")
    if target.dtype != volume.dtype:
        found = f"{entry} holds {target.dtype}, its image {volume.dtype}"
        raise DatasetError(f"the target of case {case_id}", found, "Store it in the type of the image.")
    return target

"""Volumes on their way to tools and back: NIfTI files for programs and folders, single slices for tools of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.numbers import brief
from editproof.imaging import dicom, nifti
from editproof.imaging.volumes import affine_of
from editproof.types import EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from pathlib import Path

    from editproof.types import Image

SUFFIX = ".nii.gz"
_CLOSE = 0.01
"""Share by which the spacing of an edit may differ from that of its original, as headers are rounded."""
_LEVELS = 65535


def returned_volume(content: bytes, request: EditRequest, *, placed: bool) -> EditOutcome:
    """The outcome of a NIfTI file that a tool wrote for a request.

    Values may come in another type where each is one of the original's type.

    Parameters
    ----------
    content : bytes
    request : EditRequest
    placed : bool
        Whether it has to lie where the file lay that was sent; of edits made elsewhere the spacing alone is known.
    """
    try:
        volume, frame = nifti.volume_of(content)
    except ValueError as error:
        return EditOutcome.failure(EditStatus.MALFORMED, f"what came back is no volume: {error}")
    if volume.shape != request.image.shape:
        asked, got = ("x".join(map(str, shape)) for shape in (request.image.shape, volume.shape))
        return EditOutcome.failure(EditStatus.MALFORMED, f"asked for {asked} voxels, got {got}")
    if placed:
        wanted = replace(frame, affine=affine_of(request.spacing_mm))
        fault = wanted.departure(frame)
    else:
        steps = np.array(request.spacing_mm or frame.spacing_mm)
        apart = np.abs(steps - frame.spacing_mm) > _CLOSE * steps
        fault = f"its spacing is {frame.spacing_mm} mm, the original's {tuple(steps.tolist())}" if apart.any() else ""
    if fault:
        return EditOutcome.failure(EditStatus.MALFORMED, f"asked for a volume of the same frame, {fault}")
    same = volume.astype(request.image.dtype)
    return EditOutcome.ok(same if np.array_equal(same, volume) else volume, format="nifti")


def returned_series(path: Path, request: EditRequest) -> EditOutcome:
    """The outcome of a DICOM series that a tool wrote for a request, each slice placed by its geometry.

    Parameters
    ----------
    path : Path
        Folder with a file for each slice, in any order and orientation.
    request : EditRequest
    """
    frame = dicom.sent_frame(request.image.shape, request.spacing_mm)
    try:
        volume = dicom.volume_from((file.read_bytes() for file in dicom.dicom_files(path)), frame)
    except ValueError as error:
        return EditOutcome.failure(EditStatus.MALFORMED, f"what came back is not the series that was sent: {error}")
    same = volume.astype(request.image.dtype)
    wide = volume.astype(np.float32)
    return EditOutcome.ok(same if np.array_equal(same, volume) else wide, format="dicom")


def slices(
    argument: str,
) -> tuple[str, Callable[[EditRequest], list[EditRequest]], Callable[[EditRequest, Sequence[Image]], Image]]:
    """Write slices+NAME, or slices:LOW,HIGH+NAME to send the values between LOW and HIGH alone.

    Each slice is one request to a tool of images. Volumes of 8 and 16 bits without a sign are sent as they are; int16
    as uint16 of the same steps; values of a window, and float32, on 65,536 levels. A voxel that comes back as it was
    sent keeps its value.
    """
    low, comma, high = argument.partition(",")
    window = (float(low), float(high)) if comma else None
    if (argument and not window) or (window and not window[0] < window[1]):
        raise ValueError

    def parts(request: EditRequest) -> list[EditRequest]:
        sent = _sent(request.image, window)
        pairs = zip(sent, request.edit_mask, strict=True)
        return [replace(request, image=image, edit_mask=mask, spacing_mm=None) for image, mask in pairs]

    def joined(request: EditRequest, images: Sequence[Image]) -> Image:
        sent, edited = _sent(request.image, window), np.stack(images)
        return np.where(edited == sent, request.image, _restored(edited, request.image, window))

    seen = f"values from {brief(window[0])} to {brief(window[1])} on 65536 levels" if window else "their values"
    return f"slice by slice, {seen}", parts, joined


def _ends(volume: Image, window: tuple[float, float] | None) -> tuple[float, float]:
    """The values that are sent as the least and the greatest level."""
    if window:
        return window
    low = float(volume.min())
    return (low, low + _LEVELS) if volume.dtype == np.int16 else (low, max(float(volume.max()), low + 1e-6))


def _sent(volume: Image, window: tuple[float, float] | None) -> Image:
    if volume.dtype.kind == "u" and window is None:
        return volume
    low, high = _ends(volume, window)
    sent = np.empty(volume.shape, np.uint16)
    for place, plane in enumerate(volume):
        sent[place] = np.rint(np.clip((plane.astype(np.float64) - low) / (high - low), 0, 1) * _LEVELS)
    return sent


def _restored(edited: Image, original: Image, window: tuple[float, float] | None) -> Image:
    if original.dtype.kind == "u" and window is None:
        return edited
    low, high = _ends(original, window)
    values = edited * ((high - low) / _LEVELS) + low
    if original.dtype.kind == "f":
        return np.asarray(values, np.float32)
    limits = np.iinfo(original.dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(original.dtype)

"""Volumes to NIfTI files and back: in the one order of axes, values as they are meant, spacing in millimetres."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.imaging.volumes import Placement, affine_of, as_stored, frame_from, meant, turned_in_order

if TYPE_CHECKING:
    from editproof.types import Image

SUFFIXES = (".nii", ".nii.gz")
_HEADER_BYTES = 1 << 20
_MM = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}
_BROKEN = (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error)


def frame_of(content: bytes) -> Placement:
    """Where the volume in a NIfTI file lies, from its header alone.

    Raises
    ------
    ValueError
        Where it is no NIfTI file of one gray volume whose orientation is known; its text says what was found.
    """
    return _opened(_unpacked(content, _HEADER_BYTES))[1]


def volume_of(content: bytes) -> tuple[Image, Placement]:
    """The voxels of a NIfTI file, and where they lie.

    Returns
    -------
    volume : ndarray of uint8, uint16, int16 or float32, shape (Z, Y, X)
        As stored, where the header has no scale; scaled values as int16 where each is a whole number of its range,
        else as float32. Other whole numbers come as int16, uint16 or float32, whichever holds each of them exactly,
        and double precision is rounded to float32.
    frame : Placement

    Raises
    ------
    ValueError
        As :func:`frame_of`; or the file is damaged, or holds a value that is not finite or fits no type.
    """
    header, frame = _opened(_unpacked(content, _HEADER_BYTES))
    wanted = int(header.dataobj.offset) + math.prod(frame.shape) * header.get_data_dtype().itemsize
    image, _ = _opened(_unpacked(content, wanted))
    try:
        stored = np.asarray(image.dataobj.get_unscaled())
    except _BROKEN as error:
        raise ValueError("it is damaged or cut short") from error
    scale = [float(image.dataobj.slope)], [float(image.dataobj.inter)]
    values = meant(stored.reshape(stored.shape[:3]), *(each * len(stored) for each in scale))
    return turned_in_order(values, np.array(image.affine, float)), frame


def nifti_bytes(volume: Image, spacing_mm: tuple[float, ...] | None = None, affine: Any = None) -> bytes:
    """The bytes of a NIfTI file (``.nii.gz``) of a volume, which :func:`volume_of` reads back voxel by voxel.

    Parameters
    ----------
    volume : ndarray of bool, uint8, uint16, int16 or float32, shape (Z, Y, X)
        A mask becomes 0 and 1.
    spacing_mm : tuple of float, optional
        Of slices, rows and columns; 1 mm where it is not known.
    affine : ndarray, shape (4, 4), optional
        Of a :class:`Placement`, in place of the spacing.

    Examples
    --------
    >>> volume = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
    >>> again, frame = volume_of(nifti_bytes(volume, (3.0, 1.0, 0.5)))
    >>> bool((again == volume).all()), frame.spacing_mm
    (True, (3.0, 1.0, 0.5))
    """
    import nibabel

    to_ras = as_stored(affine_of(spacing_mm) if affine is None else np.asarray(affine, float))
    voxels = volume.astype(np.uint8) if volume.dtype == np.bool_ else volume
    image = nibabel.Nifti1Image(np.transpose(voxels, (2, 1, 0)), to_ras)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=1, mtime=0)


def _unpacked(content: bytes, most: int) -> bytes:
    """The first bytes of a file that may be compressed, as many as are wanted: it may unpack to any number."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            return file.read(most)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError("it is damaged or cut short") from error


def _opened(content: bytes) -> tuple[Any, Placement]:
    """The image of a file, unread, and its frame."""
    import nibabel

    kind = nibabel.Nifti2Image if content[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") else nibabel.Nifti1Image
    try:
        image = kind.from_bytes(content)
        shape, unit = image.shape, image.header.get_xyzt_units()[0]
        dtype, codes = image.get_data_dtype(), [int(image.header[f"{form}form_code"]) for form in "qs"]
    except Exception as error:  # nibabel has a dozen kinds of its own
        raise ValueError("it is not a NIfTI file, or it is damaged") from error
    if dtype.fields:
        raise ValueError(f"its voxels are {'colour (RGB)' if 'R' in dtype.fields else dtype}, not gray")
    if dtype.kind not in "uif":
        raise ValueError(f"its voxels are {dtype}, not real numbers")
    if len(shape) < 3 or any(side != 1 for side in shape[3:]):
        raise ValueError(f"it has {len(shape)} dimensions, {_by(shape)}, where one volume has three")
    if not any(code > 0 for code in codes):
        raise ValueError("its header does not say how it lies (qform_code and sform_code are 0)")
    affine = np.array(image.affine, float)
    affine[:3] *= _MM.get(str(unit), 1.0)
    return image, frame_from(shape[:3], affine)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))

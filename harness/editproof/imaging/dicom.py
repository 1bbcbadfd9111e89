"""Images to DICOM files and back: a radiograph as one file, a volume as a series with a file for each slice.

What is written names nobody; its UIDs are made of its content, so that equal images give equal files.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.imaging.lattice import plane_in, voxels_of
from editproof.imaging.volumes import affine_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from editproof.imaging.volumes import Placement
    from editproof.types import Image

DX, CT, MR = (f"1.2.840.10008.5.1.4.1.1.{last}" for last in ("1.1", "2", "4"))
_NOBODY = {"PatientName": "", "PatientID": "", "PatientBirthDate": "", "PatientSex": "", "StudyDate": ""}


def radiograph_bytes(image: Image, spacing_mm: tuple[float, ...] | None = None) -> bytes:
    """The bytes of a DICOM file (DX, MONOCHROME2, no window) of a gray image.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
    spacing_mm : tuple of float, optional
        Of rows and columns.

    Raises
    ------
    ValueError
        Of pixels of another type.
    """
    header = _header(image, DX, "DX", hashlib.sha256(image.tobytes()).hexdigest(), 1)
    if spacing_mm:
        header.PixelSpacing = [f"{side:.8g}" for side in spacing_mm]
    return _bytes_of(header)


def radiograph_in(content: bytes) -> NDArray[Any]:
    """The pixels of a DICOM file of one gray image, white as its greatest value.

    Raises
    ------
    ValueError
        Where it is none.
    """
    header = _read(content)
    pixels, (slope, start) = _pixels(header), _rescale(header)
    if (slope, start) != (1.0, 0.0):
        raise ValueError("it is rescaled; the values sent are not")
    if str(header.PhotometricInterpretation) == "MONOCHROME1":
        return np.asarray(2 ** int(header.BitsStored) - 1 - pixels, pixels.dtype)
    return pixels


def series_bytes(volume: Image, spacing_mm: tuple[float, ...] | None = None) -> list[bytes]:
    """The bytes of a DICOM series of a volume: axial slices from the feet to the head, one file each.

    Parameters
    ----------
    volume : ndarray of bool, uint8, uint16 or int16, shape (Z, Y, X)
        int16 becomes CT (Hounsfield units, without rescale), all else MR; a mask is 0 and 1.
    spacing_mm : tuple of float, optional
        Of slices, rows and columns; 1 mm where it is not known.

    Raises
    ------
    ValueError
        Of voxels of another type: DICOM slices hold whole numbers.

    Examples
    --------
    >>> len(series_bytes(np.zeros((3, 5, 6), np.int16), (4.0, 1.0, 1.0)))
    3
    """
    voxels = volume.astype(np.uint8) if volume.dtype == np.bool_ else volume
    own = hashlib.sha256(voxels.tobytes()).hexdigest()
    depth, height, width = spacing_mm or (1.0, 1.0, 1.0)
    files = []
    for place, plane in enumerate(voxels):
        header = _header(plane, *((CT, "CT") if plane.dtype == np.int16 else (MR, "MR")), own, place + 1)
        header.FrameOfReferenceUID = _uid(own, "frame")
        header.ImagePositionPatient = ["0", "0", f"{place * depth:.10g}"]
        header.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        header.PixelSpacing = [f"{height:.8g}", f"{width:.8g}"]
        header.SliceThickness = header.SpacingBetweenSlices = f"{depth:.8g}"
        header.RescaleSlope, header.RescaleIntercept = "1", "0"
        files.append(_bytes_of(header))
    return files


def volume_from(files: Iterable[bytes], frame: Placement) -> NDArray[np.float64]:
    """The values of a series of slices that lies where a volume lies, whatever the order and direction of its slices.

    Parameters
    ----------
    files : iterable of bytes
    frame : Placement
        Where the volume lies; see :func:`sent_frame` for one that was sent.

    Returns
    -------
    ndarray of float64, shape (Z, Y, X)
        After rescale.

    Raises
    ------
    ValueError
        Where a file is no slice of the volume, two lie in one place, or slices are missing.
    """
    found, met = np.zeros(frame.shape), np.zeros(frame.shape, np.uint8)
    across, count = 0, 0
    for content in files:
        header = _read(content)
        try:
            position = np.array([float(number) for number in header.ImagePositionPatient])
            rows, columns = np.array([float(number) for number in header.ImageOrientationPatient]).reshape(2, 3)
            height, width = (float(number) for number in header.PixelSpacing)
        except Exception:
            raise ValueError("a slice does not say where it lies") from None
        pixels, (slope, start) = _pixels(header), _rescale(header)
        size = pixels.shape[0], pixels.shape[1]
        plane = plane_in(frame, position, np.stack([columns * height, rows * width]), size)
        places = voxels_of(plane, size)
        if ((places < 0) | (places >= frame.shape)).any():
            raise ValueError("a slice reaches beyond the volume that was sent")
        where = tuple(np.moveaxis(places, -1, 0))
        if met[where].any():
            raise ValueError("two slices lie in one place")
        met[where], found[where] = 1, pixels * slope + start
        across, count = int(np.flatnonzero(np.abs(plane[1:]).sum(axis=0) == 0)[0]), count + 1
    if not met.all():
        empty = int((~np.moveaxis(met, across, 0).reshape(frame.shape[across], -1).any(axis=1)).sum())
        words = f"{empty} of {frame.shape[across]} slices {'is' if empty == 1 else 'are'} missing"
        raise ValueError(words if empty else "slices that do not cover the volume")
    return found


def sent_frame(shape: tuple[int, ...], spacing_mm: tuple[float, ...] | None) -> Placement:
    """Where a volume lies that was written by :func:`series_bytes`."""
    from editproof.imaging.volumes import Placement

    depth, height, width = spacing_mm or (1.0, 1.0, 1.0)
    affine = affine_of((depth, height, width))
    affine[:3] = np.abs(affine[:3])
    return Placement((shape[0], shape[1], shape[2]), (depth, height, width), affine)


def dicom_files(path: Path) -> list[Path]:
    """A file, or the files below a folder, hidden ones left out, in order of name."""
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith((".", "DICOMDIR")))


def _header(image: Image, kind: str, modality: str, own: str, number: int) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    if image.dtype not in (np.uint8, np.uint16, np.int16):
        raise ValueError(f"pixels of {image.dtype}; DICOM files hold whole numbers of 8 or 16 bits")
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    own_kind: Any = kind
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = own_kind
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = _uid(own, modality, str(number))
    header.StudyInstanceUID, header.SeriesInstanceUID = _uid(own, "study"), _uid(own, "series")
    for name, value in _NOBODY.items():
        setattr(header, name, value)
    header.Modality, header.InstanceNumber = modality, number
    header.Rows, header.Columns = image.shape
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = image.dtype.itemsize * 8
    header.BitsAllocated, header.BitsStored, header.HighBit = bits, bits, bits - 1
    header.PixelRepresentation = int(image.dtype.kind == "i")
    header.PixelData = np.ascontiguousarray(image).tobytes() + b"\0" * (image.nbytes % 2)
    return header


def _uid(*parts: str) -> Any:
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=list(parts))


def _bytes_of(header: Any) -> bytes:
    file = io.BytesIO()
    header.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _read(content: bytes) -> Any:
    import pydicom

    try:
        header = pydicom.dcmread(io.BytesIO(content))
        frames, samples = int(header.get("NumberOfFrames") or 1), int(header.SamplesPerPixel)
    except Exception:
        raise ValueError("a file is not DICOM, or has no pixels") from None
    if frames > 1 or samples > 1:
        raise ValueError("a file has several frames, or colour; one gray image a file is read")
    return header


def _pixels(header: Any) -> NDArray[Any]:
    try:
        return np.asarray(header.pixel_array)
    except Exception:
        raise ValueError("the pixels of a file cannot be read") from None


def _rescale(header: Any) -> tuple[float, float]:
    try:
        return float(header.get("RescaleSlope") or 1), float(header.get("RescaleIntercept") or 0)
    except (TypeError, ValueError):
        raise ValueError("the rescale of a file is no number") from None

"""One DICOM radiograph: what of its header a study may know, and its pixels as they are meant to be seen.

Nothing of a header leaves this module but what :class:`HeaderFacts` names. Errors say which kind of thing is wrong and
never repeat a value, a path, or the words of the DICOM library, which may hold a patient's name.
"""

from __future__ import annotations

import io
import logging
import math
import re
import struct
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from editproof.core.extras import need
from editproof.core.numbers import brief
from editproof.datasets.folder.files import MOST_BYTES, MOST_PIXELS
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from editproof.datasets.folder.files import Entry
    from editproof.types import Image

    Header = Any  # pydicom.Dataset; pydicom is optional, and loaded where a DICOM cohort is read

VERSION = 2
"""Raised whenever equal files would give other pixels; enters the digest of every DICOM case."""
Voi = Literal["first", "none"]
"""Whether the first VOI LUT or window of the header is applied, or the whole stored range is kept."""

SUFFIXES = (".dcm", ".dicom", ".dic")
_DEFLATED = "1.2.840.10008.1.2.1.99"
_CONTRADICTED = "The header contradicts the pixels; export it again."
_PROJECTION = {"CR", "DX", "RG", "MG", "IO", "PX"}
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}


@dataclass(frozen=True, repr=False)
class HeaderFacts:
    """The parts of one header that are used. The four identifiers are turned into pseudonyms or dropped by the caller.

    Attributes
    ----------
    sop_uid, patient, study, series : str
        Identifiers; ``patient`` is PatientID with its issuer, empty where there is none.
    age_years : float or None
    sex : str
        ``M``, ``F``, ``O`` or empty.
    laterality : str
        ``L``, ``R``, ``B``, ``U`` or empty.
    burned_in : str
        ``yes``, ``no`` or ``unknown``: what the header says of text burned into the pixels.
    spacing_mm : tuple of float or None
    size : tuple of int
        Rows and columns.
    projection : bool
        Whether the modality is one of projection radiography.
    """

    sop_uid: str
    patient: str
    study: str
    series: str
    age_years: float | None
    sex: str
    laterality: str
    burned_in: str
    spacing_mm: tuple[float, float] | None
    size: tuple[int, int]
    projection: bool


def header_of(entry: Entry, asked: str) -> Header:
    """The header of a file, found to be one of a gray, single, complete radiograph that can be decoded here.

    Raises
    ------
    DatasetError
        If it is not DICOM, cut short, in colour, too large, of several frames, or compressed in a way for which no
        decoder is installed.
    """
    pydicom = _pydicom(asked)
    from pydicom.filereader import read_file_meta_info

    data = file_bytes(entry, asked)
    with _quiet(asked, "it is not a DICOM file, or it is cut short"):
        syntax = str(read_file_meta_info(entry.root / entry.name).get("TransferSyntaxUID", ""))
    if syntax == _DEFLATED:
        raise DatasetError(asked, "its header is deflated, and might unpack without end", "Store it uncompressed.")
    with _quiet(asked, "it is not a DICOM file, or it is cut short"):
        header = pydicom.dcmread(io.BytesIO(data))
        shape = [header.get(name) for name in ("Rows", "Columns")]
        samples, bits = header.get("SamplesPerPixel", 1), (header.get("BitsAllocated"), header.get("BitsStored"))
        meaning, frames = str(header.get("PhotometricInterpretation", "")), int(header.get("NumberOfFrames") or 1)
        pixels, topmost = header.get("PixelData"), header.get("HighBit")
    if not isinstance(pixels, bytes) or not all(isinstance(side, int) and side > 0 for side in shape):
        raise DatasetError(
            asked, "there are no pixels in it", "It is cut short or not an image; copy it again or leave it out."
        )
    if shape[0] * shape[1] > MOST_PIXELS:
        found = f"it claims {shape[0]}x{shape[1]} pixels, more than {MOST_PIXELS}"
        raise DatasetError(asked, found, "Leave it out: it is not a radiograph.")
    if meaning not in ("MONOCHROME1", "MONOCHROME2") or samples != 1:
        kind = meaning if re.fullmatch(r"[A-Z0-9_ ]{1,16}", meaning) else "unknown"
        found = f"photometric interpretation {kind} with {samples} samples per pixel"
        raise DatasetError(asked, found, "Only gray images are read, MONOCHROME1 or MONOCHROME2 with one sample.")
    if frames != 1 or bits[0] not in (8, 16) or not isinstance(bits[1], int) or not 1 < bits[1] <= bits[0]:
        found = f"{frames} frames of {bits[0]} bits, {bits[1]} of them stored"
        raise DatasetError(asked, found, "Only single frames of 8 to 16 bits are read.")
    if topmost not in (None, bits[1] - 1):
        raise DatasetError(asked, f"{bits[1]} bits stored, the highest of them bit {topmost}", _CONTRADICTED)
    _check_decodable(header, syntax, asked)
    return header


def facts_of(header: Header, asked: str) -> HeaderFacts:
    """The parts of a checked header that are used; a DatasetError where an identifier or a number cannot be read."""
    with _quiet(asked, "a tag that is needed cannot be read (UIDs, spacing, age, sex or laterality)"):
        sides = {str(header.get(tag, "") or "").strip().upper() for tag in ("ImageLaterality", "Laterality")} - {""}
        age = re.fullmatch(r"(\d{3})([DWMY])", str(header.get("PatientAge", "") or "").strip().upper())
        sex = str(header.get("PatientSex", "") or "").strip().upper()
        issuer = str(header.get("IssuerOfPatientID", "") or "").strip()
        patient = str(header.get("PatientID", "") or "").strip()
        facts = HeaderFacts(
            sop_uid=str(header.get("SOPInstanceUID", "") or "").strip(),
            patient=f"{issuer}\0{patient}" if patient else "",
            study=str(header.get("StudyInstanceUID", "") or "").strip(),
            series=str(header.get("SeriesInstanceUID", "") or "").strip(),
            age_years=round(int(age[1]) * _YEARS[age[2]], 3) if age else None,
            sex=sex if sex in {"M", "F", "O"} else "",
            laterality=next(iter(sides)) if len(sides) == 1 and sides <= {"L", "R", "B", "U"} else "",
            burned_in={"YES": "yes", "NO": "no"}.get(str(header.get("BurnedInAnnotation", "")).strip(), "unknown"),
            spacing_mm=_spacing(header),
            size=(int(header.Rows), int(header.Columns)),
            projection=str(header.get("Modality", "")) in _PROJECTION,
        )
    if not facts.sop_uid:
        raise DatasetError(asked, "it has no SOPInstanceUID", "Every image needs one; export it again.")
    return facts


def dicom_image(entry: Entry, voi: Voi, asked: str) -> Image:
    """The pixels of one file as a radiograph: bright bone, full scale, nothing clipped but by the header's own window.

    Modality LUT or rescale, then the first VOI LUT or window (with ``voi="first"``), then the sense of MONOCHROME2;
    what results is stretched from the range that the header declares to the full range of 8 bits (up to 8 bits
    stored) or 16 bits. Gray levels that differ stay different, except for those that a window clips or a lookup table
    makes one, and those of 8 bits that a window wider than their range rounds together.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W)

    Raises
    ------
    DatasetError
        Where the file is not what :func:`header_of` takes, or its pixels do not decode.
    """
    header = header_of(entry, asked)
    from pydicom.pixels.processing import apply_rescale, apply_windowing

    stored, (low, high) = _stored(header, asked), _stored_range(header)
    with _quiet(asked, "its modality LUT, rescale, VOI LUT or window cannot be applied"):
        if header.get("ModalityLUTSequence"):
            values, low, high = _looked_up(stored, header, header.ModalityLUTSequence[0])
        else:
            values = np.asarray(apply_rescale(stored, header), np.float64)
            low, high = _rescaled(header, low, high)
        if voi == "first" and header.get("VOILUTSequence"):
            values, low, high = _looked_up(values, header, header.VOILUTSequence[0])
        elif voi == "first":
            values = np.asarray(apply_windowing(values, header), np.float64)
    if not high > low:
        raise DatasetError(asked, "its rescale slope is not positive", "Export it again.")
    share: NDArray[np.float64] = np.clip((values - low) / (high - low), 0.0, 1.0)
    if str(header.PhotometricInterpretation) == "MONOCHROME1":
        share = 1.0 - share
    if int(header.BitsStored) <= 8 and high - low <= 255:
        return np.ascontiguousarray(np.rint(share * 255).astype(np.uint8))
    return np.ascontiguousarray(np.rint(share * 65535).astype(np.uint16))


def file_bytes(entry: Entry, asked: str) -> bytes:
    """The bytes of a file; an error that does not name it."""
    try:
        return entry.read()
    except DatasetError:
        found = f"it cannot be read, or is larger than {MOST_BYTES // 2**20} MiB"
        raise DatasetError(asked, found, "Copy the file again, or leave it out.") from None


def looks_like_dicom(path_suffix: str, start: bytes) -> bool:
    """Whether a file with this suffix and these first bytes is meant to be DICOM."""
    return path_suffix in SUFFIXES or start[128:132] == b"DICM"


def _check_decodable(header: Header, syntax: str, asked: str) -> None:
    """Raise an error if the pixels are cut short, or compressed and no decoder is installed."""
    from pydicom.encaps import get_frame, parse_fragments
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import get_expected_length
    from pydicom.uid import UID

    uid = UID(syntax)
    if not syntax or not uid.is_transfer_syntax:
        raise DatasetError(asked, "no transfer syntax that is known", "Export it again, as DICOM part 10.")
    if not uid.is_compressed:
        with _quiet(asked, "a tag that pixels need is missing or cannot be read"):
            expected = get_expected_length(header)
        if len(header.PixelData) < expected:
            found = f"{len(header.PixelData)} bytes of pixels, {expected} declared: it is cut short"
            raise DatasetError(asked, found, "Copy the file again, or leave it out.")
        return
    with _quiet(asked, f"it is compressed as {uid.name}, which is not read"):
        decoder = get_decoder(uid)
    if not decoder.is_available:
        advice = "Install the extra: pip install 'editproof[dicom]', or store it uncompressed."
        raise DatasetError(asked, f"it is compressed as {uid.name}, for which no decoder is installed", advice)
    with _quiet(asked, "its compressed pixels are cut short"):
        fragments, _ = parse_fragments(header.PixelData)
        if not fragments:
            raise ValueError
        size = _size_in_codestream(get_frame(header.PixelData, 0, number_of_frames=1))
    if size not in (None, (header.Rows, header.Columns)):
        raise DatasetError(asked, f"{header.Rows}x{header.Columns} declared; compressed is another size", _CONTRADICTED)


def _size_in_codestream(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG 2000 code stream claims (ISO/IEC 15444-1, A.5.1); None for any other."""
    start = frame.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(frame) < start + 24:
        return None
    right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
    return bottom - top, right - left


def _stored(header: Header, asked: str) -> NDArray[Any]:
    """The stored values, shape (H, W), found to need no more bits than the header declares.

    The bits above may repeat the sign, or be blank. Overlays of old files may be in them too, and are dropped.
    """
    with _quiet(asked, "its pixels do not decode: damaged or cut short"):
        header.pixel_array_options(correct_unused_bits=False)
        words = np.asarray(header.pixel_array)
        words = words.astype(words.dtype.newbyteorder("="))
        positions = [header.get((group, 0x0102)) for group in range(0x6000, 0x6020, 2)]
    overlaid = any(position.value for position in positions if position is not None)
    bits, (low, high) = int(header.BitsStored), _stored_range(header)
    if overlaid or (low < 0 <= words.min() and words.max() < 2**bits):
        spare = 8 * words.dtype.itemsize - bits
        words = (words << spare) >> spare
    if words.shape != (header.Rows, header.Columns) or words.min() < low or words.max() > high:
        found = f"pixels of shape {words.shape} from {words.min()} to {words.max()}"
        declared = f"{header.Rows}x{header.Columns} of {bits} stored bits, {brief(low)} to {brief(high)}"
        raise DatasetError(asked, f"{found}; declared are {declared}", _CONTRADICTED)
    return words


def _looked_up(values: NDArray[Any], header: Header, item: Header) -> tuple[NDArray[np.float64], float, float]:
    """Values taken from a lookup table of 8- or 16-bit entries, and the range of its entries.

    Done here: the DICOM library counts places in the type of the entries, so that they wrap at 8 bits.
    """
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    data, order = item.LUTData, "<" if header.file_meta.TransferSyntaxUID.is_little_endian else ">"
    words = np.frombuffer(data, f"{order}u2") if isinstance(data, bytes) else np.asarray(data, np.int64) & 0xFFFF
    if bits <= 8 and len(words) < (entries or 65536):  # two entries a word
        words = words.astype("<u2").view(np.uint8)
    table = words[: entries or 65536]
    if len(table) < (entries or 65536) or not 0 < bits <= 16 or int(table.max()) >= 2**bits:
        raise ValueError
    places = np.clip(np.rint(values).astype(np.int64) - first, 0, len(table) - 1)
    return table[places].astype(np.float64), 0.0, 2.0**bits - 1


def _stored_range(header: Header) -> tuple[float, float]:
    bits = int(header.BitsStored)
    if int(header.get("PixelRepresentation", 0)):
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1


def _rescaled(header: Header, low: float, high: float) -> tuple[float, float]:
    if "RescaleSlope" in header and "RescaleIntercept" in header:
        slope, intercept = float(header.RescaleSlope), float(header.RescaleIntercept)
        return low * slope + intercept, high * slope + intercept
    return low, high


def _spacing(header: Header) -> tuple[float, float] | None:
    """Row and column spacing in millimetres, calibrated where it is, else at the detector less the magnification."""
    for tag in ("PixelSpacing", "ImagerPixelSpacing"):
        value = header.get(tag)
        if value is None or len(value) != 2:
            continue
        rows, columns = (float(side) for side in value)
        if tag == "ImagerPixelSpacing":
            factor = float(header.get("EstimatedRadiographicMagnificationFactor") or 1.0)
            rows, columns = rows / factor, columns / factor
        if all(math.isfinite(side) and 0 < side < 10 for side in (rows, columns)):
            return rows, columns
    return None


def _pydicom(asked: str) -> Any:
    need("dicom", asked, DatasetError)
    import pydicom

    return pydicom


@contextmanager
def _quiet(asked: str, found: str) -> Iterator[None]:
    """A block in which the DICOM library warns, logs and fails without repeating the content of a header."""
    from pydicom import config

    logger = logging.getLogger("pydicom")
    before, mode = logger.disabled, config.settings.reading_validation_mode
    logger.disabled = True
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DatasetError:
        raise
    except MemoryError:
        raise
    except Exception:
        raise DatasetError(asked, found, "Copy the file again, or leave it out.") from None
    finally:
        logger.disabled = before
        config.settings.reading_validation_mode = mode

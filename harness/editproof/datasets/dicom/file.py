"""One DICOM radiograph: what of its header a study may know, and whether its pixels can be read.

Nothing of a header leaves this module but what :class:`HeaderFacts` names. Errors say which kind of thing is wrong and
never repeat a value, a path, or the words of the DICOM library, which may hold a patient's name.
"""

from __future__ import annotations

import importlib.util
import io
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.datasets.dicom.codestream import code_stream_of
from editproof.datasets.dicom.remarks import AGE, BITS, COLOUR, INVERSE, SEX, SIDE, SPACING
from editproof.datasets.dicom.tags import CONTRADICTED, COPY_AGAIN, pydicom_or_error, quiet, tag_name, value_of
from editproof.datasets.folder.files import MOST_BYTES
from editproof.errors import DatasetError
from editproof.imaging.codec import MOST_PIXELS
from editproof.imaging.volumes import MOST_VOXELS

if TYPE_CHECKING:
    from editproof.datasets.folder.files import Entry

    Header = Any  # pydicom.Dataset; pydicom is optional, and loaded where a DICOM cohort is read

SUFFIXES = (".dcm", ".dicom", ".dic")
TWELVE_BIT_JPEG = "1.2.840.10008.1.2.4.51"
PALETTE = "PALETTE COLOR"
COLOURS = {PALETTE: 1, "RGB": 3} | dict.fromkeys(("YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"), 3)
"""Samples of a pixel, by the photometric interpretations that may hold gray in equal channels."""
_DEFLATED = "1.2.840.10008.1.2.1.99"
_PROJECTION = {"CR", "DX", "RG", "MG", "IO", "PX"}
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_OLDEST = 130
_NEEDED = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
)


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
    remarks : frozenset of str
        What the card counts, of :mod:`editproof.datasets.dicom.remarks`.
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
    remarks: frozenset[str] = frozenset()


def header_of(entry: Entry, asked: str, *, several: bool = False) -> Header:
    """The header of a file, found to be one of a gray, single, complete radiograph that can be decoded here.

    Parameters
    ----------
    entry : Entry
    asked : str
        What errors call the file.
    several : bool
        Whether it may have several frames.

    Raises
    ------
    DatasetError
        If it is not DICOM, cut short, too large, of several frames, of colour that cannot hold gray, compressed in a
        way for which no decoder is installed, or of a code stream that contradicts the header.
    """
    pydicom = pydicom_or_error(asked)
    from pydicom.filereader import read_file_meta_info

    data = file_bytes(entry, asked)
    with quiet(asked, "it is not a DICOM file, or it is cut short"):
        syntax = str(read_file_meta_info(entry.root / entry.name).get("TransferSyntaxUID", ""))
    if syntax == _DEFLATED:
        raise DatasetError(asked, "its header is deflated, and might unpack without end", "Store it uncompressed.")
    with quiet(asked, "it is not a DICOM file, or it is cut short"):
        header = pydicom.dcmread(io.BytesIO(data))
        pixels = header.get("PixelData")
        floating = "FloatPixelData" in header or "DoubleFloatPixelData" in header
    if floating:
        raise DatasetError(asked, "its pixels are floating point", "Export it with 8 to 16 bits of gray.")
    with quiet(asked, "a tag that pixels need is missing or cannot be read"):
        shape = [value_of(header, name) for name in ("Rows", "Columns")]
    if not isinstance(pixels, bytes) or not all(isinstance(side, int) and side > 0 for side in shape):
        raise DatasetError(
            asked, "there are no pixels in it", "It is cut short or not an image; copy it again or leave it out."
        )
    if shape[0] * shape[1] > MOST_PIXELS:
        found = f"it claims {shape[0]}x{shape[1]} pixels, more than {MOST_PIXELS}"
        raise DatasetError(asked, found, "Leave it out: it is not a radiograph.")
    _check_kind(header, asked, several)
    _check_decodable(header, syntax, asked)
    return header


def facts_of(header: Header, asked: str) -> HeaderFacts:
    """The parts of a checked header that are used; a DatasetError where an identifier or a number cannot be read."""
    with quiet(asked, "a tag that is needed cannot be read (UIDs, spacing, age, sex or laterality)"):
        sides = {_word(header, tag) for tag in ("ImageLaterality", "Laterality", "FrameLaterality")} - {""}
        side = next(iter(sides)) if len(sides) == 1 and sides <= {"L", "R", "B", "U"} else ""
        written, sex = _word(header, "PatientAge"), _word(header, "PatientSex")
        match = re.fullmatch(r"([0-9]{3})([DWMY])", written)
        age = round(int(match[1]) * _YEARS[match[2]], 3) if match else None
        age = age if age is None or age <= _OLDEST else None
        spacing, spaced = _spacing(header)
        issuer, patient = (str(value_of(header, tag) or "").strip() for tag in ("IssuerOfPatientID", "PatientID"))
        remarks = {
            AGE: bool(written) and age is None,
            SEX: sex not in {"", "M", "F", "O"},
            SIDE: bool(sides) and not side,
            SPACING: spaced and spacing is None,
            INVERSE: is_inverse(header) != (str(header.PhotometricInterpretation) == "MONOCHROME1")
            or (is_inverse(header) and _word(header, "PresentationLUTShape") == "IDENTITY"),
            BITS: _has_spare_bits(header),
            COLOUR: str(header.PhotometricInterpretation) in COLOURS,
        }
        facts = HeaderFacts(
            sop_uid=str(value_of(header, "SOPInstanceUID") or "").strip(),
            patient=f"{issuer}\0{patient}" if patient else "",
            study=str(value_of(header, "StudyInstanceUID") or "").strip(),
            series=str(value_of(header, "SeriesInstanceUID") or "").strip(),
            age_years=age,
            sex=sex if sex in {"M", "F", "O"} else "",
            laterality=side,
            burned_in={"YES": "yes", "NO": "no"}.get(_word(header, "BurnedInAnnotation"), "unknown"),
            spacing_mm=spacing,
            size=(int(header.Rows), int(header.Columns)),
            projection=str(header.get("Modality", "")) in _PROJECTION,
            remarks=frozenset(kind for kind, holds in remarks.items() if holds),
        )
    if not facts.sop_uid:
        raise DatasetError(asked, "it has no SOPInstanceUID", "Every image needs one; export it again.")
    return facts


def is_inverse(header: Header) -> bool:
    """Whether the least value is white: MONOCHROME1, or the Presentation LUT Shape INVERSE (PS3.3, C.11.6)."""
    shape = _word(header, "PresentationLUTShape")
    meaning = str(header.PhotometricInterpretation)
    return meaning == "MONOCHROME1" or (meaning == "MONOCHROME2" and shape == "INVERSE")


def file_bytes(entry: Entry, asked: str) -> bytes:
    """The bytes of a file; an error that does not name it."""
    try:
        return entry.read()
    except DatasetError:
        found = f"it cannot be read, or is larger than {MOST_BYTES // 2**20} MiB"
        raise DatasetError(asked, found, COPY_AGAIN) from None


def looks_like_dicom(path_suffix: str, start: bytes) -> bool:
    """Whether a file with this suffix and these first bytes is meant to be DICOM."""
    return path_suffix in SUFFIXES or start[128:132] == b"DICM"


def frames_of(header: Header) -> int:
    """How many frames a file has."""
    return int(value_of(header, "NumberOfFrames") or 1)


def _check_kind(header: Header, asked: str, several: bool) -> None:
    """Raise an error if the pixels are not those of one frame of gray, or of colour that may hold gray."""
    with quiet(asked, "a tag that pixels need is missing or cannot be read"):
        value = {name: value_of(header, name) for name in (*_NEEDED, "NumberOfFrames", "HighBit")}
        frames = frames_of(header)
    if missing := [tag_name(name) for name in _NEEDED if value[name] is None]:
        raise DatasetError(asked, f"{', '.join(missing)} missing or empty", "Export it again.")
    meaning, samples, topmost = str(value["PhotometricInterpretation"]), value["SamplesPerPixel"], value["HighBit"]
    allocated, stored = value["BitsAllocated"], value["BitsStored"]
    wanted = 1 if meaning in ("MONOCHROME1", "MONOCHROME2") else COLOURS.get(meaning)
    if samples != wanted:
        kind = meaning if re.fullmatch(r"[A-Z0-9_ ]{1,16}", meaning) else "unknown"
        found = f"photometric interpretation {kind} with {samples} samples per pixel"
        advice = "Gray images are read, MONOCHROME1 or MONOCHROME2 with one sample, and colour with equal channels."
        raise DatasetError(asked, found, advice)
    if frames < 1 or (frames > 1 and not several):
        found = f"{frames} frames of {allocated} bits, {stored} of them stored"
        raise DatasetError(asked, found, "Only single frames of 8 to 16 bits are read; of volumes, write ?series=yes.")
    if allocated not in (8, 16) or not isinstance(stored, int) or not 1 < stored <= allocated:
        found = f"{frames} frames of {allocated} bits, {stored} of them stored"
        raise DatasetError(asked, found, "Only frames of 8 to 16 bits are read.")
    if frames * value["Rows"] * value["Columns"] > MOST_VOXELS:
        raise DatasetError(asked, f"{frames} frames of more than {MOST_VOXELS} pixels together", "Leave it out.")
    if topmost not in (None, stored - 1):
        raise DatasetError(asked, f"{stored} bits stored, the highest of them bit {topmost}", CONTRADICTED)
    if value["PixelRepresentation"] not in (0, 1):
        raise DatasetError(asked, f"{tag_name('PixelRepresentation')} is neither 0 nor 1", "Export it again.")


def _check_decodable(header: Header, syntax: str, asked: str) -> None:
    """Raise an error if the pixels are cut short, contradict the header, or have no decoder that is installed."""
    from pydicom.encaps import get_frame, parse_fragments
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import get_expected_length
    from pydicom.uid import UID

    uid = UID(syntax)
    if not syntax or not uid.is_transfer_syntax:
        raise DatasetError(asked, "no transfer syntax that is known", "Export it again, as DICOM part 10.")
    if not uid.is_compressed:
        with quiet(asked, "a tag that pixels need is missing or cannot be read"):
            expected = get_expected_length(header)
        if len(header.PixelData) < expected:
            found = f"{len(header.PixelData)} bytes of pixels, {expected} declared: it is cut short"
            raise DatasetError(asked, found, COPY_AGAIN)
        return
    with quiet(asked, f"it is compressed as {uid.name}, which is not read"):
        decoder = get_decoder(uid)
    deep, frames = syntax == TWELVE_BIT_JPEG and header.BitsStored > 8, frames_of(header)
    if deep and frames > 1:
        raise DatasetError(asked, f"its {frames} frames are compressed as {uid.name}", "Store it uncompressed.")
    if not decoder.is_available or (deep and importlib.util.find_spec("gdcm") is None):
        advice = "Install the extra: pip install 'editproof[dicom]', or store it uncompressed."
        raise DatasetError(asked, f"it is compressed as {uid.name}, for which no decoder is installed", advice)
    with quiet(asked, "its compressed pixels are cut short"):
        fragments, _ = parse_fragments(header.PixelData)
        if not fragments:
            raise ValueError
        encoded = [get_frame(header.PixelData, place, number_of_frames=frames) for place in range(frames)]
    declared = (header.Rows, header.Columns, header.BitsStored, header.BitsAllocated, header.SamplesPerPixel)
    for frame in encoded:
        with quiet(asked, f"its pixels hold no code stream of {uid.name}, or one that is cut short"):
            stream = code_stream_of(frame, syntax, header.Rows, header.Columns)
        if stream is not None and (contradiction := stream.departure(*declared)):
            raise DatasetError(asked, contradiction, CONTRADICTED)


def _has_spare_bits(header: Header) -> bool:
    """Whether uncompressed words have bits above those stored that are neither blank nor, all of them, the sign."""
    allocated, stored = int(header.BitsAllocated), int(header.BitsStored)
    syntax = header.file_meta.TransferSyntaxUID
    if stored == allocated or syntax.is_compressed:
        return False
    order = "<" if syntax.is_little_endian else ">"
    count = len(header.PixelData) // (allocated // 8)
    words = np.frombuffer(header.PixelData, f"{order}u{allocated // 8}", count=count)
    above = words >> stored
    if not above.any():
        return False
    sign = (words >> (stored - 1)) & 1
    full = 2 ** (allocated - stored) - 1
    return not (int(header.PixelRepresentation) and np.array_equal(above, sign * full))


def _word(header: Header, keyword: str) -> str:
    """A tag in capitals, without blanks about it; empty where it is absent."""
    return str(value_of(header, keyword) or "").strip().upper()


def _spacing(header: Header) -> tuple[tuple[float, float] | None, bool]:
    """Row and column spacing in millimetres, calibrated where it is, else at the detector less the magnification.

    Also whether any was there, read or not.
    """
    there = False
    for tag in ("PixelSpacing", "ImagerPixelSpacing"):
        value = value_of(header, tag)
        if value is None:
            continue
        there = True
        try:
            rows, columns = (float(side) for side in value)
            if tag == "ImagerPixelSpacing":
                factor = float(value_of(header, "EstimatedRadiographicMagnificationFactor") or 1.0)
                rows, columns = rows / factor, columns / factor
        except (ValueError, TypeError, ZeroDivisionError):
            continue
        if all(math.isfinite(side) and 0 < side < 10 for side in (rows, columns)):
            return (rows, columns), True
    return None, there

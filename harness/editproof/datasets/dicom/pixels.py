"""The pixels of one DICOM radiograph as they are meant to be seen."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from editproof.core.numbers import brief
from editproof.datasets.dicom.codestream import RLE
from editproof.datasets.dicom.file import COLOURS, PALETTE, TWELVE_BIT_JPEG, frames_of, header_of, is_inverse
from editproof.datasets.dicom.tags import (
    CONTRADICTED,
    WITHOUT_WINDOW,
    number_of_tag,
    quiet,
    tag_name,
    value_of,
)
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from editproof.datasets.folder.files import Entry
    from editproof.types import Image

    Header = Any  # pydicom.Dataset; pydicom is optional, and loaded where a DICOM cohort is read
    Values = NDArray[np.float64]

VERSION = 3
"""Raised whenever equal files would give other pixels; enters the digest of every DICOM case."""
Voi = Literal["first", "none"]
"""Whether the first VOI LUT or window of the header is applied, or the whole stored range is kept."""
_EXPORT = "Export it again."


def dicom_image(entry: Entry, voi: Voi, asked: str, *, colour: bool = False) -> Image:
    """The pixels of one file as a radiograph: bright bone, full scale, nothing clipped but by the header's own window.

    Modality LUT or rescale, then the first VOI LUT or window (with ``voi="first"``), then the sense: 0 is white where
    the header says MONOCHROME1 or has the Presentation LUT Shape INVERSE, and such pixels are inverted, once. What
    results is stretched from the range that the header declares to the full range of 8 bits (up to 8 bits stored) or
    16 bits. Gray levels that differ stay different, except for those that a window clips or a lookup table makes one,
    and those of 8 bits that a window wider than their range rounds together. Colour whose channels are equal is gray,
    taken as stored; where the cohort is in ``colour``, any colour is taken so (luma and chroma as red, green and blue,
    palettes looked up), and gray becomes three equal channels.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W), or (H, W, 3) in colour

    Raises
    ------
    DatasetError
        Where the file is not what :func:`header_of` takes, its pixels do not decode, or a tag cannot be applied.
    """
    header = header_of(entry, asked)
    if str(header.PhotometricInterpretation) in COLOURS:
        stored = _colours(header, asked)
        return stored if colour else _gray_of(stored, asked)
    gray = _gray(header, voi, asked)
    return np.repeat(gray[..., None], 3, axis=2) if colour else gray


def _gray(header: Header, voi: Voi, asked: str) -> Image:
    values, low, high = _modality(stored_values(header, asked), header, asked)
    narrow = int(header.BitsStored) <= 8 and high - low <= 255
    share: Values | None = None
    if voi == "first":
        with quiet(asked, f"{tag_name('VOILUTSequence')} cannot be applied", WITHOUT_WINDOW):
            if items := value_of(header, "VOILUTSequence"):
                values, low, high = _looked_up(values, header, items[0])
                narrow = int(header.BitsStored) <= 8 and high - low <= 255
            else:
                share = _windowed(values, header, asked)
    if share is None:
        share = np.clip((values - low) / (high - low), 0.0, 1.0)
    if is_inverse(header):
        share = 1.0 - share
    if narrow:
        return np.ascontiguousarray(np.rint(share * 255).astype(np.uint8))
    return np.ascontiguousarray(np.rint(share * 65535).astype(np.uint16))


def _modality(stored: NDArray[Any], header: Header, asked: str) -> tuple[Values, float, float]:
    """The values after the modality LUT or rescale, and the range that the header declares for them."""
    with quiet(asked, f"{tag_name('ModalityLUTSequence')} cannot be applied", _EXPORT):
        if items := value_of(header, "ModalityLUTSequence"):
            return _looked_up(stored, header, items[0])
    slope, intercept = rescale_of(header, asked)
    low, high = sorted(end * slope + intercept for end in _stored_range(header))
    return np.asarray(stored, np.float64) * slope + intercept, low, high


def rescale_of(header: Header, asked: str, frame: int = 0) -> tuple[float, float]:
    """Slope and intercept from stored values to those that are meant, of a frame."""
    slope = number_of_tag(header, "RescaleSlope", asked, _EXPORT, frame)
    intercept = number_of_tag(header, "RescaleIntercept", asked, _EXPORT, frame)
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if slope == 0:
        raise DatasetError(asked, f"{tag_name('RescaleSlope')} is 0: all gray levels would be one", _EXPORT)
    return slope, intercept


def _windowed(values: Values, header: Header, asked: str) -> Values | None:
    """The share of full scale, in 0..1, that the first window gives (PS3.3, C.11.2.1.2 and .3); None without one."""
    centre = number_of_tag(header, "WindowCenter", asked, WITHOUT_WINDOW)
    width = number_of_tag(header, "WindowWidth", asked, WITHOUT_WINDOW)
    if centre is None or width is None:
        return None
    shape = str(value_of(header, "VOILUTFunction") or "LINEAR").strip().upper()
    least = 1.0 if shape == "LINEAR" else 0.0
    if width < least or width == 0:
        found = f"{tag_name('WindowWidth')} is {'below 1' if least else 'not above 0'}: no window"
        raise DatasetError(asked, found, WITHOUT_WINDOW)
    if shape == "SIGMOID":
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700.0, 700.0)))
    if shape == "LINEAR":
        centre, width = centre - 0.5, width - 1.0
    elif shape != "LINEAR_EXACT":
        raise DatasetError(asked, f"{tag_name('VOILUTFunction')} is of no kind that is known", WITHOUT_WINDOW)
    if width == 0:
        return (values > centre).astype(np.float64)
    return np.clip((values - centre) / width + 0.5, 0.0, 1.0)


def stored_values(header: Header, asked: str) -> NDArray[Any]:
    """The stored values, shape (H, W), or (frames, H, W) of several frames.

    Bits above those stored have no meaning (PS3.5, 8.1.1) and are masked; old files have overlays in them. Where a
    code stream states its own bits, all of these have a meaning: values beyond the stored bits contradict the header.
    """
    syntax = str(header.file_meta.TransferSyntaxUID)
    with quiet(asked, "its pixels do not decode: damaged or cut short"):
        if syntax == TWELVE_BIT_JPEG and int(header.BitsStored) > 8:
            words = _twelve_bit_jpeg(header)
        else:
            header.pixel_array_options(correct_unused_bits=False)
            words = np.asarray(header.pixel_array)
        words = words.astype(words.dtype.newbyteorder("="))
        positions = [header.get((group, 0x0102)) for group in range(0x6000, 0x6020, 2)]
    overlaid = any(position.value for position in positions if position is not None)
    bits, (low, high) = int(header.BitsStored), _stored_range(header)
    whole_words = syntax == RLE or not header.file_meta.TransferSyntaxUID.is_compressed
    if whole_words or overlaid or (low < 0 <= words.min() and words.max() < 2**bits):
        spare = 8 * words.dtype.itemsize - bits
        words = (words << spare) >> spare
    frames = frames_of(header)
    shape = (*((frames,) if frames > 1 else ()), header.Rows, header.Columns)
    if words.shape != shape or words.min() < low or words.max() > high:
        found = f"pixels of shape {words.shape} from {words.min()} to {words.max()}"
        declared = f"{'x'.join(map(str, shape))} of {bits} stored bits, {brief(low)} to {brief(high)}"
        raise DatasetError(asked, f"{found}; declared are {declared}", CONTRADICTED)
    return words


def _twelve_bit_jpeg(header: Header) -> NDArray[Any]:
    """The samples of a JPEG of 12 bits, which pydicom does not have decoded though GDCM does it."""
    from pydicom.encaps import get_frame

    gdcm = importlib.import_module("gdcm")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(get_frame(header.PixelData, 0, number_of_frames=1))
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((header.Columns, header.Rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(header.PhotometricInterpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(TWELVE_BIT_JPEG)))
    bits, signed = int(header.BitsStored), int(header.PixelRepresentation)
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, signed))
    data = image.GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(data, "<i2" if signed else "<u2").reshape(header.Rows, header.Columns)


def _colours(header: Header, asked: str) -> Image:
    """Red, green and blue as stored, shape (H, W, 3)."""
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array

    with quiet(asked, "its pixels do not decode: damaged or cut short"):
        if str(header.PhotometricInterpretation) == PALETTE:
            colours = np.asarray(apply_color_lut(header.pixel_array, header))
        else:
            colours = np.asarray(pixel_array(header))
    shape = (header.Rows, header.Columns, 3)
    if colours.shape != shape or colours.dtype not in (np.uint8, np.uint16):
        raise DatasetError(asked, f"pixels of shape {colours.shape}; declared are {shape}", CONTRADICTED)
    return np.ascontiguousarray(colours)


def _gray_of(colours: Image, asked: str) -> Image:
    """The one channel of colour whose channels are all equal, as of a PNG; anything else is refused."""
    if np.any(colours != colours[..., :1]):
        advice = "Store radiographs as one gray channel; or read a whole cohort in colour: dicom:PATH?colour=yes."
        raise DatasetError(asked, "it is in colour", advice)
    return np.ascontiguousarray(colours[..., 0])


def _looked_up(values: NDArray[Any], header: Header, item: Header) -> tuple[Values, float, float]:
    """Values taken from a lookup table of 8- or 16-bit entries, and the range of its entries.

    Done here: the DICOM library counts places in the type of the entries, so that they wrap at 8 bits.
    """
    descriptor: Sequence[Any] = item.LUTDescriptor
    entries, first, bits = (int(number) for number in descriptor)
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
    if int(header.PixelRepresentation):
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1

"""Images and masks out of the bytes of a PNG, TIFF or JPEG: what is read, how, and what is refused.

Whether a cohort is in colour is decided in :mod:`editproof.datasets.folder.colour`. An orientation tag (EXIF in a PNG
or JPEG, the tag Orientation in a TIFF) is applied, to images and masks alike, as viewers do.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from editproof.errors import DatasetError
from editproof.imaging.codec import MOST_PIXELS, decoded_image, format_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from editproof.datasets.folder.files import Entry
    from editproof.types import Image, Mask

_PHOTOMETRIC, _ORIENTATION, _BITS = 262, 274, 258
"""Tags of a TIFF: whether 0 is black (1) or white (0); how the picture is turned; bits of a sample."""
_EXIF = (b"eXIf", b"Raw profile type exif")
"""What a PNG with EXIF has in it."""
_INKS = ("CMYK", "LAB", "HSV")
"""Modes of an image whose channels are other than red, green and blue."""
_DAMAGES = (OSError, ValueError, SyntaxError, TypeError, KeyError, OverflowError, struct.error)
_TURNS: dict[int, Callable[[Image], Image]] = {
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: np.swapaxes(image, 0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.swapaxes(np.rot90(image, 2), 0, 1),
    8: np.rot90,
}
"""From the pixels as stored to the pixels as seen, by orientation (EXIF 2.32, 4.6.4 A)."""


@dataclass(frozen=True)
class ImageHeader:
    """What a header says before pixels are decoded.

    Attributes
    ----------
    size : tuple of int
        Height and width as seen, with the orientation applied.
    orientation : int
        1 to 8; 1 is as stored.
    spare : int
        Bits by which the decoder shifts samples of 10, 12 or 14 bits up.
    tiff : bool
        Decoders apply the orientation of a TIFF by themselves.
    """

    size: tuple[int, int]
    orientation: int = 1
    spare: int = 0
    tiff: bool = False

    @property
    def digests(self) -> list[str]:
        """What the digest of a case has to have beside the bytes of its image, where these are read by a rule."""
        turned = [f"orientation:{self.orientation}"] if self.orientation != 1 and not self.tiff else []
        return [*turned, *([f"spare:{self.spare}"] if self.spare else [])]


def header_checked(entry: Entry, case_id: str, *, mask: bool = False) -> ImageHeader:
    """What the header says; a DatasetError if it is not an image that is read, or declares too many pixels."""
    return _header(entry, entry.read(), _asked(case_id, mask), mask)


def gray_image(entry: Entry, case_id: str, *, mask: bool = False) -> Image:
    """The decoded image as seen, bit depth as stored.

    Parameters
    ----------
    entry : Entry
        A PNG, TIFF or JPEG of 8 to 16 bits; one channel, or colour channels that are all equal.
    case_id : str
        Named in errors.
    mask : bool
        Whether it is a mask, which is never a JPEG, and errors speak of one.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W)
        Contiguous. Samples of 10, 12 and 14 bits come as they are stored, in 16.

    Raises
    ------
    DatasetError
        Where it does not decode, is in colour or transparent, of another depth, or too large.
    """
    image = _as_seen(entry, case_id, mask)
    if image.ndim == 3 and np.any(image != image[..., :1]):
        raise DatasetError(_asked(case_id, mask), f"{entry} is in colour", _one_channel(mask))
    return np.ascontiguousarray(image if image.ndim == 2 else image[..., 0])


def colour_image(entry: Entry, case_id: str) -> Image:
    """The decoded image as seen, in colour; one gray channel becomes three equal ones.

    Parameters and errors are those of :func:`gray_image`.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W, 3)
        Contiguous; red, green and blue as stored, whatever colour profile the file carries.
    """
    image = _as_seen(entry, case_id, mask=False)
    return np.ascontiguousarray(image[..., ::-1] if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2))


def _as_seen(entry: Entry, case_id: str, mask: bool) -> Image:
    """The pixels as seen, of one channel or of three (blue, green, red); what cannot be read is refused."""
    data, asked = entry.read(), _asked(case_id, mask)
    header = _header(entry, data, asked, mask)
    image: Any = decoded_image(data)
    if image is None:
        raise DatasetError(asked, f"{entry} is damaged", "Copy the file again, or leave it out.")
    if image.dtype not in (np.uint8, np.uint16):
        advice = "Store it with 8 or 16 bits per pixel, without clipping."
        raise DatasetError(asked, f"{entry} holds {image.dtype} pixels", advice)
    if image.ndim == 3:
        if image.shape[2] == 4 and int(image[..., 3].min()) < np.iinfo(image.dtype).max:
            raise DatasetError(asked, f"{entry} is transparent in places", _one_channel(mask))
        image = image[..., :3]
    if header.spare:
        image = image >> header.spare
    if not header.tiff and header.orientation in _TURNS:
        image = _TURNS[header.orientation](image)
    return np.asarray(image)


def mask_image(entry: Entry, shape: tuple[int, ...], case_id: str) -> Mask:
    """A mask from a file of two levels, 0 and another: True wherever a pixel is not zero.

    Raises
    ------
    DatasetError
        Where it has more levels (a soft mask, a label map, one that was stored with loss), or lowest another than 0,
        or its size is not the image's. A mask of one level is all True, or all False.
    """
    levels = gray_image(entry, case_id, mask=True)
    if levels.shape != shape:
        asked = f"a mask of {shape[0]}x{shape[1]} for case {case_id}"
        raise DatasetError(asked, f"{entry} is {levels.shape[0]}x{levels.shape[1]}", "Draw it at the image's size.")
    mask: Mask = levels > 0
    if np.any(levels[mask] != levels.max()):
        there = np.unique(levels)
        found = f"{entry} has {len(there)} levels from {there[0]} to {there[-1]}"
        advice = (
            "Store 0 where it does not hold and one other level where it does; of a label map choose the labels, of a "
            "soft mask the threshold."
        )
        raise DatasetError(f"the mask of case {case_id}, of two levels", found, advice)
    return mask


def note_on_turned(turned: Collection[str]) -> list[str]:
    """A warning that counts the files whose orientation tag was applied.

    Examples
    --------
    >>> note_on_turned(["a.png"])
    ['The orientation tag of 1 file was applied, to images and masks alike.']
    """
    n = len(turned)
    return [f"The orientation tag of {n} file{'s' * (n != 1)} was applied, to images and masks alike."] if n else []


def _asked(case_id: str, mask: bool) -> str:
    return f"decode {'the mask of ' if mask else ''}case {case_id}"


def _one_channel(mask: bool) -> str:
    if mask:
        return "Store masks as one gray channel of two levels."
    return "Store radiographs as one gray channel; or read a whole cohort in colour: folder:PATH?colour=yes."


def _header(entry: Entry, data: bytes, asked: str, mask: bool) -> ImageHeader:
    read, kinds = ("PNG", "TIFF") if mask else ("PNG", "TIFF", "JPEG"), "PNG or TIFF" if mask else "PNG, TIFF or JPEG"
    advice = f"Store it as {kinds}, or leave the {'mask' if mask else 'case'} out."
    try:
        with warnings.catch_warnings(), Pillow.open(io.BytesIO(data), formats=read) as image:
            warnings.simplefilter("ignore")
            width, height = image.size
            tags: Any = getattr(image, "tag_v2", {})
            tiff, orientation = image.format == "TIFF", _orientation(image, data)
            pages, white_is_zero = getattr(image, "n_frames", 1), tags.get(_PHOTOMETRIC) == 0
            bits = next(iter(tags.get(_BITS) or (16,)))
            see_through = image.mode != "P" and "transparency" in image.info
            inks = image.mode if image.mode in _INKS else ""
    except UnidentifiedImageError as error:
        kind = format_of(data)
        known = f", it is {kind.upper()}" if kind not in ("unknown", "png", "tiff") else ""
        found = f"{entry} is a TIFF of a kind that is not read" if kind == "tiff" else f"{entry} is not a {kinds}"
        raise DatasetError(asked, found + known, advice) from error
    except Pillow.DecompressionBombError as error:
        raise DatasetError(asked, f"{entry}: {str(error)[:120]}", advice) from error
    except _DAMAGES as error:
        raise DatasetError(asked, f"{entry} is damaged ({type(error).__name__})", advice) from error
    if width * height > MOST_PIXELS:
        found = f"{entry} claims {height}x{width} pixels, more than {MOST_PIXELS}"
        raise DatasetError(asked, found, "Leave it out: it is not a radiograph.")
    if pages > 1 or white_is_zero:
        found = (
            f"{entry} holds {pages} pages" if pages > 1 else f"in {entry} 0 is white, which decoders read either way"
        )
        raise DatasetError(asked, found, "Store one page in which 0 is black, or as PNG.")
    if inks:
        raise DatasetError(asked, f"{entry} has the channels {inks}", "Store it as gray, or as red, green and blue.")
    if see_through:
        found = f"{entry} is transparent where it has one gray level (tRNS)"
        raise DatasetError(asked, found, _one_channel(mask))
    if orientation > 4 and not tiff:
        height, width = width, height
    spare = 16 - bits if tiff and 8 < bits < 16 else 0
    return ImageHeader((height, width), orientation, spare, tiff)


def _orientation(image: Pillow.Image, data: bytes) -> int:
    """The orientation tag, 1 to 8; 1 where there is none, or one that cannot be read."""
    try:
        if image.format == "TIFF":
            found: Any = getattr(image, "tag_v2", {}).get(_ORIENTATION, 1)
        elif image.format == "JPEG" or any(mark in data for mark in _EXIF):
            found = image.getexif().get(_ORIENTATION, 1)
        else:
            return 1
    except _DAMAGES:
        return 1
    return int(found) if found in _TURNS else 1

"""Pixels to files and back: gray and colour, 8 and 16 bit, and every convention for masks, in one place.

Files are made from pixels alone, so that nothing of a source file's metadata can travel with them.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as Pillow

from editproof.imaging.colour import bgr, is_colour
from editproof.imaging.png import PNG_FAST
from editproof.types import EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from editproof.imaging.geometry import Fit
    from editproof.types import Image, Mask

MOST_PIXELS = 64_000_000
"""Decoded pixels at most: eight times the largest RSNA original; a larger header is taken for a bomb."""
ALPHA, WHITE, BLACK = "alpha", "white", "black"
POLARITIES = (ALPHA, WHITE, BLACK)
"""The value that marks the pixels that may change: alpha 0 (OpenAI), white (most servers) or black."""

_MAGIC = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp", b"II*\0": "tiff", b"MM\0*": "tiff"}


@dataclass(frozen=True)
class Levels:
    """How gray levels were converted to 8 bits: linearly from ``low``..``high``. 8-bit images are unchanged."""

    low: int
    high: int
    sixteen: bool

    @classmethod
    def of(cls, image: Image) -> Levels:
        """The levels of an image: its own range if it has 16 bits, since few radiographs use all of them."""
        if image.dtype == np.uint8:
            return cls(0, 255, sixteen=False)
        return cls(int(image.min()), max(int(image.max()), int(image.min()) + 1), sixteen=True)

    def eight(self, image: Image) -> Image:
        """The image in 8 bit."""
        if not self.sixteen:
            return image
        scaled: Image = (image.astype(np.float32) - self.low) * (255 / (self.high - self.low))
        eight: Image = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return eight

    def restored(self, image: Image) -> Image:
        """An 8-bit image on the original's levels; one of 16 bit is returned as it is."""
        if not self.sixteen or image.dtype == np.uint16:
            return image
        sixteen: Image = np.rint(image.astype(np.float32) * ((self.high - self.low) / 255) + self.low).astype(np.uint16)
        return sixteen


def stretched(image: Image, bounds: tuple[float, float]) -> Image:
    """The image as uint8, the gray levels between two percentiles spread over the full range: one exposure for all."""
    low, high = np.percentile(image, bounds)
    eight: Image = np.clip((image - low) * (255.0 / max(high - low, 1.0)), 0, 255).astype(np.uint8)
    return eight


def at_depth_of(original: Image, image: Image) -> Image:
    """An 8-bit image at the bit depth in use of a 16-bit original; as it is where the original has 8 bit."""
    if original.dtype == np.uint8:
        return image
    top = 2 ** max(8, int(original.max()).bit_length()) - 1
    deep: Image = np.rint(image.astype(np.float32) * (top / 255)).astype(original.dtype)
    return deep


_LEVELS = 64
"""Levels of an image all of which may change, above which it shows more than a marker."""


@dataclass(frozen=True)
class Parcel:
    """The image and mask that are sent for one request, and how the answer becomes an image like the original.

    Attributes
    ----------
    image : ndarray of uint8 (or uint16 where the tool takes 16 bit), shape (h, w) or (h, w, 3)
    mask : ndarray of bool, shape (h, w)
    output : tuple of int, optional
        Height and width of the edit where it is to have others than the original; it is then taken as it comes.
    """

    image: Image
    mask: Mask
    fit: Fit
    levels: Levels
    original: Image
    output: tuple[int, int] | None = None

    def opened(self, content: bytes, asked_format: str = "") -> EditOutcome:
        """The outcome of an image file that was returned; nothing is resized that was not resized before sending.

        A picture of one value throughout, though what may not change has several, is what services send in place of one
        that they withhold, and what a network makes of NaN: it is malformed.
        """
        pixels = decoded_image(content)
        if pixels is None:
            return EditOutcome.failure(EditStatus.MALFORMED, "what came back does not decode as an image")
        wanted = self.output or self.image.shape[:2]
        if pixels.shape[:2] != wanted:
            asked, got = (f"{width}x{height}" for height, width in (wanted, pixels.shape[:2]))
            return EditOutcome.failure(EditStatus.MALFORMED, f"asked for {asked} pixels, got {got}")
        if _is_blank(pixels) and self._has_more_to_show():
            what = "a picture that was withheld, or a network that gave no numbers"
            return EditOutcome.failure(EditStatus.MALFORMED, f"every pixel is {pixels.flat[0]}: {what}")
        provenance = {"format": format_of(content)}
        if asked_format and provenance["format"] != asked_format:
            provenance["asked_format"] = asked_format
        found = as_kind_of(self.original, pixels)
        edit = found if self.output else self.fit.back(found)
        return EditOutcome.ok(self.levels.restored(edit), **provenance)

    def _has_more_to_show(self) -> bool:
        """Whether no edit that does what is asked is blank; of an empty tile with a marker it may be."""
        kept = self.image[~self.mask]
        return not _is_blank(kept) if kept.size else np.unique(self.image).size > _LEVELS


def _is_blank(image: Image) -> bool:
    """Whether every pixel has the value of the first."""
    return image.size > 1 and bool((image == image.flat[0]).all())


def parcel_of(request: EditRequest, fitted: Callable[[tuple[int, int]], Fit], *, sixteen: bool = False) -> Parcel:
    """The parcel of a request under a geometry (see :mod:`editproof.imaging.geometry`).

    Parameters
    ----------
    request : EditRequest
    fitted : callable
        From the original's shape (H, W) to its :class:`~editproof.imaging.geometry.Fit`.
    sixteen : bool
        Whether the tool takes 16-bit images as they are.
    """
    height, width = request.image.shape[:2]
    fit = fitted((height, width))
    levels = Levels(0, 255, sixteen=False) if sixteen else Levels.of(request.image)
    return Parcel(
        fit.forward(levels.eight(request.image)),
        fit.forward_mask(request.edit_mask),
        fit,
        levels,
        request.image,
        request.output,
    )


def png(image: Image, *, rgb: bool = False) -> bytes:
    """A PNG of the pixels only, no metadata; gray ones as three equal channels where ``rgb``."""
    pixels = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if rgb and image.ndim == 2 else bgr(image)
    return cv2.imencode(".png", pixels, PNG_FAST)[1].tobytes()


def mask_png(mask: Mask, polarity: str) -> bytes:
    """A PNG of a mask in a tool's convention.

    Examples
    --------
    >>> decoded_image(mask_png(np.array([[True, False]]), "white")).tolist()
    [[255, 0]]
    >>> decoded_image(mask_png(np.array([[True, False]]), "alpha"))[..., 3].tolist()
    [[0, 255]]
    """
    kept = np.where(mask, 0, 255).astype(np.uint8)
    if polarity == ALPHA:
        pixels = np.dstack([np.zeros((*mask.shape, 3), np.uint8), kept])
    else:
        pixels = kept if polarity == BLACK else 255 - kept
    return cv2.imencode(".png", pixels, PNG_FAST)[1].tobytes()


def decoded_image(content: bytes) -> Image | None:
    """The pixels of an image file as stored (gray, BGR or BGRA), or None where it does not decode.

    A PNG that is cut, or claims more bytes or pixels than it may have, is not given to the decoder, which would
    allocate what it claims.
    """
    if not content or not _is_bounded(content):
        return None
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None


def _is_bounded(content: bytes) -> bool:
    """Whether an image has no more pixels than may be decoded, and the parts of a PNG lie within it."""
    if format_of(content) != "png":
        try:
            with Pillow.open(io.BytesIO(content)) as picture:
                return picture.width * picture.height <= MOST_PIXELS
        except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
            return False
    width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
    at, kind = 8, b""
    while kind != b"IEND" and at < len(content):
        kind, at = content[at + 4 : at + 8], at + 12 + int.from_bytes(content[at : at + 4])
    return kind == b"IEND" and at <= len(content) and width * height <= MOST_PIXELS


def as_kind_of(original: Image, pixels: Image) -> Image:
    """Decoded pixels as the image of a tool's answer: gray, or red, green and blue where the original is in colour.

    Examples
    --------
    >>> answer = decoded_image(png(np.array([[[200, 30, 10]]], np.uint8)))
    >>> [as_kind_of(np.zeros(shape, np.uint8), answer).tolist() for shape in ((1, 1, 3), (1, 1))]
    [[[[200, 30, 10]]], [[79]]]
    """
    return colour(pixels) if is_colour(original) else gray(pixels)


def colour(pixels: Image) -> Image:
    """Red, green and blue of decoded pixels; gray as three equal channels, and alpha is dropped."""
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        return np.repeat(gray(pixels)[..., None], 3, axis=2)
    return np.ascontiguousarray(pixels[..., 2::-1])


def gray(pixels: Image) -> Image:
    """One gray channel: the channel itself where all are equal, else luma (ITU-R BT.601); alpha is dropped."""
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        pixels = pixels[..., 0]
    elif pixels.ndim == 3:
        colour = np.ascontiguousarray(pixels[..., :3])
        pixels = colour[..., 0] if (colour == colour[..., :1]).all() else cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
    return np.ascontiguousarray(pixels)


_URL_SAFE = str.maketrans("-_", "+/")


def base64_bytes(text: str) -> bytes:
    r"""The bytes of base64: broken into lines or not, in a data URL or bare, in either alphabet, padded or not.

    Raises
    ------
    ValueError, TypeError

    Examples
    --------
    >>> base64_bytes("aGFu\nZA=="), base64_bytes("data:image/png;base64,aGFuZA=="), base64_bytes("-_-_")
    (b'hand', b'hand', b'\xfb\xff\xbf')
    """
    _, comma, after = text.partition(";base64,") if text.startswith("data:") else ("", "", "")
    bare = "".join((after if comma else text).split()).translate(_URL_SAFE)
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def format_of(content: bytes) -> str:
    """Name of an image file's format by its first bytes.

    Examples
    --------
    >>> format_of(png(np.zeros((2, 2), np.uint8)))
    'png'
    """
    return next((name for magic, name in _MAGIC.items() if content.startswith(magic)), "unknown")

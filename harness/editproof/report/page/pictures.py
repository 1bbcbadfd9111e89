"""Pictures of an exhibit as data URIs: original, edit, difference, and the outlines of the two masks."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

LONGEST_SIDE: Final = 384
"""Pixels; larger pictures are reduced for the page, the evidence keeps them whole."""

_STEPS: Final = 10
_FULL_SCALE: Final = 0.35
"""Share of the full gray range at which the difference map saturates."""


@dataclass(frozen=True)
class EncodedPictures:
    """Data URIs of one exhibit, all of one size; ``outlines`` is None without masks."""

    width: int
    height: int
    original: Markup
    edited: Markup
    difference: Markup
    outlines: Markup | None
    changed: float


def pictures(images: Mapping[str, bytes]) -> EncodedPictures | None:
    """The pictures of an exhibit; None if original or edit is absent or does not decode."""
    original, edited = decoded_picture(images.get("original")), decoded_picture(images.get("edited"))
    if original is None or edited is None or original.shape != edited.shape:
        return None
    difference = most_changed_channel(edited.astype(np.float32) - original.astype(np.float32))
    size = _page_size(original.shape)
    return EncodedPictures(
        size[0],
        size[1],
        data_uri(_reduced(original, size)),
        data_uri(_reduced(edited, size)),
        data_uri(difference_map(difference, size)),
        _outlines(images, size),
        float((np.abs(difference) > 0.02 * 255).mean()),
    )


def most_changed_channel(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """The change of each pixel, shape (H, W): in colour, that of the channel that changed most."""
    if difference.ndim == 2:
        return difference
    most = np.abs(difference).argmax(axis=2)[..., None]
    return np.take_along_axis(difference, most, axis=2)[..., 0]


def difference_map(difference: NDArray[np.float32], size: tuple[int, int]) -> Image.Image:
    """Signed change of gray value: blue where the edit is darker, white where equal, red where brighter.

    Parameters
    ----------
    difference : ndarray of float, shape (H, W)
        Edited minus original, in gray levels of 255.
    size : tuple of int
        Width and height of the picture.
    """
    share = np.clip(difference / (255 * _FULL_SCALE), -1, 1)
    index = np.rint((share + 1) / 2 * (2 * _STEPS)).astype(np.uint8)
    picture = Image.fromarray(index).resize(size, Image.Resampling.NEAREST).convert("P")
    picture.putpalette(_diverging())
    return picture


def _diverging() -> list[int]:
    """A palette from blue over near-white to red, equal steps of lightness on both sides."""
    t = np.linspace(-1, 1, 2 * _STEPS + 1)[:, None]
    blue, white, red = np.array([[5, 80, 160]]), np.array([[246, 246, 246]]), np.array([[178, 24, 30]])
    colours = np.where(t < 0, white + (blue - white) * -t, white + (red - white) * t)
    return [int(c) for c in np.rint(colours).ravel()]


def _outlines(images: Mapping[str, bytes], size: tuple[int, int]) -> Markup | None:
    canvas = np.zeros((size[1], size[0]), dtype=np.uint8)
    for code, role in ((1, "protected_mask"), (2, "edit_mask")):
        mask = decoded_picture(images.get(role))
        if mask is None or not mask.any():
            continue
        inside = np.asarray(_reduced(mask, size)) > 127
        core = np.zeros_like(inside)
        core[1:-1, 1:-1] = (
            inside[1:-1, 1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
        )
        canvas[inside & ~core] = code
    if not canvas.any():
        return None
    picture = Image.fromarray(canvas).convert("P")
    picture.putpalette([0, 0, 0, 0, 200, 180, 255, 190, 0])
    return data_uri(picture, transparency=0)


def decoded_picture(png: bytes | None) -> NDArray[np.uint8] | None:
    """Levels 0 to 255, of three channels where the picture is in colour; 16-bit pictures by their upper byte."""
    if not png:
        return None
    try:
        with Image.open(io.BytesIO(png)) as picture:
            picture.load()
            if picture.mode.startswith("I"):
                return (np.asarray(picture).astype(np.uint32) >> 8).astype(np.uint8)
            return np.asarray(picture.convert("RGB" if picture.mode == "RGB" else "L"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _page_size(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = min(1.0, LONGEST_SIDE / max(shape[:2]))
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def _reduced(levels: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(levels))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BOX)


def data_uri(picture: Image.Image, **options: int) -> Markup:
    """A picture as the address of itself, as PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=4, **options)  # as small as the slowest, in a third of its time
    return Markup(f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}")

"""What instruments draw on an exhibit: contours over the original and over the edit, with a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup
from PIL import Image

from editproof.evidence.drawn import DRAWN, MOST_STRUCTURES
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.report.page.pictures import data_uri, decoded_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST: Final = 200
"""Pixels of the longer side on the page."""
COLOURS: Final = ("#ffd21f", "#27d3f5", "#ff6ad5", "#7dee5a", "#ff9540", "#9db4ff", "#e8e8e8", "#ff5b4d")
"""Of the contours, on a dark picture; in the order of the structures."""
_GRAYS: Final = 24


@dataclass(frozen=True)
class Contours:
    """Both pictures as data URIs, of one size; ``legend`` has colour and name of each structure that is shown."""

    original: Markup
    edited: Markup
    width: int
    height: int
    legend: tuple[tuple[str, str], ...]
    left_out: int


def contours(images: Mapping[str, bytes], structures: Sequence[str]) -> Contours | None:
    """The contours of an exhibit; None where nothing was drawn on both, or it does not decode.

    Parameters
    ----------
    images : mapping of str to bytes
    structures : sequence of str
        What all instruments of the run draw.
    """
    names = sorted(set(structures))
    pairs = [(decoded_picture(images.get(arm)), decoded_picture(images.get(DRAWN[arm]))) for arm in (ORIGINAL, EDITED)]
    shown = [_outlined(picture, bits) for picture, bits in pairs if picture is not None and bits is not None]
    if len(shown) < 2 or not names:
        return None
    width, height = shown[0].size
    legend = tuple(zip(COLOURS, names, strict=False))
    return Contours(data_uri(shown[0]), data_uri(shown[1]), width, height, legend, max(0, len(names) - MOST_STRUCTURES))


def _outlined(picture: NDArray[np.uint8], bits: NDArray[np.uint8]) -> Image.Image:
    gray = Image.fromarray(picture).convert("L")
    scale = min(1.0, LONGEST / max(gray.size))
    size = max(1, round(gray.width * scale)), max(1, round(gray.height * scale))
    levels = np.asarray(gray.resize(size, Image.Resampling.BOX)).astype(int) * _GRAYS // 256
    for place in range(MOST_STRUCTURES):
        region = Image.fromarray(((bits >> place) & 1) * np.uint8(255)).resize(size, Image.Resampling.BOX)
        levels[edges(np.asarray(region) > 127)] = _GRAYS + place
    made = Image.fromarray(levels.astype(np.uint8)).convert("P")
    ramp = np.rint(np.linspace(0, 255, _GRAYS)).astype(int)[:, None].repeat(3, axis=1)
    made.putpalette([*ramp.ravel().tolist(), *(level for colour in COLOURS for level in bytes.fromhex(colour[1:]))])
    return made


def edges(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of an area at its border, and at the border of the picture."""
    padded = np.pad(where, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return where & ~inner

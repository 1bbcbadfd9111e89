"""Bringing an image to a size that a tool accepts, and its edit back: pad, letterbox, squash and tiles.

Padding is exact there and back. Letterbox and squash resample, and therefore lose something without any edit;
a report distinguishes that loss from the harm of editing by an arm such as ``squash+identity``. How an image is brought
to the frame of a model that reads it is in :mod:`editproof.imaging.framing`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.core.numbers import brief

if TYPE_CHECKING:
    from editproof.types import Image, Mask

Shape = tuple[int, int]


class CanvasError(ValueError):
    """An image that does not fit the tool under the chosen geometry."""


@dataclass(frozen=True)
class Fit:
    """The mapping of one image to the canvas of a tool and back: scaled, then padded by repeating its border.

    Attributes
    ----------
    shape, scaled, canvas : tuple of int
        Height and width of the original, of the original when resampled, and of what is sent.
    corner : tuple of int
        Row and column of the image's first pixel on the canvas.
    """

    shape: Shape
    scaled: Shape
    canvas: Shape
    corner: Shape = (0, 0)

    @property
    def factor(self) -> int:
        """Whole number by which the image is enlarged by repeating pixels, or 0 where it is resampled."""
        height, width = self.scaled[0] / self.shape[0], self.scaled[1] / self.shape[1]
        return int(height) if height == width == int(height) else 0

    @property
    def exact(self) -> bool:
        """Whether an unchanged canvas comes back exactly as the original."""
        return self.factor > 0

    def forward(self, image: Image) -> Image:
        """The image on the canvas; the padding repeats its border."""
        top, left = self.corner
        height, width = self.scaled
        if self.scaled != self.shape:
            image = cv2.resize(image, (width, height), interpolation=self._way(self.shape, self.scaled))
        bottom, right = self.canvas[0] - top - height, self.canvas[1] - left - width
        return cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_REPLICATE)

    def forward_mask(self, mask: Mask) -> Mask:
        """The mask on the canvas: a pixel that overlaps an editable one is editable, the padding is not."""
        top, left = self.corner
        height, width = self.scaled
        weight: Image = mask.astype(np.float32)
        for size in ((self.shape[1], height), (width, height)):  # one axis at a time: each shrinks or grows
            shrinks = size[0] * size[1] < weight.size
            weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST)
        canvas: Mask = np.zeros(self.canvas, bool)
        canvas[top : top + height, left : left + width] = weight > 0
        return canvas

    def back(self, image: Image) -> Image:
        """An edited canvas, cropped and brought to the original's size."""
        top, left = self.corner
        cropped = np.ascontiguousarray(image[top : top + self.scaled[0], left : left + self.scaled[1]])
        if self.scaled == self.shape:
            return cropped
        way = cv2.INTER_AREA if self.factor else self._way(self.scaled, self.shape)
        return cv2.resize(cropped, (self.shape[1], self.shape[0]), interpolation=way)

    def _way(self, source: Shape, target: Shape) -> int:
        if self.factor:
            return cv2.INTER_NEAREST
        return cv2.INTER_AREA if target[0] * target[1] < source[0] * source[1] else cv2.INTER_CUBIC


def unchanged(shape: Shape) -> Fit:
    """The identity: no change of geometry."""
    return Fit(shape, shape, shape)


def padded(shape: Shape, multiple: int = 16, *, least: int = 0, most: float = math.inf, ratio: float = math.inf) -> Fit:
    """Padding to a multiple, exact there and back.

    Parameters
    ----------
    shape : tuple of int
    multiple : int
        Both sides of the canvas are multiples of it.
    least, most : int
        Pixels that a canvas must have at least and may have at most. Where an image has too few, each of its
        pixels is repeated a whole number of times, which averaging undoes exactly.
    ratio : float
        Longest side over shortest side at most.

    Raises
    ------
    CanvasError
        Where the canvas would have too many pixels.

    Examples
    --------
    >>> padded((1000, 700)).canvas
    (1008, 704)
    >>> padded((256, 256), least=655_360).canvas
    (1024, 1024)
    """
    factor = 1
    while True:
        scaled = (shape[0] * factor, shape[1] * factor)
        longest = max(scaled)
        canvas = (
            _up(max(scaled[0], longest / ratio), multiple),
            _up(max(scaled[1], longest / ratio), multiple),
        )
        if canvas[0] * canvas[1] >= least:
            break
        factor += 1
    if canvas[0] * canvas[1] > most:
        raise CanvasError(f"{shape[1]}x{shape[0]} pixels need a canvas of {canvas[1]}x{canvas[0]}, over {brief(most)}")
    return Fit(shape, scaled, canvas)


def letterboxed(shape: Shape, canvas: Shape) -> Fit:
    """Scaled evenly until it fits the canvas, centred, and padded.

    Examples
    --------
    >>> letterboxed((1000, 500), (512, 512))
    Fit(shape=(1000, 500), scaled=(512, 256), canvas=(512, 512), corner=(0, 128))
    """
    scale = min(canvas[0] / shape[0], canvas[1] / shape[1])
    scaled = (min(canvas[0], max(1, round(shape[0] * scale))), min(canvas[1], max(1, round(shape[1] * scale))))
    return Fit(shape, scaled, canvas, ((canvas[0] - scaled[0]) // 2, (canvas[1] - scaled[1]) // 2))


def nearest_canvas(shape: Shape, canvases: Sequence[Shape]) -> Shape:
    """The canvas whose proportions are nearest to an image's; the first of equals.

    Examples
    --------
    >>> nearest_canvas((1000, 700), [(1024, 1024), (1536, 1024)])
    (1536, 1024)
    """
    return min(canvases, key=lambda canvas: abs(canvas[0] / canvas[1] - shape[0] / shape[1]))


def squashed(shape: Shape, canvas: Shape) -> Fit:
    """Scaled unevenly to fill the canvas: proportions are lost on the way and restored on the way back."""
    return Fit(shape, canvas, canvas)


@dataclass(frozen=True)
class Tile:
    """A part of an image: what is sent, and the core of it that is taken back."""

    window: tuple[slice, slice]
    core: tuple[slice, slice]

    @property
    def core_in_window(self) -> tuple[slice, slice]:
        """The core, in coordinates of the window."""
        rows, columns = (
            slice(core.start - window.start, core.stop - window.start)
            for core, window in zip(self.core, self.window, strict=True)
        )
        return rows, columns


def tiles(shape: Shape, size: int, overlap: int) -> Iterator[Tile]:
    """Tiles whose cores cover the image once, each with a rim of ``overlap`` pixels for context.

    Examples
    --------
    >>> [tile.core for tile in tiles((100, 60), 60, 10)][0]
    (slice(0, 40, None), slice(0, 40, None))
    """
    step = size - 2 * overlap
    for top in range(0, shape[0], step):
        for left in range(0, shape[1], step):
            corner = (top, left)
            core = [slice(start, min(start + step, side)) for start, side in zip(corner, shape, strict=True)]
            window = [
                slice(max(0, start - overlap), min(start + step + overlap, side))
                for start, side in zip(corner, shape, strict=True)
            ]
            yield Tile((window[0], window[1]), (core[0], core[1]))


def _up(length: float, multiple: int) -> int:
    return math.ceil(math.ceil(length) / multiple) * multiple

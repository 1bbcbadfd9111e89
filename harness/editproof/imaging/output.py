"""The geometry in which a study asks for its edits, and how an edit is brought back to the frame of its original.

A denoiser answers in the frame of its input, a super-resolver in a larger one. What a study declares (``same``, ``x2``,
``512x384``) is what a tool has to answer with. Claims on pixels compare an edit with its original after the edit was
brought back to the original's frame; instruments read it in its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.errors import ProtocolError

if TYPE_CHECKING:
    from editproof.types import Image, Mask

Shape = tuple[int, int]
Spacing = tuple[float, ...]

SAME = "same"
_WRITTEN = re.compile(r"x([2-9]|1[0-6])|(?:fixed )?([1-9]\d{0,4})x([1-9]\d{0,4})")


@dataclass(frozen=True)
class OutputGeometry:
    """A declared geometry: a whole factor by which each side grows, or a fixed height and width.

    Attributes
    ----------
    factor : int
        1 for the frame of the input.
    fixed : tuple of int, optional
        Height and width, whatever the input has.
    """

    factor: int = 1
    fixed: Shape | None = None

    def __str__(self) -> str:
        if self.fixed:
            return f"{self.fixed[0]}x{self.fixed[1]}"
        return SAME if self.factor == 1 else f"x{self.factor}"

    @property
    def is_same(self) -> bool:
        """Whether edits have the frame of their originals."""
        return self.factor == 1 and self.fixed is None

    def of(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of an edit of an image of some shape; channels of colour stay.

        Examples
        --------
        >>> output_of("x2").of((320, 256)), output_of("512x384").of((320, 256, 3)), output_of("same").of((9, 320, 256))
        ((640, 512), (512, 384, 3), (9, 320, 256))
        """
        if self.is_same:
            return tuple(shape)
        return (*(self.fixed or (shape[0] * self.factor, shape[1] * self.factor)), *shape[2:])

    def asked(self, shape: tuple[int, ...]) -> Shape | None:
        """Height and width that are asked for with an image of some shape; None for its own."""
        if self.is_same:
            return None
        height, width = self.of(shape)[:2]
        return height, width

    @property
    def words(self) -> str:
        """How edits are compared with their originals pixel by pixel, in one sentence."""
        if self.is_same:
            return "Edits have the frame of their originals."
        if self.fixed:
            way = "resampled (averages where they are larger in both directions, else cubic) to"
        else:
            way = f"averaged over blocks of {self.factor}x{self.factor} pixels to"
        return (
            f"Edits ({self}) are {way} the frame of their originals for claims on pixels; instruments read them as is."
        )


def output_of(written: str) -> OutputGeometry:
    """The geometry that is written so: ``same``, ``x2`` to ``x16``, or height and width such as ``512x384``.

    Raises
    ------
    ProtocolError

    Examples
    --------
    >>> output_of("x4"), str(output_of("fixed 512x384"))
    (OutputGeometry(factor=4, fixed=None), '512x384')
    >>> output_of("twice")
    Traceback (most recent call last):
    editproof.errors.ProtocolError: output geometry 'twice': it is none that is known. Write same, x2, or height and ...
    """
    if written == SAME:
        return OutputGeometry()
    found = _WRITTEN.fullmatch(written)
    if found is None:
        advice = "Write same, x2, or height and width such as 512x384."
        raise ProtocolError(f"output geometry {written!r}", "it is none that is known", advice)
    factor, height, width = found.groups()
    return OutputGeometry(int(factor)) if factor else OutputGeometry(1, (int(height), int(width)))


def in_frame(image: Image, shape: tuple[int, ...]) -> Image:
    """An image brought to another frame: averages where both sides shrink, else cubic interpolation.

    Where each side shrinks by one whole factor, each pixel is the mean of a block. What was enlarged by repeating its
    pixels comes back exactly.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (h, w) or (h, w, 3)
    shape : tuple of int
        Height and width, and channels of colour.

    Examples
    --------
    >>> in_frame(np.array([[1, 3], [5, 7]], np.uint8), (1, 1)).tolist()
    [[4]]
    """
    if image.shape == tuple(shape):
        return image
    height, width = shape[:2]
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def mask_in_frame(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask brought to another frame: True where at least half of a pixel was.

    Examples
    --------
    >>> mask_in_frame(np.array([[True, False]]), (2, 4)).tolist()
    [[True, True, False, False], [True, True, False, False]]
    """
    if mask.shape == tuple(shape):
        return mask
    height, width = shape
    shrinks = height <= mask.shape[0] and width <= mask.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=way)
    return np.asarray(share >= 0.5)


def spacing_in_frame(spacing_mm: Spacing | None, shape: tuple[int, ...], frame: tuple[int, ...]) -> Spacing | None:
    """Row and column pixel spacing in another frame of the same field of view.

    Examples
    --------
    >>> spacing_in_frame((0.2, 0.2), (100, 100), (200, 50))
    (0.1, 0.4)
    """
    if spacing_mm is None:
        return None
    return spacing_mm[0] * shape[0] / frame[0], spacing_mm[1] * shape[1] / frame[1]

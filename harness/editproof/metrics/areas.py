"""Where the regions of a case lie, so that a sum over pixels is taken once and serves every region.

Regions overlap: the frame holds all of them, and what is outside the edit mask is the frame less what is inside. A sum
is therefore taken of the frame, of the anatomy and of the edit mask, the last two within their bounding boxes alone;
that of the fourth region follows by subtraction, which is exact on counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import cv2
import numpy as np

from editproof.imaging.region import INSIDE, OUTSIDE, PROTECTED, REGIONS, WHOLE, box_of

if TYPE_CHECKING:
    from editproof.imaging.region import Box
    from editproof.types import Mask

Total = TypeVar("Total", bound=Any)


class Part(NamedTuple):
    """The bounding box of a region, as slices of rows and columns, and its mask within that box."""

    box: Box
    mask: Mask


@dataclass(frozen=True, eq=False)
class Areas:
    """The regions of a case that have at least one pixel.

    Attributes
    ----------
    shape : tuple of int
        Height and width of the frame.
    pixels : mapping of str to int
        Number of pixels by region, in the order of :data:`editproof.imaging.region.REGIONS`.
    parts : mapping of str to Part
        Of the anatomy and of the edit mask, where they are not empty.
    """

    shape: tuple[int, ...]
    pixels: Mapping[str, int]
    parts: Mapping[str, Part]

    def totals(self, total: Callable[[Box, Mask | None], Total], within: Box | None = None) -> dict[str, Total]:
        """An additive quantity by region.

        Parameters
        ----------
        total : callable
            Of a box of pixels: of those that a mask of the box's shape holds, or of all where that is None.
        within : tuple of slice, optional
            A box of the frame that is to be summed alone; boxes given to ``total`` are then counted from its corner,
            and regions without a pixel there may be missing.

        Examples
        --------
        >>> edit, nothing = np.array([[True, False, False]]), np.zeros((1, 3), bool)
        >>> image = np.array([[5, 1, 2]])
        >>> areas_of(edit, nothing).totals(lambda box, mask: int(image[box].sum(where=True if mask is None else mask)))
        {'whole': 8, 'outside_mask': 3, 'inside_mask': 5}
        """
        place = within or (slice(0, self.shape[0]), slice(0, self.shape[1]))
        found = {WHOLE: total((slice(0, _length(place[0])), slice(0, _length(place[1]))), None)}
        for name, part in self.parts.items():
            rows, columns = _common(part.box[0], place[0]), _common(part.box[1], place[1])
            if rows and columns:
                mask = part.mask[_from(rows, part.box[0]), _from(columns, part.box[1])]
                found[name] = total((_from(rows, place[0]), _from(columns, place[1])), mask)
        found[OUTSIDE] = found[WHOLE] - found[INSIDE] if INSIDE in found else found[WHOLE]
        return {name: found[name] for name in self.pixels if name in found}


def areas_of(edit_mask: Mask, protected_mask: Mask) -> Areas:
    """The areas of a case, from its masks of bool, shape (H, W)."""
    masks = {PROTECTED: protected_mask, INSIDE: edit_mask}
    parts = {name: Part(box, mask[box]) for name, mask in masks.items() if (box := box_of(mask))}
    pixels = {WHOLE: edit_mask.size, **{name: int(np.count_nonzero(part.mask)) for name, part in parts.items()}}
    pixels[OUTSIDE] = pixels[WHOLE] - pixels.get(INSIDE, 0)
    return Areas(edit_mask.shape, {name: pixels[name] for name in REGIONS if pixels.get(name)}, parts)


def masked_sum(values: Any, mask: Mask | None) -> float:
    """Sum of an array of float32 over the pixels of a mask, or over all of them, in double precision."""
    if mask is None:
        return float(cv2.sumElems(values)[0])
    inside = mask.view(np.uint8)
    return float(cv2.mean(values, inside)[0]) * cv2.countNonZero(inside)


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _common(one: slice, other: slice) -> slice | None:
    start, stop = max(one.start, other.start), min(one.stop, other.stop)
    return slice(start, stop) if start < stop else None


def _from(part: slice, origin: slice) -> slice:
    return slice(part.start - origin.start, part.stop - origin.start)

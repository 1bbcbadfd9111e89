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
    """The bounding box of a region, as slices of each axis, and its mask within that box."""

    box: Box
    mask: Mask


@dataclass(frozen=True, eq=False)
class Areas:
    """The regions of a case that have at least one pixel.

    Attributes
    ----------
    shape : tuple of int
        Of the frame: height and width, in a volume slices before them.
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
        place = within or tuple(slice(0, side) for side in self.shape)
        found = {WHOLE: total(tuple(slice(0, _length(part)) for part in place), None)}
        for name, part in self.parts.items():
            common = _common(part.box, place)
            if common:
                found[name] = total(_from(common, place), part.mask[_from(common, part.box)])
        found[OUTSIDE] = found[WHOLE] - found[INSIDE] if INSIDE in found else found[WHOLE]
        return {name: found[name] for name in self.pixels if name in found}


def areas_of(edit_mask: Mask, protected_mask: Mask) -> Areas:
    """The areas of a case, from its masks of bool, shape (H, W) or (Z, Y, X)."""
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


def _common(one: Box, other: Box) -> Box | None:
    """What two boxes have in common; None where that is nothing."""
    sides = [(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)]
    return tuple(slice(*side) for side in sides) if all(start < stop for start, stop in sides) else None


def _from(box: Box, origin: Box) -> Box:
    """A box, counted from the corner of one that holds it."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, origin, strict=True))

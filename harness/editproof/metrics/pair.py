"""What a metric is computed from: an original and its edit with the masks of their case, and what metrics share.

An intermediate that several metrics need (level counts, a map of similarity) is a function marked :func:`shared`: it is
computed when a metric first asks for it, and kept as long as the picture or the pair it was computed from. What belongs
to the original alone is thus computed once for all of its edits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np

from editproof.imaging.axes import ZYX, axes_of, is_image
from editproof.imaging.levels import level_counts
from editproof.imaging.region import regions
from editproof.metrics.areas import Areas, areas_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, Mask

_OF_CASE = "of the case"
Of = TypeVar("Of", bound="Picture | Pair")
Value = TypeVar("Value")


def shared(function: Callable[[Of], Value]) -> Callable[[Of], Value]:
    """Mark a function of a :class:`Picture` or a :class:`Pair` as an intermediate: computed once for each of them.

    Arrays that it returns cannot be written to, since every metric is given the same one.

    Examples
    --------
    >>> @shared
    ... def brightest(picture: Picture) -> int:
    ...     print("computed")
    ...     return int(picture.image.max())
    >>> nothing = np.zeros((2, 2), bool)
    >>> picture = Picture(np.full((2, 2), 7, np.uint8), nothing, nothing)
    >>> brightest(picture) + brightest(picture)
    computed
    14
    """

    @functools.wraps(function)
    def once(of: Of) -> Value:
        if once not in of.kept:
            of.kept[once] = _read_only(function(of))
        found: Value = of.kept[once]
        return found

    return once


@dataclass(frozen=True, eq=False)
class Picture:
    """One image of a case, an original or an edit, with the masks of the case; its arrays cannot be written to.

    Attributes
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
    edit_mask, protected_mask : ndarray of bool, shape (H, W)
        True where a tool may change pixels, and on the anatomy.
    spacing_mm : tuple of float, optional
        Row and column pixel spacing in millimetres, where the cohort knows it.
    """

    image: Image
    edit_mask: Mask
    protected_mask: Mask
    spacing_mm: tuple[float, ...] | None = None
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Close the arrays to writing; the caller's own stay as they are."""
        for name in ("image", "edit_mask", "protected_mask"):
            object.__setattr__(self, name, _read_only(np.asarray(getattr(self, name)).view()))

    @property
    def axes(self) -> str:
        """What its axes are; see :func:`editproof.imaging.axes.axes_of`."""
        return axes_of(self.image.shape)

    def beside(self, image: Image) -> Picture:
        """Another image of the same case."""
        other = Picture(image, self.edit_mask, self.protected_mask, self.spacing_mm)
        other.kept[_OF_CASE] = self._of_case
        return other

    @property
    def _of_case(self) -> dict[str, Any]:
        """What follows from the masks alone, which all pictures of a case share."""
        found: dict[str, Any] = self.kept.setdefault(_OF_CASE, {})
        return found

    @property
    def regions(self) -> Mapping[str, Mask]:
        """Masks of the regions that have at least one pixel, by name; see :func:`editproof.imaging.region.regions`."""
        if "regions" not in self._of_case:
            self._of_case["regions"] = _read_only(regions(self.edit_mask, self.protected_mask))
        found: Mapping[str, Mask] = self._of_case["regions"]
        return found

    @property
    def areas(self) -> Areas:
        """Where those regions lie."""
        if "areas" not in self._of_case:
            self._of_case["areas"] = areas_of(self.edit_mask, self.protected_mask)
        found: Areas = self._of_case["areas"]
        return found

    @property
    def levels(self) -> Mapping[str, NDArray[np.int64]]:
        """Number of pixels at each gray level, shape (256,) or (65536,), by region."""
        return _levels(self)


@dataclass(frozen=True, eq=False)
class Pair:
    """An original and its edit, of one shape and one type.

    Attributes
    ----------
    before, after : Picture
        ``before`` is one object for all edits of an original.

    Raises
    ------
    ValueError
        Where the images differ in shape or type, or are none (:func:`editproof.imaging.axes.is_image`); a study rejects
        such edits as malformed beforehand.

    Examples
    --------
    >>> image, nothing = np.zeros((4, 4), np.uint8), np.zeros((4, 4), bool)
    >>> pair = Pair.of(image, image + 1, nothing, nothing)
    >>> int(pair.change.max()), sorted(pair.regions)
    (1, ['outside_mask', 'whole'])
    """

    before: Picture
    after: Picture
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse images that cannot be compared."""
        one, other = self.original, self.edited
        if one.shape != other.shape or one.dtype != other.dtype:
            raise ValueError(f"{one.shape} {one.dtype} against {other.shape} {other.dtype}")
        if not is_image(one):
            raise ValueError(f"an image of {one.dtype} and shape {one.shape}, of which nothing is measured")

    @classmethod
    def of(
        cls,
        original: Image,
        edited: Image,
        edit_mask: Mask,
        protected_mask: Mask,
        spacing_mm: tuple[float, ...] | None = None,
    ) -> Pair:
        """A pair of plain arrays."""
        before = Picture(original, edit_mask, protected_mask, spacing_mm)
        return cls(before, before.beside(edited))

    @property
    def axes(self) -> str:
        """What the axes of both images are; see :func:`editproof.imaging.axes.axes_of`."""
        return self.before.axes

    @property
    def original(self) -> Image:
        """Pixels before the edit, shape (H, W)."""
        return self.before.image

    @property
    def edited(self) -> Image:
        """Pixels after the edit, shape (H, W)."""
        return self.after.image

    @property
    def edit_mask(self) -> Mask:
        """True where the tool was allowed to change pixels, shape (H, W)."""
        return self.before.edit_mask

    @property
    def protected_mask(self) -> Mask:
        """True on the anatomy, shape (H, W)."""
        return self.before.protected_mask

    @property
    def spacing_mm(self) -> tuple[float, ...] | None:
        """Row and column pixel spacing in millimetres, where the cohort knows it."""
        return self.before.spacing_mm

    @property
    def regions(self) -> Mapping[str, Mask]:
        """Masks of the regions that have at least one pixel, by name."""
        return self.before.regions

    @property
    def levels_before(self) -> Mapping[str, NDArray[np.int64]]:
        """Number of pixels of the original at each gray level, by region."""
        return self.before.levels

    @property
    def levels_after(self) -> Mapping[str, NDArray[np.int64]]:
        """Number of pixels of the edit at each gray level, by region."""
        return self.after.levels

    @property
    def change(self) -> Image:
        """Absolute difference of each pixel in gray levels, shape (H, W), of the type of the images."""
        return _change(self)

    @property
    def changes(self) -> Mapping[str, NDArray[np.int64]]:
        """Number of pixels at each level of :attr:`change`, shape (256,) or (65536,), by region."""
        return _changes(self)


@shared
def _levels(picture: Picture) -> Mapping[str, NDArray[np.int64]]:
    return _counts(picture.image, picture.areas)


@shared
def _change(pair: Pair) -> Image:
    if pair.axes != ZYX:
        return cv2.absdiff(pair.original, pair.edited)
    larger, smaller = np.maximum(pair.original, pair.edited), np.minimum(pair.original, pair.edited)
    if pair.original.dtype == np.int16:  # 16 bits hold every distance, without a sign
        return np.asarray(larger.view(np.uint16) - smaller.view(np.uint16))
    return np.asarray(larger - smaller)


@shared
def _changes(pair: Pair) -> Mapping[str, NDArray[np.int64]]:
    return _counts(pair.change, pair.before.areas)


def _counts(image: Image, areas: Areas) -> dict[str, NDArray[np.int64]]:
    return areas.totals(lambda box, mask: level_counts(image[box], mask))


def _read_only(value: Any) -> Any:
    """An array, or the arrays of a mapping, closed to writing; anything else as it is."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, dict):
        return MappingProxyType({name: _read_only(part) for name, part in value.items()})
    return value

"""How two masks of one structure become numbers: overlap, distance between their outlines, and area or volume.

The outline of a mask is its pixels of which one of the four neighbours is outside it, in a volume one of the six; what
lies beyond the image is outside. Distances are Euclidean, between centres of pixels or voxels, in pixels or, with the
spacing of each axis, in mm. Touching components of one structure are one mask.

A number of two masks that are both empty is not defined and left out. Where one of them is empty, Dice and the surface
Dice are 0, and the distance is the diagonal of the image, beyond which there is none.

References
----------
Maier-Hein L, Reinke A, et al. Metrics reloaded. Nat Methods 2024;21:195-212.

Nikolov S, et al. Clinically applicable segmentation of head and neck anatomy. J Med Internet Res 2021;23:e26151
(surface Dice at a tolerance; here pixels of the outlines are counted, as MONAI does, and not their length).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import YX, ZYX
from editproof.imaging.region import box_of
from editproof.metrics.metric import OF_MASKS, Metric, MetricOutput, named_after

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Mask

Spacing = tuple[float, ...]
IMAGES_AND_VOLUMES = (YX, ZYX)
TO_REFERENCE, TO_ORIGINAL = "to_reference", "to_original"
"""What a mask is held against, as the names of what is measured end."""

_PERCENTILE = 95.0
_EXACT_SIDE = 1400
"""Sides of an image up to which the square of every distance in it is exact in single precision: 2,000 of diagonal."""


@dataclass(frozen=True, eq=False)
class MaskPair:
    """A mask of a structure and the one that it is held against, of one shape.

    Attributes
    ----------
    reference, mask : ndarray of bool, shape (H, W) or (Z, Y, X)
    spacing_mm : tuple of float, optional
        Spacing of each axis in millimetres, where the cohort knows it.

    Raises
    ------
    ValueError
        Where the shapes differ, or an array is not of booleans.

    Examples
    --------
    >>> square = np.zeros((8, 8), bool)
    >>> square[2:5, 2:5] = True
    >>> pair = MaskPair(square, np.roll(square, 1, axis=1))
    >>> dice(pair)["dice"], hd95(pair)["hd95_px"], area_difference(pair)["area_difference_px"]
    ((0.6666666666666666, ''), (1.0, 'pixels'), (0.0, 'pixels'))
    """

    reference: Mask
    mask: Mask
    spacing_mm: Spacing | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        one, other = self.reference, self.mask
        if one.shape != other.shape or one.ndim not in (2, 3) or one.dtype != np.bool_ or other.dtype != np.bool_:
            raise ValueError(f"a mask of {other.shape} {other.dtype} against one of {one.shape} {one.dtype}")
        if self.spacing_mm and len(self.spacing_mm) != one.ndim:
            raise ValueError(f"{len(self.spacing_mm)} numbers of spacing for masks of {one.ndim} axes")

    @property
    def axes(self) -> str:
        """What their axes are: ``"YX"``, or ``"ZYX"`` of a volume."""
        return YX if self.mask.ndim == 2 else ZYX

    @cached_property
    def areas(self) -> tuple[int, int]:
        """Pixels, or voxels, of the reference and of the mask."""
        return int(self.reference.sum()), int(self.mask.sum())

    @property
    def scales(self) -> dict[str, Spacing]:
        """Spacing of each axis in each unit that there is: ``px``, and ``mm`` where it is known."""
        return {"px": (1.0,) * self.mask.ndim} | ({"mm": self.spacing_mm} if self.spacing_mm else {})

    @cached_property
    def distances(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """By unit, how far each pixel of an outline is from the other outline: the reference's, and the mask's.

        Neither mask may be empty.
        """
        box = box_of(self.reference | self.mask)
        assert box is not None, "neither mask is empty"
        one, other = _outline(self.reference[box]), _outline(self.mask[box])
        return {
            unit: (_distances(to=other, of=one, spacing=spacing), _distances(to=one, of=other, spacing=spacing))
            for unit, spacing in self.scales.items()
        }

    def diagonal(self, spacing: Spacing) -> float:
        """Length of the diagonal of the image."""
        return math.hypot(*(side * step for side, step in zip(self.mask.shape, spacing, strict=True)))


def mask_metric(
    *outputs: MetricOutput, name: str = "", version: str = "", axes: tuple[str, ...] = (YX,)
) -> Callable[[Callable[[MaskPair], Mapping[str, float]]], Metric]:
    """Make a function of a :class:`MaskPair` a metric of masks; see :func:`editproof.metrics.metric`.

    Its outputs have no regions: each is measured by structure, against the reference mask and against the
    instrument's own reading of the original, as ``<output>_to_reference:<structure>`` and
    ``<output>_to_original:<structure>``.

    Parameters
    ----------
    outputs, name, version
        As of any metric.
    axes : tuple of str
        Masks that it takes: ``"YX"`` of images, gray or in colour, and ``"ZYX"`` of volumes.
    """
    return lambda function: Metric(name or named_after(function), function, outputs, OF_MASKS, version, tuple(axes))


@mask_metric(MetricOutput("dice", unit="", unchanged=1.0, regions=()), axes=IMAGES_AND_VOLUMES)
def dice(pair: MaskPair) -> dict[str, float]:
    """Twice the common area over the sum of both areas (Dice 1945)."""
    total = sum(pair.areas)
    return {"dice": 2.0 * int((pair.reference & pair.mask).sum()) / total} if total else {}


@mask_metric(
    MetricOutput("hd95_px", unit="pixels", unchanged=0.0, regions=()),
    MetricOutput("hd95_mm", unit="mm", unchanged=0.0, regions=()),
    axes=IMAGES_AND_VOLUMES,
)
def hd95(pair: MaskPair) -> dict[str, float]:
    """The larger of the two 95th percentiles of distances from one outline to the other."""
    if not any(pair.areas):
        return {}
    if not all(pair.areas):
        return {f"hd95_{unit}": pair.diagonal(spacing) for unit, spacing in pair.scales.items()}
    return {
        f"hd95_{unit}": float(max(np.percentile(one, _PERCENTILE), np.percentile(other, _PERCENTILE)))
        for unit, (one, other) in pair.distances.items()
    }


@mask_metric(
    *(
        MetricOutput(f"surface_dice_{tolerance}{unit}", unit="", unchanged=1.0, regions=())
        for unit in ("px", "mm")
        for tolerance in (1, 2, 3)
    ),
    axes=IMAGES_AND_VOLUMES,
)
def surface_dice(pair: MaskPair) -> dict[str, float]:
    """Normalised surface distance: share of both outlines that lies within a tolerance of the other outline."""
    if not any(pair.areas):
        return {}
    found = {}
    for unit in pair.scales:
        for tolerance in (1, 2, 3):
            share = 0.0
            if all(pair.areas):
                one, other = pair.distances[unit]
                share = (int((one <= tolerance).sum()) + int((other <= tolerance).sum())) / (len(one) + len(other))
            found[f"surface_dice_{tolerance}{unit}"] = share
    return found


@mask_metric(
    MetricOutput("area_difference_px", unit="pixels", unchanged=0.0, regions=()),
    MetricOutput("area_difference_mm2", unit="mm2", unchanged=0.0, regions=()),
    MetricOutput("area_change", unit="", unchanged=0.0, regions=()),
)
def area_difference(pair: MaskPair) -> dict[str, float]:
    """Area of the mask less that of the reference; ``area_change`` is its size as a share of the larger area."""
    before, after = pair.areas
    found = {"area_difference_px": float(after - before)}
    if before or after:
        found["area_change"] = abs(after - before) / max(before, after)
    if pair.spacing_mm:
        found["area_difference_mm2"] = (after - before) * math.prod(pair.spacing_mm)
    return found


def units_of_structures(metrics: Iterable[Metric], structures: Iterable[str], axes: str = "") -> dict[str, str]:
    """Unit of every quantity that metrics of masks give for some structures, ``<output>_<against>:<structure>``.

    With ``axes`` of images, of those metrics alone that take their masks.

    Examples
    --------
    >>> units_of_structures([dice], ["carpals"])
    {'dice_to_reference:carpals': '', 'dice_to_original:carpals': ''}
    """
    of_masks = ZYX if axes == ZYX else YX if axes else ""
    taken = [metric for metric in metrics if metric.of == OF_MASKS and (not axes or of_masks in metric.axes)]
    outputs = {name: unit for metric in taken for name, unit in metric.units.items()}
    return {
        f"{name}_{against}:{structure}": unit
        for structure in structures
        for against in (TO_REFERENCE, TO_ORIGINAL)
        for name, unit in outputs.items()
    }


def _outline(mask: Mask) -> Mask:
    inside = mask.copy()
    for axis in range(mask.ndim):
        along, kept = np.moveaxis(mask, axis, 0), np.moveaxis(inside, axis, 0)
        kept[1:] &= along[:-1]
        kept[:-1] &= along[1:]
        kept[[0, -1]] = False
    return np.asarray(mask & ~inside)


def _distances(*, to: Mask, of: Mask, spacing: Spacing) -> NDArray[np.float64]:
    """How far each pixel of one outline is from the nearest one of another.

    In the plane, with square pixels, OpenCV computes the same at half the cost (Felzenszwalb and Huttenlocher,
    Theory of Computing 2012;8:415-428), in single precision; its squares are rounded to the whole numbers they are.
    """
    if to.ndim == 2 and spacing[0] == spacing[1] and max(to.shape) <= _EXACT_SIDE:
        near = cv2.distanceTransform((~to).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[of]
        return np.asarray(np.sqrt(np.rint(near.astype(np.float64) ** 2)) * spacing[0], np.float64)
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(~to, sampling=spacing)[of], np.float64)

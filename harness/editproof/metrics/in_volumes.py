"""How an edit of a volume differs from its original: the numbers of images, over voxels, whatever their type.

Volumes are int16 or float32 as often as they have levels, so that distributions are compared by sorting their values,
which is exact. What is a share of the intensity range is a share of the original's own, from percentile 0.1 to 99.9 of
its values, where the type has a sign or a fraction: the 65,536 values of int16 say nothing about a scanner, and one
voxel of metal must not make every change small. A change beyond that range counts as the whole of it.

SSIM is that of :mod:`editproof.metrics.similarity`, slice by slice, and its mean is over voxels. The worst patch is a
block of voxels, 4 mm wide in each direction where the spacing is known. Volumes are compared a few slices at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from editproof.imaging.axes import ZYX
from editproof.imaging.region import WHOLE, box_of
from editproof.metrics.intensity import MEANINGFUL, distribution_changes, pixel_changes
from editproof.metrics.local import CLEARLY, LEAST_PX, PATCH_MM, PATCH_SHARE, pixels_about, worst_patch
from editproof.metrics.metric import MetricOutput, feature, metric
from editproof.metrics.pair import shared
from editproof.metrics.similarity import PERFECT_PSNR, loss_of_ssim, similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.metrics.pair import Pair, Picture
    from editproof.types import Image, Mask

    Numbers = dict[str, float]

AT_ONCE = 1 << 21
"""About how many voxels are compared at once, as double precision numbers."""
_TAILS = (0.1, 99.9)
"""Percentiles between which the values of an original of a type without levels are its range."""
_OPTICAL = 255.0
"""The range to which SSIM brings the values of a volume."""


class _Sums(NamedTuple):
    """What is added up over the voxels of a region."""

    voxels: int
    changed: int
    clearly: int
    absolute: float
    squares: float
    largest: float


@metric(*distribution_changes.outputs, axes=(ZYX,))
def distribution_changes_in_volumes(pair: Pair) -> Numbers:
    """KS distance D and Wasserstein distance (share of the range) of the values of every region, by sorting them."""
    span, changed, found = range_of(pair.before), _sums(pair)[WHOLE].changed, {}
    for region, mask in pair.regions.items():
        if not changed:
            found[f"ks_distance:{region}"] = found[f"wasserstein:{region}"] = 0.0
            continue
        before, after = np.sort(pair.original[mask]), np.sort(pair.edited[mask])
        found[f"ks_distance:{region}"] = _largest_gap(before, after)
        found[f"wasserstein:{region}"] = min(1.0, _mean_shift(before, after) / span)
    return found


@metric(*pixel_changes.outputs, axes=(ZYX,))
def voxel_changes(pair: Pair) -> Numbers:
    """Share of voxels that changed at all, by more than 2 % of the range, and the mean and the largest change."""
    span, found = range_of(pair.before), {}
    for region, sums in _sums(pair).items():
        found[f"changed_share:{region}"] = sums.changed / sums.voxels
        found[f"changed_share_above_2pct:{region}"] = sums.clearly / sums.voxels
        found[f"mean_abs_change:{region}"] = min(1.0, sums.absolute / sums.voxels / span)
        found[f"max_abs_change:{region}"] = min(1.0, sums.largest / span)
    return found


@metric(*similarity.outputs, axes=(ZYX,))
def similarity_in_volumes(pair: Pair) -> Numbers:
    """Mean SSIM, slice by slice, and PSNR (dB) of every region."""
    span, lost, found = range_of(pair.before), _lost(pair), {}
    for region, sums in _sums(pair).items():
        same = sums.squares == 0
        found[f"ssim:{region}"] = 1.0 if same else 1.0 - lost.get(region, 0.0) / sums.voxels
        decibel = PERFECT_PSNR if same else float(10 * np.log10(span**2 * sums.voxels / sums.squares))
        found[f"psnr:{region}"] = min(PERFECT_PSNR, decibel)
    return found


@metric(*worst_patch.outputs, axes=(ZYX,))
def worst_block(pair: Pair) -> Numbers:
    """Largest share of voxels changed by more than 5 % of range, in any block of anatomy outside the edit mask.

    As :func:`editproof.metrics.local.worst_patch`, with blocks in place of squares.
    """
    inside = pair.protected_mask & ~pair.edit_mask
    box = box_of(inside)
    if box is None:
        return {}
    inside = inside[box]
    clearly = CLEARLY * range_of(pair.before)
    changed = np.zeros_like(inside)
    for place, apart in _apart(pair.original[box], pair.edited[box]):
        changed[place] = (apart > clearly) & inside[place]
    if not changed.any():
        return {"worst_patch:protected": 0.0}
    sides = _block(inside.shape, pair.spacing_mm)
    held = np.maximum(_voxels_about(inside, sides), np.float32(np.prod(sides) / 2))
    shares = np.where(inside, _voxels_about(changed, sides) / held, 0)
    return {"worst_patch:protected": min(1.0, float(shares.max()))}


@feature(MetricOutput("mean", unit="levels"), MetricOutput("sd", unit="levels"), axes=(ZYX,))
def summary_of_volumes(picture: Picture) -> Numbers:
    """Mean and SD of the values of every region, in the unit of the volume."""
    found = {}
    for region, mask in picture.regions.items():
        values = picture.image[mask]
        found[f"mean:{region}"] = float(values.mean(dtype=np.float64))
        found[f"sd:{region}"] = float(values.std(dtype=np.float64))
    return found


@shared
def range_of(picture: Picture) -> float:
    """The intensity range of an original: that of its type, or its own where that has a sign or a fraction."""
    image = picture.image
    if image.dtype.kind == "u":
        return float(np.iinfo(image.dtype).max)
    low, high = np.percentile(image, _TAILS)
    return float(high - low) or float(image.max()) - float(image.min()) or 1.0


def _apart(original: Image, edited: Image) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Absolute differences of a few slices at a time, and which slices these are."""
    depth = max(1, AT_ONCE // max(1, original[0].size))
    for top in range(0, len(original), depth):
        place = slice(top, top + depth)
        yield place, np.abs(original[place].astype(np.float64) - edited[place])


def largest_changes(pair: Pair) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest change along the slices at each row and column, and that of voxels outside the edit mask.

    Both of shape (Y, X), in the unit of the volume.
    """
    anywhere, outside = (np.zeros(pair.original.shape[1:]) for _ in range(2))
    for place, apart in _apart(pair.original, pair.edited):
        np.maximum(anywhere, apart.max(axis=0), out=anywhere)
        np.maximum(outside, apart.max(axis=0, where=~pair.edit_mask[place], initial=0.0), out=outside)
    return anywhere, outside


@shared
def _sums(pair: Pair) -> dict[str, _Sums]:
    clearly, masks = MEANINGFUL * range_of(pair.before), {**pair.regions}
    found: dict[str, list[_Sums]] = {region: [] for region in masks}
    for place, apart in _apart(pair.original, pair.edited):
        for region, mask in masks.items():
            there = apart.ravel() if region == WHOLE else apart[mask[place]]
            if there.size:
                counts = there.size, int(np.count_nonzero(there)), int(np.count_nonzero(there > clearly))
                found[region].append(_Sums(*counts, float(there.sum()), float(there @ there), float(there.max())))
    return {region: _joined(parts) for region, parts in found.items()}


def _joined(parts: list[_Sums]) -> _Sums:
    voxels, changed, clearly, absolute, squares, largest = zip(*parts, strict=True)
    return _Sums(sum(voxels), sum(changed), sum(clearly), sum(absolute), sum(squares), max(largest))


@shared
def _lost(pair: Pair) -> dict[str, float]:
    """What the SSIM of all voxels of a region together falls short of 1, by region."""
    span, low = range_of(pair.before), 0.0 if pair.original.dtype.kind == "u" else float(pair.original.min())
    found: dict[str, float] = {}
    for place, (before, after) in enumerate(zip(pair.original, pair.edited, strict=True)):
        if np.array_equal(before, after):
            continue
        x, y = ((plane.astype(np.float64) - low) * (_OPTICAL / span) for plane in (before, after))
        lost = loss_of_ssim(x.astype(np.float32), y.astype(np.float32), _OPTICAL)
        for region, mask in pair.regions.items():
            total = lost.sum(dtype=np.float64) if region == WHOLE else lost[mask[place]].sum(dtype=np.float64)
            found[region] = found.get(region, 0.0) + float(total)
    return found


def _largest_gap(first: NDArray[Any], second: NDArray[Any]) -> float:
    """KS distance of two sorted samples of one size, a part of the values at a time."""
    n, most = len(first), 0
    for values in (first, second):
        for start in range(0, n, AT_ONCE):
            part = values[start : start + AT_ONCE]
            ranks = [np.searchsorted(sample, part, side="right") for sample in (first, second)]
            most = max(most, int(np.abs(ranks[0] - ranks[1]).max()))
    return most / n


def _mean_shift(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Wasserstein distance of two sorted samples of one size: the mean distance of values of one rank."""
    total = 0.0
    for start in range(0, len(first), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        total += float(np.abs(first[part].astype(np.float64) - second[part]).sum())
    return total / len(first)


def _block(shape: tuple[int, ...], spacing_mm: tuple[float, ...] | None) -> tuple[int, int, int]:
    """Sides of a block in voxels; within a slice at least those of a patch of an image, across slices at least one."""
    if spacing_mm:
        depth, height, width = (round(PATCH_MM / step) for step in spacing_mm)
    else:
        depth = height = width = round(PATCH_SHARE * max(shape))
    return max(1, depth), max(LEAST_PX, height), max(LEAST_PX, width)


def _voxels_about(where: Mask, sides: tuple[int, int, int]) -> NDArray[np.float32]:
    """Number of True voxels in the block about each voxel."""
    planes = np.stack([pixels_about(plane, sides[1:]) for plane in where])
    if sides[0] == 1:
        return planes
    from scipy.ndimage import uniform_filter1d

    return np.asarray(np.rint(uniform_filter1d(planes, sides[0], axis=0, mode="constant") * sides[0]), np.float32)

"""SSIM and PSNR. Neither suffices to pass: smoothing can raise both and lose the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import YX, YXC
from editproof.imaging.region import box_of, full_range
from editproof.metrics.areas import masked_sum
from editproof.metrics.colour import worst_channel
from editproof.metrics.metric import MetricOutput, metric
from editproof.metrics.pair import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from editproof.imaging.region import Box
    from editproof.metrics.pair import Pair, Picture
    from editproof.types import Image

PERFECT_PSNR = 100.0
"""The PSNR of equal images, in place of infinity, in dB."""
REACH = 5
"""How many pixels beyond its centre the window of SSIM reaches: it has 11."""
VECTOR = 64
"""A number of columns that every width of a processor's vectors divides."""
STRIP = 150_000
"""About how many pixels are compared at once: what is computed of so many stays in the processor's cache."""


@metric(
    MetricOutput("ssim", unit="", unchanged=1.0),
    MetricOutput("psnr", unit="dB", unchanged=PERFECT_PSNR),
    axes=(YX, YXC),
)
@worst_channel(lowest=("ssim", "psnr"))
def similarity(pair: Pair) -> dict[str, float]:
    """Mean SSIM and PSNR (dB) of every region.

    SSIM has a Gaussian window of SD 1.5 over 11 pixels, after Wang Z et al., *IEEE Trans Image Process*
    2004;13:600-612.
    """
    most = float(full_range(pair.original))
    lost = _lost_by_region(pair)
    found = {}
    for region, counts in pair.changes.items():
        n, squares = int(counts.sum()), int(counts @ np.arange(len(counts)) ** 2)
        same = squares == 0
        found[f"ssim:{region}"] = 1.0 if same else 1.0 - lost.get(region, 0.0) / n
        found[f"psnr:{region}"] = (
            PERFECT_PSNR if same else min(PERFECT_PSNR, float(10 * np.log10(most**2 * n / squares)))
        )
    return found


def _lost_by_region(pair: Pair) -> dict[str, float]:
    """What the SSIM of all pixels of a region together falls short of 1, by region, where it does."""
    found: dict[str, float] = {}
    for place, lost in _lost(pair):
        totals = pair.before.areas.totals(lambda box, mask, lost=lost: masked_sum(lost[box], mask), place)  # type: ignore[misc]
        for region, total in totals.items():
            found[region] = found.get(region, 0.0) + total
    return found


def _lost(pair: Pair) -> Iterator[tuple[Box, NDArray[np.float32]]]:
    """What SSIM falls short of 1, strip by strip of the box about everything that changed: elsewhere it is 1.

    Where two windows are equal, both factors of the numerator are those of the denominator, also as float32.
    """
    changed = box_of(pair.change)
    if changed is None:
        return
    height, width = pair.change.shape
    rows, columns = _widened(changed[0], height), _widened(changed[1], width)
    means, scale = _local_mean(pair.before), float(full_range(pair.original))
    at_once = max(1, STRIP // (columns.stop - columns.start))
    for top in range(rows.start, rows.stop, at_once):
        place = slice(top, min(top + at_once, rows.stop)), columns
        about = _widened(place[0], height), _aligned(_widened(columns, width), width)
        if pair.change[about].any():
            yield place, _loss(pair.original[about], pair.edited[about], means[place], _within(place, about), scale)


def _loss(original: Image, edited: Image, mean_x: NDArray[np.float32], inner: Box, scale: float) -> NDArray[np.float32]:
    """1 - SSIM of the pixels of a strip, which are the inner ones of two images; arrays are overwritten, for speed."""
    stable, fine = np.float32((0.01 * scale) ** 2), np.float32((0.03 * scale) ** 2)
    x, y = original.astype(np.float32), edited.astype(np.float32)
    mean_y = _blurred(y)[inner]
    joint = x * y
    power = np.add(np.multiply(x, x, out=x), np.multiply(y, y, out=y), out=x)
    joint, power = _blurred(joint)[inner], _blurred(power)[inner]
    product = mean_x * mean_y
    squares = np.add(mean_x * mean_x, np.multiply(mean_y, mean_y, out=mean_y), out=mean_y)
    joint -= product
    power -= squares
    for term, constant in ((product, stable), (joint, fine)):
        term *= 2
        term += constant
    squares += stable
    power += fine
    product *= joint
    squares *= power
    product /= squares
    return np.asarray(np.subtract(1, product, out=product))


def loss_of_ssim(original: NDArray[np.float32], edited: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """What the SSIM of each pixel of two images falls short of 1, shape (H, W), for an intensity range of ``scale``."""
    return _loss(original, edited, _blurred(original), (slice(None), slice(None)), scale)


@shared
def _local_mean(picture: Picture) -> NDArray[np.float32]:
    """The mean of the window about every pixel, computed in strips, so that it alone takes memory."""
    height, width = picture.image.shape
    found, at_once = np.empty((height, width), np.float32), max(1, STRIP // width)
    for top in range(0, height, at_once):
        rows = slice(top, min(top + at_once, height))
        about = _widened(rows, height)
        found[rows] = _blurred(picture.image[about].astype(np.float32))[rows.start - about.start :][: rows.stop - top]
    return found


def _blurred(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _widened(part: slice, most: int) -> slice:
    return slice(max(0, part.start - REACH), min(most, part.stop + REACH))


def _aligned(part: slice, most: int) -> slice:
    """Columns from a whole number of vectors to the next, so that OpenCV rounds each as it does in the whole frame."""
    return slice(part.start // VECTOR * VECTOR, min(most, -(-part.stop // VECTOR) * VECTOR))


def _within(place: Box, about: Box) -> Box:
    """A box, counted from the corner of one that holds it."""
    top, left = about[0].start, about[1].start
    return slice(place[0].start - top, place[0].stop - top), slice(place[1].start - left, place[1].stop - left)

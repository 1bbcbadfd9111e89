"""Whether two images are the same picture, exactly or nearly; and which one's gray levels run against all others'."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.colour import luma

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from editproof.types import Image

NEAR_BITS = 16
"""Bits of 256 in which the hashes of two near-duplicates may differ; measured, see ``docs/cohorts.md``."""
_SIDE, _KEPT = 64, 16
AGAINST = -0.3
"""Correlation with the median image below which gray levels are reversed; measured, see ``docs/cohorts.md``."""
ENOUGH = 20
"""Fewest cases of a cohort whose median image is compared with each of them."""
_THUMB = 16


def pixels_digest(image: Image) -> str:
    """sha256 (hex) of shape, depth and pixels: equal for equal pictures, however their files were written."""
    return hashlib.sha256(f"{image.shape} {image.dtype}".encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


def perceptual_hash(image: Image) -> str:
    """64 hexadecimal digits that hardly change where a picture is stored anew, scaled or made brighter.

    The signs of the low frequencies of a discrete cosine transform of a reduced copy, about their median (pHash:
    Zauner, Implementation and benchmarking of perceptual image hash functions, 2010).

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 200, (80, 60)).astype(np.uint8)
    >>> differing_bits(perceptual_hash(image), perceptual_hash(image + 20)) <= NEAR_BITS
    True
    """
    low = cv2.dct(_reduced(image, _SIDE))[:_KEPT, :_KEPT].ravel()
    bits = low > np.median(low[1:])
    bits[0] = False
    return np.packbits(bits).tobytes().hex()


def differing_bits(one: str, other: str) -> int:
    """How many bits of two perceptual hashes differ, 0 to 255."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def near_pairs(hashes: Sequence[str], most: int = NEAR_BITS) -> Iterator[tuple[int, int, int]]:
    """Pairs of places ``first < second`` whose hashes differ in at most ``most`` bits, and in how many."""
    if not hashes:
        return
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint64).reshape(len(hashes), -1)
    for first in range(len(packed) - 1):
        distances = np.bitwise_count(packed[first + 1 :] ^ packed[first]).sum(axis=1, dtype=np.int64)
        for place in np.flatnonzero(distances <= most):
            yield first, first + 1 + int(place), int(distances[place])


def thumbnail(image: Image) -> NDArray[np.float32]:
    """256 gray levels of a reduced copy, of zero mean and unit variance (all zero where the image is flat)."""
    return _standardised(_reduced(image, _THUMB).ravel())


def inverted(thumbnails: Sequence[NDArray[np.float32]]) -> list[int]:
    """Places of the images whose gray levels run against the rest, as those of a negative among positives do.

    Each is correlated with the pixelwise median of all, which a few wrong ones hardly move. That a whole cohort is
    turned over cannot be told so; none is named where there are fewer than ``ENOUGH``.

    Parameters
    ----------
    thumbnails : sequence of ndarray of float32, shape (256,)
        As :func:`thumbnail` gives them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images = [np.add.outer(np.arange(64), np.arange(64)) + rng.normal(0, 9, (64, 64)) for _ in range(20)]
    >>> inverted([thumbnail(image) for image in [*images, -images[3]]])
    [20]
    """
    if len(thumbnails) < ENOUGH:
        return []
    stacked = np.stack(thumbnails)
    correlations = stacked @ _standardised(np.median(stacked, axis=0)) / stacked.shape[1]
    return [int(place) for place in np.flatnonzero(correlations < AGAINST)]


def _reduced(image: Image, side: int) -> NDArray[np.float32]:
    levels = luma(image).astype(np.float32)
    return np.asarray(cv2.resize(levels, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _standardised(values: ArrayLike) -> NDArray[np.float32]:
    levels = np.asarray(values, np.float32)
    centred = levels - float(levels.mean())
    return np.asarray(centred / (centred.std() or 1), np.float32)

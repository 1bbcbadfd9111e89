"""Whether two images are the same picture: by their pixels, or nearly, by a perceptual hash of 256 bits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.types import Image

NEAR_BITS = 16
"""Bits of 256 in which the hashes of two near-duplicates may differ; measured, see ``docs/cohorts.md``."""
_SIDE, _KEPT = 64, 16


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
    small = cv2.resize(image.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small)[:_KEPT, :_KEPT].ravel()
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

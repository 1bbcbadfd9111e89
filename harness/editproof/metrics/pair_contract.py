"""Drawn pairs that any metric must take: even and odd sizes, every type, changed and not, with regions and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from editproof.imaging.axes import YX, YXC, ZYX
from editproof.imaging.contract import SHAPES, texture, tinted
from editproof.metrics.pair import Pair

DEEP = (7, 40, 33)
SPACING_MM = (3.0, 0.5, 0.4)


def contract_pairs(axes: Iterable[str] = (YX,)) -> Iterator[Pair]:
    """The pairs of gray images, the same in colour, and volumes, as far as a metric takes images of those axes."""
    taken = tuple(axes)
    if ZYX in taken:
        yield from pairs_of_volumes()
    for dtype in (np.uint8, np.uint16):
        for shape in SHAPES:
            for pair in _gray_pairs(shape, dtype):
                if YX in taken:
                    yield pair
                if YXC in taken:
                    original, edited = tinted(pair.original), tinted(pair.edited)
                    yield Pair.of(original, edited, pair.edit_mask, pair.protected_mask, pair.spacing_mm)


def _gray_pairs(shape: tuple[int, int], dtype: type[np.integer[Any]]) -> Iterator[Pair]:
    top = 255 if dtype == np.uint8 else 4095
    original = texture(shape, top).astype(dtype)
    noise = np.random.default_rng(1).integers(0, 9, shape)
    box, anatomy = np.zeros(shape, bool), np.zeros(shape, bool)
    box[4:12, 4:20] = anatomy[20:60, 10:45] = True
    original[box] = top
    changed = (original.astype(float) / 2 + noise).astype(dtype)
    for edited in (original.copy(), changed, np.roll(original, 2, axis=1), np.zeros_like(original)):
        yield Pair.of(original, edited, box, anatomy, (0.2, 0.25))
        yield Pair.of(original, edited, np.zeros(shape, bool), np.zeros(shape, bool))
    yield Pair.of(original, original.copy(), np.ones(shape, bool), np.zeros(shape, bool))


def pairs_of_volumes() -> Iterator[Pair]:
    """Pairs of uint16, int16 and float32, with and without a spacing and regions."""
    box, anatomy, nothing = np.zeros(DEEP, bool), np.zeros(DEEP, bool), np.zeros(DEEP, bool)
    box[1:3, 4:12, 4:12] = anatomy[2:6, 5:-3, 12:-2] = True
    z, y, x = np.indices(DEEP)
    values = 500 + 300 * np.sin(x / 4 + z) * np.cos(y / 5) + 7 * ((x * 31 + y * 17 + z * 5) % 11)
    for dtype, moved in ((np.uint16, 0), (np.int16, -700), (np.float32, -0.25)):
        original = (values + moved).astype(dtype)
        for edited in (original.copy(), np.roll(original, 2, axis=2)):
            yield Pair.of(original, edited, box, anatomy, SPACING_MM)
        yield Pair.of(original, original[::-1].copy(), nothing, nothing)

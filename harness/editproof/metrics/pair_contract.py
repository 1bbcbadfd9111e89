"""Pairs of drawn images that any metric must take: even and odd sizes, 8 and 16 bits, with regions and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from editproof.imaging.axes import YX, YXC
from editproof.imaging.contract import SHAPES, texture, tinted
from editproof.metrics.pair import Pair


def contract_pairs(axes: Iterable[str] = (YX,)) -> Iterator[Pair]:
    """The pairs of gray images, and the same in colour, as far as a metric takes images of those axes."""
    taken = tuple(axes)
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

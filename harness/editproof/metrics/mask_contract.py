"""What every metric of masks owes, tried on drawn masks: empty ones on one or both sides, touching parts, one pixel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from editproof.errors import EditproofError
from editproof.imaging.axes import YX, ZYX
from editproof.metrics.masks import MaskPair
from editproof.metrics.metric import Metric

SHAPE = (40, 33)
DEEP = (6, 14, 11)


def contract_masks(axes: Iterable[str] = (YX,)) -> Iterator[MaskPair]:
    """Pairs that a metric of masks of some axes must take, with and without a spacing, which differs between axes."""
    if ZYX in axes:
        yield from _volumes()
    if YX not in axes:
        return
    empty, square, point, two, full = (np.zeros(SHAPE, bool) for _ in range(5))
    square[10:22, 8:20] = point[5, 5] = True
    two[4:12, 4:12] = two[12:20, 8:16] = True
    full[:] = True
    shapes = (empty, square, np.roll(square, 2, axis=0), point, two, full)
    for spacing in (None, (0.5, 0.2)):
        yield from (MaskPair(one.copy(), other.copy(), spacing) for one in shapes for other in shapes)


def _volumes() -> Iterator[MaskPair]:
    empty, cube, point, full = (np.zeros(DEEP, bool) for _ in range(4))
    cube[1:4, 3:9, 2:7] = point[5, 13, 0] = full[:] = True
    shapes = (empty, cube, np.roll(cube, 1, axis=0), point, full)
    for spacing in (None, (3.0, 0.5, 0.2)):
        yield from (MaskPair(one.copy(), other.copy(), spacing) for one in shapes for other in shapes)


def check_mask_metric(metric: Metric, given: Iterable[MaskPair] | None = None) -> list[dict[str, tuple[float, str]]]:
    """Check that a metric of masks gives finite numbers, the same each time, and leaves its masks as they are.

    Two equal masks have the value that it declares for what is unchanged.

    Raises
    ------
    AssertionError
        Where the contract is broken, with what was asked and what came.
    """
    found = []
    for pair in contract_masks(metric.axes) if given is None else given:
        one, other = pair.reference.copy(), pair.mask.copy()
        what = f"metric {metric.name}, masks of {one.sum()} and {other.sum()} pixels"
        try:
            first, again = (metric(MaskPair(pair.reference, pair.mask, pair.spacing_mm)) for _ in range(2))
        except EditproofError as error:
            raise AssertionError(f"{what}: {error}") from error
        if not (np.array_equal(one, pair.reference) and np.array_equal(other, pair.mask)):
            raise AssertionError(f"{what}: its inputs were changed in place")
        if first != again:
            raise AssertionError(f"{what}: measured twice, it gave {first} and {again}")
        for output in metric.outputs if np.array_equal(one, other) else ():
            value = first.get(output.name, (output.unchanged, ""))[0]
            if output.unchanged is not None and not math.isclose(value or 0.0, output.unchanged, abs_tol=1e-12):
                raise AssertionError(f"{what}: {output.name} is {value} where nothing changed")
        found.append(first)
    return found

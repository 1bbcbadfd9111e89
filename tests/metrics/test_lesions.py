"""Lesions found and false ones, on drawn masks of two and of three dimensions."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.metrics import MaskPair, measured
from editproof.metrics.lesions import lesion_counts, lesions
from editproof.metrics.mask_contract import check_mask_metric
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays


def drawn(shape: tuple[int, ...], *places: tuple[slice | int, ...]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


FLAT, DEEP = (12, 12), (6, 12, 12)
ONE, OTHER, FAR = (slice(1, 3), slice(1, 3)), (slice(6, 8), slice(6, 8)), (11, 0)


@pytest.mark.parametrize(
    ("reference", "mask", "counts"),
    [
        ([ONE, OTHER], [ONE, OTHER], (2, 2, 0)),
        ([ONE, OTHER], [ONE], (2, 1, 0)),
        ([ONE], [ONE, OTHER, FAR], (1, 1, 2)),
        ([], [ONE, FAR], (0, 0, 2)),
        ([ONE, OTHER], [], (2, 0, 0)),
        ([], [], (0, 0, 0)),
        ([ONE, OTHER], [(slice(1, 8), slice(1, 8))], (2, 2, 0)),
        ([(slice(1, 8), slice(1, 8))], [ONE, OTHER], (1, 1, 0)),
        ([ONE, (3, 3)], [ONE], (1, 1, 0)),
        ([(1, 1)], [(1, 1)], (1, 1, 0)),
        ([(1, 1)], [(1, 2)], (1, 0, 1)),
    ],
    ids=["equal", "one lost", "two false", "none to find", "empty mask", "both empty", "joined", "split",
         "touching at a corner", "one pixel", "beside it"],
)  # fmt: skip
@pytest.mark.parametrize("shape", [FLAT, DEEP], ids=["flat", "deep"])
def test_lesions_are_counted_one_by_one(reference, mask, counts, shape):
    lead = (slice(2, 4),) * (len(shape) - 2)
    one, other = (drawn(shape, *((*lead, *place) for place in places)) for places in (reference, mask))
    assert lesion_counts(one, other) == counts


@given(one=arrays(bool, (9, 11)), other=arrays(bool, (9, 11)))
@settings(max_examples=40, deadline=None)
def test_counts_are_those_of_the_components_of_opencv(one, other):
    thin = [mask & (np.indices(mask.shape).sum(axis=0) % 3 == 0) for mask in (one, other)]
    parts = [cv2.connectedComponents(mask.astype(np.uint8), connectivity=8) for mask in thin]
    hit = [
        sum(bool((other & (labels == part)).any()) for part in range(1, count))
        for (count, labels), other in zip(parts, thin[::-1], strict=True)
    ]
    assert lesion_counts(*thin) == (parts[0][0] - 1, hit[0], parts[1][0] - 1 - hit[1])


def test_without_a_lesion_there_is_no_share_of_them():
    nothing, one = drawn(FLAT), drawn(FLAT, ONE)
    found = measured(MaskPair(nothing, one), [lesions])
    assert found == {"false_lesions": (1.0, "lesions")}
    check_mask_metric(lesions)

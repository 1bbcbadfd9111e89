"""Numbers of two masks of a volume: against a search through all pairs of voxels, and by hand in millilitres."""

from __future__ import annotations

import math

import numpy as np
import pytest
from editproof.metrics import MaskPair, measured
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

SHAPE = (4, 6, 5)
SPACING = (5.0, 0.8, 0.5)


def numbers(one: np.ndarray, other: np.ndarray, spacing: tuple[float, ...] | None = SPACING) -> dict[str, float]:
    return {name: value for name, (value, _) in measured(MaskPair(one, other, spacing)).items()}


def outline(mask: np.ndarray) -> np.ndarray:
    """Voxels of which one of the six neighbours is outside the mask, or outside the volume."""
    wide = np.pad(mask, 1)
    shifted = [np.roll(wide, step, axis)[1:-1, 1:-1, 1:-1] for axis in range(3) for step in (1, -1)]
    return np.argwhere(mask & ~np.logical_and.reduce(shifted))


@given(
    one=arrays(bool, SHAPE), other=arrays(bool, SHAPE),
    spacing=st.tuples(*[st.sampled_from([0.3, 1.0, 5.0])] * 3),
)  # fmt: skip
@settings(max_examples=40)
def test_distances_are_those_of_a_search_through_all_pairs(one, other, spacing):
    found = numbers(one, other, spacing)
    if not (one.any() and other.any()):
        return
    for unit, steps in (("px", (1.0, 1.0, 1.0)), ("mm", spacing)):
        far = cdist(outline(one) * steps, outline(other) * steps)
        there, back = far.min(axis=1), far.min(axis=0)
        assert found[f"hd95_{unit}"] == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)))
        near = sum(int((side <= 2 + 1e-12).sum()) for side in (there, back))
        assert found[f"surface_dice_2{unit}"] == pytest.approx(near / (len(there) + len(back)), abs=1e-9)
    assert found["dice"] == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))
    assert found["volume_ml"] == pytest.approx(other.sum() * math.prod(spacing) / 1000)


def test_volumes_are_in_millilitres_and_areas_are_not_of_volumes():
    block = np.zeros((10, 20, 30), bool)
    block[2:6, 5:15, 5:25] = True  # 4 x 10 x 20 voxels of 2 mm3: 1.6 ml
    smaller = block.copy()
    smaller[5] = False
    found = numbers(block, smaller, (5.0, 0.8, 0.5))
    assert found["volume_ml"] == pytest.approx(1.2)
    assert found["volume_difference_ml"] == pytest.approx(-0.4)
    assert found["volume_change"] == pytest.approx(0.25)
    assert found["hd95_mm"] == 5.0, "one slice is 5 mm"
    assert not [name for name in found if "area" in name]
    assert not [name for name in numbers(block, smaller, None) if "ml" in name or "mm" in name]
    flat = numbers(block[3], smaller[3], (0.8, 0.5))
    assert "area_change" in flat
    assert "volume_change" not in flat


def test_empty_masks_of_a_volume():
    nothing, point = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    point[1, 2, 3] = True
    assert set(numbers(nothing, nothing)) & {"dice", "hd95_mm", "volume_change"} == set()
    lost = numbers(point, nothing)
    assert (lost["dice"], lost["volume_change"]) == (0.0, 1.0)
    assert lost["hd95_mm"] == pytest.approx(math.hypot(4 * 5.0, 6 * 0.8, 5 * 0.5))
    assert numbers(point, point)["hd95_mm"] == 0.0


def test_a_spacing_of_two_numbers_is_not_one_of_a_volume():
    with pytest.raises(ValueError, match="2 numbers of spacing for masks of 3 axes"):
        MaskPair(np.zeros(SHAPE, bool), np.zeros(SHAPE, bool), (1.0, 1.0))

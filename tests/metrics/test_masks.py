"""Numbers of two masks against worked examples, and against a search through all pairs of pixels of the outlines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from editproof.metrics import MaskPair, MetricOutput, mask_metric, measured
from editproof.metrics.mask_contract import check_mask_metric, contract_masks
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt
from scipy.spatial.distance import cdist

SHAPE = (11, 9)


def box(rows: slice, columns: slice, shape: tuple[int, int] = (20, 20)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def numbers(one: np.ndarray, other: np.ndarray, spacing: tuple[float, float] | None = None) -> dict[str, float]:
    return {name: value for name, (value, _) in measured(MaskPair(one, other, spacing)).items()}


def searched(one: np.ndarray, other: np.ndarray, spacing: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Distance from every pixel of either outline to the nearest of the other one, by trying all pairs."""

    def outline(mask: np.ndarray) -> np.ndarray:
        wide = np.pad(mask, 1)
        inner = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
        return np.argwhere(mask & ~inner) * spacing

    far = cdist(outline(one), outline(other))
    return far.min(axis=1), far.min(axis=0)


def test_dice_of_the_worked_example():
    """Metrics reloaded, figure of overlap: 2 TP / (2 TP + FP + FN), here 6 of 9 pixels in common."""
    assert numbers(box(slice(2, 5), slice(2, 5)), box(slice(2, 5), slice(3, 6)))["dice"] == pytest.approx(12 / 18)


def test_two_squares_moved_apart():
    """Of squares of side 9, moved by 4 columns: 32 pixels of outline each, distances 0 to 4."""
    one, other = box(slice(3, 12), slice(2, 11)), box(slice(3, 12), slice(6, 15))
    found = numbers(one, other, (2.0, 0.5))
    assert found["hd95_px"] == 4.0
    assert found["hd95_mm"] == 2.0, "four columns of half a millimetre"
    assert found["area_difference_px"] == found["area_difference_mm2"] == found["area_change"] == 0.0
    by_hand = searched(one, other, (1.0, 1.0))
    assert found["surface_dice_1px"] == pytest.approx(np.mean(np.concatenate(by_hand) <= 1))


def test_spacing_of_rows_and_columns_is_kept_apart():
    tall = numbers(box(slice(2, 3), slice(5, 6)), box(slice(5, 6), slice(5, 6)), (2.0, 0.5))
    wide = numbers(box(slice(5, 6), slice(2, 3)), box(slice(5, 6), slice(5, 6)), (2.0, 0.5))
    assert (tall["hd95_mm"], wide["hd95_mm"]) == (6.0, 1.5)
    assert tall["hd95_px"] == wide["hd95_px"] == 3.0
    area = numbers(box(slice(0, 2), slice(0, 2)), box(slice(0, 2), slice(0, 5)), (2.0, 0.5))
    assert (area["area_difference_px"], area["area_difference_mm2"], area["area_change"]) == (6.0, 6.0, 0.6)


def test_without_spacing_there_is_nothing_in_millimetres():
    assert not [name for name in numbers(box(slice(2, 5), slice(2, 5)), box(slice(2, 5), slice(3, 6))) if "mm" in name]


def test_two_empty_masks_have_no_overlap_and_no_distance():
    nothing = np.zeros((20, 20), bool)
    assert numbers(nothing, nothing, (1.0, 1.0)) == {
        "area_difference_px": 0.0, "area_difference_mm2": 0.0, "false_lesions": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
def test_one_empty_mask_is_the_worst_there_is(turned):
    pair = [box(slice(2, 5), slice(2, 6)), np.zeros((20, 20), bool)]
    found = numbers(*pair[:: -1 if turned else 1], (1.0, 2.0))
    assert found["dice"] == found["surface_dice_3px"] == found["surface_dice_3mm"] == 0.0
    assert found["hd95_px"] == pytest.approx(math.hypot(20, 20))
    assert found["hd95_mm"] == pytest.approx(math.hypot(20, 40))
    assert found["area_change"] == 1.0
    assert found["area_difference_px"] == (12.0 if turned else -12.0)


def test_touching_components_are_one_mask():
    two = box(slice(2, 6), slice(2, 6)) | box(slice(6, 10), slice(2, 6))
    assert numbers(two, box(slice(2, 10), slice(2, 6)))["dice"] == 1.0
    lost = numbers(two, box(slice(2, 6), slice(2, 6)))
    assert (lost["dice"], lost["area_difference_px"]) == (pytest.approx(2 / 3), -16.0)


def test_a_mask_at_the_border_has_an_outline_there():
    """What lies beyond the image is outside, so that a full mask has the frame for its outline."""
    full = np.ones((20, 20), bool)
    inner = box(slice(3, 17), slice(3, 17))
    assert numbers(full, inner)["hd95_px"] == pytest.approx(
        max(np.percentile(far, 95) for far in searched(full, inner, (1.0, 1.0)))
    )


@given(
    one=arrays(bool, SHAPE), other=arrays(bool, SHAPE),
    spacing=st.tuples(*[st.sampled_from([0.3, 1.0, 2.5])] * 2),
)  # fmt: skip
@settings(max_examples=80)
def test_distances_are_those_of_a_search_through_all_pairs(one, other, spacing):
    found = numbers(one, other, spacing)
    if not (one.any() and other.any()):
        return
    for unit, steps in (("px", (1.0, 1.0)), ("mm", spacing)):
        there, back = searched(one, other, steps)
        assert found[f"hd95_{unit}"] == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)))
        near = sum(int((far <= 2 + 1e-12).sum()) for far in (there, back))
        assert found[f"surface_dice_2{unit}"] == pytest.approx(near / (len(there) + len(back)), abs=1e-9)
    assert found["dice"] == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))


@given(one=arrays(bool, SHAPE), other=arrays(bool, SHAPE))
@settings(max_examples=30)
def test_which_mask_is_held_against_which_matters_to_signs_and_lesions_alone(one, other):
    there, back = numbers(one, other, (0.5, 0.5)), numbers(other, one, (0.5, 0.5))
    for found in (there, back):
        found.pop("lesions_found", None)
        found.pop("false_lesions")
    assert there.pop("area_difference_px") == -back.pop("area_difference_px")
    assert there.pop("area_difference_mm2") == -back.pop("area_difference_mm2")
    assert there == pytest.approx(back)


def test_masks_of_two_shapes_or_of_numbers_are_refused():
    with pytest.raises(ValueError, match="against one of"):
        MaskPair(np.zeros((4, 4), bool), np.zeros((4, 5), bool))
    with pytest.raises(ValueError, match="uint8 against one of"):
        MaskPair(np.zeros((4, 4), bool), np.zeros((4, 4), np.uint8))


@mask_metric(MetricOutput("taken", unchanged=0.0, unit="pixels", regions=()))
def greedy(pair: MaskPair) -> dict[str, float]:
    pair.mask[:] = pair.reference
    return {"taken": 0.0}


@mask_metric(MetricOutput("kept", unchanged=1.0, unit="", regions=()))
def zero_of_equal(pair: MaskPair) -> dict[str, float]:
    return {"kept": 0.0}


@mask_metric(MetricOutput("share", unit="", regions=()))
def not_a_number(pair: MaskPair) -> dict[str, float]:
    return {"share": math.nan}


@pytest.mark.parametrize(
    ("wrong", "words"), [(greedy, "changed in place"), (zero_of_equal, "where nothing changed"), (not_a_number, "not a finite number")]
)  # fmt: skip
def test_each_breach_of_the_contract_is_noticed(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check_mask_metric(wrong)


def test_the_contract_is_tried_on_every_kind_of_mask():
    pairs = list(contract_masks())
    assert {(bool(a), bool(b)) for a, b in (pair.areas for pair in pairs)} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    assert {pair.spacing_mm for pair in pairs} == {None, (0.5, 0.2)}
    assert any(1 in pair.areas for pair in pairs)


def test_distances_in_the_plane_are_those_of_scipy_to_the_last_bit():
    """Square pixels take another way than oblong ones, and large images another one than small ones."""
    rng = np.random.default_rng(3)
    for shape, spacing in (((90, 70), 1.0), ((90, 70), 0.143), ((40, 1400), 1.0), ((1401, 30), 0.2)):
        one, other = (binary_dilation(rng.random(shape) < 0.002, iterations=3) for _ in range(2))
        mine = MaskPair(one, other, (spacing, spacing)).distances["mm"]
        outlines = [mask & ~binary_erosion(mask) for mask in (one, other)]
        for found, of, to in zip(mine, outlines, outlines[::-1], strict=True):
            np.testing.assert_array_equal(found, distance_transform_edt(~to)[of] * spacing)

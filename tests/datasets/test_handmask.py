from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.datasets.masks.hand import artefact_mask, hand_mask
from editproof.phantoms.phantom import cohort

from tests.datasets.conftest import drawn_hand, radiograph
from tests.effort import times_as_much


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


@pytest.fixture(scope="module")
def phantoms():
    cases = cohort(24, 11, stream="test")
    return [(case.decode(), spec) for case, spec in zip(cases, cases.specs, strict=True)]


def test_hand_of_phantoms(phantoms):
    found = [overlap(hand_mask(pixels.image), pixels.protected_mask) for pixels, _ in phantoms]
    assert np.median(found) > 0.94
    assert np.mean(np.array(found) > 0.85) >= 0.9


def test_edit_mask_finds_markers_and_never_the_hand(phantoms):
    recalls = []
    for pixels, spec in phantoms:
        hand = hand_mask(pixels.image)
        edit = artefact_mask(pixels.image, hand)
        assert not (edit & hand).any()
        assert np.count_nonzero(edit & pixels.protected_mask) < 0.06 * np.count_nonzero(pixels.protected_mask)
        if not spec.borders:
            recalls.append(np.count_nonzero(edit & pixels.edit_mask) / np.count_nonzero(pixels.edit_mask))
    assert np.median(recalls) > 0.9


@pytest.mark.parametrize("change", ["dim", "deep", "large", "turned", "grey ground"])
def test_masks_hold_under_exposure_depth_size_and_pose(change):
    image = radiograph()
    reference_hand = hand_mask(image)
    reference_edit = artefact_mask(image, reference_hand)
    assert overlap(reference_hand, drawn_hand() > 0) > 0.85, "the mask that the others are compared with is right"
    assert reference_edit[90, 12]
    changed = {
        "dim": lambda: (image * 0.3).astype(np.uint8),
        "deep": lambda: image.astype(np.uint16) * 257,
        "large": lambda: cv2.resize(image, None, fx=6, fy=6),
        "turned": lambda: np.ascontiguousarray(np.rot90(image)),
        "grey ground": lambda: (image * 0.5 + 90).astype(np.uint8),
    }[change]()
    hand = hand_mask(changed)
    edit = artefact_mask(changed, hand)
    back = {"turned": lambda m: np.rot90(m, -1), "large": lambda m: m[3::6, 3::6]}.get(change, lambda m: m)
    assert hand.shape == edit.shape == changed.shape
    assert overlap(back(hand), reference_hand) > 0.85
    assert overlap(back(edit), reference_edit) > 0.5


def test_no_marker_is_invented():
    image = radiograph(marker=False)
    assert not artefact_mask(image, hand_mask(image)).any()


@pytest.mark.parametrize("value", [0, 255])
def test_blank_image_has_neither_hand_nor_marker(value):
    image = np.full((50, 40), value, np.uint8)
    hand = hand_mask(image)
    assert not hand.any()
    assert not artefact_mask(image, hand).any()


def masks_of(image: np.ndarray) -> np.ndarray:
    return artefact_mask(image, hand_mask(image))


def test_a_large_radiograph_costs_little_more_than_a_small_one():
    """Masks are made on a reduced copy: 220 times the pixels cost four times as much, where the copy is made."""
    small, large = radiograph(shape=(135, 100)), radiograph(shape=(2000, 1500))
    assert times_as_much(lambda: masks_of(large), lambda: masks_of(small)) < 12


def test_masks_cost_a_few_passes_over_the_reduced_copy():
    image = radiograph(shape=(135, 100))
    copy = cv2.resize(image, (120, 160))

    def passes() -> None:
        for level in range(0, 220, 10):
            above = (cv2.medianBlur(copy, 5) > level).astype(np.uint8)
            cv2.distanceTransform(above, cv2.DIST_L2, 5)
            cv2.findContours(above, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)

    assert times_as_much(lambda: masks_of(image), passes) < 15, "4.7 when it was written"

"""One pass over a pair gives what each region by itself gives, on images of every kind."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.metrics import image_features, pair_metrics
from editproof.metrics import similarity as similarity_module
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.metrics import reference

EXACT, SSIM = 1e-12, 1e-6
KINDS = ("noise", "smooth", "constant", "steps")
CHANGES = ("none", "noise", "one pixel", "inside the mask", "constant", "slight")
MASKS = ("empty", "full", "rectangle", "scattered", "one pixel")


def image_of(kind: str, shape: tuple[int, int], most: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "noise":
        return rng.integers(0, most + 1, shape)
    if kind == "smooth":
        return np.rint(most * np.clip(0.5 + cv2.GaussianBlur(rng.normal(size=shape), (0, 0), 3), 0, 1)).astype(int)
    if kind == "steps":
        return (np.arange(shape[1]) * 7 % (most + 1) + np.zeros((shape[0], 1))).astype(int)
    return np.full(shape, rng.integers(0, most + 1))


def mask_of(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    found = np.zeros(shape, bool)
    if kind == "full":
        found[:] = True
    elif kind == "rectangle":
        top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        found[top : top + 1 + shape[0] // 3, left : left + 1 + shape[1] // 2] = True
    elif kind == "scattered":
        found = rng.random(shape) < 0.3
    elif kind == "one pixel":
        found[rng.integers(0, shape[0]), rng.integers(0, shape[1])] = True
    return found


def edit_of(kind: str, image: np.ndarray, mask: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    edited = image.copy()
    if kind == "noise":
        edited = rng.integers(0, most + 1, image.shape)
    elif kind == "slight":
        edited = np.clip(image + rng.integers(-2, 3, image.shape), 0, most)
    elif kind == "one pixel":
        at = rng.integers(0, image.shape[0]), rng.integers(0, image.shape[1])
        edited[at] = most - edited[at]
    elif kind == "inside the mask":
        edited[mask] = most // 3
    elif kind == "constant":
        edited[:] = most // 2
    return edited


@st.composite
def scenes(draw):
    """An original and its edit as whole numbers, both masks, and the type that they are kept in."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    shape = draw(st.tuples(st.integers(1, 70), st.integers(1, 50)))
    most = int(np.iinfo(dtype).max)
    image = image_of(draw(st.sampled_from(KINDS)), shape, most, rng)
    edit, protected = (mask_of(draw(st.sampled_from(MASKS)), shape, rng) for _ in range(2))
    edited = edit_of(draw(st.sampled_from(CHANGES)), image, edit, most, rng)
    return image, edited, edit, protected, dtype


def values(found: dict[str, tuple[float, str]]) -> dict[str, float]:
    return {name: value for name, (value, _) in found.items()}


def close(found: dict[str, float], expected: dict[str, float]) -> None:
    """Each number that the reference has is given, and no other of its kind, within the tolerance of that kind."""
    kinds = {name.split(":")[0] for name in expected}
    assert {name for name in found if name.split(":")[0] in kinds} == set(expected)
    for name, value in expected.items():
        kind = name.split(":")[0]
        tolerance = {"ssim": SSIM, "psnr": SSIM, "sd": 1e-9 * (1 + value)}.get(kind, EXACT * max(1.0, value))
        assert found[name] == pytest.approx(value, abs=tolerance), name


@given(scene=scenes(), strip=st.sampled_from([1, 97, 1000, similarity_module.STRIP]))
@settings(max_examples=80)
def test_all_regions_at_once_give_what_each_by_itself_gives(scene, strip):
    """Masks overlap, are empty or full; images are smaller than the window of SSIM; strips are of any height."""
    image, edited, edit, protected, dtype = scene
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity_module, "STRIP", strip)
        found = values(pair_metrics(image.astype(dtype), edited.astype(dtype), edit, protected))
    close(found, reference.pair_numbers(image, edited, edit, protected, int(np.iinfo(dtype).max)))
    close(values(image_features(image.astype(dtype), edit, protected)),
          reference.image_numbers(image.astype(dtype), edit, protected))  # fmt: skip


@given(scene=scenes().filter(lambda scene: scene[4] is np.uint16))
@settings(max_examples=15)
def test_signed_levels_are_measured_as_exactly(scene):
    """A reader moves signed levels, of CT say, to unsigned ones; distances and changes are those of the signed levels."""
    image, edited, edit, protected, dtype = scene
    found = values(pair_metrics(image.astype(dtype), edited.astype(dtype), edit, protected))
    signed = reference.pair_numbers(image - 32768, edited - 32768, edit, protected, 65535)
    close({name: value for name, value in found.items() if "ssim" not in name},
          {name: value for name, value in signed.items() if "ssim" not in name})  # fmt: skip


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.int32, bool])
def test_other_types_are_refused_in_one_line(dtype):
    image, nothing = np.zeros((4, 4), dtype), np.zeros((4, 4), bool)
    with pytest.raises(ValueError, match=r"^an image of \w+ and shape \(4, 4\), of which nothing is measured$"):
        pair_metrics(image, image, nothing, nothing)


@given(scene=scenes())
@example(scene=(np.zeros((3, 4), int), np.full((3, 4), 255), np.zeros((3, 4), bool), np.ones((3, 4), bool), np.uint8))
@settings(max_examples=25)
def test_ssim_is_that_of_its_definition_as_far_as_single_precision_goes(scene):
    image, edited, edit, protected, dtype = scene
    local = reference.ssim_in_double_precision(image, edited, int(np.iinfo(dtype).max))
    found = pair_metrics(image.astype(dtype), edited.astype(dtype), edit, protected)
    for region, mask in reference.masks_of(edit, protected).items():
        if (image[mask] != edited[mask]).any():
            assert found[f"ssim:{region}"][0] == pytest.approx(local[mask].mean(), abs=1e-3)


def test_where_nothing_changed_ssim_is_1_and_costs_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (400, 300)).astype(np.uint8)
    edit, nothing = np.zeros(image.shape, bool), np.zeros(image.shape, bool)
    edit[10:20, 200:220] = True
    edited = image.copy()
    edited[edit] = 90
    seen = []
    blurred = similarity_module._blurred
    monkeypatch.setattr(similarity_module, "_blurred", lambda plane: (seen.append(plane.shape), blurred(plane))[1])
    found = values(pair_metrics(image, edited, edit, nothing))
    close(found, reference.pair_numbers(image, edited, edit, nothing, 255))
    assert seen[0] == image.shape, "the mean of the original, once for all of its edits; the whole is one strip"
    assert len(seen) == 4
    assert all(height <= 30 and width <= 128 for height, width in seen[1:]), "ten pixels about what changed, no more"

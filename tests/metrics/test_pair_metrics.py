"""Image pairs whose difference is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.imaging.levels import level_counts
from editproof.imaging.region import regions
from editproof.metrics import image_features, pair_metrics
from editproof.metrics.intensity import on_256_levels
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import times_as_much

SHAPE = (160, 128)


def hand(rng: np.random.Generator, dtype: type = np.uint8, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """A blurred blob with texture: enough structure to be aligned."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    body = np.exp(-(((rows / shape[0] - 0.55) / 0.3) ** 2 + ((columns / shape[1] - 0.5) / 0.22) ** 2) * 2)
    texture = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), 3)
    image = 20 + 170 * body * (1 + 0.8 * texture)
    return (np.clip(image, 0, 255) * (np.iinfo(dtype).max // 255)).astype(dtype)


@pytest.fixture
def scene():
    rng = np.random.default_rng(5)
    image = hand(rng)
    edit, protected = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    edit[5:20, 5:30] = True
    protected[50:140, 35:95] = True
    image[8:17, 10:25] = 250
    return image, edit, protected


def test_an_unchanged_image_changes_nothing(scene):
    image, edit, protected = scene
    found = {name: value for name, (value, _) in pair_metrics(image, image.copy(), edit, protected).items()}
    unchanged = {"ssim": 1.0, "psnr": 100.0, "depth_ratio": 1.0, "alignment": 1.0, "marker_residual": 1.0}
    for name, value in found.items():
        metric = name.split(":")[0]
        if metric != "marker_contrast":
            assert value == unchanged.get(metric, 0.0), name


def test_an_edit_inside_the_mask_shows_there_alone(scene):
    image, edit, protected = scene
    edited = cv2.inpaint(image, edit.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    found = pair_metrics(image, edited, edit, protected)
    assert found["changed_share:outside_mask"][0] == 0.0
    assert found["ks_distance:protected"][0] == 0.0
    assert found["ssim:protected"][0] == 1.0
    assert found["changed_share:inside_mask"][0] > 0.3
    assert found["marker_residual:inside_mask"][0] < 0.1


def test_changed_pixels_are_counted_exactly(scene):
    image, edit, protected = scene
    edited = image.copy()
    edited[100, 40:50] += 2
    edited[101, 40:45] += 9
    found = pair_metrics(image, edited, edit, protected)
    outside = (~edit).sum()
    assert found["changed_share:outside_mask"][0] == pytest.approx(15 / outside)
    assert found["changed_share_above_2pct:outside_mask"][0] == pytest.approx(5 / outside)
    assert found["max_abs_change:protected"] == (pytest.approx(9 / 255), "of range")
    assert found["mean_abs_change:protected"][0] == pytest.approx((20 + 45) / protected.sum() / 255)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("angle", "scale", "shift"), [(2.0, 1.0, 0.0), (0.0, 1.04, 0.0), (0.0, 1.0, 4.0), (-1.5, 0.97, 2.0)]
)
def test_a_known_movement_is_measured(dtype, angle, scale, shift):
    image = hand(np.random.default_rng(1), dtype)
    protected = np.zeros(SHAPE, dtype=bool)
    protected[30:145, 25:105] = True
    rows, columns = np.nonzero(protected)
    warp = cv2.getRotationMatrix2D((float(columns.mean()), float(rows.mean())), angle, scale)
    warp[0, 2] += shift
    moved = cv2.warpAffine(image, warp, SHAPE[::-1], borderMode=cv2.BORDER_REPLICATE)
    found = pair_metrics(image, moved, np.zeros(SHAPE, dtype=bool), protected)
    assert found["rotation:protected"][0] == pytest.approx(abs(angle), abs=0.15)
    assert found["scale_change:protected"][0] == pytest.approx(abs(scale - 1), abs=0.005)
    assert found["shift:protected"][0] * SHAPE[0] == pytest.approx(abs(shift), abs=0.4)


def test_unlike_images_are_not_aligned_and_say_so_by_absence():
    rng = np.random.default_rng(0)
    image, noise = hand(rng), rng.integers(0, 256, SHAPE).astype(np.uint8)
    nothing = np.zeros(SHAPE, dtype=bool)
    assert "rotation:protected" not in pair_metrics(image, noise, nothing, nothing)


def test_empty_regions_are_absent(scene):
    image, edit, _ = scene
    nothing = np.zeros(SHAPE, dtype=bool)
    found = pair_metrics(image, image, nothing, nothing)
    assert not [name for name in found if name.endswith(":inside_mask") or name == "ks_distance:protected"]
    assert sorted(regions(edit, nothing)) == ["inside_mask", "outside_mask", "whole"]


def test_sixteen_bits_through_eight_shows(scene):
    image = hand(np.random.default_rng(2), np.uint16) + np.arange(SHAPE[1], dtype=np.uint16)
    edited = (image >> 8 << 8).astype(np.uint16)
    _, edit, protected = scene
    assert pair_metrics(image, edited, edit, protected)["depth_ratio:whole"][0] < 0.1


def test_a_border_that_was_redrawn_shows(scene):
    image, edit, protected = scene
    edited = image.copy()
    edited[:3] = edited[-3:] = 0
    assert pair_metrics(image, edited, edit, protected)["border_change:whole"][0] > 0.02


def test_ssim_is_that_of_its_definition():
    """Wang's formula with an explicit Gaussian window, at one pixel."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (2, 31, 31)).astype(np.uint8)
    at = np.arange(-5, 6)
    window = np.exp(-(at[:, None] ** 2 + at**2) / (2 * 1.5**2))
    window /= window.sum()
    a, b = x[10:21, 10:21].astype(float), y[10:21, 10:21].astype(float)
    mean_a, mean_b = (window * a).sum(), (window * b).sum()
    var_a, var_b = (window * a**2).sum() - mean_a**2, (window * b**2).sum() - mean_b**2
    joint = (window * a * b).sum() - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    expected = (2 * mean_a * mean_b + c1) * (2 * joint + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    nothing, pixel = np.zeros(x.shape, bool), np.zeros(x.shape, bool)
    pixel[15, 15] = True
    assert pair_metrics(x, y, nothing, pixel)["ssim:protected"][0] == pytest.approx(expected, abs=1e-4)


def test_features_are_those_of_numpy(scene):
    image, edit, protected = scene
    found = image_features(image, edit, protected)
    assert found["mean:protected"][0] == pytest.approx(image[protected].mean(), rel=1e-12)
    assert found["sd:whole"][0] == pytest.approx(image.std(), rel=1e-9)
    flat = np.full(SHAPE, 100, dtype=np.uint8)
    noisy = np.clip(100 + np.random.default_rng(0).normal(0, 5, SHAPE), 0, 255).astype(np.uint8)
    assert image_features(flat, edit, protected)["noise:whole"][0] == 0.0
    assert image_features(noisy, edit, protected)["noise:whole"][0] == pytest.approx(5, rel=0.1)
    assert image_features(flat, edit, protected)["entropy:whole"][0] == 0.0


@given(seed=st.integers(0, 2**32 - 1), sixteen=st.booleans())
@settings(max_examples=15)
def test_every_number_is_finite_and_named_with_its_unit(seed, sixteen):
    rng = np.random.default_rng(seed)
    dtype = np.uint16 if sixteen else np.uint8
    one, other = rng.integers(0, np.iinfo(dtype).max, (2, 40, 30)).astype(dtype)
    edit = rng.random((40, 30)) < rng.random()
    protected = (rng.random((40, 30)) < rng.random()) & ~edit
    for name, (value, unit) in pair_metrics(one, other, edit, protected).items():
        assert np.isfinite(value), name
        assert type(value) is float
        assert type(unit) is str
        metric, region = name.split(":")
        assert metric
        assert region in ("whole", "protected", "outside_mask", "inside_mask")
    assert on_256_levels(level_counts(one)).sum() == one.size


def test_another_size_or_type_is_refused(scene):
    image, edit, protected = scene
    for wrong in (image[1:], image.astype(np.uint16)):
        with pytest.raises(ValueError, match="against"):
            pair_metrics(image, wrong, edit, protected)


def pair_of(shape):
    rng = np.random.default_rng(0)
    image = hand(rng, shape=shape)
    edited = np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
    mask = np.zeros(image.shape, dtype=bool)
    mask[:30, :40] = True
    return image, edited, mask, ~mask


def test_a_pair_costs_a_few_dozen_blurs_of_it():
    pair = pair_of((320, 256))
    one, other = (plane.astype(np.float32) for plane in pair[:2])

    def blurs() -> None:
        for _ in range(5):
            cv2.GaussianBlur(one * other, (11, 11), 1.5)
            cv2.GaussianBlur(one * one, (11, 11), 1.5)

    assert times_as_much(lambda: pair_metrics(*pair), blurs) < 12, "of ten blurs each; 4 when it was written"


def test_the_cost_of_a_pair_grows_no_faster_than_its_pixels():
    small, large = pair_of((320, 256)), pair_of((640, 512))
    costs = times_as_much(lambda: pair_metrics(*large), lambda: pair_metrics(*small))
    assert costs < 6, "of four times the pixels; 2.8 when it was written"

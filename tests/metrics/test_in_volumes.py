"""Numbers of edited volumes against SciPy, against the numbers of images slice by slice, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.editors.inpaint import inpainted
from editproof.imaging.levels import level_counts
from editproof.imaging.matching import histogram_matched
from editproof.metrics import Pair, measured, pair_metrics
from editproof.metrics.areas import areas_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance

SHAPE = (4, 17, 15)
TYPES = (np.uint8, np.uint16, np.int16, np.float32)


def volume(seed: int, dtype: type = np.int16) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0, 1, SHAPE).cumsum(axis=2)
    values = (values - values.min()) / np.ptp(values)
    scale, low = {np.uint8: (255, 0), np.uint16: (4000, 0), np.int16: (2500, -1024), np.float32: (1.5, -0.25)}[dtype]
    return (values * scale + low).astype(dtype)


def masks() -> tuple[np.ndarray, np.ndarray]:
    edit, protected = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    edit[1:3, 2:9, 3:8] = True
    protected[0:3, 9:16, 1:14] = True
    return edit, protected


def numbers(before: np.ndarray, after: np.ndarray, spacing: tuple[float, ...] | None = None) -> dict[str, float]:
    return {name: value for name, (value, _) in measured(Pair.of(before, after, *masks(), spacing)).items()}


def span(image: np.ndarray) -> float:
    return (
        float(np.iinfo(image.dtype).max)
        if image.dtype.kind == "u"
        else float(np.ptp(np.percentile(image, (0.1, 99.9))))
    )


@given(seed=st.integers(0, 99), dtype=st.sampled_from(TYPES), share=st.sampled_from([0.05, 1.0]))
@settings(max_examples=25)
def test_distances_and_changes_are_those_of_scipy_and_of_plain_sums(seed, dtype, share):
    before, other = volume(seed, dtype), volume(seed + 1000, dtype)
    after = np.where(np.random.default_rng(seed).random(SHAPE) < share, other, before)
    found, (edit, protected) = numbers(before, after), masks()
    regions = {"whole": np.ones(SHAPE, bool), "inside_mask": edit, "outside_mask": ~edit, "protected": protected}
    for region, mask in regions.items():
        x, y = before[mask].astype(float), after[mask].astype(float)
        apart, most = np.abs(x - y), span(before)
        assert found[f"ks_distance:{region}"] == pytest.approx(ks_2samp(x, y, method="asymp").statistic, abs=1e-12)
        assert found[f"wasserstein:{region}"] == pytest.approx(min(1.0, wasserstein_distance(x, y) / most), rel=1e-9)
        assert found[f"changed_share:{region}"] == np.mean(x != y)
        assert found[f"changed_share_above_2pct:{region}"] == np.mean(apart > 0.02 * most)
        assert found[f"mean_abs_change:{region}"] == pytest.approx(min(1.0, apart.mean() / most))
        assert found[f"max_abs_change:{region}"] == pytest.approx(min(1.0, apart.max() / most))
        if apart.any():
            assert found[f"psnr:{region}"] == pytest.approx(min(100.0, 10 * np.log10(most**2 / np.mean(apart**2))))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_ssim_is_the_mean_of_that_of_the_slices(dtype):
    before, after = volume(1, dtype), volume(2, dtype)
    after[3] = before[3]
    edit, protected = masks()
    slices = [pair_metrics(*(array[place] for array in (before, after, edit, protected))) for place in range(4)]
    found = numbers(before, after)
    assert found["ssim:whole"] == pytest.approx(np.mean([one["ssim:whole"][0] for one in slices]), abs=1e-5)
    inside = [one["ssim:inside_mask"][0] for one in slices if "ssim:inside_mask" in one]
    assert found["ssim:inside_mask"] == pytest.approx(np.mean(inside), abs=1e-5)


def test_ssim_of_values_with_a_sign_does_not_depend_on_where_their_zero_is():
    before, after = volume(3), volume(4)
    moved = numbers((before + 200).astype(np.int16), (after + 200).astype(np.int16))
    assert numbers(before, after)["ssim:whole"] == pytest.approx(moved["ssim:whole"], abs=1e-5)
    scaled = numbers(before.astype(np.float32) / 1000, after.astype(np.float32) / 1000)
    assert numbers(before, after)["ssim:whole"] == pytest.approx(scaled["ssim:whole"], abs=1e-4)


@pytest.mark.parametrize("dtype", TYPES)
def test_an_unchanged_volume_is_ideal_and_nothing_of_images_alone_is_measured(dtype):
    image = volume(5, dtype)
    found = numbers(image, image.copy(), (3.0, 0.5, 0.5))
    for region in ("whole", "protected", "inside_mask", "outside_mask"):
        assert (found[f"ssim:{region}"], found[f"psnr:{region}"], found[f"ks_distance:{region}"]) == (1.0, 100.0, 0.0)
        assert found[f"max_abs_change:{region}"] == found[f"wasserstein:{region}"] == 0.0
    assert found["worst_patch:protected"] == 0.0
    assert not {"rotation:protected", "border_change:whole", "depth_ratio:whole", "marker_residual:inside_mask"} & set(
        found
    )


def test_one_voxel_of_metal_does_not_make_changes_small():
    before = np.tile(np.linspace(-1000, 1000, 60), (12, 60, 1)).astype(np.int16)
    edit = protected = np.ones(before.shape, bool)
    bright = before.copy()
    bright[0, 0, 0] = 32767
    found = [
        measured(Pair.of(image, image + np.int16(100) * (image < 32767), edit, protected)) for image in (before, bright)
    ]
    shares = [one["mean_abs_change:whole"][0] for one in found]
    assert shares[1] == pytest.approx(shares[0], rel=0.01)
    assert shares[0] == pytest.approx(0.05, rel=0.01)


def test_the_worst_block_is_where_anatomy_changed():
    before = np.tile(np.linspace(0, 200, 60), (12, 60, 1)).astype(np.int16)
    after = before.copy()
    after[5:7, 20:28, 30:38] += 100
    protected, nothing = np.ones(before.shape, bool), np.zeros(before.shape, bool)

    def worst(spacing: tuple[float, ...] | None) -> float:
        return measured(Pair.of(before, after, nothing, protected, spacing))["worst_patch:protected"][0]

    assert worst((2.0, 0.5, 0.5)) == 1.0, "a block is 2 slices of 8x8 voxels, as the change is"
    assert worst((1.0, 0.5, 0.5)) == 0.5, "of 4 slices two are changed"
    assert 0 < worst((2.0, 0.25, 0.25)) <= 0.25 + 1e-6, "16x16 voxels a slice"


def test_the_change_of_values_with_a_sign_does_not_wrap():
    before, after = np.full(SHAPE, -32768, np.int16), np.full(SHAPE, 32767, np.int16)
    before[0, 0, 0] = 0
    pair = Pair.of(before, after, *masks())
    assert (int(pair.change.max()), int(pair.change[0, 0, 0]), pair.change.dtype) == (65535, 32767, np.uint16)


def test_areas_and_levels_of_a_volume_are_sums_over_voxels():
    edit, protected = masks()
    image = volume(6, np.uint16)
    found = areas_of(edit, protected).totals(
        lambda box, mask: int(image[box].sum(where=True if mask is None else mask))
    )
    assert found["inside_mask"] == image[edit].sum()
    assert found["outside_mask"] == image[~edit].sum()
    assert np.array_equal(level_counts(image, edit), np.bincount(image[edit], minlength=65536))


@pytest.mark.parametrize("dtype", TYPES)
def test_the_arms_of_a_volume(dtype):
    image, target = volume(7, dtype), volume(8, dtype)
    matched = histogram_matched(image, target)
    order = np.argsort(image, axis=None, kind="stable")
    assert (np.diff(matched.ravel()[order].astype(float)) >= 0).all(), "monotone"
    assert ks_2samp(matched.ravel(), target.ravel()).statistic <= (0.02 if dtype != np.uint8 else 0.1)
    edit, _ = masks()
    filled = inpainted(image, edit)
    assert np.array_equal(filled[~edit], image[~edit])
    assert (filled[edit] != image[edit]).mean() > 0.5
    assert image.min() <= filled.min() <= filled.max() <= image.max() + (1e-6 if dtype == np.float32 else 0)


def test_pictures_of_shapes_that_are_none_are_refused():
    with pytest.raises(ValueError, match="of which nothing is measured"):
        Pair.of(*[np.zeros((4, 5), np.int16)] * 2, *[np.zeros((4, 5), bool)] * 2)

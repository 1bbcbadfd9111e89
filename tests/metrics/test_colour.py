"""Metrics of pairs in colour: what changed most counts, differences of colours are those of the published formula."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.imaging.axes import YX, YXC
from editproof.imaging.colour import luma
from editproof.imaging.perception import colour_differences, lab
from editproof.metrics import BUILT_IN, OF_PAIR, OF_TARGET, Pair, Picture, measured
from editproof.metrics.colour import channels_of
from editproof.testing import check_metric

SHAPE = (72, 60)
SHARMA = (
    (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425), (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
    (50, 2.8361, -74.02, 50, 0, -82.7485, 3.4412), (50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0),
    (50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0), (50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0),
    (50, 0, 0, 50, -1, 2, 2.3669), (50, -1, 2, 50, 0, 0, 2.3669), (50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792),
    (50, 2.49, -0.001, 50, -2.49, 0.001, 7.1792), (50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195),
    (50, 2.49, -0.001, 50, -2.49, 0.0012, 7.2195), (50, -0.001, 2.49, 50, 0.0009, -2.49, 4.8045),
    (50, -0.001, 2.49, 50, 0.001, -2.49, 4.8045), (50, -0.001, 2.49, 50, 0.0011, -2.49, 4.7461),
    (50, 2.5, 0, 50, 0, -2.5, 4.3065), (50, 2.5, 0, 73, 25, -18, 27.1492), (50, 2.5, 0, 61, -5, 29, 22.8977),
    (50, 2.5, 0, 56, -27, -3, 31.9030), (50, 2.5, 0, 58, 24, 15, 19.4535), (50, 2.5, 0, 50, 3.1736, 0.5854, 1.0),
    (50, 2.5, 0, 50, 3.2972, 0, 1.0), (50, 2.5, 0, 50, 1.8634, 0.5757, 1.0), (50, 2.5, 0, 50, 3.2592, 0.335, 1.0),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
)  # fmt: skip
"""L*, a*, b* of two colours and their CIEDE2000: table 1 of Sharma, Wu and Dalal, Color Res Appl 2005;30:21-30."""

SCREEN = (
    ((255, 0, 0), (0, 0, 255), 52.8814), ((0, 0, 0), (255, 255, 255), 100.0), ((9, 9, 10), (10, 9, 9), 0.5013),
    ((13, 71, 98), (26, 85, 111), 4.7195), ((146, 104, 33), (110, 140, 37), 24.2154),
    ((11, 0, 12), (43, 0, 0), 14.7688), ((38, 255, 48), (68, 229, 13), 5.6631),
    ((167, 192, 60), (156, 206, 29), 5.1662), ((72, 111, 67), (101, 98, 45), 13.1845),
)  # fmt: skip
"""Two colours and their difference by ``deltaE_ciede2000`` and ``rgb2lab`` of scikit-image 0.26.0."""


def drawn(dtype=np.uint8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = rng.integers(20, 200, (*SHAPE, 3))
    image[20:60, 15:45] += np.array([40, 10, 0])
    return (image * (np.iinfo(dtype).max // 255)).astype(dtype)


def masks() -> tuple[np.ndarray, np.ndarray]:
    edit, protected = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    edit[2:9, 2:20] = protected[20:60, 15:45] = True
    return edit, protected


def numbers(original: np.ndarray, edited: np.ndarray) -> dict[str, float]:
    return {name: value for name, (value, _) in measured(Pair.of(original, edited, *masks())).items()}


@pytest.mark.parametrize("row", SHARMA)
def test_differences_are_those_of_the_published_pairs(row):
    one, other = np.array(row[:3], float), np.array(row[3:6], float)
    assert colour_differences(one, other) == pytest.approx(row[6], abs=5e-5)
    assert colour_differences(other, one) == pytest.approx(row[6], abs=5e-5)


@pytest.mark.parametrize(("one", "other", "wanted"), SCREEN)
def test_differences_of_colours_of_a_screen_are_those_of_scikit_image(one, other, wanted):
    for depth in (np.uint8(1), np.uint16(257)):
        first, second = (lab(np.array(colour, depth.dtype) * depth) for colour in (one, other))
        assert colour_differences(first, second) == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_change_of_one_channel_counts_as_it_would_alone(channel, dtype):
    original = drawn(dtype)
    edited = original.copy()
    edited[25:50, 20:40, channel] //= 2
    found = numbers(original, edited)
    alone = numbers(original[..., channel], edited[..., channel])
    for name in ("ks_distance", "wasserstein", "changed_share", "mean_abs_change", "max_abs_change", "ssim", "psnr"):
        assert found[f"{name}:protected"] == alone[f"{name}:protected"]
    assert found["worst_patch:protected"] == alone["worst_patch:protected"] > 0.5
    assert found["changed_share:outside_mask"] > 0
    assert found["changed_share:inside_mask"] == found["colour_difference:inside_mask"] == 0
    assert 0.2 < found["recoloured_share:protected"] <= 25 * 20 / (40 * 30)


def test_of_three_changed_channels_the_worst_counts_each_quantity_for_itself():
    original = drawn()
    edited = original.copy()
    edited[..., 0] += 1
    edited[30:32, 20:22, 1] = 255 - original[30:32, 20:22, 1]
    found = numbers(original, edited)
    planes = [numbers(original[..., k], edited[..., k]) for k in range(3)]
    for name, worst in (("ks_distance", max), ("max_abs_change", max), ("ssim", min), ("psnr", min)):
        assert found[f"{name}:whole"] == worst(one[f"{name}:whole"] for one in planes)
    assert found["changed_share:whole"] == 1.0
    assert found["max_abs_change:whole"] > 0.1


def test_a_pixel_is_changed_where_any_channel_is():
    original = drawn() // 2
    edited = original.copy()
    rows = np.arange(SHAPE[0]) % 3
    for channel in range(3):
        edited[rows == channel, :, channel] += 20
    found = numbers(original, edited)
    planes = [numbers(original[..., k], edited[..., k])["changed_share_above_2pct:whole"] for k in range(3)]
    assert max(planes) == pytest.approx(1 / 3)
    assert (
        found["changed_share_above_2pct:whole"] == found["changed_share:whole"] == found["worst_patch:protected"] == 1
    )
    assert found["mean_abs_change:whole"] == found["border_change:whole"] == pytest.approx(20 / 255)


def test_a_marker_left_in_one_channel_is_a_marker_left():
    original = drawn() // 8
    edit, protected = masks()
    original[edit] = 250
    gone = original.copy()
    gone[edit] = 15
    left = gone.copy()
    left[edit, 2] = 250
    residual = {
        name: measured(Pair.of(original, edited, edit, protected))["marker_residual:inside_mask"][0]
        for name, edited in (("gone", gone), ("left", left))
    }
    assert residual["gone"] < 0.1
    assert residual["left"] == 1.0


def test_equal_channels_give_the_numbers_of_gray():
    gray, moved = drawn()[..., 0], np.roll(drawn()[..., 0], 1, axis=1)
    found, wanted = numbers(np.dstack([gray] * 3), np.dstack([moved] * 3)), numbers(gray, moved)
    assert {name: value for name, value in found.items() if name in wanted} == wanted
    assert set(found) - set(wanted) == {
        f"{name}:{region}"
        for name in ("colour_difference", "colour_difference_max", "recoloured_share")
        for region in ("whole", "protected", "outside_mask", "inside_mask")
    }


def test_features_are_those_of_the_luma():
    edit, protected = masks()
    coloured, gray = (measured(Picture(image, edit, protected)) for image in (drawn(), luma(drawn())))
    assert coloured == gray


def test_channels_of_an_original_are_taken_apart_once():
    before = Picture(drawn(), *masks())
    assert channels_of(before) is channels_of(before)
    assert channels_of(before)[0].regions is before.regions


COLOURED = [metric for metric in BUILT_IN if metric.of in (OF_PAIR, OF_TARGET) and YXC in metric.axes]


@pytest.mark.parametrize("metric", COLOURED, ids=lambda metric: metric.name)
def test_built_in_metrics_keep_the_contract_in_colour(metric):
    assert len(check_metric(metric)) >= (44 if YX in metric.axes else 22)


def test_every_built_in_metric_of_images_takes_colour():
    gray = [metric for metric in BUILT_IN if metric.of in ("pair", "image", "target") and YX in metric.axes]
    assert [metric.name for metric in gray if YXC not in metric.axes] == []

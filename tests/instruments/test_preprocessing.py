"""What a network reads keeps the hand's shape and ignores what is no anatomy: depth, exposure, a white marker."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.preprocessing import Preprocessing
from numpy.typing import NDArray

READY = Preprocessing()


def _hand(rows: int = 320, columns: int = 256) -> NDArray[np.uint8]:
    """A soft disc that fills a good part of a dark frame."""
    y, x = np.mgrid[0:rows, 0:columns]
    distance = np.hypot(y - rows / 2, x - columns / 2) / (columns / 3)
    return (20 + 150 * np.clip(1.2 - distance, 0, 1)).astype(np.uint8)


def test_aspect_ratio_survives() -> None:
    square = np.zeros((200, 100), np.uint8)
    square[60:100, 30:70] = 200
    seen = READY(square) > 0.3
    assert np.count_nonzero(seen.any(axis=1)) == pytest.approx(np.count_nonzero(seen.any(axis=0)), abs=1)


@pytest.mark.parametrize("shape", [(135, 100), (100, 135), (2044, 1514), (20, 15), (1, 400)])
def test_any_size_becomes_the_networks(shape: tuple[int, int]) -> None:
    ready = READY(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    assert ready.shape == (128, 96)
    assert ready.dtype == np.float32
    assert ready.min() >= 0
    assert ready.max() <= 1


def test_a_flat_image_is_no_division_by_zero() -> None:
    assert np.isfinite(READY(np.full((50, 40), 7, np.uint8))).all()


def test_exposure_and_depth_do_not_matter() -> None:
    hand = _hand()
    np.testing.assert_allclose(READY(hand), READY(hand.astype(np.uint16) * 257), atol=1e-5)
    np.testing.assert_allclose(READY(hand), READY((hand * 1.2 + 10).astype(np.uint8)), atol=0.02)


def test_a_white_marker_moves_the_rest_far_less_than_it_would_under_a_stretch_to_the_brightest() -> None:
    hand = _hand()
    marked = hand.copy()
    marked[10:50, 10:72] = 255  # 3 % of the image, as in arXiv 2511.23066
    away = np.s_[40:, 40:]
    ours, naive = (
        np.abs(ready(marked)[away] / ready(hand)[away].mean() - ready(hand)[away] / ready(hand)[away].mean()).mean()
        for ready in (READY, Preprocessing(high=99.5, headroom=1))
    )
    assert ours < 0.5 * naive


def test_a_card_describes_it_whole() -> None:
    other = Preprocessing(height=64, width=48, low=1, high=99, headroom=1.0)
    assert Preprocessing.from_card({**other.described(), "flip_average": True}) == other


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("height", 0, "height is 0. Write a whole number of 1 to 8192"),
        ("width", "96", "width is '96'. Write a whole number of 1 to 8192"),
        ("width", 96.5, "width is 96.5. Write a whole number"),
        ("low", -1.0, "low is -1.0. Write a percentile from 0 to 100"),
        ("high", 101, "high is 101. Write a percentile from 0 to 100"),
        ("high", float("nan"), "high is nan. Write a percentile"),
        ("headroom", 0, "headroom is 0. Write a number above 0"),
        ("headroom", True, "headroom is True. Write a number above 0"),
    ],
)
def test_a_wrong_field_of_a_card_is_named(field: str, value: object, found: str) -> None:
    with pytest.raises(InstrumentError, match=f"instrument x: it is malformed: preprocessing.{found}"):
        Preprocessing.from_card({**READY.described(), field: value}, "instrument x")


def test_percentiles_upside_down_are_refused() -> None:
    with pytest.raises(InstrumentError, match=r"low is 92 and preprocessing\.high is 2\. Write low below high"):
        Preprocessing.from_card({"low": 92, "high": 2})

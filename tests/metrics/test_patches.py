"""Ring correlation by patch, against loops over the coefficients of a whole spectrum, and what it has to tell."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from editproof.evidence.patches import PATCH_LIMIT, crossings_of, levels_of
from editproof.metrics.patches import crossings, patch_side

RNG = np.random.default_rng(7)
ROUGH = cv2.GaussianBlur(RNG.normal(0, 1, (160, 128)), (0, 0), 5)
PICTURE = np.clip(ROUGH / ROUGH.std() * 30 + 110 + RNG.normal(0, 3, ROUGH.shape), 0, 255).astype(np.uint8)


def by_loops(original: np.ndarray, edited: np.ndarray, row: int, column: int) -> float:
    """The crossing of one cell of a frame whose sides are multiples of 16, coefficient by coefficient."""
    spectra, spans = [], []
    for image in (original, edited):
        padded = np.pad(image.astype(float), 16, mode="symmetric")
        patch = padded[row * 16 + 8 : row * 16 + 40, column * 16 + 8 : column * 16 + 40]
        spans.append(patch.max() - patch.min())
        along = [math.sin(math.pi * (k + 0.5) / 32) ** 2 for k in range(32)]
        window = np.array([[a * b for b in along] for a in along])
        spectra.append(np.fft.fft2((patch - np.average(patch, weights=window)) * window))
    if max(spans) <= 0.02 * 255:
        return math.nan
    before = 1.0
    for ring in range(1, 16):
        cross = one = other = 0.0
        for down in range(-16, 16):
            for across in range(-16, 16):
                if round(math.hypot(down, across)) == ring:
                    a, b = spectra[0][down, across], spectra[1][down, across]
                    cross, one, other = cross + (a * b.conjugate()).real, one + abs(a) ** 2, other + abs(b) ** 2
        correlation = cross / math.sqrt(one * other) if one > 1e-6 and other > 1e-6 else float(one <= 1e-6 >= other)
        if correlation < 0.5:
            return (ring - 1 + (before - 0.5) / (before - correlation)) / 16
        before = correlation
    return 1.0


@pytest.mark.parametrize("edit", ["blurred", "noise", "erased", "inverted", "compressed"])
def test_it_is_what_loops_over_all_coefficients_give(edit: str):
    edited = {
        "blurred": lambda: cv2.GaussianBlur(PICTURE, (0, 0), 2),
        "noise": lambda: RNG.integers(0, 256, PICTURE.shape).astype(np.uint8),
        "erased": lambda: np.full_like(PICTURE, 90),
        "inverted": lambda: 255 - PICTURE,
        "compressed": lambda: compressed(PICTURE, 60),
    }[edit]()
    found = crossings(PICTURE, edited)
    assert found.shape == (10, 8)
    for row, column in [(0, 0), (9, 7), (4, 3), (5, 0)]:
        assert found[row, column] == pytest.approx(by_loops(PICTURE, edited, row, column), abs=1e-9)


def compressed(image: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_an_untouched_edit_follows_to_the_finest_detail_and_so_does_a_brighter_one(kind: type):
    image = PICTURE.astype(kind) * (257 if kind is np.uint16 else 1)
    assert (crossings(image, image) == 1).all()
    assert (crossings(image // 2, image // 2 + 20 * (257 if kind is np.uint16 else 1)) == 1).all()


def test_a_planted_and_an_erased_structure_are_marked_where_they_lie_and_nowhere_else():
    other = PICTURE.copy()
    cv2.circle(other, (72, 88), 5, 240, -1)  # in the cell of row 5, column 4
    for original, edited in ((PICTURE, other), (other, PICTURE)):
        found = crossings(original, edited)
        assert found[5, 4] < PATCH_LIMIT
        touched = np.zeros(found.shape, bool)
        touched[4:7, 3:6] = True  # the cells whose patches reach the structure
        assert (found[~touched] == 1).all()


def test_the_stronger_a_filter_or_a_compression_the_lower_the_crossing():
    blurs = [np.median(crossings(PICTURE, cv2.GaussianBlur(PICTURE, (0, 0), sigma))) for sigma in (0.5, 1, 2, 4)]
    assert blurs == sorted(blurs, reverse=True)
    assert blurs[-1] < PATCH_LIMIT < blurs[0]
    qualities = [np.median(crossings(PICTURE, compressed(PICTURE, quality))) for quality in (98, 80, 60, 20)]
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[-1] < PATCH_LIMIT < qualities[0]


def test_of_flat_patches_nothing_is_said_but_of_one_that_became_flat():
    flat = np.full((64, 64), 20, np.uint8)
    assert np.isnan(crossings(flat, flat)).all()
    assert np.isnan(crossings(flat, flat + 5)).all()
    some = flat.copy()
    some[:32] = PICTURE[:32, :64]
    for pair in ((some, flat), (flat, some)):
        found = crossings(*pair)
        assert (found[:2] == 0.5 / 16).all(), "no correlation on the first ring"
        assert np.isnan(found[3]).all()


def test_in_colour_the_channel_that_follows_least_counts():
    colour = np.dstack([PICTURE, PICTURE, PICTURE])
    edited = colour.copy()
    edited[..., 1] = RNG.integers(0, 256, PICTURE.shape)
    np.testing.assert_array_equal(crossings(colour, edited), crossings(PICTURE, edited[..., 1]))
    assert (crossings(colour, colour) == 1).all()


def test_frames_that_are_no_multiple_of_a_cell_and_small_ones_have_whole_cells():
    for shape in [(7, 5), (33, 100), (1100, 70)]:
        image = RNG.integers(0, 256, shape).astype(np.uint8)
        step = patch_side(shape) // 2
        assert crossings(image, image).shape == tuple(-(-length // step) for length in shape)
    with pytest.raises(ValueError, match="against"):
        crossings(np.zeros((5, 9, 9), np.uint8), np.zeros((5, 9, 9), np.uint8))


def test_levels_keep_a_crossing_to_half_a_step():
    found = np.append(np.linspace(0, 1, 77), np.nan)
    np.testing.assert_allclose(crossings_of(levels_of(found)), found, atol=0.5 / 254 + 1e-12)

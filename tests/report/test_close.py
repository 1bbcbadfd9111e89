"""The crop at native pixels, and the files with every pixel beside the page."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from editproof.evidence.bundle import files_of
from editproof.evidence.facts import Extent
from editproof.evidence.record import Evidence
from editproof.report.page.close import close, files
from editproof.study.exhibits import LONGEST_SIDE, NEAR_SIDE, full_size, near
from PIL import Image


def decoded(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_crop_has_native_pixels_of_the_place_outside_the_mask_that_changed_most(dtype: type) -> None:
    rng = np.random.default_rng(1)
    original = rng.integers(0, np.iinfo(dtype).max, (900, 700), dtype=dtype)
    edited, mask = original.copy(), np.zeros((900, 700), bool)
    mask[:200, :200] = True
    edited[mask] = 0  # what the tool was asked for
    edited[500:520, 600:620] = np.iinfo(dtype).max - edited[500:520, 600:620]
    images, extent = near(original, edited, mask, (0.2, 0.2))
    row, column = extent.place
    assert extent.outside
    assert extent.shape == (NEAR_SIDE, NEAR_SIDE)
    assert row <= 500 < 520 <= row + NEAR_SIDE
    assert column <= 600 < 620 <= column + NEAR_SIDE
    found = close(images, extent)
    assert found is not None
    eight = (edited // 257 if dtype == np.uint16 else edited).astype(np.uint8)
    np.testing.assert_array_equal(decoded(found.edited), eight[row : row + NEAR_SIDE, column : column + NEAR_SIDE])
    assert f"rows {row + 1} to {row + NEAR_SIDE}" in found.words
    assert "outside the edit mask" in found.words
    inside = near(original, np.where(mask, edited, original), mask, None)[1]
    assert not inside.outside
    assert max(inside.place) <= 200
    assert close(images, replace(extent, shape=(1, 1))) is None
    assert close({}, extent) is None
    assert close(images, None) is None


def test_every_pixel_and_level_is_kept_where_the_page_cannot_show_them() -> None:
    wide = np.arange(600 * 800, dtype=np.uint16).reshape(600, 800)
    kept = full_size(wide, wide[::-1])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(kept["full_original"]))).astype(np.uint16), wide)
    small = np.zeros((LONGEST_SIDE, 10), np.uint8)
    assert full_size(small, small) == {}
    assert set(full_size(small.astype(np.uint16), small.astype(np.uint16))) == {"full_original", "full_edited"}


def test_links_lead_to_files_of_the_bundle(whole: Evidence) -> None:
    bundle = files_of(whole)
    linked = [files(at, x) for at, editor in enumerate(whole.editors) for x in editor.exhibits]
    assert [bool(found) for found in linked] == [True, False, False, False] * 2
    assert all(path in bundle for found in linked for path in found.values())
    assert len({path for found in linked for path in found.values()}) == 4


def test_a_slice_of_a_volume_is_named() -> None:
    png = near(np.zeros((20, 20), np.uint8), np.full((20, 20), 90, np.uint8), np.zeros((20, 20), bool), None)[0]
    found = close(png, Extent((11, 0, 0), (20, 20), None, outside=True))
    assert found is not None
    assert "slice 12, rows 1 to 20" in found.words

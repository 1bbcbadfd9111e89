"""The map of patches of an exhibit, as the page shows it."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from editproof.evidence.patches import levels_of
from editproof.report.page.patches import patch_picture
from PIL import Image


def png(levels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", levels)[1].tobytes())


def images(crossings: np.ndarray, mask: np.ndarray | None = None) -> dict[str, bytes]:
    edited = np.full((320, 256), 120, np.uint8)
    shown = {"original": png(edited), "edited": png(edited), "patches": png(levels_of(crossings))}
    return shown | ({} if mask is None else {"edit_mask": png(mask * np.uint8(255))})


def test_the_marked_cells_are_red_where_they_lie_and_counted():
    found, mask = np.ones((20, 16)), np.zeros((320, 256), bool)
    found[2, 3] = found[10, 12] = 0.2
    found[19] = np.nan
    mask[47 + 8, 64 + 8 - 1] = True  # half a cell below and beside cell (2, 3), as far as its patch reaches
    shown = patch_picture(images(found, mask))
    assert shown is not None
    assert shown.words == (
        "Red: 2 of 304 patches, 1 of them outside the edit mask, in which the edit follows its original in coarse detail "
        "at most. 16 flat patches left out."
    )
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.uri.partition(",")[2]))).convert("RGB")).astype(
        int
    )
    assert pixels.shape == (200, 160, 3)
    red = pixels[..., 0] > pixels[..., 1] + 30
    for row, column in ((2, 3), (10, 12)):
        assert red[row * 10 : row * 10 + 10, column * 10 : column * 10 + 10].all()
        red[row * 10 : row * 10 + 10, column * 10 : column * 10 + 10] = False
    assert not red.any()


def test_it_says_where_nothing_is_marked_or_can_be():
    assert "None of 320 patches" in patch_picture(images(np.ones((20, 16)))).words
    assert patch_picture(images(np.full((20, 16), np.nan))).words.startswith("Every patch is flat")
    assert "outside" not in patch_picture(images(np.zeros((20, 16)))).words, "there is no edit mask"


def test_without_a_map_there_is_no_picture():
    shown = images(np.ones((20, 16)))
    assert patch_picture({name: shown[name] for name in ("original", "edited")}) is None
    assert patch_picture({**shown, "patches": b"no picture"}) is None

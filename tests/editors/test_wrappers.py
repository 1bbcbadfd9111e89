"""Geometry goes there and back, wrappers compose, and what lies inside them is paid for once."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.imaging import geometry
from editproof.imaging.codec import Levels, mask_png, png
from editproof.types import EditStatus
from hypothesis import given
from hypothesis import strategies as st

from tests.editors.server import pixels

sides = st.integers(1, 70)


@given(sides, sides, st.sampled_from([1, 8, 16, 64]), st.integers(0, 9000), st.sampled_from([1.0, 3.0, 100.0]))
def test_padding_is_undone_exactly(height, width, multiple, least, ratio):
    image = np.random.default_rng(height).integers(0, 256, (height, width)).astype(np.uint8)
    fit = geometry.padded(image.shape, multiple, least=least, ratio=ratio)
    canvas = fit.forward(image)
    assert canvas.shape == fit.canvas
    assert not np.mod(canvas.shape, multiple).any()
    assert canvas.size >= least
    assert max(canvas.shape) <= ratio * min(canvas.shape) + multiple * ratio
    assert (fit.back(canvas) == image).all()


@given(sides, sides, st.integers(3, 40), st.integers(0, 9))
def test_cores_of_tiles_cover_every_pixel_once(height, width, step, overlap):
    seen = np.zeros((height, width), int)
    for tile in geometry.tiles((height, width), step + 2 * overlap, overlap):
        seen[tile.core] += 1
        assert np.zeros((height, width))[tile.window][tile.core_in_window].shape == seen[tile.core].shape
    assert (seen == 1).all()


@given(sides, sides, sides, sides)
def test_letterbox_and_squash_keep_size_and_mask(height, width, rows, columns):
    image = np.full((height, width), 9, np.uint8)
    mask = np.zeros((height, width), bool)
    mask[height // 2, width // 2] = True
    for fit in (geometry.letterboxed(image.shape, (rows, columns)), geometry.squashed(image.shape, (rows, columns))):
        assert fit.forward(image).shape == (rows, columns)
        assert fit.forward_mask(mask).any(), "one editable pixel is never lost"
        assert (fit.back(fit.forward(image)) == image).all(), "a flat image loses nothing"


def test_an_image_too_large_is_refused():
    with pytest.raises(geometry.CanvasError, match="over 1000"):
        geometry.padded((40, 40), most=1000)


@pytest.mark.parametrize(("polarity", "edit", "keep"), [("white", 255, 0), ("black", 0, 255)])
def test_mask_polarity(polarity, edit, keep):
    assert pixels(mask_png(np.array([[True, False]]), polarity)).tolist() == [[edit, keep]]


def test_files_hold_pixels_and_nothing_else():
    for image in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint16)):
        content, kinds, at = png(image), [], 8
        while at < len(content):
            (length,) = struct.unpack_from(">I", content, at)
            kinds.append(content[at + 4 : at + 8])
            at += 12 + length
        assert kinds == [b"IHDR", b"IDAT", b"IEND"]


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_sixteen_bit_levels_are_off_by_half_a_step_at_most(low, high):
    image = np.linspace(min(low, high), max(low, high), 300).astype(np.uint16).reshape(15, 20)
    levels = Levels.of(image)
    step = (levels.high - levels.low) / 255
    assert np.abs(levels.restored(levels.eight(image)).astype(int) - image).max() <= step / 2 + 1


def test_paste_back_keeps_what_the_mask_allows(request_of):
    request = request_of()
    plain, pasted = (editor_from_spec(spec)(request).image for spec in ("destructive", "paste-back+destructive"))
    assert (pasted == np.where(request.edit_mask, plain, request.image)).all()


def test_geometry_loss_is_no_editing_harm(request_of):
    request = request_of(shape=(120, 90))
    lost = editor_from_spec("squash:64+identity")(request).image
    assert (lost != request.image).any()
    for exact in ("pad:64+identity", "rgb+identity", "8bit+identity", "tiles:40+identity"):
        assert (editor_from_spec(exact)(request).image == request.image).all(), exact


def test_tiles_with_nothing_to_edit_are_not_sent(desk, request_of):
    edits = desk()
    edits.outcomes(editor_from_spec("tiles:32,0+opencv-telea"), [request_of()])
    assert len(edits.ledger.ended_lines()) == 1


def test_what_lies_inside_is_paid_for_once(server, desk, request_of):
    edits = desk()
    request = request_of()
    [plain] = edits.outcomes(editor_from_spec(server.openai()), [request])
    [pasted] = edits.outcomes(editor_from_spec(f"paste-back+{server.openai()}"), [request])
    assert len(server.requests) == 1
    assert (pasted.image == np.where(request.edit_mask, plain.image, request.image)).all()


def test_a_refusal_inside_is_a_refusal(server, desk, request_of):
    server.script = ["moderation"]
    [outcome] = desk().outcomes(editor_from_spec(f"squash:64+{server.openai()}"), [request_of()])
    assert outcome.status is EditStatus.REFUSED


def test_edits_of_a_wrapped_folder_are_told_apart_by_case(desk, request_of, tmp_path):
    for case, level in (("a", 1), ("b", 2)):
        (tmp_path / f"{case}.png").write_bytes(png(np.full((75, 53), level, np.uint8)))
    editor = editor_from_spec(f"paste-back+folder:{tmp_path}")
    edits = desk(tmp_path / "store")
    images = [edits.outcomes(editor, [request_of(case=case)])[0].image for case in "ab"]
    assert [image[10, 10] for image in images] == [1, 2]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("squash:x+identity", "'x' is not an argument of squash"), ("paste-back:3+identity", "'3' is not an argument of paste-back"),
        ("tiles:16,8+identity", "'16,8' is not an argument of tiles"), ("pad:64+nobody", "nobody: no such tool"),
    ],
)  # fmt: skip
def test_wrong_wrappers_are_refused(spec, found):
    with pytest.raises(EditorError, match=found) as refused:
        editor_from_spec(spec)
    assert refused.value.advice

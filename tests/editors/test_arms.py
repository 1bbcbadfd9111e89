"""The arms of a case change one thing each, and cost nothing where they change no pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.editors.arms import chains, images_of, round_trip
from editproof.editors.inpaint import RADIUS, inpainted, telea
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.evidence.measurements import (
    CLASSICAL_FILL,
    CONVERSION,
    EDITED,
    GEOMETRY,
    HISTOGRAM_MATCHED,
    ORIGINAL,
    PASTE_BACK,
)
from editproof.types import EditorCard, EditOutcome, EditRequest, EditStatus
from hypothesis import given
from hypothesis import strategies as st


def card(**options: str) -> EditorCard:
    return EditorCard("tool", "1", "a tool", **options)


def test_each_arm_changes_one_thing(request_of):
    request = request_of()
    edit = 255 - request.image
    lost = EditOutcome.failure(EditStatus.REFUSED, "no")
    images = images_of(card(geometry="squash:40x30", conversion="stretch"), request, [EditOutcome.ok(edit), lost])
    assert set(images) == {
        (ORIGINAL, 0), (GEOMETRY, 0), (CONVERSION, 0), (CLASSICAL_FILL, 0), (EDITED, 0), (PASTE_BACK, 0), (HISTOGRAM_MATCHED, 0),
    }  # fmt: skip
    squashed = cv2.resize(request.image, (40, 30), interpolation=cv2.INTER_AREA)
    assert (images[GEOMETRY, 0] == cv2.resize(squashed, (53, 75), interpolation=cv2.INTER_CUBIC)).all()
    assert (images[CONVERSION, 0] != images[GEOMETRY, 0]).any()
    assert (images[CLASSICAL_FILL, 0] == telea()(request).image).all()
    assert (images[PASTE_BACK, 0] == np.where(request.edit_mask, edit, request.image)).all()
    assert all(image.shape == request.image.shape for image in images.values())


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from(["pad:16", "pad:64", "tiles:24,4", "paste-back+pad:8"]),
       st.sampled_from(["", "rgb", "8bit", "8bit+rgb"]), st.integers(0, 9))  # fmt: skip
def test_what_is_exact_there_and_back_equals_the_original(height, width, geometry, conversion, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width)).astype(np.uint8)
    request = EditRequest(image, rng.random(image.shape) < 0.3, "", 0, 0, "c")
    images = images_of(card(geometry=geometry, conversion=conversion), request, [])
    assert ((CONVERSION, 0) in images) == bool(conversion)
    for arm in (GEOMETRY, CONVERSION) if conversion else (GEOMETRY,):
        assert (images[arm, 0] == image).all(), arm


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([cv2.INPAINT_TELEA, cv2.INPAINT_NS]),
)
def test_a_fill_is_that_of_the_whole_frame(seed, dtype, method):
    """Only the surroundings of the mask are given to OpenCV."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, np.iinfo(dtype).max, rng.integers(3, 90, 2), endpoint=True).astype(dtype)
    mask = np.zeros(image.shape, bool)
    for _ in range(rng.integers(0, 4)):
        top, left = rng.integers(0, image.shape)
        mask[top : top + rng.integers(1, 12), left : left + rng.integers(1, 12)] = True
    if not mask.all():
        whole = cv2.inpaint(image, mask.astype(np.uint8), RADIUS, method)
        np.testing.assert_array_equal(inpainted(image, mask, method), np.where(mask, whole, image))


def test_paste_back_bounds_what_geometry_does(request_of):
    request = request_of()
    around = editor_from_spec("paste-back+squash:20+identity").card
    assert (around.geometry, around.conversion) == ("paste-back+squash:20", "")
    image = images_of(around, request, [])[GEOMETRY, 0]
    assert (image == request.image)[~request.edit_mask].all()
    assert (image != request.image)[request.edit_mask].any()


@pytest.mark.parametrize(
    ("spec", "geometry", "conversion"),
    [
        ("opencv-telea", "", ""),
        ("squash:64+8bit+opencv-telea", "squash:64", "8bit"),
        ("rgb+pad:8+letterbox:32x40+identity", "pad:8+letterbox:32x40", "rgb"),
        ("http:a1111?url=http://127.0.0.1:1", "pad:8", "8bit"),
        ("http:iopaint?url=http://127.0.0.1:1", "", "8bit"),
        ("openai:gpt-image-2?base_url=http://127.0.0.1:1", "pad:16", "8bit+rgb"),
        ("openai:gpt-image-1.5?base_url=http://127.0.0.1:1", "letterbox:1024x1024,1024x1536,1536x1024", "8bit+rgb"),
        ("openai:x?base_url=http://127.0.0.1:1&canvas=32", "pad:32", "8bit+rgb"),
        ("cmd:rgb=yes true {output}", "", "rgb"),
    ],
)
def test_every_tool_says_what_is_done_on_the_way(spec, geometry, conversion):
    found = editor_from_spec(spec).card
    assert (found.geometry, found.conversion) == (geometry, conversion)
    assert all(round_trip(f"{chain}+identity") for chain in chains(found).values())


def test_the_way_on_the_card_is_the_way_that_is_taken(server, request_of):
    """The declared chain around ``identity`` gives what comes back from a server that changes nothing."""
    request = request_of(shape=(131, 90), mask=np.zeros((131, 90), bool))
    tool = editor_from_spec(server.openai(canvas="fixed"))
    declared = images_of(tool.card, request, [])[CONVERSION, 0]
    assert (tool(request).image == declared).all()
    assert (declared != request.image).any(), "a letterbox to 1024x1536 resamples"


def test_a_step_that_is_no_wrapper_is_named():
    with pytest.raises(EditorError, match=r"a card's way there and back, fold:3\+identity: no such tool"):
        round_trip("fold:3+identity")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_stretching_is_left_so_and_keeps_the_depth(request_of, dtype):
    request = request_of(dtype=dtype)
    image = editor_from_spec("stretch:1,99+identity")(request).image
    assert image.dtype == dtype
    assert image.max() == (255 if dtype == np.uint8 else 4095)


@pytest.mark.parametrize("argument", ["x", "9,1", "0,101"])
def test_wrong_percentiles_are_refused(argument):
    with pytest.raises(EditorError, match="stretch"):
        editor_from_spec(f"stretch:{argument}+identity")

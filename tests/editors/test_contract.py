"""One contract for every adapter, and a check that notices each way to break it."""

from __future__ import annotations

import io
import json
import shlex
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from editproof.editors.adapter import checked
from editproof.editors.registry import editor_from_spec
from editproof.testing import check_editor, contract_requests
from editproof.types import EditorCard, EditOutcome, EditStatus
from PIL import Image as Pillow

from tests.editors.server import png

FILL = """
import sys, cv2, numpy as np
image, mask = (cv2.imread(name, cv2.IMREAD_UNCHANGED) for name in sys.argv[1:3])
image[mask > 127] = 7
cv2.imwrite(sys.argv[3], image)
"""

LOCAL = [
    "identity", "destructive", "opencv-telea", "opencv-ns",
    "paste-back+destructive", "pad:64+opencv-telea", "letterbox:128+identity", "squash:64+identity",
    "squash:100x60+opencv-ns", "tiles:32+opencv-telea", "rgb+identity", "8bit+identity", "paste-back+squash:64+opencv-telea",
]  # fmt: skip


@pytest.mark.parametrize("spec", LOCAL)
def test_local_tools(spec):
    check_editor(editor_from_spec(spec))


def test_python_callable(tmp_path):
    (tmp_path / "mine.py").write_text(
        "def make():\n    return fill\n\n\ndef fill(request):\n    return request.image * 1\n"
    )
    check_editor(editor_from_spec(f"{tmp_path / 'mine.py'}:make"))


def test_command_line(tmp_path):
    (tmp_path / "fill.py").write_text(FILL)
    words = shlex.join([sys.executable, str(tmp_path / "fill.py")])
    requests = [request for request in contract_requests() if request.image.shape == (75, 53)][:2]
    outcomes = check_editor(editor_from_spec(f"cmd:{words} {{image}} {{mask}} {{output}}"), requests)
    for request, outcome in zip(requests, outcomes, strict=True):
        assert (outcome.image == np.where(request.edit_mask, 7, request.image)).all(), "8 and 16 bit alike"


def test_folder(tmp_path):
    requests = [replace(request, case_id=f"c{number}") for number, request in enumerate(contract_requests())]
    for request in requests:
        (tmp_path / f"{request.case_id}.png").write_bytes(png(request.image))
    check_editor(editor_from_spec(f"folder:{tmp_path}"), requests)


@pytest.mark.parametrize("preset", ["iopaint", "a1111"])
def test_http(server, preset):
    requests = list(contract_requests(axes=("YX", "YXC")))
    outcomes = check_editor(editor_from_spec(f"http:{preset}?url={server.url}"), requests)
    assert {request.image.ndim for request in requests} == {2, 3}
    for request, outcome in zip(requests, outcomes, strict=True):
        if request.image.dtype == np.uint8:
            mask = request.edit_mask if request.image.ndim == 2 else request.edit_mask[..., None]
            assert (outcome.image == np.where(mask, 255 - request.image, request.image)).all()


def test_http_template(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PAINT_TOKEN", "token-1234")
    template = {
        "url": server.url, "path": "/api/v1/inpaint", "headers": {"Authorization": "Bearer ${PAINT_TOKEN}"},
        "body": {"image": "{image}", "mask": "{mask}", "sd_seed": "{seed}", "note": "{prompt} {nothing}"},
    }  # fmt: skip
    (tmp_path / "paint.json").write_text(json.dumps(template))
    editor = editor_from_spec(f"http:{tmp_path / 'paint.json'}?multiple=8")
    check_editor(editor)
    assert server.requests[0]["note"] == "Remove the marker. {nothing}"
    assert server.requests[0]["sd_seed"] == 1
    assert "token-1234" not in repr(editor.card)


def test_images_api(server):
    check_editor(editor_from_spec(server.openai()))


def test_a_service_is_sent_a_photograph_in_its_own_colours(server):
    (first, *_) = (request for request in contract_requests(axes=("YXC",)) if request.image.shape == (96, 80, 3))
    outcome = editor_from_spec(server.openai())(first)
    sent = np.asarray(Pillow.open(io.BytesIO(server.requests[0]["image"])).convert("RGB"))
    assert (sent[:96, :80] == first.image).all(), "as any viewer shows it"
    assert (outcome.image[30:] == first.image[30:]).all()


CARD = EditorCard("t", "1", "a tool", deterministic=True)


def in_place(request):
    request.image[:] = 0
    return EditOutcome.ok(request.image.copy())


BREACHES = {
    "in place": (in_place, "changed in place"),
    "alias": (lambda request: EditOutcome.ok(request.image), "shares the original's memory"),
    "size": (lambda request: EditOutcome.ok(request.image[1:].copy()), "came back as"),
    "dtype": (lambda request: EditOutcome.ok(request.image.astype(float)), "came back as"),
    "raises": (lambda request: 1 / 0, "raised ZeroDivisionError"),
    "pixels": (lambda request: request.image.copy(), "not an EditOutcome"),
    "fails": (lambda request: EditOutcome.failure(EditStatus.FAILED, "no"), "failed: no"),
    "silent": (lambda request: EditOutcome.failure(EditStatus.FAILED, ""), "without a message"),
    "leaves": (lambda request: sys.exit(0), "raised SystemExit: 0"),
    "masked": (lambda request: EditOutcome.ok(np.ma.masked_less(request.image, 9)), "came back as a masked array"),
    "random": (lambda request: EditOutcome.ok(request.image + np.uint8(request.seed)), "deterministic"),
    "mask": (lambda request: request.edit_mask.fill(True) or EditOutcome.ok(request.image * 1), "the mask was changed"),
    "both": (lambda request: EditOutcome(EditStatus.FAILED, request.image * 1, "no"), "and yet an image"),
}


@pytest.mark.parametrize("name", BREACHES)
def test_every_breach_is_noticed(name):
    function, words = BREACHES[name]

    class Tool:
        card = CARD

        def __call__(self, request):
            return function(request)

    with pytest.raises(AssertionError, match=words):
        check_editor(Tool())


def test_a_tool_that_leaves_has_failed_and_a_masked_edit_is_none(request_of):
    leaving = checked(leaves)(request_of())
    assert (leaving.status, leaving.message) == (EditStatus.FAILED, "SystemExit: 3")
    masked = checked(masks)(request_of())
    assert (masked.status, masked.message) == (EditStatus.MALFORMED, "asked for pixels, got MaskedArray")


def leaves(request):
    sys.exit(3)


def masks(request):
    return np.ma.masked_less(request.image, 9)


def test_what_comes_back_may_be_colour(tmp_path, request_of):
    request = request_of(case="c")
    cv2.imwrite(str(tmp_path / "c.png"), cv2.cvtColor(request.image, cv2.COLOR_GRAY2BGR))
    outcome = editor_from_spec(f"folder:{tmp_path}")(request)
    assert (outcome.image == request.image).all()

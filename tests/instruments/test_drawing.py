"""Masks by model files: what a model draws on its frame comes back to the image, and what cannot be drawn is one error."""

from __future__ import annotations

import base64
from functools import cache

import cv2
import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.imaging.framing import ModelFrame, framed, unframed
from editproof.instruments.reading import full_readings
from editproof.instruments.registry import instrument_from_spec
from editproof.testing import check_instrument

from .cards import SIDE, onnx_bytes, written

onnx = pytest.importorskip("onnx")

BONES = [{"name": "bones", "labels": {"1": "bone"}}]
TWO = [{"name": "bones", "labels": {"1": "bone", "2": "dense bone"}}]
FRAME = {"height": 16, "width": 16, "fit": "letterbox"}


@cache
def drawer(side: int = 16) -> bytes:
    """Gives its input back in four forms: as it is, as its logit, as scores of three classes and as whole labels."""
    from onnx import TensorProto, helper, numpy_helper

    constants = {"half": 0.5, "high": 0.75, "tiny": 1e-3, "one": 1.0, "scale": 10.0}
    nodes = [
        helper.make_node("Identity", ["pixels"], ["share"]),
        helper.make_node("Sub", ["pixels", "half"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["logit"]),
        helper.make_node("Sub", ["one", "pixels"], ["ground"]),
        helper.make_node("Sub", ["pixels", "high"], ["above"]),
        helper.make_node("Mul", ["above", "scale"], ["far"]),
        helper.make_node("Add", ["far", "pixels"], ["dense"]),
        helper.make_node("Concat", ["ground", "pixels", "dense"], ["classes"], axis=1),
        helper.make_node("ArgMax", ["classes"], ["labels"], axis=1, keepdims=0),
    ]
    shape = ["n", 1, side, side]
    outputs = {"share": shape, "logit": shape, "classes": ["n", 3, side, side]}
    told = [helper.make_tensor_value_info(name, TensorProto.FLOAT, of) for name, of in outputs.items()]
    told.append(helper.make_tensor_value_info("labels", TensorProto.INT64, ["n", side, side]))
    graph = helper.make_graph(
        nodes, "drawer", [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)], told,
        [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def opened(folder, output, masks=BONES, **fields):
    card = {"quantities": [], "masks": masks, "preprocessing": FRAME, "outputs": {"bones": output}, **fields}
    return instrument_from_spec(str(written(folder, {"m.onnx": drawer()}, **card)))


def a_bone(shape, level=255):
    image = np.zeros(shape, np.uint8)
    rows, columns = shape
    image[rows // 4 : rows // 2, columns // 4 : columns * 3 // 4] = level
    return image


FORMS = {
    "a probability": {"output": "share", "holds": "probability"},
    "a logit": {"output": "logit", "holds": "probability", "activation": "sigmoid"},
    "its place": {"output": 0, "holds": "probability", "threshold": 0.4},
}


@pytest.mark.parametrize("output", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("fit", ["letterbox", "squash"])
@pytest.mark.parametrize("shape", [(16, 16), (32, 16), (32, 32)])
def test_what_fits_the_frame_evenly_comes_back_exactly(tmp_path, output, fit, shape):
    images = [a_bone(shape), np.zeros(shape, np.uint8), a_bone(shape[::-1])]
    drawn = opened(tmp_path, output, preprocessing={**FRAME, "fit": fit}).predict(images, [{}] * 3)["bones"]
    for image, labels in zip(images, drawn, strict=True):
        assert labels.dtype == np.uint8
        np.testing.assert_array_equal(labels, image > 0)


@pytest.mark.parametrize("output", ["classes", "labels"])
def test_the_highest_class_and_the_label_itself_agree(tmp_path, output):
    tool = opened(tmp_path, {"output": output, "holds": output}, TWO)
    both = a_bone((16, 16), 160)
    both[4:6, 4:8] = 255
    (labels,) = tool.predict([both], [{}])["bones"]
    np.testing.assert_array_equal(labels, (both > 0).astype(np.uint8) + (both == 255))
    check_instrument(tool)


def test_an_outline_between_pixels_of_the_frame_is_drawn_finer_than_the_frame():
    disc = cv2.circle(np.zeros((90, 90), np.float32), (44, 44), 30, 1.0, -1)
    frame = ModelFrame(30, 30, "squash")
    small = framed(disc, (30, 30), "squash")
    smooth = unframed(small, frame, disc.shape) >= 0.5
    coarse = cv2.resize((small >= 0.5).astype(np.uint8), (90, 90), interpolation=cv2.INTER_NEAREST) > 0
    assert (smooth != (disc > 0)).sum() < 0.6 * (coarse != (disc > 0)).sum()


def test_a_coarser_output_covers_the_same_frame():
    plane = np.zeros((4, 4), np.float32)
    plane[:2] = 1
    found = unframed(plane, ModelFrame(16, 16, "letterbox"), (40, 20))
    assert found.shape == (40, 20)
    assert (found[:18] > 0.5).all()
    assert (found[22:] < 0.5).all()


def test_torchscript_draws_too(tmp_path):
    torch = pytest.importorskip("torch")

    class Drawer(torch.nn.Module):
        def forward(self, pixels):
            return torch.cat([1 - pixels, pixels], 1)

    path = tmp_path / "m.pt"
    torch.jit.save(torch.jit.trace(Drawer(), torch.zeros(2, 1, 16, 16)), str(path))
    card = {"quantities": [], "masks": BONES, "preprocessing": FRAME, "runtime": "torchscript"}
    tool = instrument_from_spec(str(written(tmp_path, {"m.pt": path.read_bytes()}, **card)), trusted=True)
    (labels,) = tool.predict([a_bone((32, 16))], [{}])["bones"]
    np.testing.assert_array_equal(labels, a_bone((32, 16)) > 0)


def test_numbers_and_masks_come_off_one_model(tmp_path):
    card = {
        "quantities": [{"name": "brightness", "unit": "1"}], "masks": BONES,
        "outputs": {"bones": {"output": "share", "holds": "probability"}, "brightness": {"output": "mean"}},
        "preprocessing": FRAME,
    }  # fmt: skip
    model = onnx.load_from_string(drawer())
    axes = onnx.numpy_helper.from_array(np.array([1, 2, 3], np.int64), "axes")
    model.graph.initializer.append(axes)
    model.graph.node.append(onnx.helper.make_node("ReduceMean", ["pixels", "axes"], ["mean"], keepdims=0))
    model.graph.output.append(onnx.helper.make_tensor_value_info("mean", onnx.TensorProto.FLOAT, ["n"]))
    tool = instrument_from_spec(str(written(tmp_path, {"m.onnx": model.SerializeToString()}, **card)))
    (found,) = full_readings(tool, "C1", [a_bone((16, 16))], {})
    numbers, maps = found.numbers, found.maps
    assert numbers == {"brightness": [0.125]}
    assert maps["bones"].sum() == 32


AT_OPENING = {
    "centre crop": ({"preprocessing": {**FRAME, "fit": "centre_crop"}}, {}, "masks on images that are cut"),
    "labels of classes": ({"masks": [{"name": "bones", "labels": {"2": "b"}}]}, {}, "labels 2 of an output of classes"),
    "two of one": ({"masks": TWO}, {"holds": "probability"}, "2 labels of one probability"),
    "threshold": ({}, {"threshold": 0.3}, "index, activation or threshold of an output of classes"),
    "holds": ({}, {"holds": "logits"}, "holds is 'logits'. Write one of classes, probability, labels"),
    "unknown": ({}, {"outputs": 1}, "outputs"),
    "stray": ({"outputs": {"bone": {}}}, {}, "outputs for 'bone'. Give outputs for bones"),
    "timm": ({"runtime": "table", "outputs": None, "preprocessing": None, "sha256": None, "table": {}}, {}, "by runtime table"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "output", "found"), AT_OPENING.values(), ids=AT_OPENING)
def test_a_card_that_cannot_be_drawn_from_is_one_error_when_it_is_opened(tmp_path, fields, output, found):
    with pytest.raises(InstrumentError, match=r"^[^\n]+$") as error:
        opened(tmp_path, output, **{"masks": BONES, **fields})
    assert found in str(error.value)


AT_READING = {
    "no such output": ({"output": "bone"}, BONES, "the model has no output 'bone'. It has share, logit"),
    "no such place": ({"output": 9}, BONES, "the model has no output 9"),
    "too few labels": ({"output": "classes"}, BONES, "has 3 channels, the card names 1 labels"),
    "which channel": ({"output": "classes", "holds": "probability"}, BONES, 'Write "index": 0 to 2'),
    "no such channel": ({"output": "classes", "holds": "probability", "index": 3}, BONES, "no index 3"),
    "logits": ({"output": "logit", "holds": "probability"}, BONES, 'write "activation": "sigmoid"'),
    "labels of scores": ({"output": "logit", "holds": "labels"}, BONES, "label -5, which the card does not name"),
    "classes of labels": ({"output": "classes", "holds": "labels"}, BONES, "3 channels of labels"),
}


@pytest.mark.parametrize(("output", "masks", "found"), AT_READING.values(), ids=AT_READING)
def test_an_output_that_is_no_mask_is_one_error_at_the_first_reading(tmp_path, output, masks, found):
    with pytest.raises(InstrumentError, match=r"^[^\n]+$") as error:
        opened(tmp_path, output, masks).predict([a_bone((16, 16))], [{}])
    assert found in str(error.value)


def test_a_number_for_each_image_is_no_mask(tmp_path):
    card = {"quantities": [], "masks": BONES, "outputs": {"bones": {"output": "reading"}}}
    tool = instrument_from_spec(str(written(tmp_path, {"m.onnx": onnx_bytes(columns=2)}, **card)))
    with pytest.raises(InstrumentError, match=r"has shape \(1, 2\), not \(1, channels, height, width\)"):
        tool.predict([np.zeros((SIDE, SIDE), np.uint8)], [{}])


def test_a_server_answers_label_maps_as_png(tmp_path, monkeypatch):
    from editproof.instruments.runtimes.http import WebInstrument

    card = {
        "quantities": [], "masks": BONES, "runtime": "http", "version": "1", "preprocessing": None, "sha256": None,
        "endpoint": {"url": "http://127.0.0.1:9/read", "images": 2},
    }  # fmt: skip
    tool = instrument_from_spec(str(written(tmp_path, **card)))
    image = a_bone((20, 12))
    text = base64.b64encode(cv2.imencode(".png", (image > 0).astype(np.uint8))[1].tobytes()).decode()
    answers = [{"bones": [text, text]}, {"bones": [text]}, {"bones": "none"}, {"bones": ["none"]}, {}]
    monkeypatch.setattr(WebInstrument, "_answer", lambda *_: answers.pop(0))
    for maps in (found.maps for found in full_readings(tool, "C1", [image] * 3, {})):
        np.testing.assert_array_equal(maps["bones"], image > 0)
    for found in ("the answer holds no label maps", "a label map is no such image", "the answer holds no label maps"):
        with pytest.raises(InstrumentError, match=found):
            tool.predict([image], [{}])

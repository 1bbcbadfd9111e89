"""Boxes and points off the tensors of an ONNX model: brought to the image, and what cannot be read is one error."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.reading import full_readings
from editproof.instruments.registry import instrument_from_spec

from .cards import written

onnx = pytest.importorskip("onnx")

FRAME = {"height": 16, "width": 16, "fit": "letterbox"}
LESIONS = {"name": "lesions", "kind": "boxes", "labels": ["nodule", "cyst"]}
MARKS = {"name": "marks", "kind": "points", "labels": ["apex", "base"]}
IMAGES = [np.zeros((32, 16), np.uint8), np.zeros((16, 16), np.uint8)]
TWO = {
    "boxes": np.array([[4, 0, 8, 4], [5, 8, 12, 16]], np.float32), "scores": np.array([0.9, 0.25], np.float32),
    "labels": np.array([1, 2], np.int64), "spare": np.array([[0, 0]], np.float32),
}  # fmt: skip
BY_NAME = {"boxes": "boxes", "scores": "scores", "labels": "labels", "first_label": 1}


def fixed(batch="n", **outputs):
    """A model that gives the same tensors whatever the image."""
    from onnx import helper, numpy_helper

    told = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in outputs.items()
    ]
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
        for name, value in outputs.items()
    ]
    pixels = helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [batch, 1, 16, 16])
    graph = helper.make_graph(nodes, "fixed", [pixels], told)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return model.SerializeToString()


def read(folder, tensors, told, output=LESIONS, images=IMAGES, batch="n", **fields):
    card = {
        "quantities": [],
        "raw_outputs": [output],
        "outputs": {output["name"]: told},
        "preprocessing": FRAME,
        **fields,
    }
    folder.mkdir(exist_ok=True)
    tool = instrument_from_spec(str(written(folder, {"m.onnx": fixed(batch, **tensors)}, **card)))
    return [reading.outputs[output["name"]] for reading in full_readings(tool, "A", images, {})]


HIGH = [[0, 0, 8, 8, pytest.approx(0.9), "nodule"], [2, 16, 14, 16, 0.25, "cyst"]]
SAME = [[4, 0, 4, 4, pytest.approx(0.9), "nodule"], [5, 8, 7, 8, 0.25, "cyst"]]
FORMS = {
    "corners": (TWO, {}),
    "sizes": ({**TWO, "boxes": np.array([[4, 0, 4, 4], [5, 8, 7, 8]], np.float32)}, {"holds": "xywh"}),
    "centres": ({**TWO, "boxes": np.array([[6, 2, 4, 4], [8.5, 12, 7, 8]], np.float32)}, {"holds": "cxcywh"}),
    "shares": ({**TWO, "boxes": TWO["boxes"] / 16}, {"relative": True}),
    "a batch of one": ({name: value[None] for name, value in TWO.items()}, {}),
    "scores of each label": (
        {**TWO, "scores": np.array([[0.9, 0.1], [0.2, 0.25]], np.float32)}, {"labels": None},
    ),
    "logits": ({**TWO, "scores": np.log(TWO["scores"] / (1 - TWO["scores"]))}, {"activation": "sigmoid"}),
}  # fmt: skip


@pytest.mark.parametrize(("tensors", "told"), FORMS.values(), ids=FORMS)
def test_boxes_come_to_the_image_from_every_form(tmp_path, tensors, told):
    high, same = read(tmp_path, tensors, {**BY_NAME, **told})
    if told.get("activation"):
        assert [box[4] for box in same] == pytest.approx([0.9, 0.25])
    assert [box[:4] for box in same] == [pytest.approx(box[:4]) for box in SAME]
    assert [box[5] for box in same] == ["nodule", "cyst"]
    assert [box[:4] for box in high] == [pytest.approx([0, 0, 8, 8]), pytest.approx([2, 16, 14, 16])]


def test_no_box_is_none_and_neither_is_one_of_score_0(tmp_path):
    empty = {name: value[:0] for name, value in TWO.items()}
    assert read(tmp_path / "a", empty, BY_NAME) == [[], []]
    filled = {**TWO, "boxes": TWO["boxes"] * 0, "scores": TWO["scores"] * 0}
    assert read(tmp_path / "b", filled, BY_NAME) == [[], []]


def test_what_lies_beyond_the_image_is_cut_off_where_the_card_says_so(tmp_path):
    wide = {**TWO, "boxes": np.array([[0, 0, 8, 4], [0, 0, 3, 16]], np.float32)}
    with pytest.raises(InstrumentError, match="outside of the image of 16 columns and 32 rows"):
        read(tmp_path / "a", wide, BY_NAME)
    assert read(tmp_path / "b", wide, {**BY_NAME, "clip": True})[0] == [[0, 0, 8, 8, pytest.approx(0.9), "nodule"]]


heat = np.zeros((2, 4, 4), np.float32)
heat[0, 1, 2], heat[1, 3, 1] = 0.8, 0.3
POINTS = {
    "coordinates": ({"at": np.array([[10, 6], [6, 14]], np.float32)}, {}, {"apex": [10, 6], "base": [6, 14]}),
    "shares": (
        {"at": np.array([[[10, 6], [6, 14]]], np.float32) / 16}, {"relative": True}, {"apex": [10, 6], "base": [6, 14]},
    ),
    "heatmaps": ({"at": heat}, {"holds": "heatmaps"}, {"apex": [10, 6], "base": [6, 14]}),
    "a batch of heatmaps": ({"at": heat[None]}, {"holds": "heatmaps", "least": 0.5}, {"apex": [10, 6]}),
}  # fmt: skip


@pytest.mark.parametrize(("tensors", "told", "found"), POINTS.values(), ids=POINTS)
def test_points_come_to_the_image_from_coordinates_and_heatmaps(tmp_path, tensors, told, found):
    high, same = read(tmp_path, tensors, {"output": "at", **told}, MARKS)
    assert same == {name: pytest.approx(place) for name, place in found.items()}
    assert high == {name: pytest.approx([(x - 4) * 2, y * 2]) for name, (x, y) in found.items()}


WRONG = {
    "three numbers a box": (TWO, {"boxes": "spare"}, LESIONS, "output 'spare' has shape \\(1, 2\\), not \\(N, 4\\)"),
    "no such output": (TWO, {"boxes": "box"}, LESIONS, "no output 'box'.*boxes, scores, labels, spare"),
    "another number of scores": (
        {**TWO, "scores": TWO["scores"][:1]}, {}, LESIONS, "2 boxes, 1 scores and 2 labels",
    ),
    "scores of other labels": (
        {**TWO, "scores": np.ones((2, 3), np.float32)}, {}, LESIONS, "shape \\(2, 3\\), not \\(N,\\) or \\(N, 2\\)",
    ),
    "a label that the card lacks": (TWO, {"first_label": 0}, LESIONS, "label 2 of a box.*names 0 to 1"),
    "no labels": (TWO, {"labels": None}, LESIONS, "nothing says which of 2 labels"),
    "a score of 9": ({**TWO, "scores": TWO["scores"] * 10}, {}, LESIONS, "score 9.*from 0 to 1"),
    "NaN": ({**TWO, "boxes": TWO["boxes"] * np.nan}, {}, LESIONS, "NaN"),
    "an unknown setting": (TWO, {"format": "xyxy"}, LESIONS, "format"),
    "three landmarks": ({"at": np.zeros((3, 2), np.float32)}, None, MARKS, "not \\(2, 2\\) for apex, base"),
    "text": (TWO, {}, {"name": "words", "kind": "text"}, "text by a model file"),
}  # fmt: skip


@pytest.mark.parametrize(("tensors", "told", "output", "found"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_one_line(tmp_path, tensors, told, output, found):
    told = {"output": "at"} if told is None else {**BY_NAME, **told} if output is LESIONS else told
    with pytest.raises(InstrumentError, match=found) as caught:
        read(tmp_path, tensors, told, output)
    assert "\n" not in str(caught.value)


def test_a_model_of_several_images_at_once_is_refused_for_boxes_and_so_is_a_crop(tmp_path):
    with pytest.raises(InstrumentError, match=r"4 images at once.*batch of 1"):
        read(tmp_path / "a", TWO, BY_NAME, batch=4)
    with pytest.raises(InstrumentError, match="cut at the centre"):
        read(tmp_path / "b", TWO, BY_NAME, preprocessing={**FRAME, "fit": "centre_crop"})

"""Raw outputs by each runtime that gives them: classes and grades off a model's columns, the rest by Python or HTTP."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.reading import full_readings
from editproof.instruments.registry import instrument_from_spec

from .cards import images, onnx_bytes, written

FINDING = {"name": "finding", "kind": "classes", "labels": ["a", "b", "c"]}
GRADE = {"name": "kl", "kind": "ordinal", "labels": ["0", "1", "2"]}
BOXES = {"name": "lesions", "kind": "boxes", "labels": ["nodule"], "settings": {"score": 0.3, "match": "centre"}}
FILE = """
class Finder:
    def predict_proba(self, images):
        return [[0.2, 0.3, 0.5]] * len(images)

    def predict(self, images):
        return [2] * len(images)

    def read_outputs(self, images):
        return {"lesions": [[[1, 2, 3, 4, 0.5]] for image in images]}


def finder():
    return Finder()
"""


def test_classes_are_columns_of_one_output_of_a_model(tmp_path):
    pytest.importorskip("onnx")
    card = {"quantities": [], "raw_outputs": [FINDING], "outputs": {"finding": {"activation": "softmax"}}}
    tool = instrument_from_spec(str(written(tmp_path, {"m.onnx": onnx_bytes(columns=3)}, **card)))
    assert [quantity.name for quantity in tool.card.quantities] == ["finding=a", "finding=b", "finding=c"]
    (found,) = full_readings(tool, "C1", images(1), {})
    mean = 25 / 255
    wanted = np.exp(mean * np.arange(1, 4)) / np.exp(mean * np.arange(1, 4)).sum()
    assert [found.numbers[f"finding={label}"][0] for label in "abc"] == pytest.approx(wanted, abs=1e-6)


def test_classes_without_a_softmax_are_refused(tmp_path):
    pytest.importorskip("onnx")
    card = {"quantities": [], "raw_outputs": [FINDING]}
    tool = instrument_from_spec(str(written(tmp_path, {"m.onnx": onnx_bytes(columns=3)}, **card)))
    with pytest.raises(InstrumentError, match="finding of case C1 by tiny: probabilities that sum to 0"):
        full_readings(tool, "C1", images(1), {})


def test_a_grade_is_the_place_of_the_largest_column(tmp_path):
    pytest.importorskip("onnx")
    card = {"quantities": [], "raw_outputs": [GRADE], "outputs": {"kl": {"activation": "argmax"}}}
    tool = instrument_from_spec(str(written(tmp_path, {"m.onnx": onnx_bytes(columns=3)}, **card)))
    (found,) = full_readings(tool, "C1", images(1), {})
    assert found.numbers == {"kl": [2.0]}


def test_a_python_model_gives_everything(tmp_path):
    (tmp_path / "finder.py").write_text(FILE)
    card = {
        "runtime": "python", "factory": "finder.py:finder", "inputs": {"as": "images"}, "preprocessing": None,
        "quantities": [], "raw_outputs": [FINDING, GRADE, BOXES],
    }  # fmt: skip
    path = written(tmp_path, {"finder.py": FILE.encode()}, **card)
    (found,) = full_readings(instrument_from_spec(str(path), trusted=True), "C1", images(1), {})
    assert found.numbers == {"finding=a": [0.2], "finding=b": [0.3], "finding=c": [0.5], "kl": [2.0]}
    assert found.outputs == {"lesions": [[1.0, 2.0, 3.0, 4.0, 0.5, "nodule"]]}


def test_a_server_gives_everything(tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            n = len(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["images"])
            told = {"kl": [1] * n, "lesions": [[[1, 2, 3, 4, 0.5, "nodule"]]] * n}
            body = json.dumps({"readings": told}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    card = {
        "runtime": "http", "endpoint": {"url": f"http://127.0.0.1:{server.server_port}/"}, "version": "1",
        "preprocessing": None, "sha256": None, "quantities": [], "raw_outputs": [GRADE, BOXES],
    }  # fmt: skip
    (found, _) = full_readings(instrument_from_spec(str(written(tmp_path, **card))), "C1", images(2), {})
    server.shutdown()
    assert found.numbers == {"kl": [1.0]}
    assert found.outputs == {"lesions": [[1.0, 2.0, 3.0, 4.0, 0.5, "nodule"]]}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"raw_outputs": [{"name": "words", "kind": "text"}]}, "text by a model file"),
        ({"raw_outputs": [{**FINDING, "label": 1}]}, "label"),
        ({"raw_outputs": [FINDING], "outputs": {"findings": {}}}, "outputs for 'findings'"),
        ({"raw_outputs": [GRADE], "outputs": {"kl": {"activation": "argmax", "index": 1}}}, "argmax and the column 1"),
    ],
    ids=["text", "key", "output", "argmax"],
)
def test_a_card_that_cannot_be_read_from_is_one_error(tmp_path, fields, words):
    pytest.importorskip("onnx")
    path = written(tmp_path, {"m.onnx": onnx_bytes(columns=3)}, quantities=[], **fields)
    with pytest.raises(InstrumentError, match=words):
        full_readings(instrument_from_spec(str(path)), "C1", images(1), {})

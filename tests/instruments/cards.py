"""Small models and cards to test instruments on: what they read can be told from the pixels by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from editproof.instruments.files import file_sha256

SIDE = 8
PREPARED = {"height": SIDE, "width": SIDE, "fit": "squash"}


def onnx_bytes(
    *,
    columns: int = 1,
    covariate: str = "",
    batch: object = "n",
    nan: bool = False,
    pattern: np.ndarray | None = None,
    takes: str = "FLOAT",
) -> bytes:
    """A model that returns ``mean * (k + 1)`` in column k, and adds the covariate where there is one.

    Where there is a pattern of the image's size, the image is multiplied by it first. ``takes`` is the type of the pixels.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    shape = (SIDE, SIDE) if pattern is None else pattern.shape
    weights = np.arange(1, columns + 1, dtype=np.float32)[None, :] * (np.nan if nan else 1)
    plane = np.ones(shape, np.float32) if pattern is None else pattern.astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "pattern"], ["seen"]),
        helper.make_node("ReduceMean", ["seen", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["product"]),
    ]
    inputs = [helper.make_tensor_value_info("pixels", TensorProto.DataType.Value(takes), [batch, 1, *shape])]
    if covariate:
        inputs.append(helper.make_tensor_value_info(covariate, TensorProto.FLOAT, [batch, 1]))
        nodes.append(helper.make_node("Add", ["product", covariate], ["reading"]))
    else:
        nodes.append(helper.make_node("Identity", ["product"], ["reading"]))
    graph = helper.make_graph(
        nodes, "tiny", inputs, [helper.make_tensor_value_info("reading", TensorProto.FLOAT, [batch, columns])],
        [numpy_helper.from_array(np.array([2, 3], np.int64), "axes"), numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(plane, "pattern")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def written(
    folder: Path, contents: dict[str, bytes] | None = None, file_name: str = "card.json", **fields: object
) -> Path:
    """A card with its files, their digests entered; a field of None is left out."""
    for file, content in (contents or {}).items():
        (folder / file).write_bytes(content)
    card = {
        "name": "tiny",
        "description": "for tests",
        "licence": "none",
        "training_data": "none",
        "runtime": "onnx",
        "quantities": [{"name": "brightness", "unit": "1"}],
        "preprocessing": PREPARED,
        "sha256": {file: file_sha256(folder / file) for file in contents or {}},
        **fields,
    }
    path = folder / file_name
    path.write_text(json.dumps({key: value for key, value in card.items() if value is not None}))
    return path


def images(n: int = 3, depth: type = np.uint8) -> list[np.ndarray]:
    top = np.iinfo(depth).max
    return [np.full((20, 12 + index), top * (index + 1) // 10, depth) for index in range(n)]

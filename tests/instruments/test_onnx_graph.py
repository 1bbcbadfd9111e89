"""A model that is told what it reads is refused unless its graph shows that the reading does not depend on it."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes.onnx_graph import depends

from .cards import SIDE, images, onnx_bytes, written

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

SEX = {"name": "sex", "unit": "probability", "kind": "probability"}
TWO = {
    "quantities": [{"name": "age", "unit": "months"}, SEX],
    "covariates": ["sex"],
    "inputs": {"covariates": {"sex": {"input": "male"}}},
    "outputs": {"age": {"output": "age"}, "sex": {"output": "logit"}},
}


def two_readings(*, leak: str = "") -> bytes:
    """``age`` is the mean of the pixels plus ``male``; ``logit`` is the mean, and as ``leak`` says depends on it too."""
    mean = helper.make_node("ReduceMean", ["pixels", "axes"], ["mean"], keepdims=0)
    nodes = [mean, helper.make_node("Add", ["mean", "male"], ["age"])]
    if leak == "inside":
        one = helper.make_tensor_value_info("one", TensorProto.FLOAT, None)
        inner = [
            helper.make_graph([helper.make_node("Identity", [name], ["one"])], name, [], [one])
            for name in ("male", "mean")
        ]
        nodes.append(helper.make_node("If", ["yes"], ["logit"], then_branch=inner[0], else_branch=inner[1]))
    elif leak:
        nodes += [helper.make_node("Neg", [leak], ["less"]), helper.make_node("Add", ["mean", "less"], ["logit"])]
    else:
        nodes.append(helper.make_node("Identity", ["mean"], ["logit"]))
    graph = helper.make_graph(
        nodes, "two",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 1, SIDE, SIDE]), helper.make_tensor_value_info("male", TensorProto.FLOAT, ["n", 1])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1]) for name in ("age", "logit")],
        [numpy_helper.from_array(np.array([2, 3], np.int64), "axes"), numpy_helper.from_array(np.array(True), "yes")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.mark.parametrize(("leak", "told"), [("", False), ("male", True), ("age", True), ("inside", True)])
def test_an_output_depends_on_what_reaches_it_by_any_way(leak, told):
    content = two_readings(leak=leak)
    assert depends(content, "logit", "male") is depends(content, 1, "male") is told
    assert depends(content, "age", "male")
    assert depends(content, "logit", "pixels")


def test_an_output_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="it has no output 'months'"):
        depends(onnx_bytes(), "months", "male")
    with pytest.raises(ValueError, match="protobuf"):
        depends(b"nonsense", 0, "male")


def test_a_quantity_that_is_told_may_be_read_from_the_image_alone(tmp_path):
    both = instrument_from_spec(str(written(tmp_path, {"m.onnx": two_readings()}, **TWO)))
    both.check()
    girl, boy = (both.predict(images(1), [{"sex": sex}]) for sex in (0.0, 1.0))
    assert boy["age"][0, 0] - girl["age"][0, 0] == pytest.approx(1)
    assert boy["sex"][0, 0] == girl["sex"][0, 0]


@pytest.mark.parametrize("leak", ["male", "age", "inside"])
def test_a_quantity_that_is_told_may_not_be_read_off_what_was_told(tmp_path, leak):
    both = instrument_from_spec(str(written(tmp_path, {"m.onnx": two_readings(leak=leak)}, **TWO)))
    for use in (both.check, lambda: both.predict(images(1), [{"sex": 1.0}])):
        with pytest.raises(InstrumentError, match="output 'logit' depends on input 'male'"):
            use()


def test_a_told_quantity_may_not_choose_the_model_that_reads_it(tmp_path):
    chosen = {**TWO, "inputs": {}, "by_covariate": {"sex": {"0": ["m.onnx"], "1": ["f.onnx"]}}}
    files = {"m.onnx": two_readings(), "f.onnx": two_readings()}
    with pytest.raises(InstrumentError, match="it is told sex, which it reads"):
        instrument_from_spec(str(written(tmp_path, files, **chosen)))

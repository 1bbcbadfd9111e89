"""A model that keeps weights in another file is refused wherever they hide, and from whatever folder a run starts."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes import onnx_parts
from editproof.instruments.runtimes.onnx_parts import check_whole, has_external_data

from .cards import images, onnx_bytes, written

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def outside(name="w"):
    """A tensor of one number, kept in the file ``w.data``."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1, 1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.data")
    return tensor


def model(*nodes, initializers=(), functions=(), **graph):
    made = helper.make_graph(list(nodes), "g", [], [], list(initializers), **graph)
    return helper.make_model(made, functions=list(functions), opset_imports=[helper.make_opsetid("", 18)])


def sparse():
    return onnx.SparseTensorProto(values=outside(), dims=[1])


def constant(**value):
    return helper.make_node("Constant", [], ["c"], **value)


def branch():
    return helper.make_graph([constant(value=outside())], "inner", [], [])


PLACES = {
    "an initializer": lambda: model(initializers=[outside()]),
    "a sparse initializer": lambda: model(sparse_initializer=[sparse()]),
    "a constant": lambda: model(constant(value=outside())),
    "a sparse constant": lambda: model(constant(sparse_value=sparse())),
    "a branch in a branch": lambda: model(
        helper.make_node("If", ["x"], ["y"], then_branch=helper.make_graph(
            [helper.make_node("If", ["x"], ["y"], then_branch=branch())], "outer", [], []))
    ),
    "a function": lambda: model(functions=[helper.make_function(
        "own", "f", [], ["c"], [constant(value=outside())], [helper.make_opsetid("", 18)])]),
}  # fmt: skip


@pytest.mark.parametrize("made", PLACES.values(), ids=PLACES)
def test_a_tensor_elsewhere_is_found_wherever_it_is(made):
    assert has_external_data(made().SerializeToString())
    with pytest.raises(InstrumentError, match="it keeps weights in another file, which no digest covers"):
        check_whole(made().SerializeToString(), "a model")


def test_a_whole_model_is_whole():
    assert not has_external_data(onnx_bytes(columns=3, covariate="male"))
    named = numpy_helper.from_array(np.ones(3, np.float32), "external_data")
    assert not has_external_data(model(constant(value=named), initializers=[named]).SerializeToString())


@pytest.mark.parametrize("content", [b"nonsense", b"\x3a\x05ab", b"\xff" * 20, b"\x3b", b"\x00\x00", b"    ORTM"])
def test_what_is_no_protobuf_is_one_line(content):
    with pytest.raises(InstrumentError, match="ONNX Runtime cannot read it"):
        check_whole(content, "a model")


def test_weights_in_the_working_directory_are_not_read(tmp_path, monkeypatch):
    whole = onnx.load_from_string(onnx_bytes())
    kept = next(w for w in whole.graph.initializer if w.name == "weights")
    elsewhere = outside("weights")
    kept.CopyFrom(elsewhere)
    (tmp_path / "w.data").write_bytes(np.array([1000], np.float32).tobytes())
    monkeypatch.chdir(tmp_path)
    instrument = instrument_from_spec(str(written(tmp_path, {"m.onnx": whole.SerializeToString()})))
    for act in (instrument.check, lambda: instrument.predict(images(1), [{}])):
        with pytest.raises(InstrumentError, match=r"file m\.onnx .*: it keeps weights in another file"):
            act()


MESSAGES = {
    "model": "ModelProto",
    "training": "TrainingInfoProto",
    "graph": "GraphProto",
    "function": "FunctionProto",
    "node": "NodeProto",
    "attribute": "AttributeProto",
    "sparse": "SparseTensorProto",
    "tensor": "TensorProto",
}


def test_every_field_of_the_format_that_may_hold_a_tensor_is_walked():
    ours = {name: kind for kind, name in MESSAGES.items()}
    for kind, name in MESSAGES.items():
        fields = getattr(onnx, name).DESCRIPTOR.fields
        held = {f.number: ours[f.message_type.name] for f in fields if f.message_type and f.message_type.name in ours}
        assert onnx_parts._PARTS[kind] == held

"""From a torch module to one small ONNX file: matrices in half precision, as they are shipped, computed in single."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 17
"""Read by every ONNX Runtime from 1.20 on, and new enough to sample a grid (16)."""


def save_onnx(
    module: nn.Module,
    example: Sequence[Tensor],
    path: Path,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    free: bool = True,
) -> None:
    """Write a module in evaluation mode as ONNX.

    Parameters
    ----------
    module : nn.Module
    example : sequence of Tensor
        One for each input.
    path : Path
    inputs, outputs : sequence of str
        Names.
    free : bool
        Whether the first axis of all of them may be of any length.
    """
    axes = {name: {0: "n"} for name in (*inputs, *outputs)} if free else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further packages is said to go
        torch.onnx.export(
            module.eval(),
            tuple(example),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,  # batch statistics stay apart, and matrices exact in half
            dynamo=False,
        )
    model = halved(onnx.load(path))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with matrices kept in half precision where that loses nothing, each cast to single when it is loaded.

    ONNX Runtime folds the casts into the weights at the start of a session, so that all arithmetic is in single
    precision. Names of files and lines of the module that was exported are left out: equal weights give equal bytes.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        half = values.astype(np.float16)
        if tensor.data_type == TensorProto.FLOAT and values.ndim > 1 and np.array_equal(half, values):
            casts.append(helper.make_node("Cast", [f"{tensor.name}:half"], [tensor.name], to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(half, f"{tensor.name}:half"))
    nodes = [*casts, *graph.node]
    for node in nodes:
        node.ClearField("doc_string")
    del graph.node[:]
    graph.node.extend(nodes)
    return model

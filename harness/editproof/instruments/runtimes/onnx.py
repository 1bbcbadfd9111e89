"""ONNX models by ONNX Runtime, on the processor; the only place that imports it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from editproof.errors import InstrumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.instruments.preparation import Preparation
    from editproof.instruments.runtimes.modelled import Inputs

AT_ONCE = 16
_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


def network(content: bytes, asked: str, inputs: Inputs, prepared: Preparation) -> Callable[..., Mapping[str, Any]]:
    """The model as a function of a batch and covariates.

    Raises
    ------
    InstrumentError
        It is not a model that ONNX Runtime reads, or its inputs are not those of the card.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0") or 0)
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting thread costs nothing
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no base but Exception
        found = f"ONNX Runtime cannot read it ({_first_line(error)})"
        raise InstrumentError(asked, found, "Export it anew, as one file without external data.") from error
    places = {place.name: place for place in session.get_inputs()}
    image = inputs.image or next(iter(places), "")
    wanted = {image, *(how.input or name for name, how in inputs.covariates.items())}
    if wanted != set(places):
        found = f"its inputs are {', '.join(places)}, the card names {', '.join(sorted(wanted))}"
        raise InstrumentError(asked, found, 'Write "inputs": {"image": NAME, "covariates": {...}}.')
    shape = list(places[image].shape)
    fixed = shape[0] if shape and isinstance(shape[0], int) and shape[0] > 0 else None
    if len(shape) != 1 + len(prepared.shape) or any(
        isinstance(size, int) and size != ours for size, ours in zip(shape[1:], prepared.shape, strict=True)
    ):
        found = f"input {image} has shape {shape}, the card prepares (n, {', '.join(map(str, prepared.shape))})"
        raise InstrumentError(asked, found, "Mend height, width, channels or layout under preprocessing.")
    _check_range(places[image], prepared, asked)
    outputs = [place.name for place in session.get_outputs()]

    def read(batch: NDArray[Any], covariates: Mapping[str, NDArray[np.float64]], _: Sequence[object]) -> dict[str, Any]:
        parts: list[list[Any]] = []
        step = fixed or AT_ONCE
        for first in range(0, len(batch), step):
            images = batch[first : first + step]
            n, short = len(images), (fixed or 0) - len(images)
            feeds = {image: _padded(_as(images, _dtype(places[image], asked)), short)}
            for name, values in covariates.items():
                place = places[inputs.covariates[name].input or name]
                part = values[first : first + step].astype(_dtype(place, asked))
                feeds[place.name] = _padded(part if len(place.shape) < 2 else part[:, None], short)
            try:
                found = session.run(None, feeds)
            except Exception as error:
                advice = "Mend the model, or inputs and preprocessing on the card."
                raise InstrumentError(asked, f"it does not run ({_first_line(error)})", advice) from error
            if short > 0 and (odd := [np.shape(part) for part in found if np.shape(part)[:1] != (fixed,)]):
                advice = "Export it with a batch of 1, or of any size."
                raise InstrumentError(asked, f"it reads {fixed} images at once and gives {odd[0]}", advice)
            parts.append([np.asarray(part)[:n] if short > 0 else np.asarray(part) for part in found])
        whole = [np.concatenate(list(map(np.atleast_1d, pieces))) for pieces in zip(*parts, strict=True)]
        return dict(zip(outputs, whole, strict=True))

    return read


def _as(images: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """The batch in an input's type: the nearest level where it takes whole numbers."""
    return np.rint(images).astype(dtype) if np.dtype(dtype).kind in "iu" else images.astype(dtype, copy=False)


def _padded(values: NDArray[Any], short: int) -> NDArray[Any]:
    """The batch, its last entry repeated up to a fixed size that the model was exported with."""
    return np.concatenate([values, np.repeat(values[-1:], short, axis=0)]) if short > 0 else values


def _dtype(place: Any, asked: str) -> Any:
    if place.type not in _DTYPES:
        raise InstrumentError(asked, f"input {place.name} is a {place.type}", f"Known: {', '.join(_DTYPES)}.")
    return _DTYPES[place.type]


def _check_range(image: Any, prepared: Preparation, asked: str) -> None:
    """Refuse pixels from 0 to 1 for an input of whole numbers, which would make them all 0."""
    dtype = np.dtype(_dtype(image, asked))
    if dtype.kind != "f" and (dtype.kind == "b" or not prepared.is_whole):
        found = f"input {image.name} is a {image.type}, the card prepares fractions"
        advice = 'Write "stretch": "levels" (0 to 255) without mean and sd, or export it with an input of floats.'
        raise InstrumentError(asked, found, advice)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]

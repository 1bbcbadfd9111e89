"""Whether an ONNX model is in one file: its protobuf is searched, without any package, for weights in other files.

ONNX Runtime would take such weights from wherever the process happens to run, past the digest of the card.
"""

from __future__ import annotations

from collections.abc import Iterator

from editproof.errors import InstrumentError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}

_TENSOR = "tensor"
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_PARTS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: _TENSOR, 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: _TENSOR, 6: "graph", 10: _TENSOR, 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: _TENSOR, 2: _TENSOR},
    _TENSOR: {},
}
"""By message of onnx.proto: the fields that hold messages in which a tensor may be."""


def check_whole(content: bytes, asked: str) -> None:
    """Refuse a model that is not ONNX, or that keeps weights in another file.

    Raises
    ------
    InstrumentError
    """
    advice = "Export it anew, as one file without external data."
    try:
        outside = has_external_data(content)
    except ValueError as error:
        raise InstrumentError(asked, f"ONNX Runtime cannot read it ({error})", advice) from error
    if outside:
        raise InstrumentError(asked, "it keeps weights in another file, which no digest covers", advice)


def has_external_data(content: bytes) -> bool:
    """Whether any tensor of an ONNX model, however deep, is said to lie in another file.

    Raises
    ------
    ValueError
        The content is not a protobuf.
    """
    waiting = [("model", memoryview(content))]
    while waiting:
        message, part = waiting.pop()
        for number, wire, value in fields_of(part):
            if message == _TENSOR and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
                return True
            kind = _PARTS[message].get(number)
            if kind and wire == _BYTES and isinstance(value, memoryview):
                waiting.append((kind, value))
    return False


def fields_of(part: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Number, wire type and value of each field of a message."""
    at = 0
    while at < len(part):
        tag, at = _varint(part, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise ValueError("it is not a protobuf")
        if wire == _VARINT:
            value, at = _varint(part, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, at = _varint(part, at)
        elif wire in _WIDTHS:
            size = _WIDTHS[wire]
        else:
            raise ValueError("it is not a protobuf of ONNX")
        if at + size > len(part):
            raise ValueError("it is cut off")
        yield number, wire, part[at : at + size]
        at += size


def _varint(part: memoryview, at: int) -> tuple[int, int]:
    """An integer of up to ten bytes, and where the next field begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(part):
            raise ValueError("it is cut off")
        byte = part[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is not a protobuf")

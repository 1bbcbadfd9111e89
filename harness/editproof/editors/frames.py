"""Messages between the harness and a tool in a process of its own: a JSON header, then plain bytes.

Nothing that the tool's process writes is ever executed here: no pickle, no names of classes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from editproof.imaging.axes import spatial_shape
from editproof.types import JSON, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray


LONGEST_HEADER = 1 << 26
LONGEST_PART = 1 << 32
"""Bytes; more than any radiograph, so that a broken message is noticed before memory is full."""


class BrokenFrameError(ValueError):
    """What arrived is no message."""


def write_frame(stream: BinaryIO, header: JSON, parts: Sequence[bytes] = ()) -> None:
    """Write a message.

    Parameters
    ----------
    header : mapping
        Plain JSON; what begins with ``_`` is ours.
    parts : sequence of bytes
    """
    text = json.dumps({**header, "_sizes": [len(part) for part in parts]}).encode()
    stream.write(len(text).to_bytes(8, "big") + text)
    for part in parts:
        stream.write(part)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, JSON], list[bytes]] | None:
    """The next message, or None where the other side ended between two.

    Raises
    ------
    BrokenFrameError
        Where it ended within one, or what it wrote is none.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write_frame(stream, {"a": 1}, [b"xy"])
    >>> _ = stream.seek(0)
    >>> read_frame(stream), read_frame(stream)
    (({'a': 1}, [b'xy']), None)
    """
    first = stream.read(8)
    if not first:
        return None
    length = int.from_bytes(first, "big")
    if len(first) < 8 or length > LONGEST_HEADER:
        raise BrokenFrameError("no length of a header")
    try:
        header = json.loads(_read(stream, length))
        sizes = [int(size) for size in header.pop("_sizes")]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise BrokenFrameError("no header") from error
    if any(not 0 <= size <= LONGEST_PART for size in sizes):
        raise BrokenFrameError("impossible sizes")
    return header, [_read(stream, size) for size in sizes]


def _read(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise BrokenFrameError("it ends within a message")
    return content


def request_frame(request: EditRequest) -> tuple[JSON, list[bytes]]:
    """A request as a header and two parts: image and edit mask."""
    header = {
        "prompt": request.prompt,
        "repeat": request.repeat,
        "seed": request.seed,
        "case_id": request.case_id,
        "parameters": dict(request.parameters),
        "shape": list(request.image.shape),
        "dtype": request.image.dtype.str,
        "output": list(request.output) if request.output else None,
        "spacing_mm": list(request.spacing_mm) if request.spacing_mm else None,
    }
    return header, [_bytes(request.image), _bytes(request.edit_mask)]


def request_of(header: JSON, parts: Sequence[bytes]) -> EditRequest:
    """The request that :func:`request_frame` wrote."""
    shape = tuple(header["shape"])
    return EditRequest(
        np.frombuffer(parts[0], header["dtype"]).reshape(shape),
        np.frombuffer(parts[1], bool).reshape(spatial_shape(shape)),
        header["prompt"],
        header["repeat"],
        header["seed"],
        header["case_id"],
        header["parameters"],
        tuple(header["output"]) if header["output"] else None,
        tuple(header["spacing_mm"]) if header["spacing_mm"] else None,
    )


def outcome_frame(outcome: EditOutcome) -> tuple[JSON, list[bytes]]:
    """A checked outcome as a header and two parts: pixels, which may be none, and the bytes that the tool answered."""
    header = {
        "status": outcome.status.value,
        "message": outcome.message,
        "provenance": dict(outcome.provenance),
        "image": outcome.image is not None,
    }
    return header, [b"" if outcome.image is None else _bytes(outcome.image), outcome.raw]


def outcome_of(header: JSON, parts: Sequence[bytes], request: EditRequest) -> EditOutcome:
    """The outcome that :func:`outcome_frame` wrote, of a request whose shape and type the pixels have.

    Raises
    ------
    BrokenFrameError
        Where it is none.
    """
    try:
        status, message, provenance = EditStatus(header["status"]), header["message"], header["provenance"]
        image = None
        if header["image"]:
            image = np.frombuffer(parts[0], request.image.dtype).reshape(request.wanted)
        raw = parts[1]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise BrokenFrameError(f"no outcome ({error})") from error
    if not isinstance(message, str) or not isinstance(provenance, dict):
        raise BrokenFrameError("no outcome")
    return EditOutcome(status, image, message, provenance, raw)


def in_pairs(parts: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Parts two by two, as requests and outcomes have them.

    Examples
    --------
    >>> in_pairs([b"a", b"b", b"c", b"d"])
    [[b'a', b'b'], [b'c', b'd']]
    """
    return [parts[at : at + 2] for at in range(0, len(parts), 2)]


def _bytes(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array).tobytes()

"""On which inputs an output of an ONNX model depends: its graph is walked, without any package.

A model that is told a quantity may read that quantity too, where its graph shows that what it is told never gets there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from editproof.errors import InstrumentError
from editproof.instruments.runtimes.onnx_parts import fields_of

_GRAPH, _NODE, _OUTPUT = 7, 1, 12
_TAKES, _GIVES, _ATTRIBUTE, _NAME = 1, 2, 5, 1
_INNER = (6, 11)
"""Fields of onnx.proto: of a model, a graph, a node, a value and an attribute."""


def check_untold(content: bytes, output: str | int, told: str, asked: str) -> None:
    """Refuse a model one of whose outputs depends on an input that tells it what it is to read.

    Parameters
    ----------
    content : bytes
        Of an ONNX file.
    output : str or int
        Name of the output, or its place.
    told : str
        Name of the input.
    asked : str

    Raises
    ------
    InstrumentError
    """
    try:
        is_told = depends(content, output, told)
    except ValueError as error:
        advice = "Export it anew, as one file without external data."
        raise InstrumentError(asked, f"ONNX Runtime cannot read it ({error})", advice) from error
    if is_told:
        found = f"output {output!r} depends on input {told!r}, which tells the model what it is to read"
        advice = "Leave it out of the covariates or of the quantities, or compute that output from the image alone."
        raise InstrumentError(asked, found, advice)


def depends(content: bytes, output: str | int, told: str) -> bool:
    """Whether an output of an ONNX model is computed from the input ``told``, directly or not.

    What happens inside a node is not looked at: all that it gives depends on all that it takes, and on all that the
    graphs inside it mention. A True may thus be too careful, a False is not.

    Raises
    ------
    ValueError
        The content is not a protobuf, or there is no output of that name or at that place.
    """
    graphs = [value for number, value in _messages(content) if number == _GRAPH]
    names = [_text(value, _NAME) for graph in graphs for number, value in _messages(graph) if number == _OUTPUT]
    wanted = names[output] if isinstance(output, int) and output < len(names) else output
    if wanted not in names:
        raise ValueError(f"it has no output {output!r}")
    needed: dict[str, set[str]] = {}
    for takes, gives in _nodes(graphs):
        for name in gives:
            needed.setdefault(name, set()).update(takes)
    seen, waiting = set[str](), [str(wanted)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += needed.get(name, ())
    return told in seen


def _nodes(graphs: Iterable[memoryview]) -> Iterator[tuple[set[str], list[str]]]:
    """Names that each node takes, those that the graphs inside it mention included, and names that it gives."""
    for graph in graphs:
        for number, node in _messages(graph):
            if number != _NODE:
                continue
            parts = list(_messages(node))
            takes = {_decoded(value) for field, value in parts if field == _TAKES}
            inner = [
                value
                for field, attribute in parts
                if field == _ATTRIBUTE
                for place, value in _messages(attribute)
                if place in _INNER
            ]
            for more, given in _nodes(inner):
                takes |= more | set(given)
            for one in inner:
                takes |= {_text(value, _NAME) for field, value in _messages(one) if field == _OUTPUT}
            yield takes, [_decoded(value) for field, value in parts if field == _GIVES]


def _messages(part: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field of a message that is not a number."""
    for number, _, value in fields_of(memoryview(part)):
        if isinstance(value, memoryview):
            yield number, value


def _text(part: memoryview, field: int) -> str:
    return next((_decoded(value) for number, value in _messages(part) if number == field), "")


def _decoded(value: memoryview) -> str:
    return bytes(value).decode("utf-8", "replace")

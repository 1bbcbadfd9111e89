"""Where JSON becomes typed values and typed values become JSON; what does not fit its type is one error of ours.

A record is a frozen dataclass of the standard library. Its annotations say what each field has to be, pydantic reads
and writes it, and a wrong value is named by its file, its field, what was found there and what is wanted instead.
What is decorated with :func:`editproof.core.declared.closed` takes no field that it does not declare; what is
decorated with :func:`editproof.core.declared.open_ended` skips those, since other versions may write them too.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from editproof.core.declared import CLOSED, Wanted
from editproof.core.nearest import nearest
from editproof.core.pointers import fault_of_pointer
from editproof.errors import EditproofError, EvidenceError

T = TypeVar("T")

Error = type[EditproofError]

ABSENT = Field(exclude_if=lambda value: value is None)
"""Of an optional field: left out of the text where it is None, ``raw: Annotated[str | None, ABSENT] = None``."""

_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
_LONGEST = 60
_BASIC = {
    str: "text, in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list, [...]",
    list: "a list, [...]",
    dict: "a mapping, {...}",
    Mapping: "a mapping, {...}",
}


def from_text(kind: type[T], content: bytes | str, asked: str, advice: str = "", error: Error = EvidenceError) -> T:
    """The value that some JSON text is.

    Parameters
    ----------
    kind : type
        A dataclass, or any other type made of those of JSON.
    content : bytes or str
    asked, advice : str
        Parts of an error: what was asked for, and what to do beside mending the field.
    error : type of EditproofError

    Raises
    ------
    EditproofError
        Of the class given, where the text is not JSON or not of that kind.

    Examples
    --------
    >>> from_text(dict[str, int], '{"n": 1}', "the counts")
    {'n': 1}
    >>> from_text(dict[str, int], '{"n": "1"}', "the counts")
    Traceback (most recent call last):
        ...
    editproof.errors.EvidenceError: the counts: it is malformed: n is '1'. Write a whole number.
    """
    try:
        value: T = _adapter(kind).validate_json(content)
    except ValidationError as refused:
        found, mending = _in_words(kind, refused)
        raise error(asked, found, " ".join(filter(None, (mending, advice)))) from None
    return value


def toml_of(path: Path, asked: str, advice: str = "", error: Error = EvidenceError) -> dict[str, Any]:
    """What a TOML file holds, as plain values.

    Raises
    ------
    EditproofError
        Of the class given, where it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise error(asked, f"it cannot be read ({fault})", advice) from fault


def from_plain(kind: type[T], value: Any, asked: str, advice: str = "", error: Error = EvidenceError) -> T:
    """The value of a kind that a value of plain JSON is; see :func:`from_text`."""
    return from_text(kind, json.dumps(value, default=lambda other: [quoted(other)]), asked, advice, error)


def section_from_plain(
    kind: type[T], name: str, value: Any, asked: str, advice: str = "", error: Error = EvidenceError
) -> T:
    """The value of one section of a record; an error names a field by its path in the record.

    Examples
    --------
    >>> section_from_plain(dict[str, int], "counts", {"n": "1"}, "the card")
    Traceback (most recent call last):
        ...
    editproof.errors.EvidenceError: the card: it is malformed: counts.n is '1'. Write a whole number.
    """
    by_name: Any = dict[str, kind]  # type: ignore[valid-type]
    sections: dict[str, T] = from_plain(by_name, {name: value}, asked, advice, error)
    return sections[name]


def maybe(kind: type[T], content: bytes | str) -> T | None:
    """The value that some JSON text is, or None where it is damaged; for lines of a file that goes on after one."""
    try:
        value: T = _adapter(kind).validate_json(content)
    except ValidationError:
        return None
    return value


def json_of_record(value: Any) -> Any:
    """A value as plain JSON: records as mappings, tuples as lists."""
    return _adapter(type(value)).dump_python(value, mode="json", warnings="none")


def json_of(content: bytes | str) -> Any:
    """What some JSON text says; ``NaN`` and numbers beyond all bounds, which Python would take, are not JSON.

    Raises
    ------
    ValueError, RecursionError
        Where it is not JSON.
    """

    def number(text: str) -> float:
        if not math.isfinite(value := float(text)):
            raise ValueError(f"{text} is not a number of JSON")
        return value

    found, advice = fault_of_pointer(content[:64].encode() if isinstance(content, str) else content)
    if found:
        raise ValueError(f"{found}; {advice[0].lower()}{advice[1:-1]}")
    return json.loads(content, parse_float=number, parse_constant=number)


def path_text(path: Sequence[str | int]) -> str:
    """A path in a record as a reader would write it.

    Examples
    --------
    >>> path_text(("editors", 0, "verdicts", 3, "outcome"))
    'editors[0].verdicts[3].outcome'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def quoted(value: object) -> str:
    """A value as an error names it."""
    try:
        words = repr(value)
    except RecursionError:
        words = f"a {type(value).__name__} without bottom"
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind, config=None if is_dataclass(kind) else CLOSED)
    return _ADAPTERS[kind]


def _in_words(kind: Any, refused: ValidationError) -> tuple[str, str]:
    """What was found, and what to write instead, of the first fault; an unknown field may explain a missing one."""
    faults = refused.errors(include_url=False)
    fault = next((fault for fault in faults if fault["type"] == "unexpected_keyword_argument"), faults[0])
    place, code = fault["loc"], fault["type"]
    if code == "json_invalid":
        return f"it is not JSON ({fault['msg'].removeprefix('Invalid JSON: ')})", ""
    if code == "unexpected_keyword_argument":
        *outer, name = place
        known = _fields(_declared(kind, outer))
        near = nearest(str(name), known, 1)
        where = f" in {path_text(outer)}" if outer else ""
        return (
            f"an unknown field {name!r}{where}",
            f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}.",
        )
    if code == "missing_argument":  # of a named tuple, which pydantic before 2.14 calls by the name of its field
        code, place = "missing", (*place[:-1], _fields(_declared(kind, place[:-1])).index(str(place[-1])))
    if code == "unexpected_positional_argument":  # one item too many of a named tuple, by the same versions
        *outer, number = place
        least = len(_fields(_declared(kind, outer)))
        found = f"it is malformed: {path_text(outer) or 'it'} has an item {int(number) + 1}"
        return found, f"It has {least}."
    words = _words(_declared(kind, place))
    if code == "missing":
        return f"it is malformed: {path_text(place)} is missing", f"Write {words}."
    return f"it is malformed: {path_text(place) or 'it'} is {quoted(fault['input'])}", f"Write {words}."


def _declared(kind: Any, place: Sequence[str | int]) -> Any:
    """The annotation of what is at a place in a value of a kind."""
    for step in place:
        kind = _bare(kind)
        inner = get_args(kind)
        if hints := _hints(kind):
            kind = list(hints.values())[step] if isinstance(step, int) else hints.get(step)
        elif get_origin(kind) is tuple and inner[-1] is not Ellipsis:
            kind = inner[int(step)]
        else:
            kind = inner[-1 if get_origin(kind) in (dict, Mapping) else 0] if inner else None
    return kind


def _bare(kind: Any) -> Any:
    """A type without its annotations, and without the None that is allowed in place of a value."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            kind = next(choice for choice in get_args(kind) if choice is not type(None))
        else:
            return kind


def _words(kind: Any) -> str:
    """What a type wants, in words."""
    if told := next(_wanted(kind), None):
        return told
    kind = _bare(kind)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if hints := _hints(kind):
        listed = ", ".join(hints)
        return f"a list of {listed}" if issubclass(kind, tuple) else f"a mapping of {listed}"
    return _BASIC.get(get_origin(kind) or kind, "another value")


def _wanted(kind: Any) -> Iterator[str]:
    """What a type wants, the narrowest first: of a type that was annotated twice, the later words."""
    if get_origin(kind) is Annotated:
        yield from (note.words for note in reversed(get_args(kind)[1:]) if isinstance(note, Wanted))
        yield from _wanted(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for choice in get_args(kind):
            yield from _wanted(choice)


def _fields(kind: Any) -> list[str]:
    return list(_hints(_bare(kind)))


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass or a named tuple with their annotations; none of any other type."""
    if is_dataclass(kind) or (isinstance(kind, type) and hasattr(kind, "_fields")):
        return get_type_hints(kind, include_extras=True)
    return {}

"""Frozen nouns as plain JSON and back, by their annotations; tables and pictures go by the name of their files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from editproof.evidence.measurements import Measurements
from editproof.types import JSON

Path = tuple[str | int, ...]
"""The place of a value in a record: ``("editors", 0, "verdicts", 3)``."""

ABSENT = "(absent)"

Write = Callable[[Path, Measurements | bytes], JSON]
Read = Callable[[JSON], Any]


def _nothing(path: Path, value: Measurements | bytes) -> JSON:
    return None


def plain(value: JSON, write: Write = _nothing, path: Path = ()) -> JSON:
    """Dataclasses as mappings; infinities as text, since JSON has none.

    Parameters
    ----------
    write : callable
        Puts a table or a picture where it belongs and returns what to write in its place; by default None.
    """
    if isinstance(value, Measurements | bytes):
        return write(path, value)
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: plain(getattr(value, entry.name), write, (*path, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry, write, (*path, str(key))) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, write, (*path, index)) for index, entry in enumerate(value)]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def typed(kind: Any, value: JSON, read: Read = lambda value: value) -> Any:
    """The inverse of :func:`plain`, guided by the annotations; ``read`` fetches what ``write`` put away."""
    if kind is Measurements or kind is bytes:
        return read(value)
    if kind is float and isinstance(value, str):
        return float(value)
    if get_origin(kind) in (UnionType, Union):
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        return None if value is None else typed(choices[0], value, read)
    if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis:
        return tuple(typed(get_args(kind)[0], entry, read) for entry in value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if get_origin(kind) is Mapping and get_args(kind)[1] is not Any:
        return {name: typed(get_args(kind)[1], entry, read) for name, entry in value.items()}
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        hints = annotations_of(kind)
        return kind(**{name: typed(hints[name], entry, read) for name, entry in value.items()})
    return value


@cache
def annotations_of(kind: type) -> Mapping[str, Any]:
    """The resolved annotations of a dataclass."""
    return get_type_hints(kind)


def differences(ours: JSON, theirs: JSON, place: Path = ()) -> Iterator[tuple[Path, JSON, JSON]]:
    """Where two plain records differ; numbers that agree to nine figures are one."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in dict.fromkeys((*ours, *theirs)):
            yield from differences(ours.get(name, ABSENT), theirs.get(name, ABSENT), (*place, name))
        if list(ours) != list(theirs) and set(ours) == set(theirs):
            yield place, list(ours), list(theirs)
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            yield (*place, "length"), len(ours), len(theirs)
        for index, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(one, other, (*place, index))
    elif not _equal(ours, theirs):
        yield place, ours, theirs


def _equal(ours: JSON, theirs: JSON) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return type(ours) is type(theirs) and bool(ours == theirs)

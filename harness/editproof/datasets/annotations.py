"""The references of a case that are no numbers, checked and made plain: boxes, points and text.

Whoever wrote the cohort, they are checked here once, before anything is edited. Arrays and numbers of numpy become
lists and floats, so that what is kept and digested of a case is JSON. Whether boxes lie in their image, and whether an
instrument knows their labels, is checked where instruments are known (:mod:`editproof.study.outputs`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from editproof.core.nearest import did_you_mean
from editproof.datasets.cohort import Cohort
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from editproof.types import JSON, Case, Dataset

_BOX: Final = ("x", "y", "width", "height", "score", "label")
_PARTS: Final = ("text", "identifiers", "marks")
PATTERN: Final = "re:"
"""How an identifier begins that is a regular expression."""


class _EntryError(ValueError):
    """What is wrong with an entry: which field it is, and what was found there."""

    def __init__(self, field: str, found: str, near: str = "") -> None:
        super().__init__(found)
        self.field, self.found, self.near = field, found, near


def with_plain_annotations(dataset: Dataset) -> Dataset:
    """The cohort with the annotations of every case checked and made plain; itself where none has any.

    Raises
    ------
    DatasetError
        See :func:`plain_annotations`.
    """
    cases = tuple(dataset)
    found = tuple(map(with_plain, cases))
    if all(one is other for one, other in zip(cases, found, strict=True)):
        return dataset
    return Cohort(dataset.card, found)


def with_plain(case: Case) -> Case:
    """The case with its annotations checked and made plain; itself where it has none.

    Raises
    ------
    DatasetError
        See :func:`plain_annotations`.
    """
    known = case.annotations
    if isinstance(known, Mapping) and not known:
        return case
    return replace(case, annotations=plain_annotations(known, case.case_id))


def plain_annotations(known: Any, case_id: str) -> dict[str, JSON]:
    """What is known of a case by kind, as JSON: ``points``, ``boxes`` and ``text``.

    None in place of the annotations, of a kind, of a landmark or of a part of the text is the same as leaving it out:
    nothing is known of it. An empty list says that there is none.

    Parameters
    ----------
    known : mapping
        ``{"boxes": [[x, y, width, height, label], ...], "points": {"apex": [x, y]}, "text": {"text": ...,
        "identifiers": [...], "marks": [...]}}``, numbers and sequences of Python or numpy.

    Raises
    ------
    DatasetError
        With the case and the field: something of another type, a number that is NaN or infinite, an entry of no known
        name, or an identifier that is no regular expression though it begins with ``re:``.

    Examples
    --------
    >>> plain_annotations({"boxes": np.array([[3, 3, 4, 4]]), "points": {"apex": (1, 2), "base": None}}, "C1")
    {'boxes': [[3.0, 3.0, 4.0, 4.0]], 'points': {'apex': [1.0, 2.0]}}
    """
    try:
        if known is None:
            return {}
        if not isinstance(known, Mapping):
            raise _EntryError("annotations", f"{_kind(known)} in place of a mapping by kind")
        _check_names(known, tuple(_KINDS), "annotations")
        return {str(kind): _KINDS[kind](value) for kind, value in known.items() if value is not None}
    except _EntryError as fault:
        kind = fault.field.partition("[")[0].partition(".")[0]
        advice = f"{fault.near}{_WANTED.get(kind, _WANTED[''])}"
        raise DatasetError(f"{fault.field} of case {case_id}", fault.found, advice) from None


def _points(known: Any) -> dict[str, list[float]]:
    if not isinstance(known, Mapping):
        raise _EntryError("points", f"{_kind(known)} in place of a mapping by landmark")
    found = {}
    for name, place in known.items():
        field = f"points[{name!r}]"
        if not isinstance(name, str):
            raise _EntryError("points", f"a landmark named by {_kind(name)}")
        if place is None:
            continue
        found[str(name)] = [_number(value, field) for value in _listed(place, field)]
        if len(found[name]) != 2:
            raise _EntryError(field, f"{len(found[name])} coordinates")
    return found


def _boxes(known: Any) -> list[JSON]:
    return [_box(box, f"boxes[{place}]") for place, box in enumerate(_listed(known, "boxes"))]


def _box(box: Any, field: str) -> list[JSON]:
    if isinstance(box, Mapping):
        _check_names(box, _BOX, field)
        if lacking := [name for name in _BOX[:4] if box.get(name) is None]:
            raise _EntryError(field, f"a box without {lacking[0]}")
        entries = [box[name] for name in _BOX if box.get(name) is not None]
    else:
        entries = _listed(box, field)
        if entries and entries[-1] is None:
            entries.pop()
    label = [str(entries.pop())] if entries and isinstance(entries[-1], str) else []
    if len(entries) not in (4, 5):
        raise _EntryError(field, f"a box of {len(entries)} numbers")
    return [*(_number(value, field) for value in entries), *label]


def _text(known: Any) -> dict[str, JSON]:
    if isinstance(known, str):
        return {"text": str(known)}
    if not isinstance(known, Mapping):
        raise _EntryError("text", f"{_kind(known)} in place of text, or of a mapping of {', '.join(_PARTS)}")
    _check_names(known, _PARTS, "text")
    found: dict[str, JSON] = {}
    for part, value in known.items():
        if value is None:
            continue
        if part == "text":
            if not isinstance(value, str):
                raise _EntryError("text.text", f"{_kind(value)} in place of text")
            found[part] = str(value)
        else:
            found[part] = [_entry(entry, part, place) for place, entry in enumerate(_listed(value, f"text.{part}"))]
    return found


def _entry(entry: Any, part: str, place: int) -> str:
    """An identifier or a mark; errors do not repeat it, since it may name a patient."""
    field = f"text.{part}[{place}]"
    if not isinstance(entry, str):
        raise _EntryError(field, f"{_kind(entry)} in place of text")
    if not entry.strip():
        raise _EntryError(field, "empty text, which is found everywhere")
    if part == "identifiers" and entry.startswith(PATTERN):
        try:
            re.compile(entry.removeprefix(PATTERN))
        except re.error as error:
            raise _EntryError(field, f"no regular expression: {error}") from None
    elif part == "identifiers" and not any(letter.isalnum() for letter in entry):
        raise _EntryError(field, "no letter and no digit, so that it could never be found")
    return str(entry)


def _listed(value: Any, field: str) -> list[Any]:
    """The entries of a list, tuple or array; anything else, text among it, is none."""
    if isinstance(value, np.ndarray) and value.ndim:
        return list(value)
    if not isinstance(value, list | tuple):
        raise _EntryError(field, f"{_kind(value)} in place of a list")
    return list(value)


def _number(value: Any, field: str) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise _EntryError(field, f"{_kind(value)} in place of a number")
    if not math.isfinite(number := float(value)):
        raise _EntryError(field, "NaN" if math.isnan(number) else "an infinite number")
    return number


def _check_names(given: Iterable[Any], known: tuple[str, ...], field: str) -> None:
    if strange := [name for name in given if name not in known]:
        raise _EntryError(
            field,
            f"an entry {str(strange[0])!r}, which is none of {', '.join(known)}",
            did_you_mean(str(strange[0]), known),
        )


def _kind(value: Any) -> str:
    """What a value is, in words that repeat nothing of it."""
    if isinstance(value, str):
        return f"text ({len(value)} letters)"
    return "None" if value is None else type(value).__name__


_KINDS: Final[Mapping[str, Callable[[Any], JSON]]] = {"points": _points, "boxes": _boxes, "text": _text}
_WANTED: Final = {
    "points": 'Give {"apex": [x, y]} in pixels; leave out, or give None for, a landmark that is not known.',
    "boxes": "Give a list of [x, y, width, height, label] in pixels; an empty one where there is none.",
    "text": 'Give {"text": ..., "identifiers": [...], "marks": [...]}, as far as they are known.',
    "": "Give points, boxes and text (docs/outputs.md); what else is known of a case goes to its strata.",
}

"""What tells one case from another, and one cohort from another: everything that a case says, as plain data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from editproof.errors import DatasetError
from editproof.types import JSON, Case

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

BY_DIGEST = "decode"
"""The field of a case that its digest stands for."""

_FIRST = ("case_id", "patient_id", "digest", "reference", "strata")
"""Fields that the digest of a cohort has of every case; of the others it has what is not as it is by default."""


def case_in_digest(case: Case, *, apart: Collection[str] = ()) -> dict[str, JSON]:
    """Every field of a case but ``decode``, for which its digest stands, as plain data.

    A field that is as it is by default is left out, so that one that cases get later changes no digest where it is not
    used. Arrays and numbers of numpy are those of Python.

    Parameters
    ----------
    apart : collection of str
        Fields that do not count.

    Raises
    ------
    DatasetError
        A field holds what no plain data can say.

    Examples
    --------
    >>> case_in_digest(Case("1", "p1", lambda: None, "ab", {}, spacing_mm=(0.5, 0.5)), apart=["patient_id"])
    {'case_id': '1', 'digest': 'ab', 'reference': {}, 'spacing_mm': [0.5, 0.5]}
    """
    found = {}
    for entry in fields(case):
        value = getattr(case, entry.name)
        default = entry.default_factory() if entry.default_factory is not MISSING else entry.default
        if entry.name == BY_DIGEST or entry.name in apart:
            continue
        told = _plain(value, f"{entry.name} of case {case.case_id}")
        if default is MISSING or told != _plain(default, entry.name):
            found[entry.name] = told
    return found


def digest_of_case(case: Case, *, apart: Collection[str] = ()) -> str:
    """The sha256 (hex) over everything that a case says; see :func:`case_in_digest`."""
    return _digest(case_in_digest(case, apart=apart))


def digest_of_cases(cases: Iterable[Case]) -> str:
    """The sha256 (hex) over everything that every case says, in order; see :func:`case_in_digest`.

    Raises
    ------
    DatasetError
        A field of a case holds what no plain data can say.
    """
    return _digest([_row(case) for case in cases])


def _row(case: Case) -> list[JSON]:
    told = case_in_digest(case)
    first = [told.pop(name, {}) for name in _FIRST]
    return [*first, told] if told else first


def _digest(told: JSON) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _plain(value: Any, asked: str) -> JSON:
    try:
        return json.loads(json.dumps(value, sort_keys=True, default=_of_numpy))
    except (TypeError, ValueError, RecursionError) as error:
        advice = "Give numbers, text, lists and mappings of text to those."
        raise DatasetError(asked, f"it cannot be written as plain data ({error})", advice) from error


def _of_numpy(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"a {type(value).__name__}")

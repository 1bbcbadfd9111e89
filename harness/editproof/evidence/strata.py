"""Subgroups of a cohort: how one is written, which cases are in it, and whether the cohort knows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from editproof.core.nearest import nearest
from editproof.core.numbers import brief
from editproof.errors import ProtocolError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHOLE: Final = "all"
"""The stratum that is the whole cohort."""
PREFIX: Final = "stratum:"
_COMPARISONS: Final = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal}
_MOST_NAMED = 8


class Condition(NamedTuple):
    """One comparison of a stratum."""

    text: str
    name: str
    sign: str
    value: str


def conditions_in(stratum: str) -> Iterator[Condition]:
    """The conditions of a stratum; none of the whole cohort.

    Raises
    ------
    ProtocolError
        Where it has no comparison.

    Examples
    --------
    >>> [tuple(condition) for condition in conditions_in("bone_age>=96&sex=M")]
    [('bone_age>=96', 'bone_age', '>=', '96'), ('sex=M', 'sex', '=', 'M')]
    """
    for condition in stratum.split("&") if stratum != WHOLE else ():
        for sign in ("<=", ">=", "<", ">", "="):
            name, found, value = (part.strip() for part in condition.partition(sign))
            if found and name and value:
                yield Condition(condition.strip(), name, sign, value)
                break
        else:
            raise ProtocolError(
                f"stratum {stratum!r}", "no comparison in it", "Write it like 'sex=F' or 'bone_age<96'."
            )


def in_stratum(cases: pd.DataFrame, stratum: str) -> NDArray[np.bool_]:
    """Which cases are in a stratum, shape (n_cases,); one of which the value is not known is in none.

    Raises
    ------
    ProtocolError
        Where the cohort has no such column, or words where a number is asked for.
    """
    inside = np.ones(len(cases), dtype=bool)
    for condition in conditions_in(stratum):
        inside &= _meets(cases, condition)
    return inside


def check_stratum(cases: pd.DataFrame, stratum: str) -> None:
    """Refuse a stratum that the cohort does not know: a column that it lacks, or a value that no case has.

    Raises
    ------
    ProtocolError
        In one line with the nearest known name or value.
    """
    for condition in conditions_in(stratum):
        if _meets(cases, condition).any() or condition.sign != "=" or not len(cases):
            continue
        known = sorted({_word(value) for value in _column(cases, condition).dropna()})
        more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
        found = f"{condition.name} is {', '.join(known[:_MOST_NAMED])}{more} in this cohort" if known else "no value"
        near = nearest(condition.value, known, 1)
        advice = f"Did you mean {condition.name}={near[0]}?" if near else "Name a value that a case has."
        raise ProtocolError(f"stratum {condition.text!r}", found, advice)


def check_strata(cases: pd.DataFrame, named: Iterable[tuple[str, bool]]) -> None:
    """Refuse the strata that a cohort does not know, before anything is judged; see :func:`check_stratum`.

    Parameters
    ----------
    named : iterable of (str, bool)
        Each with whether it is said to be one. What only looks like one is left alone where no column of the cohort is
        called so, or nearly so.
    """
    for stratum, is_told in dict.fromkeys(named):
        if is_told or all(_near(condition.name, _known(cases)) for condition in conditions_in(stratum)):
            check_stratum(cases, stratum)


def _meets(cases: pd.DataFrame, condition: Condition) -> NDArray[np.bool_]:
    column = _column(cases, condition)
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(_COMPARISONS[condition.sign](column.to_numpy(float), _number(condition)), dtype=bool)
    if condition.sign == "=":
        return np.asarray(column.notna() & (column.astype(str) == condition.value), dtype=bool)
    if not column.notna().any():
        return np.zeros(len(cases), dtype=bool)
    words = next(str(value) for value in column.dropna())
    raise ProtocolError(
        f"stratum {condition.text!r}", f"{condition.name} is no number in this cohort, but e.g. {words!r}",
        f"Write {condition.name}=VALUE, or give every case a number.",
    )  # fmt: skip


def _number(condition: Condition) -> float:
    try:
        value = float(condition.value)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        found = f"{condition.name} is a number in this cohort, {condition.value!r} is none"
        raise ProtocolError(f"stratum {condition.text!r}", found, f"Write {condition.name}{condition.sign}NUMBER.")
    return value


def _column(cases: pd.DataFrame, condition: Condition) -> pd.Series[float]:
    if f"{PREFIX}{condition.name}" not in cases:
        known = _known(cases)
        near = _near(condition.name, known)
        raise ProtocolError(
            f"stratum {condition.text!r}", f"the cohort knows {', '.join(known) or 'no strata'}",
            f"Did you mean {near[0]!r}?" if near else "Use one of those.",
        )  # fmt: skip
    return cases[f"{PREFIX}{condition.name}"]


def _known(cases: pd.DataFrame) -> list[str]:
    return [str(column).removeprefix(PREFIX) for column in cases if str(column).startswith(PREFIX)]


def _near(name: str, known: list[str]) -> list[str]:
    return nearest(name, known, 1)


def _word(value: object) -> str:
    return brief(float(value)) if isinstance(value, int | float) else str(value)

"""The reference standard in a table: which columns carry it, in which unit, and what each row says.

``bone_age`` (months) and ``sex`` need no more. Any other target is a column ``reference:NAME [UNIT]``, a number with
its unit (``reference:heart_width [mm]``; ``[mm 50..250]`` also declares the range that labels must keep), or
``reference:NAME`` without a unit: 0 or 1, false and true, or no and yes, in capitals or not (binary), or words, of
which each becomes a binary of its own, one against the rest (``reference:finding`` with ``effusion`` and ``none`` gives
``finding=effusion`` and ``finding=none``); words that differ in capitals alone are refused. A cell that is empty,
``NA``, ``N/A``, ``NaN`` or ``null`` is a missing label of whatever kind.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editproof.core.numbers import brief
from editproof.core.separated import is_missing, plain_number
from editproof.datasets.cohort import HAND_UNITS, OLDEST
from editproof.datasets.tables.table import number_of, sex_of
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from editproof.datasets.tables.table import CaseTable

PREFIX = "reference:"
_HEADER = re.compile(r"reference:\s*([^\[\]]+?)\s*(?:\[\s*([^\[\]]+?)\s*\])?")
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
_RANGE = re.compile(rf"(.+?)\s+({_NUMBER})\s*\.\.\s*({_NUMBER})")
_LIKE_A_RANGE = re.compile(r"\.\.|\d\s*(?:[-\u2013\u2014,;:]|to)\s*-?\.?\d")
_TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


@dataclass(frozen=True)
class Target:
    """A column of the reference standard: a number, a 0 or 1, or one word of several.

    Attributes
    ----------
    column, name, unit : str
    low, high : float
        Range that labels keep.
    words : tuple of str
        The classes of a multiclass column, in order of the alphabet; empty for a number.
    """

    column: str
    name: str
    unit: str
    low: float = -math.inf
    high: float = math.inf
    words: tuple[str, ...] = ()

    @property
    def units(self) -> dict[str, str]:
        """Unit of each quantity that an instrument has to read to be held against this column."""
        return {f"{self.name}={word}": "probability" for word in self.words} or {self.name: self.unit}

    def of(self, cell: str, case_id: str) -> tuple[dict[str, float], dict[str, str | float]]:
        """Reference standard and stratum of one cell; both empty for a missing one."""
        if is_missing(cell):
            return {}, {}
        if self.words:
            return {f"{self.name}={word}": float(word == cell) for word in self.words}, {self.name: cell}
        value = _TRUTH.get(cell.lower()) if self.unit == "probability" else None
        if value is None:
            value = number_of(cell, f"{self.name} of case {case_id}")
        if value is None:
            return {}, {}
        if self.unit == "probability" and value not in (0.0, 1.0):
            raise DatasetError(f"{self.name} of case {case_id}", f"{cell!r}", "A binary label is 0 or 1.")
        if not self.low <= value <= self.high:
            advice = f"Write {self.unit} from {brief(self.low)} to {brief(self.high)}, or leave the case out."
            raise DatasetError(f"{self.name} of case {case_id}", f"{brief(value)} {self.unit}", advice)
        return {self.name: value}, {self.name: value}


@dataclass(frozen=True)
class Labels:
    """Every column of a table that carries the reference standard.

    Attributes
    ----------
    targets : tuple of Target
    sex : bool
        Whether there is a column ``sex``.
    quoting : bool
        Whether an error repeats a cell of it that is not a sex: with columns out of place that may be a name.
    """

    targets: tuple[Target, ...]
    sex: bool
    quoting: bool = True

    @property
    def columns(self) -> set[str]:
        """Names of the columns."""
        return {target.column for target in self.targets} | {"sex"}

    @property
    def strata(self) -> list[str]:
        """Names of the strata that the columns give."""
        return [target.name for target in self.targets] + ["sex"] * self.sex

    @property
    def units(self) -> dict[str, str]:
        """Unit of everything that the reference standard is given for."""
        given = {name: unit for target in self.targets for name, unit in target.units.items()}
        return {**given, "sex": HAND_UNITS["sex"]} if self.sex else given

    def of(self, line: Mapping[str, str], case_id: str) -> tuple[dict[str, float], dict[str, str | float]]:
        """Reference standard and strata of one row.

        Raises
        ------
        DatasetError
            If a cell is not a number, not 0 or 1, or out of range.
        """
        reference: dict[str, float] = {}
        strata: dict[str, str | float] = {}
        for target in self.targets:
            values, groups = target.of(line.get(target.column, ""), case_id)
            reference |= values
            strata |= groups
        if (sex := sex_of(line.get("sex", ""), case_id, quoting=self.quoting)) is not None:
            reference["sex"] = sex
            strata["sex"] = "M" if sex else "F"
        return reference, strata


def labels_of(sheet: CaseTable, *, quoting: bool = True) -> Labels:
    """The columns of a table that carry the reference standard.

    Parameters
    ----------
    sheet : Table
    quoting : bool
        See :class:`Labels`.

    Raises
    ------
    DatasetError
        Where a header cannot be read, two name one quantity, or a column of numbers declares no unit.
    """
    bone_age = Target("bone_age", "bone_age", "months", 0.0, OLDEST)
    targets = [bone_age] if "bone_age" in sheet.columns else []
    targets += [_target(sheet, column) for column in sheet.columns if column.startswith(PREFIX)]
    names = [name for target in targets for name in target.units]
    if twice := sorted({name for name in [*names, "sex"] if [*names, "sex"].count(name) > 1}):
        raise DatasetError(f"the columns of {sheet.entry.name}", f"two give {', '.join(twice)}", "Keep one of them.")
    return Labels(tuple(targets), "sex" in sheet.columns, quoting)


def without_reference(names: Collection[str], references: Sequence[Mapping[str, float]]) -> list[str]:
    """Warnings, one for each quantity that some cases have no reference standard for."""
    if not names:
        return [
            "No case has a reference standard: readings can be compared before and after an edit, not with a truth."
        ]
    counts = {name: sum(name not in reference for reference in references) for name in names}
    return [
        f"{n} of {len(references)} cases have no reference standard for {name.replace('_', ' ')}."
        for name, n in counts.items()
        if n
    ]


def _target(sheet: CaseTable, column: str) -> Target:
    asked = f"the column {column!r} of {sheet.entry.name}"
    header = _HEADER.fullmatch(column)
    if header is None:
        raise DatasetError(asked, "it cannot be read", "Write reference:NAME [UNIT], e.g. reference:heart_width [mm].")
    name, unit = header.groups()
    if unit is not None:
        return Target(column, name, *_unit_and_range(unit, asked))
    cells = {line[column] for line in sheet.rows if not is_missing(line[column])}
    if all(plain_number(cell) in (0.0, 1.0) or cell.lower() in _TRUTH for cell in cells):
        return Target(column, name, "probability")
    if all(plain_number(cell) is None for cell in cells):
        folded = Counter(cell.casefold() for cell in cells)
        if twins := sorted(cell for cell in cells if folded[cell.casefold()] > 1):
            found = f"{' and '.join(twins[:2])} differ in capitals alone"
            raise DatasetError(asked, found, "Write each class in one way.")
        return Target(column, name, "probability", words=tuple(sorted(cells)))
    found = "numbers without a unit" if all(plain_number(cell) is not None for cell in cells) else "numbers among words"
    advice = f"Declare the unit, reference:{name} [mm] ([1] for a plain number), or write 0 and 1, or words alone."
    raise DatasetError(asked, found, advice)


def _unit_and_range(text: str, asked: str) -> tuple[str, float, float]:
    """The content of the brackets: a unit, and the range of valid labels (all numbers if none is given)."""
    ranged = _RANGE.fullmatch(text)
    if ranged is None and _LIKE_A_RANGE.search(text):
        raise DatasetError(asked, f"[{text}] cannot be read", "Write the unit, then two numbers: [mm 50..250].")
    if ranged is None:
        return text, -math.inf, math.inf
    low, high = float(ranged[2]), float(ranged[3])
    if not low < high:
        raise DatasetError(
            asked, f"its range runs from {brief(low)} to {brief(high)}", "Write the smaller first: [mm 50..250]."
        )
    return ranged[1], low, high

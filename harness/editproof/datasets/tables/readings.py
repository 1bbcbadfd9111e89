"""Tables of readings, long or wide: every cell with a reading becomes one entry, whatever the table looks like.

Long: a row for each reading, with the columns ``case, arm, quantity, value``. By arm: a row for each image, with a
column for each quantity; the column ``arm`` says which image, or is a flag: 0 is the original, 1 the edit. In pairs: a
row for each case, with a column for the original and one for the edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from editproof.core.nearest import did_you_mean
from editproof.datasets.folder.files import Entry
from editproof.datasets.tables.layout import REFERENCE, STRATUM, Layout
from editproof.datasets.tables.sheet import KNOWN_UNITS, NO_UNIT, Sheet, TabledReading
from editproof.datasets.tables.table import (
    CaseTable,
    column_name,
    table,
)
from editproof.errors import DatasetError


@dataclass(frozen=True)
class TabledCase:
    """What a table says of a case itself."""

    case: str
    patient: str
    reference: Mapping[str, float]
    strata: Mapping[str, str | float]


@dataclass(frozen=True)
class TabledReadings:
    """A table of readings as it was read.

    Attributes
    ----------
    name : str
        Of the file.
    digests : mapping of str to str
        sha256 (hex) of each file by its part: ``"readings"``, and ``"cohort"`` where one was given.
    cases : tuple of TabledCase
        Sorted by name, whatever the order of rows.
    units : mapping of str to str
        Unit by quantity; its keys are the quantities to judge.
    listed : bool
        Whether a table of the cohort says which cases there are.
    says_status : bool
        Whether a column says how edits ended.
    says_patient : bool
        Whether a column says which cases are of one patient.
    assumed : tuple of str
        Quantities whose unit nobody said, and which were taken for the unit that is usual.
    """

    name: str
    digests: Mapping[str, str]
    cases: tuple[TabledCase, ...]
    readings: tuple[TabledReading, ...]
    units: Mapping[str, str]
    listed: bool
    says_status: bool
    says_patient: bool
    assumed: tuple[str, ...] = ()


def readings_in(file: Path, layout: Layout, cohort: Path | None = None) -> TabledReadings:
    """A table of readings, CSV, TSV or Parquet.

    Parameters
    ----------
    file : Path
    layout : Layout
    cohort : Path, optional
        A table with a row for each case of the cohort: ``case``, ``patient``, ``reference:QUANTITY``, ``stratum:NAME``.

    Raises
    ------
    DatasetError
        Where a column is missing, or a cell holds something else than it has to.
    """
    sheet = Sheet(_opened(file), layout)
    people = None if cohort is None else Sheet(_opened(cohort), layout)
    for name in layout.columns:
        if not (people and people.has(name)):
            sheet.need(name)
    sheet.check_roles()
    if people:
        people.check_roles()
    readings = tuple(sheet.readings())
    units = sheet.units(readings)
    cases = _cases(sheet, people, readings)
    digests = {"readings": _sha256(file), **({} if cohort is None else {"cohort": _sha256(cohort)})}
    return TabledReadings(
        name=file.name,
        digests=digests,
        cases=cases,
        readings=tuple(reading for reading in readings if reading.arm != REFERENCE),
        units={name: unit or KNOWN_UNITS.get(name, NO_UNIT) for name, unit in units.items()},
        listed=people is not None,
        says_status=sheet.has("status"),
        says_patient=any(one.has("patient") for one in (sheet, people) if one),
        assumed=tuple(name for name, unit in units.items() if not unit and name in KNOWN_UNITS),
    )


def _opened(file: Path) -> CaseTable:
    if not file.is_file():
        raise DatasetError(f"table {file}", "there is no such file", "Name a CSV, TSV or Parquet table.")
    return table(Entry(file.parent, file.name, False))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _cases(sheet: Sheet, people: Sheet | None, readings: tuple[TabledReading, ...]) -> tuple[TabledCase, ...]:
    """Every case with what is said of it, the same in every row."""
    said: dict[str, dict[str, str | float]] = {}
    if people is not None:
        people.need("case")
    for strata in sheet.layout.strata:
        if not any(one and column_name(strata) in one.sheet.columns for one in (sheet, people)):
            advice = f"{did_you_mean(column_name(strata), sheet.sheet.columns)}Name columns of the table."
            raise DatasetError(f"stratum {strata} of {sheet.asked}", "there is no such column", advice)
    for one in filter(None, (people, sheet)):
        for line, case, labels in one.labels():
            if people is not None and one is sheet and case not in said:
                found = f"case {case}, which {people.asked} does not list"
                raise DatasetError(one.where(line), found, "List every case of the cohort, or leave its rows out.")
            known = said.setdefault(case, {})
            if one is people and known:
                raise DatasetError(one.where(line), f"case {case} a second time", "List each case once.")
            for name, value in labels.items():
                if known.setdefault(name, value) != value:
                    found = f"{name} {value} of case {case}, which is {known[name]} in another row"
                    raise DatasetError(one.where(line), found, "Say the same of a case in every row.")
    for reading in readings:
        if reading.arm == REFERENCE and reading.value is not None:
            name = f"{REFERENCE}:{reading.quantity}"
            if said[reading.case].setdefault(name, reading.value) != reading.value:
                found = f"a second reference of {reading.quantity} of case {reading.case}"
                raise DatasetError(sheet.where(reading.line), found, "Leave one of them.")
    return tuple(_case(name, said[name]) for name in sorted(said))


def _case(name: str, labels: Mapping[str, str | float]) -> TabledCase:
    reference = {quantity: float(value) for quantity, value in _under(REFERENCE, labels)}
    strata = {**reference, **dict(_under(STRATUM, labels))}
    return TabledCase(name, str(labels.get("patient", name)), reference, strata)


def _under(prefix: str, labels: Mapping[str, str | float]) -> Iterator[tuple[str, str | float]]:
    """What stands under a prefix, by the rest of its name."""
    for key, value in labels.items():
        before, _, name = key.partition(":")
        if before == prefix and name:
            yield name, value

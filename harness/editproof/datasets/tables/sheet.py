"""A table of readings row by row: which column is what, which reading a cell holds, what is said of its case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from editproof.core.nearest import did_you_mean
from editproof.core.separated import is_missing
from editproof.datasets.tables.layout import ARMS_OF_TABLES, OF_QUANTITY, REFERENCE, STRATUM, Layout
from editproof.datasets.tables.table import (
    CaseTable,
    column_name,
    number_of,
    numeric_columns,
    stratum_of,
    tidy_id,
)
from editproof.errors import DatasetError
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.types import EditStatus

_FLAGS = {"0": ORIGINAL, "0.0": ORIGINAL, "false": ORIGINAL, "no": ORIGINAL}
_FLAGS |= {"1": EDITED, "1.0": EDITED, "true": EDITED, "yes": EDITED}
_TRUTH = {"true": 1.0, "false": 0.0}
KNOWN_UNITS: Final = {"bone_age": "months"}
"""The usual unit of a quantity, taken where none is said; a run says so."""
NO_UNIT: Final = "1"
"""The unit of a quantity of which none is said."""


class TabledReading(NamedTuple):
    """One cell of a table that holds a reading, or says that there is none."""

    line: int
    case: str
    tool: str
    arm: str
    repeat: int
    reader: str
    reading: str
    member: int
    quantity: str
    value: float | None
    status: str
    message: str


@dataclass(frozen=True)
class Sheet:
    """A table beside what its columns are called."""

    sheet: CaseTable
    layout: Layout

    @property
    def asked(self) -> str:
        return f"table {self.sheet.entry.name}"

    def has(self, name: str) -> bool:
        """Whether it has a column of this package's name."""
        return self.layout.column(name) in self.sheet.columns

    def need(self, name: str) -> None:
        """Refuse a table without a column."""
        if not self.has(name):
            theirs = self.layout.column(name)
            found = f"it has no column {theirs!r}; it has {', '.join(filter(None, self.sheet.columns))}"
            advice = f"{did_you_mean(theirs, self.sheet.columns)}Say which it is: --columns {name}=NAME."
            raise DatasetError(self.asked, found, advice)

    def cell(self, row: Mapping[str, str], name: str) -> str:
        """What a row has in a column; empty where there is no such column."""
        return row.get(self.layout.column(name), "")

    def where(self, line: int) -> str:
        return f"row {line} of {self.asked}"

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Rows with their numbers, the header being row 1."""
        yield from enumerate(self.sheet.rows, start=2)

    def name_of_case(self, line: int, row: Mapping[str, str]) -> str:
        """The case of a row."""
        if is_missing(cell := self.cell(row, "case")):
            raise DatasetError(self.where(line), "no case", f"Fill the column {self.layout.column('case')!r}.")
        return tidy_id(cell)

    def check_roles(self) -> None:
        """Refuse a column that is taken for two readings: for original and edit, or for a reading and its reference."""
        single = self.layout.quantities[0] if len(self.layout.quantities) == 1 else ""
        taken: dict[str, tuple[str, str, str]] = {}
        named = dict.fromkeys((*self.layout.columns, *self.sheet.columns))
        roles = [(ours, self.layout.column(ours)) for ours in named]
        if self.has("arm") and not self.has("value"):
            roles += [(f"value:{quantity}", column_name(quantity)) for quantity in self.layout.quantities]
        for ours, theirs in roles:
            role, _, quantity = ours.partition(":")
            if role not in (*OF_QUANTITY, "value") or theirs not in self.sheet.columns:
                continue
            of = (role, column_name(quantity or single))
            *known, first = taken.setdefault(theirs, (*of, ours))
            if tuple(known) != of:
                advice = "Name a column of its own for each: --columns original=NAME,edited=NAME."
                raise DatasetError(self.asked, f"the column {theirs!r} is taken for {first} and for {ours}", advice)

    def readings(self) -> Iterator[TabledReading]:
        """Every reading of the table, the reference standard among them where an arm has it."""
        self.need("case")
        pairs = self._pairs()
        if self.has("arm") and self.has("value"):
            return self._long()
        if self.has("arm"):
            return self._by_arm()
        if pairs:
            return self._in_pairs(pairs)
        found = f"it has {', '.join(filter(None, self.sheet.columns))}, of which none says original or edited"
        advice = "Name the column: --columns arm=NAME, or --columns original=NAME,edited=NAME."
        raise DatasetError(self.asked, found, advice)

    def _long(self) -> Iterator[TabledReading]:
        wanted = self.layout.quantities
        if not self.has("quantity") and len(wanted) != 1:
            self.need("quantity")
        for line, row in self.rows():
            quantity = self.cell(row, "quantity") or (wanted[0] if len(wanted) == 1 else "")
            if not quantity:
                raise DatasetError(self.where(line), "no quantity", "Say what was read.")
            if not wanted or quantity in wanted:
                yield self._reading(line, row, self._arm(line, row), quantity, self.cell(row, "value"))

    def _by_arm(self) -> Iterator[TabledReading]:
        columns = self._quantity_columns()
        for line, row in self.rows():
            arm = self._arm(line, row)
            for quantity, column in columns.items():
                yield self._reading(line, row, arm, quantity, row[column])

    def _quantity_columns(self) -> dict[str, str]:
        if not self.layout.quantities:
            found = "it has no column 'value', and no quantity is named"
            advice = "Name the columns that hold readings: --quantity A,B; or --columns value=NAME."
            raise DatasetError(self.asked, found, advice)
        columns = {quantity: column_name(quantity) for quantity in self.layout.quantities}
        for quantity, column in columns.items():
            if column not in self.sheet.columns:
                advice = f"{did_you_mean(column, self.sheet.columns)}Name columns that hold readings."
                raise DatasetError(f"quantity {quantity} of {self.asked}", f"it has no column {column!r}", advice)
        return columns

    def _pairs(self) -> dict[str, dict[str, str]]:
        """Columns of original and edit, by quantity."""
        prefixed = [name for name in (*self.layout.columns, *self.sheet.columns) if name.startswith(f"{EDITED}:")]
        names = {column_name(name.partition(":")[2]): name.partition(":")[2] for name in prefixed}
        wanted = {column_name(name): name for name in self.layout.quantities}
        found = {}
        for key, name in names.items():
            if not wanted or key in wanted:
                found[wanted.get(key, name)] = {arm: f"{arm}:{name}" for arm in (ORIGINAL, EDITED)}
        if self.has(ORIGINAL) or self.has(EDITED):
            if len(wanted) != 1:
                found_ = "columns of originals and edits, and not one quantity that they hold"
                raise DatasetError(self.asked, found_, "Name it: --quantity NAME.")
            found[next(iter(wanted.values()))] = {arm: arm for arm in (ORIGINAL, EDITED)}
        for columns in found.values():
            for column in columns.values():
                self.need(column)
        if (
            not self.has("arm")
            and (lacking := [name for name in self.layout.quantities if name not in found])
            and found
        ):
            advice = f"Name its columns: --columns original:{lacking[0]}=NAME,edited:{lacking[0]}=NAME."
            raise DatasetError(self.asked, f"no columns of {lacking[0]}", advice)
        return found

    def _in_pairs(self, pairs: Mapping[str, Mapping[str, str]]) -> Iterator[TabledReading]:
        for line, row in self.rows():
            for quantity, columns in pairs.items():
                original = {**row, self.layout.column("status"): "", self.layout.column("repeat"): ""}
                yield self._reading(line, original, ORIGINAL, quantity, self.cell(row, columns[ORIGINAL]))
                yield self._reading(line, row, EDITED, quantity, self.cell(row, columns[EDITED]))

    def _arm(self, line: int, row: Mapping[str, str]) -> str:
        word = self.cell(row, "arm").lower()
        arm = self.layout.arms.get(word) if self.layout.arms else _FLAGS.get(word)
        arm = arm or (word if word in ARMS_OF_TABLES else None)
        if arm is None:
            known = ", ".join(self.layout.arms) or "original, edited, reference, 0 (original) and 1 (edited)"
            found = f"arm {self.cell(row, 'arm')!r}, which is none of {known}"
            raise DatasetError(self.where(line), found, "Say what it means: --arms original=WORD,edited=WORD.")
        return arm

    def _reading(self, line: int, row: Mapping[str, str], arm: str, quantity: str, cell: str) -> TabledReading:
        where = self.where(line)
        value = _number(cell, f"{quantity} in {where}")
        status = self.cell(row, "status").lower()
        if status and status not in set(EditStatus):
            advice = f"{did_you_mean(status, EditStatus)}Write one of {', '.join(EditStatus)}."
            raise DatasetError(where, f"status {status!r}", advice)
        reader = self.cell(row, "reader")
        if self.has("reader") and not reader and arm != REFERENCE:
            raise DatasetError(where, "no reader", "Say who read it, in every row.")
        return TabledReading(
            line, self.name_of_case(line, row), "" if arm == ORIGINAL else self.cell(row, "tool"), arm,
            self._whole(where, row, "repeat"), reader, self.cell(row, "reading"), self._whole(where, row, "member"),
            quantity, value, status, self.cell(row, "message"),
        )  # fmt: skip

    def _whole(self, where: str, row: Mapping[str, str], name: str) -> int:
        cell = self.cell(row, name)
        number = _number(cell, f"{name} in {where}") or 0.0
        if number < 0 or number % 1:
            raise DatasetError(where, f"{name} {cell!r}", f"Write {name}s as 0, 1, 2, ...")
        return int(number)

    def units(self, readings: tuple[TabledReading, ...]) -> dict[str, str]:
        """Unit of each quantity of the table as it was said; empty where it was not."""
        names = dict.fromkeys(reading.quantity for reading in readings if reading.arm != REFERENCE)
        for kind, said in (("--unit", self.layout.units), ("--quantity", self.layout.quantities)):
            if strange := [name for name in said if name not in names]:
                advice = f"{did_you_mean(strange[0], names)}It has {', '.join(names) or 'no reading'}."
                raise DatasetError(f"{kind} {strange[0]} of {self.asked}", "it has no reading of that name", advice)
        told = dict(self.layout.units)
        if self.has("unit"):
            by_line = dict(self.rows())
            for reading in readings:
                unit = self.cell(by_line[reading.line], "unit")
                if unit and told.setdefault(reading.quantity, unit) != unit:
                    found = f"{reading.quantity} in {unit}, and in {told[reading.quantity]} elsewhere"
                    raise DatasetError(self.where(reading.line), found, "Give all values of a quantity in one unit.")
        return {name: told.get(name, "") for name in names}

    def labels(self) -> Iterator[tuple[int, str, dict[str, str | float]]]:
        """What each row says of its case itself: patient, reference standard and strata, as far as it says them."""
        single = self.layout.quantities[0] if len(self.layout.quantities) == 1 else ""
        own = dict.fromkeys((*self.sheet.columns, *self.layout.columns))
        prefixes = (f"{REFERENCE}:", f"{STRATUM}:")
        columns = {name: self.layout.column(name) for name in own if name.startswith(prefixes) and self.has(name)}
        if self.has(REFERENCE):
            if not single:
                raise DatasetError(self.asked, "a column 'reference' of no quantity", "Name it reference:QUANTITY.")
            columns[f"{REFERENCE}:{single}"] = self.layout.column(REFERENCE)
        columns |= {
            f"{STRATUM}:{name}": c for name in self.layout.strata if (c := column_name(name)) in self.sheet.columns
        }
        numeric = numeric_columns(self.sheet, columns.values())
        for line, row in self.rows():
            found: dict[str, str | float] = {}
            value: str | float | None
            if self.has("patient"):
                if is_missing(patient := self.cell(row, "patient")):
                    raise DatasetError(self.where(line), "no patient", "Say whose case it is, in every row.")
                found["patient"] = tidy_id(patient)
            for ours, theirs in columns.items():
                if ours.startswith(f"{REFERENCE}:"):
                    value = _number(row[theirs], f"{ours} in {self.where(line)}")
                else:
                    value = stratum_of(row[theirs], numeric=theirs in numeric)
                if value is not None:
                    found[ours] = value
            yield line, self.name_of_case(line, row), found


def _number(cell: str, what: str) -> float | None:
    """The number in a cell, None for a missing one; true is 1, false is 0."""
    known = _TRUTH.get(cell.strip().lower())
    return number_of(cell, what) if known is None else known

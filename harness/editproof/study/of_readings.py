"""From a table of readings to the measurements of each tool and control, or the one line that says what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from editproof.audit.copied_readings import repeated_patients
from editproof.core.digests import digest_of
from editproof.datasets.tables.readings import TabledCase, TabledReadings
from editproof.datasets.tables.sheet import TabledReading
from editproof.errors import DatasetError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED, Measurements, measurements_of
from editproof.evidence.readers import pooled_value, reader_instrument
from editproof.evidence.record import CONTROLS
from editproof.types import JSON, EditStatus

IDENTITY, DESTRUCTIVE = CONTROLS
OK, FAILED = EditStatus.OK.value, EditStatus.FAILED.value
NO_ROW, EMPTY = "no row in the table", "its cells in the table are empty"

Values = Mapping[tuple[str, str], float]
"""Readings of one image, by quantity and instrument."""
Row = tuple[str, str, int, str, str, float, str]
Ended = tuple[str, int, str, str]


@dataclass(frozen=True)
class ReadingsOfCohort:
    """The readings of one table by their places: of every original, and of the edits of every tool.

    Attributes
    ----------
    table : TabledReadings
    tool : str
        Name of the tool whose edits the rows without a tool are of.

    Raises
    ------
    DatasetError
        When asked: where a reading is missing or there twice.
    """

    table: TabledReadings
    tool: str

    @property
    def cases(self) -> tuple[TabledCase, ...]:
        """The cohort."""
        return self.table.cases

    @cached_property
    def tools(self) -> tuple[str, ...]:
        """Every tool with a row of an edit, the destructive control left out; the one named where none has."""
        named = {reading.tool for reading in self.table.readings if reading.arm == EDITED}
        if "" in named and len(named - {DESTRUCTIVE}) > 1:
            line = next(r.line for r in self.table.readings if r.arm == EDITED and not r.tool)
            raise DatasetError(f"row {line} of {self._asked}", "no tool, where other rows have one", "Name the tool.")
        if self.tool in CONTROLS:
            raise DatasetError(f"tool {self.tool!r}", "that is the name of a control", "Give the tool another name.")
        if IDENTITY in named:
            advice = "Leave its rows out, or name the tool otherwise: the control is made of the originals."
            raise DatasetError(self._asked, f"a tool called {IDENTITY!r}, which is the name of a control", advice)
        own = sorted(self.tool if name == "" else name for name in named - {DESTRUCTIVE})
        return tuple(own) or (self.tool,)

    @cached_property
    def has_destructive(self) -> bool:
        """Whether the table has readings of the destructive control."""
        return any(reading.tool == DESTRUCTIVE for reading in self.table.readings)

    @cached_property
    def repeats(self) -> int:
        """Edits requested per case: one more than the highest repeat in the table."""
        edits = [reading.repeat for reading in self.table.readings if reading.arm == EDITED]
        if edits and 0 not in edits:
            found = f"repeats from {min(edits)} on"
            raise DatasetError(self._asked, found, "Count repeats 0, 1, 2, ... in every row of an edit.")
        return max(edits, default=0) + 1

    @cached_property
    def instruments(self) -> tuple[str, ...]:
        """Every reader, or every member of an ensemble."""
        return tuple(sorted({instrument for values in self.originals.values() for _, instrument in values}))

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) over the cohort: its cases, what is known of them, and the readings of their originals."""
        told: list[JSON] = [
            [case.case, case.patient, dict(case.reference), dict(case.strata), sorted(map(list, self._flat(case.case)))]
            for case in self.cases
        ]
        return digest_of([told, dict(self.table.units)])

    def _flat(self, case: str) -> Iterator[tuple[str, str, float]]:
        yield from ((*key, value) for key, value in self.originals[case].items())

    @cached_property
    def originals(self) -> dict[str, Values]:
        """Readings of the original of each case; every quantity of every one."""
        places = self._places[ORIGINAL].items()
        found: dict[str, Values] = {case: self._values(case, readings) for (case, *_), readings in places}
        for case in self.cases:
            values = found.get(case.case, {})
            read = {quantity for quantity, _ in values}
            if lacking := [quantity for quantity in self.table.units if quantity not in read]:
                edits = any(key[0] == case.case for key in self._places[EDITED])
                beside = ", though it has one of an edit" if edits else ""
                raise DatasetError(
                    self._asked, f"no reading of {lacking[0]} of the original of case {case.case}{beside}",
                    "Add the row; a case without its original cannot be judged.",
                )  # fmt: skip
            self._check_members(case.case, values)
        return found

    def measurements(self, tool: str) -> Measurements:
        """Everything read off the originals and the edits of a tool; an edit without a row is a missing one."""
        ends = {
            (case.case, repeat): self._edit(tool, case.case, repeat) for case in self.cases for repeat in self._each
        }
        return self._measurements(tool, ends)

    def identity(self) -> Measurements:
        """The harmless control: the readings of the originals as those of edits."""
        ends = {(case, repeat): (OK, "", values) for case, values in self.originals.items() for repeat in self._each}
        return self._measurements(IDENTITY, ends)

    def destructive(self) -> Measurements:
        """The harmful control; its first repeat stands for all where the table has no other.

        Raises
        ------
        DatasetError
            Where a case has none: a claim missed for want of readings would not show that harm is noticed.
        """
        ends = {}
        for case in self.cases:
            first = self._edit(DESTRUCTIVE, case.case, 0)
            if first[0] != OK:
                found = f"no reading of the control {DESTRUCTIVE} of case {case.case}"
                raise DatasetError(self._asked, found, "Give it for every case, or leave the control out.")
            for repeat in self._each:
                there = self._edit(DESTRUCTIVE, case.case, repeat)
                ends[case.case, repeat] = there if there[0] == OK else first
        return self._measurements(DESTRUCTIVE, ends)

    def unmeasured(self, tool: str) -> Measurements:
        """The cohort of a tool without one edit, for a protocol to be locked."""
        return measurements_of(tool, [case_labels(case) for case in self.cases], [], [])

    def check(self, judged: Sequence[str] = ()) -> None:
        """Refuse a table that contradicts itself, lacks what has to be there, or holds patients of others (judged)."""
        self._check_readers()
        for tool in self.tools:
            measured = self.measurements(tool)
            twice = repeated_patients(measured) if tool in (judged or self.tools) else None
            if twice and twice.beyond_chance:
                found = (
                    f"{twice.n} cases have all readings of a case of another patient, "
                    f"e.g. {twice.other} of patient {twice.other_patient} those of {twice.one} of {twice.one_patient}"
                )
                raise DatasetError(self._asked, found, "Give each patient once, cases of one under one id.")
        if self.has_destructive:
            self.destructive()

    def _check_readers(self) -> None:
        """Refuse a reader who was asked and never answered, of whom no reading would show that any is missing."""
        answered = {(row.reader, row.quantity) for row in self.table.readings if row.value is not None}
        for row in self.table.readings:
            if row.reader and (row.reader, row.quantity) not in answered:
                found = f"reader {row.reader} gave no reading of {row.quantity} at all"
                advice = "Add the readings, or leave the reader out of the table and say so."
                raise DatasetError(self._asked, found, advice)

    @property
    def _asked(self) -> str:
        return f"table {self.table.name}"

    @property
    def _each(self) -> range:
        return range(self.repeats)

    @cached_property
    def _places(self) -> dict[str, dict[tuple[str, str, int], list[TabledReading]]]:
        """Rows by arm and place (case, tool, repeat), none of one place twice."""
        found: dict[str, dict[tuple[str, str, int], list[TabledReading]]] = {ORIGINAL: {}, EDITED: {}}
        seen: dict[tuple[object, ...], TabledReading] = {}
        for reading in self.table.readings:
            tool = reading.tool or (self.tool if reading.arm == EDITED else "")
            place = (reading.case, tool, reading.repeat)
            key = (reading.arm, *place, reading.reader, reading.reading, reading.member, reading.quantity)
            first = seen.setdefault(key, reading)
            if first is not reading and self._says_again(reading, first):
                continue
            if first is not reading:
                named = ", ".join(filter(None, (reading.arm, tool, f"repeat {reading.repeat}", reading.reader)))
                found_ = f"{reading.quantity} of case {reading.case} ({named}) in rows {first.line} and {reading.line}"
                advice = "Leave one of them, or tell them apart by the columns repeat and reading."
                raise DatasetError(self._asked, found_, advice)
            if reading.arm == ORIGINAL and reading.repeat:
                found_ = f"repeat {reading.repeat} of the original of case {reading.case}"
                advice = "An original is one image, repeat 0; tell readings of it apart by reader and reading."
                raise DatasetError(f"row {reading.line} of {self._asked}", found_, advice)
            found[reading.arm].setdefault(place, []).append(reading)
        return found

    def _says_again(self, reading: TabledReading, first: TabledReading) -> bool:
        """Whether a row that holds an original beside an edit says of another repeat what is known already."""
        if reading.arm != ORIGINAL or reading.line == first.line or reading.value != first.value:
            return False
        return {reading.line, first.line} <= self._lines_of_edits

    @cached_property
    def _lines_of_edits(self) -> frozenset[int]:
        return frozenset(reading.line for reading in self.table.readings if reading.arm == EDITED)

    def _edit(self, tool: str, case: str, repeat: int) -> tuple[str, str, Values]:
        """How one requested edit ended, the message, and what was read off it."""
        readings = self._places[EDITED].get((case, tool, repeat), [])
        where = f"edit {repeat} of case {case} of {tool} in {self._asked}"
        if not readings:
            return FAILED, NO_ROW, {}
        lost = [reading for reading in readings if reading.status not in ("", OK)]
        if lost:
            if any(reading.value is not None for reading in readings) or len({r.status for r in readings}) > 1:
                found = f"it is {lost[0].status!r} in row {lost[0].line} and has a reading, or another status, as well"
                raise DatasetError(where, found, "Say in all its rows how it ended, and give no reading of it.")
            return lost[0].status, lost[0].message, {}
        if all(reading.value is None for reading in readings):
            if said := [reading for reading in readings if reading.status == OK]:
                advice = "Give the reading, or say how the edit ended."
                raise DatasetError(where, f"it is 'ok' in row {said[0].line} and has no value", advice)
            return FAILED, EMPTY, {}
        values = self._values(case, readings)
        left_out = {*self._left_out(readings), *self._left_out(self._places[ORIGINAL].get((case, "", 0), []))}
        for quantity, instrument in self.originals[case]:
            if (quantity, instrument) not in {*values, *left_out}:
                by = "" if instrument == "member-0" else f" by {instrument}"
                found = f"no reading of {quantity}{by}, which was read off the original"
                raise DatasetError(where, found, "Give it, or say in all rows of the edit how it ended.")
        for quantity, instrument in values:
            if (quantity, instrument) not in {*self.originals[case], *left_out}:
                found = f"a reading of {quantity} by {instrument}, which did not read the original"
                raise DatasetError(where, found, "Give the reading of the original, or leave this one out.")
        return OK, "", values

    def _values(self, case: str, readings: Sequence[TabledReading]) -> dict[tuple[str, str], float]:
        """Readings of one image by quantity and instrument; further readings by one reader are numbered."""
        values = {}
        for reading, instrument in self._by_instrument(readings):
            if reading.value is None:
                if reading.arm == ORIGINAL or reading.reader:
                    continue
                where = f"row {reading.line} of {self._asked}"
                found = f"no {reading.quantity} of case {case}, whose edit has other readings"
                raise DatasetError(where, found, "Give it, or say in all rows of the edit how it ended.")
            if reading.arm == ORIGINAL and reading.status not in ("", OK):
                where = f"row {reading.line} of {self._asked}"
                raise DatasetError(where, f"an original that is {reading.status!r}", "A status is of an edit.")
            values[reading.quantity, instrument] = reading.value
        return values

    def _by_instrument(self, readings: Sequence[TabledReading]) -> Iterator[tuple[TabledReading, str]]:
        """The rows of one image, each with its instrument."""
        order: dict[str, list[str]] = {}
        for reading in readings:
            seen = order.setdefault(reading.reader, [])
            if reading.reading not in seen:
                seen.append(reading.reading)
        for reading in readings:
            if reading.reader:
                numbers = sorted(order[reading.reader], key=_by_number)
                yield reading, reader_instrument(reading.reader, numbers.index(reading.reading) + 1)
            else:
                yield reading, f"member-{reading.member}"

    def _left_out(self, readings: Sequence[TabledReading]) -> set[tuple[str, str]]:
        """What human readers were asked and did not answer: rows without a value."""
        return {
            (reading.quantity, instrument)
            for reading, instrument in self._by_instrument(readings)
            if reading.reader and reading.value is None
        }

    def _check_members(self, case: str, values: Values) -> None:
        """Refuse an original that some reader or member read in part, or that some member did not read."""
        by_quantity: dict[str, set[str]] = {}
        for quantity, instrument in values:
            by_quantity.setdefault(quantity, set()).add(instrument)
        wanted = set().union(*by_quantity.values())
        members = {name for name in wanted if name.startswith("member-")}
        wanted |= {f"member-{k}" for k in range(self._members)} if members else set()
        left_out = self._left_out(self._places[ORIGINAL].get((case, "", 0), []))
        for quantity, read in by_quantity.items():
            if lacking := sorted(wanted - read - {name for of, name in left_out if of == quantity}):
                found = f"no reading of {quantity} of the original of case {case} by {lacking[0]}"
                raise DatasetError(self._asked, found, "Give every quantity by whoever read the image.")

    @cached_property
    def _members(self) -> int:
        return max((reading.member for reading in self.table.readings), default=0) + 1

    def _measurements(self, tool: str, ends: Mapping[tuple[str, int], tuple[str, str, Values]]) -> Measurements:
        rows: list[Row] = []
        edits: list[Ended] = []
        for case in self.cases:
            rows += self._rows(case.case, ORIGINAL, 0, self.originals[case.case])
            for repeat in self._each:
                status, message, values = ends[case.case, repeat]
                edits.append((case.case, repeat, status, message))
                rows += self._rows(case.case, EDITED, repeat, values)
        return measurements_of(tool, [case_labels(case) for case in self.cases], rows, edits)

    def _rows(self, case: str, arm: str, repeat: int, values: Values) -> Iterator[Row]:
        read: dict[str, dict[str, float]] = {}
        for (quantity, instrument), value in sorted(values.items()):
            read.setdefault(quantity, {})[instrument] = value
        for quantity, by_instrument in read.items():
            unit = self.table.units[quantity]
            for instrument, value in by_instrument.items():
                yield case, arm, repeat, instrument, quantity, value, unit
            yield case, arm, repeat, POOLED, quantity, pooled_value(by_instrument), unit


def case_labels(case: TabledCase) -> dict[str, JSON]:
    """The row of a case in the table of cases."""
    return {
        "case": case.case,
        "patient": case.patient,
        **{f"reference:{name}": value for name, value in sorted(case.reference.items())},
        **{f"stratum:{name}": value for name, value in sorted(case.strata.items())},
    }


def _by_number(word: str) -> tuple[float, str]:
    try:
        return float(word or 0), ""
    except ValueError:
        return float("inf"), word

"""The tidy table between measuring and deciding: everything that was read off the images of one editor's study."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from editproof.core.nearest import nearest
from editproof.core.numbers import brief
from editproof.errors import ProtocolError
from editproof.evidence.codes import Codes, Place, codes_of
from editproof.evidence.strata import WHOLE, in_stratum
from editproof.types import EditStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

ORIGINAL, EDITED, PASTE_BACK, HISTOGRAM_MATCHED = "original", "edited", "paste_back", "histogram_matched"
GEOMETRY, CONVERSION, CLASSICAL_FILL = "geometry", "gray", "classical_fill"
TARGET = "target"
"""The images that ideal edits would give, of the cases that bring one; see :class:`editproof.types.Pixels`."""
UNEDITED = (ORIGINAL, GEOMETRY, CONVERSION, CLASSICAL_FILL, TARGET)
"""Arms made of the original without asking the tool: one image a case, whatever the number of repeats."""
PLANTED_ORIGINAL, PLANTED = "planted_original", "planted"
"""Originals with structures planted in them, of a few cases, and the tool's edits of those; one image a case."""
SINGLE = (*UNEDITED, PLANTED_ORIGINAL, PLANTED)
"""Arms with one image a case."""

GREATEST = 1e100
"""The greatest size of a value; differences and squares of greater ones are no numbers any more."""

_NAMED = 10
"""Quantities that an error names, of which none is alike."""

POOLED = "pooled"
IMAGE = "image"
UNCERTAINTY = "uncertainty"

CASE_COLUMNS = ("case", "patient")
ROW_COLUMNS = ("case", "arm", "repeat", "instrument", "quantity", "value", "unit")
EDIT_COLUMNS = ("case", "repeat", "status", "message", "first", "digest", "made")
HISTOGRAM_COLUMNS = ("arm", "region", "level", "count")
MAP_COLUMNS = ("case", "arm", "repeat", "quantity", "frame", "cells")


@dataclass(frozen=True)
class Measurements:
    """What was measured on one editor's edits and their originals.

    Attributes
    ----------
    editor : str
        Name of the tool.
    cases : DataFrame
        One row per case: ``case``, ``patient``, ``reference:<quantity>`` (reference standard) and
        ``stratum:<name>`` columns. The order of rows is the order of the dataset.
    rows : DataFrame
        Long: ``case, arm, repeat, instrument, quantity, value, unit``. Arms of ``SINGLE`` have repeat 0 alone.
        Instrument is ``"pooled"`` or ``"member-<k>"`` for readings, ``"uncertainty"`` for what an instrument
        that says so gives for its own, ``"image"`` for image metrics, whose
        quantities are named ``<metric>:<region>``.
    edits : DataFrame
        One row per *requested* edit: ``case, repeat, status, message``; how its first attempt ended (``first``), the
        digest of its pixels (``digest``) and when it was made (``made``, ISO 8601 in UTC), each empty where it is not
        known.
    histograms : DataFrame
        Pooled intensity histograms for display: ``arm, region, level, count`` on a common scale of 256 levels.
    maps : DataFrame
        Which cells of a grid over its frame each edit changed, for display: see :mod:`editproof.evidence.maps`.
    deterministic : str
        When a check showed that the tool gives equal pixels whenever it is asked, ISO 8601 in UTC: its repeats are
        then equal and no copies. Empty where no such check was made.
    undefined : tuple of str
        Quantities of images that were looked for on every image and are defined on none: nothing of theirs is among
        the rows, and their names are known nevertheless.
    """

    editor: str
    cases: pd.DataFrame
    rows: pd.DataFrame
    edits: pd.DataFrame
    histograms: pd.DataFrame
    maps: pd.DataFrame
    stratum: str = WHOLE
    deterministic: str = ""
    undefined: tuple[str, ...] = ()

    def where(self, stratum: str) -> Measurements:
        """The same measurements restricted to a subgroup.

        Parameters
        ----------
        stratum : str
            ``"all"``, or conditions joined by ``&``: ``"sex=F"``, ``"bone_age<96"``, ``"bone_age>=96&sex=M"``.

        Raises
        ------
        ProtocolError
            Where the stratum names a column that the cohort does not have, or cannot be read.
        """
        if stratum == WHOLE:
            return self
        inside = in_stratum(self.cases, stratum)
        part = self.cases[inside]
        codes = self.codes.of_cases(inside)
        found = replace(
            self,
            cases=part.reset_index(drop=True),
            rows=self.rows[inside[self.codes.case]],
            undefined=tuple(sorted({*self.undefined, *(_on_images(self.codes) - _on_images(codes))})),
            edits=self.edits[self.edits["case"].isin(set(part["case"]))],
            maps=self.maps[self.maps["case"].isin(set(part["case"]))],
            stratum=stratum if self.stratum == WHOLE else f"{self.stratum}&{stratum}",
        )
        found.__dict__["codes"] = codes  # as it would be made of the rows
        return found

    def copied(self) -> Measurements:
        """The same measurements in tables of their own."""
        return replace(
            self, cases=self.cases.copy(), rows=self.rows.copy(), edits=self.edits.copy(),
            histograms=self.histograms.copy(), maps=self.maps.copy(),
        )  # fmt: skip

    @property
    def patients(self) -> NDArray[np.str_]:
        """Patient of each case, in case order."""
        return np.asarray(self.cases["patient"], dtype=str)

    @property
    def n_repeats(self) -> int:
        """Number of edits requested per case."""
        return int(self.edits["repeat"].max()) + 1 if len(self.edits) else 0

    @property
    def n_missing(self) -> int:
        """Requested edits that did not come back as an image."""
        return int((self.edits["status"] != EditStatus.OK.value).sum())

    @property
    def n_copied(self) -> int:
        """Cases of which two repeats are equal byte for byte, though no check shows that the tool is deterministic."""
        if self.deterministic:
            return 0
        came_back = self.edits[self.edits["digest"] != ""]
        return int(came_back.loc[came_back.duplicated(["case", "digest"]), "case"].nunique())

    def reference(self, quantity: str) -> NDArray[np.float64]:
        """Reference standard of each case, shape (n_cases,), in the quantity's unit; NaN where there is none."""
        column = f"reference:{quantity}"
        if column not in self.cases:
            raise ProtocolError(
                f"the reference standard of {quantity!r}", "the cohort has none", "Choose a cohort that carries it."
            )
        return np.asarray(self.cases[column], dtype=float)

    def has(self, quantity: str, arm: str = EDITED, instrument: str = POOLED) -> bool:
        """Whether anything was measured under that name."""
        return (quantity, arm, instrument) in self._places

    def defined_nowhere(self, quantity: str, arm: str = EDITED) -> bool:
        """Whether a quantity of images, known by its name, has no value on any image of an arm."""
        known = quantity in self.undefined or any(
            of == quantity and instrument == IMAGE for of, _, instrument in self._places
        )
        return known and not self.has(quantity, arm, IMAGE)

    def looking_for(self, quantities: Iterable[str]) -> Measurements:
        """The same, where these quantities of images were looked for; those that no image has are undefined."""
        found = replace(self, undefined=tuple(sorted(set(quantities) - _on_images(self.codes))))
        found.__dict__["codes"] = self.codes
        return found

    @cached_property
    def codes(self) -> Codes:
        """The rows by numbers; made once, since tables do not change."""
        return codes_of(self.cases, self.rows)

    @property
    def _places(self) -> dict[Place, NDArray[np.intp]]:
        """Rows of each quantity of an arm by an instrument, in their order."""
        return self.codes.places

    def matrix(self, quantity: str, arm: str = EDITED, instrument: str = POOLED) -> NDArray[np.float64]:
        """Values as a matrix, shape (n_cases, n_repeats), NaN where an edit is missing; unedited arms have one column.

        Raises
        ------
        ProtocolError
            Where nothing of that name was measured, nor looked for.
        """
        places = self._places.get((quantity, arm, instrument))
        if places is None and not len(self.cases):
            return np.empty((0, 1 if arm in SINGLE else max(1, self.n_repeats)))
        looked_for = instrument == IMAGE and self.defined_nowhere(quantity, arm)
        if places is None and self.n_missing < len(self.edits) and not looked_for:
            known = sorted(
                {of for of, of_arm, of_instrument in self._places if (of_arm, of_instrument) == (arm, instrument)}
            )
            near = nearest(quantity, known, n=3, alike=0.5) or known[:_NAMED]
            there = f"{', '.join(near)}{', ...' if len(near) < len(known) else ''}"
            raise ProtocolError(
                f"{quantity!r} of arm {arm!r} by {instrument!r}",
                f"nothing of that name was measured; there are {there or 'no measurements of that arm'}",
                "Choose one that was measured, or an instrument that reads it.",
            )
        values = np.full((len(self.cases), 1 if arm in SINGLE else self.n_repeats), np.nan)
        if places is not None:
            codes = self.codes
            values[codes.case[places], codes.repeat[places]] = codes.value[places]
        return values

    def instruments_of(self, quantity: str) -> set[str]:
        """Every instrument that gave a value of a quantity, on whatever arm."""
        return {instrument for of, _, instrument in self._places if of == quantity}

    def readings(self) -> dict[str, str]:
        """Unit by quantity of what the instrument read off the edits, in the order of the readings."""
        first = {of: places[0] for (of, arm, by), places in self._places.items() if (arm, by) == (EDITED, POOLED)}
        return {quantity: self.unit(quantity) for quantity in sorted(first, key=first.__getitem__)}

    def foremost_reading(self) -> str:
        """The first continuous reading of the edits, else the first of any kind; empty where none came back."""
        readings = self.readings()
        return next((name for name, unit in readings.items() if unit != "probability"), next(iter(readings), ""))

    def unit(self, quantity: str) -> str:
        """Unit under which the quantity was measured; empty where it was not."""
        rows = [int(places[0]) for (of, _, _), places in self._places.items() if of == quantity]
        return str(self.rows["unit"].iloc[min(rows)]) if rows else ""


def measurements_of(
    editor: str,
    cases: Sequence[Mapping[str, object]],
    rows: Sequence[tuple[object, ...]] | pd.DataFrame,
    edits: Sequence[tuple[object, ...]],
    histograms: Sequence[tuple[object, ...]] = (),
    maps: Sequence[tuple[object, ...]] = (),
) -> Measurements:
    """The table made of plain records, in the column order of the module's ``*_COLUMNS``.

    With it :func:`editproof.verdict_on` decides a criterion without a run; ``docs/tables.md`` works an example.

    Parameters
    ----------
    editor : str
        Name of the tool.
    cases : sequence of mapping
        One for each case: ``case``, ``patient``, ``reference:<quantity>`` and ``stratum:<name>``.
    rows : sequence of tuple, or DataFrame
        One for each reading: ``(case, arm, repeat, instrument, quantity, value, unit)``.
    edits : sequence of tuple
        One for each requested edit, those that did not come back among them: ``(case, repeat, status, message)``, and
        if known how its first attempt ended, the digest of its pixels, and when it was made.
    histograms : sequence of tuple
        For display alone: ``(arm, region, level, count)``.
    maps : sequence of tuple
        For display alone: ``(case, arm, repeat, quantity, frame, cells)``.

    Raises
    ------
    ProtocolError
        Where a record is not as above, a case has no patient or is there twice, a row or an edit is of no such case,
        two rows are of one reading, a quantity has two units, an edit ended in no known way, repeats are not counted
        from 0, an edit that is ``ok`` lacks a reading, or one that is not, or was not requested, has one.

    Examples
    --------
    >>> m = measurements_of("t", [{"case": "a", "patient": "a", "reference:sex": 1.0, "stratum:sex": "M"}],
    ...     [("a", "original", 0, "pooled", "sex", 0.9, "probability"), ("a", "edited", 0, "pooled", "sex", 0.7,
    ...      "probability")], [("a", 0, "ok", "")])
    >>> float(m.matrix("sex")[0, 0]), m.where("sex=F").matrix("sex").shape
    (0.7, (0, 1))
    """
    table = Measurements(
        editor,
        pd.DataFrame(list(cases)) if cases else pd.DataFrame(columns=list(CASE_COLUMNS)),
        _frame(editor, "row", rows, ROW_COLUMNS).astype({"repeat": int, "value": float}),
        _frame(editor, "edit", [_told(edit) for edit in edits], EDIT_COLUMNS).astype({"repeat": int}),
        pd.DataFrame(list(histograms), columns=list(HISTOGRAM_COLUMNS)),
        pd.DataFrame(list(maps), columns=list(MAP_COLUMNS)).astype({"repeat": int}),
    )
    for found, advice in _faults(table):
        raise ProtocolError(_asked(editor), found, advice)
    return table


def _on_images(codes: Codes) -> set[str]:
    """The quantities of images that have a value in some row."""
    return {quantity for quantity, _, instrument in codes.places if instrument == IMAGE}


def _asked(editor: str) -> str:
    return f"the table of {editor}"


def _told(edit: tuple[object, ...]) -> tuple[object, ...]:
    """An edit of which nothing is known beyond how it ended, as a whole row."""
    return (*edit, "", "", "") if len(edit) == EDIT_COLUMNS.index("first") else edit


def _frame(
    editor: str, noun: str, records: Sequence[tuple[object, ...]] | pd.DataFrame, columns: tuple[str, ...]
) -> pd.DataFrame:
    """Records as a table whose repeats are whole numbers from 0 on and whose values are finite."""
    frame = records if isinstance(records, pd.DataFrame) else _framed(editor, noun, records, columns)
    for column, words in (
        ("repeat", "Repeats are counted 0, 1, 2, ..."),
        ("value", f"A value is a finite number up to {brief(GREATEST)}."),
    ):
        if column not in columns:
            continue
        numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
        bad = ~(np.abs(numbers) <= GREATEST)
        if column == "repeat":
            bad |= (numbers < 0) | (numbers % 1 != 0)
        if bad.any():
            first = frame[bad].iloc[0]
            raise ProtocolError(_asked(editor), f"{column} {first[column]} of case {first['case']}", words)
    return frame


def _framed(editor: str, noun: str, records: Sequence[tuple[object, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    if odd := next((record for record in records if len(record) != len(columns)), None):
        raise ProtocolError(_asked(editor), f"the {noun} {tuple(odd)!r}", f"Give {', '.join(columns)}.")
    return pd.DataFrame(list(records), columns=list(columns))


def _faults(table: Measurements) -> Iterator[tuple[str, str]]:
    """What keeps a table from being judged, and what to do."""
    for name in CASE_COLUMNS:
        if name not in table.cases or table.cases[name].isna().any():
            yield f"a case without {name!r}", f"Give every case: {', '.join(CASE_COLUMNS)}."
            return
    for column in (name for name in table.cases if str(name).startswith("reference:")):
        size = np.abs(pd.to_numeric(table.cases[column], errors="coerce").to_numpy(float))
        for case in table.cases.loc[size > GREATEST, "case"]:
            yield f"{column} of case {case!r} beyond {brief(GREATEST)}", "Give it in a unit in which it is smaller."
    for case in table.cases.loc[table.cases["case"].duplicated(), "case"]:
        yield f"case {case!r} twice", "Give each case once, with a name of its own."
    known = set(table.cases["case"])
    for what, rows in (("a row", table.rows), ("an edit", table.edits)):
        if strange := sorted({str(case) for case in rows["case"].unique() if case not in known}):
            yield f"{what} of case {strange[0]!r}, which is not among the cases", "Add the case, or leave it out."
    key = ["case", "arm", "repeat", "instrument", "quantity"]
    rows = table.rows if table.codes.has_twice() else table.rows[:0]
    for twice in rows.loc[rows.duplicated(key), key].itertuples(index=False):
        yield f"two values of {', '.join(map(str, twice))}", "Give each reading once."
        break
    units = table.rows.drop_duplicates(["quantity", "unit"])
    for quantity in units.loc[units["quantity"].duplicated(), "quantity"]:
        found = sorted(map(str, units.loc[units["quantity"] == quantity, "unit"]))
        yield f"{quantity} in {' and in '.join(found)}", "Give all values of a quantity in one unit."
        break
    for status in sorted(set(table.edits["status"]) - set(EditStatus)):
        yield f"an edit that ended in {status!r}", f"Write one of {', '.join(EditStatus)}."
    yield from _faults_of_edits(table)


def _faults_of_edits(table: Measurements) -> Iterator[tuple[str, str]]:
    """Where edits and readings contradict one another: each edit that came back was read, and no other."""
    codes = table.codes
    unedited = np.array([arm in SINGLE for _, arm, _ in codes.kinds], dtype=bool)[codes.kind]
    for row in table.rows[unedited & (codes.repeat != 0)].itertuples():
        yield f"repeat {row.repeat} of arm {row.arm!r} of case {row.case}", "That arm has one image a case, repeat 0."
    edits = table.edits
    for case, repeat in edits.loc[edits.duplicated(["case", "repeat"]), ["case", "repeat"]].itertuples(index=False):
        yield f"edit {repeat} of case {case} twice", "Give each requested edit once."
    counts = edits.groupby("case", sort=False)["repeat"].agg(["max", "count"])
    for case in counts.index[counts["max"] + 1 != counts["count"]]:
        repeats = ", ".join(map(str, sorted(edits.loc[edits["case"] == case, "repeat"])))
        yield f"repeats {repeats} of case {case}", "Count repeats from 0, and give those that failed too."
    ended = dict(zip(zip(edits["case"], edits["repeat"], strict=True), edits["status"], strict=True))
    for row in table.rows[codes.first_of_edits(~unedited)].itertuples():
        status = ended.get((row.case, row.repeat))
        if status != EditStatus.OK.value:
            ending = "was not requested" if status is None else f"is {status!r}"
            found = f"a reading of edit {row.repeat} of case {row.case}, which {ending}"
            yield found, "Enter the edit as it ended, and leave out the readings of one that did not come back."
    came_back = {edit for edit, status in ended.items() if status == EditStatus.OK.value}
    names = table.cases["case"].to_numpy(object)
    for quantity, arm, instrument in sorted(codes.places, key=lambda place: int(codes.places[place][0])):
        if (arm, instrument) != (EDITED, POOLED):
            continue
        rows = codes.places[quantity, arm, instrument]
        lacking = came_back - set(zip(names[codes.case[rows]], codes.repeat[rows].tolist(), strict=True))
        if lacking:
            case, repeat = min(lacking, key=lambda edit: (str(edit[0]), edit[1]))
            found = f"no reading of {quantity} of edit {repeat} of case {case}, which is 'ok'"
            yield found, "Add the reading, or say how the edit ended if it did not come back."

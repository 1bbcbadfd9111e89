"""Readings that were made elsewhere, from a CSV or Parquet table; it reads no image that it has no row for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd

from editproof.core.declared import Line, Names, Wanted, closed, is_unique
from editproof.core.digests import pixel_digest
from editproof.core.extras import need
from editproof.core.numbers import brief
from editproof.core.records import section_from_plain
from editproof.core.separated import SeparatedError, cells_of
from editproof.errors import InstrumentError
from editproof.evidence.measurements import (
    CLASSICAL_FILL,
    CONVERSION,
    EDITED,
    GEOMETRY,
    HISTOGRAM_MATCHED,
    ORIGINAL,
    PASTE_BACK,
    TARGET,
)
from editproof.instruments.files import verified
from editproof.instruments.raw import value_of_cell

if TYPE_CHECKING:
    from editproof.types import Case, Image, InstrumentCard

    Key = tuple[str, ...]
    Readings = dict[str, list[Any]]

ARMS = (ORIGINAL, EDITED, PASTE_BACK, HISTOGRAM_MATCHED, GEOMETRY, CONVERSION, CLASSICAL_FILL, TARGET)
IDENTITY, DESTRUCTIVE = "identity", "destructive"
_PLACE = ("case", "arm", "repeat")
_BOTH = ("quantity", "value")
_OPTIONAL = ("member", "unit")
_COLUMNS = ("pixels", *_PLACE, "tool", *_BOTH, *_OPTIONAL)
_SAME = {"rel_tol": 1e-4, "abs_tol": 1e-4}
"""How far apart two readings of the same pixels may be: what rounding, and the order of sums, may do."""


def _are_columns(columns: Mapping[str, str]) -> bool:
    return set(columns) <= set(_COLUMNS) and is_unique(tuple(columns.values()))


_Columns = Annotated[
    Mapping[str, Line], Wanted(f'{{"case": "Case ID"}}; known are {", ".join(_COLUMNS)}', _are_columns)
]
_Arms = Annotated[Names, Wanted(f"a list of {', '.join(ARMS)}", set(ARMS).issuperset)]


@closed
@dataclass(frozen=True)
class TableFields:
    """Which table holds the readings, and what it holds.

    Attributes
    ----------
    file : str
        Its name, beside the card.
    columns : mapping of str to str
        By name of a column as this package knows it, its name in the table; of those that differ.
    arms : tuple of str
        The arms of which it has readings; where none is listed, those of its column ``arm``.
    """

    file: Line
    columns: _Columns = field(default_factory=dict)
    arms: _Arms = ()


class TableOfReadings:
    """Readings by place (case, arm, repeat and, of several tools, tool) or by the digest of the pixels.

    Parameters
    ----------
    card : InstrumentCard
        Its ``table`` is a :class:`TableFields`; the table's ``sha256`` is on the card, as of any file. Its
        ``absent_arms`` are found here.
    folder : Path

    Raises
    ------
    InstrumentError
        The table cannot be read, or contradicts the card or itself.
    """

    def __init__(self, card: InstrumentCard, folder: Path) -> None:
        self._folder, self._told = folder, card
        self._asked = f"instrument {card.name}"
        told, see = card.reading.get("table", {}), "See docs/instruments.md."
        self._table = section_from_plain(TableFields, "table", told, self._asked, see, InstrumentError)
        if card.preprocessing or card.covariates:
            found = "preprocessing or covariates of a table"
            raise InstrumentError(self._asked, found, "A table is looked up; leave them out.")

    @property
    def card(self) -> InstrumentCard:
        """The card, with the arms of which the table has no row."""
        return replace(self._told, absent_arms=self._absent)

    def check(self) -> None:
        """Refuse a table that is not what the card says, before anything is done."""
        _ = self._rows

    def covers(self, cases: Iterable[Case], tools: Sequence[str]) -> None:
        """Refuse a table without a row for some original, or without any for a tool; ``identity`` needs none.

        Raises
        ------
        InstrumentError
            It names the rows that are needed.
        """
        if self._by_pixels:
            return
        tools = [tool for tool in tools if tool != IDENTITY]
        lacking = [
            (case.case_id, name)
            for case in cases
            for name in self._names
            if ("", case.case_id, ORIGINAL, "0") not in self._rows.get(name, {})
        ]
        if lacking:
            rows = "; ".join(f"case={case}, arm=original, quantity={name}" for case, name in lacking[:3])
            found = f"{len(lacking)} rows of originals are missing, e.g. {rows}"
            raise InstrumentError(self._asked, found, "Add a row for every case of the cohort.")
        known = {key[0] for rows in self._rows.values() for key in rows if key[2] == EDITED}
        for tool in tools:
            if tool not in known and "" not in known:
                found = f"no row of tool {tool}; it has {', '.join(sorted(known)) or 'no edit at all'}"
                advice = f"Add rows with tool={tool}, arm=edited, repeat=0, 1, ..., or leave the column tool out."
                raise InstrumentError(self._asked, found, advice)
        if len(tools) > 1 and "" in known:
            found = f"edits without a tool, and {len(tools)} tools are judged"
            raise InstrumentError(self._asked, found, "Add the column tool, empty for originals.")

    def looked_up(self, case_id: str, tool: str, places: Sequence[tuple[str, int]], image: Image) -> Readings | None:
        """The members' readings of an image, by quantity, and its outputs, looked up by its places in a study.

        Parameters
        ----------
        places : sequence of (arm, repeat)
            All places with these pixels. The original needs a row, and so does every edit of a tool that is judged;
            of another arm, and of the destructive control, a row for one of the places is enough.

        Returns
        -------
        mapping or None
            None for edits of the destructive control where the table has none of them.

        Raises
        ------
        InstrumentError
            A row is missing that the table should have, or rows of these pixels differ; the error names them.
        """
        if self._by_pixels:
            keys: dict[tuple[str, int], list[Key]] = {place: [(pixel_digest(image),)] for place in places}
        else:
            keys = {place: self._keys(case_id, tool, *place) for place in places}
        found: Readings = {}
        for name in self._names:
            rows = self._rows.get(name, {})
            known = {key: rows[key] for place in places for key in keys[place] if key in rows}
            bare = [place for place in places if not any(key in rows for key in keys[place])]
            if not known and not self._has(tool):
                return None
            if lacking := [place for place in bare if not known or _needs_row(tool, place[0])]:
                raise self._missing(name, case_id, tool, lacking, keys)
            _check_alike(known, f"{name} of case {case_id} by {self._asked}")
            found[name] = next(iter(known.values()))
        return found

    def _keys(self, case_id: str, tool: str, arm: str, repeat: int) -> list[Key]:
        """The rows that may be about a place: of no tool for the original, else of the tool, or of the only one."""
        owners = ("",) if arm == ORIGINAL else (tool,) if tool in (IDENTITY, DESTRUCTIVE) else (tool, "")
        return [(owner, case_id, arm, str(repeat)) for owner in owners]

    def _missing(
        self, quantity: str, case_id: str, tool: str, lacking: Sequence[tuple[str, int]], keys: Mapping[Any, list[Key]]
    ) -> InstrumentError:
        rows = [f"case={case_id}, arm={arm}, repeat={repeat}" for arm, repeat in lacking]
        if self._by_pixels:
            rows = [f"pixels={keys[lacking[0]][0][0]}"]
        each = f"tool={tool}, quantity={quantity}, value=..."
        one = len(rows) == 1
        return InstrumentError(
            f"{quantity} of case {case_id} by {self._asked}",
            f"no reading of {'; '.join(f'arm {arm}, repeat {repeat}' for arm, repeat in lacking)}, of tool {tool}",
            f"Add the {'row' if one else 'rows'} {'; '.join(rows)}, {'' if one else 'each with '}{each} to the table.",
        )

    def predict(self, images: Sequence[Image], references: Sequence[Mapping[str, float]]) -> Mapping[str, Any]:
        """Readings of images that the table knows by their pixels.

        Raises
        ------
        InstrumentError
            Where it does not; by place nothing can be read without knowing the place.
        """
        readings = [self.looked_up("?", "?", [(EDITED, 0)], image) for image in images]
        if not self._by_pixels or None in readings:
            raise InstrumentError(self._asked, "a table reads no new image", "Judge what its rows are about.")
        kept = [output.name for output in self._told.kept_outputs]
        numbers = {q.name: np.array([r[q.name] for r in readings if r]).T for q in self._told.quantities}
        return numbers | {name: [r[name][0] for r in readings if r] for name in kept}

    @cached_property
    def _frame(self) -> pd.DataFrame:
        name = self._table.file
        asked = f"table {name} of {self._asked}"
        content = verified(self._told, self._folder, name, "table")
        is_parquet = name.endswith((".parquet", ".pq"))
        if is_parquet:
            need("parquet", asked, InstrumentError, otherwise="or save the table as CSV")
        try:
            frame = _as_text(pd.read_parquet(BytesIO(content))) if is_parquet else _of_text(content.decode("utf-8-sig"))
        except SeparatedError as error:
            raise InstrumentError(asked, error.found, error.advice) from error
        except Exception as error:  # pandas and pyarrow raise what they meet
            words = str(error).partition("\n")[0][:200]
            raise InstrumentError(asked, f"it cannot be read ({words})", "Save it as UTF-8 CSV.") from error
        columns = self._table.columns
        if strange := [theirs for theirs in columns.values() if theirs not in frame]:
            found = f"it has no column {strange[0]!r}, which table.columns names"
            raise InstrumentError(asked, found, f"It has {', '.join(map(str, frame))}.")
        frame = frame.rename(columns={theirs: ours for ours, theirs in columns.items()})
        if twice := sorted({str(column) for column in frame.columns[frame.columns.duplicated()]}):
            raise InstrumentError(asked, f"it has the column {twice[0]} twice", "Leave one of them, or mend columns.")
        needed = (("pixels",) if "pixels" in frame else _PLACE) + _BOTH
        if lacking := [column for column in needed if column not in frame]:
            found = f"it has the columns {', '.join(map(str, frame))} and lacks {', '.join(lacking)}"
            advice = (
                f"Write {', '.join(_PLACE + _BOTH)}, or pixels instead of the first three; see docs/instruments.md."
            )
            raise InstrumentError(asked, found, advice)
        for column in ("tool", *_OPTIONAL):
            if column not in frame:
                frame[column] = ""
        return frame

    @cached_property
    def _rows(self) -> dict[str, dict[Key, list[float]]]:
        """Readings by quantity and key, members in order."""
        frame, asked = self._frame, f"table {self._table.file} of {self._asked}"
        units = {quantity.name: quantity.unit for quantity in self._told.quantities}
        kept = {output.name: output for output in self._told.kept_outputs}
        members: dict[str, dict[Key, dict[int, Any]]] = {name: {} for name in self._names}
        for line, row in enumerate(frame.to_dict("records"), start=2):
            name, where = row["quantity"], f"row {line} of {asked}"
            if name in kept:
                key, came = self._key(row, where), value_of_cell(kept[name], str(row["value"]), where)
                if key in members[name] and (not self._by_pixels or members[name][key] != {0: came}):
                    raise InstrumentError(where, "a second reading of the same place", "Leave one of them.")
                members[name][key] = {0: came}
                continue
            if name not in units:
                continue
            if row["unit"] not in ("", units[name]):
                found = f"{name} is in {row['unit']}, the card says {units[name]}"
                raise InstrumentError(where, found, "State the unit in which it was read.")
            value, member = _number(row["value"]), _number(row["member"] or "0")
            if not np.isfinite(value) or member != member // 1 or not 0 <= member < self._told.members:
                found = f"value {row['value']!r} of member {row['member'] or 0}"
                advice = f"A reading is a finite number; members are 0 to {self._told.members - 1}."
                raise InstrumentError(where, found, advice)
            by_member = members[name].setdefault(self._key(row, where), {})
            if by_member.get(int(member), value) != value or (int(member) in by_member and not self._by_pixels):
                raise InstrumentError(where, "a second reading of the same place", "Leave one of them.")
            by_member[int(member)] = value
        return {name: {key: self._all(by, key, asked) for key, by in rows.items()} for name, rows in members.items()}

    def _key(self, row: Mapping[str, Any], where: str) -> Key:
        if self._by_pixels:
            return (str(row["pixels"]).strip(),)
        arm, repeat = str(row["arm"]), _number(row["repeat"] or "0")
        if arm not in ARMS or not repeat >= 0 or repeat != repeat // 1:
            found = f"arm {arm!r}, repeat {row['repeat']!r}"
            raise InstrumentError(where, found, f"Arms are {', '.join(ARMS)}; repeats are counted from 0.")
        return ("" if arm == ORIGINAL else str(row["tool"]).strip(), str(row["case"]), arm, str(int(repeat)))

    def _all(self, by_member: Mapping[int, float], key: Key, asked: str) -> list[float]:
        if len(by_member) != self._told.members:
            found = f"{len(by_member)} of {self._told.members} members at {', '.join(filter(None, key))}"
            raise InstrumentError(asked, found, "Give a row for each member.")
        return [by_member[member] for member in range(self._told.members)]

    @property
    def _names(self) -> list[str]:
        """Names of all that a row may be of: quantities, and the outputs that are kept as they came."""
        return [*(one.name for one in self._told.quantities), *(one.name for one in self._told.kept_outputs)]

    @property
    def _by_pixels(self) -> bool:
        return "pixels" in self._frame

    @cached_property
    def _absent(self) -> tuple[str, ...]:
        """The arms that the card, or else the table, leaves out; none where a table by pixels has no list of arms."""
        arms = set(self._table.arms)
        if not arms and "arm" in self._frame:
            arms = set(self._frame["arm"])
        return tuple(arm for arm in ARMS[2:] if arms and arm not in arms)

    def _has(self, tool: str) -> bool:
        """Whether the table may be expected to know a tool's edits; a control that it does not name is not read."""
        if tool != DESTRUCTIVE:
            return True
        if self._by_pixels:
            return DESTRUCTIVE in set(self._frame["tool"])
        return any(key[0] == DESTRUCTIVE for rows in self._rows.values() for key in rows)


def _needs_row(tool: str, arm: str) -> bool:
    """Whether a place needs a row of its own, though the same pixels may have one elsewhere."""
    return arm == ORIGINAL or (arm == EDITED and tool not in (IDENTITY, DESTRUCTIVE))


def _check_alike(rows: Mapping[Key, Sequence[float]], asked: str) -> None:
    """Refuse rows of the same pixels that give them different readings."""
    first = next(iter(rows.values()))
    if all(_is_same(a, b) for row in rows.values() for a, b in zip(row, first, strict=True)):
        return
    words = [f"{_words(key)}: {', '.join(map(_shown, row))}" for key, row in rows.items()]
    raise InstrumentError(
        asked,
        f"the same pixels, and other readings: {'; '.join(words)}",
        "Read the images again; an instrument reads the same pixels the same.",
    )


def _is_same(one: Any, other: Any) -> bool:
    numbers = isinstance(one, float) and isinstance(other, float)
    return math.isclose(one, other, **_SAME) if numbers else bool(one == other)


def _shown(value: Any) -> str:
    return brief(value) if isinstance(value, float) else str(value)[:80]


def _words(key: Key) -> str:
    owner, case_id, arm, repeat = key
    return f"case={case_id}, arm={arm}, repeat={repeat}" + (f", tool={owner}" if owner else "")


def _of_text(text: str) -> pd.DataFrame:
    """The words of a text table; a row that is too short ends in empty cells."""
    header, *rows = [line for line in cells_of(text) if any(line)]
    return pd.DataFrame([[*row, *[""] * len(header)][: len(header)] for row in rows], columns=header)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text, as a CSV would have it; what is null is empty."""
    return frame.astype(object).astype(str).mask(frame.isna(), "")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")

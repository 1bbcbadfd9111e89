"""Readings that were made elsewhere, from a CSV or Parquet table; it reads no image that it has no row for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.errors import InstrumentError
from harness.measurements import CLASSICAL_FILL, CONVERSION, EDITED, GEOMETRY, HISTOGRAM_MATCHED, ORIGINAL, PASTE_BACK
from harness.predictors.files import verified
from harness.store import pixel_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.types import Case, Image, PredictorCard

    Key = tuple[str, ...]
    Readings = dict[str, list[float]]

ARMS = (ORIGINAL, EDITED, PASTE_BACK, HISTOGRAM_MATCHED, GEOMETRY, CONVERSION, CLASSICAL_FILL)
DESTRUCTIVE = "destructive"
_PLACE = ("case", "arm", "repeat")
_BOTH = ("quantity", "value")
_OPTIONAL = ("member", "unit")


class Table:
    """Readings by place (case, arm, repeat and, of several tools, tool) or by the digest of the pixels.

    Parameters
    ----------
    card : PredictorCard
        ``table.file`` names the table; its ``sha256`` is on the card, as of any file. ``absent_arms`` is found here.
    folder : Path

    Raises
    ------
    InstrumentError
        The table cannot be read, or contradicts the card or itself.
    """

    def __init__(self, card: PredictorCard, folder: Path) -> None:
        self._folder, self._told = folder, card
        self._asked = f"instrument {card.name}"
        told = card.reading.get("table", {})
        if not isinstance(told, Mapping) or set(told) - {"file", "columns", "arms"} or not told.get("file"):
            raise InstrumentError(self._asked, f"table {told!r}", 'Write "table": {"file": "predictions.csv"}.')
        if card.preprocessing or card.covariates:
            found = "preprocessing or covariates of a table"
            raise InstrumentError(self._asked, found, "A table is looked up; leave them out.")

    @property
    def card(self) -> PredictorCard:
        """The card, with the arms of which the table has no row."""
        return replace(self._told, absent_arms=self._absent)

    def check(self) -> None:
        """Refuse a table that is not what the card says, before anything is done."""
        _ = self._rows

    def covers(self, cases: Iterable[Case], tools: Sequence[str]) -> None:
        """Refuse a table without a row for some original, or without any for a tool.

        Raises
        ------
        InstrumentError
            It names the rows that are needed.
        """
        if self._by_pixels:
            return
        lacking = [
            (case.case_id, quantity.name)
            for case in cases
            for quantity in self._told.quantities
            if ("", case.case_id, ORIGINAL, "0") not in self._rows.get(quantity.name, {})
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
        """The members' readings of an image that stands at some places of a study, by quantity.

        Parameters
        ----------
        places : sequence of (arm, repeat)
            Where these very pixels stand; a row for one of them is enough.

        Returns
        -------
        mapping or None
            None for edits of the destructive control where the table has none of them.

        Raises
        ------
        InstrumentError
            A row is missing that the table should have; the error names it.
        """
        if self._by_pixels:
            keys: list[Key] = [(pixel_digest(image),)]
        else:
            keys = [("", case_id, arm, str(repeat)) for arm, repeat in places if arm == ORIGINAL]
            keys += [(owner, case_id, arm, str(repeat)) for arm, repeat in places for owner in self._owners(tool)]
        found: Readings = {}
        for quantity in self._told.quantities:
            rows = self._rows.get(quantity.name, {})
            key = next((key for key in keys if key in rows), None)
            if key is None:
                if not self._has(tool):
                    return None
                arm, repeat = places[0]
                row = f"pixels={keys[0][0]}" if self._by_pixels else f"case={case_id}, arm={arm}, repeat={repeat}"
                advice = f"Add the row {row}, tool={tool}, quantity={quantity.name}, value=... to the table."
                raise InstrumentError(
                    f"{quantity.name} of case {case_id} by {self._asked}",
                    f"no reading of arm {arm}, repeat {repeat}, of tool {tool}",
                    advice,
                )
            found[quantity.name] = rows[key]
        return found

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings of images that the table knows by their pixels.

        Raises
        ------
        InstrumentError
            Where it does not; by place nothing can be read without knowing the place.
        """
        names = [quantity.name for quantity in self._told.quantities]
        readings = [self.looked_up("?", "?", [(EDITED, 0)], image) for image in images]
        if not self._by_pixels or None in readings:
            raise InstrumentError(self._asked, "a table reads no new image", "Judge what its rows are about.")
        return {name: np.array([r[name] for r in readings if r]).T for name in names}

    @cached_property
    def _frame(self) -> pd.DataFrame:
        name = str(self._told.reading["table"]["file"])
        asked = f"table {name} of {self._asked}"
        content = verified(self._told, self._folder, name, "table")
        try:
            if name.endswith((".parquet", ".pq")):
                frame = pd.read_parquet(BytesIO(content)).astype(str)
            else:
                frame = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
        except ImportError as error:
            advice = "Install it: pip install 'editproof[parquet]', or save the table as CSV."
            raise InstrumentError(asked, "the package pyarrow is not installed", advice) from error
        except Exception as error:  # pandas and pyarrow raise what they meet
            words = str(error).partition("\n")[0][:200]
            raise InstrumentError(asked, f"it cannot be read ({words})", "Save it as UTF-8 CSV.") from error
        renamed = {theirs: ours for ours, theirs in self._told.reading["table"].get("columns", {}).items()}
        frame = frame.rename(columns=renamed)
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
        frame, asked = self._frame, f"table {self._told.reading['table']['file']} of {self._asked}"
        units = {quantity.name: quantity.unit for quantity in self._told.quantities}
        members: dict[str, dict[Key, dict[int, float]]] = {name: {} for name in units}
        for line, row in enumerate(frame.to_dict("records"), start=2):
            name, where = row["quantity"], f"row {line} of {asked}"
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
    def _by_pixels(self) -> bool:
        return "pixels" in self._frame

    @cached_property
    def _absent(self) -> tuple[str, ...]:
        """The arms that the card or else the table leaves out; by pixels and without a word, none."""
        arms = set(self._told.reading["table"].get("arms", ()))
        if not arms and "arm" in self._frame:
            arms = set(self._frame["arm"])
        return tuple(arm for arm in ARMS[2:] if arms and arm not in arms)

    def _owners(self, tool: str) -> tuple[str, ...]:
        """Whose rows are about a tool: its own, and those of no tool unless it is the destructive control."""
        return (tool,) if tool == DESTRUCTIVE else (tool, "")

    def _has(self, tool: str) -> bool:
        """Whether the table may be expected to know a tool's edits; a control that it does not name is not read."""
        if tool != DESTRUCTIVE:
            return True
        if self._by_pixels:
            return DESTRUCTIVE in set(self._frame["tool"])
        return any(key[0] == DESTRUCTIVE for rows in self._rows.values() for key in rows)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")

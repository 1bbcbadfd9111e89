"""Human readers as the page names them: how many there are, and what each of them read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.evidence.readers import READER, name_of_reader
from editproof.evidence.record import Evidence
from editproof.types import InstrumentCard


@dataclass(frozen=True)
class ReaderRow:
    """What one reader read in a run: cases of which the original was read, and edits of all tools, each once."""

    name: str
    originals: int
    edits: int


def readers_of(card: InstrumentCard) -> tuple[str, ...]:
    """Names of the human readers behind an instrument, sorted; none behind any other.

    Examples
    --------
    >>> readers_of(InstrumentCard("the table", "", (), 1, {}, "", "", reading={"readers": ["reader:B", "reader:B#2"]}))
    ('B',)
    """
    told = card.reading.get("readers") if isinstance(card.reading, Mapping) else None
    listed = told if isinstance(told, list | tuple) else ()
    return tuple(sorted({name for entry in listed if (name := name_of_reader(str(entry)))}))


def has_readers(evidence: Evidence) -> bool:
    """Whether human readers read anything in a run."""
    return any(readers_of(card) for card in evidence.instruments)


def reader_rows(evidence: Evidence, card: InstrumentCard) -> tuple[ReaderRow, ...]:
    """The readers of an instrument with what they read."""
    tables = [editor.measurements for editor in evidence.editors]
    return tuple(
        ReaderRow(
            name,
            max((_read(table, name, ORIGINAL) for table in tables), default=0),
            sum(_read(table, name, EDITED) for table in tables),
        )
        for name in readers_of(card)
    )


def _read(table: Measurements, reader: str, arm: str) -> int:
    rows = table.rows[(table.rows["arm"] == arm) & table.rows["instrument"].str.startswith(f"{READER}{reader}")]
    own = rows[rows["instrument"].map(name_of_reader) == reader]
    return len(own.drop_duplicates(["case", "repeat"]))

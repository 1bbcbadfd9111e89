"""The table beside a folder of DICOM files: which row belongs to which file, and which columns are read."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from editproof.datasets.dicom.listing import stem_of
from editproof.datasets.folder.files import Entry
from editproof.datasets.folder.structures import named_in
from editproof.datasets.masks.parts import named_part
from editproof.datasets.tables.labels import Labels, labels_of
from editproof.datasets.tables.requests import Wish, request_columns, wish_of
from editproof.datasets.tables.strata import PREFIX, notes_on_strata, strata_columns
from editproof.datasets.tables.table import CaseTable, numeric_columns, stratum_of, table
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from editproof.datasets.dicom.file import HeaderFacts

LABELS = ("labels.csv", "labels.parquet")
FROM_HEADER = frozenset({"age_years", "sex", "laterality", "burned_in"})
"""Strata that headers give."""
_KEYS = ("sop_instance_uid", "series_instance_uid", "file", "case_id")
_USED = {*_KEYS, "patient_id", "edit_mask", "protected_mask"}


class Rows:
    """The rows of the table beside the files, found by the key that they have; each belongs to one file."""

    def __init__(self, sheet: CaseTable | None) -> None:
        self.sheet, self.labels = sheet, labels_of(sheet, quoting=False) if sheet else Labels((), sex=False)
        columns = [name for name in (sheet.columns if sheet else ()) if name.startswith(PREFIX)]
        given = FROM_HEADER - {"sex"} if self.labels.sex else FROM_HEADER
        self._strata = strata_columns(sheet, columns, self.labels, given) if sheet else {}
        self._asks = request_columns(sheet) if sheet else frozenset()
        self._numeric = numeric_columns(sheet, self._strata) if sheet else set()
        self.structures = named_in(sheet.columns, sheet.entry.name) if sheet else {}
        self._met: set[int] = set()
        self._by: dict[tuple[str, str], int] = {}
        lines = sheet.rows if sheet else ()
        for number, line in enumerate(lines):
            key = next((name for name in _KEYS if line.get(name)), None)
            if key is None:
                found = f"row {number + 2} names no file"
                raise DatasetError(f"read {self.name}", found, f"Fill one of {', '.join(_KEYS)}.")
            cell = line[key].replace("\\", "/") if key == "file" else line[key]
            if (key, cell) in self._by:
                found = f"rows {self._by[key, cell] + 2} and {number + 2} name the same file by {key}"
                raise DatasetError(f"one row per case in {self.name}", found, "Keep one of them.")
            self._by[key, cell] = number

    @property
    def name(self) -> str:
        """File name of the table."""
        return self.sheet.entry.name if self.sheet else ""

    @property
    def files(self) -> set[str]:
        """Paths below the folder of the table and of every mask that it names."""
        lines = self.sheet.rows if self.sheet else ()
        columns = ("edit_mask", "protected_mask", *self.structures)
        cells = {line.get(column, "").replace("\\", "/") for line in lines for column in columns}
        return {self.name, *cells, *(named_part(cell)[0] for cell in cells)}

    def __len__(self) -> int:
        return len(self._by)

    def of(self, entry: Entry, facts: HeaderFacts) -> Mapping[str, str] | None:
        """The row of one file."""
        name = PurePosixPath(entry.name).name
        keys = (
            ("sop_instance_uid", facts.sop_uid),
            ("file", entry.name),
            ("file", name),
            ("case_id", stem_of(entry.name)),
        )
        return self._first(keys)

    def of_series(self, series: str, instance: str, folder: str) -> Mapping[str, str] | None:
        """The row of a volume, by the UID of its series or of its one file, or by the folder that its files lie in."""
        named = [("file", folder), ("case_id", stem_of(folder))] if folder else []
        return self._first([("series_instance_uid", series), ("sop_instance_uid", instance), *named])

    def _first(self, keys: Iterable[tuple[str, str]]) -> Mapping[str, str] | None:
        number = next((self._by[key] for key in keys if key in self._by), None)
        if number is None or self.sheet is None:
            return None
        if number in self._met:
            found = f"row {number + 2} belongs to two files"
            raise DatasetError(f"one row per case in {self.name}", found, "Name files by their path below the folder.")
        self._met.add(number)
        return self.sheet.rows[number]

    def unmet(self) -> int:
        """How many rows no file was found for."""
        return len(self._by) - len(self._met)

    def notes_on_unmet(self) -> list[str]:
        """A warning on rows of which no case came, where they do not end the reading."""
        missing = self.unmet()
        return [f"{missing} of {len(self)} rows of {self.name} are of no DICOM file that was read."] if missing else []

    def strata(self, line: Mapping[str, str]) -> dict[str, str | float]:
        """The strata that a row declares."""
        found = {
            name: stratum_of(line.get(column, ""), numeric=column in self._numeric)
            for column, name in self._strata.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def wish(self, line: Mapping[str, str]) -> Wish:
        """What a row asks of tools for its file."""
        return wish_of(line, self._asks)

    def ignored(self) -> list[str]:
        """A warning on columns that are not read."""
        columns = self.sheet.columns if self.sheet else ()
        read = _USED | self._asks | self.labels.columns | {*self._strata, *self.structures}
        unread = [name for name in columns if name not in read]
        advice = "call a column stratum:NAME to form subgroups on it."
        notes = [f"{len(unread)} columns of {self.name} are not read; {advice}"] if unread else []
        return notes + (notes_on_strata(self.sheet, self._strata, quoting=False) if self.sheet else [])


def labels_beside(root: Path, labels: str | None, asked: str) -> CaseTable | None:
    """The table of the reference standard, the named one or else the one in the folder; None without a table."""
    present = [labels] if labels else [name for name in LABELS if (root / name).is_file()]
    if len(present) > 1:
        raise DatasetError(asked, f"both {' and '.join(present)}", "Name the one to read: dicom:PATH?labels=FILE.")
    if not present:
        return None
    if not (root / present[0]).is_file():
        raise DatasetError(asked, f"no table {present[0]} in it", "Name a table below the folder.")
    sheet = table(Entry(root, present[0], zipped=False), quoting=False)
    if not sheet.column(*_KEYS):
        raise DatasetError(asked, f"no column that names files in {present[0]}", f"Write one of {', '.join(_KEYS)}.")
    return sheet

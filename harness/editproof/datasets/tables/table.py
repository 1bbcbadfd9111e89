"""Tables, CSV, TSV or Parquet, as users have them: byte-order marks, blank rows, ``True`` in any spelling."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editproof.core.extras import need
from editproof.core.separated import COMMA, NAMES, TAB, SeparatedError, cells_of, is_missing, plain_number, separator_of
from editproof.errors import DatasetError
from editproof.evidence.measurements import GREATEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from editproof.datasets.folder.files import Entry

MOST_TABLE_BYTES = 32 * 1024 * 1024
OWN = ("reference", "stratum", "parameter")
"""Prefixes of columns whose names are the user's own."""
_PADDED = re.compile(r"[-+]?0\d")
_MALE, _FEMALE = {"m", "male", "true", "1", "1.0"}, {"f", "female", "false", "0", "0.0"}
_YES, _NO = {"yes"}, {"no"}


@dataclass(frozen=True)
class CaseTable:
    """A table of words: columns in lower case (but for names and units after a colon), no blank rows."""

    entry: Entry
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    nameless: tuple[int, ...] = ()
    """Places, from 1 on, of columns that have cells and no name; they are not read."""

    def notes(self) -> list[str]:
        """A warning on each column without a name, such as one of row numbers that pandas writes."""
        return [f"Column {place} of {self.entry.name} has no name and was not read." for place in self.nameless]

    def column(self, *names: str) -> str | None:
        """The first of ``names`` that is a column."""
        return next((name for name in names if name in self.columns), None)


def table(entry: Entry, *, quoting: bool = True) -> CaseTable:
    """Read a table, Parquet, TSV or CSV by its suffix.

    Parameters
    ----------
    entry : Entry
    quoting : bool
        Whether errors repeat the names of columns; without a header these are cells of the first row.

    Raises
    ------
    DatasetError
        Where it is neither UTF-8 text nor Parquet, has no header or two equal columns, a cell holds a line break, or a
        row is longer than the header.
    """
    asked = f"read {entry}"
    cells = _parquet_lines(entry) if entry.suffix == ".parquet" else _csv_lines(entry)
    for number, line in enumerate(cells, 1):
        if any(set(cell) & set("\r\n") for cell in line):
            advice = "Look for a quotation mark without its partner there; or write the cell on one line."
            raise DatasetError(asked, f"a cell with a line break in row {number}", advice)
        if any("\0" in cell for cell in line):
            raise DatasetError(asked, f"a zero byte in row {number}", "Save it as CSV, UTF-8.")
    lines = [line for line in ([cell.strip() for cell in line] for line in cells) if any(line)]
    if not lines:
        raise DatasetError(asked, "no row in it", "Write a header and one row per case.")
    columns = tuple(column_name(cell) for cell in lines[0])
    named = [name for name in columns if name]
    if len(set(named)) < len(named):
        found = f"two equal columns in {', '.join(columns)}" if quoting else "two equal columns"
        raise DatasetError(asked, found, "Name every column once.")
    rows = tuple(
        {name: cell for name, cell in zip(columns, line + [""] * len(columns), strict=False) if name}
        for line in lines[1:]
    )
    cells_at = [any(line[place] for line in lines[1:] if place < len(line)) for place in range(len(columns))]
    nameless = tuple(place + 1 for place, name in enumerate(columns) if not name and cells_at[place])
    return CaseTable(entry, tuple(named), rows, nameless)


def separator_in_words(entry: Entry) -> str:
    """What separates the cells of a text table, in the plural (``commas``); empty for Parquet."""
    if entry.suffix == ".parquet":
        return ""
    usual = TAB if entry.suffix == ".tsv" else COMMA
    return f"{NAMES[separator_of(entry.read(MOST_TABLE_BYTES).decode('utf-8-sig'), usual)]}s"


def _csv_lines(entry: Entry) -> list[list[str]]:
    """Header and rows of a text table, whatever separates its cells."""
    try:
        return cells_of(entry.read(MOST_TABLE_BYTES).decode("utf-8-sig"), TAB if entry.suffix == ".tsv" else COMMA)
    except SeparatedError as error:
        raise DatasetError(f"read {entry}", error.found, error.advice) from error
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"read {entry}", f"it is not CSV text in UTF-8 ({error})", "Save it as CSV, UTF-8."
        ) from error


def _parquet_lines(entry: Entry) -> list[list[str]]:
    """Header and rows of a Parquet table as words; a missing value, NaN among them, is an empty cell."""
    import pandas as pd

    need("parquet", f"read {entry}", DatasetError, otherwise="or save the table as CSV")
    try:
        frame = pd.read_parquet(io.BytesIO(entry.read(MOST_TABLE_BYTES)))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise DatasetError(
            f"read {entry}", f"it is not Parquet ({str(error)[:80]})", "Save it as Parquet or CSV."
        ) from error
    header = [str(column) for column in frame.columns]
    rows = [list(row) for row in frame.itertuples(index=False, name=None)]
    for number, row in enumerate(rows, 2):
        if nested := [place for place, value in enumerate(row, 1) if _is_nested(value)]:
            kind = type(row[nested[0] - 1]).__name__
            found = f"row {number} holds no single word or number in column {nested[0]} but {kind}"
            raise DatasetError(f"read {entry}", found, "Write one word or number in each cell.")
    return [header, *([_word(value) for value in row] for row in rows)]


def _is_nested(value: object) -> bool:
    """Whether a cell holds several values, or bytes."""
    return isinstance(value, list | tuple | set | dict | bytes) or (hasattr(value, "shape") and value.shape != ())


def _word(value: object) -> str:
    """A cell as it is written in a CSV."""
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def column_name(cell: str) -> str:
    """A column's name in lower case; what follows ``reference:`` or ``stratum:`` is the user's own spelling."""
    words = " ".join(cell.split())
    prefix, colon, name = words.partition(":")
    return f"{prefix.lower()}:{name.strip()}" if colon and prefix.lower() in OWN else words.lower()


def tidy_id(cell: str) -> str:
    """A case id as the image file is named: no suffix, no ``.0`` of a spreadsheet.

    Examples
    --------
    >>> tidy_id("1377.0"), tidy_id("1377.png"), tidy_id("A-7")
    ('1377', '1377', 'A-7')
    """
    for suffix in (".png", ".tif", ".tiff", ".0"):
        cell = cell.removesuffix(suffix)
    return cell


def sex_of(cell: str, case_id: str, male_column: bool = False, *, quoting: bool = True) -> float | None:
    """1.0 = male, 0.0 = female, None for a missing one; a DatasetError for anything else.

    Parameters
    ----------
    cell : str
        ``M``, ``F``, ``male``, ``female``, or a truth value, in capitals or not.
    case_id : str
        Named in errors.
    male_column : bool
        Whether the column asks "male?", so that truth values are meant, ``yes`` and ``no`` among them.
    quoting : bool
        Whether the error repeats the cell.

    Examples
    --------
    >>> sex_of("TRUE", "1377", male_column=True), sex_of("F", "1377"), sex_of("", "1377")
    (1.0, 0.0, None)
    """
    word = cell.lower()
    if is_missing(cell):
        return None
    male, female = (_MALE | _YES, _FEMALE | _NO) if male_column else (_MALE, _FEMALE)
    if word in male or word in female:
        return float(word in male)
    advice = "Write True or False." if male_column else "Write M or F."
    raise DatasetError(f"the sex of case {case_id}", f"{cell!r}" if quoting else "no sex in its cell", advice)


def number_of(cell: str, what: str) -> float | None:
    """The number in a cell, None for a missing one; a DatasetError if it is not a finite number."""
    if is_missing(cell):
        return None
    value = plain_number(cell)
    if value is None:
        how = " with a decimal point" if "," in cell else ""
        raise DatasetError(what, f"{cell!r}", f"Write a number{how}, or leave the cell empty.")
    if abs(value) > GREATEST:
        raise DatasetError(what, f"{cell!r}, beyond {GREATEST:g}", "Give it in a unit in which it is smaller.")
    return value


def numeric_columns(sheet: CaseTable, names: Iterable[str]) -> set[str]:
    """Those of some columns in which every cell is a finite number, or missing, and some is there.

    A column with ``01`` beside ``1`` has names: they are two sites, as they are two patients.
    """
    cells = {name: {line[name] for line in sheet.rows if not is_missing(line[name])} for name in names}
    return {name for name, there in cells.items() if there and all(map(_is_number, there)) and _are_apart(there)}


def _are_apart(cells: Collection[str]) -> bool:
    """Whether no number is written with a leading zero and without it."""
    padded = {cell for cell in cells if _PADDED.match(cell)}
    return not {float(cell) for cell in padded} & {float(cell) for cell in cells if cell not in padded}


def stratum_of(cell: str, *, numeric: bool) -> str | float | None:
    """The stratum that a cell gives, as a label is read: a number of a column of numbers, or None for a missing one."""
    return None if is_missing(cell) else float(cell) if numeric else cell


def _is_number(cell: str) -> bool:
    return plain_number(cell) is not None


def spacing_of(cell: str, case_id: str) -> tuple[float, float] | None:
    """Row and column spacing in millimetres; one number gives both."""
    sides = re.split(r"\s*[x×]\s*", cell.strip()) if not is_missing(cell) else []
    values = [number_of(side, f"spacing_mm of case {case_id}") or 0.0 for side in sides]
    if len(values) > 2 or any(not 0 < value < 10 for value in values):
        advice = "Write millimetres per pixel, such as 0.14, or 0.14x0.14 for rows and columns."
        raise DatasetError(f"spacing_mm of case {case_id}", f"{cell!r}", advice)
    return (values[0], values[-1]) if values else None

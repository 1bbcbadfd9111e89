"""Cells of a table that is a text: separated by commas, semicolons or tabs, with decimal points or decimal commas.

Programs save "CSV" by the customs of a country. What the header shows beyond doubt is read; what could be meant in two
ways is refused, and the error says which separator was found.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

COMMA, SEMICOLON, TAB = ",", ";", "\t"
NAMES: Final = {COMMA: "comma", SEMICOLON: "semicolon", TAB: "tab"}

_QUOTED = re.compile(r'"[^"]*"')
_POINT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}", re.ASCII)


class SeparatedError(ValueError):
    """A text is no table, or one that can be read in two ways: what was found, and what to do."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(f"{found}. {advice}")
        self.found, self.advice = found, advice


def plain_number(cell: str) -> float | None:
    """The finite number that a cell is written as, in digits 0 to 9 with a point or an exponent; None for any other.

    Examples
    --------
    >>> [plain_number(cell) for cell in ("1.5", " -2e3 ", "1_2", "1,5", "inf", "0x1f")]
    [1.5, -2000.0, None, None, None, None]
    """
    text = cell.strip()
    value = float(text) if _POINT.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


def is_missing(cell: str) -> bool:
    """Whether a cell is empty, or says that it is: ``NA``, ``N/A``, ``NaN`` or ``null`` in any spelling.

    Examples
    --------
    >>> [is_missing(cell) for cell in ("", "n/a", "NaN", "none", "0")]
    [True, True, True, False, False]
    """
    return cell.strip().lower() in {"", "na", "n/a", "nan", "null"}


def cells_of(text: str, usual: str = COMMA) -> list[list[str]]:
    """The cells of a table, header first; blank rows are empty lists.

    Parameters
    ----------
    text : str
    usual : str
        The separator that the kind of file has by its name; another one is taken where the header has no other.

    Returns
    -------
    list of list of str
        Rows as they are. In a table that is not separated by commas, decimal commas are written as points.

    Raises
    ------
    SeparatedError
        Where quotation marks have no partner, a row is longer than the header, or separators or numbers can be read
        in two ways.

    Examples
    --------
    >>> cells_of("case;before;after" + chr(10) + "C1;192,8;190")
    [['case', 'before', 'after'], ['C1', '192.8', '190']]
    >>> cells_of("case,note" + chr(10) + 'C1,"a;b"')
    [['case', 'note'], ['C1', 'a;b']]
    >>> cells_of("sep=;" + chr(10) + "case;note" + chr(10) + "C1;a")  # as spreadsheets read it
    [['case', 'note'], ['C1', 'a']]
    """
    text, told = _without_sep(text)
    separator = told or separator_of(text, usual)
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator))
    except csv.Error as error:
        found = f"it is not CSV from row {len(rows) + 1} on ({error})"
        raise SeparatedError(found, "Look for a quotation mark without its partner from there on.") from error
    width = len(next((row for row in rows if any(map(str.strip, row))), []))
    for number, row in enumerate(rows, 1):
        if any(row[width:]):
            more = " Write a decimal point in numbers." if separator == COMMA else ""
            advice = f"Quote cells that hold a {NAMES[separator]}.{more}"
            raise SeparatedError(f"{len(row)} cells in row {number}, {width} columns", advice)
    return rows if separator == COMMA else _with_points(rows, separator)


def separator_of(text: str, usual: str = COMMA) -> str:
    """What separates the cells of a table: the usual separator, or the only one that its header has.

    Raises
    ------
    SeparatedError
        Where the header has several, and more of another than of the usual one.

    Examples
    --------
    >>> separator_of("id;estimand;region"), separator_of("case,note;remark"), separator_of("case")
    (';', ',', ',')
    """
    text, told = _without_sep(text)
    if told:
        return told
    header = _QUOTED.sub("", next((line for line in text.splitlines() if line.strip()), ""))
    counts = {separator: header.count(separator) for separator in NAMES if separator in header}
    most = max(counts.values(), default=0)
    if not counts or counts.get(usual) == most:
        return usual
    if len(counts) == 1:
        return next(iter(counts))
    found = " and ".join(f"{n} {NAMES[separator]}{'s' * (n != 1)}" for separator, n in counts.items())
    raise SeparatedError(f"its header has {found}", "Separate cells by one of them, and quote cells that hold another.")


def _without_sep(text: str) -> tuple[str, str]:
    """The text without a first line ``sep=;``, and the separator that this line declares, or ""."""
    first, _, rest = text.partition("\n")
    name, equals, separator = first.strip("\r").strip('"').partition("=")
    if name.strip().lower() == "sep" and equals and separator in NAMES:
        return rest, separator
    return text, ""


def _with_points(rows: Sequence[Sequence[str]], separator: str) -> list[list[str]]:
    """The rows with a decimal point in every column of numbers that has decimal commas."""
    made = [[cell.strip() for cell in row] for row in rows]
    body = [row for row in made if any(row)][1:]
    columns = range(max(map(len, body), default=0))
    numbers = {k: cells for k in columns if (cells := _numbers(row[k] for row in body if k < len(row)))}
    commas = [cell for cells in numbers.values() for cell in cells if COMMA in cell]
    if not commas:
        return made
    told = f"a table separated by {NAMES[separator]}s has the number"
    if pointed := [cell for cells in numbers.values() for cell in cells if "." in cell]:
        found = f"{told}s {commas[0]} and {pointed[0]}"
        raise SeparatedError(found, "Write all decimals alike, and no thousands separators.")
    if all(map(_THOUSANDS.fullmatch, commas)):
        found = f"{told} {commas[0]}, which is one of thousands or a decimal one"
        raise SeparatedError(found, "Write decimals with a point, and no thousands separators.")
    for row in body:
        for k in numbers:
            if k < len(row):
                row[k] = row[k].replace(COMMA, ".")
    return made


def _numbers(cells: Iterable[str]) -> list[str]:
    """The cells of a column of numbers, those left out that are missing; none of any other column."""
    there = [cell for cell in cells if not is_missing(cell)]
    return there if all(_POINT.fullmatch(cell) or _DECIMAL_COMMA.fullmatch(cell) for cell in there) else []

"""Which columns of a table become strata, and under which names: none is given twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.core.separated import is_missing, plain_number
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editproof.datasets.tables.labels import Labels
    from editproof.datasets.tables.table import CaseTable

PREFIX = "stratum:"
MARKER = "marker"
"""The stratum that says whether an image has anything to edit; every reader gives it."""


_TRUTH = frozenset({"yes", "no", "true", "false", "1", "0", "1.0", "0.0"})


def notes_on_strata(sheet: CaseTable, columns: Iterable[str], *, quoting: bool = True) -> list[str]:
    """Warnings on columns that may not mean what they are read as.

    Columns of words in which most cells are numbers (an age ``12y`` among ages), words that differ in capitals
    alone, and several words for yes and no. Without ``quoting`` no cell is repeated.
    """
    notes = []
    for column in columns:
        cells = [line[column] for line in sheet.rows if not is_missing(line[column])]
        strange = [cell for cell in cells if plain_number(cell) is None]
        if strange and 2 * len(strange) < len(cells):
            shown = f", such as {strange[0]!r}" if quoting else ""
            words = f"{len(strange)} of {len(cells)} cells are no numbers{shown}: it is read as words."
            notes.append(f"In the column {column} {words}")
        spellings: dict[str, set[str]] = {}
        for cell in cells:
            spellings.setdefault(cell.casefold(), set()).add(cell)
        if twins := [sorted(each) for each in spellings.values() if len(each) > 1]:
            shown = f" ({', '.join(twins[0][:3])})" if quoting else ""
            notes.append(f"The column {column} has words that differ in capitals alone{shown}: each is a subgroup.")
        forms = sorted(set(cells))
        if len(forms) > 2 and _TRUTH.issuperset(form.lower() for form in forms):
            shown = f" ({', '.join(forms)})" if quoting else ""
            notes.append(f"The column {column} says yes and no in several words{shown}: each is a subgroup.")
    return notes


def strata_columns(
    sheet: CaseTable, columns: Iterable[str], labels: Labels, given_by_images: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Name of the stratum that each column gives.

    Parameters
    ----------
    sheet : Table
    columns : iterable of str
        Those that give a stratum; ``stratum:`` before a name is left out of it.
    labels : Labels
        Columns of the reference standard, each of which gives a stratum of its name as well.
    given_by_images : frozenset of str
        Strata that the images themselves give.

    Raises
    ------
    DatasetError
        Where a stratum has no name, is given by two columns, or by a column and by the images.
    """
    asked = f"the columns of {sheet.entry.name}"
    names = {column: column.removeprefix(PREFIX).strip() for column in columns}
    given = [*names.values(), *labels.strata]
    if "" in given:
        raise DatasetError(asked, "a stratum without a name", "Write stratum:NAME.")
    if twice := sorted({name for name in given if given.count(name) > 1}):
        found = f"two give the stratum {', '.join(twice)}"
        raise DatasetError(asked, found, "Keep one of them, or rename one: reference columns are strata too.")
    if taken := sorted({MARKER, *given_by_images} & set(given)):
        raise DatasetError(asked, f"one gives {', '.join(taken)}, which the images give", "Rename the column.")
    return names

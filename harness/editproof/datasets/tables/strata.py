"""Which columns of a table become strata, and under which names: none is given twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editproof.datasets.tables.labels import Labels
    from editproof.datasets.tables.table import CaseTable

PREFIX = "stratum:"
MARKER = "marker"
"""The stratum that says whether an image has anything to edit; every reader gives it."""


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

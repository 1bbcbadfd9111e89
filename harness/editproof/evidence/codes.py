"""The rows of a table by numbers: finding what was read of which case takes no text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Place: TypeAlias = tuple[str, str, str]
"""Quantity, arm and instrument."""

_COLUMNS = ("quantity", "arm", "instrument")


@dataclass(frozen=True, eq=False)
class Codes:
    """Each row of a table as numbers, in the order of the table; arrays of shape (n_rows,).

    Attributes
    ----------
    kinds : tuple of (str, str, str)
        Quantity, arm and instrument of the kinds of row that there are; one may have no row.
    kind, case : ndarray of int
        Place among ``kinds``, and among the cases of the table.
    repeat : ndarray of int
    value : ndarray of float
    """

    kinds: tuple[Place, ...]
    kind: NDArray[np.intp]
    case: NDArray[np.intp]
    repeat: NDArray[np.intp]
    value: NDArray[np.float64]

    @cached_property
    def places(self) -> dict[Place, NDArray[np.intp]]:
        """Rows of each kind, in their order."""
        order = np.argsort(self.kind, kind="stable")
        counts = np.bincount(self.kind, minlength=len(self.kinds))
        parts = np.split(order, np.cumsum(counts)[:-1]) if self.kinds else []
        return {kind: rows for kind, rows in zip(self.kinds, parts, strict=True) if len(rows)}

    def of_cases(self, inside: NDArray[np.bool_]) -> Codes:
        """The rows of some cases, of which ``inside``, of shape (n_cases,), says which they are."""
        rows, new = inside[self.case], np.cumsum(inside) - 1
        return Codes(self.kinds, self.kind[rows], new[self.case[rows]], self.repeat[rows], self.value[rows])

    def first_of_edits(self, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows are the first of a case and repeat ``among`` some rows, both of shape (n_rows,)."""
        most = int(self.repeat.max(initial=0)) + 1
        rows = np.flatnonzero(among)
        first = np.unique(self.case[rows] * most + self.repeat[rows], return_index=True)[1]
        found = np.zeros(len(among), dtype=bool)
        found[rows[first]] = True
        return found

    def has_twice(self) -> bool:
        """Whether two rows are of one case, repeat and kind."""
        most = int(self.repeat.max(initial=0)) + 1
        flat = (self.case * most + self.repeat) * max(1, len(self.kinds)) + self.kind
        return bool((np.diff(np.sort(flat)) == 0).any())


def codes_of(cases: pd.DataFrame, rows: pd.DataFrame) -> Codes:
    """The rows of a table by numbers.

    Raises
    ------
    KeyError
        Where a row is of a case that is not there.
    """
    columns, names = zip(*(pd.factorize(rows[name], use_na_sentinel=False) for name in _COLUMNS), strict=True)
    shape = tuple(max(1, len(name)) for name in names)
    found, kind = np.unique(np.ravel_multi_index(columns, shape), return_inverse=True)
    words = [[str(word) for word in name] for name in names]
    kinds = [tuple(word[place] for word, place in zip(words, np.unravel_index(k, shape), strict=True)) for k in found]
    row_of = {case: index for index, case in enumerate(cases["case"])}
    codes, named = pd.factorize(rows["case"])
    case = np.array([row_of[name] for name in named], dtype=np.intp)[codes]
    return Codes(
        tuple(kinds),
        kind,
        case,
        rows["repeat"].to_numpy(int),
        rows["value"].to_numpy(float),
    )


def words_at(words: Sequence[str], places: NDArray[np.intp]) -> pd.Series[str]:
    """A column of text made of its places among a few words, as pandas makes one of all of them.

    Examples
    --------
    >>> words_at(["a", "b"], np.array([1, 1, 0])).tolist()
    ['b', 'b', 'a']
    """
    return pd.Series(list(words), dtype=None if len(words) else object).take(places).reset_index(drop=True)

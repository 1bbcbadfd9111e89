"""How often the positive cases of a patient score above the negative ones of another: the kernel of an AUC.

Every sum that an AUC, its standard error and its limits need is a product of this table with weights of patients. A
study of common size keeps the table. Of a large one it would not fit into memory, and a product would take as long as
the table is large; there the scores are kept in their order, in which a product is a running sum, as in

Sun X, Xu W. Fast implementation of DeLong's algorithm for comparing the areas under correlated receiver operating
characteristic curves. *IEEE Signal Process Lett* 2014;21:1389-1393.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.digests import digest_of, pixel_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Places = NDArray[np.intp]
    Flags = NDArray[np.bool_]

LARGEST_TABLE = 640_000
"""Cells of the largest table that is kept: 5 MB, of 800 patients of either class."""
_BLOCK_CELLS = 4_000_000
_CACHED_CELLS = 250_000


class Kernel(ABC):
    """A table of pairs of patients, one with positive cases and one with negative ones."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Patients with positive cases, and with negative ones."""

    @abstractmethod
    def over_rows(self, weights: Values) -> Values:
        """Weighted sums over rows, shape (n_draws, n_columns), from weights of shape (n_draws, n_rows)."""

    @abstractmethod
    def over_columns(self, weights: Values) -> Values:
        """Weighted sums over columns, shape (n_draws, n_rows), from weights of shape (n_draws, n_columns)."""

    @abstractmethod
    def __sub__(self, other: Kernel) -> Kernel:
        """The table less another one of the same patients."""

    @abstractmethod
    def divided(self, rows: Values, columns: Values) -> Kernel:
        """The table, each row and each column divided by a number."""

    @abstractmethod
    def only(self, rows: Flags | Places, columns: Flags | Places) -> Kernel:
        """Some rows and columns, by masks or by indices; of an index given twice there are two."""

    @abstractmethod
    def at(self, rows: Places, columns: Places) -> Values:
        """The entries at pairs of a row and a column, shape (n_pairs,)."""

    @abstractmethod
    def blocks(self) -> Iterator[Values]:
        """The table, some rows at a time, each block of shape (n, n_columns)."""

    @cached_property
    @abstractmethod
    def digest(self) -> str:
        """A digest of what the table holds."""

    def both(self, rows: Values, columns: Values) -> Values:
        """Sums over both, shape (n_draws,), from weights of rows and of columns."""
        return np.asarray(np.einsum("bi,bi->b", self.over_rows(rows), columns))

    @cached_property
    def row_sums(self) -> Values:
        """Sum of each row."""
        return np.asarray(self.over_columns(np.ones((1, self.shape[1])))[0])

    @cached_property
    def column_sums(self) -> Values:
        """Sum of each column."""
        return np.asarray(self.over_rows(np.ones((1, self.shape[0])))[0])

    @cached_property
    def total(self) -> float:
        """Sum of all entries."""
        return float(self.row_sums.sum())

    @property
    def mean(self) -> float:
        """Mean of all entries."""
        return self.total / (self.shape[0] * self.shape[1])

    def moved(self, enough: int) -> int:
        """Rows and columns with an entry other than 0, counted until there are ``enough``."""
        rows, columns = 0, np.zeros(self.shape[1], dtype=bool)
        for block in self.blocks():
            rows += int(np.count_nonzero(block.any(axis=1)))
            columns |= block.any(axis=0)
            if rows + np.count_nonzero(columns) >= enough:
                break
        return rows + int(np.count_nonzero(columns))


@dataclass(frozen=True, eq=False)
class TableKernel(Kernel):
    """The table itself, of shape (n_rows, n_columns)."""

    table: Values = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.table.shape
        return rows, columns

    def over_rows(self, weights: Values) -> Values:
        return weights @ self.table

    def over_columns(self, weights: Values) -> Values:
        return weights @ self.table.T

    def __sub__(self, other: Kernel) -> Kernel:
        if not isinstance(other, TableKernel):
            return NotImplemented
        return TableKernel(self.table - other.table)

    def divided(self, rows: Values, columns: Values) -> Kernel:
        return TableKernel(self.table / np.outer(rows, columns))

    def only(self, rows: Flags | Places, columns: Flags | Places) -> Kernel:
        return TableKernel(self.table[rows][:, columns])

    def at(self, rows: Places, columns: Places) -> Values:
        return np.asarray(self.table[rows, columns])

    def blocks(self) -> Iterator[Values]:
        yield self.table

    @cached_property
    def digest(self) -> str:
        return pixel_digest(self.table)

    @cached_property
    def row_sums(self) -> Values:
        return np.asarray(self.table.sum(axis=1))

    @cached_property
    def column_sums(self) -> Values:
        return np.asarray(self.table.sum(axis=0))

    @cached_property
    def total(self) -> float:
        return float(self.table.sum())


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one class: of each its patient and its weight, sorted by patient; every patient has at least one."""

    score: Values
    weight: Values
    patient: Places
    n: int

    @cached_property
    def order(self) -> Places:
        """From the lowest score to the highest."""
        return np.argsort(self.score, kind="stable")

    @cached_property
    def first(self) -> Places:
        """Place of the first score of each patient."""
        return np.searchsorted(self.patient, np.arange(self.n))

    def of(self, chosen: Flags | Places) -> Scores:
        """Those of some patients, by a mask or by indices."""
        names = np.arange(self.n)[chosen]
        counts = np.diff(np.append(self.first, len(self.score)))[names]
        ends = np.cumsum(counts)
        places = np.repeat(self.first[names] - np.append(0, ends[:-1]), counts) + np.arange(counts.sum())
        return Scores(self.score[places], self.weight[places], np.repeat(np.arange(len(names)), counts), len(names))

    def divided(self, by: Values) -> Scores:
        """With each patient's weights divided by a number."""
        return replace(self, weight=self.weight / by[self.patient])

    def running(self, weights: Values) -> Values:
        """Weight of all scores up to each, shape (n_draws, n_scores + 1), from weights of patients."""
        found = np.zeros((len(weights), len(self.score) + 1))
        np.multiply(weights[:, self.patient[self.order]], self.weight[self.order], out=found[:, 1:])
        return np.cumsum(found, axis=1, out=found)

    def summed(self, each: Values) -> Values:
        """Sums over the scores of each patient, shape (n_draws, n), from numbers of shape (n_draws, n_scores)."""
        weighted = each * self.weight
        return weighted if len(self.score) == self.n else np.add.reduceat(weighted, self.first, axis=1)


@dataclass(frozen=True, eq=False)
class Order:
    """A table by the order of scores of positive and of negative cases, times a sign or a weight of its own."""

    times: float
    up: Scores
    down: Scores

    @cached_property
    def _above(self) -> tuple[Places, Places]:
        return _places(self.up, self.down.score)

    @cached_property
    def _below(self) -> tuple[Places, Places]:
        return _places(self.down, self.up.score)

    def over_rows(self, weights: Values) -> Values:
        """As of a kernel: the weight of the positives above each negative score."""
        running = self.up.running(weights)
        return self.times * self.down.summed(running[:, -1:] - _halfway(running, self._above))

    def over_columns(self, weights: Values) -> Values:
        """As of a kernel: the weight of the negatives below each positive score."""
        return self.times * self.up.summed(_halfway(self.down.running(weights), self._below))

    def table(self, rows: Places, columns: Places) -> Values:
        """The table of some patients."""
        up, down = self.up.of(rows), self.down.of(columns)
        wins = (up.score[:, None] > down.score) + 0.5 * (up.score[:, None] == down.score)
        by_column = np.add.reduceat(wins * down.weight, down.first, axis=1)
        return np.asarray(self.times * np.add.reduceat(by_column * up.weight[:, None], up.first, axis=0))


@dataclass(frozen=True, eq=False)
class OrderedKernel(Kernel):
    """A sum of tables that are kept by the order of their scores.

    Entries are rounded to 12 digits: thirds that add up to nearly 1 must not differ from 1.
    """

    terms: tuple[Order, ...] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        return self.terms[0].up.n, self.terms[0].down.n

    @cached_property
    def digest(self) -> str:
        sides = [side for term in self.terms for side in (term.up, term.down)]
        arrays = [pixel_digest(array) for side in sides for array in (side.score, side.weight, side.patient)]
        return digest_of([[term.times for term in self.terms], arrays])

    def over_rows(self, weights: Values) -> Values:
        return _sum(term.over_rows(weights) for term in self.terms)

    def over_columns(self, weights: Values) -> Values:
        return _sum(term.over_columns(weights) for term in self.terms)

    def both(self, rows: Values, columns: Values) -> Values:
        longest = max(max(len(term.up.score), len(term.down.score)) for term in self.terms)
        step = max(1, _CACHED_CELLS // longest)
        parts = [slice(start, start + step) for start in range(0, len(rows), step)]
        return np.concatenate([super(OrderedKernel, self).both(rows[part], columns[part]) for part in parts])

    def __sub__(self, other: Kernel) -> Kernel:
        if not isinstance(other, OrderedKernel):
            return NotImplemented
        return OrderedKernel((*self.terms, *(replace(term, times=-term.times) for term in other.terms)))

    def divided(self, rows: Values, columns: Values) -> Kernel:
        return self._each(lambda term: replace(term, up=term.up.divided(rows), down=term.down.divided(columns)))

    def only(self, rows: Flags | Places, columns: Flags | Places) -> Kernel:
        return self._each(lambda term: replace(term, up=term.up.of(rows), down=term.down.of(columns)))

    def _each(self, made: Callable[[Order], Order]) -> OrderedKernel:
        return OrderedKernel(tuple(made(term) for term in self.terms))

    def at(self, rows: Places, columns: Places) -> Values:
        pairs = zip(rows.reshape(-1, 1), columns.reshape(-1, 1), strict=True)
        return np.array([self._table(row, column).item() for row, column in pairs])

    def blocks(self) -> Iterator[Values]:
        n, columns = self.shape
        for start in range(0, n, step := max(1, _BLOCK_CELLS // max(1, columns))):
            yield self._table(np.arange(start, min(n, start + step)), np.arange(columns))

    def _table(self, rows: Places, columns: Places) -> Values:
        return np.round(_sum(term.table(rows, columns) for term in self.terms), 12)


def kernel_of(up: Values, down: Values, row_of: Places, column_of: Places, shape: tuple[int, int]) -> Kernel:
    """The kernel of scores: 1 where the positive case scores higher, 1/2 where they tie, averaged over repeats.

    Parameters
    ----------
    up, down : ndarray of float, shape (n_positive_cases, n_repeats) and (n_negative_cases, n_repeats)
        NaN is a repeat that did not come back; a case has at least one.
    row_of, column_of : ndarray of int
        Patient of each case, among those with cases of the class; an entry is the sum over pairs of their cases.
    shape : tuple of int
        Number of patients of either class.
    """
    if shape[0] * shape[1] > LARGEST_TABLE:
        return OrderedKernel((Order(1.0, _scores(up, row_of, shape[0]), _scores(down, column_of, shape[1])),))
    kernel = np.zeros(shape)
    step = max(1, _BLOCK_CELLS // max(1, len(down)))
    pairs = np.outer((~np.isnan(up)).sum(axis=1), (~np.isnan(down)).sum(axis=1)).astype(float)
    for start in range(0, len(up), step):
        block = slice(start, start + step)
        wins = np.zeros((len(up[block]), len(down)))
        for high in up[block].T:
            for low in down.T:
                wins += (high[:, None] > low) + 0.5 * (high[:, None] == low)
        if shape == (len(up), len(down)):
            kernel[np.ix_(row_of[block], column_of)] = wins / pairs[block]
        else:
            np.add.at(kernel, (row_of[block][:, None], column_of), wins / pairs[block])
    return TableKernel(kernel)


def mean_kernel(kernels: Sequence[Kernel]) -> Kernel:
    """The mean of kernels of the same patients, e.g. over readers."""
    if all(isinstance(one, TableKernel) for one in kernels):
        return TableKernel(np.mean([one.table for one in kernels if isinstance(one, TableKernel)], axis=0))
    terms = [term for one in kernels if isinstance(one, OrderedKernel) for term in one.terms]
    return OrderedKernel(tuple(replace(term, times=term.times / len(kernels)) for term in terms))


def _scores(table: Values, patient_of: Places, n: int) -> Scores:
    """Scores of cases: the repeats of one share its weight."""
    here = ~np.isnan(table)
    case, _ = np.nonzero(here)
    weight, patient = (1.0 / here.sum(axis=1))[case], patient_of[case]
    order = np.argsort(patient, kind="stable")
    return Scores(table[here][order], weight[order], patient[order], n)


def _places(of: Scores, scores: Values) -> tuple[Places, Places]:
    """How many of some scores, in their order, lie below each of others, and how many below or at it."""
    known = of.score[of.order]
    return np.searchsorted(known, scores, side="left"), np.searchsorted(known, scores, side="right")


def _halfway(running: Values, places: tuple[Places, Places]) -> Values:
    """Running sums at two places each, halfway between both: ties count half."""
    found = running[:, places[0]]
    found += running[:, places[1]]
    found /= 2
    return found


def _sum(parts: Iterator[Values]) -> Values:
    total = next(parts)
    for part in parts:
        total = total + part
    return total

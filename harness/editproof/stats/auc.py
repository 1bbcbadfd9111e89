"""Area under the ROC curve and differences of it, clustered by patient.

The AUC of any resample of patients is a bilinear form in the counts: ``c K c`` over the pairs counted, where ``K``
holds, for each pair of patients, how often the positive cases of one score above the negative cases of the other
(:mod:`editproof.stats.kernel`).
The difference of two AUCs on the same cases is the same form with the difference of two kernels, so one class serves
both, its standard error is that of the clustered DeLong method, and ten thousand resamples are a few matrix products.

References
----------
DeLong ER, DeLong DM, Clarke-Pearson DL. *Biometrics* 1988;44:837-845.
Obuchowski NA. Nonparametric analysis of clustered ROC curve data. *Biometrics* 1997;53:567-578.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.stats.kernel import Kernel, kernel_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Auc:
    """An AUC, or a difference of AUCs, as a form in patient counts.

    Attributes
    ----------
    kernel : Kernel, of shape (n_with_positives, n_with_negatives)
        Summed over pairs of cases: 1 where the positive case scores higher, 1/2 where they tie, averaged over
        repeats; or the difference of two such kernels.
    positives, negatives : ndarray of float
        Number of cases of either class per patient, in the order of the kernel's rows and columns.
    rows, columns : ndarray of int
        Index of the patient behind each row and column, among ``n_patients``.
    """

    kernel: Kernel = field(repr=False)
    positives: NDArray[np.float64] = field(repr=False)
    negatives: NDArray[np.float64] = field(repr=False)
    rows: NDArray[np.intp] = field(repr=False)
    columns: NDArray[np.intp] = field(repr=False)
    n_patients: int

    def __sub__(self, other: Auc) -> Auc:
        """The difference of two AUCs on the same cases."""
        return replace(self, kernel=self.kernel - other.kernel)

    def only(self, patients: NDArray[np.bool_]) -> Auc:
        """The AUC of some of the patients, from a mask of shape (n_patients,)."""
        place = np.cumsum(patients) - 1
        up, down = patients[self.rows], patients[self.columns]
        return replace(
            self, kernel=self.kernel.only(up, down), positives=self.positives[up], negatives=self.negatives[down],
            rows=place[self.rows[up]], columns=place[self.columns[down]], n_patients=int(patients.sum()),
        )  # fmt: skip

    def pairs_with(self, other: Auc) -> bool:
        """Whether another AUC is of the same cases, so that the two can be subtracted."""
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("rows", "columns", "positives", "negatives")
        )

    @property
    def strata(self) -> Sequence[int]:
        """Patients with positive cases alone, with negative ones alone, with both: resampled within each."""
        both = len(np.intersect1d(self.rows, self.columns, assume_unique=True))
        return (len(self.rows) - both, len(self.columns) - both, both)

    @cached_property
    def value(self) -> float:
        """The AUC, or the difference, of the sample."""
        return float(self.kernel.total / (self.positives.sum() * self.negatives.sum()))

    @cached_property
    def _parts(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        ones = np.ones((1, sum(self.strata)))
        by_row, by_column, covariance = self._variance_parts(ones, self._order)
        return by_row, by_column, float(covariance[0])

    @cached_property
    def standard_error(self) -> float:
        """Obuchowski's clustered standard error; DeLong's where every patient is one case."""
        by_row, by_column, covariance = self._parts
        variance = float(by_row[0] + by_column[0]) + covariance
        return float(np.sqrt(variance)) if variance > 1e-26 else 0.0

    @property
    def degrees_of_freedom(self) -> float:
        """Welch and Satterthwaite's, of the two classes' shares of the variance."""
        by_row, by_column = float(self._parts[0][0]), float(self._parts[1][0])
        down = by_row**2 / max(1, len(self.rows) - 1) + by_column**2 / max(1, len(self.columns) - 1)
        return (by_row + by_column) ** 2 / down if down > 0 else 1.0

    @cached_property
    def _order(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The places of rows and columns among counts ordered by stratum."""
        both = np.intersect1d(self.rows, self.columns)
        alone_rows, alone_columns = np.setdiff1d(self.rows, both), np.setdiff1d(self.columns, both)
        place = np.full(self.n_patients, -1)
        place[np.concatenate([alone_rows, alone_columns, both])] = np.arange(sum(self.strata))
        return place[self.rows], place[self.columns]

    @cached_property
    def influence(self) -> NDArray[np.float64]:
        """How much each patient moves the value: those with positive cases, then those with negative ones."""
        m, n = self.positives.sum(), self.negatives.sum()
        of_row = self.kernel.row_sums / (m * n) - self.value * self.positives / m
        of_column = self.kernel.column_sums / (m * n) - self.value * self.negatives / n
        return np.concatenate([of_row, of_column])

    def with_another(self, index: int) -> Auc:
        """The statistic, were there one more patient like the one at this index of :attr:`influence`."""
        fresh, column = np.array([self.n_patients]), index - len(self.rows)
        all_rows, all_columns = (np.arange(n) for n in self.kernel.shape)
        if column < 0:
            return replace(
                self, kernel=self.kernel.only(np.append(all_rows, index), all_columns),
                rows=np.concatenate([self.rows, fresh]),
                positives=np.append(self.positives, self.positives[index]), n_patients=self.n_patients + 1,
            )  # fmt: skip
        return replace(
            self, kernel=self.kernel.only(all_rows, np.append(all_columns, column)),
            columns=np.concatenate([self.columns, fresh]),
            negatives=np.append(self.negatives, self.negatives[column]), n_patients=self.n_patients + 1,
        )  # fmt: skip

    def values(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of resamples alone, shape (n_resamples,); counts are ordered by stratum."""
        rows, columns = self._order
        up, down = counts[:, rows], counts[:, columns]
        return np.asarray(self.kernel.both(up, down) / ((up @ self.positives) * (down @ self.negatives)))

    def resampled(self, counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values and clustered standard errors of resamples, each of shape (n_resamples,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = self.values(counts)
            by_row, by_column, covariance = self._variance_parts(counts, self._order, values)
            variance = by_row + by_column + covariance
            return values, np.sqrt(np.where(variance > 1e-26, variance, 0.0))

    def _variance_parts(
        self,
        counts: NDArray[np.float64],
        order: tuple[NDArray[np.intp], NDArray[np.intp]],
        values: NDArray[np.float64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Variance from the positive side, from the negative side, and twice their covariance within patients."""
        theta = self.values(counts) if values is None else values
        up, down = counts[:, order[0]], counts[:, order[1]]
        m, n = up @ self.positives, down @ self.negatives
        of_row = self.kernel.over_columns(down) / (m * n)[:, None] - theta[:, None] * self.positives / m[:, None]
        of_column = self.kernel.over_rows(up) / (m * n)[:, None] - theta[:, None] * self.negatives / n[:, None]
        i, j = len(self.rows), len(self.columns)
        by_row = np.einsum("bi,bi,bi->b", up, of_row, of_row) * i / max(1, i - 1)
        by_column = np.einsum("bi,bi,bi->b", down, of_column, of_column) * j / max(1, j - 1)
        _, in_rows, in_columns = np.intersect1d(self.rows, self.columns, return_indices=True)
        if not len(in_rows):
            return by_row, by_column, np.zeros(len(counts))
        k = sum(self.strata)
        both = np.einsum("bi,bi,bi->b", up[:, in_rows], of_row[:, in_rows], of_column[:, in_columns])
        return by_row, by_column, 2 * both * k / (k - 1)


def auc_statistic(scores: ArrayLike, positive: ArrayLike, patients: NDArray[Any] | None = None) -> Auc:
    """The AUC of scores against a binary reference standard.

    Parameters
    ----------
    scores : array_like of float, shape (n_cases,) or (n_cases, n_repeats)
        Higher means more likely positive. Repeats of a case are averaged pair by pair, not score by score; NaN is a
        repeat that did not come back. A case without any is left out.
    positive : array_like of bool, shape (n_cases,)
    patients : ndarray, shape (n_cases,), optional
        Patient of each case; every case is its own patient without it.

    Examples
    --------
    >>> one = auc_statistic([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    >>> one.value
    0.75
    """
    table = np.asarray(scores, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    label = np.asarray(positive, dtype=bool)
    _, patient = np.unique(np.arange(len(table)) if patients is None else patients, return_inverse=True)
    there = ~np.isnan(table).all(axis=1)
    up, down = np.flatnonzero(there & label), np.flatnonzero(there & ~label)
    rows, row_of = np.unique(patient[up], return_inverse=True)
    columns, column_of = np.unique(patient[down], return_inverse=True)
    return Auc(
        kernel_of(table[up], table[down], row_of, column_of, (len(rows), len(columns))),
        np.bincount(row_of, minlength=len(rows)).astype(float),
        np.bincount(column_of, minlength=len(columns)).astype(float),
        rows, columns, int(patient.max(initial=-1)) + 1,
    )  # fmt: skip

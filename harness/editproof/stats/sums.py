"""Statistics that are smooth functions of sums over patients: means, ratios, RMSE, slopes, limits of agreement.

One class serves them all. Its standard error is the infinitesimal jackknife (delta method), with the gradient taken
by complex step, which is exact to machine precision and works on a whole stack of resamples at once.

References
----------
Efron B. *The Jackknife, the Bootstrap and Other Resampling Plans*, chapter 6. SIAM, 1982.
Squire W, Trapp G. Using complex variables to estimate derivatives of real functions. *SIAM Rev* 1998;40:110-112.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.stats.interval import MIN_PATIENTS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_STEP = 1e-30
_NO_SPREAD = 1e-13


@dataclass(frozen=True, eq=False)
class Sums:
    """``of(sum over patients of per_patient)``.

    Attributes
    ----------
    per_patient : ndarray of float, shape (n_patients, k)
        What each patient adds to each of the ``k`` sums.
    of : callable
        Maps sums of shape (..., k) to values of shape (...). It is analytic (no ``abs``, no ``max``) and does not
        change when all sums are multiplied by one factor, as functions of means do not.
    least : int
        Fewest patients with which its interval keeps its promise.
    leans_on_variance : bool
        Whether the spread enters the value itself. The cluster t interval is then too short on the one side and too
        long on the other, so the bootstrap-t is used alone.
    """

    per_patient: NDArray[np.float64] = field(repr=False)
    of: Callable[[NDArray[Any]], NDArray[Any]]
    least: int = MIN_PATIENTS
    leans_on_variance: bool = False

    def __sub__(self, other: Sums) -> Sums:
        """The difference of two statistics of the same patients, who are resampled for both at once.

        Examples
        --------
        >>> change = mean([3.0, 5.0]) - mean([1.0, 2.0])
        >>> change.value, len(change.per_patient)
        (2.5, 2)
        """
        k, ours, theirs = self.per_patient.shape[1], self.of, other.of
        both = np.hstack([self.per_patient, other.per_patient])
        least = max(self.least, other.least)
        return Sums(both, lambda sums: np.asarray(ours(sums[..., :k]) - theirs(sums[..., k:])), least)

    def folded(self, sign: float, middle: float) -> Sums:
        """Signed distance of the statistic from a fixed value: ``sign * (value - middle)``."""
        ours = self.of
        return Sums(self.per_patient, lambda sums: np.asarray(sign * (ours(sums) - middle)), self.least)

    @property
    def strata(self) -> Sequence[int]:
        """All patients form one group."""
        return (len(self.per_patient),)

    @property
    def degrees_of_freedom(self) -> float:
        """One less than the patients."""
        return len(self.per_patient) - 1

    @cached_property
    def value(self) -> float:
        """The statistic of the sample."""
        return float(self.of(self.per_patient.sum(axis=0)))

    @cached_property
    def standard_error(self) -> float:
        """Cluster-robust standard error of the sample."""
        return float(self.resampled(np.ones((1, len(self.per_patient))))[1][0])

    @cached_property
    def influence(self) -> NDArray[np.float64]:
        """How much each patient moves the value, shape (n_patients,)."""
        return np.asarray((self._gradient(self.per_patient.sum(axis=0)[None]) @ self.per_patient.T)[0])

    def with_another(self, patient: int) -> Sums:
        """The statistic, were there one more patient exactly like the one named by its index."""
        return replace(self, per_patient=np.vstack([self.per_patient, self.per_patient[patient]]))

    def resampled(self, counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values and standard errors of resamples, each of shape (n_resamples,)."""
        n = counts.shape[1]
        sums = counts @ self.per_patient
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.asarray(self.of(sums), dtype=float)
            influence = self._gradient(sums) @ self.per_patient.T
            spread = np.sqrt(np.einsum("bi,bi,bi->b", counts, influence, influence) * n / max(1, n - 1))
            scale = np.abs(self._gradient(sums)) @ np.abs(self.per_patient).sum(axis=0)
        return values, np.where(spread > _NO_SPREAD * scale, spread, 0.0)

    def values(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of resamples alone, without their standard errors."""
        return np.asarray(self.of(counts @ self.per_patient), dtype=float)

    def _gradient(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = []
        for k in range(sums.shape[1]):
            moved = sums.astype(complex)
            moved[:, k] += 1j * _STEP
            columns.append(np.imag(self.of(moved)) / _STEP)
        return np.stack(columns, axis=1)


def ratio(sums: NDArray[Any]) -> NDArray[Any]:
    """First sum by second: a mean whose weights are the second sum."""
    return np.asarray(sums[..., 0] / sums[..., 1])


def per_patient(patients: NDArray[Any], *columns: ArrayLike) -> NDArray[np.float64]:
    """Sums of case-wise columns by patient, shape (n_patients, n_columns), patients in sorted order.

    Examples
    --------
    >>> per_patient(np.array(["b", "a", "b"]), [1, 2, 3], 1.0).tolist()
    [[2.0, 1.0], [4.0, 2.0]]
    """
    _, index = np.unique(patients, return_inverse=True)
    full = [np.broadcast_to(np.asarray(column, dtype=float), index.shape) for column in columns]
    return np.stack([np.bincount(index, weights=column) for column in full], axis=1)


def root_ratio(sums: NDArray[Any]) -> NDArray[Any]:
    """Root of :func:`ratio`: a root mean square of what was summed as squares."""
    return np.asarray(np.sqrt(sums[..., 0] / sums[..., 1]))


def mean(values: ArrayLike, patients: NDArray[Any] | None = None) -> Sums:
    """Mean over cases, clustered by patient.

    Parameters
    ----------
    values : array_like of float, shape (n_cases,) or (n_cases, n_repeats)
        Repeats of a case are averaged first; NaN is a repeat that does not count. Every case has one that does.
    patients : ndarray, shape (n_cases,), optional
        Patient of each case; every case is its own patient without it.
    """
    cases = np.asarray(values, dtype=float)
    cases = cases if cases.ndim == 1 else np.nanmean(cases, axis=1)
    return Sums(per_patient(np.arange(len(cases)) if patients is None else patients, cases, 1.0), ratio)


def slope(x: ArrayLike, y: ArrayLike, patients: NDArray[Any]) -> Sums:
    """Least-squares slope of ``y`` on ``x`` over cases; with a 0/1 covariate, the difference of two group means."""
    at, to = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    at, to = at - at.mean(), to - to.mean()

    def of(sums: NDArray[Any]) -> NDArray[Any]:
        w, sx, sy, sxx, sxy = (sums[..., k] for k in range(5))
        return np.asarray((w * sxy - sx * sy) / (w * sxx - sx * sx))

    return Sums(per_patient(patients, 1.0, at, to, at * at, at * to), of)

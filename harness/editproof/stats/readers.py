"""Multi-reader multi-case analysis: what several readers find in the same cases, with readers and cases random.

A figure of merit (a mean rating, an AUC, a kappa) is estimated for each reader; the jackknife over patients says how
the readers' figures vary together. Of two arms the figure is the difference, so that Obuchowski and Rockette's analysis
of variance comes down to the spread of the readers' differences and their mean covariance. Written in mean squares,
``spread / 2`` is MS(T*R) and ``covariance / 2`` is Cov2 - Cov3; Dorfman, Berbaum and Metz's analysis of pseudovalues
gives the same numbers.

References
----------
Obuchowski NA, Rockette HE. *Commun Stat Simul Comput* 1995;24:285-308.
Dorfman DD, Berbaum KS, Metz CE. *Invest Radiol* 1992;27:723-731.
Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer ROC analysis. *Stat Med*
2007;26:596-619.
Hillis SL, Berbaum KS, Metz CE. Recent developments in the Dorfman-Berbaum-Metz procedure. *Acad Radiol*
2008;15:647-661.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.auc import auc_statistic
from editproof.stats.interval import MIN_PATIENTS, Interval, no_interval, too_few
from editproof.stats.quantiles import student_above

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]

MIN_READERS = 2
"""Fewest readers that can stand for others."""
RANDOM, FIXED = "Obuchowski-Rockette, Hillis", "Obuchowski-Rockette, these readers alone"
"""How the intervals are called, with readers random and with readers fixed."""


@dataclass(frozen=True, eq=False)
class ReaderFigures:
    """A figure of merit of each reader, and what it would be without each of the patients.

    Attributes
    ----------
    values : ndarray of float, shape (n_readers,)
    without : ndarray of float, shape (n_patients, n_readers)
    kept : ndarray of float, shape (n_patients, n_readers), optional
        Share of what the figure is a mean of that is left without a patient; for figures that are such a mean.
    """

    values: Values
    without: Values = field(repr=False)
    kept: Values | None = field(default=None, repr=False)

    def __sub__(self, other: ReaderFigures) -> ReaderFigures:
        """The differences, reader by reader, of figures of the same readers and patients."""
        return ReaderFigures(self.values - other.values, self.without - other.without, self.kept)

    @property
    def covariances(self) -> Values:
        """Jackknife covariances of the readers' figures over patients, shape (n_readers, n_readers)."""
        n = len(self.without)
        apart = self.without - self.without.mean(axis=0)
        return np.asarray((n - 1) / n * apart.T @ apart)

    @property
    def components(self) -> Components:
        """What the variance of the mean over readers is made of."""
        r = len(self.values)
        found = self.covariances
        own = float(np.trace(found)) / r
        shared = (float(found.sum()) - r * own) / (r * (r - 1)) if r > 1 else 0.0
        spread = float(self.values.var(ddof=1)) if r > 1 else 0.0
        return Components(r, len(self.without), spread, own, shared)


@dataclass(frozen=True)
class Components:
    """What the variance of a mean over readers is made of.

    Attributes
    ----------
    readers, patients : int
    spread : float
        Variance of the figures between readers; of a difference of two arms, twice MS(T*R).
    own, shared : float
        Mean variance of one reader's figure over patients, and mean covariance of two readers'; of a difference of two
        arms, ``2 (Var - Cov1)`` and ``2 (Cov2 - Cov3)``.

    Examples
    --------
    The published components of the data of Van Dyke et al. (1993), five readers and 114 patients:

    >>> found = Components(5, 114, 2 * 0.00055103062, 2 * (0.00080228827 - 0.00034661371), 2 * 0.00010504646)
    >>> round(found.variance() ** 0.5, 5), round(found.degrees_of_freedom(), 1)
    (0.02075, 15.3)
    """

    readers: int
    patients: int
    spread: float
    own: float
    shared: float

    def variance(self, *, fixed: bool = False) -> float:
        """Variance of the mean over readers, who stand for others or, ``fixed``, for themselves alone."""
        r, shared = self.readers, max(self.shared, 0.0)
        if fixed:
            return max(self.own + (r - 1) * self.shared, 0.0) / r
        return self.spread / r + shared

    def degrees_of_freedom(self, *, fixed: bool = False) -> float:
        """Hillis (2007); never more than patients less one, which is what fixed readers have."""
        most = float(self.patients - 1)
        if fixed or not self.spread:
            return most
        r = self.readers
        return min(most, self.variance() ** 2 / ((self.spread / r) ** 2 / (r - 1)))


def interval_over_readers(figures: ReaderFigures, confidence: float, *, fixed: bool = False) -> Interval:
    """The mean over readers with its two-sided interval.

    Parameters
    ----------
    figures : ReaderFigures
        Of one arm, or the differences of two.
    fixed : bool
        Whether the claim is about these readers alone; by default it is about readers like them.

    Examples
    --------
    >>> ratings = np.random.default_rng(0).normal(0.1, 1.0, (60, 3))
    >>> found = interval_over_readers(means_by_reader(ratings, np.arange(60).astype(str)), 0.95)
    >>> found.method, found.low < found.value < found.high
    ('Obuchowski-Rockette, Hillis', True)
    """
    n, r = len(figures.without), len(figures.values)
    value = float(figures.values.mean()) if r else math.nan
    if not r or math.isnan(value):
        return no_interval("a reader read none of the cases", confidence, n)
    if n < MIN_PATIENTS:
        return too_few(n, confidence).noted(point=value)
    if r < MIN_READERS and not fixed:
        reason = f"{r} reader cannot stand for others: at least {MIN_READERS} are needed"
        return no_interval(reason, confidence, n, point=value)
    if not np.isfinite(figures.without).all():
        return no_interval("it hangs on one patient", confidence, n, point=value)
    made = figures.components
    df = made.degrees_of_freedom(fixed=fixed)
    half = student_above((1 - confidence) / 2, df) * math.sqrt(made.variance(fixed=fixed))
    found = Interval(value, value - half, value + half, confidence, n, FIXED if fixed else RANDOM)
    return found.noted(standard_error=math.sqrt(made.variance(fixed=fixed)), degrees_of_freedom=df)


def means_by_reader(values: ArrayLike, patients: Names) -> ReaderFigures:
    """Mean over patients of the mean over a patient's cases, of each reader.

    Parameters
    ----------
    values : array_like of float, shape (n_cases, n_readers)
        NaN does not count.
    patients : ndarray of str, shape (n_cases,)

    Examples
    --------
    >>> means_by_reader([[1.0, 2.0], [3.0, np.nan]], np.array(["a", "b"])).values.tolist()
    [2.0, 2.0]
    """
    table = np.asarray(values, dtype=float)
    names, index = np.unique(patients, return_inverse=True)
    there = ~np.isnan(table)
    sums, counts = np.zeros((len(names), table.shape[1])), np.zeros((len(names), table.shape[1]))
    np.add.at(sums, index, np.where(there, table, 0.0))
    np.add.at(counts, index, there)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(counts > 0, sums / counts, 0.0)
        number, total = (counts > 0).sum(axis=0), means.sum(axis=0)
        left = number - (counts > 0)
        return ReaderFigures(total / number, (total - means) / left, left / number)


def areas_by_reader(scores: Sequence[ArrayLike], positive: ArrayLike, patients: Names) -> ReaderFigures:
    """Empirical area under the ROC curve of each reader, as :func:`~editproof.stats.auc.auc_statistic` has it.

    Parameters
    ----------
    scores : sequence of array_like of float, each of shape (n_cases,) or (n_cases, n_repeats)
        One for each reader.
    positive : array_like of bool, shape (n_cases,)
    patients : ndarray of str, shape (n_cases,)

    Examples
    --------
    >>> areas_by_reader([[0.1, 0.4, 0.35, 0.8]], [False, False, True, True], np.array(list("abcd"))).values.tolist()
    [0.75]
    """
    found = [_area_without(np.asarray(table, dtype=float), positive, patients) for table in scores]
    without, kept = (np.stack([one[part] for one in found], axis=1) for part in (1, 2))
    return ReaderFigures(np.array([one[0] for one in found]), without, kept)


def _area_without(scores: Values, positive: ArrayLike, patients: Names) -> tuple[float, Values, Values]:
    """An area, and what it is and what share of its pairs is left without each patient, both of shape (n_patients,)."""
    made = auc_statistic(scores, positive, patients)
    n = made.n_patients
    pairs = _ratio(made.kernel.total, made.positives.sum() * made.negatives.sum())
    lost, up, down = np.zeros(n), np.zeros(n), np.zeros(n)
    np.add.at(lost, made.rows, made.kernel.row_sums)
    np.add.at(lost, made.columns, made.kernel.column_sums)
    both, in_rows, in_columns = np.intersect1d(made.rows, made.columns, return_indices=True)
    lost[both] -= made.kernel.at(in_rows, in_columns)
    up[made.rows], down[made.columns] = made.positives, made.negatives
    with np.errstate(invalid="ignore", divide="ignore"):
        left = (made.positives.sum() - up) * (made.negatives.sum() - down)
        rest, kept = (made.kernel.total - lost) / left, left / (made.positives.sum() * made.negatives.sum())
    return pairs, np.asarray(rest), np.asarray(kept)


def _ratio(up: float, down: float) -> float:
    return float(up / down) if down else math.nan


def power_over_readers(
    components: Components, margin: float, readers: int, patients: int, *, expected: float = 0.0, level: float = 0.05,
    fixed: bool = False,
) -> float:  # fmt: skip
    """Chance that a mean over readers is shown to lie above ``-margin``, one-sided, in a study of another size.

    Covariances shrink as the patients grow; what differs between readers beyond them does not (Hillis, Obuchowski and
    Berbaum 2011).

    Parameters
    ----------
    components : Components
        Of the difference of arms in a pilot, or assumed.
    margin : float
        Largest loss that is accepted, positive.
    expected : float
        The difference that is expected of the tool.
    level : float
        One-sided error rate.

    References
    ----------
    Hillis SL, Obuchowski NA, Berbaum KS. Power estimation for multireader ROC methods: an updated and unified approach.
    *Acad Radiol* 2011;18:129-142.

    Examples
    --------
    >>> pilot = Components(5, 114, 0.0011, 0.0009, 0.0002)
    >>> chances = [power_over_readers(pilot, 0.05, 5, n) for n in (50, 114, 400)]
    >>> chances == sorted(chances), 0.5 < chances[1] < 1
    (True, True)
    """
    from scipy.stats import nct

    made = resized(components, readers, patients)
    error = math.sqrt(made.variance(fixed=fixed))
    room = margin + expected
    if not error:
        return float(room > 0)
    df = made.degrees_of_freedom(fixed=fixed)
    return float(nct.sf(student_above(level, df), df, room / error))


def resized(components: Components, readers: int, patients: int) -> Components:
    """The components to be expected of a study with another number of readers and of patients."""
    between = max(components.spread - components.own + components.shared, 0.0)
    scale = components.patients / patients
    own, shared = components.own * scale, components.shared * scale
    spread = between + max(own - shared, 0.0)
    return replace(components, readers=readers, patients=patients, spread=spread, own=own, shared=shared)

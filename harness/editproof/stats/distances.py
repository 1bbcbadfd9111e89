"""Distance of two distributions over patients as a statistic; a missing edit may lie anywhere.

D is the largest of many differences and so tends to be too large in a sample. For the upper limit that errs on the safe
side; the lower one is D less what both empirical distribution functions can be off (Dvoretzky, Kiefer and Wolfowitz).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from editproof.stats.draws import METHOD, lower_quantile
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import SEED, Interval, no_interval
from editproof.stats.ks import distance_of_features, ks_of_features
from editproof.stats.statistic import ChangeApart, Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]

_BINS = 1_000
"""Intervals of the axis at most; within one, the upper limit takes both distributions at their farthest."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Gaps:
    """What each patient adds to the difference of two distribution functions.

    Attributes
    ----------
    shifted_up, shifted_down : ndarray of float, shape (n_patients, n_points)
        Originals less edits, with every missing edit above all others; edits less originals, with every missing one
        below. The larger maximum of their means is D at its worst.
    least_up, least_down : ndarray of float, shape (n_patients, n_points)
        The same with missing edits where they make the difference smallest.
    """

    shifted_up: Values = field(repr=False)
    shifted_down: Values = field(repr=False)
    least_up: Values = field(repr=False)
    least_down: Values = field(repr=False)

    def worst(self, weights: Values) -> Values:
        """D of weighted patients, at most, the unseen one being as far apart as can be; shape (n_draws,)."""
        inside, unseen, total = weights[:, :-1], weights[:, -1], weights.sum(axis=1)
        farthest = np.maximum(*((inside @ gaps).max(axis=1) for gaps in (self.shifted_up, self.shifted_down)))
        return np.asarray((np.maximum(farthest, 0.0) + unseen) / total)

    def nearest(self) -> float:
        """D of these patients, at least."""
        return float(max(0.0, *(gaps.mean(axis=0).max() for gaps in (self.least_up, self.least_down))))


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureDistance(Statistic):
    """Distance D between the distributions of a feature of originals and of edits; patients are those of each case.

    Attributes
    ----------
    original : ndarray of float, shape (n_cases,)
    edited : ndarray of float, shape (n_cases, n_repeats)
        NaN where an edit is missing.
    missing : ndarray of bool, shape (n_cases, n_repeats)
    """

    original: Values
    edited: Values
    missing: NDArray[np.bool_]

    bounded: ClassVar[bool] = True

    @property
    def reason(self) -> str:
        return "" if self._there.any() else "no edit came back"

    @property
    def value(self) -> float:
        there = self._there
        return distance_of_features(self.original[there], self.edited[there], self.patients[there])

    @property
    def _there(self) -> NDArray[np.bool_]:
        return np.asarray(~np.isnan(self.edited).all(axis=1))

    @cached_property
    def gaps(self) -> Gaps:
        """What each patient adds, on all values that occur, or on intervals of them where there are very many."""
        grid = np.unique(np.concatenate([self.original, self.edited[~np.isnan(self.edited)]]))
        if len(grid) > _BINS:
            grid = grid[np.linspace(0, len(grid) - 1, _BINS).astype(int)]
            before = np.concatenate([[-np.inf], grid[:-1]])
        else:
            before = grid
        counted = ~np.isnan(self.edited) | self.missing
        share = counted / np.maximum(1, counted.sum(axis=1))[:, None]

        def edits_up_to(points: Values, lost_below: float) -> Values:
            found = np.zeros((len(self.original), len(points)))
            for values, gone, weight in zip(self.edited.T, self.missing.T, share.T, strict=True):
                below = np.where(gone[:, None], lost_below, values[:, None] <= points)
                found += below * weight[:, None]
            return found

        def originals_up_to(points: Values) -> Values:
            return np.asarray((self.original[:, None] <= points).astype(float))

        _, index = np.unique(self.patients, return_inverse=True)
        each = np.bincount(index).astype(float)

        def by_patient(cases: Values) -> Values:
            sums = np.zeros((len(each), cases.shape[1]))
            np.add.at(sums, index, cases)
            return np.asarray(sums / each[:, None])

        return Gaps(
            shifted_up=by_patient(originals_up_to(grid) - edits_up_to(before, 0.0)),
            shifted_down=by_patient(edits_up_to(grid, 1.0) - originals_up_to(before)),
            least_up=by_patient(originals_up_to(grid) - edits_up_to(grid, 1.0)),
            least_down=by_patient(edits_up_to(grid, 0.0) - originals_up_to(grid)),
        )

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        n = len(np.unique(self.patients))
        if self.reason:
            return no_interval(self.reason, confidence, n)
        if limits == CONVENTIONAL:
            return self.conventional(confidence)
        alpha, value = (1 - confidence) / 2, self.value
        low = max(0.0, self.gaps.nearest() - 2 * dkw_reach(n, alpha / 2))
        high = -lower_quantile(lambda weights: -self.gaps.worst(weights), n, alpha)
        return Interval(value, min(low, value), max(high, value), confidence, n, METHOD, SEED).noted(**self.notes)

    def conventional(self, confidence: float) -> Interval:
        """A uniform band by patient bootstrap, of the edits that came back, with the p-value of swaps."""
        there = self._there
        found = ks_of_features(self.original[there], self.edited[there], self.patients[there], confidence)
        return found.noted(**self.notes)

    def only(self, patients: Names) -> FeatureDistance:
        rows = np.isin(self.patients, patients)
        return replace(
            self, original=self.original[rows], edited=self.edited[rows], missing=self.missing[rows],
            patients=self.patients[rows],
        )  # fmt: skip

    def _less(self, other: FeatureDistance) -> Statistic:
        if not np.array_equal(self.patients, other.patients):
            return Undefined(patients=self.patients, why="the versions have readings of different cases")
        return ChangeApart(new=self, old=other, patients=self.patients)


def dkw_reach(n: int, alpha: float) -> float:
    """How far an empirical distribution function of ``n`` patients lies from the true one, anywhere, but for ``alpha``.

    References
    ----------
    Massart P. The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality. *Ann Probab* 1990;18:1269-1283.

    Examples
    --------
    >>> round(dkw_reach(200, 0.05), 3)
    0.096
    """
    return float(np.sqrt(np.log(2 / alpha) / (2 * n)))

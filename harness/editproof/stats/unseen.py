"""Smooth functions of means over patients whose limits count one more patient, who was not seen and is at the worst.

Without him a sample in which nothing went wrong would have no doubt: kappa is 1 where all grades agree, whatever the
number of patients. The weights are those of :mod:`editproof.stats.draws`. The level is approximate: that such limits
hold is known of means, and simulated for other functions (docs/statistics.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.draws import METHOD, lower_quantiles
from editproof.stats.gaffke import GAFFKE
from editproof.stats.interval import SEED, Interval
from editproof.stats.statistic import Smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class WithUnseen(Smooth):
    """A smooth function of sums in which patients weigh alike, with what one more patient could add to them.

    Attributes
    ----------
    worst, best : ndarray of float, shape (n_kinds, k)
        Rows of sums that an unseen patient could have, of which the limits take the lowest and the highest value.

    Examples
    --------
    >>> from editproof.stats.sums import Sums
    >>> names = np.array(["a", "b", "c"])
    >>> ones = Sums(np.ones((3, 2)), lambda sums: sums[..., 0] / sums[..., 1])
    >>> rows = {"worst": np.array([[0.0, 1.0]]), "best": np.array([[1.0, 1.0]])}
    >>> found = WithUnseen(sums=ones, patients=names, **rows).interval(0.9)
    >>> found.value, bool(abs(found.low - 0.05 ** (1 / 3)) < 0.01), found.high
    (1.0, True, 1.0)
    """

    worst: Values = field(repr=False)
    best: Values = field(repr=False)

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        n, alpha, value = len(self.patients), (1 - confidence) / 2, self.value

        def at(weights: Values, rows: Values, sign: float) -> Values:
            inside = weights[:, :-1] @ self.sums.per_patient
            return np.stack([sign * self.sums.of(inside + weights[:, -1:] * row) for row in rows])

        def of(weights: Values) -> Values:
            with np.errstate(invalid="ignore", divide="ignore"):
                found = np.concatenate([at(weights, self.worst, 1.0), at(weights, self.best, -1.0)])
            return np.where(np.isnan(found), -np.inf, found)

        lowest, split = lower_quantiles(of, n, alpha), len(self.worst)
        low, high = float(lowest[:split].min()), -float(lowest[split:].min())
        return Interval(value, min(low, value), max(high, value), confidence, n, METHOD, SEED).noted(**self.notes)

    def folded(self, sign: float, middle: float) -> WithUnseen:
        ends = (self.worst, self.best) if sign > 0 else (self.best, self.worst)
        return replace(self, sums=self.sums.folded(sign, middle), worst=ends[0], best=ends[1])

    def _less(self, other: Smooth) -> Smooth:
        if not isinstance(other, WithUnseen):
            return super()._less(other)
        return WithUnseen(
            sums=self.sums - other.sums, patients=self.patients,
            worst=_side_by_side(self.worst, other.best), best=_side_by_side(self.best, other.worst),
        )  # fmt: skip


def _side_by_side(one: Values, other: Values) -> Values:
    """Every row of one table beside every row of the other."""
    return np.hstack([np.repeat(one, len(other), axis=0), np.tile(other, (len(one), 1))])

"""Mean of the areas under the curves of several classes, each against the rest; patients weigh alike in all of them.

The limits are those of one area (:mod:`editproof.stats.areas`): weights of patients with one more who was not seen. He
is of one class, of which he scores lowest, and scores highest on every other one; the limit is the lowest over classes.

Harm that was not seen may lie in one class or be spread over many small ones, of which each sample says little: with
harmed shares p_k of m_k patients nobody harmed is seen with probability prod (1 - p_k)^m_k. Areas that are averaged
after each was weighted by its own patients allow for the first alone. So the limit is also that of the mean of all
pairs, each as heavy as its class is small, divided by the weight of all classes together: K classes of m patients are
then K m patients alike, and without harm seen the lost share is up to about 1 - alpha^(1 / (K m)), which is the exact
worst case. By Bernoulli's inequality that is no less than (1 - alpha^(1 / m)) / K, harm in one class. With harm seen
the level was counted exactly of classes of one patient; of others ``tests/stats/test_macro.py`` tries it without harm
seen, and the worlds of outputs simulate three large classes.

References
----------
Provost F, Domingos P. Well-trained PETs: improving probability estimation trees. CeDER Working Paper IS-00-04, 2000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from editproof.stats.areas import Area, AreaChange
from editproof.stats.bootstrap import cluster_t_limits
from editproof.stats.draws import DRAWS, METHOD, lower_quantiles
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import MIN_PATIENTS, SEED, Interval, no_interval, too_few
from editproof.stats.statistic import Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class MacroArea(Statistic):
    """Mean of areas, or of changes of areas, of one class against the rest each; patients once each in sorted order.

    Attributes
    ----------
    areas : tuple of Area or of AreaChange
        One for each class, of the same patients.
    """

    areas: tuple[Area | AreaChange, ...]

    bounded: ClassVar[bool] = True

    @property
    def reason(self) -> str:
        return next((area.reason for area in self.areas if area.reason), "")

    @property
    def value(self) -> float:
        return float(np.mean([area.value for area in self.areas]))

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        if self.reason or limits == CONVENTIONAL:
            return self.conventional(confidence)
        value, n, classes = self.value, len(self.patients), len(self.areas)
        alpha = (1 - confidence) / 2
        alpha -= 2 * math.sqrt(alpha * (1 - alpha) / DRAWS)  # the quantile itself is drawn
        lowest = lower_quantiles(self._ends, n, max(alpha, 0.0))
        ends = lowest.reshape(2, 2 * classes).min(axis=1)
        low, high = max(self._least, float(ends[0])), min(self._most, -float(ends[1]))
        return Interval(value, min(low, value), max(high, value), confidence, n, METHOD, SEED).noted(**self.notes)

    def _ends(self, weights: Values) -> Values:
        """The mean at either end; shape (4 * n_classes, n_draws), the lower ends first.

        The unseen patient is of each class in turn; first the mean of the areas, then that of all pairs by weight.
        """
        sides = ([self._of(area, weights, sign) for area in self.areas] for sign in (1.0, -1.0))
        return np.concatenate([np.stack(_means(side)) for side in sides])

    @staticmethod
    def _of(area: Area | AreaChange, weights: Values, sign: float) -> tuple[_Summed, _Summed]:
        """One area at its lower end, or its negative at the upper one: the unseen of its class, and of the rest."""
        pairs, extra = area.pairs, weights[:, -1]
        kernel, unseen = (pairs.lowest, pairs.least) if sign > 0 else (pairs.highest, pairs.most)
        up, down = weights[:, pairs.rows], weights[:, pairs.columns]
        of_rows, of_columns, inside = up.sum(axis=1), down.sum(axis=1), kernel.both(up, down)
        size = len(pairs.rows) * len(pairs.columns)
        mine = sign * (inside + unseen * extra * of_columns), (of_rows + extra) * of_columns
        rest = sign * (inside + unseen * extra * of_rows), of_rows * (of_columns + extra)
        return _Summed(mine[0] / size, mine[1] / size), _Summed(rest[0] / size, rest[1] / size)

    def conventional(self, confidence: float) -> Interval:
        """The cluster t interval by how much each patient moves the mean (DeLong's, of several areas at once)."""
        n = len(self.patients)
        if n < MIN_PATIENTS:
            return too_few(n, confidence)
        moved = np.mean([_influence(area, n) for area in self.areas], axis=0)
        error = math.sqrt(float((moved**2).sum()) * n / (n - 1))
        value = self.value
        if not error:
            return no_interval("no patient moves it, so its uncertainty is unknown", confidence, n, point=value)
        low, high = cluster_t_limits(value, error, n - 1, (1 - confidence) / 2)
        low, high = max(low, self._least), min(high, self._most)
        return Interval(value, low, high, confidence, n, "cluster t").noted(**self.notes)

    @property
    def _least(self) -> float:
        return min(area.pairs.least for area in self.areas)

    @property
    def _most(self) -> float:
        return max(area.pairs.most for area in self.areas)

    def only(self, patients: Names) -> MacroArea:
        return replace(self, areas=tuple(area.only(patients) for area in self.areas), patients=patients)

    def _less(self, other: MacroArea) -> Statistic:
        made: list[Area | AreaChange] = []
        for new, old in zip(self.areas, other.areas, strict=True):
            found = new - old
            if not isinstance(found, AreaChange):
                return Undefined(patients=self.patients, why=found.reason)
            made.append(found)
        return MacroArea(areas=tuple(made), patients=self.patients)


class _Summed(NamedTuple):
    """Of the pairs of one area, each pair as much as the area has few: their sum and their weight, shape (n_draws,)."""

    sum: Values
    weight: Values


def _means(areas: list[tuple[_Summed, _Summed]]) -> list[Values]:
    """The mean of areas and the weighted mean of their pairs, with the unseen patient of each class in turn."""
    apart, pooled = [], []
    for place in range(len(areas)):
        found = [mine if j == place else rest for j, (mine, rest) in enumerate(areas)]
        apart.append(np.asarray(sum(area.sum / area.weight for area in found)) / len(found))
        pooled.append(np.asarray(sum(area.sum for area in found)) / sum(area.weight for area in found))
    return [*apart, *pooled]


def _influence(area: Area | AreaChange, n: int) -> Values:
    """How much each of ``n`` patients moves an area, shape (n,)."""
    sides = [(area.area, 1.0)] if isinstance(area, Area) else [(area.edited, 1.0), (area.original, -1.0)]
    moved = np.zeros(n)
    for side, sign in sides:
        np.add.at(moved, np.concatenate([side.rows, side.columns]), sign * side.influence)
    return moved

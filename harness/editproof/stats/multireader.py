"""Figures of several readers as statistics that an estimand can be made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from editproof.stats.draws import METHOD
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import SEED, Interval, no_interval
from editproof.stats.readers import ReaderFigures, interval_over_readers
from editproof.stats.statistic import Statistic
from editproof.stats.unread import longest_reach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.stats.areas import Pairs

FOR_OTHERS = "approximate for other readers"
"""The level of limits that hold for these readers whatever was not seen, and for others on the usual assumptions."""
NO_SPREAD = "nothing varies between readers or patients, which says nothing of what was not seen"
"""Why there is no interval where it would have no width."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MultiReader(Statistic):
    """A mean over readers of a figure of merit, by Obuchowski and Rockette's analysis with Hillis's degrees of freedom.

    Attributes
    ----------
    readers : ndarray of str, shape (n_readers,)
    seen : ReaderFigures
        Of what was read.
    lowest, highest : ReaderFigures
        With everything that was not read where it makes the figure least, and most; the same where nothing is missing.
    fixed : bool
        Whether the number is about these readers alone.
    n_edits : int
        Edits that were read, by however many readers.
    """

    readers: NDArray[np.str_]
    seen: ReaderFigures = field(repr=False)
    lowest: ReaderFigures = field(repr=False)
    highest: ReaderFigures = field(repr=False)
    fixed: bool = False
    n_edits: int = 0

    @property
    def value(self) -> float:
        known = self.seen.values[~np.isnan(self.seen.values)]
        return float(known.mean()) if len(known) else math.nan

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        return self.conventional(confidence)

    def conventional(self, confidence: float) -> Interval:
        """The interval of the field; none where it would have no width, since readers alike show nothing of others."""
        found = self._of_field(confidence)
        if found.low is not None and found.high is not None and math.isclose(found.low, found.high, abs_tol=1e-12):
            return self._told(no_interval(NO_SPREAD, confidence, found.n_patients, point=found.value))
        return self._told(found)

    def _of_field(self, confidence: float) -> Interval:
        """Its lower limit is with what is missing at the least, its upper one with that at the most.

        Its reach is the longest that any ratings in place of the missing ones can make it, those of one reader at the
        worst and of another at the best among them. So what is missing never makes a limit better.
        """
        ends = [interval_over_readers(x, confidence, fixed=self.fixed) for x in (self.lowest, self.highest)]
        if refused := next((end for end in ends if not end.exists), None):
            return refused
        reach = longest_reach(self.lowest, self.highest, confidence, fixed=self.fixed)
        low, high = (float(figures.values.mean()) for figures in (self.lowest, self.highest))
        value = (low + high) / 2 if math.isnan(self.value) else self.value
        return replace(ends[1], value=value, low=min(low - reach, value), high=max(high + reach, value))

    def _told(self, found: Interval) -> Interval:
        by = {str(name): round(float(x), 6) for name, x in zip(self.readers, self.seen.values, strict=True)}
        known = {name: x for name, x in by.items() if math.isfinite(x)}
        return replace(found, n_edits=self.n_edits or None).noted(**self.notes, readers=len(by), by_reader=known)


@dataclass(frozen=True, eq=False, kw_only=True)
class BoundedMultiReader(MultiReader):
    """The same of values in a declared interval, whose limits also hold whatever was not seen in these readers.

    Each limit is the wider of two: Obuchowski and Rockette's, to which readers like these owe that they are covered,
    and that of the mean over these readers with one unseen patient at the worst, to which rare disasters and missing
    edits owe the same. The first still rests on the usual assumptions, so that the level is approximate: a few readers
    say nothing of a rare careless one. It rests on the variance between readers too, so that worse values can narrow
    it: where a second reader changes the calls that the first one changed, they differ less.

    Attributes
    ----------
    these : Statistic
        The same number of these readers alone, bounded.
    least, most : float
        The declared interval, beyond which no limit goes.
    """

    these: Statistic = field(repr=False)
    least: float
    most: float

    bounded: ClassVar[bool] = True

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        of_field = self._of_field(confidence)
        if limits == CONVENTIONAL or of_field.low is None or of_field.high is None:
            return self.conventional(confidence)
        of_these = self.these.interval(confidence, limits)
        if self.fixed:
            return self._told(of_these)
        if of_these.low is None or of_these.high is None or of_field.value is None:
            return self._told(of_these)
        value = of_field.value
        low = max(min(of_field.low, of_these.low, value), self.least)
        high = min(max(of_field.high, of_these.high, value), self.most)
        method = f"{of_field.method}; these readers: {of_these.method}"
        found = Interval(value, low, high, confidence, of_field.n_patients, method, of_these.seed)
        return self._told(found).noted(**{**of_these.notes, **of_field.notes, "level": FOR_OTHERS})


@dataclass(frozen=True, eq=False, kw_only=True)
class PairedChange(Statistic):
    """The change of an area, averaged over readers, by pairs of patients; patients as in an area.

    Attributes
    ----------
    pairs : Pairs
        The change of each pair.
    """

    pairs: Pairs

    bounded: ClassVar[bool] = True

    @property
    def value(self) -> float:
        """Halfway between what missing edits leave open."""
        return (self.pairs.lowest.mean + self.pairs.highest.mean) / 2

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        low, high = self.pairs.limits(len(self.patients), confidence)
        value = self.value
        return Interval(value, min(low, value), max(high, value), confidence, len(self.patients), METHOD, SEED)

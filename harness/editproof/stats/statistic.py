"""Statistics as values: each knows its number, its interval, and how it differs from another one of its kind.

An estimand makes one of a table of readings. A verdict takes its interval; a comparison of two versions subtracts the
one of the old version from that of the new one, on the patients whom both count, so that a difference is always that of
what the verdicts show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from editproof.stats.bootstrap import interval
from editproof.stats.gaffke import GAFFKE
from editproof.stats.interval import MIN_PATIENTS, Interval, identical, no_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.stats.sums import Sums
    from editproof.types import JSON

    Names = NDArray[np.str_]

Kind = TypeVar("Kind", bound="Statistic")


@dataclass(frozen=True, eq=False, kw_only=True)
class Statistic:
    """A number made of patients. Subtracting one from another of its kind pairs them by patient.

    Attributes
    ----------
    patients : ndarray of str
        Whom it counts: of each patient once, in sorted order, or of each case; a subclass says which.
    notes : mapping
        Further figures that its interval carries.
    """

    patients: Names = field(repr=False)
    notes: Mapping[str, JSON] = field(default_factory=dict)

    bounded: ClassVar[bool] = False
    """Whether its limits hold whatever was not seen: rare disasters, patients of no spread, missing edits."""

    @property
    def reason(self) -> str:
        """Why there is no number; empty where there is one."""
        return ""

    @property
    def value(self) -> float:
        """The number; NaN where there is none."""
        raise NotImplementedError

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        """The number with its two-sided interval, or the reason why there is none.

        Parameters
        ----------
        limits : {"gaffke", "betting", "conventional"}
            Of a statistic that is not bounded, the limits are conventional ones, whatever is asked for.
        """
        raise NotImplementedError

    def conventional(self, confidence: float) -> Interval:
        """The interval by the method that the field is used to."""
        return self.interval(confidence)

    def only(self: Kind, patients: Names) -> Kind:
        """The same of some of its patients, given once each in sorted order."""
        raise NotImplementedError

    def folded(self, sign: float, middle: float) -> Statistic | None:
        """``sign * (value - middle)``; None where the kind has no such statistic."""
        return None

    def noted(self: Kind, **notes: JSON) -> Kind:
        """The same with further figures."""
        return replace(self, notes={**self.notes, **notes})

    def _less(self: Kind, other: Kind) -> Statistic:
        """The difference, both being of the same patients."""
        raise NotImplementedError

    def __sub__(self, other: Statistic) -> Statistic:
        """The difference on the patients whom both count; undefined where either is, or where there are none."""
        for one in (self, other):
            if one.reason:
                return one
        if type(self) is not type(other):
            return Undefined(patients=self.patients, why="the versions give statistics of different kinds")
        both = np.intersect1d(self.patients, other.patients)
        if not len(both):
            return Undefined(patients=both, why="there is no patient whom both versions count")
        one, another = (
            each if np.array_equal(np.unique(each.patients), both) else each.only(both) for each in (self, other)
        )
        return one._less(another)


@dataclass(frozen=True, eq=False, kw_only=True)
class Undefined(Statistic):
    """No number, and why."""

    why: str

    @property
    def reason(self) -> str:
        return self.why

    @property
    def value(self) -> float:
        return math.nan

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        return no_interval(self.why, confidence, len(np.unique(self.patients))).noted(**self.notes)

    def folded(self, sign: float, middle: float) -> Statistic:
        return self


@dataclass(frozen=True, eq=False, kw_only=True)
class Smooth(Statistic):
    """A smooth function of sums over patients: means, ratios, root mean squares, slopes, limits of agreement.

    Attributes
    ----------
    sums : Sums
        One row for each of ``patients``, who are given once each in sorted order.
    settled : float, optional
        The value, where nothing differs at all between the arms; enough patients without a difference settle it.
    """

    sums: Sums
    settled: float | None = None

    def __post_init__(self) -> None:
        """Refuse sums of other patients than those named."""
        if len(self.patients) != len(self.sums.per_patient):
            raise ValueError(f"{len(self.sums.per_patient)} rows of sums for {len(self.patients)} patients")

    @property
    def value(self) -> float:
        return self.sums.value

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        if self.settled is not None and len(self.patients) >= MIN_PATIENTS:
            return identical(confidence, len(self.patients), self.settled).noted(**self.notes)
        return interval(self.sums, confidence).noted(**self.notes)

    def only(self, patients: Names) -> Smooth:
        rows = self.sums.per_patient[np.isin(self.patients, patients)]
        return replace(self, sums=replace(self.sums, per_patient=rows), patients=patients)

    def folded(self, sign: float, middle: float) -> Smooth:
        return replace(self, sums=self.sums.folded(sign, middle), settled=None)

    def _less(self, other: Smooth) -> Smooth:
        return Smooth(sums=self.sums - other.sums, patients=self.patients)


@dataclass(frozen=True, eq=False, kw_only=True)
class ChangeApart(Statistic):
    """How much a statistic changed that cannot be subtracted patient by patient.

    The limits of both versions, each with half of the error, are subtracted.

    Attributes
    ----------
    new, old : Statistic
        Of one kind, and bounded.
    words : str
        What is said after the method of either.
    """

    new: Statistic
    old: Statistic
    words: str = ""

    bounded: ClassVar[bool] = True

    @property
    def value(self) -> float:
        return self.new.value - self.old.value

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        new, old = (version.interval((1 + confidence) / 2, limits) for version in (self.new, self.old))
        n, value = len(np.unique(self.patients)), self.value
        if new.low is None or new.high is None or old.low is None or old.high is None:
            return no_interval(new.reason or old.reason or "", confidence, n)
        low, high = min(new.low - old.high, value), max(new.high - old.low, value)
        return Interval(value, low, high, confidence, n, new.method + self.words, new.seed).noted(**self.notes)


def statistic_of(value: Any) -> Statistic:
    """What a user's statistic returned, where it is one at all.

    Raises
    ------
    TypeError
    """
    if not isinstance(value, Statistic):
        raise TypeError(f"it returned a {type(value).__name__}, which is not a statistic of editproof.stats")
    return value

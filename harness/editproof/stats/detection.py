"""Free-response curves and average precision over patients, with what was lost and one unseen patient at the worst.

Both are of scores of boxes over a whole cohort, and no means over patients. A patient's images share his weight, and so
do the edits of an image. The limits are quantiles over weights of patients (:mod:`editproof.stats.draws`). The patient
who was not seen has as many lesions as is declared, of which none is found, and as many false boxes, above all others.

The average precision is the mean over found lesions of the precision, integrated within each step of recall: of t
true boxes so far and f false ones at or above the score, the integral of t / (t + f) over t. So false boxes of a tie
count before the true ones, and a box that scores worse never raises it. The rule of VOC, with the precision at the end
of each step, breaks that: true boxes lowered to a tied score share the precision of its end.

An image with more false boxes than declared breaks that declaration, and could have any number of them. So no score at
which an image has more is one to work at: from there on nothing more is found. What is taken off (originals, the
edits of another version) keeps all that it finds, so that a change is never made to look better by it.

References
----------
Chakraborty DP, Winter LHL. Free-response methodology: alternate analysis and a new observer-performance experiment.
*Radiology* 1990;174:873-881.
Everingham M, et al. The Pascal visual object classes (VOC) challenge. *Int J Comput Vis* 2010;88:303-338.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from editproof.stats.draws import METHOD, lower_quantiles
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import MIN_PATIENTS, SEED, Interval, no_interval, too_few
from editproof.stats.statistic import Statistic, Undefined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Names = NDArray[np.str_]
    Values = NDArray[np.float64]

_DRAWS = 4_000
_CHUNK = 500
_LEVELS = 256
"""Scores that are told apart in limits; of more, neighbours count as equal."""
NO_LESION = "there is no lesion to find"


@dataclass(frozen=True)
class Measure:
    """What is made of a curve.

    Attributes
    ----------
    at : tuple of float
        False boxes an image, at which the sensitivities are averaged; empty for the average precision.
    cap : float
        The most false boxes that an image may have at a score for a box to count there.
    lesions : float
        The most lesions of an image that count in full; of more, all weigh less.
    """

    at: tuple[float, ...]
    cap: float
    lesions: float

    def of(self, true: Values, false: Values, lesions: Values, total: Values) -> Values:
        """The number, shape (n_draws,), from running sums of shape (n_draws, n_scores), the highest score first."""
        if not self.at:
            steps = np.diff(true, axis=1, prepend=0.0)
            with np.errstate(invalid="ignore", divide="ignore"):
                wrong = np.nan_to_num(false * np.log1p(steps / (true - steps + false)))
            return np.asarray(np.clip((steps - wrong).sum(axis=1) / lesions, 0.0, 1.0))
        rows = np.arange(len(true))
        found = np.zeros(len(true))
        for rate in self.at:
            last = (false <= rate * total[:, None] * (1 + 1e-12)).sum(axis=1) - 1
            found += np.where(last >= 0, true[rows, np.maximum(last, 0)], 0.0)
        return np.asarray(np.clip(found / len(self.at) / lesions, 0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Curve:
    """Scores of boxes by patient, in one way to complete what was lost.

    Attributes
    ----------
    true, false : tuple of ndarray
        Score, index of the patient and weight of each box.
    lesions : ndarray of float, shape (n_patients,)
        Lesions an image.
    seen : ndarray of bool, shape (n_patients,)
        Patients who have an image.
    beyond : ndarray of float, shape (n_patients,)
        The highest score at which an image has more false boxes than the cap; minus infinity where none has.
    """

    true: tuple[Values, NDArray[np.intp], Values] = field(repr=False)
    false: tuple[Values, NDArray[np.intp], Values] = field(repr=False)
    lesions: Values = field(repr=False)
    seen: NDArray[np.bool_] = field(repr=False)
    beyond: Values = field(repr=False)

    def unfloored(self) -> Curve:
        """With all that it finds, however many false boxes an image has."""
        return replace(self, beyond=np.full(len(self.beyond), -np.inf))

    def _sides(self) -> Iterator[tuple[Values, NDArray[np.intp], Values]]:
        """True and false boxes, of the true ones those above every score at which an image is beyond the cap."""
        kept = self.true[0] > self.beyond.max(initial=-np.inf)
        yield self.true[0][kept], self.true[1][kept], self.true[2][kept]
        yield self.false

    def only(self, keep: NDArray[np.bool_]) -> Curve:
        """Of some of the patients."""
        place = np.cumsum(keep) - 1
        sides = [
            (score[keep[of]], place[of[keep[of]]], weight[keep[of]]) for score, of, weight in (self.true, self.false)
        ]
        return Curve(sides[0], sides[1], self.lesions[keep], self.seen[keep], self.beyond[keep])

    def totals(self) -> tuple[Values, Values]:
        """Running sums over all patients, shape (1 + n_scores,), at every score that there is."""
        levels = np.unique(np.concatenate([self.true[0], self.false[0]]))
        found = []
        for score, _, weight in self._sides():
            column = len(levels) - np.searchsorted(levels, score)
            sizes = np.asarray(np.bincount(column, weights=weight, minlength=len(levels) + 1), float)
            found.append(np.cumsum(sizes))
        return found[0], found[1]

    def sums(self, most: int) -> tuple[Values, Values]:
        """Running sums of true and false boxes of each patient, shape (n_patients, 1 + n_scores), from none on."""
        levels = np.unique(np.concatenate([self.true[0], self.false[0]]))
        if len(levels) > most:
            levels = levels[np.unique(np.linspace(0, len(levels) - 1, most).astype(int))]
        found = []
        for score, of, weight in self._sides():
            table = np.zeros((len(self.lesions), len(levels) + 1))
            column = len(levels) - np.maximum(np.searchsorted(levels, score, side="right") - 1, 0)
            np.add.at(table, (of, column), weight)
            found.append(np.cumsum(table, axis=1))
        return found[0], found[1]


@dataclass(frozen=True, eq=False)
class Arm:
    """The curve of one arm: of what came back, and with what is missing at the worst and at the best."""

    came: Curve
    worst: Curve
    best: Curve

    def only(self, keep: NDArray[np.bool_]) -> Arm:
        """Of some of the patients."""
        return Arm(self.came.only(keep), self.worst.only(keep), self.best.only(keep))

    def unfloored(self) -> Arm:
        """With all that it finds, as what is taken off another arm."""
        return Arm(self.came.unfloored(), self.worst.unfloored(), self.best.unfloored())


@dataclass(frozen=True, eq=False, kw_only=True)
class Detection(Statistic):
    """A number of a curve, or its change from another arm; patients are given once each in sorted order.

    Attributes
    ----------
    measure : Measure
    edited : Arm
    original : Arm, optional
        What is taken off.
    """

    measure: Measure
    edited: Arm
    original: Arm | None = None

    bounded: ClassVar[bool] = True

    @property
    def reason(self) -> str:
        return "" if self.edited.came.lesions.any() else NO_LESION

    @property
    def value(self) -> float:
        change = self._number(self.edited.came)
        return change if self.original is None else change - self._number(self.original.came)

    def _number(self, curve: Curve) -> float:
        true, false = curve.totals()
        lesions, seen = max(float(curve.lesions.sum()), 1e-300), curve.seen.sum(keepdims=True).astype(float)
        return float(self.measure.of(true[None], false[None], np.array([lesions]), seen)[0])

    def interval(self, confidence: float, limits: str = GAFFKE) -> Interval:
        if self.reason or limits == CONVENTIONAL:
            return self.conventional(confidence)
        n, alpha = len(self.patients), (1 - confidence) / 2
        below = alpha - 2 * math.sqrt(alpha * (1 - alpha) / _DRAWS)
        found = lower_quantiles(lambda weights: self._ends(weights, unseen=True), n, max(below, alpha / 2), _DRAWS)
        return self._between(float(found[0]), -float(found[1]), confidence, METHOD)

    def conventional(self, confidence: float) -> Interval:
        """Quantiles over weights of the patients who were seen (Bayesian bootstrap)."""
        n = len(self.patients)
        if self.reason:
            return no_interval(self.reason, confidence, n)
        if n < MIN_PATIENTS:
            return too_few(n, confidence).noted(point=self.value)
        found = lower_quantiles(lambda weights: self._ends(weights, unseen=False), n, (1 - confidence) / 2, _DRAWS)
        if math.isclose(found[0], -found[1], abs_tol=1e-9):
            reason = "all patients show the same value, so its uncertainty is unknown"
            return no_interval(reason, confidence, n, point=self.value)
        return self._between(float(found[0]), -float(found[1]), confidence, "Bayesian bootstrap over patients")

    def _between(self, low: float, high: float, confidence: float, method: str) -> Interval:
        value = self.value
        found = Interval(value, min(low, value), max(high, value), confidence, len(self.patients), method, SEED)
        return found.noted(**self.notes)

    def _ends(self, weights: Values, *, unseen: bool) -> Values:
        """The number at the worst, and its negative at the best; shape (2, n_draws)."""
        ends = []
        for sign in (1.0, -1.0):
            mine, theirs = (self.edited.worst, "best") if sign > 0 else (self.edited.best, "worst")
            found = self._of(mine, weights[:, :-1], weights[:, -1] * unseen, good=sign < 0)
            if self.original is not None:
                other: Curve = getattr(self.original, theirs)
                found = found - self._of(other, weights[:, :-1], weights[:, -1] * unseen, good=sign > 0)
            ends.append(sign * found)
        return np.stack(ends)

    def _of(self, curve: Curve, weights: Values, extra: Values, *, good: bool) -> Values:
        """The number for weights of patients, shape (n_draws,), and for that of one who was not seen."""
        true, false = curve.sums(_LEVELS)
        parts = []
        for start in range(0, len(weights), _CHUNK):
            part = weights[start : start + _CHUNK]
            more = extra[start : start + _CHUNK]
            lesions, total = part @ curve.lesions + self.measure.lesions * more, part.sum(axis=1) + more
            hit, wrong = part @ true, part @ false
            side, most = (hit, self.measure.lesions) if good else (wrong, self.measure.cap)
            side += most * more[:, None]
            parts.append(self.measure.of(hit, wrong, np.maximum(lesions, 1e-300), total))
        return np.concatenate(parts)

    def only(self, patients: Names) -> Detection:
        keep = np.isin(self.patients, patients)
        original = None if self.original is None else self.original.only(keep)
        return replace(self, edited=self.edited.only(keep), original=original, patients=patients)

    def _less(self, other: Detection) -> Statistic:
        """Of changes from originals, these are those of both versions, and cancel."""
        if other.reason or self.measure != other.measure:
            return Undefined(patients=self.patients, why=other.reason or "the versions are of different measures")
        return Detection(
            measure=self.measure, edited=self.edited, original=other.edited.unfloored(), patients=self.patients
        )


def arm_of(
    true: Values, false: Values, lesions: Values, missing: NDArray[np.bool_], patients: Names, measure: Measure
) -> Arm:
    """The curve of an arm.

    Parameters
    ----------
    true, false : ndarray of float, shape (n_ranks, n_images, n_repeats)
        Scores of the boxes that find a lesion, 0 where one is not found, and of false ones; NaN where there is none.
        Of false ones more ranks than the cap of the measure, by which an image with more is known.
    lesions : ndarray of float, shape (n_images, n_repeats)
        NaN where nothing came, and it is not known from elsewhere.
    missing : ndarray of bool, shape (n_images, n_repeats)
    patients : ndarray of str, shape (n_images,)
    """
    _, index = np.unique(patients, return_inverse=True)
    known = np.where(np.isnan(lesions), measure.lesions, lesions)
    known = np.maximum(known, (~np.isnan(true)).sum(axis=0))
    everything = np.ones(missing.shape, dtype=bool)
    sides = (true, false, known)
    return Arm(
        _curve(*sides, ~missing, missing & False, index, measure, good=False),
        _curve(*sides, everything, missing, index, measure, good=False),
        _curve(*sides, everything, missing, index, measure, good=True),
    )


def _curve(
    true: Values, false: Values, lesions: Values, counted: NDArray[np.bool_], lost: NDArray[np.bool_],
    index: NDArray[np.intp], measure: Measure, *, good: bool,
) -> Curve:  # fmt: skip
    """Boxes of the images that count; of those that were lost all lesions are found, or none beside false boxes."""
    n = int(index.max(initial=-1)) + 1
    repeats = counted.sum(axis=1)
    images = np.bincount(index[repeats > 0], minlength=n)
    with np.errstate(divide="ignore"):
        weight = np.where(counted, 1.0 / np.maximum(repeats, 1)[:, None] / np.maximum(images, 1)[index][:, None], 0.0)
    full = np.minimum(1.0, measure.lesions / np.maximum(lesions, 1.0))
    top = np.full(int(lost.sum()), np.inf)
    over = np.where(counted & ~lost, np.nan_to_num(false[int(measure.cap)], nan=-np.inf), -np.inf).max(axis=1)
    beyond = np.full(n, -np.inf)
    np.maximum.at(beyond, index, np.where(over > 0, over, -np.inf))
    of_lost, size = np.broadcast_to(index[:, None], lost.shape)[lost], weight[lost]

    def boxes(scores: Values, each: Values, of_each_lost: Values) -> tuple[Values, NDArray[np.intp], Values]:
        there = ~np.isnan(scores) & (scores > 0) & counted & ~lost
        _, image, repeat = np.nonzero(there)
        score, mass = scores[there], (weight * each)[image, repeat]
        keep = of_each_lost > 0
        return (
            np.concatenate([score, top[keep]]), np.concatenate([index[image], of_lost[keep]]),
            np.concatenate([mass, (size * of_each_lost)[keep]]),
        )  # fmt: skip

    known, ones = np.minimum(lesions, measure.lesions), np.ones(full.shape)
    found, wrong = (known[lost], np.zeros(len(top))) if good else (np.zeros(len(top)), np.full(len(top), measure.cap))
    return Curve(
        boxes(true, full, found), boxes(false, ones, wrong),
        np.asarray(np.bincount(index, weights=(weight * known).sum(axis=1), minlength=n), float), images > 0, beyond,
    )  # fmt: skip


def largest_known(lesions: Values, original: Sequence[float] | Values) -> Values:
    """Lesions of each image, where not known of an edit those of another one of the same image or of its original."""
    both = np.column_stack([lesions, original])
    with np.errstate(invalid="ignore"):
        known = np.where(np.isnan(both).all(axis=1), np.nan, np.nanmax(np.nan_to_num(both, nan=-1.0), axis=1))
    return np.asarray(np.where(np.isnan(lesions), known[:, None], lesions))

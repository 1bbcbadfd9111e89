"""Worlds of outputs that are not numbers: classes, grades, landmarks, boxes and text, one for each family of estimands.

A patient has one to three cases, the more of them the worse, and two edits of each. Most patients are hardly harmed; in
a few everything is lost, which a mean nearly hides. The truth is at the limit, so that a PASS is a false one. Beside each
stands how often a tool passes that harms nobody, with a limit that is off the ideal by a stated slack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from editproof.criteria.estimand import Estimand
from editproof.criteria.estimands.boxes import boxes_found, boxes_lost, false_boxes, false_boxes_rise
from editproof.criteria.estimands.classes import class_agreement, class_agreement_loss, macro_auc, macro_auc_drift
from editproof.criteria.estimands.detection import (
    MOST_RANKS,
    average_precision,
    average_precision_drift,
    froc_sensitivity,
    froc_sensitivity_drift,
)
from editproof.criteria.estimands.masks import mask_dice_loss
from editproof.criteria.estimands.ordinal import (
    grade_agreement,
    grade_agreement_loss,
    quadratic_weighted_kappa,
    quadratic_weighted_kappa_drift,
)
from editproof.criteria.estimands.points import point_error, point_error_rise
from editproof.criteria.estimands.texts import (
    character_error,
    character_error_rise,
    identifiers_left,
    mark_error,
    mark_error_rise,
    marks_kept,
    marks_lost,
)
from editproof.criteria.readings import Readings

from tests.simulation.rule import readings
from tests.simulation.scenarios import Rng
from tests.simulation.tally import TEST

Severity = np.ndarray
SIZES = (20, 40, 120)
REPEATS = 2
DIAGONAL = 140.0
SCORED_CAP = 3
"""The most false boxes of an image in worlds of scores, as their claims declare."""


@dataclass(frozen=True)
class Harm:
    """How much edits harm: the share of patients of whom everything is lost, and how much of the others' is.

    Attributes
    ----------
    lost : float
    mild : float
        Mean share that is lost of a patient with two cases; patients differ.
    """

    lost: float
    mild: float

    def of(self, rng: Rng, n: int) -> tuple[np.ndarray, Severity]:
        """Patient and severity of each case, in [0, 1]."""
        cases = rng.integers(1, 4, n)
        patients = np.repeat(np.arange(n), cases)
        mild = np.minimum(1.0, self.mild * cases / 2 * rng.exponential(size=n))
        return patients, np.repeat(np.where(rng.random(n) < self.lost, 1.0, mild), cases)


RARE, SPREAD, CEILING = Harm(0.05, 0.0), Harm(0.03, 0.1), Harm(0.01, 0.0)
HARMS = {"1 in 100 lost": CEILING, "1 in 20 lost": RARE, "all harmed a little": SPREAD}
NONE = Harm(0.0, 0.0)


def _drawn(
    patients: np.ndarray, values: np.ndarray, original: np.ndarray | None = None, reference: np.ndarray | None = None
) -> Readings:
    """Readings in which nothing is missing; NaN is an edit on which the number is not defined."""
    found = readings(values, patients, original, reference)
    found = replace(found, missing=np.zeros(found.values.shape, dtype=bool))
    found = found.only(~np.isnan(found.values).all(axis=1))
    return replace(found, same=bool((found.values == found.original[:, None]).all()))


def _edits(severity: Severity) -> np.ndarray:
    return np.repeat(severity[:, None], REPEATS, axis=1)


def same_class(harm: Harm, rng: Rng, n: int) -> Readings:
    """1 where the most probable class is the true one, on originals in nine of ten."""
    patients, severity = harm.of(rng, n)
    original = (rng.random(len(patients)) < 0.9).astype(float)
    kept = rng.random((len(patients), REPEATS)) >= severity[:, None]
    return _drawn(patients, original[:, None] * kept, original)


def agreeing(harm: Harm, rng: Rng, n: int) -> Readings:
    """1 where the most probable class is that of the original."""
    patients, severity = harm.of(rng, n)
    return _drawn(patients, (rng.random((len(patients), REPEATS)) >= severity[:, None]).astype(float))


def grades(harm: Harm, rng: Rng, n: int) -> Readings:
    """Grades from 0 to 4; a harmed one is drawn anew, and one of ten originals is a grade too high or low."""
    patients, severity = harm.of(rng, n)
    true = rng.choice(5, len(patients), p=[0.4, 0.3, 0.15, 0.1, 0.05]).astype(float)
    off = np.where(rng.random(len(patients)) < 0.1, rng.choice([-1.0, 1.0], len(patients)), 0.0)
    original = np.clip(true + off, 0, 4)
    anew = rng.integers(0, 5, (len(patients), REPEATS)).astype(float)
    edited = np.where(rng.random(anew.shape) < severity[:, None], anew, original[:, None])
    return _drawn(patients, edited, original, true)


def probabilities(harm: Harm, rng: Rng, n: int) -> Readings:
    """Probabilities of three classes; of what is lost the true class gets the lowest, and every other a high one."""
    patients, severity = harm.of(rng, n)
    true = rng.choice(3, len(patients), p=[0.5, 0.3, 0.2])
    original = 2.5 * np.eye(3)[true] + rng.standard_normal((len(patients), 3))
    noise = 0.3 * rng.standard_normal((len(patients), REPEATS, 3)) * (harm != NONE)
    less = np.where(severity == 1.0, 8.0, 3.0 * severity)[:, None, None] * np.eye(3)[true][:, None]
    edited = original[:, None] - less + noise
    shown = [1 / (1 + np.exp(-values)) for values in (edited, original)]
    made = [
        _drawn(patients, shown[0][:, :, label], shown[1][:, label], (true == label).astype(float)) for label in range(3)
    ]
    return replace(made[0], parts=tuple(made[1:]))


def landmarks(harm: Harm, rng: Rng, n: int) -> Readings:
    """Errors of a landmark, 2 pixels on originals; one that is lost is off by the diagonal of the image."""
    patients, severity = harm.of(rng, n)
    original = np.abs(rng.normal(0, 2, len(patients)))
    gone = rng.random((len(patients), REPEATS)) < severity[:, None]
    moved = original[:, None] + 10 * severity[:, None] * rng.random(gone.shape)
    return _drawn(patients, np.where(gone, DIAGONAL, moved), original)


def found(most: int, harm: Harm, rng: Rng, n: int) -> Readings:
    """Share found of up to so many lesions, or identifiers, of an image, nine of ten on originals; some have none."""
    patients, severity = harm.of(rng, n)
    count = rng.integers(0, most + 1, len(patients))
    before = rng.binomial(count, 0.9)
    after = rng.binomial(before[:, None], 1 - _edits(severity))
    with np.errstate(invalid="ignore", divide="ignore"):
        return _drawn(patients, after / count[:, None], before / count)


def kept(most: int, harm: Harm, rng: Rng, n: int) -> Readings:
    """The same against the instrument's own reading of the original, of which an untouched edit keeps all."""
    patients, severity = harm.of(rng, n)
    count = rng.integers(0, most + 1, len(patients))
    with np.errstate(invalid="ignore", divide="ignore"):
        return _drawn(patients, rng.binomial(count[:, None], 1 - _edits(severity)) / count[:, None])


def left(most: int, harm: Harm, rng: Rng, n: int) -> Readings:
    """Share of the identifiers that are still read: of a tool, what harm is of the others."""
    drawn = kept(most, harm, rng, n)
    return replace(drawn, values=1 - drawn.values)


def unread(most: int, harm: Harm, rng: Rng, n: int) -> Readings:
    """Character error rates of marks that in one of ten places are misread on originals, too."""
    drawn = found(most, harm, rng, n)
    return replace(drawn, values=1 - drawn.values, original=1 - drawn.original)


def invented(harm: Harm, rng: Rng, n: int) -> Readings:
    """False boxes, one image in ten having one on its original; a patient of whom all is lost has a flood of them."""
    patients, severity = harm.of(rng, n)
    original = rng.poisson(0.1, len(patients)).astype(float)
    more = rng.poisson(np.where(severity == 1.0, 8.0, 3.0 * severity)[:, None], (len(patients), REPEATS))
    return _drawn(patients, original[:, None] + more, original)


def scored(harm: Harm, rng: Rng, n: int, boxes: int = SCORED_CAP) -> Readings:
    """Boxes with scores, up to three lesions an image; of a patient of whom all is lost, so many false boxes alone."""
    patients, severity = harm.of(rng, n)
    images = len(patients)
    count = rng.integers(0, 4, images)
    there = np.arange(MOST_RANKS)[:, None] < count
    before = np.where(there, np.where(rng.random(there.shape) < 0.1, 0.0, rng.beta(5, 2, there.shape)), np.nan)
    lost = rng.random((*there.shape, REPEATS)) < severity[:, None]
    after = np.where(lost, 0.0, before[:, :, None])
    ranks = np.arange(MOST_RANKS + 1)[:, None]
    some = ranks < np.minimum(rng.poisson(0.2, images), SCORED_CAP)
    false = np.where(some, rng.beta(2, 4, some.shape), np.nan)
    flood = (ranks < boxes) & (severity == 1.0)
    invented = np.where(flood, 0.9 + 0.1 * rng.random(some.shape), false)
    main = _drawn(patients, np.repeat(count[:, None], REPEATS, axis=1).astype(float), count.astype(float))
    parts = [_drawn_part(main, after[k], before[k], patients) for k in range(MOST_RANKS)]
    parts += [
        _drawn_part(main, np.repeat(invented[k][:, None], REPEATS, axis=1), false[k], patients)
        for k in range(MOST_RANKS + 1)
    ]
    return replace(main, parts=tuple(parts))


def _drawn_part(main: Readings, values: np.ndarray, original: np.ndarray, patients: np.ndarray) -> Readings:
    found = readings(values, patients, original)
    return replace(found, missing=main.missing)


def more_invented(harm: Harm, rng: Rng, n: int) -> Readings:
    """The same of a tool that leaves originals as they are, against their own boxes."""
    drawn = invented(harm, rng, n)
    return replace(drawn, values=drawn.values - drawn.original[:, None], original=np.zeros(len(drawn.cases)))


def misread(harm: Harm, rng: Rng, n: int) -> Readings:
    """Character error rates; what is lost is read as something longer."""
    patients, severity = harm.of(rng, n)
    original = rng.beta(1, 30, len(patients))
    lost = np.where(severity[:, None] == 1.0, 1.5, severity[:, None] * rng.random((len(patients), REPEATS)))
    return _drawn(patients, original[:, None] + lost, original)


def overlapping(harm: Harm, rng: Rng, n: int) -> Readings:
    """Dice with the reference, 0.9 on originals; of what is lost it is 0."""
    patients, severity = harm.of(rng, n)
    original = rng.beta(18, 2, len(patients))
    return _drawn(patients, original[:, None] * (1 - severity[:, None] * rng.random((1, REPEATS)) ** 0.25), original)


@dataclass(frozen=True)
class Family:
    """An estimand, a way to draw its studies, and the slack that a harmless tool has to its limit."""

    name: str
    estimand: Estimand
    draw: Callable[[Harm, Rng, int], Readings]
    slack: float
    approximate: bool = False
    downwards: bool = False

    @property
    def downward(self) -> bool:
        """Whether worse is less, so that claims are ``at_least``."""
        return self.estimand.ideal >= 1.0 or self.downwards

    def truth(self, harm: Harm) -> float:
        """Of a study so large that it may be taken for the truth."""
        if harm not in (known := _TRUTHS.setdefault(self.name, {})):
            everyone = self.draw(harm, np.random.default_rng(1), _LARGE // (6 if self.estimand.parts else 1))
            known[harm] = float(self.estimand.statistic_on(everyone).value)
        return known[harm]


_LARGE = 60_000
_TRUTHS: dict[str, dict[Harm, float]] = {}


_AT = (0.5, 1.0, 2.0)
_CLASSES = ("a", "b", "c")
_MACRO, _DRIFT = macro_auc("f", classes=_CLASSES), macro_auc_drift("f", classes=_CLASSES)
FAMILIES = (
    Family("top-1 with the original", class_agreement("f"), agreeing, 0.15),
    Family("top-1 with the original, patients", class_agreement("f", margin=1), agreeing, 0.15),
    Family("top-1, loss", class_agreement_loss("f"), same_class, 0.3),
    Family("macro AUC", _MACRO, probabilities, 0.15),
    Family("macro AUC, drift", _DRIFT, probabilities, 0.15, downwards=True),
    Family("grades alike", grade_agreement("g"), grades, 0.15),
    Family("grades alike, loss", grade_agreement_loss("g"), grades, 0.3),
    Family("quadratic kappa", quadratic_weighted_kappa("g", scale=[0, 4]), grades, 0.3, approximate=True),
    Family(
        "quadratic kappa, reference",
        quadratic_weighted_kappa("g", scale=[0, 4], against="reference"),
        grades,
        0.3,
        True,
    ),
    Family(
        "quadratic kappa, drift", quadratic_weighted_kappa_drift("g", scale=[0, 4]), grades, 0.3, True, downwards=True
    ),
    Family("landmark error, cap 40", point_error("p", cap=40.0), landmarks, 6.0),
    Family("landmark error, patients beyond 10", point_error("p", cap=40.0, margin=10.0), landmarks, 0.15),
    Family("landmark error, rise, cap 40", point_error_rise("p", cap=40.0), landmarks, 12.0),
    Family("lesions found", boxes_found("b"), partial(kept, 3), 0.15),
    Family("lesions found, patients who lose one", boxes_found("b", margin=1), partial(kept, 3), 0.15),
    Family("lesions found, loss", boxes_lost("b"), partial(found, 3), 0.3),
    Family("false boxes, cap 5", false_boxes("b", cap=5.0), more_invented, 0.75),
    Family("false boxes, patients with one", false_boxes("b", cap=5.0, margin=0), more_invented, 0.15),
    Family("false boxes, rise, cap 5", false_boxes_rise("b", cap=5.0), invented, 1.5),
    Family(
        "FROC sensitivity", froc_sensitivity("b", cap=SCORED_CAP, lesions=3, at=_AT, against="reference"), scored, 0.3
    ),
    Family(
        "FROC sensitivity, drift",
        froc_sensitivity_drift("b", cap=SCORED_CAP, lesions=3, at=_AT),
        scored,
        0.4,
        downwards=True,
    ),
    Family("average precision", average_precision("b", cap=SCORED_CAP, lesions=3, against="reference"), scored, 0.45),
    Family(
        "average precision, drift", average_precision_drift("b", cap=SCORED_CAP, lesions=3), scored, 0.6, downwards=True
    ),
    Family("character error, cap 1", character_error("t"), misread, 0.2),
    Family("character error, rise, cap 1", character_error_rise("t"), misread, 0.3),
    Family("identifiers left", identifiers_left("t"), partial(left, 3), 0.15),
    Family("identifiers left, patients", identifiers_left("t", margin=0), partial(left, 3), 0.15),
    Family("marks kept", marks_kept("t"), partial(kept, 2), 0.15),
    Family("marks kept, loss", marks_lost("t"), partial(found, 2), 0.3),
    Family("character error of marks", mark_error("t"), partial(left, 4), 0.15),
    Family("character error of marks, patients", mark_error("t", margin=0), partial(left, 4), 0.15),
    Family("character error of marks, rise", mark_error_rise("t"), partial(unread, 4), 0.3),
    Family("Dice, loss", mask_dice_loss("m"), overlapping, 0.3),
)
"""One or more for each output estimand; the mean and the share of Dice have worlds of drawn discs (test_masks.py)."""


@dataclass(frozen=True)
class Rates:
    """How often studies of a family pass, of so many patients.

    Attributes
    ----------
    false_pass : dict
        By kind of harm, with the limit at the truth.
    harmless : float
        Of a tool that harms nobody, with its limit at the slack.
    """

    family: Family
    n: int
    false_pass: dict[str, float]
    harmless: float

    @property
    def worst(self) -> float:
        return max(self.false_pass.values())


def rates(family: Family, n: int, runs: int, harms: dict[str, Harm] = HARMS, seed: int = 11) -> Rates:
    """Studies drawn and counted, of each kind of harm and of none."""
    slack = -family.slack if family.downward else family.slack
    wrong = {words: _passing(family, harm, 0.0, n, runs, seed) for words, harm in harms.items()}
    return Rates(family, n, wrong, _passing(family, NONE, slack, n, runs, seed))


def _passing(family: Family, harm: Harm, slack: float, n: int, runs: int, seed: int) -> float:
    rng = np.random.default_rng([seed, n, *family.name.encode()])
    limit = family.truth(harm) + slack
    return float(np.mean([passes(family, family.draw(harm, rng, n), limit) for _ in range(runs)]))


def passes(family: Family, drawn: Readings, limit: float) -> bool:
    """Whether a claim of this limit passes."""
    statistic = family.estimand.statistic_on(drawn)
    found = statistic.interval(TEST)
    if found.low is None or found.high is None:
        return False
    return found.low > limit if family.downward else found.high < limit

"""Worlds in which the usual limits fail: rare disasters, several cases a patient, nearly perfect curves, two repeats.

Every study is drawn with its truth exactly at the margin, so that a PASS is a false one. The statistics are those of the
estimands, made by the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial

import numpy as np
from editproof.criteria.estimand import Estimand
from editproof.criteria.estimands.accuracy import prediction_change, prediction_drift
from editproof.criteria.estimands.agreement import share_changed
from editproof.criteria.estimands.discrimination import auc, auc_drift
from editproof.criteria.estimands.images import feature_ks
from editproof.criteria.estimands.repeatability import repeat_difference
from editproof.criteria.readings import Readings
from editproof.stats.interval import Interval
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from tests.simulation.scenarios import Rng, World

Drawn = Callable[[Rng, int], Readings]
_LARGE = 200_000


def readings(
    values: np.ndarray,
    patients: np.ndarray | None = None,
    original: np.ndarray | None = None,
    reference: np.ndarray | None = None,
) -> Readings:
    """Readings of shape (n_cases, n_repeats), NaN being a missing edit; originals read 0 where none are given."""
    n = len(values)
    names = np.char.zfill((np.arange(n) if patients is None else patients).astype(str), 7)
    order = np.lexsort((np.arange(n), names))
    before = np.zeros(n) if original is None else original
    truth = np.zeros(n) if reference is None else reference
    return Readings(
        cases=np.char.zfill(np.arange(n).astype(str), 7)[order], patients=names[order], reference=truth[order],
        original=before[order], values=values[order], missing=np.isnan(values)[order], covariate=np.full(n, np.nan),
    )  # fmt: skip


def _interval(estimand: Estimand, drawn: Readings, confidence: float) -> Interval:
    bounds = replace(drawn, least=estimand.least, most=estimand.most)
    return estimand.statistic_on(bounds).interval(confidence)


def world(name: str, estimand: Estimand, draw: Drawn, n: int, truth: float | None = None) -> World:
    """A world whose truth is that of a very large study, unless it is known."""

    def study(rng: Rng) -> Callable[[float], Interval]:
        return partial(_interval, estimand, draw(rng, n))

    known = _truth(name, estimand, draw) if truth is None else truth
    return World(f"{name}, n {n}", known, study, n, exact=True)


@cache
def _truth(name: str, estimand: Estimand, draw: Drawn) -> float:
    everyone = draw(np.random.default_rng(1), _LARGE)
    if estimand.name.startswith("AUC"):
        positive = np.repeat(everyone.reference > 0.5, everyone.values.shape[1])
        after = float(roc_auc_score(positive, everyone.values.ravel()))
        before = float(roc_auc_score(everyone.reference > 0.5, everyone.original))
        return after - before if estimand.signed else after
    return float(estimand.statistic_on(replace(everyone, least=estimand.least, most=estimand.most)).value)


def disasters(share: float, noise: float, rng: Rng, n: int) -> Readings:
    """Changes of 40 months in a few patients, over noise or over exact zeros."""
    harmed = rng.random((n, 1)) < share
    return readings(np.where(harmed, 40.0, noise * rng.standard_normal((n, 3))))


def clusters(rng: Rng, n: int) -> Readings:
    """One to twelve cases a patient, the more of them the worse."""
    cases = rng.integers(1, 13, n)
    patients = np.repeat(np.arange(n), cases)
    severity = np.repeat(2.0 * (cases / 6.5) * rng.exponential(size=n), cases)
    return readings((severity + rng.normal(0, 1, len(patients)))[:, None], patients)


def failing_clusters(rng: Rng, n: int) -> Readings:
    """The same for a share: the more cases, the more of them change much."""
    cases = rng.integers(1, 13, n)
    patients = np.repeat(np.arange(n), cases)
    chance = np.repeat(np.minimum(1.0, 0.03 * (cases / 6.5) * rng.exponential(size=n) * 2), cases)
    return readings(np.where(rng.random(len(patients)) < chance, 30.0, 0.0)[:, None], patients)


def refusals(rng: Rng, n: int) -> Readings:
    """The worse an edit would be, the sooner it is refused; what is missing counts at the cap of 24."""
    change = np.abs(2.0 * rng.standard_normal((n, 3))) * rng.lognormal(0, 0.8, (n, 1))
    refused = rng.random((n, 3)) < np.clip(change / 200, 0, 0.5)
    return readings(np.where(refused, np.nan, change))


def spread(repeats: int, rng: Rng, n: int) -> Readings:
    """Repeats whose spread is log-normal over patients: most are steady, a few are not."""
    sigma = rng.lognormal(-0.5, 1.2, (n, 1))
    return readings(sigma * rng.standard_normal((n, repeats)))


def scores(separation: float, positives: float, loss: float, destroyed: float, rng: Rng, n: int) -> Readings:
    """Scores of originals that are nearly perfect, and of edits that lose a little, or all in a few positives."""
    positive = np.arange(n) < round(positives * n)
    own = rng.standard_normal(n)
    original = separation * positive + own
    edited = (separation - loss) * positive[:, None] + own[:, None] + 0.3 * rng.standard_normal((n, 2))
    gone = positive & (rng.random(n) < destroyed)
    edited[gone] = rng.standard_normal((int(gone.sum()), 2)) - separation
    shown = [1 / (1 + np.exp(-x)) for x in (edited, original)]
    return readings(shown[0], None, shown[1], positive.astype(float))


def shifted(rng: Rng, n: int) -> Readings:
    """A feature of images that a tool shifts by a third of its spread."""
    original = rng.standard_normal(n)
    return readings(original[:, None] + 0.35 + 0.2 * rng.standard_normal((n, 2)), None, original)


_AXIS = np.linspace(-4, 4, 100_001)
_SHIFT = float(np.abs(norm.cdf(_AXIS) - norm.cdf((_AXIS - 0.35) / np.hypot(1.0, 0.2))).max())


def of_rule(sizes: tuple[int, ...] = (60, 100, 200)) -> Iterator[tuple[str, World]]:
    """Every world, with the heading under which it is reported."""
    for n in sizes:
        for cap in (24.0, 60.0):
            for share in (0.01, 0.03):
                for noise in (0.0, 2.0):
                    name = f"prediction drift, cap {cap:g}, {share:.0%} of patients changed by 40, noise {noise:g}"
                    draw = partial(disasters, share, noise)
                    yield "Rare disasters", world(name, prediction_drift("x", cap=cap), draw, n, share * min(40.0, cap))
        yield "Cases and refusals", world("1 to 12 cases, mean", prediction_change("x", cap=60.0), clusters, n)
        share_of_edits = share_changed("x", more_than=12.0, per="edit")
        yield "Cases and refusals", world("1 to 12 cases, share of edits", share_of_edits, failing_clusters, n)
        yield "Cases and refusals", world("refusals tied to severity", prediction_change("x", cap=24.0), refusals, n)
        for repeats in (2, 3, 5):
            name = f"difference between {repeats} repeats, log-normal spread"
            yield "Repeats", world(name, repeat_difference("x", cap=24.0), partial(spread, repeats), n)
        yield "Distributions", world("feature KS", feature_ks("sd"), shifted, n, _SHIFT)
    for n in (n for n in sizes if n >= 100):
        for positives in (0.1, 0.5):
            for separation, area in ((3.3, 0.99), (2.9, 0.98)):
                name = f"AUC near {area}, {positives:.0%} positive"
                yield "AUC", world(name, auc("x"), partial(scores, separation, positives, 0.0, 0.0), n)
                drift = partial(scores, separation, positives, 0.3, 0.0)
                yield (
                    "AUC",
                    world(f"AUC drift, originals near {area}, {positives:.0%} positive", auc_drift("x"), drift, n),
                )
        lost = partial(scores, 2.9, 0.5, 0.0, 0.03)
        yield "AUC", world("AUC drift, 3 % of positives destroyed", auc_drift("x"), lost, n)

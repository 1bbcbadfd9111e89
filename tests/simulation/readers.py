"""Worlds of several readers, whose truth is known: patients, readers, and what differs between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
from editproof.criteria import reader_auc_drift, reader_call_changes, reader_drift
from editproof.criteria.estimand import Estimand
from editproof.criteria.reader_readings import ReaderReadings
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import Interval
from scipy.stats import norm

from tests.simulation.scenarios import Rng, World

Drawn = Callable[[Rng, int, int], tuple[np.ndarray, np.ndarray]]
"""From a generator, patients and readers: ratings of originals and of edits, each of shape (patients, readers)."""


def readings(before: np.ndarray, edited: np.ndarray) -> ReaderReadings:
    """One rating of each image by each reader; every second patient is positive."""
    n, r = before.shape
    names = np.char.zfill(np.arange(n).astype(str), 5)
    return ReaderReadings(
        names, names, (np.arange(n) % 2).astype(float), before.mean(axis=1), edited, np.isnan(edited), np.full(n, np.nan),
        readers=np.arange(r).astype(str), edited=edited[:, :, None, None], before=before[:, :, None],
    )  # fmt: skip


def reader_world(name: str, made: Estimand, truth: float, draw: Drawn, n: int, readers: int, limits: str) -> World:
    """A world of an estimand with these patients and readers."""

    def study(rng: Rng) -> Callable[[float], Interval]:
        return partial(made.interval_of, readings(*draw(rng, n, readers)), limits=limits)

    how = "" if limits == GAFFKE else ", conventional limits"
    return World(f"{name}, {readers} readers, n {n}{how}", truth, study, n, exact=limits == GAFFKE)


def ratings(rng: Rng, n: int, readers: int, *, between: float, rare: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Ratings from 0 to 10 that rise by 0.5 on average; or, where harm is rare, by 5 in those patients alone."""
    truth = rng.normal(4.0, 0.8, (n, 1))
    before = truth + rng.normal(0.0, 0.3, (n, readers))
    of_reader = rng.normal(0.0, between, readers)
    harm = np.where(rng.random((n, 1)) < rare, 0.5 / rare, 0.0) if rare else 0.5 + rng.normal(0.0, 0.5, (n, 1))
    edited = truth + harm + of_reader + rng.normal(0.0, 0.3, (n, readers))
    return np.clip(before, 0, 10), np.clip(edited, 0, 10)


BEFORE, AFTER, SKILL = 1.8, 1.5, 0.2
"""Distances of the classes in SD on originals and edits, and the SD of a reader's on the edits."""


def scores(rng: Rng, n: int, readers: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of normal readers, of whom each loses another part of what tells the classes apart."""
    positive = (np.arange(n) % 2)[:, None]
    case = rng.normal(0.0, 0.8, (n, 1))
    skill = rng.normal(AFTER, SKILL, readers)
    before = BEFORE * positive + case + rng.normal(0.0, 0.6, (n, readers))
    return before, skill * positive + case + rng.normal(0.0, 0.6, (n, readers))


def true_area_change() -> float:
    """The mean over readers of the change of the area, by numerical integration over their skill."""
    at = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    return float(norm.cdf((AFTER + SKILL * at) / np.sqrt(2)).mean() - norm.cdf(BEFORE / np.sqrt(2)))


def calls(rng: Rng, n: int, readers: int, *, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Calls of 0 and 1 that change in a share of the readings, mostly of the same patients by all readers."""
    before = np.repeat(rng.integers(0, 2, (n, 1)), readers, axis=1).astype(float)
    hit = rng.random((n, 1)) < rate / 0.8
    changed = hit & (rng.random((n, readers)) < 0.8)
    return before, np.where(changed, 1 - before, before)


def careless(rng: Rng, n: int, readers: int, *, share: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Calls that a share of the readers change at this rate, and the others in 1 % of the cases."""
    before = rng.integers(0, 2, (n, readers)).astype(float)
    changed = rng.random((n, readers)) < np.where(rng.random(readers) < share, rate, 0.01)
    return before, np.where(changed, 1 - before, before)


def not_held(sizes: tuple[int, ...] = (60, 100)) -> Iterator[World]:
    """Worlds in which no limit is promised for readers at large: a reader in five is careless, and few are seen.

    A documented limit (docs/statistics.md). Half of the studies with three readers have no careless one, and nothing in
    them tells that there are any. ``readers="fixed"`` claims nothing of other readers.
    """
    made, truth = reader_call_changes("x", at=0.5), 0.2 * 0.3 + 0.8 * 0.01
    draw = partial(careless, share=0.2, rate=0.3)
    for n, readers in itertools.product(sizes, (2, 3, 5, 8, 15, 20, 30)):
        yield reader_world("1 reader in 5 changes 30% of calls", made, truth, draw, n, readers, GAFFKE)


def of_readers(sizes: tuple[int, ...] = (60, 120)) -> Iterator[World]:
    """Every world of readers, by the limits that decide and by those of the field."""
    for n in sizes:
        for limits in (GAFFKE, CONVENTIONAL):
            drift = reader_drift("x", least=0, most=10)
            for r, between in ((3, 0.2), (5, 0.2), (5, 0.0)):
                name = f"mean rating, SD between readers {between:g}"
                yield reader_world(name, drift, 0.5, partial(ratings, between=between), n, r, limits)
            rare = partial(ratings, between=0.0, rare=0.02)
            yield reader_world("mean rating, 2% of patients harmed", drift, _rare_truth(), rare, n, 4, limits)
            for rate in (0.02, 0.1):
                made = reader_call_changes("x", at=0.5)
                yield reader_world(f"{rate:.0%} of calls changed", made, rate, partial(calls, rate=rate), n, 4, limits)
        for r in (3, 5):
            for limits in (GAFFKE, CONVENTIONAL):
                yield reader_world("AUC", reader_auc_drift("x"), true_area_change(), scores, n, r, limits)


def of_these_readers(sizes: tuple[int, ...] = (60, 120)) -> Iterator[World]:
    """Worlds in which the readers of a study stand for themselves; all of them are alike, so that the truth is known."""
    drift, changes = (
        reader_drift("x", least=0, most=10, readers="fixed"),
        reader_call_changes("x", at=0.5, readers="fixed"),
    )
    for n, limits in itertools.product(sizes, (GAFFKE, CONVENTIONAL)):
        for r in (1, 4):
            plain = partial(ratings, between=0.0)
            yield reader_world("mean rating, these readers", drift, 0.5, plain, n, r, limits)
        rare = partial(ratings, between=0.0, rare=0.02)
        yield reader_world("mean rating, 2% harmed, these readers", drift, _rare_truth(), rare, n, 4, limits)
        for rate in (0.02, 0.1):
            changed = partial(calls, rate=rate)
            yield reader_world(f"{rate:.0%} of calls changed, these readers", changes, rate, changed, n, 4, limits)


@cache
def _rare_truth() -> float:
    """Mean change of ratings that end at 10, in so many patients that it may be taken for the truth."""
    before, edited = ratings(np.random.default_rng(1), 2_000_000, 1, between=0.0, rare=0.02)
    return float((edited - before).mean())

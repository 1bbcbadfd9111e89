"""Harm that is rare, against the two claims a suite should make: a mean, which forgives it, and an exact share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from editproof.stats.bounded import share_of_patients

from tests.simulation.scenarios import Rng, World, absolute_errors, reading_worlds
from tests.simulation.tally import TEST

RARE, LARGE = 0.08, 12.0
"""Share of patients whom a disaster befalls, and the change in months that counts as large."""


@dataclass(frozen=True)
class SuiteTally:
    """How often a tool that misses both margins passes: by the mean alone, and by both claims."""

    n: int
    mean_alone: float
    both: float


def suite_tally(n: int, runs: int, repeats: int = 3, seed: int = 7) -> SuiteTally:
    """Studies drawn with both truths exactly at their margins, and counted."""
    rng = np.random.default_rng([seed, n])
    world = _mean_drift(n, repeats)
    margin = _true_share(repeats)
    mean_alone = both = 0
    for _ in range(runs):
        state = rng.bit_generator.state
        drift = world.study(rng)(TEST)
        rng.bit_generator.state = state  # the same study again, for the other claim
        share = share_of_patients(_changed(rng, n, repeats), np.arange(n)).interval(TEST)
        passes = drift.high is not None and drift.high < world.truth
        mean_alone += passes
        both += passes and share.high is not None and share.high < margin
    return SuiteTally(n, mean_alone / runs, both / runs)


def _mean_drift(n: int, repeats: int) -> World:
    return next(world for world in reading_worlds(n, repeats, RARE) if world.name.startswith("MAE drift, n"))


def _changed(rng: Rng, n: int, repeats: int) -> np.ndarray:
    _, original, edited = absolute_errors(rng, n, repeats, RARE)
    return np.abs(edited - original[:, None]).max(axis=1) > LARGE


@cache
def _true_share(repeats: int) -> float:
    return float(_changed(np.random.default_rng(1), 200_000, repeats).mean())

"""How often an interval holds the truth, and how often a margin that is not met is passed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.simulation.scenarios import World

TEST, INTERVAL = 0.90, 0.95
"""Two-sided confidence of one-sided tests at 5 %, and of the interval whose coverage is counted."""


@dataclass(frozen=True)
class Tally:
    """Rates over simulated studies.

    Attributes
    ----------
    refused : float
        Share of studies without an interval.
    false_pass_at_most, false_pass_at_least : float
        Share of all studies that pass ``at_most(truth)`` or ``at_least(truth)`` at 5 %.
    coverage : float
        Share of the 95 % intervals that hold the truth.
    """

    world: World
    runs: int
    refused: float
    false_pass_at_most: float
    false_pass_at_least: float
    coverage: float

    @property
    def worst_false_pass(self) -> float:
        """The larger of the two."""
        return max(self.false_pass_at_most, self.false_pass_at_least)


def tally(world: World, runs: int, seed: int = 7) -> Tally:
    """Studies drawn and counted."""
    rng = np.random.default_rng([seed, *world.name.encode()])
    above = below = held = given = 0
    for _ in range(runs):
        study = world.study(rng)
        test, shown = study(TEST), study(INTERVAL)
        if test.low is not None and test.high is not None:
            above += test.low > world.truth
            below += test.high < world.truth
        if shown.low is not None and shown.high is not None:
            given += 1
            held += shown.low <= world.truth <= shown.high
    return Tally(world, runs, 1 - given / runs, below / runs, above / runs, held / given if given else math.nan)


def monte_carlo_error(rate: float, runs: int, sigmas: float = 3.0) -> float:
    """Half-width of what a simulated rate may deviate by chance."""
    return sigmas * math.sqrt(rate * (1 - rate) / runs)

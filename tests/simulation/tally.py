"""How often an interval holds the truth, and how often a margin that is not met is passed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.simulation.scenarios import World


@dataclass(frozen=True)
class Tally:
    """Counts over simulated studies; refusals are studies without an interval."""

    world: World
    confidence: float
    runs: int
    above: int
    below: int
    refused: int

    @property
    def judged(self) -> int:
        """Studies that came to an interval."""
        return self.runs - self.refused

    @property
    def coverage(self) -> float:
        """Share of the intervals that hold the truth."""
        return 1 - (self.above + self.below) / self.judged if self.judged else math.nan

    @property
    def false_pass_at_most(self) -> float:
        """Share of all studies that would pass ``at_most(truth)``: the interval ends below the truth."""
        return self.below / self.runs

    @property
    def false_pass_at_least(self) -> float:
        """Share of all studies that would pass ``at_least(truth)``: the interval begins above the truth."""
        return self.above / self.runs

    @property
    def worst_false_pass(self) -> float:
        """The larger of the two."""
        return max(self.false_pass_at_most, self.false_pass_at_least)


def tally(world: World, confidence: float, runs: int, seed: int = 7) -> Tally:
    """Studies drawn and counted."""
    rng = np.random.default_rng([seed, *world.name.encode()])
    above = below = refused = 0
    for _ in range(runs):
        found = world.study(rng, confidence)
        if found.low is None or found.high is None:
            refused += 1
        else:
            above += found.low > world.truth
            below += found.high < world.truth
    return Tally(world, confidence, runs, int(above), int(below), refused)


def monte_carlo_error(rate: float, runs: int, sigmas: float = 3.0) -> float:
    """Half-width of what a simulated rate may deviate by chance."""
    return sigmas * math.sqrt(rate * (1 - rate) / runs)

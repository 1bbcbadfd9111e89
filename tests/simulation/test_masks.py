"""Worlds of masks whose truth is known: structures that an edit moves in some patients, drawn and measured as in a study."""

from __future__ import annotations

from functools import cache

import numpy as np
from editproof import Criterion, at_least, at_most
from editproof.criteria import mask_dice, mask_distance, verdict_on
from editproof.metrics import MaskPair
from editproof.metrics.masks import dice, hd95
from editproof.types import Outcome

from tests.criteria.builders import table
from tests.simulation.tally import monte_carlo_error

RUNS, PATIENTS, REPEATS = 50, 80, 2
SHIFTS = (0, 1, 2, 12)
"""Pixels by which an edit moves the structure; the last one moves it off its place."""


@cache
def of_shift(shift: int) -> tuple[float, float]:
    """Dice and HD95 of a disc of 11 pixels across and the same disc moved."""
    rows, columns = np.mgrid[:30, :48]
    disc = (rows - 15) ** 2 + (columns - 12) ** 2 <= 25
    pair = MaskPair(disc, np.roll(disc, shift, axis=1))
    return dice(pair)["dice"][0], hd95(pair)["hd95_px"][0]


def studies(shares: tuple[float, ...]):
    """Studies in which a patient's edits are all moved alike, each patient by a shift of these probabilities."""
    rng = np.random.default_rng(17)
    for _ in range(RUNS):
        moved = np.repeat(rng.choice(SHIFTS, (PATIENTS, 1), p=shares), REPEATS, axis=1)
        values = np.vectorize(of_shift)(moved)
        images = {"dice_to_original:disc": values[0], "hd95_px_to_original:disc": values[1]}
        yield table(originals={}, edits={}, references={}, images=images, units={"hd95_px_to_original:disc": "pixels"})


def passed(claim: Criterion, shares: tuple[float, ...]) -> float:
    return float(np.mean([verdict_on(claim, study).outcome is Outcome.PASS for study in studies(shares)]))


def claims(shares: tuple[float, ...], slack: float = 0.0) -> dict[str, Criterion]:
    """Claims whose limit is exactly the truth of the world, or off it by a slack on the easy side."""
    mean, far = (float(np.dot(shares, [of_shift(shift)[index] for shift in SHIFTS])) for index in (0, 1))
    low = float(np.dot(shares, [of_shift(shift)[0] < 0.9 for shift in SHIFTS]))
    made = {
        "mean": (mask_dice("disc"), at_least(mean - slack)),
        "share": (mask_dice("disc", margin=0.9), at_most(low + slack)),
        "distance": (mask_distance("disc", cap=20.0), at_most(far + 20 * slack)),
    }
    return {name: Criterion("M-1", estimand, region, source="a world") for name, (estimand, region) in made.items()}


def test_at_the_margin_a_claim_on_masks_is_seldom_passed():
    """One patient in twenty loses the structure, which a mean nearly hides; and many patients are moved a little."""
    for shares in ((0.95, 0.0, 0.0, 0.05), (0.2, 0.5, 0.25, 0.05)):
        for name, claim in claims(shares).items():
            assert passed(claim, shares) <= 0.05 + monte_carlo_error(0.05, RUNS, 3.0), (name, shares)


def test_a_harmless_tool_passes():
    shares = (0.97, 0.03, 0.0, 0.0)
    for name, claim in claims(shares, slack=0.1).items():
        assert passed(claim, shares) >= 0.9, name

"""The short form of the figures on the shipped suite: a harmless tool passes, and a miss by a hair seldom does."""

from __future__ import annotations

import pytest

from tests.simulation.shipped import MARGINS, SUITE, harmless, share_passing, table
from tests.simulation.tally import monte_carlo_error

RUNS = 10


@pytest.mark.parametrize("lost", [0, 3])
def test_a_harmless_tool_passes_the_shipped_suite(lost):
    assert share_passing(RUNS, lost=lost) >= 0.95 - monte_carlo_error(0.95, RUNS)


@pytest.mark.parametrize("margin", MARGINS)
def test_a_tool_with_one_claim_at_its_margin_seldom_passes(margin):
    assert share_passing(RUNS, margin=margin) <= 0.05 + monte_carlo_error(0.05, RUNS)


def test_it_is_the_suite_that_is_shipped():
    """Every primary claim of the suite but the planted structures, each of which the drawn tables can decide."""
    import numpy as np
    from editproof.criteria import Criterion, verdict_on
    from editproof.suites.removal import test_bone_age, test_pixels, test_reliability, test_sex

    modules = (test_bone_age, test_pixels, test_reliability, test_sex)
    values = [value for module in modules for value in vars(module).values()]
    named = [c for v in values for c in (v.values() if isinstance(v, dict) else [v]) if isinstance(c, Criterion)]
    assert {claim.id for claim in SUITE} == {claim.id for claim in named if claim.role == "primary"}
    measured = table(harmless(np.random.default_rng(1), 60))
    assert all(verdict_on(claim, measured).estimate.exists for claim in SUITE)

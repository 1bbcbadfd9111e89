"""The short form of the worlds of outputs: no family of estimands passes at its limit more often than it may."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from editproof.criteria.registry import ESTIMANDS

from tests.simulation.outputs import FAMILIES, HARMS, Harm, passes, rates, scored
from tests.simulation.tally import monte_carlo_error

RUNS, FEWER, PATIENTS, ALPHA = 40, 10, 40, 0.05
"""Fewer studies of estimands that are made of several quantities, whose limits are drawn."""


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_claim_on_an_output_is_seldom_passed_at_its_limit_and_a_harmless_tool_passes(family):
    harms = {words: HARMS[words] for words in ("1 in 20 lost", "all harmed a little")}
    runs = FEWER if family.estimand.parts else RUNS
    found = rates(family, PATIENTS, runs, harms)
    assert found.worst <= ALPHA + monte_carlo_error(ALPHA, runs, 3.5), found.false_pass
    assert found.harmless >= 0.8 or family.approximate, "kappa needs more patients"


FLOODED, FLOOD = Harm(0.09, 0.0), 13
"""One patient in eleven has more false boxes than any cap, and no lesion found: 40 without one are one draw in 40."""


@pytest.mark.parametrize("family", [one for one in FAMILIES if one.draw is scored], ids=lambda family: family.name)
def test_a_flood_of_false_boxes_in_few_patients_is_seldom_passed(family):
    """At the mean, which has no bound, nothing is found at all; a claim passes only where no flood was drawn."""
    flooding = replace(family, draw=partial(scored, boxes=FLOOD), name=f"{family.name}, flooded")
    limit = 0.05 if family.estimand.ideal else -0.5
    rng = np.random.default_rng(3)
    runs = [passes(flooding, flooding.draw(FLOODED, rng, PATIENTS), limit) for _ in range(FEWER)]
    assert np.mean(runs) <= ALPHA + monte_carlo_error(ALPHA, FEWER, 3.5)


OUTPUT_MODULES = {"boxes", "classes", "ordinal", "points", "texts", "detection"}


def test_every_estimand_of_outputs_has_a_world():
    """Masks have worlds of their own (test_masks.py)."""
    known = {family.estimand.spec.name for family in FAMILIES}
    of_outputs = {
        name for name in ESTIMANDS.built_in if ESTIMANDS[name].__module__.rpartition(".")[2] in OUTPUT_MODULES
    }
    assert not of_outputs - known

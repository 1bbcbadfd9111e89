"""What every registered estimand owes: losing edits never makes a PASS, and neither do worse values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from editproof.criteria import Criterion, at_least, at_most, verdict_on
from editproof.criteria.estimand import FLOW, IMAGES, READERS, Estimand
from editproof.criteria.estimands.accuracy import recalibrated
from editproof.criteria.factory import example_of
from editproof.criteria.families import decided
from editproof.criteria.flawless import verdict_on_flawless
from editproof.criteria.reach import beyond_reach, losses, remedy, without
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.criteria.rehearsal import drawn
from editproof.criteria.versions import difference
from editproof.evidence.measurements import Measurements
from editproof.stats.areas import Area, AreaChange
from editproof.stats.bounded import BoundedMean
from editproof.stats.distances import FeatureDistance
from editproof.stats.interval import ALIKE
from editproof.stats.macro import MacroArea
from editproof.types import Outcome
from hypothesis import given, settings
from hypothesis import strategies as st

CAP = 50.0
MADE: dict[str, Estimand] = {}
for _name in ESTIMANDS.names:
    _found = estimand_from(example_of(ESTIMANDS[_name]))
    MADE[_name] = _found.capped(CAP) if _found.wants_cap else _found
    if "per" in _found.spec.arguments:
        MADE[f"{_name} per edit"] = estimand_from(
            replace(_found.spec, arguments={**_found.spec.arguments, "per": "edit"})
        )
    if "against" in _found.spec.arguments and _found.scope == IMAGES:
        for _argument, _value in (("against", "reference"), ("against", "original"), ("margin", 0.9)):
            if _argument in _found.spec.arguments and _found.spec.arguments[_argument] != _value:
                _other = {**_found.spec.arguments, _argument: _value}
                MADE[f"{_name} {_argument} {_value}"] = estimand_from(replace(_found.spec, arguments=_other))
BOUNDED = {name for name, made in MADE.items() if made.is_bounded and not made.recalibration}
NARROWED_BY_HARM = {"reader_auc_drift", "reader_call_changes", "reader_call_drift", "reader_drift"}
"""Of which worse values can make a limit better: the variance between readers is a part of it, and readers who are all
as bad differ less (docs/statistics.md, "Several readers"). Nothing else that is decided by bounded limits does that."""
shapes = {
    "seed": st.integers(0, 2**16), "patients": st.integers(20, 60), "cases_each": st.integers(1, 2),
    "repeats": st.integers(2, 3),
}  # fmt: skip
few = settings(max_examples=6, deadline=None)


def losing(table: Measurements, share: float, seed: int) -> Measurements:
    """The same, had some of its edits not come back."""
    gone = np.random.default_rng(seed).random(len(table.edits)) < share
    edits = table.edits.assign(
        status=table.edits["status"].where(~gone, "failed"), first=table.edits["first"].where(~gone, "failed")
    )
    lost = set(zip(table.edits["case"][gone], table.edits["repeat"][gone], strict=True))
    pairs = list(zip(table.rows["case"], table.rows["repeat"], table.rows["arm"], strict=True))
    keep = [arm in ("original", "target") or (case, repeat) not in lost for case, repeat, arm in pairs]
    return replace(table, edits=edits, rows=table.rows[keep])


CURABLE = {
    name: recalibrated(made)
    for name, made in MADE.items()
    if made.reads and "reference" in made.needs and made.scope != READERS
}


def test_arms_that_are_alike_are_certain_of_nothing_with_few_patients():
    """Whether or not a value is bounded, and after a recalibration too: 40 patients show little of what is rare."""
    tried = 0
    for made in (*MADE.values(), *CURABLE.values()):
        found = made.estimate(drawn(made, patients=40, harm=0.0, lost=0.0))
        assert found.reason or found.low < found.high, made
        tried += bool(found.reason and found.reason.startswith(ALIKE))
    assert tried > 5, "estimands of which nothing bounds the value"


@pytest.mark.parametrize(("patients", "outcome"), [(298, Outcome.INCONCLUSIVE), (299, Outcome.PASS)])
def test_where_nothing_bounds_a_value_arms_that_are_alike_settle_it_from_299_patients_on(patients, outcome):
    claim = Criterion("A", MADE["rmse_drift"], at_most(2.0), source="s")
    table = drawn(claim.estimand, patients=patients, harm=0.0, lost=0.0, repeats=2)
    assert verdict_on(claim, table).outcome is outcome
    assert verdict_on_flawless(claim, table).outcome is Outcome.PASS, "the control is alike by its making"
    found, region, _ = difference(claim, 1.0, table, table)
    assert found.exists is (outcome is Outcome.PASS)
    assert region.high == 1.0


@pytest.mark.parametrize("name", MADE)
def test_losing_edits_never_makes_a_pass(name):
    made, intervals, tried = MADE[name], 0, 0
    sizes = shapes if name in BOUNDED else {**shapes, "patients": st.integers(110, 130)}

    @few
    @given(**sizes, share=st.sampled_from([0.01, 0.1, 0.6]))
    def holds(seed, share, **shape):
        nonlocal intervals, tried
        table = drawn(made, seed, lost=0.0, harm=3.0, **shape)
        before, after = made.estimate(table), made.estimate(losing(table, share, seed))
        tried += 1
        intervals += before.exists
        if after.exists and before.exists:
            assert after.high >= before.high - 1e-9
            assert after.low <= before.low + 1e-9 or made.scope == FLOW, "of failures there are more, not fewer"
        for limit in (before.value or 0.0, 1e9, -1e9):
            for region in (at_most(limit), at_least(limit)) if made.scope != FLOW else (at_most(limit),):
                if limit == made.ideal and made.wants_cap:
                    continue
                claim = Criterion("A", made, region, source="s")
                passed = verdict_on(claim, losing(table, share, seed)).outcome is Outcome.PASS
                assert not passed or verdict_on(claim, table).outcome is Outcome.PASS or not before.exists

    holds()
    assert intervals > tried / 2, "an estimand of which there is seldom an interval would hold anything"


def test_only_claims_on_readers_are_left_out_of_what_worse_values_may_do():
    """Every statistic with bounded limits is tried below, but for those that are named with their reason."""
    bounded = {
        name for name, made in MADE.items()
        if not made.recalibration and made.statistic_on(made.raw(drawn(made, patients=30))).bounded
    }  # fmt: skip
    assert bounded - BOUNDED == NARROWED_BY_HARM
    assert {name for name in NARROWED_BY_HARM if MADE[name].scope == READERS} == NARROWED_BY_HARM


@pytest.mark.parametrize(
    "name", sorted(name for name in BOUNDED if not (MADE[name].parts and MADE[name].scope == IMAGES))
)
def test_worse_values_never_make_a_pass(name):
    """Wherever no patient's value is better than it was, no limit is better either.

    Left out are statistics that nothing bounds (kappa is not monotone), and those of scores of boxes, which are tried,
    ties included, in tests/stats/test_detection.py; more than 256 different scores are thinned there, and not tried.
    """
    made, moved = MADE[name], 0

    @few
    @given(**shapes, part=st.floats(0.05, 1.0), harm=st.sampled_from([2.0, 20.0]))
    def holds(seed, part, harm, **shape):
        nonlocal moved
        table = drawn(made, seed, lost=0.05, harm=0.5, **shape)
        worse = drawn(made, seed, lost=0.05, harm=harm, **shape)
        chosen = np.random.default_rng(seed).random(len(table.rows)) < part
        rows = table.rows.assign(value=table.rows["value"].where(~chosen, worse.rows["value"]))
        one, other = (made.statistic_on(made.raw(of)) for of in (table, replace(table, rows=rows)))
        if one.reason or other.reason:
            return
        low, high = dominance(one), dominance(other)
        before, after = one.interval(0.9), other.interval(0.9)
        if all((b >= a - 1e-12).all() for a, b in zip(low, high, strict=True)):
            moved += 1
            assert after.high >= before.high - 1e-7
            assert after.low >= before.low - 1e-7 or isinstance(one, FeatureDistance)
        elif all((b <= a + 1e-12).all() for a, b in zip(low, high, strict=True)):
            moved += 1
            assert after.high <= before.high + 1e-7
            assert after.low <= before.low + 1e-7 or isinstance(one, FeatureDistance)

    holds()
    paired = made.scope == IMAGES and "original" in made.needs  # drawn around its original, not around the ideal
    if made.scope != FLOW and name not in MIXED and not paired:
        assert moved, "no draw in which every patient's value moved one way"


MIXED = {
    "bias", "auc", "auc_drift", "brier", "brier_drift", "mae", "mae_drift", "prediction_drift", "rmse", "sensitivity",
    "macro_auc", "macro_auc_drift", "specificity", "mask_dice_loss", "repeat_difference", "repeat_sd", "feature_ks", "label_flip_rate",
}  # fmt: skip
"""Estimands of which harm helps some patients and hurts others; the limits themselves are tried in tests/stats."""


def dominance(statistic) -> tuple[np.ndarray, ...]:
    """What decides the limits of a statistic, larger being larger."""
    if isinstance(statistic, BoundedMean):
        return statistic.lowest, statistic.highest
    if isinstance(statistic, MacroArea):
        return tuple(
            np.concatenate([side.ravel() for side in sides])
            for sides in zip(*map(dominance, statistic.areas), strict=True)
        )
    if isinstance(statistic, Area | AreaChange):
        return tuple(np.concatenate([*side.blocks()]) for side in (statistic.pairs.lowest, statistic.pairs.highest))
    assert isinstance(statistic, FeatureDistance)
    gaps = statistic.gaps
    return gaps.shifted_up, gaps.shifted_down, gaps.least_up, gaps.least_down


REACHED = {
    name for name in BOUNDED - {"failure_rate", "refusal_rate"}
    if not MADE[name].parts and math.isclose(MADE[name].estimate(drawn(MADE[name], patients=15, harm=0.0, lost=0.0)).value, MADE[name].ideal, abs_tol=1e-9)
}  # fmt: skip
"""Estimands whose ideal flawless data show. Of the rest no edit makes the ideal: they are of how well an instrument reads,
or of what an edit is for."""


@pytest.mark.parametrize("name", sorted(REACHED))
@pytest.mark.parametrize("n", [15, 60, 200])
def test_what_a_claim_would_need_is_what_it_needs(name, n):
    """A claim that flawless data cannot show here can be shown with the patients that are named, and with no fewer."""
    made = MADE[name]
    margin = 0.04 * max(abs(made.most - made.ideal), abs(made.ideal - made.least))
    region = at_most(made.ideal + margin) if made.most > made.ideal else at_least(made.ideal - margin)
    claim = Criterion("A", made, region, source="s")
    verdict = verdict_on(claim, drawn(made, patients=n, harm=0.0, lost=0.0))
    said = remedy(claim, verdict)
    if not said:
        assert verdict.outcome is Outcome.PASS
        return
    if verdict.outcome is Outcome.PASS:
        assert made.counts, "there are enough in all, though the sentence speaks of a class"
        return
    needed = int(said.needs.split()[0].rstrip(","))
    enough = needed * (2 if made.counts else 1)
    assert verdict_on(claim, drawn(made, patients=enough + 2 * bool(made.counts), harm=0.0, lost=0.0))
    fewer = enough - (8 if made.counts else 2)  # limits of an area are drawn, and a little uncertain
    assert not verdict_on(claim, drawn(made, patients=fewer, harm=0.0, lost=0.0))


def test_a_cap_that_would_do_does():
    claim = Criterion("A", MADE["mae_drift"].capped(60.0), at_most(2.0), source="s")
    small = drawn(claim.estimand, patients=60, harm=0.0, lost=0.0)
    said = remedy(claim, verdict_on(claim, small))
    assert said
    assert said.sentence == "With 60 patients no tool can pass A: it needs 89, or a cap of at most 41 months."
    assert verdict_on(Criterion("A", claim.estimand.capped(41.0), at_most(2.0), source="s"), small)
    [(verdict, found)] = beyond_reach([(claim, "all")], small)
    assert (verdict.outcome, found) == (Outcome.INCONCLUSIVE, said)


def test_what_a_suite_bears_is_told_before_the_first_edit():
    failures = Criterion("REL-1", MADE["failure_rate"], at_most(0.05), source="s")
    strict = Criterion("BA-5", MADE["share_changed"], at_most(0.03), source="s")
    calm = drawn(MADE["share_changed"], patients=200, harm=0.0, lost=0.0)
    found = losses([(failures, "all"), (strict, "all")], calm)
    assert found.requested == 600
    assert 0 < found.borne["BA-5"] < found.allowed
    assert verdict_on(strict, without(calm, found.borne["BA-5"]))
    assert not verdict_on(strict, without(calm, found.borne["BA-5"] + 1))
    assert verdict_on(failures, without(calm, found.allowed))
    assert not verdict_on(failures, without(calm, found.allowed + 1)) or found.allowed == 200
    assert "the suite can pass with at most" in found.sentence
    assert losses([(strict, "all")], calm) is None


def test_an_open_claim_says_that_missing_edits_decide_it_and_where_it_would_tip():
    claim = Criterion("BA-1", MADE["prediction_change"].capped(24.0), at_most(2.0), source="s")
    calm = drawn(claim.estimand, patients=120, harm=0.1, lost=0.0)
    torn = without(calm, 25)
    [open_] = decided([(claim, torn)], "", 0.0)
    assert open_.outcome is Outcome.INCONCLUSIVE
    assert "Missing edits decide it (25 of 360, of C0000, " in open_.because
    point = float(open_.because.partition("up to a value of ")[2].split()[0])
    statistic = claim.estimand.statistic_on(claim.estimand.raw(torn))
    assert statistic.filled(point - 0.1).interval(0.9).high < 2.0 < statistic.filled(point + 0.1).interval(0.9).high
    [closed] = decided([(claim, calm)], "", 0.0)
    assert closed.outcome is Outcome.PASS
    assert "issing" not in closed.because
    harsh = Criterion("BA-1", MADE["prediction_change"].capped(24.0), at_most(0.01), source="s")
    [failed] = decided([(harsh, without(drawn(claim.estimand, patients=120, harm=3.0, lost=0.0), 5))], "", 0.0)
    assert failed.outcome is Outcome.FAIL, "what came back is bad enough, whatever is missing"

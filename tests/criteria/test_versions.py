"""The difference of two versions is that of their verdicts, paired; a cure is no harm, and silence no proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof import criteria as c
from editproof.criteria import Criterion, Region, at_least, at_most, within
from editproof.criteria.factory import example_of
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.criteria.rehearsal import drawn
from editproof.criteria.versions import difference, difference_verdict, margin_by_share
from editproof.errors import ProtocolError
from editproof.types import Outcome

from tests.criteria.builders import table

N = 120
RANDOM = np.random.default_rng(5)
AGE, MALE = RANDOM.uniform(40, 220, N), (np.arange(N) % 2).astype(float)
READ = AGE + RANDOM.normal(0, 6, N)
SEX = np.clip(0.3 + 0.4 * MALE + RANDOM.normal(0, 0.2, N), 0.01, 0.99)


def version(shift: float, spread: float, seed: int, lost: int = 0):
    draw = np.random.default_rng(seed)
    age = READ[:, None] + shift + draw.normal(0, spread, (N, 2))
    age[:lost, 1] = np.nan
    sex = np.clip(SEX[:, None] + draw.normal(0, 0.02 * spread, (N, 2)), 0.001, 0.999) * np.where(
        np.isnan(age), np.nan, 1
    )
    images = {
        name: np.abs(draw.normal(0.02, 0.005, (N, 2))) * np.where(np.isnan(age), np.nan, 1)
        for name in ("ks_distance:protected", "ssim:protected")
    }
    return table(
        originals={"bone_age": READ, "sex": SEX}, edits={"bone_age": age, "sex": sex}, images=images,
        references={"bone_age": AGE, "sex": MALE}, strata={"sex": ["FM"[int(m)] for m in MALE], "site": ["A"] * N},
    )  # fmt: skip


OLD, NEW, LOSSY = version(1.0, 2.0, 1), version(1.5, 2.5, 2), version(1.0, 2.0, 3, lost=6)
MADE = {
    "mae": c.mae("bone_age"), "mae_drift": c.mae_drift("bone_age"), "bias": c.bias("bone_age"), "rmse": c.rmse("bone_age"),
    "rmse_drift": c.rmse_drift("bone_age"), "prediction_drift": c.prediction_drift("bone_age"), "prediction_change": c.prediction_change("bone_age"),
    "brier": c.brier("sex"), "brier_drift": c.brier_drift("sex"), "limits_of_agreement": c.limits_of_agreement("bone_age", side="lower"),
    "repeat_sd": c.repeat_sd("bone_age"), "repeat_difference": c.repeat_difference("bone_age"), "icc": c.icc("bone_age"), "calibration_slope": c.calibration_slope("bone_age"),
    "calibration_intercept": c.calibration_intercept("bone_age"), "ks_distance": c.ks_distance(), "ssim": c.ssim(),
    "failure_rate": c.failure_rate(), "label_flip_rate": c.label_flip_rate("sex"), "label_change_rate": c.label_change_rate("sex"),
    "share_changed": c.share_changed("bone_age", more_than=3.0), "auc": c.auc("sex"), "auc_drift": c.auc_drift("sex"),
    "sensitivity": c.sensitivity("sex", at=0.6), "specificity": c.specificity("sex", at=0.4),
    "bias_interaction": c.bias_interaction("bone_age", by="sex"),
    "ks within": c.ks_distance(margin=0.02), "recalibrated": c.recalibrated(c.mae_drift("bone_age")),
    "share of edits": c.share_changed("bone_age", more_than=3.0, per="edit"), "complete": c.mae("bone_age", missing="complete_case"),
}  # fmt: skip


MADE |= {name: estimand_from(example_of(ESTIMANDS[name])) for name in ESTIMANDS.names if name not in MADE}


def pair_for(name: str, lost: int):
    """A new and an old version, of the study above where it measures what the estimand is about."""
    estimand = MADE[name]
    measured = OLD.has(estimand.quantity, estimand.arm, estimand.instrument) and estimand.against == "original"
    measured = measured and not estimand.grouped
    if estimand.scope == "flow" or measured:
        return (LOSSY if lost else NEW), OLD
    return drawn(estimand, 1, lost=0.02 * bool(lost), harm=2.0), drawn(estimand, 1, lost=0.0)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("lost", [0, 6], ids=["complete", "lossy"])
def test_the_difference_is_that_of_the_verdicts(name, lost):
    claim = Criterion("A", MADE[name], at_most(1e6), source="placeholder")
    new, old = pair_for(name, lost)
    found, _, _ = difference(claim, 1.0, new, old)
    if claim.estimand.incomparable:
        assert claim.estimand.incomparable in found.reason
        return
    both = [claim.estimand.estimate(measured, 0.9) for measured in (new, old)]
    points = [e.value if e.value is not None else e.notes.get("point") for e in both]
    if lost and both[0].n_missing and both[0].notes.get("level") == "approximate":
        assert "missing, and nothing bounds" in found.reason
        return
    assert found.reason is None, found.reason
    if not lost or not both[0].n_missing:
        # of a difference no patient counts more than 30 margins; the one before that is noted
        assert found.notes.get("uncapped", found.value) == pytest.approx(points[0] - points[1], abs=1e-9)
    assert found.low <= found.value <= found.high
    assert found.low < found.high


def outcome(criterion, margin, new, old):
    return difference_verdict(criterion, margin, "given", new, old, ("new", "old")).outcome


def test_the_direction_of_harm():
    drift = Criterion("A", c.mae("bone_age"), at_most(9.0), source="s")
    far = version(30.0, 2.0, 4)
    assert outcome(drift, 1.0, far, OLD) is Outcome.FAIL
    assert outcome(drift, 1.0, OLD, far) is Outcome.PASS
    assert (
        outcome(Criterion("B", c.auc("sex"), at_least(0.8), source="s"), 0.05, version(0, 20.0, 5), OLD) is Outcome.FAIL
    )
    level = Criterion("C", c.prediction_drift("bone_age"), within(-3.0, 3.0), source="s")
    assert outcome(level, 1.0, version(0.0, 2.0, 6), far) is Outcome.PASS, "a cure is not worse"
    assert outcome(level, 1.0, far, version(0.0, 2.0, 6)) is Outcome.FAIL
    assert outcome(level, 1.0, version(-60.0, 2.0, 6), far) is Outcome.FAIL, "overshooting by more is worse"
    assert outcome(level, 0.01, NEW, OLD) is not Outcome.PASS


def test_the_same_edits_are_not_worse_and_a_few_patients_prove_nothing():
    drift = Criterion("A", c.mae_drift("bone_age"), at_most(2.0), source="s")
    assert outcome(drift, 0.5, OLD, OLD) is Outcome.PASS
    few = [m.where("all") for m in (NEW, OLD)]
    few = [
        replace(m, cases=m.cases[:10], rows=m.rows[m.rows["case"] < "c0010"], edits=m.edits[m.edits["case"] < "c0010"])
        for m in few
    ]
    assert outcome(drift, 5.0, *few) is Outcome.INCONCLUSIVE
    assert Region(1.0, 2.0).low == 1.0


def test_what_cannot_be_counted_has_no_interval():
    one_site = Criterion("A", c.bias_interaction("bone_age", by="site"), within(-1.0, 1.0), source="s")
    found, _, _ = difference(one_site, 1.0, NEW, OLD)
    assert (found.low, found.reason) == (None, "new version: the stratum has one value only")
    girls = [version.where("sex=F") for version in (NEW, OLD)]
    found, _, _ = difference(Criterion("B", c.sensitivity("sex"), at_least(0.8), source="s"), 0.1, *girls)
    assert (found.low, found.reason) == (None, "new version: there is no positive case")


def test_a_version_that_misses_more_positives_is_worse():
    missed = Criterion("A", c.sensitivity("sex", at=0.6), at_least(0.5), source="s")
    worse = version(1.0, 60.0, 9)
    assert outcome(missed, 0.15, worse, OLD) is Outcome.INCONCLUSIVE
    assert outcome(missed, 0.15, version(1.2, 2.0, 8), OLD) is Outcome.PASS
    found, _, _ = difference(missed, 0.15, worse, OLD)
    assert found.low < -0.15 < found.high, "some patients gained, so that a loss is not shown"
    assert found.value < -0.15


def test_no_failure_in_either_version_is_bounded_and_not_certain():
    claim = Criterion("A", c.failure_rate(), at_most(0.1), source="s")
    for new in (NEW, OLD):
        found, region, _ = difference(claim, 0.1, new, OLD)
        assert found.value == 0.0
        reach = 1 - 0.05 ** (1 / N)
        assert (found.low, found.high) == pytest.approx((-reach, reach))
        assert region == at_most(0.1)
    assert outcome(claim, 0.1, OLD, OLD) is Outcome.PASS
    assert outcome(claim, 0.02, OLD, OLD) is Outcome.INCONCLUSIVE, "120 patients do not show that little"


@pytest.mark.parametrize("worse", [True, False])
@pytest.mark.parametrize("name", ["share_changed", "share of edits", "label_change_rate", "ks within", "sensitivity"])
def test_a_share_that_changes_in_every_patient_is_decided_either_way(name, worse):
    estimand = MADE[name]
    region = at_least(0.5) if estimand.ideal == 1.0 else at_most(0.5)
    claim = Criterion("A", estimand, region, source="s")
    calm = drawn(estimand, 2, patients=200, lost=0.0, harm=0.0)
    rows = calm.rows.copy()
    edits = rows["arm"] == "edited"
    reference = rows.loc[edits, "case"].map(dict(zip(calm.cases["case"], calm.cases.iloc[:, 2], strict=True)))
    on_its_side, far = {
        "sex": (reference.to_numpy(float), 1.0 - reference.to_numpy(float)),
        "bone_age": (rows.loc[edits, "value"].to_numpy(), rows.loc[edits, "value"].to_numpy() + 50.0),
        "ks_distance:protected": (np.zeros(edits.sum()), np.ones(edits.sum())),
    }[estimand.quantity]
    if estimand.quantity == "sex":
        rows.loc[rows["arm"] == "original", "value"] = calm.cases.iloc[:, 2].to_numpy(float)
    good, bad = (replace(calm, rows=rows.assign(value=_put(rows, edits, values))) for values in (on_its_side, far))
    new, old = (bad, good) if worse else (good, bad)
    assert outcome(claim, 0.05, new, old) is (Outcome.FAIL if worse else Outcome.PASS)
    found, _, _ = difference(claim, 0.05, new, old)
    assert abs(found.value) == 1.0
    assert 0.9 < min(abs(found.low), abs(found.high)) < 1.0, "a share of 1 is not certain from 100 or 200 patients"


def _put(rows, where, values):
    column = rows["value"].to_numpy().copy()
    column[where.to_numpy()] = values
    return column


def test_a_share_that_changes_in_a_part_of_each_patient_fails_too():
    claim = Criterion("A", c.failure_rate(), at_most(0.5), source="s")
    calm = drawn(c.failure_rate(), patients=200, lost=0.0)
    status = np.where(calm.edits["repeat"] < 2, "failed", "ok")
    broken = replace(calm, edits=calm.edits.assign(status=status))
    found, _, _ = difference(claim, 0.1, broken, calm)
    assert found.value == pytest.approx(2 / 3)
    assert 0.5 < found.low < found.value < found.high < 0.8
    assert outcome(claim, 0.1, broken, calm) is Outcome.FAIL
    assert outcome(claim, 0.1, calm, broken) is Outcome.PASS


def test_edits_that_the_new_version_loses_are_at_their_worst_and_those_of_the_old_at_their_best():
    drift = Criterion("A", c.mae_drift("bone_age"), at_most(2.0), source="s")
    assert outcome(drift, 2.0, OLD, OLD) is Outcome.PASS
    thrown = version(1.0, 2.0, 1, lost=60)
    assert outcome(drift, 2.0, thrown, OLD) is Outcome.INCONCLUSIVE
    assert outcome(drift, 2.0, OLD, thrown) is Outcome.INCONCLUSIVE, "the old version could have been better"
    complete, lossy = (difference(drift, 2.0, one, OLD)[0] for one in (OLD, thrown))
    assert lossy.low < complete.low
    assert lossy.high > complete.high


@pytest.mark.parametrize(
    ("estimand", "region", "margin"),
    [
        (c.ks_distance(margin=0.05), at_least(0.9), 0.05), (c.marker_residual(), at_most(0.3), 0.15),
        (c.ks_distance(), at_most(0.1), 0.05), (c.ssim(), at_least(0.9), 0.05), (c.psnr(), at_least(90.0), 5.0),
        (c.depth_ratio(), at_least(0.5), 0.25), (c.auc("sex"), at_least(0.9), 0.05), (c.auc_drift("sex"), at_least(-0.03), 0.015),
        (c.recalibrated(c.auc("sex")), at_least(0.9), 0.05), (c.sensitivity("sex"), at_least(0.8), 0.1),
        (c.icc("bone_age"), at_least(0.8), 0.1), (c.probability_slope("sex"), at_least(0.8), 0.1),
        (c.image_metric("mine:whole", worst=0.0, unchanged=7.0), at_least(5.0), 1.0), (c.mae("bone_age"), at_most(9.0), 4.5),
    ],
)  # fmt: skip
def test_a_margin_by_share_is_measured_from_the_ideal_of_the_estimand(estimand, region, margin):
    assert margin_by_share(Criterion("A", estimand, region, source="s"), 0.5) == pytest.approx(margin)


def test_a_cure_by_distance_is_said_only_where_the_statistic_has_one():
    level = within(0.2, 0.4)
    _, region, word = difference(Criterion("A", c.repeat_sd("bone_age"), level, source="s"), 0.1, NEW, OLD)
    assert (region, word) == (within(-0.1, 0.1), ", either way")
    _, region, word = difference(
        Criterion("B", c.prediction_drift("bone_age"), within(-3.0, 3.0), source="s"), 0.1, NEW, version(6.0, 2.0, 1)
    )
    assert (region, word) == (at_most(0.1), ", as distance from 0")


def test_a_gain_needs_a_margin_of_its_own():
    claim = Criterion("G-1", c.target_gain("psnr", cap=10.0), at_least(1.0), source="s")
    with pytest.raises(ProtocolError, match=r"margin of G-1: none, .* cap of 10 .*--margin G-1=VALUE"):
        margin_by_share(claim, 0.5)
    two_sided = Criterion("G-2", c.target_gain("psnr", cap=10.0), within(0.0, 2.0), source="s")
    assert margin_by_share(two_sided, 0.5) == 0.5

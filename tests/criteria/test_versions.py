"""The difference of two versions is that of their verdicts, paired; a cure is no harm, and silence no proof."""

from __future__ import annotations

import numpy as np
import pytest
from editproof import criteria as c
from editproof.criteria import Criterion, Region, at_least, at_most, within
from editproof.criteria.versions import SHARES, STATISTICS, difference, difference_verdict
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
    "repeat_sd": c.repeat_sd("bone_age"), "icc": c.icc("bone_age"), "calibration_slope": c.calibration_slope("bone_age"),
    "calibration_intercept": c.calibration_intercept("bone_age"), "ks_distance": c.ks_distance(), "ssim": c.ssim(),
    "failure_rate": c.failure_rate(), "label_flip_rate": c.label_flip_rate("sex"), "label_change_rate": c.label_change_rate("sex"),
    "share_changed": c.share_changed("bone_age", more_than=3.0), "auc": c.auc("sex"), "auc_drift": c.auc_drift("sex"),
    "sensitivity": c.sensitivity("sex", at=0.6), "specificity": c.specificity("sex", at=0.4),
    "bias_interaction": c.bias_interaction("bone_age", by="sex"),
    "ks within": c.ks_distance(margin=0.02), "recalibrated": c.recalibrated(c.mae_drift("bone_age")),
    "share of edits": c.share_changed("bone_age", more_than=3.0, per="edit"), "complete": c.mae("bone_age", missing="complete_case"),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("new", [NEW, LOSSY], ids=["complete", "lossy"])
def test_the_difference_is_that_of_the_verdicts(name, new):
    estimand = MADE[name]
    region = at_most(1e6)
    if name == "icc" and new is LOSSY:
        pytest.skip("ICC needs every repeat of a case; each verdict leaves other cases out")
    found, _, _ = difference(Criterion("A", estimand, region, source="placeholder"), 1.0, new, OLD)
    both = [estimand.estimate(measured, 0.9, region) for measured in (new, OLD)]
    points = [e.value if e.value is not None else e.notes.get("point") for e in both]
    assert found.reason is None, found.reason
    assert found.value == pytest.approx(points[0] - points[1], abs=1e-9)
    assert found.low <= found.value <= found.high
    assert found.low < found.high or name == "failure_rate"


def test_every_kind_is_tried():
    assert set(STATISTICS) - set(MADE) <= set(
        "outside_mask_change wasserstein psnr registration_drift border_change depth_ratio marker_residual image_metric".split()
    )
    assert set(SHARES) <= set(MADE)


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
    from dataclasses import replace

    few = [
        replace(m, cases=m.cases[:10], rows=m.rows[m.rows["case"] < "c0010"], edits=m.edits[m.edits["case"] < "c0010"])
        for m in few
    ]
    assert outcome(drift, 50.0, *few) is Outcome.INCONCLUSIVE
    assert Region(1.0, 2.0).low == 1.0


def test_what_cannot_be_counted_has_no_interval():
    one_site = Criterion("A", c.bias_interaction("bone_age", by="site"), within(-1.0, 1.0), source="s")
    found, _, _ = difference(one_site, 1.0, NEW, OLD)
    assert (found.low, found.reason) == (None, "new version: the stratum has one value only")
    girls = [version.where("sex=F") for version in (NEW, OLD)]
    found, _, _ = difference(Criterion("B", c.sensitivity("sex"), at_least(0.8), source="s"), 0.1, *girls)
    assert (found.low, found.reason) == (None, "there is no case that it counts")


def test_a_version_that_misses_more_positives_is_worse():
    missed = Criterion("A", c.sensitivity("sex", at=0.6), at_least(0.5), source="s")
    worse = version(1.0, 60.0, 9)
    assert outcome(missed, 0.15, worse, OLD) is Outcome.INCONCLUSIVE
    assert outcome(missed, 0.15, version(1.2, 2.0, 8), OLD) is Outcome.PASS
    found, _, _ = difference(missed, 0.15, worse, OLD)
    assert found.value < -0.15
    assert found.notes["patients_lower"] > found.notes["patients_higher"] > 0, (
        "so that a loss in every one is not shown"
    )


def test_no_failure_in_either_version_is_bounded_and_not_certain():
    found, region, _ = difference(Criterion("A", c.failure_rate(), at_most(0.1), source="s"), 0.1, NEW, OLD)
    assert found.value == 0.0
    assert found.method in ("identical arms", "exact over changed patients")
    assert region == at_most(0.1)

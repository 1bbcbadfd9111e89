"""Each estimand on data small enough to work out by hand, or against an independent route."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from editproof import criteria as c
from editproof.criteria.families import verdicts_of_family
from editproof.criteria.planning import (
    Spread,
    patients_by_pilot,
    patients_needed,
    power,
    power_by_pilot,
    power_of_share,
    provable_share,
    spread_in_pilot,
)
from editproof.criteria.readings import RULES
from editproof.errors import ProtocolError
from sklearn.metrics import brier_score_loss, mean_absolute_error, roc_auc_score

from tests.criteria.builders import table

N, R = 120, 3


@pytest.fixture
def arrays():
    rng = np.random.default_rng(11)
    reference = np.clip(rng.normal(132, 43, N), 10, 228)
    original = reference + rng.normal(0, 7, N)
    sex = (np.arange(N) % 2).astype(float)
    score = 1 / (1 + np.exp(-(2 * (sex - 0.5) + rng.normal(size=N))))
    return {
        "reference": reference,
        "original": original,
        "edited": original[:, None] + rng.normal(2, 5, (N, 1)) + rng.normal(0, 2, (N, R)),
        "sex": sex,
        "score": score,
        "rescored": np.clip(score[:, None] + rng.normal(0, 0.15, (N, R)), 0.01, 0.99),
        "d": rng.uniform(0, 0.1, (N, R)),
    }


def measured(a, **changes):
    a = {**a, **changes}
    return table(
        originals={"bone_age": a["original"], "sex": a["score"]},
        edits={"bone_age": a["edited"], "sex": a["rescored"]},
        references={"bone_age": a["reference"], "sex": a["sex"]},
        images={"ks_distance:protected": a["d"], "marker_residual:inside_mask": a["d"], "rotation:protected": a["d"]},
        strata={"sex": ["M" if s else "F" for s in a["sex"]], "bone_age": list(a["reference"])},
    )


def test_errors_are_taken_edit_by_edit():
    rng = np.random.default_rng(0)
    original = np.full(30, 108.0) + rng.normal(size=30)
    m = table(
        originals={"bone_age": original},
        edits={"bone_age": np.tile([100.0, 110.0, 120.0], (30, 1)) + rng.normal(0, 1e-6, (30, 3))},
        references={"bone_age": np.full(30, 108.0)},
    )
    assert c.mae("bone_age").estimate(m).value == pytest.approx(22 / 3, abs=1e-5)


def test_readings_against_scikit_learn(arrays):
    m, a = measured(arrays), arrays
    long_reference = np.repeat(a["reference"], R)
    assert c.mae("bone_age").estimate(m).value == pytest.approx(
        mean_absolute_error(long_reference, a["edited"].ravel())
    )
    drift = c.mae_drift("bone_age").estimate(m)
    before = mean_absolute_error(a["reference"], a["original"])
    assert drift.notes["original"] == pytest.approx(before)
    assert drift.value == pytest.approx(c.mae("bone_age").estimate(m).value - before)
    assert c.rmse("bone_age").estimate(m).value == pytest.approx(
        np.sqrt(((a["edited"].T - a["reference"]) ** 2).mean())
    )
    assert c.bias("bone_age").estimate(m).value == pytest.approx((a["edited"].T - a["reference"]).mean())
    assert c.prediction_drift("bone_age").estimate(m).value == pytest.approx((a["edited"].T - a["original"]).mean())
    assert c.prediction_change("bone_age").estimate(m).value == pytest.approx(
        np.abs(a["edited"].T - a["original"]).mean()
    )


def test_probabilities_against_scikit_learn(arrays):
    m, a = measured(arrays), arrays
    y, p = np.repeat(a["sex"], R), a["rescored"].ravel()
    assert c.auc("sex").estimate(m).value == pytest.approx(roc_auc_score(y, p))
    assert c.auc("sex", arm="original").estimate(m).value == pytest.approx(roc_auc_score(a["sex"], a["score"]))
    assert c.auc_drift("sex").estimate(m).value == pytest.approx(
        roc_auc_score(y, p) - roc_auc_score(a["sex"], a["score"])
    )
    assert c.brier("sex").estimate(m).value == pytest.approx(brier_score_loss(y, p))
    assert c.sensitivity("sex", at=0.4).estimate(m).value == pytest.approx((p[y == 1] >= 0.4).mean())
    assert c.specificity("sex", at=0.4).estimate(m).value == pytest.approx((p[y == 0] < 0.4).mean())
    few = m.where("bone_age<100")
    assert "at least 50" in c.probability_slope("sex").estimate(few).reason
    assert "at least 50" in c.probability_intercept("sex").estimate(few).reason
    assert "at least 100" in c.limits_of_agreement("bone_age", side="upper").estimate(few).reason


def test_repeats(arrays):
    m, a = measured(arrays), arrays
    assert c.repeat_sd("bone_age").estimate(m).value == pytest.approx(np.sqrt(a["edited"].var(axis=1, ddof=1).mean()))
    labels = a["rescored"] >= 0.5
    assert c.label_flip_rate("sex").estimate(m).value == (labels.any(axis=1) & ~labels.all(axis=1)).mean()
    torn = a["rescored"].copy()
    torn[labels.all(axis=1), 0] = np.nan
    assert labels.all(axis=1).any()
    held = {
        rule: c.label_flip_rate("sex", missing=rule).estimate(measured(arrays, rescored=torn)).value for rule in RULES
    }
    assert held["worst_case"] >= held["original_used"] >= held["complete_case"]
    torn_high = c.label_flip_rate("sex").estimate(measured(arrays, rescored=torn)).high
    assert torn_high > c.label_flip_rate("sex").estimate(m).high
    changed = (labels != (a["score"] >= 0.5)[:, None]).any(axis=1)
    assert c.label_change_rate("sex").estimate(m).value == changed.mean()
    assert 0.9 < c.icc("bone_age").estimate(m).value < 1
    one = measured(arrays, edited=a["edited"][:, :1], rescored=a["rescored"][:, :1], d=a["d"][:, :1])
    assert "one per case" in c.repeat_sd("bone_age").estimate(one).reason


def test_agreement(arrays):
    m, a = measured(arrays), arrays
    change = a["edited"] - a["original"][:, None]
    upper = c.limits_of_agreement("bone_age", side="upper").estimate(m)
    lower = c.limits_of_agreement("bone_age", side="lower").estimate(m)
    assert (upper.value + lower.value) / 2 == pytest.approx(change.mean())
    assert upper.value - lower.value == pytest.approx(2 * 1.959964 * change.std(), rel=1e-6)
    large = np.abs(change) > 6
    assert c.share_changed("bone_age", more_than=6).estimate(m).value == large.any(axis=1).mean()
    assert c.share_changed("bone_age", more_than=6, per="edit").estimate(m).value == pytest.approx(large.mean())
    fit = np.polyfit(a["edited"].ravel(), np.repeat(a["reference"], R), 1)
    assert c.calibration_slope("bone_age").estimate(m).value == pytest.approx(fit[0])
    assert c.calibration_intercept("bone_age").estimate(m).value == pytest.approx(fit[1])


def test_bias_interaction_finds_harm_to_one_sex_and_to_one_age(arrays):
    a = arrays
    male = a["sex"] == 1
    by_sex = a["edited"] + 8 * male[:, None]
    by_age = a["edited"] + 0.2 * a["reference"][:, None]
    sex, age = c.bias_interaction("bone_age", by="sex"), c.bias_interaction("bone_age", by="bone_age")
    change = (a["edited"] - a["original"][:, None]).mean(axis=1)
    assert sex.estimate(measured(a)).value == pytest.approx(change[male].mean() - change[~male].mean())
    assert sex.estimate(measured(a, edited=by_sex)).low > 3
    found = age.estimate(measured(a, edited=by_age))
    assert 0.1 < found.low < found.value < found.high < 0.3
    with pytest.raises(ProtocolError, match="the cohort knows"):
        c.bias_interaction("bone_age", by="scanner").estimate(measured(a))


def test_linear_harm_is_curable_and_scatter_is_not(arrays):
    a = arrays
    drift, cured = c.mae_drift("bone_age"), c.recalibrated(c.mae_drift("bone_age"), "linear")
    linear = measured(a, edited=0.6 * a["original"][:, None] + 70 + np.zeros((N, R)))
    assert drift.estimate(linear).value > 10
    assert cured.estimate(linear).value == pytest.approx(0, abs=1e-9)
    noise = np.random.default_rng(0).normal(0, 40, (N, R))
    assert cured.estimate(measured(a, edited=a["edited"] + noise)).low > 8
    with pytest.raises(ProtocolError, match="there are linear"):
        c.recalibrated(drift, "cubic")
    with pytest.raises(ProtocolError, match="not measured against"):
        c.recalibrated(c.failure_rate())


def test_ks_of_the_worst_edit_of_each_patient(arrays):
    m, a = measured(arrays), arrays
    assert c.ks_distance().estimate(m).value == pytest.approx(a["d"].mean())
    share = c.ks_distance(margin=0.08).estimate(m)
    assert share.value == (a["d"].max(axis=1) <= 0.08).mean()
    assert share.method == "Clopper-Pearson on patients"


def test_missing_edits_count_as_ruined_images_and_radiographs_without_a_marker_do_not(arrays):
    d = arrays["d"].copy()
    d[0] = np.nan
    m = measured(arrays, d=d)
    assert c.ks_distance().estimate(m).value == pytest.approx(d[1:].mean())
    assert c.ks_distance().estimate(m).n_patients == N - 1
    edited = arrays["edited"].copy()
    edited[0] = np.nan
    lost = measured(arrays, d=d, edited=edited)
    found = c.ks_distance().estimate(lost)
    assert found.n_missing == R
    assert found.value == pytest.approx(d[1:].mean())
    assert found.high > c.ks_distance().estimate(m).high
    assert found.high > (d[1:].mean(axis=1).sum() + 1) / N, "above the mean with a ruined image in its place"
    assert c.registration_drift("rotation").estimate(m).n_missing == R
    assert c.ks_distance().estimate(m).n_missing == 0


def test_failures_are_counted_by_kind(arrays):
    edited = arrays["edited"].copy()
    edited[:4, 0] = np.nan
    m = measured(arrays, edited=edited)
    assert c.failure_rate().estimate(m).value == pytest.approx(4 / (N * R))
    assert c.refusal_rate().estimate(m).value == 0.0
    assert c.refusal_rate().estimate(m).high > 0.01
    assert c.failure_rate(statuses=("failed",)).estimate(m).value == pytest.approx(4 / (N * R))


def test_feature_distance_over_patients():
    rng = np.random.default_rng(1)
    original = rng.normal(23, 4, 60)
    m = table(originals={}, edits={}, references={}, images={"sd:whole": original[:, None] + rng.normal(9, 2, (60, 3))})
    rows = pd.DataFrame(
        [(f"c{i:04d}", "original", 0, "image", "sd:whole", original[i], "levels") for i in range(60)],
        columns=m.rows.columns,
    )
    m = replace(m, rows=pd.concat([m.rows, rows]))
    found = c.feature_ks("sd").estimate(m)
    assert found.low > 0.4
    assert found.notes["p_swap"] < 0.01


def test_units_and_calls_are_written_down():
    card = c.Criterion("A", c.share_changed("bone_age", more_than=6), c.at_most(0.05), source="x").card
    assert card.estimand == "share of patients changed by more than 6 months"
    assert str(card.specification).startswith("share_changed('bone_age', more_than=6, per='patient'")
    assert repr(c.recalibrated(c.mae_drift("bone_age"))).startswith("recalibrated(mae_drift('bone_age'")
    for wrong in (
        lambda: c.mae_drift("bone_age", arm="original"),
        lambda: c.auc_drift("sex", arm="original"),
        lambda: c.mae("bone_age", missing="ignore"),
        lambda: c.limits_of_agreement("bone_age", side="middle"),
        lambda: c.share_changed("bone_age", more_than=6, per="pixel"),
        lambda: c.registration_drift("flip"),
    ):
        with pytest.raises(ProtocolError):
            wrong()


def test_holm_and_benjamini_hochberg_agree_with_statsmodels(arrays):
    from scipy.stats import ttest_1samp
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(4)
    claims, p = [], []
    for shift in (0.0, 0.55, 0.6, 0.65, 0.9, 2.0):
        drift = rng.normal(2 - shift, 2, (60, 1))
        original = np.full(60, 100.0)
        m = table(
            originals={"bone_age": original},
            edits={"bone_age": original[:, None] + drift},
            references={"bone_age": original},
        )
        claims.append(
            (c.Criterion("D", c.prediction_drift("bone_age"), c.at_most(2.0), source="x", limits="conventional"), m)
        )
        p.append(ttest_1samp(drift[:, 0], 2, alternative="less").pvalue)
    for rule, theirs in (("holm", "holm"), ("benjamini-hochberg", "fdr_bh")):
        ours = [bool(verdict) for verdict in verdicts_of_family(claims, rule)]
        assert ours == list(multipletests(p, 0.05, theirs)[0])
    with pytest.raises(ProtocolError, match="holm"):
        verdicts_of_family(claims, "bonferroni")


def test_a_plan_is_kept_by_the_studies_that_follow(arrays):
    """Studies of the planned size are drawn anew and decided by the very rule: as many pass as the plan said."""
    rng = np.random.default_rng(0)
    claim = c.Criterion("P", c.prediction_drift("bone_age", cap=24.0), c.at_most(2.0), source="x")

    def study(n):
        original = np.full(n, 100.0)
        change = rng.exponential(3.0, (n, 1)) - 2.2 + rng.normal(0, 2, (n, 2))
        edits = original[:, None] + change
        return table(originals={"bone_age": original}, edits={"bone_age": edits}, references={"bone_age": original})

    planned = power_by_pilot([(claim, "all")], study(2000), 80, draws=200).of_suite
    passed = np.mean([bool(c.verdict_on(claim, study(80))) for _ in range(100)])
    assert 0.2 < planned < 0.95, "a plan of which something can be seen"
    assert passed == pytest.approx(planned, abs=0.16)


def test_lost_edits_and_small_numbers_cost_power(arrays):
    claim = c.Criterion("P", c.mae_drift("bone_age", cap=24.0), c.at_most(2.5), source="x")
    pilot = measured(arrays, edited=arrays["original"][:, None] + np.random.default_rng(1).normal(0, 2, (N, R)))
    whole, lossy = (power_by_pilot([(claim, "all")], pilot, 100, draws=60, lost=lost) for lost in (0.0, 0.05))
    assert whole.of_claim["P"] == whole.of_suite > 0.9
    assert lossy.of_suite < whole.of_suite
    assert power_by_pilot([(claim, "all")], pilot, 20, draws=20).of_suite == 0.0
    assert 20 < patients_by_pilot(claim, "all", pilot, 20, draws=60) <= 120
    hopeless = c.Criterion("P", c.mae_drift("bone_age", cap=24.0), c.at_most(0.01), source="x")
    assert patients_by_pilot(hopeless, "all", pilot, 20, draws=20) is None


def test_power_of_normal_drifts():
    spread = Spread(between=6.0, within=4.0, drift=0.5)
    needed = patients_needed(spread, 2.0, 3)
    assert power(spread, 2.0, needed, 3) >= 0.9 > power(spread, 2.0, needed // 2, 3)
    assert patients_needed(Spread(5, drift=3), 2.0) is None
    assert power(spread, 2.0, 88) == 0.0, "89 patients are the fewest at a cap of 30 margins"


def test_a_pilot_gives_its_own_spread():
    rng = np.random.default_rng(0)
    original = np.full(3000, 100.0)
    edited = original[:, None] + 200 + rng.normal(0, 6, (3000, 1)) + rng.normal(0, 3, (3000, 3))
    m = table(originals={"bone_age": original}, edits={"bone_age": edited}, references={"bone_age": original})
    found = spread_in_pilot(m, "bone_age")
    assert (found.between, found.within, found.drift) == pytest.approx((6, 3, 200), rel=0.04)


def test_shares_that_no_study_of_this_size_can_prove():
    assert provable_share(58) < 0.95 < provable_share(59)
    assert power_of_share(1.0, 0.95, 58) == 0.0
    assert power_of_share(1.0, 0.95, 59) == 1.0

"""Patients whom no primary claim judges are counted, and a claim that cannot fail is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof import (
    Criterion,
    at_least,
    at_most,
    auc_drift,
    change_beyond_rescan,
    failure_rate,
    mae_drift,
    measurements_of,
    prediction_change,
    prediction_drift,
    ssim,
    within,
)
from editproof.audit.coverage import part_of_the_cohort
from editproof.audit.reservations import low_caps, low_confidence
from editproof.criteria.claimed import check_can_fail
from editproof.errors import ProtocolError
from editproof.evidence.facts import Claim, ToolFacts
from editproof.types import EditorCard

from tests.audit.study import evidence

N = 40


def facts(*claims: Criterion, stratum: str = "all", unknown: int = 0, once: int = 0):
    """A tool judged by some claims on N patients, of whom some have no reference standard or were acquired once."""
    cases, rows = [], []
    for k in range(N):
        for again in range(1 if k < once else 2):
            case = f"C{k}-{again}"
            reference = np.nan if k < unknown else 100.0
            strata = {"stratum:sex": "FM"[k % 2], "stratum:acquired": f"A{k}"}
            cases.append({"case": case, "patient": f"P{k}", "reference:age": reference, **strata})
            rows += [(case, arm, 0, "pooled", "age", 100.0 + again, "months") for arm in ("original", "edited")]
    edits = [(case["case"], 0, "ok", "") for case in cases]
    table = measurements_of("tool", cases, rows, edits)
    made = tuple(Claim(claim.card, stratum, "a test", ()) for claim in claims)
    return replace(evidence().facts, tools=(ToolFacts(EditorCard("tool", "1", "a tool"), made, table),))


def claim(estimand, region=at_most(2.0), **also):  # noqa: B008
    return Criterion("A-1", estimand, region, source="a test", **also)


def told(found) -> list[str]:
    return [reservation.sentence for reservation in found]


def test_a_claim_on_everybody_is_about_everybody():
    assert told(part_of_the_cohort(facts(claim(mae_drift("age", cap=60.0))))) == []


def test_patients_without_a_reference_standard_are_counted():
    first, second = told(part_of_the_cohort(facts(claim(mae_drift("age", cap=60.0)), unknown=24)))
    assert first.startswith("A-1 leaves out 24 of 40 patients of whom it is not known")
    assert second == "24 of 40 patients are judged by no primary claim on tool."


def test_patients_whom_another_claim_judges_are_not_said_to_be_judged_by_none():
    both = facts(claim(mae_drift("age", cap=60.0)), replace(claim(failure_rate(), at_most(0.2)), id="B-1"), unknown=24)
    [only] = told(part_of_the_cohort(both))
    assert only.startswith("A-1 leaves out 24 of 40 patients")


def test_patients_who_were_acquired_once_are_counted():
    rescan = claim(change_beyond_rescan("age", by="acquired", cap=60.0), at_most(0.0))
    first, second = told(part_of_the_cohort(facts(rescan, once=30)))
    assert first.startswith("A-1 leaves out 30 of 40 patients")
    assert second.startswith("30 of 40 patients are judged by no primary claim")
    estimate = rescan.estimand.estimate(facts(rescan, once=30).tools[0].measurements)
    assert (estimate.n_patients, estimate.n_edits) == (10, 20)


def test_the_only_primary_claim_in_one_stratum_leaves_out_the_rest():
    [only] = told(part_of_the_cohort(facts(claim(mae_drift("age", cap=60.0)), stratum="sex=F")))
    assert only == "20 of 40 patients are judged by no primary claim on tool."
    secondary = facts(claim(mae_drift("age", cap=60.0), role="secondary"), stratum="sex=F")
    assert told(part_of_the_cohort(secondary)) == []


def test_a_low_cap_and_a_low_confidence_are_reserved():
    assert told(low_caps(facts(claim(mae_drift("age", cap=60.0))))) == []
    [cap] = told(low_caps(facts(claim(mae_drift("age", cap=4.0)))))
    assert cap.startswith("Under A-1 a change counts for less than 5 margins")
    assert told(low_confidence(facts(claim(mae_drift("age", cap=60.0))))) == []
    [level] = told(low_confidence(facts(claim(mae_drift("age", cap=60.0), confidence=0.51))))
    assert level.startswith("The one-sided confidence of A-1 is below 95")


@pytest.mark.parametrize(
    ("estimand", "region"),
    [
        (prediction_change("age", cap=2.0), at_most(2.0)),
        (prediction_change("age", cap=60.0), at_least(0.0)),
        (mae_drift("age", cap=2.0), within(-2.0, 2.0)),
        (failure_rate(), at_most(1.0)),
        (ssim(), at_least(-1.0)),
        (auc_drift("sex"), at_least(-1.0)),
        (prediction_drift("age", cap=24.0), at_most(24.0)),
    ],
)
def test_a_claim_that_cannot_fail_is_refused(estimand, region):
    with pytest.raises(ProtocolError, match="it cannot fail: every value lies between"):
        check_can_fail([Criterion("A-1", estimand, region, source="a test")])


def test_a_claim_that_can_fail_is_not():
    check_can_fail([claim(prediction_change("age", cap=60.0)), claim(failure_rate(), at_most(0.99))])

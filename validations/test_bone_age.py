"""Bone-age readings survive the edit."""

import pytest

from harness import Criterion, at_most, mae_drift, prediction_drift, recalibrated, within

SOURCE = (
    "placeholder for your protocol: a third of the half year by which readers and models differ from the reference "
    "(Larson 2018, doi:10.1148/radiol.2017170236)"
)
HAZARD = "a growth disorder is staged wrongly, or treated at the wrong time"
SUBGROUPS = ["sex=F", "sex=M", "bone_age<96", "bone_age>=96"]

DRIFT = Criterion(
    "BA-1",
    mae_drift("bone_age", unit="months"),
    at_most(2.0),
    source=SOURCE,
    hazard=HAZARD,
    sentence="Editing makes bone-age readings at most 2 months worse on average.",
)
SHIFT = Criterion(
    "BA-2",
    prediction_drift("bone_age", unit="months"),
    within(-2.0, 2.0),
    source=SOURCE,
    hazard=HAZARD,
    sentence="Editing makes hands look neither older nor younger by more than 2 months on average.",
)
DRIFT_IN_SUBGROUP = Criterion(
    "BA-3",
    mae_drift("bone_age", unit="months"),
    at_most(3.0),
    role="secondary",
    source="placeholder for your protocol: one and a half times the margin of the whole cohort",
    hazard=HAZARD,
    sentence="No sex and no age group bears an error that the average hides.",
)
DRIFT_AFTER_CALIBRATION = Criterion(
    "BA-4",
    recalibrated(mae_drift("bone_age", unit="months"), "linear"),
    at_most(2.0),
    role="secondary",
    source=SOURCE,
    hazard="harm is thought to be cured by a correction that does not cure it",
    sentence="What is left after a straight-line correction of the readings, fitted on other patients.",
)


def test_mae_drift(study, judge):
    assert judge(DRIFT, study)


def test_prediction_drift(study, judge):
    assert judge(SHIFT, study)


@pytest.mark.parametrize("stratum", SUBGROUPS)
def test_mae_drift_in_subgroup(study, judge, stratum):
    assert judge(DRIFT_IN_SUBGROUP, study.where(stratum)).met


def test_drift_after_linear_calibration(study, judge):
    assert judge(DRIFT_AFTER_CALIBRATION, study).met

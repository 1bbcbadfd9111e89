"""Bone-age readings survive the edit."""

from editproof import Criterion, at_most, mae_drift, prediction_drift, recalibrated, share_changed, within

SOURCE = (
    "placeholder for your protocol: a third of the half year by which readers and models differ from the reference "
    "(Larson 2018, doi:10.1148/radiol.2017170236)"
)
REQUIREMENT, HAZARD = "R1", "H1"  # see register.toml
CAP, CAPPED = 60.0, "A change counts for five years at most, as a missing edit does at its worst."
SUBGROUPS = ["sex=F", "sex=M", "bone_age<96", "bone_age>=96"]

DRIFT = Criterion(
    "BA-1",
    mae_drift("bone_age", cap=CAP, unit="months"),
    at_most(2.0),
    source=SOURCE,
    rationale=CAPPED,
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="Editing makes bone-age readings at most 2 months worse on average.",
)
SHIFT = Criterion(
    "BA-2",
    prediction_drift("bone_age", cap=CAP, unit="months"),
    within(-2.0, 2.0),
    source=SOURCE,
    rationale=CAPPED,
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="Editing makes hands look neither older nor younger by more than 2 months on average.",
)
DRIFT_IN_SUBGROUP = Criterion(
    "BA-3",
    mae_drift("bone_age", cap=36.0, unit="months"),
    at_most(3.0),
    role="secondary",
    source="placeholder for your protocol: one and a half times the margin of the whole cohort",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="No sex and no age group bears an error that the average hides.",
    min_patients=30,
)
DRIFT_AFTER_CALIBRATION = Criterion(
    "BA-4",
    recalibrated(mae_drift("bone_age", unit="months"), "linear"),
    at_most(2.0),
    role="secondary",
    source=SOURCE,
    requirement=REQUIREMENT,
    hazard="H2",
    sentence="What is left after a straight-line correction of the readings, fitted on other patients.",
)
LARGE_CHANGES = Criterion(
    "BA-5",
    share_changed("bone_age", more_than=12.0, per="edit"),
    at_most(0.05),
    source="placeholder for your protocol: a year, twice the half year by which readers and models differ from the "
    "reference (Larson 2018, doi:10.1148/radiol.2017170236)",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    rationale="A mean forgives disasters that are rare; this share does not.",
    sentence="Fewer than one edit in twenty is read more than a year older or younger than its original.",
)


def test_mae_drift(study, judge):
    assert judge(DRIFT, study)


def test_prediction_drift(study, judge):
    assert judge(SHIFT, study)


def test_mae_drift_in_subgroups(study, judge):
    claims = [(DRIFT_IN_SUBGROUP, study.where(stratum)) for stratum in SUBGROUPS]
    assert all(verdict.met for verdict in judge.family(claims, rule="holm"))


def test_large_changes(study, judge):
    assert judge(LARGE_CHANGES, study)


def test_drift_after_linear_calibration(study, judge):
    assert judge(DRIFT_AFTER_CALIBRATION, study).met

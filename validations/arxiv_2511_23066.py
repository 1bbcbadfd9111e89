"""The protocol of arXiv 2511.23066 as a suite of its own: what that study measured, as claims.

    pytest validations/arxiv_2511_23066.py --dataset rsna:TEST_SET --editor folder:PUBLISHED_EDITS --repeats 3

``python -m docs.paper_table reports/RUN`` then prints the study's table: its figures as published, the same analysis of
the run, and ours. Its prompt asked for the removal of non-anatomical artefacts and labels outside the hand, keeping all
anatomy; each radiograph was edited three times. ``pytest validations/`` runs the suite of today and not this one.
Requirements and hazards are those of ``register.toml``.
"""

from editproof import (
    Criterion,
    at_least,
    at_most,
    auc_drift,
    feature_ks,
    label_flip_rate,
    mae_drift,
    recalibrated,
    repeat_difference,
)

PLACEHOLDER = "placeholder for your protocol; arXiv 2511.23066 set no limit beforehand and reported "

MAE = Criterion(
    "P-1",
    mae_drift("bone_age", cap=60.0, unit="months"),
    at_most(2.0),
    source=PLACEHOLDER + "a bone-age MAE of 6.26 months on originals and 30.11 on edits",
    requirement="R1",
    hazard="H1",
    sentence="Editing makes bone-age readings at most 2 months worse on average.",
)
CALIBRATED = Criterion(
    "P-2",
    recalibrated(mae_drift("bone_age", unit="months"), "linear"),
    at_most(2.0),
    source=PLACEHOLDER + "19.55 months after linear calibration (reported by a third party)",
    requirement="R1",
    hazard="H2",
    limitation="The study fitted and scored its line on the same cases; here it is fitted on other patients.",
    sentence="After a straight-line correction, at most 2 months of error are left of the edit.",
)
AUC = Criterion(
    "P-3",
    auc_drift("sex"),
    at_least(-0.03),
    source=PLACEHOLDER + "an AUC of 0.955 on originals and 0.704 on edits",
    requirement="R2",
    hazard="H3",
    sentence="Editing costs the sex classifier at most 0.03 of AUC.",
)
INTENSITY = Criterion(
    "P-4",
    feature_ks("sd"),
    at_most(0.20),
    source=PLACEHOLDER + "an SD of pixel intensities of 23.05 on originals and 31.91 on edits (third party)",
    requirement="R3",
    hazard="H5",
    rationale="Over patients, not over pixels: the study's p-values over pixels would be 0 for any change at all.",
    sentence="The contrast of radiographs (SD of intensities) is distributed over patients as before: D at most 0.20.",
)
REPEATS = Criterion(
    "P-5",
    repeat_difference("bone_age", cap=24.0, unit="months"),
    at_most(2.26),
    source=PLACEHOLDER + "an SD of 8.77 +- 5.81 months between the three repeats (authors' notebook); 2.26 months lie "
    "between two normal readings of SD 2",
    requirement="R5",
    hazard="H7",
    sentence="Repeated edits of one radiograph read alike: at most 2.26 months apart on average.",
)
FLIPS = Criterion(
    "P-6",
    label_flip_rate("sex"),
    at_most(0.05),
    source=PLACEHOLDER + "29.5 % of patients with another predicted sex in another repeat (authors' notebook)",
    requirement="R5",
    hazard="H4",
    sentence="Fewer than one patient in twenty changes predicted sex between repeats.",
)


def test_bone_age_error(study, judge):
    assert judge(MAE, study)


def test_bone_age_error_after_calibration(study, judge):
    assert judge(CALIBRATED, study)


def test_sex_discrimination(study, judge):
    assert judge(AUC, study)


def test_intensities(study, judge):
    assert judge(INTENSITY, study)


def test_repeats_of_bone_age(study, judge):
    assert judge(REPEATS, study)


def test_repeats_of_sex(study, judge):
    assert judge(FLIPS, study)

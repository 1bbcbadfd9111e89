"""Enhancement: the edit comes closer to the target than its original was, and is read as the target is.

Run it with `pytest validations/enhancement`; see docs/enhancement.md. Every claim is against the target (full dose and
clean): a tool that does nothing fails, and closeness to the input is not taken for quality. PSNR and SSIM are
benefit alone and never suffice: a smoother gains both.
"""

from editproof import (
    Criterion,
    against_target,
    at_least,
    at_most,
    auc_drift,
    failure_rate,
    local_change,
    prediction_change,
    share_changed,
    target_gain,
)

PLACEHOLDER = "placeholder for your protocol"
READERS = (
    "the half year by which readers and models differ from the reference (Larson 2018, doi:10.1148/radiol.2017170236)"
)
CAP = 24.0

CLOSER = Criterion(
    "EN-1",
    target_gain("psnr", cap=10.0),
    at_least(2.0),
    source=f"{PLACEHOLDER}: at most two thirds of the power of the error are left",
    requirement="E1",
    hazard="E-H1",
    limitation="PSNR rewards smoothing: it says nothing about what was lost.",
    sentence="In the anatomy the edit is at least 2 dB of PSNR closer to the target than its original.",
)
LIKER = Criterion(
    "EN-2",
    target_gain("ssim", cap=0.5),
    at_least(0.05),
    source=PLACEHOLDER,
    requirement="E1",
    hazard="E-H1",
    limitation="SSIM rewards smoothing too.",
    sentence="In the anatomy the edit gains at least 0.05 of SSIM to the target.",
)
READ_ALIKE = Criterion(
    "EN-3",
    against_target(prediction_change("bone_age", cap=CAP, unit="months")),
    at_most(6.0),
    source=f"{PLACEHOLDER}: {READERS}",
    requirement="E2",
    hazard="E-H2",
    rationale="A change counts for two years at most, as a missing edit does at its worst.",
    sentence="On average the edit is read at most half a year apart from the target.",
)
FAR_OFF = Criterion(
    "EN-4",
    against_target(share_changed("bone_age", more_than=12.0, per="edit")),
    at_most(0.10),
    source=f"{PLACEHOLDER}: a year is twice {READERS}",
    requirement="E2",
    hazard="E-H2",
    rationale="A mean forgives disasters that are rare; this share does not.",
    sentence="Fewer than one edit in ten is read more than a year older or younger than its target.",
)
LOST_STRUCTURE = Criterion(
    "EN-5",
    against_target(local_change(more_than=0.6)),
    at_most(0.05),
    source=f"{PLACEHOLDER}: noise of 6 % of the range, left as it is, makes some such patch in every patient",
    requirement="E3",
    hazard="E-H3",
    rationale="A mean over the frame is blind to a structure that was smoothed away or made up.",
    sentence="Fewer than one patient in twenty has a patch of anatomy of which most clearly differs from the target.",
)
SEX = Criterion(
    "EN-6",
    against_target(auc_drift("sex")),
    at_least(-0.06),
    role="secondary",
    source=f"{PLACEHOLDER}: a quarter of the loss in arXiv 2511.23066 (0.955 to 0.704)",
    requirement="E2",
    hazard="E-H2",
    sentence="The sex is read from the edit nearly as well as from the target.",
)
FAILURES = Criterion(
    "EN-7",
    failure_rate(),
    at_most(0.05),
    source=PLACEHOLDER,
    requirement="E4",
    hazard="E-H4",
    sentence="At most one requested edit in twenty does not come back, in the declared geometry, as a usable image.",
)


def test_psnr_gain(study, judge):
    assert judge(CLOSER, study)


def test_ssim_gain(study, judge):
    assert judge(LIKER, study)


def test_readings(study, judge):
    assert judge(READ_ALIKE, study)


def test_large_changes(study, judge):
    assert judge(FAR_OFF, study)


def test_lost_structures(study, judge):
    assert judge(LOST_STRUCTURE, study)


def test_sex(study, judge):
    assert judge(SEX, study).met


def test_failures(study, judge):
    assert judge(FAILURES, study)

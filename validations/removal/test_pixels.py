"""Pixels that the tool was not asked to change stay as they were."""

import pytest
from editproof import Criterion, at_least, at_most, ks_distance, local_change, outside_mask_change

REQUIREMENT, HAZARD = "R3", "H5"  # see register.toml

INTENSITY = {
    region: Criterion(
        f"KS-{number}",
        ks_distance(region=region, margin=0.05, per="edit"),
        at_least(0.90),
        source="placeholder for your protocol: D of 0.05, a twentieth of the pixels moved across some gray level",
        requirement=REQUIREMENT,
        hazard=HAZARD,
        rationale="D is an effect size; p-values over millions of pixels are always 0 and say nothing.",
        sentence=f"In nine of ten edits the intensities ({words}) keep their distribution: D at most 0.05.",
    )
    for number, (region, words) in enumerate((("protected", "the hand"), ("outside_mask", "outside the mask")), start=1)
}
OUTSIDE = Criterion(
    "PX-1",
    outside_mask_change(margin=0.01),
    at_most(0.05),
    source="placeholder for your protocol: a mask-limited fill changes none, lossy storage few",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="In at most one edit in twenty, over 1 % of pixels outside the mask change by more than 2 % of range.",
)
LOCAL = Criterion(
    "LH-1",
    local_change(),
    at_most(0.05),
    source="placeholder for your protocol; JPEG of quality 90 leaves no damaged patch (docs/metrics.md)",
    requirement=REQUIREMENT,
    hazard="H9",
    rationale="A mean over the frame is blind to a lost fingertip or a drawn line; two harms may cancel in a reading.",
    sentence="Fewer than one patient in twenty has a patch of anatomy of about 4 mm that an edit visibly altered.",
)


@pytest.mark.parametrize("region", INTENSITY)
def test_intensity_distribution(study, judge, region):
    assert judge(INTENSITY[region], study)


def test_outside_mask_change(study, judge):
    assert judge(OUTSIDE, study)


def test_local_change(study, judge):
    assert judge(LOCAL, study)

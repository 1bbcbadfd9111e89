"""Pixels that the tool was not asked to change stay as they were."""

import pytest
from editproof import Criterion, at_least, at_most, ks_distance, outside_mask_change

REQUIREMENT, HAZARD = "R3", "H5"  # see register.toml

INTENSITY = {
    region: Criterion(
        f"KS-{number}",
        ks_distance(region=region, margin=0.05),
        at_least(0.90),
        source="placeholder for your protocol: D of 0.05, a twentieth of the pixels moved across some gray level",
        requirement=REQUIREMENT,
        hazard=HAZARD,
        rationale="D is an effect size; p-values over millions of pixels are always 0 and say nothing.",
        sentence=f"In nine of ten radiographs the intensities ({words}) keep their distribution: D at most 0.05.",
    )
    for number, (region, words) in enumerate((("protected", "the hand"), ("outside_mask", "outside the mask")), start=1)
}
OUTSIDE = Criterion(
    "PX-1",
    outside_mask_change(),
    at_most(0.01),
    source="placeholder for your protocol: a mask-limited fill changes none, lossy storage few",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="At most one pixel in a hundred outside the edit mask changes by more than 2 % of the range.",
)


@pytest.mark.parametrize("region", INTENSITY)
def test_intensity_distribution(study, judge, region):
    assert judge(INTENSITY[region], study)


def test_outside_mask_change(study, judge):
    assert judge(OUTSIDE, study)

"""The tool does what it is asked, each time, and alike each time."""

from editproof import Criterion, at_most, failure_rate, repeat_difference

FAILURES = Criterion(
    "REL-1",
    failure_rate(),
    at_most(0.05),
    source="placeholder for your protocol",
    requirement="R4",
    hazard="H6",
    sentence="At most one requested edit in twenty does not come back as a usable image.",
)
REPEATS = Criterion(
    "REL-2",
    repeat_difference("bone_age", cap=24.0, unit="months"),
    at_most(2.26),
    source="placeholder for your protocol: 2.26 months between two normal readings of SD 2 (2 x 2 / root of pi); an SD "
    "of 8.77 months between repeats in arXiv 2511.23066 (authors' notebook)",
    requirement="R5",
    hazard="H7",
    rationale="A mean of capped differences is bounded by any number of patients, a standard deviation by none.",
    sentence="Repeated edits of one radiograph read alike: 2.26 months apart on average, as of readings of SD 2.",
)


def test_failure_rate(study, judge):
    assert judge(FAILURES, study)


def test_repeat_difference(study, judge):
    assert judge(REPEATS, study)

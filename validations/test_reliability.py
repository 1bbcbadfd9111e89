"""The tool does what it is asked, each time, and alike each time."""

from editproof import Criterion, at_most, failure_rate, repeat_sd

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
    repeat_sd("bone_age", unit="months"),
    at_most(2.0),
    source="placeholder for your protocol; 8.77 months in arXiv 2511.23066 (authors' notebook)",
    requirement="R5",
    hazard="H7",
    sentence="Repeated edits of one radiograph read alike: SD at most 2 months.",
)


def test_failure_rate(study, judge):
    assert judge(FAILURES, study)


def test_repeat_sd(study, judge):
    assert judge(REPEATS, study)

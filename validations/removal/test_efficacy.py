"""The tool does what it is asked for. A tool that does nothing is safe and useless; the suite says both."""

from editproof import Criterion, at_most, marker_residual

REMOVAL = Criterion(
    "EFF-1",
    marker_residual(),
    at_most(0.3),
    role="secondary",
    source="placeholder for your protocol",
    requirement="R6",
    hazard="H8",
    sentence="At most three tenths of the marker's contrast are left.",
)


def test_marker_removal(study, judge):
    assert judge(REMOVAL, study).met

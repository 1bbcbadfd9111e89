"""What can be seen in the anatomy before the edit can be seen after it."""

from editproof import Criterion, at_least, planted_seen

PLANTED = Criterion(
    "PLT-1",
    planted_seen(),
    at_least(0.75),
    source="placeholder for your protocol; of 20 patients, one may lose a structure",
    requirement="R7",
    hazard="H9",
    rationale="No instrument of this suite reads findings; a disc and a line of known contrast stand in for them.",
    sentence="In three of four patients a small lesion and a line put into the hand are still seen after the edit.",
)


def test_planted_structures(study, judge):
    assert judge(PLANTED, study)

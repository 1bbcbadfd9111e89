"""Sex can still be read from the hand, a proxy for shape that the edit must preserve."""

from editproof import Criterion, at_least, at_most, auc, auc_drift, label_flip_rate

REQUIREMENT, HAZARD = "R2", "H3"  # see register.toml

DRIFT = Criterion(
    "SEX-1",
    auc_drift("sex"),
    at_least(-0.03),
    source="placeholder for your protocol: an eighth of the loss in arXiv 2511.23066 (0.955 to 0.704)",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="Editing costs the sex classifier at most 0.03 of AUC.",
)
FLOOR = Criterion(
    "SEX-2",
    auc("sex"),
    at_least(0.80),
    source="placeholder for your protocol",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="On edited radiographs the sex classifier still reaches an AUC of 0.80.",
)
FLIPS = Criterion(
    "SEX-3",
    label_flip_rate("sex"),
    at_most(0.05),
    source="placeholder for your protocol; 0.295 in arXiv 2511.23066 (authors' notebook)",
    requirement="R5",
    hazard="H4",
    sentence="Fewer than one patient in twenty changes predicted sex between repeats.",
)


def test_auc_drift(study, judge):
    assert judge(DRIFT, study)


def test_auc_floor(study, judge):
    assert judge(FLOOR, study)


def test_label_flips(study, judge):
    assert judge(FLIPS, study)

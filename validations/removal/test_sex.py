"""Sex can still be read from the hand, a proxy for shape that the edit must preserve."""

from editproof import Criterion, at_least, at_most, auc, auc_drift, label_change_rate

REQUIREMENT, HAZARD = "R2", "H3"  # see register.toml

DRIFT = Criterion(
    "SEX-1",
    auc_drift("sex"),
    at_least(-0.06),
    source="placeholder for your protocol: a quarter of the loss in arXiv 2511.23066 (0.955 to 0.704)",
    requirement=REQUIREMENT,
    hazard=HAZARD,
    sentence="Editing costs the sex classifier at most 0.06 of AUC.",
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
CHANGES = Criterion(
    "SEX-3",
    label_change_rate("sex", per="edit"),
    at_most(0.05),
    source="placeholder for your protocol; between repeats, 29.5 % of patients change in arXiv 2511.23066 (authors' "
    "notebook)",
    requirement="R5",
    hazard="H4",
    sentence="Fewer than one edit in twenty is read as of another sex than its original.",
)


def test_auc_drift(study, judge):
    assert judge(DRIFT, study)


def test_auc_floor(study, judge):
    assert judge(FLOOR, study)


def test_label_changes(study, judge):
    assert judge(CHANGES, study)

"""What tests name, found before they run."""

from __future__ import annotations

import pytest
from editproof import criteria as c
from editproof.criteria import Criterion, at_least, at_most, within
from editproof.criteria.claimed import check_can_fail, strata_named
from editproof.criteria.declared import DeclaredQuantity, scales_of
from editproof.errors import ProtocolError

GROUPS = ["sex=F", "age>=96"]


def written(study, judge):
    judge(1, study.where("sex=M"))


def listed(study, judge):
    assert all(judge(1, study.where(stratum)) for stratum in GROUPS)


def made(study, judge, sex):
    judge(1, study.where(f"sex={sex}&age<96"))


def elsewhere(study, judge):
    """Compare sex=F."""
    assert judge(1, study), "sex=F"


@pytest.mark.parametrize(
    ("test", "arguments", "wanted"),
    [
        (written, {}, [("sex=M", False)]),
        (listed, {}, [("sex=F", False), ("age>=96", False)]),
        (made, {"sex": "F"}, []),
        (elsewhere, {}, []),
        (elsewhere, {"strata": ("sex=F", "age<9&sex=M")}, [("sex=F", True), ("age<9&sex=M", True)]),
        (elsewhere, {"stratum": "all"}, []),
        (written, {"group": "site=1"}, [("site=1", False), ("sex=M", False)]),
    ],
)
def test_subgroups_are_found_where_tests_name_them(test, arguments, wanted):
    assert list(strata_named(test, arguments)) == wanted


SCALES = scales_of({"grade": DeclaredQuantity(range=(0.0, 4.0))}, [], {"bone_age": [52.0, 195.0], "nothing": []})
"""Grades from 0 to 4 are declared; bone ages are known from 52 to 195, so that no change of 390 or more is counted on."""


def claim(made, region):
    return Criterion("A", made, region, source="s")


@pytest.mark.parametrize(
    ("made", "region", "said"),
    [
        (c.share_changed("bone_age", more_than=1e9), at_most(0.05), "no change is above more_than=1000000000: all lie"),
        (c.share_changed("grade", more_than=4.0, per="edit"), at_most(0.05), "all lie between 0 and 4"),
        (c.against_target(c.share_changed("grade", more_than=9.0)), at_most(0.05), "more_than=9"),
        (c.ks_distance(margin=1.0), at_least(0.9), "every value is at most margin=1"),
        (c.outside_mask_change(margin=1.5), at_most(0.05), "margin=1.5"),
        (c.local_change(more_than=1.0), at_most(0.05), "more_than=1"),
        (c.sensitivity("sex", at=0.0), at_least(0.8), "every reading is at least at=0"),
        (c.label_change_rate("sex", at=1.5), at_most(0.05), "at=1.5"),
        (c.reader_call_changes("grade", at=5.0), at_most(0.1), "no reading is at least at=5"),
        (c.grade_agreement("grade", within=4), at_least(0.9), "every change is at most within=4"),
        (
            c.share_changed("unknown", more_than=-1.0),
            within(0.1, 0.2),
            "every change is above more_than=-1: all are at",
        ),
        (c.false_boxes("nodule", cap=5, margin=-1), within(0.1, 0.2), "every value is above margin=-1"),
        (c.reader_call_drift("grade", at=0.0), within(-0.05, 0.05), "every reading is at least at=0"),
    ],
)
def test_a_threshold_off_the_scale_is_refused(made, region, said):
    with pytest.raises(ProtocolError, match=said) as refused:
        check_can_fail([claim(made, region)], SCALES)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("made", "region"),
    [
        (c.share_changed("bone_age", more_than=12.0), at_most(0.05)), (c.share_changed("bone_age", more_than=300.0), at_most(0.05)),
        (c.share_changed("unknown", more_than=1e9), at_most(0.05)), (c.share_changed("grade", more_than=3.9), at_most(0.05)),
        (c.ks_distance(margin=0.05), at_least(0.9)), (c.sensitivity("sex", at=1.0), at_least(0.8)),
        (c.grade_agreement("grade", within=3), at_least(0.9)), (c.false_boxes("nodule", cap=5, margin=1), at_most(0.1)),
        (c.point_error("apex", cap=20, margin=5), at_most(0.1)), (c.boxes_found("nodule", margin=1), at_most(0.1)),
        (c.mask_lesions_found("m", margin=1), at_most(0.1)), (c.class_agreement("f", margin=1), at_most(0.1)),
        (c.marks_kept("w", margin=1), at_most(0.1)), (c.character_error("w", cap=3, margin=2), at_most(0.1)),
        (c.mask_distance("m", cap=40, margin=3), at_most(0.1)), (c.identifiers_left("w", margin=0), at_most(0.1)),
        (c.reader_call_changes("grade", at=4.0), at_most(0.1)), (c.reader_call_changes("nodule", at=50), at_most(0.1)),
    ],
)  # fmt: skip
def test_a_threshold_on_the_scale_or_on_none_that_is_known_is_taken(made, region):
    check_can_fail([claim(made, region)], SCALES)

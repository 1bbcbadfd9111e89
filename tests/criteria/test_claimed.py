"""What tests name, found before they run."""

from __future__ import annotations

import pytest
from editproof.criteria.claimed import strata_named

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

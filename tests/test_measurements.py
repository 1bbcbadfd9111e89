"""The tidy table: subgroups, matrices, and clear words where something was not measured."""

from __future__ import annotations

import re

import numpy as np
import pytest
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED, measurements_of
from editproof.evidence.strata import check_strata, check_stratum, in_stratum


@pytest.fixture
def table():
    cases = [
        {"case": f"c{i}", "patient": f"p{i // 2}", "reference:age": 10.0 * i, "stratum:sex": "FM"[i % 2], "stratum:age": 10.0 * i}
        for i in range(4)
    ]  # fmt: skip
    rows = [(f"c{i}", ORIGINAL, 0, POOLED, "age", 10.0 * i + 1, "months") for i in range(4)]
    rows += [
        (f"c{i}", EDITED, r, POOLED, "age", 10.0 * i + r, "months")
        for i in range(4)
        for r in range(2)
        if (i, r) != (2, 1)
    ]
    edits = [(f"c{i}", r, "refused" if (i, r) == (2, 1) else "ok", "") for i in range(4) for r in range(2)]
    return measurements_of("tool", cases, rows, edits)


def test_missing_edits_are_nan_in_place(table):
    assert table.n_missing == 1
    assert np.argwhere(np.isnan(table.matrix("age"))).tolist() == [[2, 1]]
    assert table.matrix("age", ORIGINAL).shape == (4, 1)


def test_the_foremost_reading_is_the_first_continuous_one(table):
    readings = [("c0", EDITED, 0, POOLED, name, 0.5, unit) for name, unit in (("sex", "probability"), ("lung", "ml"))]
    cases = [{"case": "c0", "patient": "p0"}]
    both, one, none = (measurements_of("tool", cases, readings[:count], [("c0", 0, "ok", "")]) for count in (2, 1, 0))
    assert both.readings() == {"sex": "probability", "lung": "ml"}
    assert [part.foremost_reading() for part in (both, one, none)] == ["lung", "sex", ""]


@pytest.mark.parametrize(
    ("stratum", "cases"),
    [
        ("all", ["c0", "c1", "c2", "c3"]),
        ("sex=F", ["c0", "c2"]),
        ("age<20", ["c0", "c1"]),
        ("age>=20", ["c2", "c3"]),
        ("age>=10&sex=F", ["c2"]),
        ("age>99", []),
    ],
)
def test_strata_choose_cases_rows_and_edits_alike(table, stratum, cases):
    part = table.where(stratum)
    assert list(part.cases["case"]) == cases
    assert set(part.rows["case"]) == set(part.edits["case"]) == set(cases)
    assert part.matrix("age").shape[0] == len(cases)
    assert part.stratum == stratum


def test_strata_compose(table):
    assert table.where("age>=10").where("sex=F").stratum == "age>=10&sex=F"


def gaps():
    """Cases of which some have no site and no age; sites are words, though some look like numbers."""
    told = (("01", 8.0), ("1", 9.0), (None, 10.0), ("1", None))
    return measurements_of(
        "t",
        [
            {"case": str(i), "patient": str(i)}
            | {f"stratum:{name}": x for name, x in (("site", site), ("age", age), ("center", i % 2 + 1.0)) if x is not None}
            for i, (site, age) in enumerate(told)
        ],
        [], [],
    ).cases  # fmt: skip


@pytest.mark.parametrize(
    ("stratum", "inside"),
    [
        ("site=1", [1, 3]), ("site=01", [0]), ("site=nan", []), ("site=None", []), ("age<10", [0, 1]),
        ("age>=0", [0, 1, 2]), ("age=9", [1]), ("center=2", [1, 3]), ("center=2.0", [1, 3]), ("center=1&age<9", [0]),
    ],
)  # fmt: skip
def test_a_case_without_a_value_is_in_no_subgroup_and_names_stay_apart(stratum, inside):
    assert np.flatnonzero(in_stratum(gaps(), stratum)).tolist() == inside


@pytest.mark.parametrize(
    ("stratum", "said"),
    [
        ("site=11", "site is 01, 1 in this cohort. Did you mean site="), ("center=3", "center is 1, 2 in this cohort"),
        ("centre=1", "Did you mean 'center'"), ("site<2", "site is no number"), ("age<old", "age is a number"),
        ("age=9&site=7", "site is 01, 1"),
    ],
)  # fmt: skip
def test_a_subgroup_that_the_cohort_does_not_know_is_one_line(stratum, said):
    with pytest.raises(ProtocolError, match=said) as refused:
        check_stratum(gaps(), stratum)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("stratum", ["all", "site=1", "age>99", "center=1&age<8"])
def test_a_subgroup_that_the_cohort_knows_is_taken_empty_or_not(stratum):
    check_stratum(gaps(), stratum)


def test_what_only_looks_like_a_subgroup_is_left_alone():
    check_strata(gaps(), [("p<0.05", False), ("n=3", False)])
    for named in [("p<0.05", True), ("sites=1", False), ("center=7", False)]:
        with pytest.raises(ProtocolError, match="stratum"):
            check_strata(gaps(), [named])


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda t: t.where("colour=red"), "the cohort knows sex, age"),
        (lambda t: t.where("siet=F"), "the cohort knows sex, age. Use one of those"),
        (lambda t: t.where("sexx=F"), "the cohort knows sex, age. Did you mean 'sex'?"),
        (lambda t: t.where("sex"), "no comparison"),
        (lambda t: t.reference("weight"), "the cohort has none"),
        (lambda t: t.matrix("weight"), "there are age"),
    ],
)
def test_what_is_not_there_is_said(table, action, words):
    with pytest.raises(ProtocolError, match=words):
        action(table)


CASE, EDIT = {"case": "a", "patient": "p"}, ("a", 0, "ok", "")
READ = ("a", "edited", 0, "pooled", "age", 1.0, "months")
AGAIN, LATER = ("a", "edited", 1, "pooled", "age", 2.0, "months"), ("a", 1, "ok", "")


@pytest.mark.parametrize(
    ("cases", "rows", "edits", "words"),
    [
        ([{"case": "a"}], [READ], [EDIT], "a case without 'patient'"),
        ([CASE], [("b", *READ[1:])], [EDIT], "a row of case 'b', which is not among the cases"),
        ([CASE], [READ], [("b", 0, "ok", "")], "an edit of case 'b'"),
        ([CASE], [READ, READ], [EDIT], "two values of a, edited, 0, pooled, age"),
        ([CASE], [READ, ("a", "original", 0, "pooled", "age", 1.0, "years")], [EDIT], "age in months and in years"),
        ([CASE], [READ], [("a", 0, "OK", "")], "an edit that ended in 'OK'"),
        ([CASE, CASE], [READ], [EDIT], "case 'a' twice"),
        ([CASE], [READ], [EDIT, EDIT], "edit 0 of case a twice"),
        ([CASE], [READ[:6]], [EDIT], "the row ('a', 'edited', 0, 'pooled', 'age', 1.0). Give case, arm"),
        ([CASE], [READ], [EDIT[:3]], "the edit ('a', 0, 'ok'). Give case, repeat"),
        ([CASE], [READ, (*AGAIN[:5], "none", "months")], [EDIT, LATER], "value none of case a"),
        ([CASE], [READ, (*AGAIN[:5], float("nan"), "months")], [EDIT, LATER], "value nan of case a"),
        ([CASE], [READ, (*AGAIN[:5], float("inf"), "months")], [EDIT, LATER], "value inf of case a"),
        ([CASE], [READ], [("a", -1, "ok", "")], "repeat -1 of case a. Repeats are counted 0, 1, 2, ..."),
        ([CASE], [READ], [EDIT, ("a", 0.5, "ok", "")], "repeat 0.5 of case a"),
        ([CASE], [READ], [EDIT, ("a", "first", "ok", "")], "repeat first of case a"),
        ([CASE], [("a", "edited", -1, *READ[3:])], [EDIT], "repeat -1 of case a"),
        ([CASE], [AGAIN], [LATER], "repeats 1 of case a. Count repeats from 0"),
        ([CASE], [READ], [EDIT, ("a", 2, "failed", "")], "repeats 0, 2 of case a"),
        ([CASE], [READ, ("a", "original", 1, *READ[3:])], [EDIT], "repeat 1 of arm 'original' of case a"),
        ([CASE], [READ], [EDIT, LATER], "no reading of age of edit 1 of case a, which is 'ok'"),
        ([CASE], [READ, (*READ[:4], "sex", 0.5, "probability"), AGAIN], [EDIT, LATER], "no reading of sex of edit 1"),
        ([CASE], [READ], [("a", 0, "refused", "no")], "a reading of edit 0 of case a, which is 'refused'"),
        ([CASE], [READ, AGAIN], [EDIT], "a reading of edit 1 of case a, which was not requested"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(cases, rows, edits, words):
    with pytest.raises(ProtocolError, match=re.escape(words)):
        measurements_of("tool", cases, rows, edits)
    assert "\n" not in words
    assert measurements_of("tool", [CASE], [READ], [EDIT]).unit("age") == "months"


def test_a_table_may_hold_what_is_no_contradiction():
    """Numbers of numpy, a metric that is not defined for an edit, unequal repeats, and edits that nobody read."""
    metric = (*READ[:3], "image", "ssim:protected", np.float32(0.5), "")
    other, lost = {"case": "b", "patient": "p"}, ("b", 0, "failed", "")
    cases = [([CASE], [("a", "edited", np.int64(0), *READ[3:]), AGAIN, metric], [EDIT, LATER])]
    cases += [([CASE, other], [READ], [EDIT, lost]), ([CASE], [], [EDIT, LATER])]
    for given in cases:
        table = measurements_of("tool", *given)
        assert len(table.rows) == len(given[1])
        assert table.n_missing == given[2].count(lost)

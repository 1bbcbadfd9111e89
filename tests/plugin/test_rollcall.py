"""What was not judged is not forgotten: every way in which a claim can fail to run makes the run incomplete."""

from __future__ import annotations

import pytest

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

FILL = (*ARGUMENTS, "--editor", "tools.py:fill")
LATER = """
import os
import pytest
from editproof import Criterion, at_most, mae_drift

LAST = Criterion("BA-9", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test")

def test_breaks_off(study, judge):
    {breaks}

def test_last(study, judge):
    assert judge(LAST, study)
"""


def with_later(lab: pytest.Pytester, breaks: str) -> None:
    lab.makepyfile(test_zz_later=LATER.format(breaks=breaks))


@pytest.mark.parametrize(
    ("breaks", "arguments", "reason"),
    [
        (
            "pytest.exit('bye', returncode=0)",
            (),
            "2 claims did not run to their end: test_zz_later.py::test_breaks_off",
        ),
        ("raise KeyboardInterrupt", (), "the session was interrupted"),
        ("assert 0", ("-x",), "1 claims did not run to their end: test_zz_later.py::test_last"),
        ("os._exit(3)", ("-n", "2"), "1 claims did not run to their end: test_zz_later.py::test_breaks_off"),
    ],
    ids=["exit", "interrupt", "first failure", "crashed worker"],
)
def test_a_claim_that_did_not_end_makes_the_run_incomplete(lab, breaks, arguments, reason):
    with_later(lab, breaks)
    result = lab.runpytest_subprocess(*FILL, *arguments)
    evidence = evidence_of(lab)
    assert evidence["outcome"] == "INCONCLUSIVE"
    assert any(reason in words for words in evidence["incomplete"]), evidence["incomplete"]
    assert result.ret != 0


def test_files_that_were_not_collected_are_missed(lab):
    lab.makepyfile(
        test_broken="import nothing_of_this_name\n",
        test_skipped="import pytest\npytest.skip(allow_module_level=True)\n",
    )
    lab.runpytest_subprocess(*FILL, "--continue-on-collection-errors")
    evidence = evidence_of(lab)
    assert evidence["outcome"] == "INCONCLUSIVE"
    assert evidence["incomplete"] == [
        "test_broken.py could not be collected",
        "test_skipped.py was skipped; --ignore it if it holds no claim",
    ]


def test_what_failed_last_is_no_suite(lab):
    suite = (lab.path / "test_suite.py").read_text()
    lab.makepyfile(test_suite=suite.replace("assert judge(DRIFT, study)", "assert judge(DRIFT, study) and False"))
    lab.runpytest_subprocess(*FILL)
    lab.makepyfile(test_suite=suite)
    for run in (lab.path / "reports").iterdir():
        run.rename(lab.path / "first")
    lab.runpytest_subprocess(*FILL, "--lf")
    assert evidence_of(lab)["outcome"] == "INCONCLUSIVE"
    assert "only tests that failed before were asked for (--lf)" in evidence_of(lab)["incomplete"]


def test_last_failed_without_a_failure_is_the_whole_suite(lab):
    lab.runpytest_subprocess(*FILL)
    next((lab.path / "reports").iterdir()).rename(lab.path / "first")
    assert lab.runpytest_subprocess(*FILL, "--lf").ret == 0
    assert evidence_of(lab)["incomplete"] == []


def test_a_claim_on_repeats_needs_no_harm_to_be_noticed(lab):
    suite = (lab.path / "test_suite.py").read_text()
    claims = """
PIXELS = Criterion('PX-1', outside_mask_change(margin=0.01), at_most(0.1), source='placeholder')
SPREAD = Criterion('REL-2', repeat_difference('bone_age', cap=15.0), at_most(2.0), source='placeholder')

def test_pixels(study, judge): assert judge(PIXELS, study)
def test_spread(study, judge): assert judge(SPREAD, study)
"""
    front = suite.partition("DRIFT =")[0].replace("mae_drift", "mae_drift, outside_mask_change, repeat_difference")
    lab.makepyfile(test_suite=front + claims)
    assert lab.runpytest_subprocess(*FILL[:-1], "tools.py:grainy").ret == 0
    assert [v["criterion"]["id"] for v in evidence_of(lab)["validity"]][1:] == [
        "CTRL-identity",
        "CTRL-destructive",
        "RUN-told",
    ]


def test_a_cohort_of_one_patient_is_reported(lab):
    result = lab.runpytest_subprocess("--dataset", "blobs:1", "--jobs", "1", "--editor", "tools.py:fill")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*stratum 'sex=M': sex is F in this cohort. Name a value that a case has."])
    suite = (lab.path / "test_suite.py").read_text()
    lab.makepyfile(test_suite=suite.partition("@pytest.mark.parametrize")[0])
    result = lab.runpytest_subprocess("--dataset", "blobs:1", "--jobs", "1", "--editor", "tools.py:fill")
    assert result.ret == 9
    assert evidence_of(lab)["outcome"] == "INVALID"


def test_a_verdict_after_the_end_of_a_test_is_recorded_and_turns_it_red(lab):
    claim = "from test_zz_later import LAST\nfrom editproof import at_most\nfrom dataclasses import replace\n"
    fixture = (
        "@pytest.fixture\ndef after(study, judge):\n    yield\n    judge(replace(LAST, region=at_most(-5.0)), study)\n"
    )
    with_later(lab, "pass")
    lab.makepyfile(test_teardown=f"import pytest\n{claim}\n{fixture}\ndef test_it(after): pass\n")
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "test_teardown.py", "test_suite.py")
    verdicts = {v["criterion"]["id"]: v["outcome"] for v in evidence_of(lab)["editors"][0]["verdicts"]}
    assert verdicts["BA-9"] == "FAIL"
    assert result.parseoutcomes()["errors"] == 1
    assert result.ret != 0


def test_a_session_that_judged_no_claim_proves_nothing(lab):
    lab.makepyfile(test_suite="import pytest\n@pytest.mark.skip\ndef test_one(study, judge): pass\n")
    result = lab.runpytest_subprocess(*FILL)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["editproof: none of 1 claims was judged; nothing is proven"])
    assert lab.runpytest_subprocess(*FILL, "--collect-only").ret == 0


def test_a_study_of_somebody_else_is_none_of_ours(lab):
    lab.makepyfile(
        test_suite="import pytest\n@pytest.fixture\ndef study(): return 3\ndef test_one(study): assert study == 3\n"
    )
    assert lab.runpytest_subprocess().ret == 0


def test_a_study_made_of_ours_is_ours(lab):
    part = "\n\n@pytest.fixture\ndef study(study): return study.where('bone_age>=1')\n"
    lab.makepyfile(test_suite=(lab.path / "test_suite.py").read_text() + part)
    lab.runpytest_subprocess(*FILL)
    assert evidence_of(lab)["editors"][0]["verdicts"][0]["stratum"] == "bone_age>=1"


def test_a_suite_of_subgroups_has_controls_too(lab):
    suite = (lab.path / "test_suite.py").read_text()
    only = "\ndef test_part(study, judge):\n    assert judge(DRIFT, study.where('bone_age>=1'))\n"
    lab.makepyfile(test_suite=suite.partition("def test_drift")[0] + only)
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "destructive")
    evidence = evidence_of(lab)
    assert evidence["editors"][0]["outcome"] == "FAIL"
    assert [v["because"] for v in evidence["validity"]][1:] == [
        "all 1 met", "found out by BA-1 in bone_age>=1", "noticed by BA-1 in bone_age>=1",
        "every verdict follows from the facts",
    ]  # fmt: skip


def test_an_instrument_that_sees_nothing_makes_the_run_invalid(lab):
    study = (lab.path / "study.py").read_text().replace("np.median(image[12:40, 8:28])", "120.0 + 0 * image[0, 0]")
    lab.makepyfile(study=study.replace('floors={"bone_age": {"mae_at_most": 12.0}}', "floors={}"))
    suite = (lab.path / "test_suite.py").read_text()
    pixels = "\nPIXELS = Criterion('PX-1', outside_mask_change(margin=0.01), at_most(0.1), source='placeholder')\n"
    test = "\ndef test_pixels(study, judge):\n    assert judge(PIXELS, study)\n"
    lab.makepyfile(
        test_suite=suite.replace("failure_rate, mae_drift", "failure_rate, mae_drift, outside_mask_change")
        + pixels
        + test
    )
    result = lab.runpytest_subprocess(*FILL)
    assert result.ret == 9
    assert (
        "CTRL-readings: passed by all (BA-1: MAE drift +0.0 months on the destructive control): the instrument reads a "
        "destroyed radiograph like a whole one"
    ) in evidence_of(lab)["reason"]


def test_two_criteria_of_one_id_are_refused_before_a_tool_is_asked(lab):
    suite = (lab.path / "test_suite.py").read_text().replace('"BA-2"', '"BA-1"')
    lab.makepyfile(test_suite=suite)
    result = lab.runpytest_subprocess(*FILL)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*criterion BA-1: two different criteria go by that id. Give each its own.*"])
    assert not list(lab.path.glob("**/attempts.jsonl"))


def test_two_criteria_of_one_id_that_tests_made_are_one_line(lab):
    made = "\n\ndef test_other(study, judge):\n    made = Criterion('BA-1', mae_drift('bone_age', cap=15.0), at_most(9.0), source='placeholder')\n    judge(made, study)\n"
    lab.makepyfile(test_suite=(lab.path / "test_suite.py").read_text() + made)
    result = lab.runpytest_subprocess(*FILL)
    assert result.ret == 4
    result.stdout.fnmatch_lines(
        ["*editproof: criterion BA-1: two different criteria*What was measured is kept in the store."]
    )

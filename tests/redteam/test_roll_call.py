"""Attacks: to pass by claims that judged nothing, or that were judged until they passed. Their honest twins pass."""

from __future__ import annotations

import pytest
from editproof.cli import main

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

MORE = "test_more.py::test_it[tools.py:fill]"
FILL = (*ARGUMENTS, "--editor", "tools.py:fill")
HARMFUL = """
from dataclasses import replace
import pytest
from editproof import Criterion, at_most, mae_drift, verdict_on

HARD = Criterion("BA-9", mae_drift("bone_age", cap=60.0), at_most(-50.0), source="placeholder: a test")
EASY = Criterion("BA-8", mae_drift("bone_age", cap=60.0), at_most(50.0), source="placeholder: a test")
"""
SILENT = {
    "a judge that is only asserted": "    assert judge",
    "an empty loop": "    for claim in []:\n        assert judge(claim, study)",
    "a claim judged only if it would pass": (
        "    if verdict_on(HARD, study.measurements):\n        assert judge(HARD, study)"
    ),
    "a judge that records nothing": "    replace(judge, record=lambda judgement: None)(EASY, study)",
}
HIDDEN = {
    "one claim beside another": (
        "(study, judge):\n    if verdict_on(HARD, study.measurements):\n        judge(HARD, study)\n    assert judge(EASY, study)"
    ),
    "a judge fetched by name": (
        "(study, request):\n    if verdict_on(HARD, study.measurements):\n"
        "        assert request.getfixturevalue('judge')(HARD, study)"
    ),
}


def judged_in(lab: pytest.Pytester) -> dict[str, str]:
    tool = evidence_of(lab)["editors"][0]
    return {
        claim["criterion"]["id"]: verdict["outcome"]
        for claim, verdict in zip(tool["claims"], tool["verdicts"], strict=True)
    }


def verifies(lab: pytest.Pytester) -> bool:
    (run,) = (lab.path / "reports").iterdir()
    return main(["verify", str(run)]) == 0


@pytest.mark.parametrize("how", SILENT)
def test_a_claim_that_judged_nothing_never_passes(lab, how):
    lab.makepyfile(test_more=f"{HARMFUL}\ndef test_it(study, judge, request):\n{SILENT[how]}\n")
    assert lab.runpytest_inprocess(*FILL).ret == 1
    found = evidence_of(lab)
    assert found["outcome"] == "INCONCLUSIVE"
    assert found["incomplete"] == [f"1 tests asked to judge and judged nothing: {MORE}"]
    assert verifies(lab)


TAKEN_BACK = """
def test_it(study, judge, request):
    judge(replace(EASY, region=at_most(-50.0), role="secondary"), study)
    request.node.user_properties.clear()
"""


def test_a_verdict_cannot_be_taken_back(lab):
    lab.makepyfile(test_more=HARMFUL + TAKEN_BACK)
    assert lab.runpytest_inprocess(*FILL).ret == 1
    assert judged_in(lab)["BA-8"] == "FAIL"


@pytest.mark.parametrize("how", HIDDEN)
def test_a_criterion_that_a_test_names_and_none_judges_never_passes(lab, how):
    lab.makepyfile(test_more=f"{HARMFUL}\ndef test_it{HIDDEN[how]}\n")
    assert lab.runpytest_inprocess(*FILL).ret == 1
    found = evidence_of(lab)
    assert found["outcome"] == "INCONCLUSIVE"
    assert found["incomplete"] in (
        [f"{MORE} names BA-9, which no test judged"],
        [f"1 tests asked to judge and judged nothing: {MORE}"],
    )


REMOVED = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "failures" not in item.name]
"""


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one", "two"])
def test_a_claim_that_a_hook_removed_is_missed(lab, processes):
    lab.makeconftest((lab.path / "conftest.py").read_text() + REMOVED)
    assert lab.runpytest_inprocess(*FILL, *processes).ret == 1
    found = evidence_of(lab)
    assert "1 claims did not run to their end: test_suite.py::test_failures[tools.py:fill]" in found["incomplete"]
    assert (
        "1 tests asked to judge and judged nothing: test_suite.py::test_failures[tools.py:fill]" in found["incomplete"]
    )


def test_a_claim_that_was_deselected_is_counted_once(lab):
    lab.runpytest_inprocess(*FILL, "-k", "not failures")
    said = evidence_of(lab)["incomplete"]
    assert "1 claims were deselected" in said
    assert not [words for words in said if "did not run to their end" in words]


def test_a_claim_that_the_lock_has_is_missed(lab):
    lab.runpytest_inprocess(*FILL, "--write-lock", "lock.json")
    suite = (lab.path / "test_suite.py").read_text()
    lab.makepyfile(test_suite=suite.replace('["sex=F", "sex=M"]', '["sex=F"]'))
    lab.runpytest_inprocess(*FILL, "--lock", "lock.json")
    found = evidence_of(lab)
    assert found["outcome"] == "INCONCLUSIVE"
    assert "_fill was not judged by BA-2 in sex=M, which the lock has" in found["incomplete"]


ONE_TOOL = "    if study.card.name != '_older':\n        assert judge(DRIFT, study)\n    assert judge(FAILURES, study)"


def test_a_tool_that_a_claim_spares_is_named(lab):
    suite = (lab.path / "test_suite.py").read_text()
    lab.makepyfile(test_suite=suite.replace("    assert judge(DRIFT, study)", ONE_TOOL))
    result = lab.runpytest_inprocess(*FILL, "--editor", "tools.py:older", "-k", "drift or failures")
    assert result.ret == 1
    assert "_older was spared BA-1, which another tool had to meet" in evidence_of(lab)["incomplete"]
    assert verifies(lab)


def test_a_test_that_only_looks_is_no_claim(lab):
    look = "def test_look(study):\n    assert len(study.measurements.cases) == 30\n"
    choice = (
        "\nCLAIMS = {'easy': EASY, 'hard': HARD}\n"
        "@pytest.mark.parametrize('name', ['easy'])\ndef test_chosen(study, judge, name):\n"
        "    assert judge(CLAIMS[name], study)\n"
    )
    lab.makepyfile(test_more=HARMFUL + choice + look)
    assert lab.runpytest_inprocess(*FILL).ret == 0
    assert evidence_of(lab)["outcome"] == "PASS"
    assert verifies(lab)


AGAIN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    # as pytest-rerunfailures does it: the reports of the first run are passed on as 'rerun', then all is done again
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for last in (False, True):
        item._initrequest()
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            if not last and report.failed:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
FAMILY = """

def test_family(study, judge):
    strata = ["bone_age<120", "bone_age>=120"]
    family = Criterion("SUB-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test", role="secondary")
    assert all(verdict.met for verdict in judge.family([(family, study.where(s)) for s in strata], rule="holm"))
"""


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one", "two"])
def test_a_claim_that_ran_again_is_one_verdict(lab, processes):
    lab.makeconftest((lab.path / "conftest.py").read_text() + AGAIN)
    lab.makepyfile(test_suite=(lab.path / "test_suite.py").read_text() + FAMILY)
    assert lab.runpytest_inprocess(*FILL, *processes).ret == 0
    tool = evidence_of(lab)["editors"][0]
    assert [claim["criterion"]["id"] for claim in tool["claims"]] == ["BA-1", "REL-1", "BA-2", "BA-2", "SUB-1", "SUB-1"]
    assert {len(claim["told"]) for claim in tool["claims"]} == {2}
    assert evidence_of(lab)["outcome"] == "PASS"
    assert verifies(lab)
    (page,) = lab.path.glob("reports/*/report.html")
    assert "Judged in more than one run of its test" in page.read_text()


def test_a_verdict_that_changed_from_run_to_run_is_invalid(lab):
    lab.makeconftest((lab.path / "conftest.py").read_text() + AGAIN)
    flaky = """
RUNS = []

def test_flaky(study, judge):
    RUNS.append(1)
    rows = study.measurements.rows
    doctored = rows.assign(value=rows["value"].where(rows["arm"] != "edited", rows["value"] + 90 * len(RUNS) - 180))
    assert judge(EASY, replace(study, measurements=replace(study.measurements, rows=doctored)))
"""
    lab.makepyfile(test_more=HARMFUL + flaky)
    assert lab.runpytest_inprocess(*FILL).ret == 9
    found = evidence_of(lab)
    assert found["outcome"] == "INVALID"
    assert "test_more.py::test_flaky[tools.py:fill] was told" in found["reason"]


PLUGINS = {
    "pytest_rerunfailures": ("--reruns", "2"),
    "pytest_repeat": ("--count", "3"),
}


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["one", "two"])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_reruns_of_a_harmful_tool_do_not_help_and_do_not_double(lab, plugin, processes):
    pytest.importorskip(plugin)
    lab.makepyfile(test_suite=(lab.path / "test_suite.py").read_text() + FAMILY)
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "destructive", *PLUGINS[plugin], *processes)
    assert result.ret == 1
    tool = evidence_of(lab)["editors"][0]
    ids = [claim["criterion"]["id"] for claim in tool["claims"]]
    assert ids == ["BA-1", "REL-1", "BA-2", "BA-2", "SUB-1", "SUB-1"]
    assert len(tool["claims"][0]["told"]) == 3
    assert judged_in(lab)["BA-1"] == "FAIL"
    assert evidence_of(lab)["incomplete"] == []
    assert verifies(lab)

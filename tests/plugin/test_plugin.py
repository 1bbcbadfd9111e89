"""The plug-in as its user meets it: exit codes, evidence, honesty about what did not run, with and without xdist."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from editproof.cli import main

from tests.records import flat

ARGUMENTS = ("--dataset", "blobs", "--jobs", "1")


PREDICT = "    def predict(self, images, references):\n"
LOGGED = """        from zlib import crc32
        with open(".".join(["read", "log"]), "a") as log:  # a file that it names is a part of what it is
            log.writelines(f"{crc32(image.tobytes())}\\n" for image in images)
"""


def images_read(lab: pytest.Pytester) -> Counter:
    """How many times each image was read since this was asked last."""
    lines = (lab.path / "read.log").read_text().split()
    (lab.path / "read.log").unlink()
    return Counter(lines)


def evidence_of(lab: pytest.Pytester) -> dict:
    folders = sorted((lab.path / "reports").iterdir())
    assert len(folders) == 1
    return flat(json.loads((folders[0] / "evidence.json").read_text()))


def test_conforming_tool_passes(lab):
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert result.ret == 0
    result.assert_outcomes(passed=4)
    evidence = evidence_of(lab)
    assert evidence["outcome"] == "PASS"
    assert evidence["editors"][0]["flow"] == {
        "requested": 90, "ok": 90, "refused": 0, "failed": 0, "malformed": 0, "timed_out": 0,
    }  # fmt: skip
    assert [v["criterion"]["id"] for v in evidence["validity"]] == [
        "BASE-bone_age",
        "CTRL-identity",
        "CTRL-destructive",
        "CTRL-readings",
        "RUN-told",
    ]
    result.stdout.fnmatch_lines(["*report: *report.html*"])


def test_evidence_says_what_a_tool_makes_of_its_mask(lab):
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--editor", "tools.py:older")
    found = {editor["card"]["name"]: editor["mask"] for editor in evidence_of(lab)["editors"]}
    assert found["_fill"]["finding"] == "respected"
    assert found["_older"]["finding"] == "ignored"
    assert [trial["mask"] for trial in found["_older"]["trials"]] == [
        "box", "shifted", "inverted", "tiny hole", "all protected",
    ]  # fmt: skip
    [report] = (lab.path / "reports").glob("*/report.html")
    assert "Use of the mask: ignored" in report.read_text()


def test_harmful_tool_fails_with_a_readable_line(lab):
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*<FAIL BA-1: MAE drift = +*30 patients, 90 edits; required at most 2.0 months>*"])
    assert evidence_of(lab)["outcome"] == "FAIL"


def test_two_tools_side_by_side(lab):
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--editor", "tools.py:older")
    assert result.ret == 1
    outcomes = {editor["card"]["name"]: editor["outcome"] for editor in evidence_of(lab)["editors"]}
    assert outcomes == {"_fill": "PASS", "_older": "FAIL"}


def test_unasserted_verdict_turns_its_test_red(lab):
    lab.makepyfile(test_suite=Path(lab.path / "test_suite.py").read_text().replace("assert judge", "judge"))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    result.assert_outcomes(failed=3, passed=1)  # the subgroups of fifteen are decided too


def test_second_run_makes_no_edit(lab):
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    log = lab.path / ".editproof" / "sent.jsonl"
    before = log.read_text()
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    after = log.read_text()
    assert after.startswith(before)
    more = [json.loads(line) for line in after.removeprefix(before).splitlines()]
    again = Counter((line["tool"], line["again"]) for line in more)
    assert again == {("identity", True): 3, ("destructive", True): 3}, "the controls, deterministic, are held to that"


def test_refused_edits_are_counted_and_judged(lab):
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:choosy")
    editor = evidence_of(lab)["editors"][0]
    assert editor["flow"]["refused"] == 6
    drift = next(v for v in editor["verdicts"] if v["criterion"]["id"] == "BA-1")
    assert drift["estimate"]["n_missing"] == 6
    assert drift["outcome"] != "PASS", "six edits counted at their worst"


def test_malformed_edits_are_counted(lab):
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:wide", "--same-failures", "0")
    assert evidence_of(lab)["editors"][0]["flow"]["malformed"] == 90


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_deselected_claims_make_the_run_incomplete(lab, workers):
    result = lab.runpytest_subprocess(*ARGUMENTS, *workers, "--editor", "tools.py:fill", "-k", "test_drift")
    evidence = evidence_of(lab)
    deselected, silent = evidence["incomplete"]
    assert deselected == "3 claims were deselected"
    assert silent.startswith("3 tests asked to judge and judged nothing: test_suite.py::test_failures[tools.py:fill], ")
    assert evidence["outcome"] == "INCONCLUSIVE"
    assert result.ret == 1


def test_xdist_comes_to_the_same(lab):
    """And measures once: no process reads or edits what another one has, beyond the checks of each process."""
    (lab.path / "study.py").write_text((lab.path / "study.py").read_text().replace(PREDICT, PREDICT + LOGGED))
    alone = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--editor", "tools.py:older")
    first, read = evidence_of(lab), images_read(lab)
    next((lab.path / "reports").iterdir()).rename(lab.path / "alone")
    (lab.path / ".editproof").rename(lab.path / "store-alone")  # so that either run makes its edits
    spread = lab.runpytest_subprocess(*ARGUMENTS, "-n", "2", "--editor", "tools.py:fill", "--editor", "tools.py:older")
    second = evidence_of(lab)
    assert images_read(lab) == read
    assert len(read) > 30
    assert alone.ret == spread.ret == 1
    assert first["protocol"] == second["protocol"]
    for one, other in zip(first["editors"], second["editors"], strict=True):
        assert one == other


def test_skipped_claim_makes_the_run_incomplete(lab):
    lab.makepyfile(test_more="import pytest\ndef test_later(study):\n    pytest.skip('not now')\n")
    lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert any("was skipped" in reason for reason in evidence_of(lab)["incomplete"])


def test_missed_floor_makes_the_run_invalid(lab):
    lab.makepyfile(study=(lab.path / "study.py").read_text().replace("12.0", "0.1"))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert evidence_of(lab)["outcome"] == "INVALID"
    assert result.ret == 9


def test_blind_suite_makes_the_run_invalid(lab):
    suite = (lab.path / "test_suite.py").read_text().replace("at_most(2.0)", "at_most(14.9)")
    lab.makepyfile(test_suite=suite)
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    assert evidence_of(lab)["outcome"] == "INVALID"
    assert result.ret == 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("--dataset", "blobs", "--editor", "nosuch"),
            "*--editor nosuch: no such tool is installed. Installed: *opencv-telea*",
        ),
        (("--dataset", "blobs", "--editor", "tools.py:nosuch"), "*has no callable 'nosuch'*"),
        (("--editor", "identity", "--dataset", "nosuch"), "*nosuch*blobs*"),
        (("--editor", "identity", "--dataset", "blobs", "--repeats", "0"), "*at least one edit per case*"),
    ],
)
def test_wrong_options_are_one_line(lab, arguments, words):
    result = lab.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: editproof: {words}"])
    assert "Traceback" not in result.stderr.str()


def test_a_cohort_with_nothing_to_edit_is_refused_before_a_tool_is_asked(lab):
    result = lab.runpytest_subprocess("--dataset", "bare", "--jobs", "1", "--editor", "tools.py:fill")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*for a tool to change: the edit mask is empty in all 30 cases. Name mask files*"])
    assert not list(lab.path.glob("**/attempts.jsonl"))


def test_inert_without_claims(lab):
    (lab.path / "test_suite.py").unlink()
    lab.makepyfile(test_other="def test_one(): pass")
    result = lab.runpytest_subprocess()
    assert result.ret == 0
    assert not (lab.path / "reports").exists()


def test_locked_protocol_is_confirmed_and_departures_are_named(lab):
    tool = ("--editor", "tools.py:fill")
    locking = lab.runpytest_subprocess(*ARGUMENTS, *tool, "--write-lock", "lock.json")
    assert locking.parseoutcomes() == {"locked": 4}, "a claim that was not judged passed nothing"
    locking.stdout.fnmatch_lines(["editproof: locked in lock.json: 3 claims (*)*on _fill, * of each case; protocol *"])
    locking.stdout.fnmatch_lines(["editproof: next: keep lock.json *, make the edits, and judge with --lock lock.json"])
    assert not (lab.path / "reports").exists()
    assert json.loads((lab.path / "lock.json").read_text())["standing"] == {"_fill": 0}, "no edit of the tool was made"

    assert lab.runpytest_subprocess(*ARGUMENTS, *tool, "--lock", "lock.json").ret == 0
    assert (evidence_of(lab)["label"], evidence_of(lab)["departures"]) == ("CONFIRMATORY", [])

    next((lab.path / "reports").iterdir()).rename(lab.path / "first")
    suite = (lab.path / "test_suite.py").read_text().replace("at_most(0.2)", "at_most(0.3)")
    lab.makepyfile(test_suite=suite)
    lab.runpytest_subprocess(*ARGUMENTS, *tool, "--lock", "lock.json")
    assert evidence_of(lab)["label"] == "EXPLORATORY"
    assert "claims.REL-1.high: locked 0.2, run 0.3" in evidence_of(lab)["departures"]


def test_a_claim_out_of_reach_is_said_before_the_first_edit(lab):
    suite = (lab.path / "test_suite.py").read_text().replace("at_most(2.0)", "at_most(-1.0)", 1)
    lab.makepyfile(test_suite=suite)
    warning = "editproof: warning: No tool can pass BA-1: its limit leaves no room beside the ideal value."
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--write-lock", "lock.json")
    result.stdout.fnmatch_lines([warning])
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    result.stderr.fnmatch_lines([warning])
    assert result.ret == 9, "the identity control misses it, so the run is invalid"


def test_every_earlier_judgement_of_a_cohort_is_counted(lab):
    tool = (*ARGUMENTS, "--editor", "tools.py:fill")
    lab.runpytest_subprocess(*tool)
    lab.runpytest_subprocess(*tool, "--study-seed", "1")
    result = lab.runpytest_subprocess(*tool)
    counts = [
        [entry["outcome"] for entry in json.loads((run / "evidence.json").read_text())["facts"]["judged_before"]]
        for run in sorted((lab.path / "reports").iterdir(), key=lambda run: (run / "evidence.json").stat().st_mtime)
    ]
    assert counts == [[], ["PASS"], ["PASS", "PASS"]], "the same protocol too"
    result.stdout.fnmatch_lines(["EARLIER JUDGEMENTS: This cohort was judged 2 times before in this store, under 2*"])


FAMILY = """
from editproof import Criterion, at_most, mae_drift

CLAIM = Criterion("SUB-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test", role="secondary",
                  min_patients={least})

def test_family(study, judge):
    strata = ["bone_age<120", "bone_age>=120"]
    assert all(verdict.met for verdict in judge.family([(CLAIM, study.where(s)) for s in strata], rule="holm"))
"""


def test_a_family_shares_one_error_rate_and_verifies(lab, capsys):
    lab.makepyfile(test_family=FAMILY.format(least=0))
    for dataset, options in (("blobs:60", []), ("blobs:60", ["-n", "2"])):
        result = lab.runpytest_subprocess("--dataset", dataset, "--jobs", "1", "--editor", "tools.py:fill", *options)
        assert result.ret == 0
    runs = sorted((lab.path / "reports").iterdir())
    assert len(runs) == 2
    for run in runs:
        verdicts = json.loads((run / "evidence.json").read_text())["findings"]["tools"][0]["verdicts"]
        members = [verdict for verdict in verdicts if verdict["criterion"]["family"]]
        assert [verdict["stratum"] for verdict in members] == ["bone_age<120", "bone_age>=120"]
        assert {verdict["criterion"]["family"] for verdict in members} == {"holm"}
        assert {verdict["criterion"]["confidence"] for verdict in members} == {0.95}, "the family's, not the step's"
        assert all(verdict["estimate"]["confidence"] >= 0.90 for verdict in members)
        assert "Decided in a family (holm), at a one-sided 9" in members[0]["because"]
        assert main(["verify", str(run)]) == 0, capsys.readouterr().out


def test_a_subgroup_smaller_than_the_protocol_asks_for_is_left_open(lab):
    lab.makepyfile(test_family=FAMILY.format(least=50))
    result = lab.runpytest_subprocess("--dataset", "blobs:60", "--jobs", "1", "--editor", "tools.py:fill")
    assert result.ret == 0, "an open secondary claim does not turn a test red"
    verdicts = evidence_of(lab)["editors"][0]["verdicts"]
    member = next(verdict for verdict in verdicts if verdict["criterion"]["family"])
    assert member["outcome"] == "INCONCLUSIVE"
    assert "the protocol asks for 50" in member["because"]


def test_a_primary_claim_has_no_place_in_a_family(lab):
    lab.makepyfile(test_family=FAMILY.format(least=0).replace('role="secondary"', 'role="primary"'))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "-k", "family")
    result.stdout.fnmatch_lines(["*criterion SUB-1 in a family: it is a primary one*"])

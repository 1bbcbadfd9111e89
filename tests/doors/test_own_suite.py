"""A repository outside the checkout proves its own tool with its own cohort, instrument, hooks and claims."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.doors.drawn import write_study
from tests.records import flat

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--jobs", "1", "--repeats", "2")
EDITPROOF = ("-m", "editproof.cli")

MISTAKES = {
    "a tool that is nowhere": (("--editor", "nothere.py:make"), "nothere.py"),
    "a tool of no known name": (("--editor", "grey"), "grey"),
    "a cohort of no known name": (("--editor", "mytool.py:make", "--dataset", "heart:images"), "heart"),
    "an instrument that is nowhere": (("--editor", "mytool.py:make", "--instrument", "reader.py:made"), "made"),
}


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "hearts"
    write_study(folder)
    return folder


@pytest.mark.slow
def test_locked_judged_and_verified_in_a_fresh_process(run_outside, repo, tmp_path):
    lock = run_outside(
        repo, *EDITPROOF, "lock", "protocol.json", "claims", "--editor", "mytool.py:make", "--repeats", "2"
    )
    assert lock.returncode == 0, lock.stdout + lock.stderr
    assert not (repo / "reports").exists()
    judged = run_outside(repo, *PYTEST, "--editor", "mytool.py:make", "--lock", "protocol.json")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    (run,) = (repo / "reports").iterdir()
    evidence = flat(json.loads((run / "evidence.json").read_text()))
    assert (evidence["outcome"], evidence["label"], evidence["departures"]) == ("PASS", "CONFIRMATORY", [])
    assert {v["criterion"]["id"]: v["outcome"] for v in evidence["editors"][0]["verdicts"]} == {
        "W-1": "PASS", "S-1": "PASS", "REL-1": "PASS",
    }  # fmt: skip
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(run, elsewhere / "run")
    verified = run_outside(elsewhere, "-P", *EDITPROOF, "verify", "run")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "all 3 verdicts follow from the measurements" in verified.stdout
    record = elsewhere / "run" / "evidence.json"
    record.write_text(record.read_text().replace('"outcome": "PASS"', '"outcome": "FAIL"', 1))
    assert run_outside(elsewhere, "-P", *EDITPROOF, "verify", "run").returncode == 1


@pytest.mark.slow
def test_its_own_destructive_tool_fails(run_outside, repo):
    judged = run_outside(repo, *PYTEST, "--editor", "gray")
    assert judged.returncode == 1, judged.stdout + judged.stderr
    (run,) = (repo / "reports").iterdir()
    evidence = flat(json.loads((run / "evidence.json").read_text()))
    outcomes = {v["criterion"]["id"]: v["outcome"] for v in evidence["editors"][0]["verdicts"]}
    assert outcomes == {"W-1": "FAIL", "S-1": "FAIL", "REL-1": "PASS"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_before_the_first_edit(run_outside, repo, mistake):
    args, named = MISTAKES[mistake]
    done = run_outside(repo, *PYTEST, *args)
    assert done.returncode == 4, done.stdout + done.stderr
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if "editproof: " in line]
    assert named in line
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(repo.glob(".editproof/**/*.png"))
    assert not (repo / "reports").exists()

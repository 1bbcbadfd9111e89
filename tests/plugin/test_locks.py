"""A lock that was tampered with is a departure, and what is no lock is one line."""

from __future__ import annotations

import json

import pytest
from editproof.errors import ProtocolError
from editproof.evidence.protocol import departures, locked, read_lock

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

CREATED, BEFORE = "2026-11-02T00:00:00+00:00", "2026-11-01T00:00:00+00:00"
PROTOCOL = {"plan": {"repeats": 3}, "editors": {"tool": {}}}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"standing": {}}, "the lock does not say how many cases of tool had been edited before"),
        ({"standing": {"tool": 2}}, "2 cases of tool had been edited before the protocol was locked"),
        ({"locked": "2026-11-03T00:00:00+00:00"}, "written at 2026-11-03T00:00:00+00:00, after the run"),
        ({"protocol": {**PROTOCOL, "plan": {"repeats": 9}}}, "plan.repeats: locked 9, run 3"),
    ],
)
def test_what_was_changed_in_a_lock_is_a_departure(change, found):
    lock = json.loads(locked(PROTOCOL, {"tool": 0}, BEFORE))
    assert departures(lock, PROTOCOL, CREATED) == ()
    told = departures(lock | change, PROTOCOL, CREATED)
    assert "the lock was changed after it was written" in told
    assert any(found in words for words in told)


def test_a_lock_without_a_digest_is_a_departure():
    lock = json.loads(locked(PROTOCOL, {"tool": 0}, BEFORE))
    del lock["digest"]
    assert departures(lock, PROTOCOL, CREATED) == ("the lock has no digest, so that a change in it could not be told",)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "editproof-protocol/0"}, {"standing": None}, {"standing": ["tool"]}, {"standing": {"tool": "x"}},
        {"standing": {"tool": -1}}, {"standing": {"tool": True}}, {"protocol": None}, {"locked": "yesterday"},
        {"locked": "2026-11-01T00:00:00"}, {"locked": None},
    ],
)  # fmt: skip
def test_what_is_no_lock_is_refused(tmp_path, change):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps(json.loads(locked(PROTOCOL, {"tool": 0}, BEFORE)) | change))
    with pytest.raises(ProtocolError) as caught:
        read_lock(path)
    assert "editproof lock" in caught.value.advice


def test_a_lock_that_forgets_a_tool_is_no_lock_for_it(lab):
    tool = (*ARGUMENTS, "--editor", "tools.py:fill")
    lab.runpytest_subprocess(*tool, "--write-lock", "lock.json")
    lock = json.loads((lab.path / "lock.json").read_text())
    (lab.path / "lock.json").write_text(json.dumps(lock | {"standing": {}}))
    lab.runpytest_subprocess(*tool, "--lock", "lock.json")
    assert evidence_of(lab)["label"] == "EXPLORATORY"
    assert evidence_of(lab)["departures"][0] == "the lock was changed after it was written"


def test_a_broken_lock_is_one_line_before_the_first_edit(lab):
    (lab.path / "lock.json").write_text('{"schema": "editproof-protocol/1"}')
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--lock", "lock.json")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: editproof: protocol lock.json: its standing is no number of cases by tool.*"])
    assert not list(lab.path.glob("**/attempts.jsonl"))

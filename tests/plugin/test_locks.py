"""A lock that was tampered with is a departure, and what is no lock is one line."""

from __future__ import annotations

import json

import pytest
from editproof.errors import ProtocolError
from editproof.evidence.protocol import departures, lock_of, locked, read_lock, read_register
from hypothesis import given
from hypothesis import strategies as st

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

CREATED, BEFORE = "2026-11-02T00:00:00+00:00", "2026-11-01T00:00:00+00:00"
PROTOCOL = {
    "claims": {"BA-1": {"low": "-inf", "high": 2.0, "strata": ["all"]}}, "dataset": "cafe",
    "instruments": {"reader": {"w": "ab"}}, "floors": {"reader": {"bone_age": {"mae_at_most": 8}}},
    "editors": {"tool": {}}, "plan": {"repeats": 3}, "metrics": "2", "digest": "d",
}  # fmt: skip


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
    assert departures(lock_of(lock), PROTOCOL, CREATED) == ()
    told = departures(lock_of(lock | change), PROTOCOL, CREATED)
    assert "the lock was changed after it was written" in told
    assert any(found in words for words in told)


def test_a_lock_without_a_digest_is_a_departure():
    lock = json.loads(locked(PROTOCOL, {"tool": 0}, BEFORE))
    del lock["digest"]
    found = departures(lock_of(lock), PROTOCOL, CREATED)
    assert found == ("the lock has no digest, so that a change in it could not be told",)


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    numbers | st.text() | st.none() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    plan=st.dictionaries(st.text(), values),
    register=st.none() | st.dictionaries(st.text(), st.dictionaries(st.text(), st.text())),
)
def test_a_lock_is_read_as_it_was_written(tmp_path_factory, plan, register):
    """Whatever a plan holds, 8 stays 8 and 8.0 stays 8.0: the digest of a lock is one over its text."""
    protocol = {**PROTOCOL, "plan": plan, **({} if register is None else {"register": register})}
    path = tmp_path_factory.mktemp("lock") / "lock.json"
    path.write_text(locked(protocol, {"tool": 0}, BEFORE), encoding="utf-8")
    assert json.loads(path.read_text())["protocol"] == protocol
    assert json.dumps(json.loads(path.read_text())["protocol"]["plan"]) == json.dumps(plan)
    assert departures(read_lock(path), protocol, CREATED) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "editproof-protocol/0"}, {"schema": None}, {"standing": None}, {"standing": ["tool"]}, {"standing": {"tool": "x"}},
        {"standing": {"tool": -1}}, {"standing": {"tool": True}}, {"protocol": None}, {"locked": "yesterday"},
        {"locked": "2026-11-01T00:00:00"}, {"locked": None}, {"more": 1}, {"digest": 5},
        {"protocol": {**PROTOCOL, "plan": 3}}, {"protocol": {**PROTOCOL, "plans": {}}},
        {"protocol": {name: value for name, value in PROTOCOL.items() if name != "claims"}},
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
    (lab.path / "lock.json").write_text('{"schema": "editproof-protocol/3"}')
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--lock", "lock.json")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: editproof: protocol lock.json: it is malformed: locked is missing. Write a time with its zone*"]
    )
    assert not list(lab.path.glob("**/attempts.jsonl"))


@pytest.mark.parametrize(
    ("change", "found", "advice"),
    [
        ({"standing": {"tool": -1}}, "standing.tool is -1", "Write a whole number from 0 on"),
        ({"standing": ["tool"]}, "standing is ['tool']", "Write the number of cases by tool"),
        ({"locked": "yesterday"}, "locked is 'yesterday'", "Write a time with its zone"),
        ({"protocol": {**PROTOCOL, "plan": 3}}, "protocol.plan is 3", "Write a mapping"),
        ({"protocol": {**PROTOCOL, "plans": {}}}, "an unknown field 'plans' in protocol", "Did you mean 'plan'?"),
        (
            {"schema": "editproof-protocol/0"},
            "a lock of schema editproof-protocol/0 is read by editproof 0",
            "editproof lock",
        ),
        ({"schema": "editproof-protocol/99"}, "is read by a later editproof; this is editproof 0", "editproof lock"),
    ],
)
def test_the_fault_of_a_lock_is_named(tmp_path, change, found, advice):
    path = tmp_path / "lock.json"
    path.write_text(json.dumps(json.loads(locked(PROTOCOL, {"tool": 0}, BEFORE)) | change))
    with pytest.raises(ProtocolError) as caught:
        read_lock(path)
    assert found in caught.value.found
    assert advice in caught.value.advice


REGISTERS = {
    "no TOML": ("[requirements", "it cannot be read", "Write the tables"),
    "another table": ("[hazard]\nH1 = 'x'", "an unknown field 'hazard'", "Did you mean 'hazards'?"),
    "no table": ("hazards = 'x'", "hazards is 'x'", "Write a mapping"),
    "no words": ("[hazards]\nH1 = ' '", "hazards.H1 is ' '", "Write words, in quotes"),
    "a number": ("[requirements]\nR1 = 5", "requirements.R1 is 5", "Write words, in quotes"),
    "a day": ("[requirements]\nR1 = 2026-01-31", "requirements.R1 is ['datetime.date(2026", "Write words, in quotes"),
}


@pytest.mark.parametrize(("text", "found", "advice"), REGISTERS.values(), ids=REGISTERS)
def test_the_fault_of_a_register_is_named(tmp_path, text, found, advice):
    (tmp_path / "register.toml").write_text(text)
    with pytest.raises(ProtocolError) as caught:
        read_register(tmp_path / "register.toml")
    assert found in caught.value.found
    assert advice in caught.value.advice


def test_a_register_may_name_hazards_alone_and_in_several_lines(tmp_path):
    (tmp_path / "register.toml").write_text('[hazards]\nH1 = """a\nb"""\n')
    assert read_register(tmp_path / "register.toml") == {"requirements": {}, "hazards": {"H1": "a\nb"}}

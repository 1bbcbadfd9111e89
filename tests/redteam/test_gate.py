"""Attacks: to pass a gate with other claims, another cohort, instrument, plan or tool. Its twin: another version."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from editproof.audit.findings import evidence_of
from editproof.audit.publication import deliver
from editproof.cli import main
from editproof.evidence.exits import exit_code
from editproof.evidence.plain import plain
from editproof.evidence.protocol import locked

from tests.audit import study
from tests.plugin.test_plugin import ARGUMENTS
from tests.plugin.test_plugin import evidence_of as evidence_in

LOCKED_AT = "2026-11-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def planned():
    """The run before its tool is changed; its lock is written of it."""
    return study.evidence(("gentle",))


def gated(planned, *, at=LOCKED_AT, for_gate=True, **changes):
    """The run with some facts changed, under the lock that was written of it as it was planned."""
    lock = json.loads(locked(planned.protocol, {"gentle": 0}, at, for_gate=for_gate))
    return evidence_of(replace(planned.facts, lock=lock, **changes))


def with_card(planned, **changes):
    """The facts that change where the card of the tool does."""
    (tool,) = planned.facts.tools
    card = replace(tool.card, **changes)
    table = replace(tool.measurements, editor=card.name)
    return {
        "tools": (replace(tool, card=card, measurements=table),),
        "terms": {**planned.facts.terms, "editors": {card.name: plain(card)}},
    }


def with_made(planned, made):
    """The facts where one edit was made at another time."""
    (tool,) = planned.facts.tools
    edits = tool.measurements.edits.copy()
    edits.loc[0, "made"] = made
    return {"tools": (replace(tool, measurements=replace(tool.measurements, edits=edits)),)}


def loosened(planned):
    (tool,) = planned.facts.tools
    claims = tuple(
        replace(claim, criterion=replace(claim.criterion, high=claim.criterion.high + 1))
        if claim.criterion.id == "BA-1"
        else claim
        for claim in tool.claims
    )
    return {"tools": (replace(tool, claims=claims),)}


def with_instrument(planned):
    return {"instruments": (replace(planned.facts.instruments[0], sha256={"w": "cd" * 32}),)}


def with_plan(planned):
    return {"terms": {**planned.facts.terms, "plan": {**planned.facts.terms["plan"], "repeats": 1}}}


def test_another_version_of_the_tool_is_no_departure_and_is_said(planned, tmp_path, capsys):
    run = gated(planned, **with_card(planned, version="2", source="ab" * 32, description="rewritten"))
    assert (run.label, run.departures, exit_code(run)) == ("CONFIRMATORY", (), 0)
    (said,) = [found for found in run.reservations if found.kind == "open version"]
    assert said.tool == "gentle"
    assert "the version judged (2, not 1) was not" in said.sentence
    assert exit_code(run, strict=True) == 9
    assert main(["verify", str(deliver(run, tmp_path).parent)]) == 0
    assert "OPEN VERSION: The lock is for a gate" in capsys.readouterr().out


def test_the_locked_version_itself_has_no_such_reservation(planned):
    run = gated(planned)
    assert (run.label, exit_code(run)) == ("CONFIRMATORY", 0)
    assert "open version" not in [found.kind for found in run.reservations]


def test_other_code_under_one_version_is_another_version(planned):
    run = gated(planned, **with_card(planned, source="ab" * 32))
    assert "1 of other code" in next(found.sentence for found in run.reservations if found.kind == "open version")


DEPARTURES = {
    "a loosened limit": (loosened, "claims.BA-1.high: locked 2.0, run 3.0"),
    "another cohort": (lambda run: {"dataset": replace(run.facts.dataset, digest="beef")}, 'dataset: locked "cafe"'),
    "another instrument": (with_instrument, "instruments.reader.sha256.w: locked"),
    "fewer repeats": (with_plan, "plan.repeats: locked 2, run 1"),
    "another tool": (lambda run: with_card(run, name="other"), "editors.gentle"),
    "other parameters": (lambda run: with_card(run, parameters={"strength": 2}), "editors.gentle.parameters.strength"),
    "determinism": (lambda run: with_card(run, deterministic=True), "editors.gentle.deterministic: locked false"),
    "edits that were there": (
        lambda run: with_made(run, "2026-10-31T23:59:59+00:00"),
        "1 edit of gentle had been made before the protocol was locked",
    ),
    "edits of no known time": (lambda run: with_made(run, ""), "nothing shows when 1 edit of gentle had been made"),
}


@pytest.mark.parametrize("change", DEPARTURES)
def test_all_else_departs(planned, change):
    changed, words = DEPARTURES[change]
    run = gated(planned, **changed(planned))
    assert (run.label, exit_code(run)) == ("EXPLORATORY", 9)
    assert any(words in departure for departure in run.departures), run.departures


def test_a_lock_that_is_not_for_a_gate_fixes_the_version(planned):
    run = gated(planned, for_gate=False, **with_card(planned, version="2"))
    assert run.departures == ('editors.gentle.version: locked "1", run "2"',)
    assert exit_code(run) == 9


def test_a_lock_cannot_be_opened_by_hand(planned):
    lock = json.loads(locked(planned.protocol, {"gentle": 0}, LOCKED_AT)) | {"for_gate": True}
    run = evidence_of(replace(planned.facts, lock=lock, **with_card(planned, version="2")))
    assert run.departures == ("the lock was changed after it was written",)


def test_the_command_writes_a_lock_by_which_a_changed_tool_is_judged(lab):
    """The vendor's loop: lock once, change the tool, judge it; its name is held, and so are the claims."""
    fill = (*ARGUMENTS, "--editor", "tools.py:fill")
    assert lab.runpytest_inprocess(*fill, "--write-lock", "lock.json", "--lock-for-gate").ret == 0
    assert json.loads((lab.path / "lock.json").read_text())["for_gate"] is True
    tools = (lab.path / "tools.py").read_text()
    (lab.path / "tools.py").write_text(tools.replace("= 10\n", "= 11\n"))
    assert lab.runpytest_subprocess(*fill, "--lock", "lock.json").ret == 0
    run = evidence_in(lab)
    assert (run["label"], run["departures"]) == ("CONFIRMATORY", [])
    assert "open version" in [found["kind"] for found in run["reservations"]]


@pytest.mark.parametrize("words", [["--for-gate", "L"], ["L", "--for-gate"]])
def test_the_command_hands_it_on(monkeypatch, words):
    seen: list[list[str]] = []
    monkeypatch.setattr("editproof.cli.handing.exit_code_of", lambda command, **told: seen.append(command) or 0)
    assert main(["lock", *words, "validations/", "--editor", "x"]) == 0
    assert "--editproof-lock-for-gate" in seen[0]
    assert "--for-gate" not in seen[0]

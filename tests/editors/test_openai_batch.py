"""The real openai client's Batch API against a server that speaks it: half the price, one day, and never paid twice."""

from __future__ import annotations

import base64
import errno
import json
import os

import numpy as np
import pytest
from editproof.editing.edits import Edits
from editproof.editing.ledger import Ledger
from editproof.editing.store import Store
from editproof.editors.openai_batch import BatchAPI
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError, EvidenceError
from editproof.types import EditStatus

from tests.editors.server import KEY, pixels

ONE_EDIT_USD = (100 * 5 + 1000 * 8 + 1000 * 30) / 1e6


@pytest.fixture
def editor(server):
    return editor_from_spec(server.openai(mode="batch"))


def three(request_of):
    return [request_of(repeat=repeat) for repeat in range(3)]


def test_edits_come_back_at_half_the_price(server, desk, request_of, editor):
    edits, requests = desk(), three(request_of)
    outcomes = edits.outcomes(editor, requests)
    right = np.where(requests[0].edit_mask, 255 - requests[0].image, requests[0].image)
    assert all(outcome.status is EditStatus.OK and (outcome.image == right).all() for outcome in outcomes)
    assert not server.requests, "nothing was asked one by one"
    lines = edits.ledger.ended_lines()
    assert [line.status for line in lines] == [("ok",)] * 3
    assert sum(line.cost_usd for line in lines) == pytest.approx(1.5 * ONE_EDIT_USD)
    assert {line.request_id for line in lines} == {"req_b"}
    assert {line.id for line in lines} == {line["custom_id"] for line in server.post.lines}
    body = server.post.lines[0]["body"]
    assert (body["model"], body["size"], body["n"]) == ("gpt-image-2", "64x80", 1)
    mask = pixels(base64.b64decode(body["mask"]["image_url"].removeprefix("data:image/png;base64,")))
    assert (mask[..., 3] == 0).sum() == requests[0].edit_mask.sum()
    assert json.loads(edits.store.raw(lines[0].keys[0]))["response"]["body"]["data"]


def test_nothing_is_left_behind(server, desk, request_of, editor, tmp_path):
    edits = desk()
    edits.outcomes(editor, three(request_of))
    assert not server.post.files, "pixels do not stay at the service"
    assert [path.suffix for path in (tmp_path / "store" / "batches").rglob("*") if path.is_file()] == [".json"]
    assert not edits.ledger.unanswered()
    assert not list(edits.store.faults())


def test_what_one_mode_paid_for_stands_for_the_other(server, desk, request_of, editor):
    live = editor_from_spec(server.openai())
    desk().outcomes(editor, three(request_of))
    desk().outcomes(live, three(request_of))
    assert sum(server.billed.values()) == 3
    desk().outcomes(live, [request_of(repeat=3)])
    desk().outcomes(editor, [request_of(repeat=3)])
    assert (sum(server.billed.values()), len(server.post.batches)) == (4, 1)


def test_siblings_share_a_line(server, desk, request_of):
    editor = editor_from_spec(server.openai(mode="batch", n=2))
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert [line["body"]["n"] for line in server.post.lines] == [2, 1]


def test_a_full_file_is_followed_by_another(server, desk, request_of, editor):
    object.__setattr__(
        editor.tool, "__dict__", {**editor.tool.__dict__, "batch_service": BatchAPI(editor.tool, None, 2)}
    )
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert len(server.post.batches) == 2


LINES = {
    "jpeg": (EditStatus.OK, ""),
    "moderation": (EditStatus.REFUSED, "moderation_blocked"),
    "bad": (EditStatus.FAILED, "Invalid size"),
    "error": (EditStatus.FAILED, "HTTP 500"),
    "rate_limit": (EditStatus.FAILED, "HTTP 429"),
    "wrong_size": (EditStatus.MALFORMED, "got 64x64"),
    "truncated": (EditStatus.MALFORMED, "base64"),
    "fewer": (EditStatus.FAILED, "got 0"),
}


@pytest.mark.parametrize("scenario", LINES)
def test_every_line_ends_for_itself(server, desk, request_of, editor, scenario):
    status, words = LINES[scenario]
    server.script = ["ok", scenario, "ok"]
    edits = desk()
    outcomes = edits.outcomes(editor, three(request_of))
    assert [one.status for one in outcomes] == [EditStatus.OK, status, EditStatus.OK]
    assert words in outcomes[1].message
    assert len(edits.ledger.ended_lines()) == 3
    assert not edits.ledger.unanswered()


def test_a_line_that_ends_the_run_lets_the_others_be_stored(server, desk, request_of, editor):
    server.script = ["ok", "auth", "ok"]
    edits = desk()
    with pytest.raises(EditorError, match="turns us away"):
        edits.outcomes(editor, three(request_of))
    assert sorted(line.status[0] for line in edits.ledger.ended_lines()) == ["failed", "ok", "ok"]


def test_a_batch_that_is_refused_is_asked_for_again(server, desk, request_of, editor):
    server.post.end = "failed"
    with pytest.raises(EditorError, match="model_not_found"):
        desk().outcomes(editor, three(request_of))
    assert not desk().ledger.unanswered()
    server.post.end = "completed"
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3


def test_what_expired_has_failed_and_is_asked_for_by_the_next_run(server, desk, request_of, editor):
    server.post.end = "expired"
    assert sorted(one.status.value for one in desk().outcomes(editor, three(request_of))) == ["failed", "failed", "ok"]
    server.post.end = "completed"
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert sum(server.billed.values()) == 3


class Killed(BaseException):
    """What no code that is being killed can catch."""


def dies(monkeypatch, owner, name, *, after=False):
    """Have a method kill the process, before or after it has done its work."""
    whole = getattr(owner, name)

    def half(*arguments, **named):
        if after:
            whole(*arguments, **named)
        raise Killed

    monkeypatch.setattr(owner, name, half)


STEPS = {
    "after an attempt is entered": (Ledger, "sent", True),
    "before a batch is created": (BatchAPI, "submitted", False),
    "before its id is kept": (BatchAPI, "submitted", True),
    "while it is waited for": (BatchAPI, "state", False),
    "before it is fetched": (BatchAPI, "fetched", False),
    "before what was fetched is kept": (BatchAPI, "fetched", True),
    "while an answer is opened": (BatchAPI, "opened", False),
    "after an edit is stored": (Store, "keep_edit", True),
    "after a line is entered": (Ledger, "ended", True),
    "before it is cleared away": (BatchAPI, "cleared", False),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_nothing_and_pays_once(server, desk, request_of, editor, step):
    owner, name, after = STEPS[step]
    with pytest.MonkeyPatch.context() as patch:
        dies(patch, owner, name, after=after)
        with pytest.raises(Killed):
            desk().outcomes(editor, three(request_of))
    edits = desk()
    assert [one.status.value for one in edits.outcomes(editor, three(request_of))] == ["ok"] * 3
    assert sum(server.billed.values()) == 3
    assert not edits.ledger.unanswered()
    assert not list(edits.store.faults())
    assert sum(line.cost_usd or 0 for line in edits.ledger.ended_lines()) == pytest.approx(1.5 * ONE_EDIT_USD)


def test_a_batch_whose_id_was_lost_on_the_way_is_found_again(server, desk, request_of, editor):
    server.post.faults = {"POST /v1/batches": ["cut"]}
    with pytest.raises(EditorError, match="Run again"):
        desk().outcomes(editor, three(request_of))
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert (len(server.post.batches), sum(server.billed.values())) == (1, 3)


def test_questions_that_cost_nothing_are_asked_again(server, desk, request_of, editor):
    server.post.faults = {"GET /v1/batches/ID": ["error", "cut"], "GET /v1/files/ID/content": ["error"]}
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert len(server.post.batches) == 1


def test_no_quota_ends_the_run_and_nothing_is_out(server, desk, request_of, editor):
    server.post.faults = {"POST /v1/batches": ["quota"]}
    with pytest.raises(EditorError, match="no quota is left"):
        desk().outcomes(editor, three(request_of))
    assert not desk().ledger.unanswered()
    assert not server.billed


def test_damaged_answers_are_named_and_fetched_again(server, desk, request_of, editor, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        dies(patch, BatchAPI, "opened")
        with pytest.raises(Killed):
            desk().outcomes(editor, three(request_of))
    [answers] = (tmp_path / "store" / "batches").glob("*.answers")
    answers.write_bytes(answers.read_bytes()[:-30])
    with pytest.raises(EvidenceError, match=answers.name):
        desk().outcomes(editor, three(request_of))
    answers.unlink()
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert sum(server.billed.values()) == 3


def test_a_full_disk_is_named_and_nothing_is_paid_for_twice(server, desk, request_of, editor):
    def full(self, batch, file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchAPI, "fetched", full)
        with pytest.raises(EvidenceError, match="No space left on device"):
            desk().outcomes(editor, three(request_of))
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert sum(server.billed.values()) == 3


def test_the_live_mode_waits_for_what_is_out(server, desk, request_of, editor, monkeypatch):
    dies(monkeypatch, BatchAPI, "state")
    with pytest.raises(Killed):
        desk().outcomes(editor, three(request_of))
    monkeypatch.undo()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(EditorError, match="out in batch batch_0, and would be paid for twice"):
        desk().outcomes(editor_from_spec(server.openai()), three(request_of))
    assert not server.requests


@pytest.mark.parametrize("terms", [{"max_edits": 2}, {"max_cost": 2.5 * 0.5 * ONE_EDIT_USD}])
def test_limits_hold_before_the_batch_is_created(server, desk, request_of, terms, monkeypatch):
    editor = editor_from_spec(server.openai(mode="batch"))
    monkeypatch.setattr(Edits, "expected", lambda *_: 0.5 * ONE_EDIT_USD)
    edits = desk(since=0.0, **terms)
    with pytest.raises(EditorError, match="--max-"):
        edits.outcomes(editor, three(request_of))
    assert [line.status for line in edits.ledger.ended_lines()] == [("ok",)] * 2, "what was allowed is stored"
    assert sum(server.billed.values()) == 2


def test_wrappers_are_asked_by_batch_too(server, desk, request_of):
    editor = editor_from_spec(f"paste-back+{server.openai(mode='batch')}")
    assert editor.is_batched
    assert [one.status.value for one in desk().outcomes(editor, three(request_of))] == ["ok"] * 3
    assert not server.requests


def test_key_and_case_are_written_and_sent_nowhere(server, desk, request_of, editor, tmp_path):
    desk().outcomes(editor, three(request_of))
    assert any(b"custom_id" in body for body in server.post.seen)
    assert not [body for body in server.post.seen if b"patient-name" in body or KEY.encode() in body]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_the_estimate_is_at_the_price_of_the_batch():
    live = editor_from_spec("openai:gpt-image-2", allow_egress=None).service.expected_usd
    assert live > 0
    assert editor_from_spec("openai:gpt-image-2?mode=batch", allow_egress=None).service.expected_usd == live / 2


@pytest.mark.parametrize(
    ("query", "words"),
    [("mode=tape", "Write mode=live or batch"), ("mode=batch&mask_field=x", "mode=batch, which has no mask_field")],
)
def test_a_mode_that_cannot_be_is_refused(query, words):
    with pytest.raises(EditorError, match=words):
        editor_from_spec(f"openai:gpt-image-2?{query}", allow_egress=None)

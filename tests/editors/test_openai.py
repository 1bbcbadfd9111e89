"""The real openai client against a server that speaks its protocol: every case ends right, and is paid for once."""

from __future__ import annotations

import json

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditStatus

from tests.editors.server import KEY, pixels


def expected(request):
    return np.where(request.edit_mask, 255 - request.image, request.image)


def test_an_edit_comes_back_in_place(server, desk, request_of):
    request = request_of()
    edits = desk()
    [outcome] = edits.outcomes(editor_from_spec(server.openai()), [request])
    assert outcome.status is EditStatus.OK
    assert (outcome.image == expected(request)).all()
    sent = server.requests[0]
    assert (sent["model"], sent["size"], sent["n"]) == ("gpt-image-2", "64x80", "1")
    assert pixels(sent["image"]).shape == (80, 64, 3)
    assert (pixels(sent["mask"])[..., 3] == 0).sum() == request.edit_mask.sum(), "alpha 0 marks what may change"
    [line] = edits.ledger.ended_lines()
    assert line.cost_usd == round((100 * 5 + 1000 * 8 + 1000 * 30) / 1e6, 6)
    assert (line.http_status, line.request_id, line.status) == (200, "req_1", ("ok",))
    assert json.loads(edits.store.raw(line.keys[0]))["data"][0]["b64_json"]


def test_what_stands_is_not_asked_for_again(server, desk, request_of):
    editor = editor_from_spec(server.openai())
    first = desk().outcomes(editor, [request_of()])
    second = desk().outcomes(editor, [request_of()])
    assert (first[0].image == second[0].image).all()
    assert len(server.requests) == 1


CASES = {
    "jpeg": (EditStatus.OK, "", 1),
    "moderation": (EditStatus.REFUSED, "moderation_blocked", 1),
    "bad": (EditStatus.FAILED, "Invalid size", 1),
    "error": (EditStatus.FAILED, "HTTP 500", 1),
    "rate_limit": (EditStatus.FAILED, "HTTP 429", 4),
    "cut": (EditStatus.FAILED, "cut before the answer", 1),
    "wrong_size": (EditStatus.MALFORMED, "asked for 64x80 pixels, got 64x64", 1),
    "truncated": (EditStatus.MALFORMED, "base64", 1),
    "html": (EditStatus.FAILED, "Please log in", 1),
    "fewer": (EditStatus.FAILED, "got 0", 1),
}


BILLED = {"jpeg": 1, "wrong_size": 1, "truncated": 1, "cut": 1}
"""What the server charges for; of an answer that was cut off nobody here can know."""
ASKED_USD, ANSWERED_USD = (100 * 5 + 1000 * 8) / 1e6, 1000 * 30 / 1e6
COST_USD = {**dict.fromkeys(("jpeg", "wrong_size", "truncated"), ASKED_USD + ANSWERED_USD), "fewer": ASKED_USD}
"""What the ledger says that it cost."""


@pytest.mark.parametrize("scenario", CASES)
def test_every_way_to_fail_is_counted_once(server, desk, request_of, scenario):
    status, words, attempts = CASES[scenario]
    server.script = [scenario]
    edits = desk()
    [outcome] = edits.outcomes(editor_from_spec(server.openai()), [request_of()])
    assert (outcome.status, words in outcome.message) == (status, True), outcome
    assert len(server.requests) == attempts
    lines = edits.ledger.ended_lines()
    assert [line.status for line in lines] == [*[("failed",)] * (attempts - 1), (status.value,)]
    assert not edits.ledger.unanswered()
    assert sum(server.billed.values()) == BILLED.get(scenario, 0)
    assert sum(line.cost_usd or 0.0 for line in lines) == pytest.approx(COST_USD.get(scenario, 0.0))


def test_no_answer_in_time_is_never_asked_for_twice(server, desk, request_of):
    server.script = ["slow"]
    [outcome] = desk().outcomes(editor_from_spec(server.openai(timeout=0.2)), [request_of()])
    assert outcome.status is EditStatus.TIMED_OUT
    assert len(server.requests) == 1


def test_no_place_at_the_server_is_kept_while_nothing_is_on_the_wire(server, desk, request_of, monkeypatch):
    edits, editor = desk(), editor_from_spec(server.openai(concurrency=1))
    edits.outcomes(editor, [request_of()])
    [places] = edits._places.values()
    free = []
    monkeypatch.setattr(type(editor.tool), "answered", lambda *_: free.append(places._value) or [])
    monkeypatch.setattr(
        type(editor.tool), "packed", watched(type(editor.tool).packed, lambda: free.append(places._value))
    )
    monkeypatch.setattr(
        type(editor.tool), "_sent", watched(type(editor.tool)._sent, lambda: free.append(places._value))
    )
    edits.outcomes(editor, [request_of(repeat=1)])
    assert free == [1, 0, 1], "taken while the request was out, free before and after"


def watched(whole, seen):
    def watch(*arguments):
        seen()
        return whole(*arguments)

    return watch


def test_a_run_stops_where_the_first_request_is_turned_away(server, desk, request_of):
    server.script = ["auth"]
    edits, editor = desk(), editor_from_spec(server.openai())
    for repeat in range(3):
        with pytest.raises(EditorError, match="turns us away"):
            edits.outcomes(editor, [request_of(repeat=repeat)])
    assert len(server.requests) == 1, "what can never succeed is not asked again in this run"


def test_what_costs_nothing_is_tried_again(server, desk, request_of):
    server.script = ["rate_limit", "rate_limit", "ok"]
    edits = desk()
    [outcome] = edits.outcomes(editor_from_spec(server.openai()), [request_of()])
    assert outcome.status is EditStatus.OK
    assert [line.status for line in edits.ledger.ended_lines()] == [("failed",), ("failed",), ("ok",)]
    assert sum(server.billed.values()) == 1


@pytest.mark.parametrize("scenario", ["auth", "quota", "gone", "redirect"])
def test_what_can_never_succeed_ends_the_run(server, desk, request_of, scenario):
    server.script = [scenario]
    edits = desk()
    with pytest.raises(EditorError) as stop:
        edits.outcomes(editor_from_spec(server.openai()), [request_of()])
    assert KEY not in str(stop.value)
    assert len(server.requests) == 1
    assert [line.status for line in edits.ledger.ended_lines()] == [("stopped",)]


def test_a_server_that_is_not_there_ends_the_run(server, desk, request_of):
    server.close()
    edits = desk()
    with pytest.raises(EditorError, match="not reached in 4 tries"):
        edits.outcomes(editor_from_spec(server.openai()), [request_of()])
    assert len(edits.ledger.ended_lines()) == 4


def test_siblings_come_from_one_call(server, desk, request_of):
    requests = [request_of(repeat=repeat) for repeat in range(5)]
    edits = desk()
    outcomes = edits.outcomes(editor_from_spec(server.openai(n=3)), requests)
    assert [outcome.status for outcome in outcomes] == [EditStatus.OK] * 5
    assert [request["n"] for request in server.requests] == ["3", "2"]
    assert edits.ledger.totals().edits["openai:gpt-image-2"] == 5


def test_fewer_siblings_than_asked_fail_alone(server, desk, request_of):
    server.script = ["fewer"]
    outcomes = desk().outcomes(editor_from_spec(server.openai(n=3)), [request_of(repeat=r) for r in range(3)])
    assert [outcome.status.value for outcome in outcomes] == ["ok", "ok", "failed"]


@pytest.mark.parametrize(
    "options", [{"mask_field": "mask_image", "mask_polarity": "white"}, {"mask_polarity": "white"}]
)
def test_mask_field_and_polarity_of_other_servers(server, desk, request_of, options):
    request = request_of()
    spec = server.openai(**options, seed_field="seed", extra_body='{"steps": 4}')
    [outcome] = desk().outcomes(editor_from_spec(spec), [request])
    assert (outcome.image == expected(request)).all(), outcome
    sent = server.requests[0]
    assert (sent["seed"], sent["steps"]) == ("100", "4")
    assert pixels(sent[options.get("mask_field", "mask")]).ndim == 2


def test_sixteen_bit_comes_back_on_its_own_levels(server, desk, request_of):
    request = request_of(dtype=np.uint16)
    [outcome] = desk().outcomes(editor_from_spec(server.openai()), [request])
    kept = ~request.edit_mask
    step = (int(request.image.max()) - int(request.image.min())) / 255
    assert outcome.image.dtype == np.uint16
    assert np.abs(outcome.image.astype(int) - request.image)[kept].max() <= step / 2 + 1


@pytest.mark.parametrize(("canvas", "sent"), [("free", "704x976"), ("fixed", "1024x1536"), ("32", "64x96")])
def test_canvas(server, desk, request_of, canvas, sent):
    [outcome] = desk().outcomes(editor_from_spec(server.openai(canvas=canvas)), [request_of()])
    assert server.requests[0]["size"] == sent
    assert outcome.status is EditStatus.OK


def test_pixels_leave_for_named_hosts_only():
    with pytest.raises(EditorError, match=r"--allow-egress api\.openai\.com"):
        editor_from_spec("openai:gpt-image-2")
    with pytest.raises(EditorError, match="--allow-egress"):
        editor_from_spec("paste-back+openai:gpt-image-2", allow_egress=["elsewhere.org"])
    allowed = editor_from_spec("openai:gpt-image-2", allow_egress=["API.openai.com"])
    assert allowed.card.sends_data_to == "api.openai.com"


def test_without_a_key_nothing_is_sent(desk, request_of, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EditorError, match="the environment has no OPENAI_API_KEY"):
        desk().outcomes(editor_from_spec("openai:gpt-image-2", allow_egress=["api.openai.com"]), [request_of()])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("size=3", "option size"), ("n=0", "n = '0'"), ("n=x", "n = 'x'"), ("canvas=0", "canvas = '0'"),
        ("mask_polarity=up", "polarity = 'up'"), ("base_url=ftp://x", "http(s) address"), ("extra_body={", "extra_body = '{'"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_with_advice(query, found):
    with pytest.raises(EditorError) as refused:
        editor_from_spec(f"openai:gpt-image-2?{query}", allow_egress=None)
    assert found in refused.value.found
    assert refused.value.advice


@pytest.mark.parametrize("scenario", ["ok", "echo", "auth"])
def test_key_and_case_are_written_and_sent_nowhere(server, desk, request_of, tmp_path, scenario):
    server.script = [scenario]
    try:
        [outcome] = desk().outcomes(editor_from_spec(server.openai()), [request_of()])
    except EditorError as error:
        outcome = str(error)
    assert KEY not in repr(outcome)
    assert server.requests[0]["headers"]["authorization"] == f"Bearer {KEY}"
    assert b"patient-name" not in server.requests[0]["bytes"]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize(("terms", "made"), [({"max_edits": 2}, 2), ({"max_cost": 0.17}, 4)])
def test_limits_stop_before_the_next_request(server, desk, request_of, terms, made):
    editor = editor_from_spec(server.openai())
    edits = desk(since=0.0, **terms)
    for repeat in range(made):
        edits.outcomes(editor, [request_of(repeat=repeat)])
    with pytest.raises(EditorError, match="--max-"):
        edits.outcomes(editor, [request_of(repeat=made)])
    assert len(server.requests) == made
    more = desk()
    outcomes = [more.outcomes(editor, [request_of(repeat=repeat)])[0] for repeat in range(5)]
    assert [outcome.status for outcome in outcomes] == [EditStatus.OK] * 5
    assert len(server.requests) == 5, "edits made so far are kept"


def test_a_limit_on_cost_needs_a_price(server, desk, request_of):
    editor = editor_from_spec("openai:new-model", allow_egress=["api.openai.com"])
    with pytest.raises(EditorError, match="no price is known"):
        desk(max_cost=1.0).outcomes(editor, [request_of()])

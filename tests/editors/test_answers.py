"""What servers and gateways answer, by form: what may have been paid for is not sent again, and what is said is read."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditStatus

from tests.editors.server import png

MODERATED = "Your request was rejected as a result of our safety system."
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def failing(message: str, **fields: object) -> dict:
    return {"error": {"message": message, "type": None, "param": None, "code": None, **fields}}


@pytest.fixture(params=["openai", "http"])
def tool(request, server, tmp_path):
    """Two adapters whose server answers with what ``server.script`` says."""
    if request.param == "openai":
        return editor_from_spec(server.openai())
    template = {"url": server.url, "path": "/any", "body": {"image": "{image}"}, "answer": "data.0.b64_json"}
    (tmp_path / "any.json").write_text(json.dumps(template))
    return editor_from_spec(f"http:{tmp_path / 'any.json'}")


PERHAPS_PAID = {
    "time-out of LiteLLM": (408, failing("litellm.Timeout: APITimeoutError - Request timed out.")),
    "conflict": (409, failing("Conflict")),
    "reset connection of LiteLLM": (500, failing("litellm.InternalServerError: Connection error.")),
    "answer that the gateway could not read": (500, failing("1 validation error for ImageUsage: total_tokens")),
    "bad gateway": (502, b"<html>Bad gateway</html>"),
    "reset behind Envoy": (503, b"upstream connect error or disconnect/reset before headers"),
    "gateway's time-out": (504, b""),
    "unknown error of Cloudflare": (520, b""),
    "time-out of Cloudflare": (524, b"error code: 524"),
}


@pytest.mark.parametrize("answer", PERHAPS_PAID.values(), ids=PERHAPS_PAID)
def test_what_may_have_been_dispatched_is_not_sent_again(server, desk, request_of, tool, answer):
    server.script = [answer]
    edits = desk()
    [outcome] = edits.outcomes(tool, [request_of()])
    late = answer[0] in (408, 504, 524)
    assert outcome.status is (EditStatus.TIMED_OUT if late else EditStatus.FAILED)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [*PERHAPS_PAID.values(), "cut", "html"], ids=[*PERHAPS_PAID, "cut", "html"])
def test_the_limit_on_cost_holds_where_nobody_said_what_it_cost(server, desk, request_of, answer):
    server.script = [answer]
    editor, edits = editor_from_spec(server.openai()), desk(since=0.0)
    edits.outcomes(editor, [request_of()])
    each = edits.ledger.totals().committed_usd
    assert each == editor.service.expected_usd > 0
    limited = desk(since=0.0, max_cost=2.5 * each)
    limited.outcomes(editor, [request_of(repeat=1)])
    with pytest.raises(EditorError, match="--max-cost"):
        limited.outcomes(editor, [request_of(repeat=2)])
    assert len(server.requests) == 2


def test_an_edit_whose_bill_is_not_told_counts_at_its_expected_cost(server, desk, request_of):
    server.script = [(200, {"data": [{"b64_json": base64.b64encode(png(np.eye(80, 64, dtype=np.uint8))).decode()}]})]
    editor, edits = editor_from_spec(server.openai()), desk(since=0.0)
    [outcome] = edits.outcomes(editor, [request_of()])
    assert outcome.status is EditStatus.OK
    assert edits.ledger.totals().committed_usd == editor.service.expected_usd


BUSY = {
    "too many requests": (429, failing("Rate limit reached")),
    "limit per minute of Gemini": (429, failing(f"{QUOTA} Please retry in 20s.", status="RESOURCE_EXHAUSTED")),
    "back in a moment": (503, failing("Overloaded"), {"Retry-After": "0"}),
}


@pytest.mark.parametrize("answer", BUSY.values(), ids=BUSY)
def test_a_server_that_is_busy_is_asked_again(server, desk, request_of, tool, answer):
    server.script = [answer, answer, (400, failing("Invalid size"))]
    [outcome] = desk().outcomes(tool, [request_of()])
    assert "Invalid size" in outcome.message
    assert len(server.requests) == 3


REFUSED = {
    "OpenAI": (400, failing(MODERATED, code="moderation_blocked")),
    "Azure": (400, failing("Filtered", code="content_policy_violation")),
    "Azure, inner error": (400, failing("Bad", innererror={"code": "ResponsibleAIPolicyViolation"})),
    "LiteLLM": (400, failing(f"litellm.ContentPolicyViolationError: {MODERATED}", code="400")),
    "Stability": (403, {"id": "1", "name": "content_moderation", "errors": ["Flagged by our moderation system"]}),
    "Stability, blurred": (200, {"finish_reason": "CONTENT_FILTERED", "artifact": "none"}),
    "Gemini, prompt": (200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    "Gemini, picture": (200, {"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}]}),
    "Replicate": (200, {"status": "failed", "error": "NSFW content detected. Try a different prompt."}),
    "BFL": (200, {"status": "Request Moderated", "result": None}),
    "in words, under 200": (200, failing(MODERATED)),
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_one_in_whatever_form(server, desk, request_of, tool, answer):
    server.script = [answer]
    [outcome] = desk().outcomes(tool, [request_of()])
    assert outcome.status is EditStatus.REFUSED, outcome
    assert len(server.requests) == 1


NO_REFUSAL = {
    "page of a proxy": (403, b"<html>Blocked by the content filter of your company</html>"),
    "no permission": (403, failing("This key may not edit images", code="permission_denied")),
}


@pytest.mark.parametrize("answer", NO_REFUSAL.values(), ids=NO_REFUSAL)
def test_who_is_turned_away_was_not_refused_an_edit(server, desk, request_of, tool, answer):
    server.script = [answer]
    with pytest.raises(EditorError, match="turns us away"):
        desk().outcomes(tool, [request_of()])


SPENT = {
    "OpenAI": (429, failing(QUOTA, type="insufficient_quota", code="insufficient_quota")),
    "LiteLLM": (
        429,
        failing(f"litellm.RateLimitError: OpenAIException - {QUOTA}", type="throttling_error", code="429"),
    ),
    "budget of LiteLLM": (400, failing("Budget has been exceeded! Current cost: 1", type="budget_exceeded")),
    "Gemini": (429, failing(QUOTA, status="RESOURCE_EXHAUSTED")),
    "Replicate": (402, {"title": "Insufficient credit", "detail": "You have insufficient credit to run this model."}),
    "Stability": (402, {"name": "payment_required", "errors": ["You lack sufficient credits"]}),
    "fal": (403, {"detail": "User is locked. Reason: insufficient balance. Top up your balance."}),
    "under 200": (200, failing("Insufficient credits", code="insufficient_credits")),
}


@pytest.mark.parametrize("answer", SPENT.values(), ids=SPENT)
def test_an_empty_account_ends_the_run_in_whatever_form(server, desk, request_of, tool, answer):
    server.script = [answer]
    with pytest.raises(EditorError, match="no quota is left"):
        desk().outcomes(tool, [request_of()])
    assert len(server.requests) == 1


def pictures(server) -> tuple[np.ndarray, str, dict[str, tuple]]:
    """A picture, and the forms that an answer may give it in."""
    picture = np.random.default_rng(3).integers(0, 255, (80, 64), np.uint8)
    content = png(picture)
    server.files["/files/1.png"] = content
    text = base64.b64encode(content).decode()
    done = {"type": "image_edit.completed", "b64_json": text}
    partial = {"type": "image_edit.partial_image", "b64_json": "aGFuZA=="}
    events = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in (partial, done))
    forms = {
        "data URL": (200, {"data": [{"b64_json": f"data:image/png;base64,{text}"}]}),
        "other alphabet": (200, {"data": [{"b64_json": base64.urlsafe_b64encode(content).decode().rstrip("=")}]}),
        "address": (200, {"data": [{"url": f"{server.url}/files/1.png", "b64_json": None}]}),
        "stream": (200, events.encode()),
    }
    return picture, text, forms


@pytest.mark.parametrize("form", ["data URL", "other alphabet", "address", "stream"])
def test_a_picture_is_read_in_every_form(server, desk, request_of, form):
    picture, _, forms = pictures(server)
    server.script = [forms[form]]
    [outcome] = desk().outcomes(editor_from_spec(server.openai()), [request_of(shape=(80, 64))])
    assert outcome.status is EditStatus.OK, outcome.message
    levels = np.unique(outcome.image)
    assert len(levels) > 200, "it is the picture of the answer"
    assert np.corrcoef(picture.ravel(), outcome.image.ravel())[0, 1] > 0.999


def test_an_address_elsewhere_is_not_followed(server, desk, request_of, tool):
    field = "url" if tool.card.name.startswith("openai") else "b64_json"
    server.script = [(200, {"data": [{field: "https://files.example.org/1.png"}]})]
    with pytest.raises(EditorError, match=r"files\.example\.org, which is not its own server.*base64"):
        desk().outcomes(tool, [request_of()])


def test_a_file_that_is_gone_is_a_failed_edit(server, desk, request_of):
    server.script = [(200, {"data": [{"url": f"{server.url}/files/2.png"}]})]
    [outcome] = desk().outcomes(editor_from_spec(server.openai()), [request_of()])
    assert outcome.status is EditStatus.FAILED
    assert outcome.message.startswith("its file could not be fetched")


def test_a_picture_at_another_place_is_named_and_not_taken(server, desk, request_of, tool):
    """It may be the picture that was sent."""
    _, text, _ = pictures(server)
    server.script = [(200, {"output": [{"text": "Here"}, {"inlineData": {"data": text}}]})]
    with pytest.raises(EditorError, match=r"but one at '?output\.1\.inlineData\.data"):
        desk().outcomes(tool, [request_of()])
    assert len(server.requests) == 1


def test_any_member_of_a_list_may_hold_the_picture(server, desk, request_of, tmp_path):
    _, text, _ = pictures(server)
    template = {"url": server.url, "path": "/any", "body": {}, "answer": "parts.*.inlineData.data"}
    (tmp_path / "any.json").write_text(json.dumps(template))
    tool = editor_from_spec(f"http:{tmp_path / 'any.json'}")
    part = {"inlineData": {"data": text}}
    server.script = [(200, {"parts": [{"text": "Here"}, part]}), (200, {"parts": [part]}), (200, {"parts": []})]
    requests = [request_of(shape=(80, 64), repeat=repeat) for repeat in range(3)]
    outcomes = [desk().outcomes(tool, [one])[0] for one in requests]
    assert [outcome.status.value for outcome in outcomes] == ["ok", "ok", "failed"]


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "input_tokens_details": None},
        {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "input_tokens_details": {"text_tokens": 0, "image_tokens": 0}},
        {},
        {"input_tokens": "many"},
    ],
    ids=["zeros of a gateway", "zeros in detail", "empty", "no numbers"],
)  # fmt: skip
def test_a_bill_of_nothing_is_an_unknown_one(server, desk, request_of, usage):
    answer = {"data": [{"b64_json": base64.b64encode(png(np.eye(80, 64, dtype=np.uint8))).decode()}], "usage": usage}
    server.script = [(200, answer)]
    editor, edits = editor_from_spec(server.openai()), desk(since=0.0)
    edits.outcomes(editor, [request_of()])
    assert edits.ledger.totals().committed_usd == editor.service.expected_usd


def test_a_gateway_is_asked_to_send_a_request_on_once(server, desk, request_of):
    desk().outcomes(editor_from_spec(server.openai()), [request_of()])
    assert server.requests[0]["headers"]["x-litellm-num-retries"] == "0"

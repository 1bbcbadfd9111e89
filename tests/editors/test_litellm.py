"""The real LiteLLM proxy, as its package starts it, before a loopback upstream at which requests are counted.

``make litellm`` makes its virtual environment; CI does not do without. The proxy keeps its default of two retries:
the adapter asks it, by a header that it documents, to send a request on once.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditStatus

from tests.editors.server import KEY, Server

HOME = Path(os.environ.get("EDITPROOF_LITELLM", Path(__file__).parents[2] / ".litellm"))
PATIENCE_S = float(os.environ.get("EDITPROOF_LITELLM_PATIENCE", "300"))
LATE_S = 1.0
"""Seconds that the proxy waits for the upstream."""

pytestmark = pytest.mark.slow


class Upstream(Server):
    """Takes the image under the name that LiteLLM gives to its part, and may leave parts of the bill out."""

    def __init__(self) -> None:
        super().__init__()
        self.bill: tuple[str, ...] | None = None

    def made(self, fields: dict, scenario: str = "ok") -> dict:
        answer = super().made({**fields, "image": fields["image[]"]}, scenario)
        if self.bill is not None:
            answer["usage"] = {name: answer["usage"][name] for name in self.bill}
        return answer if self.bill != () else {name: answer[name] for name in ("created", "data")}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """Address of the proxy and its upstream; the key of both is a made-up one."""
    program = HOME / "bin" / "litellm"
    if not program.exists():
        pytest.skip(f"needs LiteLLM, which is not in {HOME.name}; make litellm")
    folder, upstream = tmp_path_factory.mktemp("litellm"), Upstream()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    model = {"model": "openai/gpt-image-2", "api_base": f"{upstream.url}/v1", "api_key": "none", "timeout": LATE_S}
    told = {  # YAML takes JSON
        "model_list": [{"model_name": "gpt-image-2", "litellm_params": model}],
        "router_settings": {"disable_cooldowns": True},
    }
    (folder / "config.yaml").write_text(json.dumps(told))
    words = ["--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        proxy = subprocess.Popen([program, *words], stdout=log, stderr=log, env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/health/liveliness", proxy, folder / "server.log")
            yield f"http://127.0.0.1:{port}/v1", upstream
        finally:
            proxy.terminate()
            proxy.wait()
            upstream.close()


def wait_for(url: str, proxy: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and proxy.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"LiteLLM did not answer:\n{log.read_text()[-2000:]}")


@pytest.fixture
def asked(gateway, monkeypatch):
    """The upstream as new, and the tool behind the proxy."""
    url, upstream = gateway
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    upstream.requests.clear()
    upstream.latency_s, upstream.bill, upstream.script = 0.0, None, ["ok"]
    yield upstream, editor_from_spec(f"openai:gpt-image-2?base_url={url}&canvas=16")
    upstream.latency_s = 0.0


SITUATIONS = {
    "a time-out, which comes as 408": ({"latency_s": 3 * LATE_S}, EditStatus.TIMED_OUT, "HTTP 408"),
    "524": ({"script": [(524, b"error code: 524")]}, EditStatus.TIMED_OUT, "HTTP 524"),
    "a reset connection, which comes as 500": ({"script": ["cut"]}, EditStatus.FAILED, "HTTP 500"),
    "a finished answer without total_tokens": (
        {"bill": ("input_tokens", "output_tokens", "input_tokens_details")},
        EditStatus.FAILED,
        "total_tokens",
    ),
    "an error of the model's server": ({"script": ["error"]}, EditStatus.FAILED, "HTTP 500"),
    "a finished answer without a bill": ({"bill": ()}, EditStatus.OK, ""),
}
"""What the upstream does, and what comes through the proxy; all of them may have been paid for."""


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_upstream_is_asked_once_and_the_limit_on_cost_holds(asked, desk, request_of, name):
    upstream, editor = asked
    fields, status, words = SITUATIONS[name]
    for field, value in fields.items():
        setattr(upstream, field, value)
    each = editor.service.expected_usd
    edits = desk(since=0.0, max_cost=1.5 * each)
    [outcome] = edits.outcomes(editor, [request_of()])
    assert (outcome.status, words in outcome.message) == (status, True), outcome.message
    assert edits.ledger.totals().committed_usd == each
    with pytest.raises(EditorError, match="--max-cost"):
        edits.outcomes(editor, [request_of(repeat=1)])
    time.sleep(0.3)  # a repeated request would leave now
    assert len(upstream.requests) == 1


def test_an_edit_and_its_bill_come_through(asked, desk, request_of):
    upstream, editor = asked
    edits = desk(since=0.0)
    [outcome] = edits.outcomes(editor, [request_of()])
    assert outcome.status is EditStatus.OK, outcome.message
    assert 0 < edits.ledger.totals().committed_usd < editor.service.expected_usd
    assert len(upstream.requests) == 1


def test_an_empty_quota_ends_the_run(asked, desk, request_of):
    upstream, editor = asked
    upstream.script = ["quota"]
    with pytest.raises(EditorError, match="no quota is left"):
        desk().outcomes(editor, [request_of()])
    assert len(upstream.requests) == 1


def test_a_refusal_is_one_behind_the_proxy(asked, desk, request_of):
    upstream, editor = asked
    upstream.script = ["moderation"]
    [outcome] = desk().outcomes(editor, [request_of()])
    assert outcome.status is EditStatus.REFUSED, outcome.message
    assert len(upstream.requests) == 1

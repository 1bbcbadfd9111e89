"""Templates of requests against the protocols of the services that they are for; every edit is asked for once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditStatus

from tests.editors.services import Services

PAGE = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")
[COMFY] = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "ETN_LoadImage" in block]
"""A workflow of ComfyUI whose nodes take base64, as the page has it."""


KEYS = {
    "stability": "STABILITY_API_KEY", "replicate": "REPLICATE_API_TOKEN", "bfl": "BFL_API_KEY", "litellm": "LITELLM_API_KEY",
    "azure": "AZURE_OPENAI_API_KEY", "gemini": "GEMINI_API_KEY", "fal": "FAL_KEY",
}  # fmt: skip
JOBS = ["replicate", "bfl", "comfyui", "fal", "comfyui of the page"]


@pytest.fixture
def services(monkeypatch):
    for name in KEYS.values():
        monkeypatch.setenv(name, f"key-of-{name.split('_')[0].lower()}")
    running = Services()
    yield running
    running.close()


@pytest.fixture
def tool(services, tmp_path):
    """A tool by the name of its preset or template, asking every hundredth of a second."""

    def make(name: str, **fields: object):
        from editproof.editors.presets import PRESETS

        template = COMFY if name == "comfyui of the page" else PRESETS[name]
        template = {**template, "url": services.url, **fields}
        if "poll" in template:
            template["poll"] = {**template["poll"], "every": 0.01}
        (tmp_path / f"{name}.json").write_text(json.dumps(template))
        return editor_from_spec(f"http:{tmp_path / name}.json")

    return make


ALL = [*KEYS, "comfyui", "comfyui of the page"]


@pytest.mark.parametrize("name", ALL)
def test_an_edit_comes_back_from_every_service(services, tool, desk, request_of, name):
    request, edits = request_of(), desk()
    [outcome] = edits.outcomes(tool(name), [request])
    assert outcome.status is EditStatus.OK, outcome.message
    assert (outcome.image == np.where(request.edit_mask, 255 - request.image, request.image)).all()
    assert services.made == 1
    kept = b"".join(path.read_bytes() for path in edits.store.root.rglob("*") if path.is_file())
    assert b"key-of-" not in kept


@pytest.mark.parametrize("name", KEYS)
def test_a_refusal_is_told_from_a_failure(services, tool, desk, request_of, name):
    services.end = "refused"
    [outcome] = desk().outcomes(tool(name), [request_of()])
    assert outcome.status is EditStatus.REFUSED, outcome.message
    assert services.made == 1


@pytest.mark.parametrize("name", JOBS)
def test_asking_about_a_job_is_repeated_and_the_job_is_not(services, tool, desk, request_of, name):
    services.faults, services.asks = [502, 429, 503, 500], 5
    [outcome] = desk().outcomes(tool(name), [request_of()])
    assert outcome.status is EditStatus.OK, outcome.message
    assert services.made == 1


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_never_ends_is_timed_out(services, tool, desk, request_of, name):
    services.asks = 10**9
    [outcome] = desk().outcomes(tool(name, timeout=0.3), [request_of()])
    assert outcome.status is EditStatus.TIMED_OUT
    assert services.made == 1


@pytest.mark.parametrize("name", KEYS)
def test_without_its_key_nothing_is_sent(services, tool, desk, request_of, name, monkeypatch):
    monkeypatch.delenv(KEYS[name])
    with pytest.raises(EditorError, match=f"the environment has no {KEYS[name]}"):
        desk().outcomes(tool(name), [request_of()])
    assert services.made == 0


def test_a_workflow_that_fails_is_a_failed_edit_with_its_words(services, tool, desk, request_of):
    services.end = "refused"
    [outcome] = desk().outcomes(tool("comfyui"), [request_of()])
    assert (outcome.status, services.made) == (EditStatus.FAILED, 1)
    assert "the job ended as error" in outcome.message
    assert "execution_error" in outcome.message


def test_a_picture_that_was_blackened_is_a_refusal(services, tool, desk, request_of):
    services.end = "blackened"
    [outcome] = desk().outcomes(tool("fal"), [request_of()])
    assert (outcome.status, outcome.message) == (EditStatus.REFUSED, "refused: has_nsfw_concepts")


def test_a_result_that_fails_is_asked_for_again_and_the_job_is_not(services, tool, desk, request_of):
    services.faults, services.asks = [502, 503], 1
    [outcome] = desk().outcomes(tool("fal"), [request_of()])
    assert (outcome.status, services.made) == (EditStatus.OK, 1)


def test_a_model_by_name_is_part_of_the_request_and_of_the_tool(services, tool, desk, request_of):
    """Where the request says the model, no server is asked which one it runs."""
    one, other = tool("gemini"), tool("gemini", model="gemini-3-image")
    assert one.card.version != other.card.version
    desk().outcomes(other, [request_of()])
    assert services.requests == [("POST", "/v1beta/models/gemini-3-image:generateContent")]
    with pytest.raises(EditorError, match=r"which the request does not say.*Write \{model\} in the path"):
        tool("stability", model="core")


def test_a_preset_without_an_address_says_how_to_name_it():
    with pytest.raises(EditorError, match=r"lacks url\. Name the server: http:azure\?url=https://HOST"):
        editor_from_spec("http:azure")


def test_variables_are_taken_everywhere_but_in_the_address(services, tool, desk, request_of, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "a{prompt}&b")
    place = tool("stability", query={"api-version": "1", "who": "${MY_TOKEN}"}).tool
    from editproof.editors.templates import filled, target

    values = {"prompt": "${MY_TOKEN}", "seed": 7}
    assert target(place.template, values, "t").endswith("?api-version=1&who=a%7Bprompt%7D%26b")
    assert filled({"a": ["{seed}", "${MY_TOKEN} {prompt}"]}, values, "t") == {"a": [7, "a{prompt}&b ${MY_TOKEN}"]}
    with pytest.raises(EditorError, match="Write the address itself"):
        tool("stability", url="http://${MY_TOKEN}/")


WRONG = {
    "key in a header": (
        {"headers": {"X-Key": "0123456789abcdef"}},
        r"a secret stands in the template, at headers\.X-Key",
    ),
    "token in a header": ({"headers": {"Authorization": "Bearer 0123456789abcdef01"}}, r"headers\.Authorization"),
    "key in the query": ({"query": {"key": "0123456789"}}, r"at query\.key"),
    "key in the path": ({"path": "/v1?key=AIzaSyA0123456789012345678901234567890"}, "at path"),
    "key in the body": ({"body": {"extra": {"api_key": "0123456789"}}}, r"at body\.extra\.api_key"),
    "line break": ({"headers": {"X-A": "a\r\nX-B: b"}}, "has a line break"),
    "number as header": ({"headers": {"X-A": 1}}, "not texts by name"),
    "poll without an address": ({"poll": {"status": "status"}}, "lacks url"),
    "poll with half a state": ({"poll": {"url": "/x", "status": "status"}}, "one of status and done"),
    "poll misspelt": ({"poll": {"url": "/x", "evry": 1}}, r"Did you mean .?every"),
    "poll done in words": (
        {"poll": {"url": "/x", "status": "s", "done": "ok"}},
        r"its poll\.done is not a list of texts",
    ),
    "hosts of a poll in words": ({"poll": {"url": "/x", "hosts": "a.org"}}, r"its poll\.hosts is not a list of texts"),
    "files from a text": ({"files_from": "x.org"}, "its files_from is not a list of texts"),
    "files from nothing": ({"files_from": [""]}, "its files_from is not a list of texts"),
    "query in a list": ({"query": ["a"]}, "its query is not an object"),
    "another encoding": ({"encoding": "xml"}, "Write json or multipart"),
    "number as path": ({"path": 5}, "which begins with /"),
    "path that names a host": ({"path": "@evil.example/x"}, "which begins with /"),
    "path that goes on with the host": ({"path": ".evil.example/x"}, "which begins with /"),
    "model path that names a host": ({"model_path": "@evil.example/x"}, "which begins with /"),
    "no padding": ({"multiple": 0}, "multiple=0"),
    "no time": ({"timeout": 0}, "timeout=0"),
    "nobody asks": ({"concurrency": 0}, "concurrency=0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_template_is_refused_when_it_is_read(tool, name):
    fields, found = WRONG[name]
    with pytest.raises(EditorError, match=found) as refused:
        tool("stability", **fields)
    assert "0123456789" not in str(refused.value)


RIGHT = {
    "variable": {"headers": {"Authorization": "Bearer ${MY_TOKEN}", "X-Key": "${MY_KEY}"}},
    "words": {
        "body": {"image": "{image}", "mask": "{mask}", "prompt": "key of the token, a secret", "monkey": "0123456789"}
    },
    "short": {"headers": {"Authorization": "none"}},
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_no_secret_is_no_alarm(tool, name):
    tool("stability", **RIGHT[name])


@pytest.mark.parametrize(
    "spec",
    [
        "http:iopaint?url=http://127.0.0.1:1&path=/x?t=sk-0123456789abcdef0123",
        'openai:m?base_url=http://127.0.0.1:1&extra_body={"user_key": "sk-0123456789abcdef0123"}',
        "cmd:true --token hf_0123456789abcdefghijkl {image} {output}",
    ],
)
def test_a_secret_in_a_specification_is_refused(spec):
    with pytest.raises(EditorError, match="a secret stands in it") as refused:
        editor_from_spec(spec)
    assert "0123456789" not in str(refused.value)


def test_files_are_fetched_from_named_hosts_alone(services, tool, desk, request_of, monkeypatch):
    """The presets name the hosts that their services deliver from."""
    from editproof.core.egress import server_of
    from editproof.editors.pictures import check_host
    from editproof.editors.presets import PRESETS

    server = server_of("https://api.replicate.com", "t")
    hosts = PRESETS["replicate"]["files_from"]
    check_host("https://replicate.delivery/x/out.png", server, hosts, "t")
    check_host("https://eu.replicate.delivery/x/out.png", server, hosts, "t")
    for url in (
        "https://replicate.delivery.example.org/out.png",
        "http://replicate.delivery/out.png",
        "https://127.0.0.1/",
    ):
        with pytest.raises(EditorError, match="not its own server"):
            check_host(url, server, hosts, "t")

"""What a tool does behind the study's back: buffers used again, code that changed, odd answers, secrets in odd places."""

from __future__ import annotations

import importlib
import json
import math
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from editproof.core.sources import source_digest
from editproof.editing.edits import Terms
from editproof.editors.adapter import Service, checked
from editproof.editors.prices import Prices
from editproof.editors.registry import editor_from_spec
from editproof.editors.replies import LONGEST_WAIT_S, fault_of, retry_after_s, words_of
from editproof.errors import EditorError
from editproof.types import EditorCard, EditOutcome, EditStatus

CARD = EditorCard("t", "1", "a tool")


class Reusing:
    """Writes every answer into the same array."""

    card = CARD

    def __init__(self, request):
        self.buffer = np.zeros_like(request.image)

    def __call__(self, request):
        self.buffer[:] = 5 + request.repeat
        return self.buffer


def test_a_buffer_that_a_tool_uses_again_does_not_change_what_came_back(request_of):
    tool = checked(Reusing(request_of()))
    outcomes = [tool(request_of(repeat=repeat)) for repeat in (0, 4)]
    assert [outcome.image.max() for outcome in outcomes] == [5, 9]


def test_a_matrix_comes_back_as_plain_pixels(request_of):
    outcome = checked(lambda request: np.asmatrix(request.image.copy()))(request_of())
    assert type(outcome.image) is np.ndarray
    assert outcome.image.flags.c_contiguous


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (lambda r: EditOutcome.ok(r.image, a=np.float32(1)), EditStatus.MALFORMED, "provenance in plain JSON"),
        (lambda r: EditOutcome("ok", r.image), EditStatus.MALFORMED, "got 'ok'"),
        (lambda r: EditOutcome.failure(EditStatus.FAILED, "no \ud800"), EditStatus.FAILED, "no \\ud800"),
        (lambda r: Path("\udcff").read_bytes(), EditStatus.FAILED, "\\udcff"),
    ],
)  # fmt: skip
def test_an_odd_answer_is_an_outcome_and_can_be_written(request_of, answer, status, words):
    outcome = checked(answer)(request_of())
    assert outcome.status is status
    assert words in outcome.message
    outcome.message.encode()


def test_code_that_a_tool_uses_is_part_of_its_version(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "core_of_tool.py").write_text("def run(image): return image\n")
    (tmp_path / "tool.py").write_text(
        "import core_of_tool\nSTRENGTH = 1\ndef make(): return edit\ndef edit(request): return core_of_tool.run(request.image)\n"
    )

    def version():
        for name in ("tool", "core_of_tool"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return editor_from_spec(f"{tmp_path / 'tool.py'}:make").card.version

    versions = [version(), version()]
    (tmp_path / "core_of_tool.py").write_text("def run(image): return 255 - image\n")
    versions.append(version())
    (tmp_path / "tool.py").write_text((tmp_path / "tool.py").read_text().replace("STRENGTH = 1", "STRENGTH = 2"))
    versions.append(version())
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3


def test_a_value_that_a_tool_imports_is_part_of_its_version(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "tool_of_values.py").write_text(
        "from bounds_of_tool import LARGEST\ndef edit(request): return request.image.clip(0, LARGEST)\n"
    )

    def digest(largest):
        (tmp_path / "bounds_of_tool.py").write_text(f"LARGEST = {largest}\n")
        for name in ("tool_of_values", "bounds_of_tool"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return source_digest(importlib.import_module("tool_of_values").edit)

    assert digest(100) == digest(100) != digest(200)


def stronger(strength):
    def edit(request):
        return request.image * strength

    return edit


def test_what_a_factory_bound_is_part_of_a_version():
    assert source_digest(stronger(1)) != source_digest(stronger(2))
    assert source_digest(stronger(1)) == source_digest(stronger(1))


def test_this_package_is_no_part_of_a_tool_in_the_same_clone(monkeypatch):
    read = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or b"")
    names = {"__name__": "tool", "checked": checked, "np": np}
    source = compile("def edit(request): return checked", str(Path(__file__).parents[2] / "conftest.py"), "exec")
    exec(source, names)
    source_digest(names["edit"])
    assert set(read) == {"conftest.py"}


def test_headers_of_a_template_are_part_of_its_version(tmp_path):
    def version(model):
        told = {"url": "http://127.0.0.1:9", "body": {"image": "{image}"}, "headers": {"X-Model": model}}
        (tmp_path / "t.json").write_text(json.dumps(told))
        return editor_from_spec(f"http:{tmp_path / 't.json'}", allow_egress=None).card

    assert version("v1").version != version("v2").version
    assert "v1" not in repr(version("v1"))


def test_a_factory_or_file_that_leaves_is_one_error(tmp_path):
    for name, text in (("file", "import sys\nsys.exit(0)\n"), ("factory", "import sys\ndef make(): sys.exit(0)\n")):
        (tmp_path / f"{name}.py").write_text(text)
        with pytest.raises(EditorError, match="SystemExit"):
            editor_from_spec(f"{tmp_path / f'{name}.py'}:make")


@pytest.mark.parametrize(
    "limits", [{"max_cost": math.nan}, {"max_cost": -1.0}, {"max_cost": math.inf}, {"max_edits": -1}]
)
def test_a_limit_that_limits_nothing_is_refused(limits):
    with pytest.raises(EditorError, match="it is not a limit"):
        Terms(**limits)


@pytest.mark.parametrize("wish", [{"concurrency": 0}, {"concurrency": -1}, {"siblings": 0}, {"per_minute": -5.0}])
def test_a_service_that_could_never_be_asked_is_refused(wish):
    with pytest.raises(EditorError, match="Each is at least 1"):
        Service(**wish)


@pytest.mark.parametrize(
    ("header", "seconds"), [("1000000", LONGEST_WAIT_S), ("1764121502000", LONGEST_WAIT_S), ("²", 0.0), ("7", 7.0)]
)
def test_no_server_makes_a_run_wait_for_days(header, seconds):
    assert retry_after_s({"Retry-After": header}) == seconds


def test_no_part_of_a_secret_is_left_where_words_are_cut(monkeypatch):
    monkeypatch.setenv("TRUST_TOKEN", "hospitalsecret-abcdefgh123456")
    body = b"x" * 280 + b"hospitalsecret-abcdefgh123456"
    said = [
        words_of(body),
        fault_of(500, {}, body, "t").message,
        fault_of(500, {}, json.dumps({"error": body.decode()}).encode(), "t").message,
    ]
    assert not any("hospital" in words for words in said)


def test_a_secret_in_a_command_line_stands_on_no_card(monkeypatch):
    monkeypatch.setenv("TRUST_TOKEN", "hospitalsecret-abcdefgh123456")
    words = shlex.join([sys.executable, "--token=hospitalsecret-abcdefgh123456"])
    card = editor_from_spec(f"cmd:{words} {{image}} {{output}}").card
    assert "hospitalsecret" not in repr(card)
    assert "[TRUST_TOKEN]" in repr(card)


@pytest.mark.parametrize(
    "usage", [{"input_tokens": None}, "many", [1], {"output_tokens": math.nan}, {"output_tokens": -1e9}]
)
def test_a_bill_that_cannot_be_read_is_kept_and_costs_what_nobody_knows(usage):
    from editproof.editors.openai import _billed

    facts = _billed(usage, Prices("m", "2026-11", 5.0, 8.0, 30.0, {}))
    assert facts == {"usage": usage}


def test_a_file_behind_an_option_is_part_of_a_version(tmp_path):
    def version(weights):
        (tmp_path / "weights").write_text(weights)
        words = shlex.join([sys.executable, "-c", "pass " * 200, f"--weights={tmp_path / 'weights'}"])
        return editor_from_spec(f"cmd:{words} {{image}} {{output}}").card.version

    assert version("a") == version("a") != version("b")

"""A tool that patches the harness: it runs in a process of its own, where that changes nothing but itself."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from editproof.editors import frames
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditRequest, EditStatus
from hypothesis import given
from hypothesis import strategies as st

PATCHING = """
import numpy as np
import editproof.study.bench as bench

def _unharmed(card, request, outcomes, target=None, honest=bench.images_of):
    found = honest(card, request, outcomes, target)
    return {place: found["original", 0] if place[0] != "classical_fill" else image for place, image in found.items()}

def ruin(request):
    return np.clip(request.image.astype(int) + 60, 0, 255).astype(np.uint8)

def make(argument=""):
    bench.images_of = _unharmed
    return ruin
"""
CONFTEST = """
import study
import patching

pytest_plugins = ["editproof.pytest_plugin.short"]

def pytest_editproof_datasets():
    return {"blobs": study.blobs}

def pytest_editproof_instrument(dataset):
    return "study.py:reader"

def pytest_editproof_editors():
    return {"named": patching.make, "nameless": lambda argument: patching.make()}
"""


def run(lab, tool: str, *more: str) -> pytest.RunResult:
    lab.makepyfile(patching=PATCHING)
    lab.makeconftest(CONFTEST)
    return lab.runpytest_subprocess("--dataset", "blobs", "--jobs", "1", "--editor", tool, *more)


def facts_of(lab) -> dict:
    [record] = (lab.path / "reports").glob("*/evidence.json")
    return json.loads(record.read_text())


@pytest.mark.parametrize(
    ("tool", "code", "outcome"),
    [("patching.py:make", 1, "FAIL"), ("named", 1, "FAIL"), ("tools.py:fill", 0, "PASS")],
    ids=["by file", "by name in conftest", "honest twin"],
)
def test_a_tool_that_patches_the_harness_is_judged_by_what_it_does(lab, tool, code, outcome):
    result = run(lab, tool)
    assert result.ret == code, result.stdout.str()
    evidence = facts_of(lab)
    assert evidence["findings"]["outcome"] == outcome
    assert evidence["facts"]["tools"][0]["card"]["process"] == "own"
    [page] = (lab.path / "reports").glob("*/report.html")
    assert "a process of its own" in page.read_text()


def test_a_factory_without_a_name_runs_in_the_harness_and_its_pass_is_reserved(lab):
    """The limit that is left: what cannot be made elsewhere can change what judges it, and the run says so."""
    result = run(lab, "nameless", "--strict")
    evidence = facts_of(lab)
    assert evidence["facts"]["tools"][0]["card"]["process"] == "harness"
    assert "same process" in [reservation["kind"] for reservation in evidence["findings"]["reservations"]]
    assert result.ret == 9
    result.stdout.fnmatch_lines(["*ran in the process of the harness, which it could change*"])


TOOLS = """
import fcntl, os, signal, stat, sys, time
import numpy as np
from editproof.editors.adapter import Service
from editproof.errors import EditorError
from editproof.types import EditorCard, EditOutcome, EditStatus

def make(): return tool

def tool(request):
    print("a line on standard output")
    acts = {
        "exit": lambda: os._exit(3), "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "system exit": lambda: sys.exit(2), "raise": lambda: 1 / 0, "sleep": lambda: time.sleep(60),
        "junk": lambda: [os.write(fd, b"no message at all") for fd in range(3, 30) if _is_pipe(fd, os.O_WRONLY)],
        "close": lambda: [os.close(fd) for fd in range(3, 30) if _is_pipe(fd)],
        "stop": _stop, "refuse": lambda: EditOutcome.failure(EditStatus.REFUSED, "no"),
        "say": lambda: EditOutcome.ok(request.image, of=request.case_id, seed=request.seed),
    }
    acted = acts.get(request.prompt, lambda: None)()
    return acted if isinstance(acted, EditOutcome) else np.where(request.edit_mask, 0, request.image)

def _is_pipe(fd, mode=None):
    try: return stat.S_ISFIFO(os.fstat(fd).st_mode) and mode in (None, fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE)
    except OSError: return False

def _stop(): raise EditorError("editor x", "no quota is left", "Pay.")

class Many:
    card = EditorCard("many", "1", "answers several at once", deterministic=False)
    def __init__(self, **service): self.service = Service(**service)
    def __call__(self, request):
        time.sleep(0.4)
        return request.image
    def edits(self, requests):
        return [EditOutcome.ok(request.image + np.uint8(request.repeat)) for request in requests]

def hasty(): return Many(timeout_s=0.1)
def threaded(): return Many(concurrency=4)
def siblings(): return Many(siblings=3)
def broken(): raise RuntimeError("no weights")
def dead(): os._exit(4)
def moody():
    found = Many()
    found.card = EditorCard("many", str(os.getpid()), "another card in each process", deterministic=False)
    return found
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "acts.py").write_text(TOOLS)
    return tmp_path / "acts.py"


def request_of(prompt: str = "", dtype: type = np.uint8, repeat: int = 0) -> EditRequest:
    image = np.arange(12, dtype=dtype).reshape(3, 4)
    return EditRequest(image, image % 3 == 0, prompt, repeat, 7, "c1", {"steps": 3})


@pytest.mark.parametrize(
    ("prompt", "status", "words"),
    [
        ("exit", EditStatus.FAILED, "the tool's process ended with exit code 3"),
        ("kill", EditStatus.FAILED, "the tool's process was ended by SIGKILL"),
        ("junk", EditStatus.FAILED, "the tool's process wrote what is no answer"),
        ("close", EditStatus.FAILED, "the tool's process"),
        ("system exit", EditStatus.FAILED, "SystemExit: 2"),
        ("raise", EditStatus.FAILED, "ZeroDivisionError"),
        ("refuse", EditStatus.REFUSED, "no"),
    ],
)
def test_whatever_a_tool_does_costs_its_own_edit_alone(file, prompt, status, words):
    tool = editor_from_spec(f"{file}:make")
    found = tool(request_of(prompt))
    assert (found.status, found.message.startswith(words)) == (status, True), found.message
    after = tool(request_of())
    assert after.status is EditStatus.OK
    assert after.image.tolist() == np.where(request_of().edit_mask, 0, request_of().image).tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_and_words_arrive_as_they_were_sent(file, dtype):
    found = editor_from_spec(f"{file}:make")(request_of("say", dtype))
    assert (found.image.dtype, found.image.tolist()) == (np.dtype(dtype), request_of("say", dtype).image.tolist())
    assert found.provenance == {"of": "c1", "seed": 7}


def test_an_error_of_configuration_stops_the_run_as_ever(file):
    with pytest.raises(EditorError, match=r"editor x: no quota is left\. Pay\."):
        editor_from_spec(f"{file}:make")(request_of("stop"))


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        ("broken", "the factory raised RuntimeError: no weights"), ("dead", "its process ended with exit code 4"),
        ("absent", "the file has no callable 'absent'"),
    ],
)  # fmt: skip
def test_a_tool_that_cannot_be_made_is_one_clear_error(file, factory, words):
    with pytest.raises(EditorError, match=words):
        editor_from_spec(f"{file}:{factory}")


def test_a_tool_that_takes_too_long_is_ended(file):
    began = time.monotonic()
    found = editor_from_spec(f"{file}:hasty")(request_of())
    assert (found.status, found.message) == (EditStatus.TIMED_OUT, "not done after 0.1 s, and its process ended")
    assert time.monotonic() - began < 20


def test_several_requests_are_under_way_at_once_where_the_tool_says_so(file):
    tool, done = editor_from_spec(f"{file}:threaded"), []
    threads = [
        threading.Thread(target=lambda n=n: done.append((n, tool(request_of(repeat=n)).status))) for n in range(4)
    ]
    tool(request_of())
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [(n, EditStatus.OK) for n in range(4)]
    assert time.monotonic() - began < 4 * 0.4


def test_siblings_are_answered_by_one_call(file):
    tool = editor_from_spec(f"{file}:siblings")
    assert tool.service.siblings == 3
    found = tool.edits([request_of(repeat=n) for n in range(3)])
    assert [int(outcome.image[0, 0]) for outcome in found] == [0, 1, 2]


def test_a_card_may_not_change_from_process_to_process(file):
    tool = editor_from_spec(f"{file}:moody")
    assert tool(request_of()).status is EditStatus.OK
    tool.tool._line.end()
    with pytest.raises(EditorError, match="its card changed while it ran"):
        tool(request_of())


def test_a_package_that_brings_a_tool_is_not_imported_here(tmp_path, monkeypatch):
    (tmp_path / "alien.py").write_text(
        "def make(text):\n    def tool(request): return request.image\n    return tool\n"
    )
    home = tmp_path / "alien-1.dist-info"
    home.mkdir()
    (home / "METADATA").write_text("Name: alien\nVersion: 1\n")
    (home / "entry_points.txt").write_text("[editproof.editors]\nalien = alien:make\n")
    monkeypatch.syspath_prepend(tmp_path)
    tool = editor_from_spec("alien:what")
    assert (tool.card.process, tool(request_of()).status) == ("own", EditStatus.OK)
    assert "alien" not in sys.modules


def test_built_in_tools_stay_here():
    assert editor_from_spec("opencv-telea").card.process == ""
    assert editor_from_spec("paste-back+identity").card.process == ""


def test_the_process_ends_with_the_harness(file):
    tool = editor_from_spec(f"{file}:make")
    number = tool.tool._line._process.pid
    assert os.path.exists(f"/proc/{number}")
    tool.tool._line._process.stdin.close()
    for _ in range(100):
        if tool.tool._line._process.poll() is not None:
            break
        time.sleep(0.05)
    assert tool.tool._line._process.poll() == 0


@given(content=st.binary(max_size=60))
def test_no_message_is_taken_for_one(content):
    """Whatever a process writes is a message, the end, or refused as one."""
    try:
        found = frames.read_frame(io.BytesIO(content))
    except frames.BrokenFrameError:
        return
    assert found is None or isinstance(found[0], dict)
    assert (found is None) == (content == b"")

"""Many workers, many kills: no edit is lost, none that was answered is paid for again."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import urllib.request
from collections import Counter

import numpy as np
import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editing.ledger import Ledger
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.types import EditRequest

from tests.editing.kills import check, child, tale_of, wait_for
from tests.editing.work import edit_all
from tests.editors.server import png
from tests.effort import times_as_much


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_pay_for_nothing_twice(server, tmp_path):
    """In short; ``python -m tests.editing.kills`` does it with 600 edits."""
    server.latency_s = 0.02
    check(tale_of(server, tmp_path, n=20, kills=20), kills=20)


def test_processes_at_once_ask_for_each_edit_once(server, tmp_path):
    server.latency_s = 0.01
    spec, n = f"http:iopaint?url={server.url}", 12
    processes = [child(edit_all, tmp_path, spec, n, 2) for _ in range(4)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert sum(server.billed.values()) == 3 * n
    ended = Counter(key for line in Ledger(tmp_path).ended_lines() for key in line.keys)
    assert len(ended) == 3 * n
    assert set(ended.values()) == {1}
    assert not Ledger(tmp_path).unanswered()


def test_a_request_in_flight_at_a_kill_is_counted(server, tmp_path):
    server.latency_s = 5.0
    process = child(edit_all, tmp_path, f"http:iopaint?url={server.url}", 1, 1)
    wait_for(lambda: (tmp_path / "sent.jsonl").exists())
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    [lost] = Ledger(tmp_path).unanswered()
    assert lost.attempt == 1


def test_processes_share_one_limit(server, tmp_path):
    spec = f"http:iopaint?url={server.url}"
    ledgers = [Ledger(tmp_path, 0.0, None, 10) for _ in range(3)]
    for number in range(10):
        ledgers[number % 3].sent(spec, [str(number)], 1)
    with pytest.raises(EditorError, match="--max-edits 10"):
        ledgers[0].sent(spec, ["next"], 1)
    assert json.loads((tmp_path / "sent.jsonl").read_text().splitlines()[-1])["keys"] == ["9"]


def test_threads_keep_a_slow_server_busy(server, tmp_path):
    """All places are taken, none more: each request is answered only once the others are out, or a second has passed."""
    threads = 4
    server.latency_s = 1.0
    server.waits_for = threads
    edit_all(tmp_path, f"http:iopaint?url={server.url}", 4, threads)
    assert server.peak == threads


def test_an_edit_costs_little_more_computing_than_its_request(server, tmp_path):
    """What is computed between two requests keeps a tool's places idle: beside a bare request of the same pixels."""
    spec, numbers = f"http:iopaint?url={server.url}", itertools.count()
    edit_all(tmp_path / "one", spec, 1, 1)
    body = json.dumps(server.requests[0]).encode()

    def bare() -> None:
        for _ in range(12):
            request = urllib.request.Request(f"{server.url}/api/v1/inpaint", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                answer.read()

    edits = times_as_much(lambda: edit_all(tmp_path / str(next(numbers)), spec, 4, 1), bare, rounds=5)
    assert edits < 10, "3 to 4 when it was written"


def test_harness_cost_of_an_edit_at_one_megapixel(tmp_path):
    """Beside what it cannot do without: the pixels compressed once and the image and its mask digested."""
    image = np.random.default_rng(0).integers(0, 255, (1024, 1024)).astype(np.uint8)
    smooth = image // 8 + np.add.outer(np.arange(1024), np.arange(1024)).astype(np.uint16).astype(np.uint8) // 2
    mask = np.zeros(image.shape, bool)
    mask[10:200, 10:300] = True
    editor, edits, numbers = editor_from_spec("identity"), Edits(tmp_path, Terms()), itertools.count()
    assert len(png(smooth)) > 100_000, "an image that is not trivial to compress"

    def kept() -> None:
        edits.outcomes(editor, [EditRequest(smooth + np.uint8(next(numbers)), mask, "", 0, 0, "c")])

    def least() -> None:
        pixels = smooth + np.uint8(next(numbers))
        hashlib.sha256(pixels.tobytes() + mask.tobytes()).hexdigest()
        png(pixels)

    assert times_as_much(kept, least) < 1.2, "0.4 when it was written"
    assert len(edits.ledger.ended_lines()) == 8, "no edit was found in the store"

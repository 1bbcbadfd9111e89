"""Many workers, many kills: no edit is lost, none that was answered is paid for again."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter

import numpy as np
import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editing.ledger import Ledger
from editproof.editors.registry import editor_from_spec
from editproof.types import EditRequest

from tests.editing.kills import WORKERS, child, tale_of, wait_for
from tests.editing.work import edit_all
from tests.editors.server import png


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_pay_for_nothing_twice(server, tmp_path):
    """In short; ``python -m tests.editing.kills`` does it with 600 edits."""
    server.latency_s = 0.02
    tale = tale_of(server, tmp_path, n=20, kills=20)
    assert tale.kills == 20
    assert not tale.lost, "no edit was lost"
    assert tale.twice <= tale.may, "only what was under way when a process died was asked for again"
    assert tale.billed - tale.edits <= tale.open <= 20 * WORKERS
    assert not tale.faults
    assert tale.same_evidence, "nobody can tell from the evidence that the run was killed"


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
    with pytest.raises(Exception, match="--max-edits 10"):
        ledgers[0].sent(spec, ["next"], 1)
    assert json.loads((tmp_path / "sent.jsonl").read_text().splitlines()[-1])["keys"] == ["9"]


def test_threads_keep_a_slow_server_busy(server, tmp_path):
    """All places are taken, none more; and an edit costs so little that places are not idle in between.

    What is computed between two requests is what keeps throughput below concurrency / latency. It is counted in
    processor time, so that a busy machine does not matter, and on both ends of the wire, a tenth for each.
    """
    server.latency_s = 0.05
    n, threads = 20, 4
    spec = f"http:iopaint?url={server.url}"
    edit_all(tmp_path / "warm", spec, 1, 1)
    cpu = time.process_time()
    edit_all(tmp_path / "timed", spec, n, threads)
    each_s = (time.process_time() - cpu) / (3 * n)
    assert server.peak == threads
    assert each_s < 0.2 * server.latency_s, f"{1000 * each_s:.1f} ms of computing an edit, on both ends"


def test_harness_cost_of_an_edit_at_one_megapixel(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (1024, 1024)).astype(np.uint8)
    smooth = image // 8 + np.add.outer(np.arange(1024), np.arange(1024)).astype(np.uint16).astype(np.uint8) // 2
    mask = np.zeros(image.shape, bool)
    mask[10:200, 10:300] = True
    editor = editor_from_spec("identity")
    costs = []
    edits = Edits(tmp_path, Terms())
    for number in range(8):
        request = EditRequest(smooth + np.uint8(number), mask, "", 0, 0, "c")
        began = time.process_time()
        edits.outcomes(editor, [request])
        costs.append(time.process_time() - began)
    assert min(costs) < 0.030, f"{1000 * min(costs):.1f} ms"
    assert len(png(smooth)) > 100_000, "an image that is not trivial to compress"

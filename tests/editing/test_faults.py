"""Faults of disks, clocks and signals, simulated: each is one line or does no harm (docs/faults.md)."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time

import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editors.adapter import checked
from editproof.editors.registry import editor_from_spec
from editproof.errors import EvidenceError

from tests.editing.work import PLAN, Cohort


def request_of(number=0):
    [*_, case] = Cohort(number + 1)
    return PLAN.request(case, case.decode(), 0)


def counting():
    asked = []

    def tool(request):
        asked.append(request.case_id)
        return request.image

    return checked(tool), asked


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EIO])
def test_a_store_that_cannot_be_written_to_is_one_line(tmp_path, monkeypatch, number):
    def refused(**_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    with pytest.raises(EvidenceError, match="Name a folder that can be written to: --store DIR") as caught:
        Edits(tmp_path).outcomes(counting()[0], [request_of()])
    assert os.strerror(number) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_clock_that_jumps_has_nothing_paid_for_twice(tmp_path, monkeypatch, jump_s):
    tool, asked = counting()
    now = time.time()
    Edits(tmp_path, Terms(since=now)).outcomes(tool, [request_of()])
    monkeypatch.setattr(time, "time", lambda: now + jump_s)
    [outcome] = Edits(tmp_path, Terms(since=now + jump_s)).outcomes(tool, [request_of()])
    assert (outcome.status.value, asked) == ("ok", ["c0"])


def test_an_interruption_ends_the_program_that_was_started(tmp_path, monkeypatch):
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    editor = editor_from_spec(f"cmd:{sys.executable} {tmp_path / 'slow.py'} {{image}} {{output}}")
    started, wait = [], subprocess.Popen.wait

    def interrupted(program, timeout=None):
        if not started:
            started.append(program)
            raise KeyboardInterrupt
        return wait(program, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        editor(request_of())
    monkeypatch.undo()
    assert started[0].poll() is not None


def test_an_interruption_between_answer_and_store_is_seen_by_the_next_run(tmp_path, monkeypatch):
    """What may have been paid for is in the ledger before it is sent."""
    tool, asked = counting()
    edits = Edits(tmp_path, Terms(since=0.0))

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(edits.store, "keep_edit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        edits.outcomes(tool, [request_of()])
    again = Edits(tmp_path, Terms(since=0.0, max_edits=1))
    assert asked == ["c0"]
    with pytest.raises(Exception, match="--max-edits 1"):
        again.outcomes(tool, [request_of()])

"""What is damaged in a store is found and named; what failed is asked for again by the next run alone."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace

import numpy as np
import pytest
from editproof.cli import main
from editproof.core.digests import canonical
from editproof.editing.edits import Edits, Terms
from editproof.editing.store import Store
from editproof.editors.adapter import Service, checked
from editproof.errors import EvidenceError
from editproof.study.case_records import READINGS
from editproof.types import EditorCard, EditOutcome, EditStatus

KEY = "ab" * 32


class Counted:
    """A tool that counts its calls and answers from a script."""

    card = EditorCard("counted", "1", "counts", deterministic=False)
    service = Service(metered=True)

    def __init__(self, *script: EditStatus) -> None:
        self.script, self.calls = list(script), 0

    def __call__(self, request):
        self.calls += 1
        status = self.script.pop(0) if self.script else EditStatus.OK
        if status is EditStatus.OK:
            return EditOutcome(status, 255 - request.image, "", {"call": self.calls}, b"answer")
        return EditOutcome.failure(status, "no")


@pytest.fixture
def kept(tmp_path):
    store = Store(tmp_path / "store")
    image = np.arange(48, dtype=np.uint16).reshape(6, 8)
    store.keep_edit(KEY, EditOutcome(EditStatus.OK, image, "", {"usage": {"n": 1}}, b"raw bytes"))
    store.keep_record(READINGS, KEY, {"bone_age": [101.25, 99.0]})
    return store


def files(store, suffix):
    found = sorted(path for path in store.root.rglob(f"*{suffix}") if path.is_file())
    assert found, f"no {suffix} in the store"
    return found


def test_what_was_kept_comes_back(kept):
    outcome = kept.edit(KEY)
    assert outcome.image.dtype == np.uint16
    assert outcome.image.sum() == 48 * 47 / 2
    assert kept.raw(KEY) == b"raw bytes"
    assert kept.record(READINGS, KEY) == {"bone_age": [101.25, 99.0]}
    assert not list(kept.faults())


@pytest.mark.parametrize("suffix", [".png", ".json", ".bin"])
def test_a_flipped_byte_anywhere_is_named(kept, suffix):
    for path in files(kept, suffix):
        content = path.read_bytes()
        for place in range(len(content)):
            damaged = bytearray(content)
            damaged[place] ^= 1
            path.write_bytes(bytes(damaged))
            assert any(str(path) in fault for fault in kept.faults()) or harmless(kept, suffix), (path, place)
        path.write_bytes(content)
    assert not list(kept.faults())


def harmless(kept, suffix):
    """A PNG may carry bits that no pixel depends on; then the very pixels come back."""
    return suffix == ".png" and (kept.edit(KEY).image == np.arange(48).reshape(6, 8)).all()


@pytest.mark.parametrize("suffix", [".png", ".json", ".bin"])
def test_a_truncated_file_is_named(kept, suffix):
    for path in files(kept, suffix):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        assert any(str(path) in fault for fault in kept.faults())
        path.write_bytes(content)


@pytest.mark.parametrize("suffix", [".png", ".bin"])
def test_a_missing_file_is_named(kept, suffix):
    (path,) = files(kept, suffix)
    path.unlink()
    (fault,) = kept.faults()
    assert KEY in fault


def test_damage_is_not_read_over(kept):
    [path] = files(kept, ".png")
    path.write_bytes(b"")
    with pytest.raises(EvidenceError, match=str(path)):
        kept.edit(KEY)


def test_a_damaged_ledger_line_is_counted_and_does_not_stop_a_run(kept, request_of, capsys):
    (kept.root / "attempts.jsonl").write_text('{"id": "x"\n')
    assert main(["store", str(kept.root)]) == 0, "it is nothing that has to be removed by hand"
    assert capsys.readouterr().out.count("1 line of its ledger is torn and skipped") == 1
    assert Edits(kept.root, Terms(since=0.0, max_edits=5)).outcomes(checked(Counted()), [request_of()])


def test_a_full_disk_is_named_and_leaves_what_stands(kept, monkeypatch, request_of):
    monkeypatch.setattr(tempfile, "mkstemp", lambda **_: (os.open("/dev/full", os.O_WRONLY), str(kept.root / "part")))
    with pytest.raises(EvidenceError, match="No space left on device"):
        Edits(kept.root).outcomes(checked(Counted()), [request_of()])
    monkeypatch.undo()
    assert not list(kept.faults())


def test_a_failure_stands_for_its_own_run_alone(tmp_path, request_of):
    tool = checked(Counted(EditStatus.FAILED))
    terms = Terms(since=time.time() - 1)
    for _ in range(2):
        assert Edits(tmp_path, terms).outcomes(tool, [request_of()])[0].status is EditStatus.FAILED
    assert tool.tool.calls == 1
    later = replace(terms, since=time.time() + 1)
    assert Edits(tmp_path, later).outcomes(tool, [request_of()])[0].status is EditStatus.OK


def test_a_refusal_is_an_answer_and_stands(tmp_path, request_of):
    tool = checked(Counted(EditStatus.REFUSED))
    for _ in range(2):
        assert Edits(tmp_path).outcomes(tool, [request_of()])[0].status is EditStatus.REFUSED
    assert tool.tool.calls == 1


def test_modes(tmp_path, request_of):
    tool = checked(Counted())
    [gone] = Edits(tmp_path, Terms("reuse")).outcomes(tool, [request_of()])
    assert (gone.status, tool.tool.calls) == (EditStatus.FAILED, 0)
    Edits(tmp_path).outcomes(tool, [request_of()])
    live = Terms("live", since=time.time() + 0.01)
    time.sleep(0.02)
    for _ in range(2):
        Edits(tmp_path, live).outcomes(tool, [request_of()])
    assert tool.tool.calls == 2, "once before, once in the live run"
    assert Edits(tmp_path, Terms("reuse")).outcomes(tool, [request_of()])[0].status is EditStatus.OK


def test_a_tool_that_works_in_place_cannot_change_the_original(request_of):
    def spoil(request):
        request.image[:] = 0
        return request.image

    request = request_of()
    before = request.image.copy()
    assert checked(spoil)(request).image.sum() == 0
    assert (request.image == before).all()


def test_canonical_text_has_no_nan():
    with pytest.raises(ValueError, match="Out of range"):
        canonical({"x": float("nan")})

"""What was paid for with an earlier version is found again, and what this version writes lies in the same place."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from editproof import types
from editproof.editing.batches import awaited
from editproof.editing.edits import Edits, Terms
from editproof.editors import adapter
from editproof.editors.adapter import CheckedEditor

from tests.editing.old_store import STORE, paid, requests

STATUSES = ["ok", "refused", "ok", "failed"]
VARYING = {"time", "id", "seconds"}


@pytest.fixture
def old(tmp_path):
    return shutil.copytree(STORE, tmp_path / "store")


@pytest.fixture
def tool():
    made = paid(types, adapter)
    type(made).calls = 0
    return made


def adapter_of(tool) -> CheckedEditor:
    """As adapters of this package to something elsewhere, whose card says what made an edit."""
    return adapter.checked(tool, by_card=True)


def test_edits_of_an_old_store_are_found_without_asking(old, tool):
    edits = Edits(old, Terms("reuse"))
    outcomes = edits.outcomes(adapter_of(tool), list(requests(types)))
    assert [outcome.status.value for outcome in outcomes] == STATUSES
    assert tool.calls == 0
    for request, outcome in zip(requests(types), outcomes, strict=True):
        if outcome.image is not None:
            assert outcome.image.dtype == request.image.dtype
            assert (outcome.image == np.where(request.edit_mask, 7, request.image)).all()
            assert outcome.provenance["request_id"] == ("req_1" if request.case_id == "hand-1" else "req_3")
    assert not list(edits.store.faults())


def test_only_what_failed_is_asked_for_again(old, tool):
    outcomes = Edits(old, Terms(since=2e9)).outcomes(adapter_of(tool), list(requests(types)))
    assert [outcome.status.value for outcome in outcomes] == ["ok", "refused", "ok", "ok"]
    assert tool.calls == 1


@pytest.mark.parametrize("change", [{"prompt": "other"}, {"repeat": 9}, {"seed": 9}, {"parameters": {}}])
def test_another_request_is_another_edit(old, tool, change):
    requested = replace(next(iter(requests(types))), **change)
    Edits(old).outcomes(adapter_of(tool), [requested])
    assert tool.calls == 1


def test_what_an_old_ledger_spent_counts(old):
    ledger = Edits(old).ledger
    totals = ledger.totals()
    assert (totals.cost_usd, totals.edits["paid:model-1"], totals.open, totals.torn) == (0.5, 4, {}, 0)
    assert [line.status for line in ledger.ended_lines()] == [(status,) for status in STATUSES]


def test_an_open_batch_of_an_old_store_is_awaited(old):
    edits = Edits(old)
    assert awaited(edits.store, edits.ledger, "paid:model-1") == {"ab" * 32: "batch_1"}


def test_this_version_writes_the_same_files(old, tool, tmp_path):
    for request in requests(types):
        Edits(tmp_path / "new", Terms(since=0.0)).outcomes(adapter_of(tool), [request])
    new = tmp_path / "new"
    shutil.rmtree(new / "locks")
    shutil.rmtree(old / "batches")
    assert contents(new) == contents(old)


def contents(root):
    """Every file by its name; records and lines as JSON without what differs from run to run."""
    return {path.relative_to(root).as_posix(): content(path) for path in root.rglob("*") if path.is_file()}


def content(path):
    if path.suffix == ".jsonl":
        return [without_varying(json.loads(line)) for line in path.read_text().splitlines()]
    if path.suffix == ".json":
        return without_varying(json.loads(path.read_bytes())["value"])
    return path.read_bytes()


def without_varying(told):
    return [(name, value) for name, value in told.items() if name not in VARYING]

"""What becomes of requests whose worker was lost, and which tools a worker may ask at all."""

from __future__ import annotations

import time

import numpy as np
import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editing.elsewhere import LOST, is_asked_by_driver, settle_lost
from editproof.editors.adapter import Service, checked
from editproof.types import EditorCard, EditOutcome, EditRequest, EditStatus


class Tool:
    def __init__(self, sends_data_to=None, **service):
        self.card = EditorCard("tool", "1", "", sends_data_to=sends_data_to, deterministic=False)
        self.service, self.calls = Service(**service), 0

    def __call__(self, request):
        self.calls += 1
        return EditOutcome.ok(request.image)


@pytest.mark.parametrize(
    ("tool", "by_driver"),
    [
        (Tool(), False),
        (Tool(metered=True), False),
        (Tool("host"), True),
        (Tool(per_minute=3), True),
        (Tool(expected_usd=0.1), True),
        (Tool(concurrency=4), True),
        (Tool(precomputed=True), True),
    ],
)
def test_what_costs_or_is_limited_is_asked_by_the_driver(tool, by_driver):
    assert is_asked_by_driver(checked(tool)) is by_driver


@pytest.fixture
def lost(tmp_path):
    """Edits with one request that was sent and never ended, of two edits; the first edit is stored."""

    def make(tool, stored):
        editor, edits = checked(tool), Edits(tmp_path, Terms(since=time.time() - 1, max_edits=10))
        image = np.arange(30, dtype=np.uint8).reshape(5, 6)
        mask = np.zeros(image.shape, bool)
        requests = [EditRequest(image, mask, "", repeat, repeat, "c") for repeat in (0, 1)]
        keys = edits.keys(editor, requests)
        edits.ledger.sent("tool", keys, 1, 0.5)
        for key in keys[:stored]:
            edits.store.keep_edit(key, EditOutcome.ok(image))
        settle_lost(edits, editor, requests)
        return edits, editor, requests

    return make


@pytest.mark.parametrize(("service", "calls"), [({"metered": True}, 0), ({"metered": True, "free": True}, 1), ({}, 1)])
def test_a_request_that_may_have_been_paid_for_is_not_sent_again(lost, service, calls):
    tool = Tool(**service)
    edits, editor, requests = lost(tool, stored=1)
    assert not edits.ledger.unanswered()
    first, second = edits.outcomes(editor, requests)
    assert (first.status, tool.calls) == (EditStatus.OK, calls)
    if calls:
        assert second.status is EditStatus.OK
        assert edits.ledger.totals().committed_usd == 0
    else:
        assert (second.status, second.message) == (EditStatus.FAILED, LOST)
        assert edits.ledger.totals().committed_usd == 0.5, "it counts at its expected cost"
        later = Edits(edits.store.root, Terms(since=time.time() + 1))
        assert later.outcomes(editor, requests)[1].status is EditStatus.OK, "a later run asks again"


def test_what_was_stored_before_its_worker_was_lost_counts_as_it_is(lost):
    edits, editor, requests = lost(Tool(metered=True), stored=2)
    [line] = edits.ledger.ended_lines()
    assert line.status == ("ok", "ok")
    assert [outcome.status for outcome in edits.outcomes(editor, requests)] == [EditStatus.OK] * 2


def test_requests_of_others_and_of_earlier_runs_are_left_alone(tmp_path):
    editor, edits = checked(Tool(metered=True)), Edits(tmp_path, Terms(since=time.time() + 1))
    image = np.zeros((4, 4), np.uint8)
    request = EditRequest(image, image.astype(bool), "", 0, 0, "c")
    edits.ledger.sent("tool", edits.keys(editor, [request]), 1)
    edits.ledger.sent("tool", ["f" * 64], 1)
    settle_lost(edits, editor, [request])
    assert len(edits.ledger.unanswered()) == 2

"""Tools asked from other machines, which may be lost: which tools may be, and what becomes of what was under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from editproof.types import EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.editing.edits import Edits
    from editproof.editors.adapter import CheckedEditor


def innermost(editor: CheckedEditor) -> CheckedEditor:
    """The tool inside all wrappers, which is the one that is asked."""
    while editor.around:
        editor = editor.around.inner
    return editor


def is_asked_by_driver(editor: CheckedEditor) -> bool:
    """Whether a tool is asked by the run's own process alone, whatever executor the run has.

    So is what sends pixels to a server, has a price, keeps to a rate or is asked for several edits at once: one ledger
    and one pace hold its limits, and no paid request is lost with a worker. Edits made elsewhere are in a folder
    of this machine. Every other tool computes, and may do so on a worker.
    """
    tool = innermost(editor)
    service = tool.service
    limited = service.per_minute is not None or bool(service.expected_usd) or service.concurrency > 1
    return bool(tool.card.sends_data_to) or limited or service.precomputed or tool.is_batched


LOST = "its worker was lost while the request was under way, and it may have been paid for"


def settle_lost(edits: Edits, editor: CheckedEditor, requests: Sequence[EditRequest]) -> None:
    """End what was sent of some requests, and never ended, in this run.

    A tool whose edits are free (:class:`editproof.editors.adapter.Service`) may be asked again. An edit of any other
    has failed: it is not asked for again in this run, and counts at its expected cost.
    """
    if wrapper := editor.around:
        settle_lost(edits, wrapper.inner, [part for request in requests for part in wrapper.parts(request)])
        return
    keys = set(edits.keys(editor, requests))
    for line in edits.ledger.unanswered():
        if line.time < edits.terms.since or not keys.intersection(line.keys):
            continue
        stood = {key: outcome.status for key in line.keys if (outcome := edits.standing(key)) is not None}
        if editor.service.is_free and len(stood) < len(line.keys):
            words = "its worker was lost; it is free, and asked for again"
            edits.ledger.ended(line.id, line.tool, line.keys, ["stopped"], message=words)
            continue
        for key in line.keys:
            if key not in stood:
                edits.store.keep_edit(key, EditOutcome.failure(EditStatus.FAILED, LOST))
        status = [stood.get(key, EditStatus.FAILED).value for key in line.keys]
        edits.ledger.ended(line.id, line.tool, line.keys, status, message=LOST, attempt=line.attempt)

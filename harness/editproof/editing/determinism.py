"""Whether a tool that says that equal requests give equal pixels keeps its word: it is asked twice, and again later.

A claim alone saves no request. It takes a check that is in the store, dated and made with the very tool: some cases
were asked twice, with different seeds, and came back with equal pixels. From then on one edit serves every repeat of a
case, and each run that may ask requests a few stored edits again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from editproof.core.declared import Count, Number, open_ended
from editproof.core.digests import digest_of, pixel_digest
from editproof.editing.store import RecordKind, Store, identity_of
from editproof.errors import EditorError
from editproof.types import EditorCard, EditRequest

if TYPE_CHECKING:
    from editproof.editing.edits import Edits
    from editproof.editors.adapter import CheckedEditor

CASES_ASKED_TWICE = 5
FEWEST = 2
"""Of those, how many have to come back both times; a cohort of one case is content with that one."""

ASKED_AGAIN = 3
"""Stored edits that each run requests again."""

LOOKED_AT = 20
"""Cases among which these are looked for."""

_CLAIM = "its card says that equal requests give equal pixels"

Pairs = Callable[[], Iterable[tuple[EditRequest, EditRequest]]]


@open_ended
@dataclass(frozen=True, kw_only=True)
class Check:
    """That a tool gave equal pixels wherever it was asked twice.

    Attributes
    ----------
    identity : str
        Digest of what makes the tool's edits; the check holds for no other.
    time : float
        Seconds of the epoch.
    cases : int
        Asked twice, each with two seeds.
    """

    tool: str
    identity: str
    time: Number
    cases: Count


CHECKS = RecordKind("determinism", Check)


def check_of(store: Store, card: EditorCard) -> Check | None:
    """The check of a tool that is in a store; None where there is none, or where the tool makes no such claim."""
    return store.record(CHECKS, digest_of(identity_of(card))) if card.deterministic else None


def date_of(time_s: float) -> str:
    """A time in seconds of the epoch as text, ISO 8601 in UTC."""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds")


def hold_to_claim(edits: Edits, editor: CheckedEditor, pairs: Pairs) -> None:
    """Hold a tool to its claim that equal requests give equal pixels, within the terms of the run.

    A claim that was never checked is checked now, unless nothing may be asked for; of one that was, a few stored edits
    are requested again, once in a run.

    Parameters
    ----------
    pairs : callable
        Gives two requests of each case that differ in repeat and seed alone, in an order that no tool can foresee.

    Raises
    ------
    EditorError
        Where the claim is not true, or a limit of the run is reached.
    """
    if wrapper := editor.around:
        parts = lambda: (  # noqa: E731
            pair for one, other in pairs() for pair in zip(wrapper.parts(one), wrapper.parts(other), strict=True)
        )
        hold_to_claim(edits, wrapper.inner, parts)
    elif editor.card.deterministic and edits.terms.mode != "reuse" and not editor.is_batched:
        if edits.check(editor) is None:
            _check_claim(edits, editor, list(islice(pairs(), CASES_ASKED_TWICE)))
        else:
            _check_stored(edits, editor, pairs)


def _check_claim(edits: Edits, editor: CheckedEditor, pairs: Sequence[tuple[EditRequest, EditRequest]]) -> None:
    """Ask a tool twice about some cases, and store that it gave equal pixels."""
    alike = 0
    for one, other in pairs:
        first, second = (edits.outcomes(editor, [request])[0] for request in (one, other))
        if first.image is None or second.image is None:
            continue
        if pixel_digest(first.image) != pixel_digest(second.image):
            found = f"case {one.case_id} came back with other pixels when it was asked twice"
            raise EditorError(
                f"editor {editor.card.name}", f"{_CLAIM}, and {found}", "Say deterministic=False on its card."
            )
        alike += 1
    if alike >= min(FEWEST, len(pairs)) > 0:
        identity = digest_of(identity_of(editor.card))
        now = round(time.time(), 3)
        edits.store.keep_record(
            CHECKS, identity, Check(tool=editor.card.name, identity=identity, time=now, cases=alike)
        )


def _check_stored(edits: Edits, editor: CheckedEditor, pairs: Pairs) -> None:
    """Request a few stored edits of a deterministic tool again; without room for them in the limits, none."""
    tool, identity = editor.card.name, digest_of(identity_of(editor.card))
    if identity in edits.held or edits.ledger.asked_again(tool):
        return
    edits.held.add(identity)
    if not edits.ledger.allows(tool, ASKED_AGAIN, edits.expected(editor, ASKED_AGAIN)):
        return
    stored = (found for request, _ in islice(pairs(), LOOKED_AT) if (found := edits.stored(editor, request)))
    for request, kept, made in islice(stored, ASKED_AGAIN):
        again = edits.ask_again(editor, request)
        if again.image is not None and kept.image is not None and pixel_digest(again.image) != pixel_digest(kept.image):
            words = f"asked again for case {request.case_id}, it gave other pixels than those stored on {date_of(made)}"
            advice = "Say deterministic=False on its card, or give it another version, so that its edits are made anew."
            raise EditorError(f"editor {tool}", f"{_CLAIM}, and {words}", advice)

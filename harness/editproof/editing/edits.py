"""Edits of a tool: from the store if they are there, else from the tool; none is paid for twice."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from editproof.core.declared import is_amount
from editproof.core.digests import digest_of
from editproof.core.files import Place, is_url
from editproof.core.redaction import redacted
from editproof.editing.batches import Batches, awaited
from editproof.editing.cleaning import cleaned, requests_alike
from editproof.editing.determinism import Check, check_of, date_of
from editproof.editing.failures import FailuresInARow
from editproof.editing.ledger import Ledger
from editproof.editing.store import EDITS, Store, identity_of, request_keys
from editproof.editors.adapter import Around, CheckedEditor
from editproof.editors.pace import Patience, TokenBucket, place_for
from editproof.errors import EditorError
from editproof.types import JSON, EditOutcome, EditRequest, EditStatus

Item = TypeVar("Item")
Result = TypeVar("Result")

REUSE, RECORD_MISSING, LIVE = "reuse", "record-missing", "live"
MODES = (RECORD_MISSING, REUSE, LIVE)


@dataclass(frozen=True)
class Terms:
    """On what terms tools are asked. They decide what is asked, never what an edit looks like.

    Attributes
    ----------
    mode : str
        ``record-missing``: ask for what is not in the store. ``reuse``: ask for nothing.
        ``live``: ask for everything once in this run.
    since : float
        Start of the run, seconds of the epoch; processes of one run share it. A failed edit is asked for again by
        the next run, and counts in its own; without a start it is always asked for again.
    allow_egress : tuple of str
        Hosts that may receive pixels.
    max_cost : float, optional
        US dollars that the run may spend.
    max_edits : int, optional
        Edits that each tool may be asked for in the run.
    same_failures : int
        Failures in a row of one cause that end the run where nothing came back; 0 for none
        (:mod:`editproof.editing.failures`).
    """

    mode: str = RECORD_MISSING
    since: float = math.inf
    allow_egress: tuple[str, ...] = ()
    max_cost: float | None = None
    max_edits: int | None = None
    same_failures: int = 0

    def __post_init__(self) -> None:
        """Refuse a limit that limits nothing."""
        for name, limit in (("--max-cost", self.max_cost), ("--max-edits", self.max_edits)):
            if limit is not None and not 0 <= limit < math.inf:
                raise EditorError(f"{name} {limit}", "it is not a limit", "Write a number from 0 on.")


class Edits:
    """The edits in a store, and the way to those that are not; safe under threads and processes.

    Parameters
    ----------
    root : Path or str
        Of the store.
    terms : Terms, optional
    patience : Patience, optional
        How failures that cost nothing are tried again.
    """

    def __init__(self, root: Place, terms: Terms | None = None, patience: Patience | None = None) -> None:
        self.terms, self.patience = terms or Terms(), patience or Patience()
        self.store = Store(root)
        start = self.terms.since if math.isfinite(self.terms.since) else 0.0
        self.ledger = Ledger(root, start, self.terms.max_cost, self.terms.max_edits)
        self._buckets: dict[str, TokenBucket] = {}
        self._bills: dict[str, tuple[float, int]] = {}
        self._places: dict[str, threading.Semaphore] = {}
        self._out: dict[str, dict[str, str]] = {}
        self._stops: dict[str, EditorError] = {}
        self._failures = FailuresInARow(self.terms.same_failures)
        self._checks: dict[str, Check] = {}
        self.held: set[str] = set()
        """Identities of tools whose stored edits were asked for again by this process."""
        self.say: Callable[[str], None] = lambda words: None
        """Told in a few words how far a batch is."""
        self.at_once = 0
        """Requests under way at once to one tool; 0 for as many as it likes."""

    def outcomes(self, editor: CheckedEditor, requests: Sequence[EditRequest]) -> list[EditOutcome]:
        """How each request ends, in order.

        Raises
        ------
        EditorError
            Where the tool cannot be used at all, or a limit of the run is reached.
        EvidenceError
            Where the store is damaged or full.
        """
        if editor.around:
            return self._wrapped(editor, editor.around, requests)
        keys = self.keys(editor, requests)
        found = {key: self.standing(key) for key in keys}
        missing = {key: request for key, request in zip(keys, requests, strict=True) if found[key] is None}
        if missing and self.terms.mode == REUSE:
            gone = EditOutcome.failure(EditStatus.FAILED, "not in the store, and nothing may be asked for (mode reuse)")
            found |= dict.fromkeys(missing, gone)
        elif missing and editor.batch_service:
            found |= dict(self.batched(editor, lambda: [list(missing.values())]))
            found |= {key: self.standing(key) for key in missing if found[key] is None}
        elif missing:
            self._refuse_awaited(editor, missing)
            for group in requests_alike(missing, editor.service.siblings):
                found |= self._made(editor, group)
        return [outcome for key in keys if (outcome := found[key]) is not None]

    def batched(
        self, editor: CheckedEditor, requests: Callable[[], Iterable[Sequence[EditRequest]]]
    ) -> Iterator[tuple[str, EditOutcome]]:
        """Ask by batch for everything that is not stored, wait for it, and give it as it is stored.

        Parameters
        ----------
        editor : CheckedEditor
            One that has a way by batch, or wrappers around it.
        requests : callable
            Gives the requests of each case anew each time it is called.
        """
        if wrapper := editor.around:
            parts = lambda: ([part for one in case for part in wrapper.parts(one)] for case in requests())  # noqa: E731
            yield from self.batched(wrapper.inner, parts)
            return

        def missing() -> Iterator[dict[str, EditRequest]]:
            for case in requests():
                keyed = zip(self.keys(editor, case), case, strict=True)
                gone = {key: request for key, request in keyed if self.standing(key) is None}
                yield from requests_alike(gone, editor.service.siblings)

        if editor.batch_service is None or self.terms.mode == REUSE:
            return
        if is_url(self.store.root):
            found = f"batches are kept in files, and the store is at {self.store.root}"
            raise EditorError(f"editor {editor.card.name}", found, "Name a folder: --store DIR.")
        kept, expected = partial(self._kept, editor.card.name), partial(self.expected, editor)
        batches = Batches(
            self.store,
            self.ledger,
            editor,
            editor.batch_service,
            self.patience,
            kept,
            expected,
            lambda words: self.say(words),
        )
        yield from batches.answered(missing)

    def _kept(self, tool: str, ticket: str, keys: Sequence[str], outcomes: Sequence[EditOutcome]) -> list[EditOutcome]:
        """Outcomes of an attempt by batch, cleaned, stored and entered in the ledger."""
        clean = [cleaned(outcome) for outcome in outcomes]
        for key, outcome in zip(keys, clean, strict=True):
            self.store.keep_edit(key, outcome)
        self.ledger.ended(ticket, tool, keys, attempt=1, **self._facts(tool, clean))
        return clean

    def _refuse_awaited(self, editor: CheckedEditor, missing: Iterable[str]) -> None:
        tool = editor.card.name
        if tool not in self._out:
            self._out[tool] = awaited(self.store, self.ledger, tool) if editor.service.metered else {}
        if out := sorted({self._out[tool][key] for key in missing if key in self._out[tool]}):
            found = f"edits that it is asked for are out in batch {', '.join(out)}, and would be paid for twice"
            raise EditorError(f"editor {tool}", found, "Run with mode=batch once more to fetch them.")

    def missing(self, editor: CheckedEditor, requests: Sequence[EditRequest]) -> tuple[int, float | None]:
        """How many edits the tool would be asked for, and what they may cost in US dollars (None: unknown)."""
        if wrapper := editor.around:
            return self.missing(wrapper.inner, [part for request in requests for part in wrapper.parts(request)])
        keys = set(self.keys(editor, requests))
        gone = sum(self.standing(key) is None for key in keys)
        return gone, self.expected(editor, gone)

    def check(self, editor: CheckedEditor) -> Check | None:
        """The check by which one edit of a tool serves every repeat; of a wrapper, that of the tool inside."""
        if editor.around:
            return self.check(editor.around.inner)
        if not editor.card.deterministic:
            return None
        identity = digest_of(identity_of(editor.card))
        if identity not in self._checks and (found := check_of(self.store, editor.card)):
            self._checks[identity] = found
        return self._checks.get(identity)

    def history(self, editor: CheckedEditor, requests: Sequence[EditRequest]) -> list[tuple[str, str]]:
        """How the first attempt at each edit ended, and when the edit was made (ISO 8601); empty where it is not known.

        Of the several parts of a wrapper's edit: the first end that is not an edit, and the time of the oldest part.
        """
        if wrapper := editor.around:
            return [_joined(self.history(wrapper.inner, wrapper.parts(request))) for request in requests]
        firsts = self.ledger.first_ends(self.terms.since if self.terms.mode == LIVE else 0.0)
        keys = self.keys(editor, requests)
        records = {key: self.store.record(EDITS, key) for key in keys}
        made = {key: date_of(record.time) if record else "" for key, record in records.items()}
        # a kill may keep an end from the ledger: then the stored one is all that is known
        ends = {key: record.status.value if record else "" for key, record in records.items()}
        return [(firsts.get(key, ends[key]), made[key]) for key in keys]

    def stored(self, editor: CheckedEditor, request: EditRequest) -> tuple[EditRequest, EditOutcome, float] | None:
        """A stored edit that an earlier run made, with the time in seconds of the epoch; None where there is none."""
        [key] = self.keys(editor, [request])
        record = self.store.record(EDITS, key)
        if record is None or record.status is not EditStatus.OK or record.time >= self.terms.since:
            return None
        kept = self.store.edit(key)
        return None if kept is None else (request, kept, record.time)

    def ask_again(self, editor: CheckedEditor, request: EditRequest) -> EditOutcome:
        """One request whose answer is compared and not kept."""
        keys, tool = self.keys(editor, [request]), editor.card.name
        places = self._places.setdefault(tool, threading.Semaphore(self.at_once or editor.service.concurrency))
        with place_for(places, taken_by_tool=editor.service.takes_places):
            [outcome], ticket, seconds = self._sent(editor, keys, [request], 1, again=True)
        self.ledger.ended(ticket, tool, keys, seconds=seconds, attempt=1, **self._facts(tool, [outcome]))
        return outcome

    def keys(self, editor: CheckedEditor, requests: Sequence[EditRequest]) -> list[str]:
        """Store key of each request to a tool that is no wrapper."""
        alike = self.check(editor) is not None
        return request_keys(editor.card, requests, by_case=editor.service.by_case, alike=alike)

    def stands(self, editor: CheckedEditor, requests: Sequence[EditRequest]) -> bool:
        """Whether any of these edits is in the store."""
        if wrapper := editor.around:
            return self.stands(wrapper.inner, [part for request in requests for part in wrapper.parts(request)])
        return any(self.standing(key) is not None for key in self.keys(editor, requests))

    def _wrapped(self, editor: CheckedEditor, wrapper: Around, requests: Sequence[EditRequest]) -> list[EditOutcome]:
        parts = [wrapper.parts(request) for request in requests]
        inner = iter(self.outcomes(wrapper.inner, [part for group in parts for part in group]))
        joined = []
        for request, group in zip(requests, parts, strict=True):
            outcomes = [next(inner) for _ in group]
            joined.append(editor.outcome(request, lambda r=request, o=outcomes: wrapper.outcome(r, o)))  # type: ignore[misc]
        return joined

    def standing(self, key: str) -> EditOutcome | None:
        """The stored outcome that counts in this run, or None."""
        since, mode = self.terms.since, self.terms.mode
        answered = since if mode == LIVE else 0.0
        return self.store.edit(key, answered_since=answered, failed_since=0.0 if mode == REUSE else since)

    def _made(self, editor: CheckedEditor, missing: dict[str, EditRequest]) -> dict[str, EditOutcome]:
        with ExitStack() as held:
            if editor.service.metered:
                for stripe in sorted({key[:4] for key in missing}):
                    held.enter_context(self._lock(stripe))
                standing = {key: self.standing(key) for key in missing}
                made = {key: outcome for key, outcome in standing.items() if outcome is not None}
                missing = {key: request for key, request in missing.items() if key not in made}
                if not missing:
                    return made
                return made | self._asked(editor, missing)
            return self._asked(editor, missing)

    def _lock(self, stripe: str) -> AbstractContextManager[None]:
        return self.store.files.holding(f"locks/{stripe}.lock", poll_s=0.01)

    def _asked(self, editor: CheckedEditor, missing: dict[str, EditRequest]) -> dict[str, EditOutcome]:
        keys, requests, tool = list(missing), list(missing.values()), editor.card.name
        bucket = self._buckets.setdefault(tool, TokenBucket(editor.service.per_minute))
        places = self._places.setdefault(tool, threading.Semaphore(self.at_once or editor.service.concurrency))
        for attempt in range(1, self.patience.tries + 1):
            if tool in self._stops:
                raise self._stops[tool]
            if (pause_s := bucket.wait_s()) > 0:
                time.sleep(pause_s)
            with place_for(places, taken_by_tool=editor.service.takes_places):
                outcomes, ticket, seconds = self._sent(editor, keys, requests, attempt)
            bucket.heed(outcomes[0].provenance.get("rate_limit", {}))
            wait_s = outcomes[0].provenance.get("retry_after_s")
            last = wait_s is None or attempt == self.patience.tries
            if last:
                for key, outcome in zip(keys, outcomes, strict=True):
                    self.store.keep_edit(key, outcome)
            self.ledger.ended(ticket, tool, keys, seconds=seconds, attempt=attempt, **self._facts(tool, outcomes))
            if last:
                break
            time.sleep(self.patience.wait_s(attempt, wait_s or 0.0))
        if unreachable := outcomes[0].provenance.get("unreachable"):
            raise EditorError(
                f"editor {tool}", f"{unreachable} was not reached in {attempt} tries ({outcomes[0].message})",
                "Start it, or mend its address; edits made so far are kept.",
            )  # fmt: skip
        try:
            self._failures.note(tool, outcomes)
        except EditorError as stop:
            self._stops[tool] = stop
            raise
        return dict(zip(keys, outcomes, strict=True))

    def _sent(
        self,
        editor: CheckedEditor,
        keys: list[str],
        requests: list[EditRequest],
        attempt: int,
        *,
        again: bool = False,
    ) -> tuple[list[EditOutcome], str, float]:
        """What one attempt came to, its id in the ledger, and the seconds it took."""
        tool = editor.card.name
        ticket = self.ledger.sent(tool, keys, attempt, self.expected(editor, len(keys)), again=again)
        began = time.perf_counter()
        try:
            outcomes = [cleaned(outcome) for outcome in editor.edits(requests)]
        except EditorError as error:
            stop = EditorError(redacted(error.asked), redacted(error.found), redacted(error.advice))
            self._stops[tool] = stop
            self.ledger.ended(ticket, tool, keys, ["stopped"], message=str(stop))
            raise stop from None
        return outcomes, ticket, round(time.perf_counter() - began, 4)

    def expected(self, editor: CheckedEditor, n: int) -> float | None:
        """Expected cost of ``n`` edits: what edits have cost so far, else what the adapter expects."""
        billed, edits = self._bills.get(editor.card.name, (0.0, 0))
        if edits:
            return n * billed / edits
        each = editor.service.expected_usd
        if each is None:
            return None if editor.card.sends_data_to else 0.0
        return n * each

    def _facts(self, tool: str, outcomes: Sequence[EditOutcome]) -> dict[str, JSON]:
        said = outcomes[0].provenance
        facts = {name: said[name] for name in ("http_status", "request_id", "usage", "cost_usd") if name in said}
        if not is_amount(facts.get("cost_usd", 0.0)):  # nobody is paid for being asked
            del facts["cost_usd"]
        if "cost_usd" in facts:
            billed, edits = self._bills.get(tool, (0.0, 0))
            self._bills[tool] = (billed + facts["cost_usd"], edits + len(outcomes))
        messages = sorted({outcome.message for outcome in outcomes if outcome.message})
        return {"status": [outcome.status.value for outcome in outcomes], "message": "; ".join(messages), **facts}


def each(function: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> Iterator[Result]:
    """Results of a function over items in threads, as they are done; at most two items a thread are begun ahead.

    An exception is raised here once everything under way has ended; nothing that was paid for is abandoned.
    """
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        under_way: set[Future[Result]] = set()
        try:
            for item in items:
                under_way.add(pool.submit(function, item))
                if len(under_way) >= 2 * threads:
                    done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            yield from (future.result() for future in as_completed(under_way))
        except BaseException:
            for future in under_way:
                future.cancel()
            raise


def _joined(parts: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """First end and time of an edit that is made of parts."""
    ends = [end for end, _ in parts]
    lost = next((end for end in ends if end not in ("", EditStatus.OK.value)), "")
    whole = EditStatus.OK.value if parts and "" not in ends else ""
    return lost or whole, min((made for _, made in parts if made), default="")

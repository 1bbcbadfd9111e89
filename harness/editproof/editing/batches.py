"""Edits by batch: what is missing goes out in a few files, is answered within a day, and is paid for once.

The order of steps is what makes that true of a process that may be killed at any of them. Each line of a batch is
one attempt in the ledger, entered before the line is written. Before a batch is created, its record with the name it
will bear at the service is in the store; a batch whose id was never received is found again by that name. Answers
are fetched to this disk first, then opened and stored one by one, and only then forgotten.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from editproof.core.declared import Number, open_ended
from editproof.core.locks import holding
from editproof.editing.store import RecordKind
from editproof.errors import EditorError, EvidenceError
from editproof.types import EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.editing.ledger import Ledger
    from editproof.editing.store import Store
    from editproof.editors.adapter import BatchService, CheckedEditor
    from editproof.editors.pace import Patience

Found = TypeVar("Found")


@open_ended
@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch that was put together for a service.

    Attributes
    ----------
    name : str
        That it bears at the service, and here.
    time : float
        Seconds of the epoch at which it was put together.
    id : str or None
        The service's; None until it is received.
    open : bool
        Whether answers of it are still to be stored.
    tickets : mapping
        Store keys of the edits that each line asks for, by the line's id in the ledger.
    """

    name: str
    tool: str
    time: Number
    id: str | None
    open: bool
    tickets: Mapping[str, tuple[str, ...]]


BATCHES = RecordKind("batches", Batch)

Groups = Iterator[Mapping[str, EditRequest]]
"""Requests by store key; those of one group are alike in all but repeat and seed."""


def awaited(store: Store, ledger: Ledger, tool: str) -> dict[str, str]:
    """Keys of edits that are out in a batch of a tool, with the service's id of the batch or its name."""
    records = _open_records(store, tool)
    ended = {line.id for line in ledger.ended_lines()} if records else set()
    return {
        key: record.id or record.name
        for record in records
        for ticket, keys in record.tickets.items()
        if ticket not in ended
        for key in keys
    }


def _open_records(store: Store, tool: str) -> list[Batch]:
    return [record for record in store.records(BATCHES) if record.open and record.tool == tool]


@dataclass
class Batches:
    """The batches of one tool in one store.

    Attributes
    ----------
    kept : callable
        Stores the outcomes of an attempt (ticket, keys, outcomes) and gives them back as stored.
    expected_usd : callable
        Expected cost of so many edits.
    say : callable
        Told in a few words how far things are.
    """

    store: Store
    ledger: Ledger
    editor: CheckedEditor
    service: BatchService
    patience: Patience
    kept: Callable[[str, Sequence[str], Sequence[EditOutcome]], Sequence[EditOutcome]]
    expected_usd: Callable[[int], float | None]
    say: Callable[[str], None] = lambda words: None
    _stop: EditorError | None = field(default=None, init=False)

    def answered(self, missing: Callable[[], Groups]) -> Iterator[tuple[str, EditOutcome]]:
        """Every missing edit, asked for and waited for, as it is stored.

        Parameters
        ----------
        missing : callable
            Gives the groups anew each time it is called: once to write the lines, once to open the answers.

        Raises
        ------
        EditorError
            Where a limit of the run is reached, once what was asked for within it is stored; where the service
            refuses a batch, or cannot be reached for long.
        """
        with holding(self._folder("locks") / f"{BATCHES.folder}.lock"):
            self._recover()
            wanted = self._submit(missing())
            records = [record for record in self._open() if wanted.intersection(_keys(record))]
            self._await(records)
            yield from self._deliver(missing(), records)
        self._stop_where_told()

    def _stop_where_told(self) -> None:
        if self._stop:
            raise self._stop

    def _open(self) -> list[Batch]:
        return _open_records(self.store, self.editor.card.name)

    def _recover(self) -> None:
        """Find the batches whose id was never received; release the lines that never left."""
        known = set[str]()
        for record in self._open():
            known |= set(record.tickets)
            if record.id is None:
                found = self._patiently(lambda r=record: self.service.found(r.name, r.time))  # type: ignore[misc]
                if found is None:
                    self._release(record, "the batch was never created")
                else:
                    self._keep(replace(record, id=found))
        for line in self.ledger.unanswered():
            if line.tool == self.editor.card.name and line.batch is not None and line.id not in known:
                self._ended(line.id, line.keys, "not_sent", "the batch was never created")

    def _submit(self, groups: Groups) -> set[str]:
        """Write and submit what is not out already; the keys of everything that is wanted."""
        out, wanted = awaited(self.store, self.ledger, self.editor.card.name), set[str]()
        draft: _Draft | None = None
        for group in groups:
            wanted |= set(group)
            fresh = {key: request for key, request in group.items() if key not in out}
            if not fresh or self._stop:
                continue
            ticket = uuid.uuid4().hex[:16]
            line = self.service.line(ticket, list(fresh.values()))
            if draft and draft.is_full_for(line, self.service):
                self._create(draft)
                draft = None
            draft = draft or _Draft(self._folder(BATCHES.folder))
            try:
                self._enter(ticket, fresh, draft)
            except EditorError as limit:
                self._stop = limit
            else:
                if isinstance(line, EditOutcome):
                    self.kept(ticket, list(fresh), [line] * len(fresh))
                else:
                    draft.add(ticket, list(fresh), line)
        if draft and draft.tickets:
            self._create(draft)
        return wanted

    def _enter(self, ticket: str, group: Mapping[str, EditRequest], draft: _Draft) -> None:
        expected = self.expected_usd(len(group))
        self.ledger.sent(self.editor.card.name, list(group), 1, expected, id=ticket, batch=draft.name)

    def _create(self, draft: _Draft) -> None:
        tickets = {ticket: tuple(keys) for ticket, keys in draft.tickets.items()}
        record = Batch(
            name=draft.name, tool=self.editor.card.name, time=time.time(), id=None, open=True, tickets=tickets
        )
        self._keep(record)
        self.say(f"submitting a batch of {len(draft.tickets)}")
        try:
            record = replace(record, id=self.service.submitted(draft.file, draft.name))
        except EditorError as refused:
            self._release(record, str(refused), "stopped")
            raise
        except ConnectionError as error:
            found, advice = f"the way was lost while a batch was sent ({error})", "Run again: it will be looked for."
            raise EditorError(f"editor {self.editor.card.name}", found, advice) from error
        self._keep(record)

    def _await(self, records: Sequence[Batch]) -> None:
        """Wait until every batch has ended, and fetch each as it does."""
        waiting = [record for record in records if not self._answers(record).exists()]
        for attempt in range(1, 2**30):
            for record in list(waiting):
                state = self._patiently(lambda r=record: self.service.state(_id(r)))  # type: ignore[misc]
                self.say(f"batch {len(records) - len(waiting) + 1} of {len(records)}: {state.words}")
                if state.fault:
                    self._release(record, state.fault, "stopped")
                    found = f"batch {record.id} was refused as a whole ({state.fault})"
                    raise EditorError(
                        f"editor {self.editor.card.name}", found, "Mend that; edits made so far are kept."
                    )
                if state.ended:
                    self._fetch(record)
                    waiting.remove(record)
            if not waiting:
                return
            time.sleep(self.patience.wait_s(attempt, 0.0))

    def _fetch(self, record: Batch) -> None:
        part = self._answers(record).with_suffix(".part")
        with _disk(part):
            self._patiently(lambda: self.service.fetched(_id(record), part))
            part.replace(self._answers(record))

    def _deliver(self, groups: Groups, records: Sequence[Batch]) -> Iterator[tuple[str, EditOutcome]]:
        """Open and store every answer; what a batch never answered has failed."""
        lines = {ticket: place for record in records for ticket, place in self._lines(record).items()}
        left = {ticket: (keys, record) for record in records for ticket, keys in self._left(record).items()}
        of_key = {key: ticket for ticket, (keys, _) in left.items() for key in keys}
        for group in groups:
            for key, request in group.items():
                if of_key.get(key) not in left:
                    continue
                ticket = of_key[key]
                keys, record = left.pop(ticket)
                outcomes = self._opened(lines.get(ticket), request, len(keys), record)
                yield from zip(keys, self.kept(ticket, keys, outcomes), strict=True)
        for record in records:
            if not set(left).intersection(record.tickets):
                self._keep(replace(record, open=False))
                self.service.cleared(_id(record))
                self._answers(record).unlink(missing_ok=True)
                self._file(record.name).unlink(missing_ok=True)

    def _left(self, record: Batch) -> dict[str, Sequence[str]]:
        """Tickets of a batch whose answers are not stored yet; where only the ledger lacks its line, it gets it."""
        ended = {line.id for line in self.ledger.ended_lines()}
        left: dict[str, Sequence[str]] = {
            ticket: keys for ticket, keys in record.tickets.items() if ticket not in ended
        }
        for ticket, keys in list(left.items()):
            stored = [self.store.edit(key, failed_since=0.0) for key in keys]
            outcomes = [outcome for outcome in stored if outcome and outcome.provenance.get("batch") == record.id]
            if len(outcomes) == len(keys):
                self.kept(ticket, keys, outcomes)
                del left[ticket]
        return left

    def _opened(self, place: tuple[Path, int] | None, request: EditRequest, n: int, record: Batch) -> list[EditOutcome]:
        if place is None:
            message = f"batch {record.id} ended without an answer to this"
            return [EditOutcome.failure(EditStatus.FAILED, message, batch=record.id)] * n
        path, offset = place
        with path.open("rb") as file:
            file.seek(offset)
            answer = file.readline().rstrip(b"\n")
        try:
            found = self.service.opened(answer, request, n, _id(record))
        except EditorError as error:  # one line cannot end the run before the others are stored
            self._stop = error
            found = [EditOutcome(EditStatus.FAILED, None, str(error), {"batch": record.id}, answer)] * n
        return [self.editor.outcome(request, lambda one=one: one) for one in found]  # type: ignore[misc]

    def _lines(self, record: Batch) -> dict[str, tuple[Path, int]]:
        """Where the answer to each ticket is."""
        path, offset, found = self._answers(record), 0, {}
        with path.open("rb") as file:
            for line in file:
                try:
                    if line.strip():
                        found[str(json.loads(line)["custom_id"])] = (path, offset)
                except (ValueError, KeyError, TypeError) as error:
                    advice = "Remove it to have it fetched again; it is kept at the service until then."
                    raise EvidenceError(f"answers of a batch {path}", f"damaged at byte {offset}", advice) from error
                offset += len(line)
        return found

    def _release(self, record: Batch, words: str, status: str = "not_sent") -> None:
        """End every attempt of a batch that was never worked on; nothing of it can have been paid for."""
        for ticket, keys in record.tickets.items():
            self._ended(ticket, keys, status, words)
        self._keep(replace(record, open=False))
        self._file(record.name).unlink(missing_ok=True)

    def _ended(self, ticket: str, keys: Sequence[str], status: str, words: str) -> None:
        self.ledger.ended(ticket, self.editor.card.name, keys, status=[status], message=words)

    def _patiently(self, asked: Callable[[], Found]) -> Found:
        """What the service answers to a question that costs nothing, asked again while only the way fails."""
        for attempt in range(1, self.patience.tries + 1):
            try:
                return asked()
            except ConnectionError as error:
                if attempt == self.patience.tries:
                    found = f"its batches were not reached in {attempt} tries ({error})"
                    advice = "Run again to go on waiting; nothing is asked for twice."
                    raise EditorError(f"editor {self.editor.card.name}", found, advice) from error
            time.sleep(self.patience.wait_s(attempt, 0.0))
        raise AssertionError

    def _keep(self, record: Batch) -> None:
        self.store.keep_record(BATCHES, record.name, record)

    def _folder(self, name: str) -> Path:
        folder = Path(self.store.root) / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _file(self, name: str) -> Path:
        return self._folder(BATCHES.folder) / f"{name}.jsonl"

    def _answers(self, record: Batch) -> Path:
        return self._folder(BATCHES.folder) / f"{record.name}.answers"


class _Draft:
    """A batch being written."""

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self.file = folder / f"{self.name}.jsonl"
        self.tickets: dict[str, list[str]] = {}
        self.size = 0

    def is_full_for(self, line: bytes | EditOutcome, service: BatchService) -> bool:
        more = 0 if isinstance(line, EditOutcome) else len(line)
        return bool(self.tickets) and (len(self.tickets) >= service.max_lines or self.size + more > service.max_bytes)

    def add(self, ticket: str, keys: list[str], line: bytes) -> None:
        with _disk(self.file), self.file.open("ab") as file:
            file.write(line)
        self.tickets[ticket] = keys
        self.size += len(line)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found, advice = f"it cannot be written ({error.strerror})", "Free space and run again; what is stored is kept."
        raise EvidenceError(f"file of a batch {path}", found, advice) from error


def _keys(record: Batch) -> Iterable[str]:
    return (key for keys in record.tickets.values() for key in keys)


def _id(record: Batch) -> str:
    """The service's id of a batch that was submitted."""
    assert record.id is not None
    return record.id

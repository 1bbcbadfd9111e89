"""What was sent and what it cost: two append-only files, one line a request sent and one a request ended.

A line in ``sent.jsonl`` is written before a request leaves, its counterpart in ``attempts.jsonl`` after the answer
is safe in the store. A request that has no counterpart was in flight when its process died, and may have been paid
for; it is counted at its expected cost, and shown.

A line that is torn, by a full disk, a kill or a loss of power, is skipped and counted; the next one begins on a line
of its own. The request of a torn ``sent`` line may have been paid for too, and counts so: at the cost that its text
still tells, else at the highest expected cost of any request known.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from editproof.core.declared import Amount, Count, Number, open_ended
from editproof.core.files import Place, files_at
from editproof.core.numbers import dollars, figure
from editproof.core.records import ABSENT, json_of_record, maybe
from editproof.errors import EditorError, EvidenceError
from editproof.types import JSON

SENT, ENDED = "sent.jsonl", "attempts.jsonl"

NOT_REACHED = "not reached"
"""With these words the message of a request begins that never reached its server."""
TURNED_AWAY = 429
"""HTTP status of a server that is busy, or whose quota is used up for now."""

_COST = re.compile(rb'"expected_usd": ([0-9.]+(?:e-?[0-9]+)?),')
_ID = re.compile(rb'"id": "([0-9a-f]+)"')


@open_ended
@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request that is about to leave.

    Attributes
    ----------
    id : str
        Of this attempt; its :class:`Ended` has the same.
    keys : tuple of str
        Store keys of the edits asked for.
    attempt : int
        From 1 on; a retry is not a new edit.
    expected_usd : float or None
        Expected cost in US dollars; None where no price is known.
    batch : str or None
        Name of the batch that it is a line of.
    again : bool or None
        Whether the edit is stored, and asked for again to be compared.
    time : float
        Seconds of the epoch.
    """

    id: str
    tool: str
    keys: tuple[str, ...]
    attempt: Count
    expected_usd: Amount | None
    time: Number
    batch: Annotated[str | None, ABSENT] = None
    again: Annotated[bool | None, ABSENT] = None


@open_ended
@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a request ended.

    Attributes
    ----------
    status : tuple of str
        How each of its edits ended: a value of :class:`editproof.types.EditStatus`, or one ``"stopped"`` or
        ``"not_sent"`` for all of them.
    cost_usd : float or None
        In US dollars; None where the tool did not say.
    http_status, request_id, usage : optional
        What the server said of it, as it came.
    seconds : float or None
        It took.
    """

    id: str
    tool: str
    keys: tuple[str, ...]
    status: tuple[str, ...]
    time: Number
    message: str = ""
    attempt: Annotated[Count | None, ABSENT] = None
    seconds: Annotated[Amount | None, ABSENT] = None
    cost_usd: Annotated[Amount | None, ABSENT] = None
    http_status: Annotated[JSON, ABSENT] = None
    request_id: Annotated[JSON, ABSENT] = None
    usage: Annotated[JSON, ABSENT] = None


Line = TypeVar("Line", bound=Sent | Ended)


@dataclass
class Totals:
    """What a run has come to so far, over all its processes.

    Attributes
    ----------
    edits : Counter
        Edits asked for by tool; a retry is not a new edit.
    cost_usd : float
        Of ended requests, as far as their tools said.
    unsaid_usd : float
        Expected cost of those that ended without a word of it.
    open : dict
        Requests that were sent and have not ended, by id.
    torn : int
        Requests whose line was torn: nothing is known of them but that they may have been paid for.
    torn_usd, torn_edits : float, int
        What they may have cost, and how many edits they may have been, all of them together.
    """

    edits: Counter[str] = field(default_factory=Counter)
    cost_usd: float = 0.0
    unsaid_usd: float = 0.0
    open: dict[str, Sent] = field(default_factory=dict)
    torn: int = 0
    torn_usd: float = 0.0
    torn_edits: int = 0

    @property
    def committed_usd(self) -> float:
        """Cost of ended requests; expected cost of those that did not say theirs, are open, or whose line was torn."""
        under_way = sum(line.expected_usd or 0.0 for line in self.open.values())
        return self.cost_usd + self.unsaid_usd + under_way + self.torn_usd


@dataclass(frozen=True)
class _Torn:
    """What a torn line of ``sent.jsonl`` still tells; its time and tool could not be relied on."""

    expected_usd: float | None
    id: str | None

    @classmethod
    def of(cls, text: bytes) -> _Torn:
        """Its fields where their text is whole; they are in the order of their names."""
        cost, name = _COST.search(text), _ID.search(text)
        return cls(float(cost[1]) if cost else None, name[1].decode() if name else None)


class Ledger:
    """The attempts of a store; safe under threads and processes.

    Parameters
    ----------
    root : Path or str
        Of the store.
    since : float
        Start of the run, in seconds of the epoch; earlier lines do not count against its limits.
    max_cost, max_edits : float, int, optional
        In US dollars for the run; in edits for each tool.
    """

    def __init__(
        self, root: Place, since: float = 0.0, max_cost: float | None = None, max_edits: int | None = None
    ) -> None:
        self._files, self._since = files_at(root), since
        self._max_cost, self._max_edits = max_cost, max_edits
        self._limited = max_cost is not None or max_edits is not None
        self._totals, self._offsets = Totals(), {SENT: 0, ENDED: 0}
        self._known, self._without_beginning = set[str](), set[str]()
        self._torn: list[_Torn] = []
        self._torn_last: list[_Torn] = []
        self._most = (0.0, 1)
        self._firsts, self._read_to = dict[str, str](), 0
        self._lock = threading.Lock()

    def sent(
        self,
        tool: str,
        keys: Sequence[str],
        attempt: int,
        expected_usd: float | None = None,
        *,
        id: str = "",  # noqa: A002
        batch: str | None = None,
        again: bool = False,
    ) -> str:
        """Id of a request about to be sent, entered before it leaves.

        Raises
        ------
        EditorError
            Where it would go over a limit of the run.
        EvidenceError
            Where it cannot be entered.
        """
        request, now = id or uuid.uuid4().hex[:16], round(time.time(), 3)
        line = Sent(
            id=request,
            tool=tool,
            keys=tuple(keys),
            attempt=attempt,
            expected_usd=expected_usd,
            batch=batch,
            again=again or None,
            time=now,
        )
        with self._lock:
            self._append(SENT, line, (lambda: self._check(line)) if self._limited else None)
        return request

    def ended(self, request: str, tool: str, keys: Sequence[str], status: Sequence[str], **facts: JSON) -> None:
        """Enter how a request ended, with the further facts that :class:`Ended` has."""
        now = round(time.time(), 3)
        with self._lock:
            self._append(ENDED, Ended(id=request, tool=tool, keys=tuple(keys), status=tuple(status), time=now, **facts))

    def allows(self, tool: str, n: int, expected_usd: float | None) -> bool:
        """Whether so many more edits of a tool are within the limits of the run."""
        line = Sent(id="", tool=tool, keys=("",) * n, attempt=1, expected_usd=expected_usd, time=time.time())
        try:
            with self._lock:
                self._check(line)
        except EditorError:
            return False
        return True

    def asked_again(self, tool: str) -> bool:
        """Whether stored edits of a tool were asked for again in this run."""
        return any(line.again and line.tool == tool and line.time >= self._since for line in self.sent_lines())

    def totals(self) -> Totals:
        """What the run has come to so far; reads only what was written since the last call."""
        with self._lock:
            return self._caught_up()

    def sent_lines(self) -> list[Sent]:
        """Every request that was sent, from the first."""
        return [line for line in self._whole(SENT, Sent) if line is not None]

    def ended_lines(self) -> list[Ended]:
        """Every request that ended, from the first."""
        return [line for line in self._whole(ENDED, Ended) if line is not None]

    def torn_lines(self) -> int:
        """Lines of both files that are damaged and skipped."""
        return [*self._whole(SENT, Sent), *self._whole(ENDED, Ended)].count(None)

    def ends(self, tool: str) -> Counter[str]:
        """How the attempts of a tool in this run ended, one count for each edit."""
        lines = (line for line in self.ended_lines() if line.tool == tool and line.time >= self._since)
        return Counter(status for line in lines for status in line.status)

    def first_ends(self, since: float = 0.0) -> Mapping[str, str]:
        """How the first attempt at each edit ended that reached its tool, by store key; reads only what is new.

        Parameters
        ----------
        since : float
            Seconds of the epoch; earlier attempts do not count. It is the same in every call.
        """
        with self._lock:
            lines, _, self._read_to = self._files.lines(ENDED, self._read_to)
            for line in (maybe(Ended, text) for text in lines):
                if line is None or line.time < since or not is_attempt(line):
                    continue
                for key, status in zip(line.keys, line.status, strict=False):
                    self._firsts.setdefault(key, status)
            return self._firsts

    def calls(self, tool: str) -> int:
        """Requests of this run that reached a tool and ended."""
        return sum(line.tool == tool and line.time >= self._since and is_attempt(line) for line in self.ended_lines())

    def unanswered(self) -> list[Sent]:
        """Requests that were sent and never ended, in this run or an earlier one."""
        ended = {line.id for line in self.ended_lines()}
        return [line for line in self.sent_lines() if line.id not in ended]

    def _check(self, line: Sent) -> None:
        totals = self._caught_up(line)
        # the tool of a torn line is not known: its edits may be those of any
        edits = totals.edits[line.tool] + totals.torn_edits + (len(line.keys) if line.attempt == 1 else 0)
        again = "Edits made so far are kept; run again with a higher limit to go on."
        if self._max_edits is not None and edits > self._max_edits:
            raise EditorError(
                f"--max-edits {self._max_edits}", f"{line.tool} was asked for as many edits as allowed", again
            )
        if self._max_cost is not None:
            expected = line.expected_usd
            if expected is None:
                raise EditorError(
                    f"--max-cost {self._max_cost}",
                    f"no price is known for {line.tool}",
                    "Add its model to a price table (EDITPROOF_PRICES=FILE.json), or use --max-edits.",
                )
            if totals.committed_usd + expected > self._max_cost:
                spent, next_one = dollars(totals.committed_usd), figure(expected, 2)
                found = f"{spent} are spent or committed; the next request may cost {next_one}"
                raise EditorError(f"--max-cost {self._max_cost}", found, again)

    def _caught_up(self, next_line: Sent | None = None) -> Totals:
        totals = self._totals
        ended, _ = self._news(ENDED, Ended)  # read in this order, no end lacks its beginning
        sent, rest = self._news(SENT, Sent)
        for line in sent:
            if isinstance(line, bytes):
                self._torn_last.append(_Torn.of(line))
            else:
                self._enter(line)
        for end in ended:
            if isinstance(end, Ended):
                self._close(end)
        torn = [*self._torn, *self._torn_last, *([_Torn.of(rest)] if rest else [])]
        torn = [line for line in torn if line.id not in self._without_beginning]
        highest, most = self._most if next_line is None else self._most_with(next_line)
        totals.torn, totals.torn_edits = len(torn), len(torn) * most
        totals.torn_usd = sum(highest if line.expected_usd is None else line.expected_usd for line in torn)
        return totals

    def _enter(self, line: Sent) -> None:
        self._known.add(line.id)
        self._most = self._most_with(line)
        if line.time >= self._since:
            self._totals.edits[line.tool] += len(line.keys) if line.attempt == 1 else 0
            self._totals.open[line.id] = line
            self._torn += self._torn_last  # a torn line is of the run of the whole one after it, or of this one
        self._torn_last.clear()

    def _close(self, line: Ended) -> None:
        if (sent := self._totals.open.pop(line.id, None)) is not None:
            self._totals.cost_usd += line.cost_usd or 0.0
            if line.cost_usd is None and is_attempt(line):
                self._totals.unsaid_usd += sent.expected_usd or 0.0
        elif line.id not in self._known and line.time >= self._since:  # its beginning was torn
            self._without_beginning.add(line.id)
            self._totals.edits[line.tool] += len(line.keys) if line.attempt in (1, None) else 0
            self._totals.cost_usd += line.cost_usd or 0.0

    def _most_with(self, line: Sent) -> tuple[float, int]:
        """The highest expected cost of a request so far, and the most edits asked for in one."""
        cost, edits = self._most
        return max(cost, line.expected_usd or 0.0), max(edits, len(line.keys))

    def _news(self, name: str, kind: type[Line]) -> tuple[list[Line | bytes], bytes]:
        """Lines since the last call, as bytes where they are torn; and what may become one."""
        lines, rest, offset = self._files.lines(name, self._offsets[name])
        found: list[Line | bytes] = [maybe(kind, line) or line for line in lines]
        if rest and (whole := maybe(kind, rest)):  # only the end of the line is lacking
            found, offset, rest = [*found, whole], offset + len(rest), b""
        self._offsets[name] = offset
        return found, rest

    def _whole(self, name: str, kind: type[Line]) -> list[Line | None]:
        """Every line of a file, None where it is torn."""
        lines, rest, _ = self._files.lines(name)
        return [maybe(kind, line) for line in ([*lines, rest] if rest else lines)]

    def _append(self, name: str, line: Sent | Ended, check: Callable[[], None] | None = None) -> None:
        try:
            self._files.append(name, json.dumps(json_of_record(line), sort_keys=True, ensure_ascii=False), check)
        except OSError as error:
            asked, found = f"ledger {self._files.place(name)}", f"it cannot be written ({error.strerror})"
            raise EvidenceError(asked, found, "Free space.") from error


def is_attempt(line: Ended) -> bool:
    """Whether a request reached its tool: not one that was refused a connection, turned away (429) or stopped by us."""
    never_sent = line.status in (("stopped",), ("not_sent",)) or line.message.startswith(NOT_REACHED)
    return not never_sent and line.http_status != TURNED_AWAY


def torn_words(torn: int) -> str:
    """What to say of torn lines, where there are any."""
    lines, are = ("1 line", "is") if torn == 1 else (f"{torn} lines", "are")
    return f"{lines} of its ledger {are} torn and skipped; what {'it' if torn == 1 else 'they'} entered may be paid for"

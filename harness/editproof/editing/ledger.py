"""What was sent and what it cost: two append-only files, one line a request sent and one a request ended.

A line in ``sent.jsonl`` is written before a request leaves, its counterpart in ``attempts.jsonl`` after the answer
is safe in the store. A request that has no counterpart was in flight when its process died, and may have been paid
for; it is counted at its expected cost, and shown.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from editproof.core.numbers import dollars, figure
from editproof.errors import EditorError, EvidenceError
from editproof.types import JSON

SENT, ENDED = "sent.jsonl", "attempts.jsonl"


@dataclass
class Totals:
    """What a run has come to so far, over all its processes.

    Attributes
    ----------
    edits : Counter
        Edits asked for by tool; a retry is no new edit.
    cost_usd : float
        Of ended requests.
    open : dict
        Lines of requests that were sent and have not ended, by id.
    """

    edits: Counter[str] = field(default_factory=Counter)
    cost_usd: float = 0.0
    open: dict[str, JSON] = field(default_factory=dict)

    @property
    def committed_usd(self) -> float:
        """Cost of ended requests and expected cost of open ones."""
        return self.cost_usd + sum(line["expected_usd"] or 0.0 for line in self.open.values())


class Ledger:
    """The attempts of a store; safe under threads and processes.

    Parameters
    ----------
    root : Path
        Of the store.
    since : float
        Start of the run, in seconds of the epoch; earlier lines do not count against its limits.
    max_cost, max_edits : float, int, optional
        In US dollars for the run; in edits for each tool.
    """

    def __init__(
        self, root: Path, since: float = 0.0, max_cost: float | None = None, max_edits: int | None = None
    ) -> None:
        self.root, self._since = Path(root), since
        self._max_cost, self._max_edits = max_cost, max_edits
        self._limited = max_cost is not None or max_edits is not None
        self._totals, self._offsets = Totals(), {SENT: 0, ENDED: 0}
        self._lock = threading.Lock()

    def sent(
        self, tool: str, keys: Sequence[str], attempt: int, expected_usd: float | None = None, **facts: JSON
    ) -> str:
        """Id of a request about to be sent, entered before it leaves.

        Raises
        ------
        EditorError
            Where it would go over a limit of the run.
        """
        line = {
            "id": uuid.uuid4().hex[:16],
            "tool": tool,
            "keys": list(keys),
            "attempt": attempt,
            "expected_usd": expected_usd,
            **facts,
        }
        with self._lock, self._across_processes():
            if self._limited:
                self._check(line)
            self._append(SENT, line)
        return str(line["id"])

    def ended(self, request: str, tool: str, keys: Sequence[str], **facts: JSON) -> None:
        """Enter how a request ended: statuses, seconds, cost, and what the server said of it."""
        with self._lock:
            self._append(ENDED, {"id": request, "tool": tool, "keys": list(keys), **facts})

    def totals(self) -> Totals:
        """What the run has come to so far; reads only what was written since the last call."""
        with self._lock:
            return self._caught_up()

    def lines(self, name: str = ENDED) -> Iterator[JSON]:
        """Every line of one of the two files, from the first.

        Raises
        ------
        EvidenceError
            Where a line is damaged.
        """
        for number, line in enumerate(_content(self.root / name).splitlines(), 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                asked = f"line {number} of {self.root / name}"
                raise EvidenceError(asked, f"it is no JSON ({error})", "Restore it, or remove that line.") from error

    def ends(self, tool: str) -> Counter[str]:
        """How the attempts of a tool in this run ended, one count for each edit."""
        lines = (line for line in self.lines() if line["tool"] == tool and line["time"] >= self._since)
        return Counter(status for line in lines for status in line["status"])

    def unanswered(self) -> list[JSON]:
        """Lines of requests that were sent and never ended, in this run or an earlier one."""
        ended = {line["id"] for line in self.lines(ENDED)}
        return [line for line in self.lines(SENT) if line["id"] not in ended]

    def _check(self, line: Mapping[str, JSON]) -> None:
        totals = self._caught_up()
        edits = totals.edits[line["tool"]] + (len(line["keys"]) if line["attempt"] == 1 else 0)
        again = "What was made stands; run again with a higher limit to go on."
        if self._max_edits is not None and edits > self._max_edits:
            raise EditorError(
                f"--max-edits {self._max_edits}", f"{line['tool']} was asked for as many edits as allowed", again
            )
        if self._max_cost is not None:
            expected = line["expected_usd"]
            if expected is None:
                raise EditorError(
                    f"--max-cost {self._max_cost}",
                    f"no price is known for {line['tool']}",
                    "Add its model to a price table (EDITPROOF_PRICES=FILE.json), or use --max-edits.",
                )
            if totals.committed_usd + expected > self._max_cost:
                spent, next_one = dollars(totals.committed_usd), figure(expected, 2)
                found = f"{spent} are spent or committed; the next request may cost {next_one}"
                raise EditorError(f"--max-cost {self._max_cost}", found, again)

    def _caught_up(self) -> Totals:
        ended, sent = self._news(ENDED), self._news(SENT)  # read in this order, no end lacks its beginning
        totals = self._totals
        for line in sent:
            if line["time"] >= self._since:
                totals.edits[line["tool"]] += len(line["keys"]) if line["attempt"] == 1 else 0
                totals.open[line["id"]] = line
        for line in ended:
            if totals.open.pop(line["id"], None) is not None:
                totals.cost_usd += line.get("cost_usd") or 0.0
        return totals

    def _news(self, name: str) -> list[JSON]:
        content = _content(self.root / name, self._offsets[name])
        whole = content[: content.rfind(b"\n") + 1]
        self._offsets[name] += len(whole)
        lines = []
        for text in whole.splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                continue  # a damaged line is named by `editproof verify`; a run goes on
        return lines

    def _append(self, name: str, line: Mapping[str, JSON]) -> None:
        text = json.dumps({"time": round(time.time(), 3), **line}, sort_keys=True, ensure_ascii=False) + "\n"
        path = self.root / name
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                if os.write(handle, text.encode()) < len(text.encode()):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(handle)
        except OSError as error:
            raise EvidenceError(f"ledger {path}", f"it cannot be written ({error.strerror})", "Free space.") from error

    def _across_processes(self) -> FileLock | nullcontext[None]:
        if not self._limited:
            return nullcontext()
        self.root.mkdir(parents=True, exist_ok=True)
        return FileLock(self.root / "ledger.lock")


def _content(path: Path, offset: int = 0) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""

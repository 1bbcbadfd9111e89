"""When a tool of which nothing comes back is asked no more: some failures in a row, all of one cause."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

from editproof.errors import EditorError
from editproof.types import EditOutcome, EditStatus

CERTAIN = (EditStatus.FAILED, EditStatus.MALFORMED)
"""Ends that a request for another image would have too; a refusal or a time-out may depend on the image."""

_OF_ONE_REQUEST = re.compile(r"\S*\d\S*")


class FailuresInARow:
    """Counts, for each tool, the last failures of one cause; safe under threads.

    Parameters
    ----------
    most : int
        Failures in a row that are borne; 0 for any number.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[str, int]] = {}
        self._answered: set[str] = set()

    def note(self, tool: str, outcomes: Iterable[EditOutcome]) -> None:
        """Take note of how requests to a tool ended.

        Raises
        ------
        EditorError
            Where nothing came back from the tool so far, and too many failures in a row had one cause.
        """
        with self._lock:
            for outcome in outcomes:
                self._count(tool, outcome)

    def _count(self, tool: str, outcome: EditOutcome) -> None:
        if outcome.status not in CERTAIN:
            self._counts.pop(tool, None)
            if outcome.status in (EditStatus.OK, EditStatus.REFUSED):
                self._answered.add(tool)
            return
        cause = f"{outcome.status.value}: {cause_of(outcome.message)}"
        before, n = self._counts.get(tool, ("", 0))
        self._counts[tool] = cause, n + 1 if before == cause else 1
        if self._most and tool not in self._answered and self._counts[tool][1] >= self._most:
            found = f"the first {self._most} edits in a row failed of one cause ({outcome.message[:200]})"
            advice = "Mend it, or write --same-failures 0 to have every edit asked for."
            raise EditorError(f"editor {tool}", f"{found}, and none came back", advice)


def cause_of(message: str) -> str:
    """What messages of one cause have in common: words with digits in them are of one request alone.

    Examples
    --------
    >>> cause_of("asked for 320x256 pixels, got 512x512") == cause_of("asked for 80x64 pixels, got 96x96")
    True
    """
    return _OF_ONE_REQUEST.sub("#", message)

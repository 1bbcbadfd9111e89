"""The store of a run as the workers of a Ray cluster see it: an actor beside the driver, which alone touches it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from editproof.core.files import Files, Place, files_at
from editproof.errors import EditorError

SCHEME = "editproof-ray"
_ENTERED_FIRST = "sent.jsonl"


class Keeper:
    """Reads and writes a store for others. Made as an actor on the driver's node, so that they need share no disk.

    Parameters
    ----------
    root : Path or str
    asks : bool
        Whether workers may ask a tool. Each request is entered in the ledger before it leaves, and nothing enters it
        but this actor: where it refuses, no request leaves.
    """

    def __init__(self, root: Place, asks: bool) -> None:
        self._files, self._asks = files_at(root), asks

    def call(self, method: str, *arguments: Any) -> Any:
        """What a method of :class:`editproof.core.files.Files` returns."""
        if method == "append" and arguments[0] == _ENTERED_FIRST and not self._asks:
            found, advice = (
                "a worker of the cluster was about to send a request",
                "This is a fault of editproof: report it.",
            )
            raise EditorError("a tool that the driver asks", found, advice)
        return getattr(self._files, method)(*arguments)

    def append_where(self, name: str, text: str, end: int) -> bool:
        """Add a line where nothing follows a place, and say whether that was so."""

        def check() -> None:
            lines, rest, _ = self._files.lines(name, end)
            if lines or rest:
                raise BlockingIOError(name)

        if name == _ENTERED_FIRST and not self._asks:
            self.call("append", name, text)
        try:
            self._files.append(name, text, check)
        except BlockingIOError:
            return False
        return True


class FilesOfActor:
    """Files that a :class:`Keeper` keeps."""

    def __init__(self, name: str) -> None:
        import ray

        self._keeper = ray.get_actor(name, namespace=SCHEME)
        self._ends: dict[str, int] = {}

    def _asked(self, method: str, *arguments: Any) -> Any:
        import ray
        from ray.exceptions import RayTaskError

        try:
            return ray.get(getattr(self._keeper, method).remote(*arguments))
        except RayTaskError as error:
            raise error.cause from None

    def place(self, name: str) -> str:
        """Where the keeper has a file."""
        return str(self._asked("call", "place", name))

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        content: bytes | None = self._asked("call", "read", name)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Have a file written, whole or not at all."""
        self._asked("call", "write", name, content)

    def create(self, name: str, content: bytes) -> bool:
        """Have a file written where there is none, and say whether that was so."""
        return bool(self._asked("call", "create", name, content))

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return bool(self._asked("call", "exists", name))

    def names(self, pattern: str) -> list[str]:
        """Names that match a pattern, in their order."""
        return list(self._asked("call", "names", pattern))

    def append(self, name: str, text: str, check: Callable[[], None] | None = None) -> None:
        """Have a line added; one that is checked first is added where nobody was faster, else it is checked again."""
        if check is None:
            self._asked("call", "append", name, text)
            return
        while True:
            check()
            if self._asked("append_where", name, text, self._ends.get(name, 0)):
                return

    def lines(self, name: str, start: int = 0) -> tuple[list[bytes], bytes, int]:
        """Lines from a place on, what follows the last whole one, and the place after it."""
        lines, rest, end = self._asked("call", "lines", name, start)
        self._ends[name] = end
        return lines, rest, end

    def holding(self, name: str, *, poll_s: float = 0.05) -> AbstractContextManager[None]:
        """No lock: no two workers are given one case, and what costs anything is asked for by the driver, under its."""
        return nullcontext()


@cache
def files_of_actor(address: str) -> Files:
    """The files of an address ``editproof-ray://NAME``."""
    return FilesOfActor(address.partition("://")[2])

"""A Python tool in a process of its own: what it imports and changes there leaves the harness alone.

The harness starts the process, sends requests as plain bytes and reads outcomes as plain bytes
(:mod:`editproof.editors.frames`). A process that dies, is silent for too long or writes nonsense costs the edits that
it was asked for, each counted as failed with its reason, and is started again for the next. It is no sandbox: such a
tool may still read and write files of the user. A vendor's tool belongs behind ``cmd:`` or ``http:``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from dataclasses import replace
from typing import BinaryIO

from editproof.core.processes import begun, end_programs_on_signals, end_with_children, is_stopping
from editproof.editors.adapter import Service
from editproof.editors.frames import BrokenFrameError, in_pairs, outcome_of, read_frame, request_frame, write_frame
from editproof.errors import EditorError
from editproof.evidence.plain import typed
from editproof.types import JSON, EditorCard, EditOutcome, EditRequest, EditStatus

START_S = 600.0
"""Seconds that a tool may take until its factory has returned, e.g. to read weights."""
_LAST_S = 5.0
"""Seconds between the end of a process's output and its own."""
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from editproof.editors.worker import serve; serve()"
)  # fmt: skip

Answer = tuple[dict[str, JSON], list[bytes]]


class UnmadeError(Exception):
    """A tool that cannot be made in another process, and why."""


class ApartTool:
    """A tool in a process of its own, asked as any other.

    Parameters
    ----------
    order : mapping
        What the process is to make; see :func:`editproof.editors.worker.serve`.
    asked : str
        How the tool was named, for errors.

    Attributes
    ----------
    card : EditorCard
        As the tool has it there, with a word on its process.
    service : Service

    Raises
    ------
    EditorError
        Where the tool cannot be made at all.
    UnmadeError
        Where it can, but not in another process.
    """

    def __init__(self, order: Mapping[str, JSON], asked: str) -> None:
        self._order, self._asked = dict(order), asked
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self.card, self.service = self._started(self._open())

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request."""
        return self.edits([request])[0]

    def edits(self, requests: Sequence[EditRequest]) -> list[EditOutcome]:
        """The outcomes of requests that differ in repeat and seed alone, from one call to the tool.

        Raises
        ------
        EditorError
            Where the tool cannot be used at all.
        """
        headers, parts = zip(*(request_frame(request) for request in requests), strict=True)
        line = self._open()
        try:
            header, found = line.asked({"requests": headers}, list(itertools.chain(*parts)), self.service.timeout_s)
            _raise_if_stopped(header)
            told = list(zip(header["outcomes"], in_pairs(found), requests, strict=True))
            return [outcome_of(one, pair, request) for one, pair, request in told]
        except LateError:
            line.end()
            words = f"not done after {self.service.timeout_s:g} s, and its process ended"
            return [EditOutcome.failure(EditStatus.TIMED_OUT, words) for _ in requests]
        except (BrokenFrameError, OSError, KeyError, TypeError, ValueError) as error:
            line.end()
            words = f"the tool's process {line.fate(error)}"
            return [EditOutcome.failure(EditStatus.FAILED, words) for _ in requests]

    def _open(self) -> _Line:
        """The way to a living process."""
        with self._lock:
            if self._line is None or not self._line.is_open:
                again = self._line is not None
                self._line = _Line()
                weakref.finalize(self, self._line.end)
                if again and self._started(self._line)[0] != self.card:
                    raise EditorError(self._asked, "its card changed while it ran", "Make a card that stays the same.")
            return self._line

    def _started(self, line: _Line) -> tuple[EditorCard, Service]:
        """What the tool says of itself, once its process has made it."""
        try:
            header, _ = line.asked(self._order, [], START_S)
            _raise_if_stopped(header)
            if why := header.get("unmade"):
                line.end()
                raise UnmadeError(str(why))
            card = typed(EditorCard, header["card"])
            service = Service(**header["service"])
        except LateError as error:
            line.end()
            raise EditorError(self._asked, f"it was not made within {START_S:g} s", "Mend its factory.") from error
        except (BrokenFrameError, OSError, KeyError, TypeError, ValueError) as error:
            line.end()
            raise EditorError(
                self._asked, f"its process {line.fate(error)} before it was made", "Its error stream says more."
            ) from error
        return replace(card, process=OWN), replace(service, takes_places=False)


OWN, HARNESS = "own", "harness"
"""Whose process a tool ran in, as its card says."""


def _raise_if_stopped(header: Mapping[str, JSON]) -> None:
    if stop := header.get("stop"):
        raise EditorError(str(stop["asked"]), str(stop["found"]), str(stop["advice"]))


class _Line:
    """One process and the messages to and from it; several threads may wait for answers at once."""

    def __init__(self) -> None:
        end_programs_on_signals()
        self._process = begun(
            [sys.executable, "-P", "-c", _BOOT, json.dumps([path or os.getcwd() for path in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._waiting: dict[int, Future[Answer]] = {}
        self._numbers = itertools.count()
        self._writing = threading.Lock()
        self._ended = False
        self._killed = False
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def is_open(self) -> bool:
        return not self._ended and self._process.poll() is None

    def asked(self, header: Mapping[str, JSON], parts: Sequence[bytes], seconds: float) -> Answer:
        """The answer to a message.

        Raises
        ------
        concurrent.futures.TimeoutError
            Where there is none in time.
        OSError, BrokenFrameError
            Where the process ended, or wrote something else.
        """
        number = next(self._numbers)
        waits = self._waiting[number] = Future()
        try:
            with self._writing:
                if self._ended:
                    raise BrokenPipeError
                write_frame(self._stdin, {**header, "number": number}, parts)
            return waits.result(seconds)
        finally:
            self._waiting.pop(number, None)

    def end(self) -> None:
        """Kill the process and its children."""
        self._killed |= self._process.poll() is None
        end_with_children(self._process)

    def fate(self, error: Exception) -> str:
        """How the process ended, in words."""
        code = self._process.wait()
        if is_stopping():
            raise KeyboardInterrupt
        if self._killed:
            return f"wrote what is no answer ({error})"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    @property
    def _stdin(self) -> BinaryIO:
        assert self._process.stdin is not None
        return self._process.stdin  # type: ignore[return-value]

    def _listen(self) -> None:
        """Hand each answer to whoever waits for it, until the process ends."""
        stream = self._process.stdout
        assert stream is not None
        fault: Exception = EOFError()
        try:
            while (frame := read_frame(stream)) is not None:  # type: ignore[arg-type]
                if (waits := self._waiting.get(frame[0].get("number", -1))) is not None and not waits.done():
                    waits.set_result(frame)
        except (BrokenFrameError, OSError) as error:
            fault = error
        self._ended = True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_S if isinstance(fault, EOFError) else 0)
        for waits in list(self._waiting.values()):
            if not waits.done():
                waits.set_exception(BrokenFrameError(str(fault)) if isinstance(fault, EOFError) else fault)

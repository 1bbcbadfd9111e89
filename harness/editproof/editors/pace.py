"""Keeping to a server's pace: a token bucket that believes what the server says of itself, and places on the wire."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass

from editproof.types import JSON


@dataclass(frozen=True)
class Patience:
    """How often a request is sent again where that is safe, and how long is waited in between.

    Attributes
    ----------
    tries : int
        Attempts in all.
    first_s, longest_s : float
        Bounds of the wait, in seconds. It doubles with every try and is jittered, so that many clients that met
        one fault do not come back at one moment; what the server asks for is the least.
    """

    tries: int = 6
    first_s: float = 0.5
    longest_s: float = 60.0

    def wait_s(self, attempt: int, asked_s: float) -> float:
        """Seconds to wait after an attempt, counted from 1."""
        backoff = min(self.longest_s, self.first_s * 2 ** (attempt - 1))
        return asked_s + random.uniform(backoff / 2, backoff)


class TokenBucket:
    """Says how long to wait before each request; safe under threads.

    Parameters
    ----------
    per_minute : float, optional
        Requests per minute to keep to; without it, only the server's own words count.
    clock : callable
        Monotonic seconds.

    Examples
    --------
    >>> bucket = TokenBucket(60, clock=lambda: 0.0)
    >>> [bucket.wait_s() for _ in range(3)]
    [0.0, 1.0, 2.0]
    """

    def __init__(self, per_minute: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._clock, self._lock, self._next = clock, threading.Lock(), clock()

    def wait_s(self) -> float:
        """Seconds until the next request may go; the place is taken by asking."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + self._gap
            return start - now

    def heed(self, limits: Mapping[str, JSON]) -> None:
        """Take in what a server said: ``remaining`` requests until ``reset_s`` seconds from now.

        With nothing left, the next request waits for the reset; with a few left, they are spread over the time.
        """
        remaining, reset_s = limits.get("remaining"), limits.get("reset_s")
        if remaining is None or not reset_s:
            return
        with self._lock:
            if remaining <= 0:
                self._next = max(self._next, self._clock() + reset_s)
            elif remaining < 10:
                self._next = max(self._next, self._clock() + reset_s / remaining)


_PLACE: ContextVar[AbstractContextManager[object] | None] = ContextVar("place", default=None)


@contextmanager
def place_for(places: AbstractContextManager[object], *, taken_by_tool: bool) -> Iterator[None]:
    """One of a server's places for one request, taken here, or by the tool itself with :func:`on_the_wire`."""
    if not taken_by_tool:
        with places:
            yield
        return
    token = _PLACE.set(places)
    try:
        yield
    finally:
        _PLACE.reset(token)


@contextmanager
def on_the_wire() -> Iterator[None]:
    """While a request is under way: what is computed before and after keeps no place at the server from others."""
    with _PLACE.get() or nullcontext():
        yield

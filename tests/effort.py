"""How much computing something costs beside other work on the same machine: no slow or busy machine fails a test."""

from __future__ import annotations

import time
from collections.abc import Callable


def times_as_much(work: Callable[[], object], yardstick: Callable[[], object], rounds: int = 7) -> float:
    """Processor time of ``work`` in units of that of ``yardstick``: the least of several rounds each, made in turn."""
    work(), yardstick()
    spent = [(_seconds(work), _seconds(yardstick)) for _ in range(rounds)]
    return min(one for one, _ in spent) / min(other for _, other in spent)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began

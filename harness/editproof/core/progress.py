"""How far a long step is: shown where somebody watches, and nowhere else. Standard library only.

A step of any room hands its items through :func:`watched`; :func:`watching` decides whether they are seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Item = TypeVar("Item")

Bar = Callable[[Iterable[Any], int, str, str], Iterable[Any]]
"""From items, their number, the title of the step and the unit to the items, shown as they pass."""

_BAR: ContextVar[Bar | None] = ContextVar("editproof_bar", default=None)


def watched(items: Iterable[Item], total: int, title: str, unit: str = "case") -> Iterable[Item]:
    """The items of a step, shown as they pass where somebody watches.

    Parameters
    ----------
    items : iterable
    total : int
        Their number.
    title : str
        Of the step: ``"originals: read"``.
    unit : str
        What one of them is.

    Examples
    --------
    >>> def bar(items, total, title, unit):
    ...     print(f"{title}: {total} {unit}s")
    ...     return items
    >>> list(watched("ab", 2, "quiet"))
    ['a', 'b']
    >>> with watching(bar):
    ...     list(watched("ab", 2, "originals"))
    originals: 2 cases
    ['a', 'b']
    """
    bar = _BAR.get()
    return bar(items, total, title, unit) if bar else items


@contextmanager
def watching(bar: Bar) -> Iterator[None]:
    """Let every step within it be shown by a bar."""
    token = _BAR.set(bar)
    try:
        yield
    finally:
        _BAR.reset(token)

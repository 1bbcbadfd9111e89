"""Which known word was meant by one that is not known: the one place where words are compared, for every error."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], n: int = 1, alike: float = 0.6) -> list[str]:
    """Known words that are spelled like another one, the most alike first; capital and small letters are one.

    Parameters
    ----------
    n : int
        How many at most.
    alike : float
        Ratio of Ratcliff and Obershelp, 0 to 1, from which two words are alike.

    Examples
    --------
    >>> nearest("Removl", ["removal", "readers"]), nearest("x", ["removal"])
    (['removal'], [])
    """
    by_small = {name.casefold(): name for name in reversed(list(known))}
    return [by_small[found] for found in get_close_matches(word.casefold(), list(by_small), n, alike)]


def did_you_mean(word: str, known: Iterable[str], n: int = 1, alike: float = 0.6) -> str:
    """``Did you mean ...? `` with the nearest known words, or nothing where none is near; see :func:`nearest`.

    Examples
    --------
    >>> did_you_mean("qualty", ["n", "quality"]), did_you_mean("x", ["n", "quality"])
    ('Did you mean quality? ', '')
    """
    found = nearest(word, known, n, alike)
    return f"Did you mean {' or '.join(found)}? " if found else ""

"""In which order a reader meets the images: at random, and those of one case far apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

from editproof.errors import ProtocolError

Image = TypeVar("Image")

_TRIES = 400


def arranged(
    images: Sequence[tuple[Hashable, Image]], *, sittings: int, gap: int, random: np.random.Generator
) -> list[list[Image]]:
    """Images in a random order, dealt out over sittings.

    Parameters
    ----------
    images : sequence of (case, image)
        The images of one case are dealt out over the sittings as evenly as can be, which first being drawn.
    sittings : int
    gap : int
        Fewest other images between two of one case, across sittings too.

    Raises
    ------
    ProtocolError
        Where no such order was found.

    Examples
    --------
    >>> images = [(case, case + arm) for case in "abcdef" for arm in "12"]
    >>> first, second = arranged(images, sittings=2, gap=3, random=np.random.default_rng(0))
    >>> sorted(image[0] for image in first)
    ['a', 'b', 'c', 'd', 'e', 'f']
    """
    counts = Counter(case for case, _ in images)
    most = max(counts.values(), default=0)
    asked = f"{len(images)} images with at least {gap} others between two of one case"
    if most > 1 and (most - 1) * (gap + 1) + 1 > len(images):
        room = (len(images) - 1) // (most - 1) - 1
        raise ProtocolError(asked, f"there is room for {room} at most", "Give a smaller --gap, or draw more cases.")
    for _ in range(_TRIES):
        if found := _attempt(_dealt(images, sittings, random), gap, random):
            return found
    raise ProtocolError(asked, "no such order was found", "Give a smaller --gap, or draw more cases.")


def _dealt(
    images: Sequence[tuple[Hashable, Image]], sittings: int, random: np.random.Generator
) -> list[list[tuple[Hashable, Image]]]:
    by_case: dict[Hashable, list[Image]] = {}
    for case, image in images:
        by_case.setdefault(case, []).append(image)
    dealt: list[list[tuple[Hashable, Image]]] = [[] for _ in range(sittings)]
    for case, own in by_case.items():
        first = int(random.integers(sittings))
        for place, index in enumerate(random.permutation(len(own))):
            dealt[(first + place) % sittings].append((case, own[index]))
    return dealt


def _attempt(
    dealt: list[list[tuple[Hashable, Image]]], gap: int, random: np.random.Generator
) -> list[list[Image]] | None:
    """One order, drawn image by image among those whose case was not met lately; None where it leads nowhere."""
    met: list[Hashable] = []
    order: list[list[Image]] = []
    for sitting in dealt:
        left, shown = list(sitting), []
        while left:
            lately = set(met[-gap:]) if gap else set()
            free = [i for i, (case, _) in enumerate(left) if case not in lately]
            if not free:
                return None
            counts = Counter(case for case, _ in left)
            tight = [
                i for i in free if counts[left[i][0]] > 1 and (counts[left[i][0]] - 1) * (gap + 1) >= len(left) - 1
            ]
            chosen = tight or free
            case, image = left.pop(chosen[int(random.integers(len(chosen)))])
            met.append(case)
            shown.append(image)
        order.append(shown)
    return order

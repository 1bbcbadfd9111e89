"""Choose cases for a study: seeded, half male where both sexes reach, and along the age distribution of the cohort."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def balanced_sample(labels: Mapping[str, tuple[float, float]], n: int, seed: int) -> list[str]:
    """Ids of ``n`` cases, as many male as female where there are so many, each sex drawn evenly along its ages.

    Systematic sampling: each sex is put in order of age (equal ages in an order that the seed decides) and every
    k-th case is taken from a seeded start, so that the sample's age distribution is the cohort's within one step.

    Parameters
    ----------
    labels : mapping of str to (float, float)
        Sex (1.0 = male) and bone age in months by case id.
    n : int
    seed : int

    Returns
    -------
    list of str
        In the order of ``labels``. Where one sex is too small the other fills up; fewer than ``n`` only where the
        cohort is too small.

    Examples
    --------
    >>> labels = {str(i): (float(i % 2), i) for i in range(100)}
    >>> ids = balanced_sample(labels, 10, seed=0)
    >>> len(ids), sum(labels[i][0] for i in ids)
    (10, 5.0)
    """
    by_sex: dict[float, list[str]] = defaultdict(list)
    for name, (sex, _) in labels.items():
        by_sex[sex].append(name)
    shares = _shares(n, males=len(by_sex[1.0]), females=len(by_sex[0.0]))
    chosen: set[str] = set()
    for sex, names in by_sex.items():
        share = shares[sex]
        names.sort(key=lambda name: (labels[name][1], _draw(seed, name)))
        if share >= len(names):
            chosen.update(names)
            continue
        start = _draw(seed, f"start-{sex:g}")
        chosen.update(names[int((k + start) * len(names) / share)] for k in range(share))
    return [name for name in labels if name in chosen]


def _shares(n: int, *, males: int, females: int) -> dict[float, int]:
    """How many of each sex: half, and of the other what one lacks."""
    male, female = min(n // 2, males), min(n - n // 2, females)
    return {1.0: min(n - female, males), 0.0: min(n - male, females)}


def _draw(seed: int, name: str) -> float:
    """A number in [0, 1) that depends on seed and name alone."""
    return int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()[:13], 16) / 16**13

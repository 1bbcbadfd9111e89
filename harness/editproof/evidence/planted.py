"""Which cases have structures planted: what every run, shard and verifier draws alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

PATIENTS = 20
"""Patients with a planted radiograph, one each; all of them in a smaller cohort."""
SEEN = "planted_seen:protected"
"""Quantity: the share of the planted structures of a radiograph that the detector sees."""


def planted_cases(cases: Iterable[tuple[str, str]], seed: int) -> frozenset[str]:
    """The cases that have structures planted, drawn by the seed of the study; the order of the cohort decides nothing.

    Parameters
    ----------
    cases : iterable of (str, str)
        Case and patient, of the whole cohort.
    seed : int
        Of the plan.

    Examples
    --------
    >>> cohort = [(f"c{n}", f"p{n // 2}") for n in range(100)]
    >>> drawn = planted_cases(cohort, 0)
    >>> len(drawn), drawn == planted_cases(reversed(cohort), 0), drawn == planted_cases(cohort, 1)
    (20, True, False)
    """
    ranked = sorted(cases, key=lambda case: _rank(case[0], seed))
    first = {patient: case for case, patient in reversed(ranked)}
    return frozenset(sorted(first.values(), key=lambda case: _rank(case, seed))[:PATIENTS])


def planting_seed(case: str, seed: int) -> int:
    """Root of where in a case structures are planted."""
    return int(_rank(case, seed)[:8], 16)


def _rank(case: str, seed: int) -> str:
    return hashlib.sha256(f"planted:{seed}:{case}".encode()).hexdigest()

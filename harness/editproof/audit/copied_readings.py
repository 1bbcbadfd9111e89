"""Readings that may be copies: edits that read as their originals, and patients who read as others do.

Whole numbers and ratings repeat by chance; numbers with decimals seldom do. How often they would is estimated from the
table itself, so that coarse readings of many patients are no error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED, Measurements

ENOUGH: Final = 20
"""Cases from which on ratings that are all equal before and after are worth a word."""
DECIMALS: Final = 2
"""Numbers with decimals without which readings of a case may repeat by chance."""
BEYOND: Final = 10
"""Cases, beyond three times those expected by chance, from which on they are copies."""


@dataclass(frozen=True)
class Repeated:
    """Cases with all readings of a case of another patient.

    Attributes
    ----------
    n : int
        Their number.
    expected : float
        Number to be expected by chance, if original and change were independent of one another.
    one, one_patient, other, other_patient : str
        Two such cases and their patients.
    """

    n: int
    expected: float
    one: str
    one_patient: str
    other: str
    other_patient: str

    @property
    def beyond_chance(self) -> bool:
        """Whether there are more than chance makes."""
        return self.n >= BEYOND + 3 * self.expected


def copied_edits(measured: Measurements) -> tuple[int, int]:
    """Cases all of whose edits read exactly as the original, and cases with an edit that was read.

    The first is 0 where that may be so by chance: in fewer than all cases, or more than half of them where readings
    have decimals; or in fewer than 20 cases whose readings have none.
    """
    rows = measured.rows[measured.rows["instrument"] == POOLED]
    original = rows[rows["arm"] == ORIGINAL].set_index(["case", "quantity"])["value"]
    edits = rows[rows["arm"] == EDITED]
    if edits.empty:
        return 0, 0
    places = list(zip(edits["case"], edits["quantity"], strict=True))
    before = original.reindex(places).to_numpy(float)
    same = (before == edits["value"].to_numpy(float)) & np.isfinite(before)
    of_case = edits.assign(same=same).groupby("case")["same"].all()
    n, equal = len(of_case), int(of_case.sum())
    fine = _fine(edits["value"]) >= 1
    told = (2 * equal > n) if fine else (equal == n >= ENOUGH)
    return (equal if told else 0), n


def repeated_patients(measured: Measurements) -> Repeated | None:
    """Cases whose readings, of the original and of every edit, are those of a case of another patient; None if none.

    Only cases count with an edit that was read and at least two readings with decimals.
    """
    patients = dict(zip(measured.cases["case"], measured.cases["patient"], strict=True))
    owner: dict[Hashable, str] = {}
    pairs: list[tuple[str, str]] = []
    befores: list[Hashable] = []
    afters: list[Hashable] = []
    for case, (original, edits) in sorted(_by_case(measured).items()):
        if not edits or _fine([*original.values(), *edits.values()]) < DECIMALS:
            continue
        before = tuple(sorted(original.items()))
        first = owner.setdefault((before, tuple(sorted(edits.items()))), case)
        if first == case:
            befores.append(before)
            changes = {place: round(value - original.get(place[1:], 0.0), 9) for place, value in edits.items()}
            afters.append(tuple(sorted(changes.items())))
        elif patients[first] != patients[case]:
            pairs.append((first, case))
    if not pairs:
        return None
    one, other = pairs[0]
    among = len(owner) + len(pairs)
    expected = among * (among - 1) / 2 * _collisions(befores) * _collisions(afters)
    return Repeated(len(pairs), expected, one, str(patients[one]), other, str(patients[other]))


_Original = dict[tuple[str, str], float]
_Edits = dict[tuple[int, str, str], float]


def _by_case(measured: Measurements) -> dict[str, tuple[_Original, _Edits]]:
    """By case, readings of the original by instrument and quantity, and of its edits by repeat as well."""
    found: dict[str, tuple[_Original, _Edits]] = {}
    columns = (measured.rows[name] for name in ("case", "arm", "repeat", "instrument", "quantity", "value"))
    for case, arm, repeat, instrument, quantity, value in zip(*columns, strict=True):
        if instrument == POOLED:
            continue
        original, edits = found.setdefault(case, ({}, {}))
        if arm == ORIGINAL:
            original[instrument, quantity] = value
        elif arm == EDITED:
            edits[repeat, instrument, quantity] = value
    return found


def _fine(values: Iterable[float]) -> int:
    """How many values are no whole numbers."""
    return sum(not float(value).is_integer() for value in values)


def _collisions(found: list[Hashable]) -> float:
    """The share of pairs that are equal."""
    n = len(found)
    return sum(k * (k - 1) for k in Counter(found).values()) / (n * (n - 1)) if n > 1 else 0.0

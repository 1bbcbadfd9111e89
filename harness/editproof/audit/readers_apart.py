"""Readers whose answers have nothing to do with the images: always the same one, or unrelated to everything known.

A claim that readers find the same before and after holds of such readers whatever an edit does. Who mostly says 0 of a
rare finding, and is right where he does not, is no such reader, and of one with few other answers nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.evidence.readers import READER, by_reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

ENOUGH: Final = 10
"""Cases beside the most frequent answer that readings need, and the standard too, before they can seem unrelated."""
LEVEL: Final = 0.05
"""One-sided level of a relation, divided by the number of things to which the answers are held."""
CONSTANT: Final = "gave the same answer to every image"
UNRELATED: Final = "gave answers that show no relation to "


@dataclass(frozen=True)
class ReaderApart:
    """A reader of whom nothing shows that the images were looked at.

    Attributes
    ----------
    reader, quantity : str
    because : str
        What was found, as the predicate of a sentence.
    """

    reader: str
    quantity: str
    because: str


def readers_apart(measured: Measurements) -> Iterator[ReaderApart]:
    """The readers of each quantity whose answers are constant, or unrelated to the standard.

    Answers to originals are held to the reference standard where there is one; else to those of each other reader,
    and to the reader's own answers to the edits and at a second reading. One relation is enough: a rank correlation
    above 0 by the permutation test in its normal approximation (Lehmann, *Nonparametrics*, 1975, section 7.3),
    one-sided at 5 %, divided by the number of relations.
    """
    rows = measured.rows[measured.rows["instrument"].astype(str).str.startswith(READER)]
    for quantity in sorted(rows["quantity"].astype(str).unique()):
        of = by_reader(sorted(rows.loc[rows["quantity"] == quantity, "instrument"].astype(str).unique()))
        before = {name: _mean(measured, quantity, ORIGINAL, each[:1]) for name, each in of.items()}
        for name, instruments in of.items():
            mine = rows[(rows["quantity"] == quantity) & rows["instrument"].isin(instruments)]["value"]
            if len(mine) > ENOUGH and mine.nunique() == 1:
                yield ReaderApart(name, quantity, CONSTANT)
                continue
            standard = _standard(measured, quantity)
            against, what = [standard], "the reference standard"
            if not _tells(standard, before[name]):
                again = [_mean(measured, quantity, ORIGINAL, instruments[1:])] if instruments[1:] else []
                own = [_mean(measured, quantity, EDITED, instruments), *again]
                against, what = [*(x for other, x in before.items() if other != name), *own], "any other reading"
            known = [x for x in against if _tells(x, before[name])]
            if known and not any(_chance(before[name], x) <= LEVEL / len(known) for x in known):
                yield ReaderApart(name, quantity, f"{UNRELATED}{what}")


def _mean(measured: Measurements, quantity: str, arm: str, instruments: list[str]) -> Values:
    """Mean reading of each case by some instruments, NaN where there is none."""
    there = [x for x in instruments if measured.has(quantity, arm, x)]
    if not there:
        return np.full(len(measured.cases), np.nan)
    values = np.hstack([measured.matrix(quantity, arm, x) for x in there])
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _standard(measured: Measurements, quantity: str) -> Values:
    if f"reference:{quantity}" not in measured.cases:
        return np.full(len(measured.cases), np.nan)
    return measured.reference(quantity)


def _tells(one: Values, other: Values) -> bool:
    """Whether both have enough cases beside their most frequent value for a relation to be seen."""
    both = ~np.isnan(one) & ~np.isnan(other)
    return bool(both.any()) and all(_beside(x[both]) >= ENOUGH for x in (one, other))


def _beside(values: Values) -> int:
    return int(len(values) - np.unique(values, return_counts=True)[1].max())


def _chance(one: Values, other: Values) -> float:
    """One-sided probability of so large a rank correlation, were there none; ties have their mean rank."""
    both = ~np.isnan(one) & ~np.isnan(other)
    correlation = float(np.corrcoef(_ranks(one[both]), _ranks(other[both]))[0, 1])
    return 0.5 * math.erfc(correlation * math.sqrt(both.sum() - 1) / math.sqrt(2))


def _ranks(values: Values) -> Values:
    _, at, times = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(times)
    return np.asarray((ends - (times - 1) / 2)[at], dtype=float)

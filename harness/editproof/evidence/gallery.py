"""Which edits a reader is shown: chosen by a rule on the measurements, never by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from editproof.evidence.findings import Exhibit
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, Measurements
from editproof.types import JSON

WORST = "worst"
RANKS = ((WORST, 0.0, 3), ("median", 0.5, 1), ("best", 1.0, 1))
"""Name, position in the order of falling change, and number of exhibits of each rank."""
_TELLING = (("dice_to_original:", 1.0), ("mean_abs_change:whole", 0.0))
"""What tells how much an edit changed, where nothing was read: how its name starts, and its value without a change."""


@dataclass(frozen=True)
class Telling:
    """A quantity on which claims are; the edit that changed it most is shown for them.

    Attributes
    ----------
    quantity : str
    flawless : float or None
        Its value on a perfect edit; None of a reading. What is measured on originals too, as readings are, is held
        against the original's value.
    claims : tuple of str
    """

    quantity: str
    flawless: float | None
    claims: tuple[str, ...]


def chosen(measured: Measurements, tellings: Iterable[Telling] = ()) -> tuple[Exhibit, ...]:
    """Exhibits of one tool, ranked by the absolute change of the first continuous reading, and the worst by claim.

    Where no instrument read a number, the first are ranked by what the first mask lost of its Dice, else by the mean
    change of pixels. Of these at most one is of a case; none where no edit came back.

    Parameters
    ----------
    measured : Measurements
    tellings : iterable of Telling
        Each adds the edit that is farthest from its original, or from perfect, unless that is shown already.
    """
    readings, first = measured.readings(), measured.foremost_reading()
    before = {name: measured.matrix(name, ORIGINAL) for name in readings}
    after = {name: measured.matrix(name) for name in readings}
    changes = {name: np.abs(after[name] - before[name]) for name in readings}
    change = changes[first] if first else _change_without_readings(measured)
    shown: dict[tuple[int, int], str] = {} if change is None else _ranked(change)
    claims: dict[tuple[int, int], tuple[str, ...]] = {}
    for telling in tellings:
        if (worst := _worst(measured, telling, changes)) is not None:
            shown.setdefault(worst, WORST)
            claims[worst] = (*claims.get(worst, ()), *telling.claims)
    return tuple(
        Exhibit(
            str(measured.cases["case"].iloc[row]),
            repeat,
            rank,
            {
                name: {
                    "reference": _reference(measured, name, row),
                    "original": float(before[name][row, 0]),
                    "edited": float(after[name][row, repeat]),
                    "unit": unit,
                }
                for name, unit in readings.items()
            },
            claims.get((row, repeat), ()),
        )
        for (row, repeat), rank in shown.items()
    )


def _ranked(change: NDArray[np.float64]) -> dict[tuple[int, int], str]:
    """Rank by place, of the cases that changed most, of middle ones and of the ones that changed least."""
    returned = [int(row) for row in np.flatnonzero(np.isfinite(change).any(axis=1))]
    repeats = [int(repeat) for repeat in np.where(np.isfinite(change), change, -1).argmax(axis=1)]
    order = sorted(returned, key=lambda row: (-change[row, repeats[row]], row))
    shown: dict[tuple[int, int], str] = {}
    for rank, position, count in RANKS:
        start = round(position * max(0, len(order) - count))
        for row in order[start : start + count]:
            shown.setdefault((row, repeats[row]), rank)
    return shown


def _worst(
    measured: Measurements, telling: Telling, changes: Mapping[str, NDArray[np.float64]]
) -> tuple[int, int] | None:
    """The edit that changed a quantity most; None where none did, or nothing tells."""
    if telling.flawless is None:
        change = changes.get(telling.quantity)
    elif measured.has(telling.quantity, EDITED, IMAGE):
        original = measured.has(telling.quantity, ORIGINAL, IMAGE)
        start = measured.matrix(telling.quantity, ORIGINAL, IMAGE) if original else telling.flawless
        change = np.abs(measured.matrix(telling.quantity, EDITED, IMAGE) - start)
    else:
        change = None
    if change is None or not np.nan_to_num(change).any():
        return None
    row, repeat = np.unravel_index(int(np.nan_to_num(change).argmax()), change.shape)
    return int(row), int(repeat)


def _change_without_readings(measured: Measurements) -> NDArray[np.float64] | None:
    """How much each edit changed, shape (n_cases, n_repeats); None where nothing tells."""
    edited = measured.rows[measured.rows["arm"] == EDITED]
    for start, unchanged in _TELLING:
        told = edited[edited["quantity"].str.startswith(start)]
        if len(told):
            quantity, instrument = told[["quantity", "instrument"]].iloc[0]
            return np.abs(measured.matrix(str(quantity), EDITED, str(instrument)) - unchanged)
    return None


def _reference(measured: Measurements, quantity: str, row: int) -> JSON:
    column = f"reference:{quantity}"
    value = measured.cases[column].iloc[row] if column in measured.cases else None
    return None if value is None or pd.isna(value) else float(value)

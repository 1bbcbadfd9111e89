"""Which edits a reader is shown: chosen by a rule on the measurements, never by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from editproof.evidence.findings import Exhibit
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.types import JSON

RANKS = (("worst", 0.0, 3), ("median", 0.5, 1), ("best", 1.0, 1))
"""Name, position in the order of falling change, and number of exhibits of each rank."""
_TELLING = (("dice_to_original:", 1.0), ("mean_abs_change:whole", 0.0))
"""What tells how much an edit changed, where nothing was read: how its name starts, and its value without a change."""


def chosen(measured: Measurements) -> tuple[Exhibit, ...]:
    """Exhibits of one tool, ranked by the absolute change of the first continuous reading.

    Where no instrument read a number, by what the first mask lost of its Dice, else by the mean change of pixels.
    At most one a case; none where no edit came back.
    """
    readings, first = measured.readings(), measured.foremost_reading()
    before = {name: measured.matrix(name, ORIGINAL) for name in readings}
    after = {name: measured.matrix(name) for name in readings}
    change = np.abs(after[first] - before[first]) if first else _change_without_readings(measured)
    if change is None:
        return ()
    returned = [int(row) for row in np.flatnonzero(np.isfinite(change).any(axis=1))]
    worst_repeat = [int(repeat) for repeat in np.where(np.isfinite(change), change, -1).argmax(axis=1)]
    order = sorted(returned, key=lambda row: (-change[row, worst_repeat[row]], row))
    shown: dict[int, str] = {}
    for rank, position, count in RANKS:
        start = round(position * max(0, len(order) - count))
        for row in order[start : start + count]:
            shown.setdefault(row, rank)
    return tuple(
        Exhibit(
            str(measured.cases["case"].iloc[row]),
            worst_repeat[row],
            rank,
            {
                name: {
                    "reference": _reference(measured, name, row),
                    "original": float(before[name][row, 0]),
                    "edited": float(after[name][row, worst_repeat[row]]),
                    "unit": unit,
                }
                for name, unit in readings.items()
            },
        )
        for row, rank in shown.items()
    )


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

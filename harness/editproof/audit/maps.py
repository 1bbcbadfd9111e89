"""What must hold between the maps of a run and its other tables: one sentence for each thing that does not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.numbers import brief
from editproof.evidence.maps import ANATOMY, CHANGED, OUTSIDE_MASK, Grid, cells_of_texts, text_of_cells
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, Measurements
from editproof.types import EditStatus

if TYPE_CHECKING:
    import pandas as pd

_ARM_OF = {CHANGED: EDITED, OUTSIDE_MASK: EDITED, ANATOMY: ORIGINAL}
_SHARE_OF = {
    CHANGED: "changed_share_above_2pct:whole",
    OUTSIDE_MASK: "changed_share_above_2pct:outside_mask",
}
"""What counts pixels as a map counts cells: one is above 0 exactly where the other has a cell."""
_ROUNDED = 1e-6
"""Relative error that a share of pixels may have."""


def map_faults(place: str, table: Measurements) -> Iterator[str]:
    """Maps of edits that did not come back, of no grid, twice, missing, or at odds with the share of changed pixels."""
    maps, where = table.maps, f"{place}-maps.csv"
    if maps.empty:
        return
    for key in maps.loc[maps.duplicated(["case", "arm", "repeat", "quantity"]), ["case", "quantity"]].itertuples():
        yield f"{where}: cells: {key.quantity} of case {key.case} is there twice"
    for case in sorted({str(case) for case in maps["case"]} - {str(case) for case in table.cases["case"]}):
        yield f"{where}: case: {case} is not among the cases"
    came_back = table.edits.loc[table.edits["status"] == EditStatus.OK, ["case", "repeat"]]
    edited, mapped = set(came_back.itertuples(index=False, name=None)), maps[maps["quantity"] == CHANGED]
    if set(mapped[["case", "repeat"]].itertuples(index=False, name=None)) != edited:
        yield f"{where}: repeat: not every edit that came back has a map, or another has one"
    for case, frames in maps.groupby("case")["frame"].nunique().items():
        if frames > 1:
            yield f"{where}: frame: case {case} has {frames}"
    unread = False
    for quantity, of in maps.groupby("quantity", sort=False):
        if set(of["arm"]) != {_ARM_OF.get(str(quantity))}:
            yield f"{where}: arm, quantity: {quantity} of {', '.join(sorted(set(of['arm'])))}"
            continue
        for frame, of_frame in of.groupby("frame", sort=False):
            try:
                cells = cells_of_texts(of_frame["cells"], Grid.of(str(frame)).shape)
                if [text_of_cells(one) for one in cells] != of_frame["cells"].tolist():
                    yield f"{where}: cells: {quantity} of frame {frame}: not as this version writes them"
            except ValueError as error:
                unread = True
                yield f"{where}: cells: {quantity} of frame {frame}: {error}"
    if not unread:
        yield from _contradictions(where, table, maps)


def _contradictions(where: str, table: Measurements, maps: pd.DataFrame) -> Iterator[str]:
    for name, share in _SHARE_OF.items():
        rows = table.rows[(table.rows["quantity"] == share) & (table.rows["instrument"] == IMAGE)]
        counted: Mapping[tuple[str, int], float] = {
            (row.case, row.repeat): row.value for row in rows.itertuples(index=False)
        }
        for row in maps[maps["quantity"] == name].itertuples(index=False):
            value = counted.get((row.case, row.repeat))
            if value is not None and (value > 0) != bool(row.cells):
                yield (
                    f"{where}: cells: {name} of case {row.case}, repeat {row.repeat} has "
                    f"{'some' if row.cells else 'none'}, {share} is {value}"
                )
                return
            if value is not None and name == CHANGED and not _is_held(str(row.cells), str(row.frame), value):
                yield (
                    f"{where}: cells: {name} of case {row.case}, repeat {row.repeat} has cells that hold fewer pixels "
                    f"than the {brief(value)} of the frame that {share} says"
                )
                return
    yield from _not_within(where, maps)


def _is_held(cells: str, frame: str, share: float) -> bool:
    """Whether so large a share of a frame can lie in these cells."""
    grid = Grid.of(frame)
    (marked,) = cells_of_texts([cells], grid.shape)
    rows, columns = (np.diff(np.append(np.arange(0, size, grid.side), size)) for size in grid.frame[-2:])
    room = int(np.outer(rows, columns)[marked].sum()) * math.prod(grid.frame[:-2])
    return share * math.prod(grid.frame) <= room * (1 + _ROUNDED)


def _not_within(where: str, maps: pd.DataFrame) -> Iterator[str]:
    """What changed outside the mask changed: a map of it has no cell that the map of all changes has not."""
    keys = ["case", "arm", "repeat", "frame"]
    both = maps[maps["quantity"] == OUTSIDE_MASK].merge(maps[maps["quantity"] == CHANGED], on=keys)
    for row in both.itertuples(index=False):
        shape = Grid.of(str(row.frame)).shape
        outside, changed = cells_of_texts([row.cells_x, row.cells_y], shape)
        if (outside & ~changed).any():
            found = f"{OUTSIDE_MASK} of case {row.case}, repeat {row.repeat} has cells that {CHANGED} lacks"
            yield f"{where}: cells: {found}"
            return

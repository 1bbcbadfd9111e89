"""Where edits changed: which cells of a fixed grid over the frame, as a table has them, and the share of patients.

A map of one edit says of each cell whether any pixel of it changed by more than 2 % of the intensity range, which is
the change that ``changed_share_above_2pct`` counts. Of a volume a cell holds all slices: the map is its projection
along the first axis. Maps describe; no criterion reads them.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from editproof.evidence.measurements import EDITED, Measurements

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Shares = NDArray[np.float64]

MOST_CELLS = 48
"""Cells along the longer side of a frame, at most."""
CHANGED, OUTSIDE_MASK, ANATOMY = "changed", "changed_outside_mask", "anatomy"
"""What a map is of: any pixel that changed, one that the tool was not to change, and the protected anatomy."""
_AT_ONCE = 4096


@dataclass(frozen=True)
class Grid:
    """Square cells over the rows and columns of a frame; those at the lower and right edge may be smaller.

    Attributes
    ----------
    frame : tuple of int
        Rows and columns of an image; slices, rows and columns of a volume.
    """

    frame: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Grid:
        """The grid of a frame as a table has it.

        Raises
        ------
        ValueError
            Where that is no frame.

        Examples
        --------
        >>> Grid.of("320x256").shape, str(Grid((20, 320, 256))), Grid.of("320x256").side
        ((46, 37), '20x320x256', 7)
        """
        frame = tuple(map(int, text.split("x")))
        if len(frame) not in (2, 3) or min(frame) < 1:
            raise ValueError(text)
        return cls(frame)

    def __str__(self) -> str:
        """The frame as a table has it."""
        return "x".join(map(str, self.frame))

    @property
    def side(self) -> int:
        """Pixels along a side of a cell."""
        return math.ceil(max(self.frame[-2:]) / MOST_CELLS)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return math.ceil(self.frame[-2] / self.side), math.ceil(self.frame[-1] / self.side)


def text_of_cells(cells: NDArray[np.bool_]) -> str:
    """A map as text: its bits row by row in base 64; empty where no cell is True.

    Examples
    --------
    >>> text_of_cells(np.array([[False, True], [True, False]])), text_of_cells(np.zeros((2, 2), bool))
    ('YA==', '')
    """
    return base64.b64encode(np.packbits(cells).tobytes()).decode("ascii") if cells.any() else ""


def cells_of_texts(texts: Iterable[str], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Maps from their texts, shape (n_maps, rows, columns).

    Raises
    ------
    ValueError
        Where a text is none of a grid of that shape.

    Examples
    --------
    >>> cells_of_texts(["YA==", ""], (2, 2)).tolist()
    [[[False, True], [True, False]], [[False, False], [False, False]]]
    """
    cells, size = math.prod(shape), -(-math.prod(shape) // 8)
    found = []
    for text in texts:
        content = base64.b64decode(text, validate=True) if text else bytes(size)
        if len(content) != size:
            raise ValueError(f"{len(content)} bytes, a grid of {shape[0]} x {shape[1]} cells has {size}")
        found.append(content)
    bits = np.unpackbits(np.frombuffer(b"".join(found), np.uint8).reshape(-1, size), axis=1)
    return bits[:, :cells].astype(bool).reshape(-1, *shape)


@dataclass(frozen=True)
class CohortMap:
    """Share of patients of whose edits each cell was changed.

    Attributes
    ----------
    grid : Grid
    shares : ndarray of float, shape (rows, columns)
        Mean over patients of the mean over their cases of the share of edits, each in [0, 1].
    patients : int
        Of whom at least one edit came back: the denominator of every cell.
    """

    grid: Grid
    shares: Shares
    patients: int


def map_frames(table: Measurements) -> list[str]:
    """The frames of the originals of a cohort of which there are maps."""
    return [str(frame) for frame in table.maps["frame"].unique()]


def cohort_map(table: Measurements, quantity: str) -> CohortMap | None:
    """The map of a cohort; None where there is none that can be read, or the originals do not have one frame.

    An edit that did not come back is in no map: it is neither changed nor unchanged. A patient counts once, whatever
    the number of cases and of repeats.

    Parameters
    ----------
    table : Measurements
    quantity : {"changed", "changed_outside_mask", "anatomy"}
    """
    known = table.maps["case"].isin(set(table.cases["case"]))
    frames, maps = map_frames(table), table.maps[known & (table.maps["quantity"] == quantity)]
    if quantity != ANATOMY:
        maps = maps[maps["arm"] == EDITED]
    if len(frames) != 1 or maps.empty:
        return None
    patient_of = dict(zip(table.cases["case"], table.cases["patient"], strict=True))
    cases = [str(case) for case in maps["case"]]
    weights, patients = _weights(cases, [str(patient_of[case]) for case in cases])
    try:
        grid = Grid.of(frames[0])
        shares, texts = np.zeros(grid.shape), maps["cells"].tolist()
        for start in range(0, len(texts), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            shares += np.tensordot(weights[part], cells_of_texts(texts[part], grid.shape), axes=1)
    except ValueError:  # a fault of the bundle, which `verify` names
        return None
    return CohortMap(grid, np.minimum(shares, 1.0), patients)


def _weights(cases: Sequence[str], patients: Sequence[str]) -> tuple[Shares, int]:
    """Weight of each map, so that a patient counts once and each case of a patient alike; number of patients."""
    _, case, edits = np.unique(cases, return_inverse=True, return_counts=True)
    names, patient = np.unique(patients, return_inverse=True)
    of_case = np.zeros(len(edits), dtype=np.intp)
    of_case[case] = patient
    cases_of = np.bincount(of_case, minlength=len(names))
    return 1.0 / (edits[case] * cases_of[patient] * len(names)), len(names)

"""Which cells of the grid an edit changed, against a count by hand and against the share of changed pixels."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.evidence.maps import ANATOMY, CHANGED, OUTSIDE_MASK, Grid
from editproof.metrics import Pair, Picture, measured
from editproof.metrics.places import cells_of_anatomy, changed_cells

LEAST = {"uint8": 6, "uint16": 1311}
"""The least change that is more than 2 % of the range."""


def by_hand(change: np.ndarray, least: float) -> np.ndarray:
    """Cells by two loops over the rows and columns of the frame; ``change`` has shape (H, W)."""
    side = -(-max(change.shape) // 48)
    cells = np.zeros([-(-length // side) for length in change.shape], bool)
    for row in range(change.shape[0]):
        for column in range(change.shape[1]):
            cells[row // side, column // side] |= change[row, column] >= least
    return cells


@pytest.mark.parametrize(("shape", "kind"), [((97, 60), "uint8"), ((33, 121), "uint16"), ((50, 49, 3), "uint8"),
                                             ((7, 5), "uint8")])  # fmt: skip
def test_cells_are_those_of_a_count_by_hand(shape: tuple[int, ...], kind: str):
    rng = np.random.default_rng(len(shape) + shape[0])
    original = rng.integers(0, 200, shape).astype(kind)
    step = np.where(rng.random(shape) < 2 / np.prod(shape) ** 0.5, LEAST[kind], LEAST[kind] - 1) * (
        rng.random(shape) < 0.5
    )
    edited, mask = (original + step).astype(kind), np.zeros(shape[:2], bool)
    mask[: shape[0] // 2] = True
    found = changed_cells(Pair.of(original, edited, mask, mask))
    change = step.max(axis=2) if len(shape) > 2 else step
    np.testing.assert_array_equal(found[CHANGED], by_hand(change, LEAST[kind]))
    np.testing.assert_array_equal(found[OUTSIDE_MASK], by_hand(np.where(mask, 0, change), LEAST[kind]))
    assert found[CHANGED].any()
    assert not found[CHANGED].all()


@pytest.mark.parametrize("kind", ["int16", "float32", "uint8"])
def test_a_cell_of_a_volume_holds_all_slices(kind: str):
    volume = np.random.default_rng(1).integers(0, 200, (6, 60, 50)).astype(kind)
    edited, mask = volume.copy(), np.zeros(volume.shape, bool)
    edited[5, 3, 4], edited[0, 58, 1] = 0 if volume[5, 3, 4] > 60 else 200, volume[0, 58, 1] + 1
    edited[2, 30, 40] = 0 if volume[2, 30, 40] > 60 else 200
    mask[2] = True
    found = changed_cells(Pair.of(volume, edited, mask, mask))
    assert np.argwhere(found[CHANGED]).tolist() == [[1, 2], [15, 20]]
    assert np.argwhere(found[OUTSIDE_MASK]).tolist() == [[1, 2]]
    assert cells_of_anatomy(Picture(volume, mask, mask))[ANATOMY].all()


def test_some_cell_is_changed_exactly_where_a_pixel_counts_as_changed():
    original = np.full((40, 30), 100, np.uint8)
    for step in (0, 1, 5, 6, 50):
        edited = original.copy()
        edited[39, 29] += step
        pair = Pair.of(original, edited, np.zeros(original.shape, bool), np.zeros(original.shape, bool))
        shares = {name: value for name, (value, _) in measured(pair).items()}
        assert changed_cells(pair)[CHANGED].any() == (shares["changed_share_above_2pct:whole"] > 0) == (step > 5)


def test_what_is_not_there_has_no_map():
    image, everywhere, nowhere = np.zeros((9, 9), np.uint8), np.ones((9, 9), bool), np.zeros((9, 9), bool)
    assert set(changed_cells(Pair.of(image, image, everywhere, nowhere))) == {CHANGED}
    assert cells_of_anatomy(Picture(image, nowhere, nowhere)) == {}


def test_a_grid_has_at_most_48_cells_a_side_and_covers_the_frame():
    for frame in [(1, 1), (48, 49), (320, 256), (2000, 1500), (3, 4096)]:
        grid = Grid(frame)
        assert max(grid.shape) <= 48
        assert all(cells * grid.side >= length > (cells - 1) * grid.side
                   for cells, length in zip(grid.shape, frame, strict=True))  # fmt: skip

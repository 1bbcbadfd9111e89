"""A study of volumes: one head in 48 orientations, planted lesions, a face removed, and pictures of it."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.datasets.index.writing import index_of
from editproof.editing.store import Store
from editproof.editors.adapter import checked
from editproof.editors.controls import Destructive, Identity
from editproof.errors import DatasetError
from editproof.imaging.sheets import GAP, most_changed, sheet_of, window_of
from editproof.metrics import MaskPair, measured
from editproof.phantoms.heads import BRAIN, SHAPE, SPACING, head, write_heads
from editproof.study.exhibits import exhibit_png, sheets_of
from editproof.study.readers.pictures import drawn_cases
from editproof.types import Case, EditOutcome, EditRequest, Pixels

HEAD = head(1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_the_store_keeps_edits_of_volumes_without_loss(tmp_path, dtype):
    store, image = Store(tmp_path), np.random.default_rng(0).integers(0, 200, SHAPE).astype(dtype)
    store.keep_edit("ab" * 32, EditOutcome.ok(image))
    again = store.edit("ab" * 32)
    assert again is not None
    assert again.image.dtype == dtype
    assert np.array_equal(again.image, image)
    assert not list(store.faults())
    (kept,) = tmp_path.glob("edits/*/*.npz")
    kept.write_bytes(kept.read_bytes()[:-9])
    assert list(store.faults())


def test_an_edit_that_is_not_finite_is_malformed():
    def broken(request: EditRequest) -> np.ndarray:
        edited = request.image.copy()
        edited[0, 0, 0] = np.nan
        return edited

    request = EditRequest(HEAD.volume.astype(np.float32), HEAD.face, "", 0, 0, "A")
    outcome = checked(broken)(request)
    assert (outcome.status, outcome.message) == ("malformed", "asked for numbers, got 1 voxels that are not finite")


def test_the_controls_take_volumes():
    request = EditRequest(HEAD.volume, HEAD.face, "", 0, 0, "A")
    assert np.array_equal(Identity()(request).image, HEAD.volume)
    assert (Destructive()(request).image != HEAD.volume).mean() > 0.5


def test_pictures_are_three_planes_through_the_greatest_change_with_the_head_up():
    edited = HEAD.volume.copy()
    edited[12, 30, 5] += 400
    assert most_changed(HEAD.volume, edited) == (12, 30, 5)
    pixels = Pixels(HEAD.volume, HEAD.face, HEAD.brain)
    sheets = sheets_of(pixels, edited, SPACING)
    assert set(sheets) == {"original", "edited", "edit_mask", "protected_mask"}
    rows, columns = SHAPE[1], SHAPE[2]
    height = max(rows, round(SHAPE[0] * 6 / 5))
    assert {sheet.shape for sheet in sheets.values()} == {(height, columns + columns + rows + 2 * GAP)}
    ramp = np.broadcast_to(np.arange(SHAPE[0], dtype=np.int16)[:, None, None], SHAPE)
    low, high = window_of(ramp)
    coronal = sheet_of(ramp, (12, 30, 5), (low, high), SPACING)[: round(SHAPE[0] * 6 / 5), columns + GAP : 2 * columns]
    assert (np.diff(coronal[:, 0].astype(int)) <= 0).all(), "the highest slice comes first"
    assert (coronal[0] == 255).all()
    assert exhibit_png(sheets["original"]).startswith(b"\x89PNG")
    flat = sheet_of(HEAD.brain, (8, 20, 18), (0.0, 1.0), None)
    assert set(np.unique(flat)) == {0, 255}


def test_an_index_of_volumes_finds_equal_ones_and_says_that_it_looks_for_no_others(tmp_path):
    write_heads(tmp_path, 3)
    (tmp_path / "head-003.nii.gz").write_bytes((tmp_path / "head-001.nii.gz").read_bytes())
    found = index_of(f"folder:{tmp_path}?masks=files")
    assert [(case.case, case.kinds) for case in found.excluded] == [("head-003", ("duplicate",))]
    assert found.notes[-1].startswith("3 cases are volumes")


def test_a_form_for_readers_shows_no_volume():
    case = Case("A", "A", lambda: Pixels(HEAD.volume, HEAD.face, HEAD.brain), "0" * 64, {})
    with pytest.raises(DatasetError, match="it is a volume"):
        next(drawn_cases(None, [case]))


def test_the_phantom_knows_its_parts():
    assert not (HEAD.face & HEAD.brain).any()
    assert abs(np.median(HEAD.volume[HEAD.brain & ~HEAD.lesions]) - BRAIN) < 2
    found = {name: value for name, (value, _) in measured(MaskPair(HEAD.brain, HEAD.brain, SPACING)).items()}
    assert found["volume_ml"] == pytest.approx(HEAD.brain.sum() * 0.15)

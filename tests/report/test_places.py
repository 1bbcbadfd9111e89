"""The map of a cohort: shares of patients, what is left out, and what it says in words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from editproof.audit.maps import map_faults
from editproof.evidence.maps import ANATOMY, CHANGED, OUTSIDE_MASK, Grid, cohort_map, text_of_cells
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, Measurements, measurements_of
from editproof.report.charts.chart import Figure
from editproof.report.charts.places import changed_places

FRAME = "48x32"
NOTHING, TOP, ALL = np.zeros((48, 32), bool), np.zeros((48, 32), bool), np.ones((48, 32), bool)
TOP[0, 0] = True
CASES = [("a1", "A"), ("a2", "A"), ("b1", "B"), ("c1", "C"), ("d1", "D")]
"""Patient A has two cases, of D no edit came back."""
CHANGES = {("a1", 0): TOP, ("a1", 1): NOTHING, ("a2", 0): TOP, ("a2", 1): TOP, ("b1", 0): ALL, ("c1", 0): NOTHING,
           ("c1", 1): NOTHING}  # fmt: skip


def caption_of(figure: Figure) -> str:
    return figure.caption.replace("\u00a0", " ")


def table(frames: tuple[str, ...] = (FRAME,) * 5, *, maps: bool = True) -> Measurements:
    rows, edits, places = [], [], []
    for (case, _), frame in zip(CASES, frames, strict=True):
        places.append((case, ORIGINAL, 0, ANATOMY, frame, text_of_cells(TOP)))
        for repeat in range(2):
            cells = CHANGES.get((case, repeat))
            edits.append((case, repeat, "ok" if cells is not None else "refused", ""))
            if cells is not None:
                places.append((case, EDITED, repeat, CHANGED, frame, text_of_cells(cells)))
                places.append((case, EDITED, repeat, OUTSIDE_MASK, frame, ""))
                value = float(cells.mean())
                rows += [(case, EDITED, repeat, IMAGE, f"changed_share_above_2pct:{region}", of, "")
                         for region, of in (("whole", value), ("outside_mask", 0.0))]  # fmt: skip
    cases = [{"case": case, "patient": patient} for case, patient in CASES]
    return measurements_of("tool", cases, rows, edits, maps=places if maps else ())


def test_a_patient_counts_once_and_edits_that_did_not_come_back_are_in_no_cell():
    found = cohort_map(table(), CHANGED)
    assert found is not None
    assert found.grid == Grid((48, 32))
    assert found.patients == 3
    top = ((0.5 + 1.0) / 2 + 1.0 + 0.0) / 3  # A: the mean of two cases; B changed everywhere; C not at all
    assert found.shares[0, 0] == pytest.approx(top)
    assert np.allclose(found.shares[1:], 1 / 3)
    anatomy = cohort_map(table(), ANATOMY)
    assert anatomy is not None
    assert anatomy.patients == 4
    assert anatomy.shares.sum() == pytest.approx(1.0)


def test_the_map_says_in_words_what_it_shows():
    figure = changed_places.draw(table())
    assert figure is not None
    assert figure.picture is not None
    assert caption_of(figure).startswith(
        "3 patients in every cell, each counted once. A cell (1 × 1 of 48 × 32 pixels)"
    )
    assert "Anywhere: most 58 % at rows 0–0, columns 0–0 (upper left); 0 % of cells in no patient." in caption_of(
        figure
    )
    assert "Outside the edit mask: no cell in any patient." in caption_of(figure)
    assert "no criterion reads it" in caption_of(figure)
    assert "3 edits did not come back" in caption_of(figure)
    assert figure.caption in re.findall('aria-label="([^"]*)"', figure.picture)[0]
    assert len(figure.picture) < 5_000


def test_originals_of_several_frames_have_bars_by_region_and_no_map():
    figure = changed_places.draw(table((FRAME, FRAME, "50x50", FRAME, FRAME)))
    assert figure is not None
    assert figure.picture is not None
    assert "No map is drawn, since the originals have 2 frames." in caption_of(figure)
    assert "whole radiograph 58 %" in caption_of(figure)
    assert figure.picture.count("<rect") == 4
    assert cohort_map(table((FRAME, FRAME, "50x50", FRAME, FRAME)), CHANGED) is None


def test_nothing_is_drawn_where_nothing_was_measured():
    bare = table(maps=False)
    assert changed_places.draw(replace(bare, rows=bare.rows.iloc[:0])) is None
    figure = changed_places.draw(bare)
    assert figure is not None
    assert "No map" not in caption_of(figure)


def test_a_share_of_one_patient_among_many_is_seen():
    cases = [{"case": str(number), "patient": str(number)} for number in range(400)]
    edits = [(str(number), 0, "ok", "") for number in range(400)]
    maps = [
        (str(number), EDITED, 0, CHANGED, FRAME, text_of_cells(NOTHING if number else TOP)) for number in range(400)
    ]
    figure = changed_places.draw(measurements_of("tool", cases, [], edits, maps=maps))
    assert figure is not None
    assert "M0 .5h1" in str(figure.picture)


CHANGED_MAPS = {
    "of an edit that was refused": (lambda maps: maps.assign(repeat=maps["repeat"].replace(0, 1)), "repeat"),
    "none of one edit": (lambda maps: maps.drop(index=1), "repeat"),
    "twice": (lambda maps: maps.iloc[[0, *range(len(maps))]], "twice"),
    "of another size": (lambda maps: maps.assign(frame="9x9"), "bytes"),
    "of another case": (lambda maps: maps.assign(case="z"), "not among"),
    "no frame": (lambda maps: maps.assign(frame="large"), "large"),
    "no text of a map": (lambda maps: maps.assign(cells="?"), "cells"),
    "written otherwise": (lambda maps: maps.assign(cells="A" * 256), "as this version"),
    "whitened": (lambda maps: maps.assign(cells=""), "changed_share_above_2pct:whole is"),
    "moved to a corner": (lambda maps: maps.replace(text_of_cells(ALL), text_of_cells(TOP)), "fewer pixels"),
    "another arm": (lambda maps: maps.assign(arm=EDITED), "arm"),
}


def test_maps_of_a_run_agree_with_its_other_tables():
    assert list(map_faults("measurements/0", table())) == []


@pytest.mark.parametrize("name", CHANGED_MAPS)
def test_maps_that_contradict_the_other_tables_are_found(name: str):
    change, word = CHANGED_MAPS[name]
    whole = table()
    found = list(map_faults("measurements/0", replace(whole, maps=change(whole.maps))))
    assert any(word in fault for fault in found), found


def test_a_map_holds_as_many_pixels_as_changed_and_that_outside_the_mask_is_part_of_it():
    """A frame of 100 x 50 has cells of 3 x 3 pixels, and smaller ones at two edges."""
    cells, shape = np.zeros((34, 17), bool), "100x50"
    cells[-1, -1] = cells[0, 0] = True  # 1 x 2 and 3 x 3 pixels
    for pixels, held in ((11, True), (12, False), (1, True)):
        rows = [("a1", EDITED, 0, IMAGE, "changed_share_above_2pct:whole", pixels / 5000, "")]
        maps = [("a1", EDITED, 0, quantity, shape, text_of_cells(cells)) for quantity in (CHANGED, OUTSIDE_MASK)]
        one = measurements_of("t", [{"case": "a1", "patient": "A"}], rows, [("a1", 0, "ok", "")], maps=maps)
        assert (list(map_faults("measurements/0", one)) == []) is held
    more = cells.copy()
    more[3, 3] = True
    wider = one.maps.assign(cells=[text_of_cells(cells), text_of_cells(more)])
    assert any("that changed lacks" in fault for fault in map_faults("measurements/0", replace(one, maps=wider)))

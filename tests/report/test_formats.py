"""The same verdicts on a terminal and as Markdown, and the pictures of an exhibit."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
from editproof.evidence.record import Evidence
from editproof.report.formats import certificate, markdown
from editproof.report.formats.registry import rendered_form
from editproof.report.page import html
from editproof.report.page.pictures import LONGEST_SIDE, difference_map, pictures
from editproof.report.text import terminal
from PIL import Image

from tests.records import replace
from tests.report import gold


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def test_terminal_fits_a_hundred_columns_and_has_every_verdict(whole: Evidence) -> None:
    text = terminal.summary(whole)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("  ") and " BA-1 " in line for line in lines) == 10
    assert "x rerender: Does not conform (FAIL)" in lines
    assert "+ opencv-telea: Conforms, with reservations: placeholder limits (PASS)" in lines


def test_terminal_says_invalid_first(whole: Evidence) -> None:
    assert terminal.summary(gold.invalid(whole)).startswith("INVALID RUN")


def test_terminal_names_the_missing_estimate(whole: Evidence) -> None:
    assert "no estimate" in terminal.summary(gold.without_edits(whole))


def test_every_format_says_what_has_no_floor(whole: Evidence) -> None:
    card = replace(whole.instruments[0], floors={"sex": {"auc_at_least": 0.85}})
    free = replace(whole, instruments=(card,))
    for of in (terminal.summary, markdown.render, html.render):
        text = " ".join(of(free).split())
        assert "NO FLOOR" in text
        assert "sets no floor for bone age" in text
        assert "NO FLOOR" not in of(whole)
    assert "sets no floor for bone age" in certificate.render(free)


def test_markdown_has_a_row_for_each_verdict(whole: Evidence) -> None:
    text = markdown.render(whole)
    rows = [line for line in text.splitlines() if line.startswith(("| ✅", "| ❌", "| ❔"))]
    assert len(rows) == len(whole.validity) + sum(len(editor.verdicts) for editor in whole.editors)
    assert all(re.search(r"\. \d+ edits? requested, ", line) for line in text.splitlines() if " requested, " in line)
    assert "No criterion was applied." in markdown.render(gold.without_verdicts(whole))
    assert "> **EXPLORATORY**" in markdown.render(gold.invalid(whole))


def test_difference_map_is_blue_where_darker_and_red_where_brighter() -> None:
    change = np.zeros((2, 3), np.float32)
    change[0, 0], change[1, 2] = -255, 255
    shown = np.asarray(difference_map(change, (3, 2)).convert("RGB")).astype(int)
    assert shown[0, 0, 2] > shown[0, 0, 0] + 100
    assert shown[1, 2, 0] > shown[1, 2, 2] + 100
    assert shown[0, 1].min() > 240


def test_pictures_of_another_size_or_broken_are_left_out() -> None:
    small, large = np.zeros((4, 4), np.uint8), np.zeros((8, 8), np.uint8)
    assert pictures({"original": png(small), "edited": png(large)}) is None
    assert pictures({"original": png(small), "edited": b"not a picture"}) is None
    assert pictures({"original": png(small)}) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_of_eight_and_sixteen_bits_are_reduced_to_fit(dtype: type) -> None:
    original = np.full((2 * LONGEST_SIDE, LONGEST_SIDE), np.iinfo(dtype).max // 2, dtype)
    edited = original.copy()
    edited[:LONGEST_SIDE] = np.iinfo(dtype).max
    made = pictures(
        {"original": png(original), "edited": png(edited), "edit_mask": png(np.full(original.shape, 255, np.uint8))}
    )
    assert made is not None
    assert (made.width, made.height) == (LONGEST_SIDE // 2, LONGEST_SIDE)
    assert made.changed == pytest.approx(0.5)
    assert made.outlines is not None


def test_measurements_are_one_tidy_table_in_which_lost_edits_stand_too(whole: Evidence) -> None:
    table = pd.read_csv(io.BytesIO(rendered_form(whole, "csv")), dtype={"case": str, "patient": str})
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(rendered_form(whole, "parquet"))), table, check_dtype=False, check_exact=False
    )
    for editor in whole.editors:
        of = table[table["editor"] == editor.card.name]
        measured = editor.measurements
        assert len(of) == len(measured.rows) + measured.n_missing
        assert of["value"].isna().sum() == measured.n_missing == (of["status"] != "ok").sum()
        assert of["value"].sum() == pytest.approx(measured.rows["value"].sum())
        assert of["reference:bone_age"].notna().all()

"""One radiograph under many names: n observations that are one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from editproof.datasets.checks import check_copies, pixel_digests
from editproof.datasets.cohort import Cohort
from editproof.errors import DatasetError
from editproof.types import Case, DatasetCard, Pixels

from tests.needs import shared_data

ARGUMENTS = ("--dataset", "many", "--jobs", "1", "--editor", "tools.py:fill")
NAMES = """
import study
from dataclasses import replace

pytest_plugins = ["editproof.pytest_plugin.short"]

def pytest_editproof_instrument(dataset):
    return "study.py:reader"

def many(argument):
    found = study.Blobs(30)
    found.cases = [replace(case, decode=found.cases[SAME].decode) for index, case in enumerate(found)]
    return found

def pytest_editproof_datasets():
    return {"many": many}
"""


@pytest.mark.parametrize(("same", "code"), [("index", 0), ("0", 4), ("max(index, 1)", 4)], ids=["each", "all", "two"])
def test_a_radiograph_under_several_names_is_refused_before_any_edit(lab, same, code):
    lab.makeconftest(NAMES.replace("SAME", same))
    result = lab.runpytest_subprocess(*ARGUMENTS)
    assert (result.ret == 0) == (code == 0)
    asked = lab.path / ".editproof" / "attempts.jsonl"
    assert asked.exists() == (code == 0)
    if code:
        number = 29 if same == "0" else 1
        result.stderr.fnmatch_lines(
            [f"*{number} of 30 cases have the pixels of an earlier one, e.g. B0 and B1 of pat*"]
        )


def test_no_edit_is_paid_for_by_the_edit_verb_either(lab):
    lab.makeconftest(NAMES.replace("SAME", "0"))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--edit-only")
    assert result.ret != 0
    assert "e.g. B0 and B1 of patients B0 and B1" in result.stdout.str() + result.stderr.str()
    assert not (lab.path / ".editproof" / "attempts.jsonl").exists()


def cohort(*cases: tuple[str, int, int]) -> Cohort:
    """Cases as patient, image and mask."""
    drawn = tuple(
        Case(f"c{index}", patient, partial(pixels, image, mask), f"{index}", {})
        for index, (patient, image, mask) in enumerate(cases)
    )
    return Cohort(
        DatasetCard("drawn", "", "", "none", "d", len(drawn), len({case.patient_id for case in drawn})), drawn
    )


def pixels(image: int, mask: int) -> Pixels:
    levels = np.arange(64, dtype=np.uint8).reshape(8, 8) + np.uint8(image)
    edit = np.zeros(levels.shape, bool)
    edit[mask] = True
    return Pixels(levels, edit, ~edit)


def refuse(cases: Cohort) -> None:
    check_copies(cases, {case.case_id: pixel_digests(case) for case in cases})


@pytest.mark.parametrize(
    ("cases", "found"),
    [
        ([("p", 1, 0), ("p", 2, 0), ("q", 3, 0)], ""),
        ([("p", 1, 0), ("p", 1, 1), ("q", 3, 0)], ""),  # two tasks on one image of one patient
        ([("p", 1, 0), ("p", 1, 0), ("q", 3, 0)], "1 of 3 .* c0 and c1 of patient p"),
        ([("p", 1, 0), ("p", 2, 0), ("q", 1, 0)], "1 of 3 .* c0 and c2 of patients p and q"),
        ([("p", 1, 0), ("p", 1, 1), ("q", 1, 1)], "1 of 3 .* c0 and c2 of patients p and q"),
        ([("p", 1, 0), ("p", 1, 0), ("q", 1, 1)], "2 of 3 .* c0 and c2 of patients p and q"),
    ],
)
def test_which_cases_are_copies(cases, found):
    if found:
        with pytest.raises(DatasetError, match=found):
            refuse(cohort(*cases))
    else:
        refuse(cohort(*cases))


def test_both_eyes_of_a_patient_are_no_copies():
    files = sorted(shared_data("chase_db1").glob("Image_*.jpg"))
    cases = tuple(Case(file.stem, file.stem[:-1], partial(eye, file), file.stem, {}) for file in files)
    patients = {case.patient_id for case in cases}
    assert 1 < len(patients) < len(cases)
    refuse(Cohort(DatasetCard("eyes", "", "", "", "d", len(cases), len(patients)), cases))


def eye(file: Path) -> Pixels:
    levels = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    edit = np.zeros(levels.shape, bool)
    edit[:9, :9] = True
    return Pixels(levels, edit, ~edit)

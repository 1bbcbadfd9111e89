"""The suite of de-identification with an instrument that reads text: what is left of names, and what is kept of marks."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.needs import ROOT

LAB = """
from functools import partial
import cv2
import numpy as np
from editproof.types import *

LINES = {"HANSEN": (slice(2, 5), slice(2, 14), 212), "47110": (slice(8, 11), slice(2, 14), 226)}
SIDE = {"L": (slice(2, 11), slice(20, 30), 242)}

def pixels(index):
    rng = np.random.default_rng(index)
    image = np.full((48, 36), 10, np.uint8)
    hand = np.zeros(image.shape, bool); hand[16:44, 8:28] = True
    image[hand] = 40 + 2 * index
    image = (image + rng.integers(0, 6, image.shape)).astype(np.uint8)
    mask = np.zeros(image.shape, bool)
    for rows, columns, gray in LINES.values():
        image[rows, columns] = gray; mask[rows, columns] = True
    for rows, columns, gray in SIDE.values():
        image[rows, columns] = gray
    return Pixels(image, cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0, hand)

class Lines:
    def __init__(self, n, known):
        text = {"identifiers": list(LINES), "marks": list(SIDE)}
        words = {"text": {part: text[part] for part in known}} if known else {}
        self.cases = [Case(f"B{i}", f"B{i}", partial(pixels, i), f"{i} {known}", {"bone_age": 40.0 + 2 * i}, {},
                           annotations=words) for i in range(n)]
        self.card = DatasetCard("lines", "lines of text", "test", "none", f"{n} {known}", n, n)
    def __len__(self): return len(self.cases)
    def __iter__(self): return iter(self.cases)

def lines(argument):
    n, *known = argument.split(",")
    return Lines(int(n), known)

AGE = (Quantity("bone_age", "months"),)

class Reader:
    def __init__(self, outputs):
        self.card = InstrumentCard("reader", "gray levels", AGE, 1, {}, "none", "none", raw_outputs=outputs)
    def predict(self, images, references):
        return {"bone_age": np.array([[float(np.median(image[16:44, 8:28])) for image in images]]),
                **({"words": list(map(words, images))} if self.card.raw_outputs else {})}

def words(image):
    return [word for word, (_, _, gray) in {**LINES, **SIDE}.items() if (np.abs(image - gray * 1.0) < 3).sum() > 20]

def of_text(): return Reader((RawOutput("words", "text"),))
def of_age(): return Reader(())

class Tool:
    def __init__(self, name, what):
        self.card, self.what = EditorCard(name, "1", "a test", deterministic=True), what
    def __call__(self, request):
        return EditOutcome.ok(np.where(self.what(request), np.uint8(12), request.image))

def one(mask):
    return mask & (np.arange(len(mask)) < 7)[:, None]

def keeps(): return Tool("keeps", lambda request: request.edit_mask)
def leaves(): return Tool("leaves", lambda request: one(request.edit_mask))
def wipes(): return Tool("wipes", lambda request: request.edit_mask | (request.image > 206))
"""

CONFTEST = """
import lab

def pytest_editproof_datasets(): return {"lines": lab.lines}
"""
OPTIONS = ("-p", "editproof.pytest_plugin.short", "-p", "conftest", "--repeats", "1", "--jobs", "1")
SUITE = ("--pyargs", "editproof.suites.deidentification", *OPTIONS)
TEXT = {f"TX-{number}" for number in range(1, 5)}


@pytest.fixture
def lab(pytester, monkeypatch):
    monkeypatch.chdir(pytester.path)
    monkeypatch.syspath_prepend(pytester.path)
    (pytester.path / "lab.py").write_text(LAB)
    (pytester.path / "conftest.py").write_text(CONFTEST)
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    return pytester


def collected(lab, cohort, reader="of_text"):
    words = ("--collect-only", "-q", "--dataset", f"lines:{cohort}", "--instrument", f"lab.py:{reader}")
    found = lab.runpytest_inprocess(*SUITE, *words, "--editor", "lab.py:keeps")
    return {name for name in TEXT if f"-{name}]" in found.stdout.str()}, found


def test_claims_on_text_are_asked_where_they_can_be_answered(lab):
    assert collected(lab, "3,identifiers,marks")[0] == TEXT
    assert collected(lab, "3,identifiers")[0] == {"TX-1", "TX-2"}
    assert collected(lab, "3,marks")[0] == {"TX-3", "TX-4"}
    claims, without = collected(lab, "3,identifiers,marks", "of_age")
    assert not claims
    assert "-DE-6]" in without.stdout.str()


def test_an_instrument_of_text_for_a_cohort_that_says_nothing_of_it_is_refused(lab):
    words = ("--dataset", "lines:3", "--instrument", "lab.py:of_text", "--editor", "lab.py:keeps")
    found = lab.runpytest_inprocess(*SUITE, *words)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    assert "has no reference" in found.stderr.str() + found.stdout.str()


def test_a_tool_that_takes_names_and_keeps_the_side_passes_and_others_do_not(lab):
    tools = [word for name in ("keeps", "leaves", "wipes") for word in ("--editor", f"lab.py:{name}")]
    cohort = ("--dataset", "lines:64,identifiers,marks", "--instrument", "lab.py:of_text")
    shutil.copytree(ROOT / "validations" / "deidentification", "text", ignore=shutil.ignore_patterns("claims.toml"))
    lab.runpytest_inprocess("text", *OPTIONS, *cohort, *tools)
    (record,) = lab.path.glob("reports/*/evidence.json")
    found = json.loads(record.read_text(encoding="utf-8"))["findings"]["tools"]
    by_claim = {
        tool["verdicts"][0]["editor"]: {verdict["criterion"]["id"]: verdict["outcome"] for verdict in tool["verdicts"]}
        for tool in found
    }
    passed = dict.fromkeys(sorted(TEXT), "PASS")
    assert by_claim == {
        "keeps": passed, "leaves": {**passed, "TX-1": "FAIL"}, "wipes": {**passed, "TX-3": "FAIL", "TX-4": "FAIL"},
    }  # fmt: skip
    assert [tool["outcome"] for tool in found] == ["PASS", "FAIL", "FAIL"]

"""A small study to run the plug-in on: drawn blobs whose brightness is the age, read by an instrument of two lines."""

from __future__ import annotations

import pytest

STUDY = """
from dataclasses import replace
from functools import partial
import numpy as np
import pytest
from editproof.types import *

def pixels(index):
    rng = np.random.default_rng(index)
    age = rng.uniform(40, 200)
    image = np.full((48, 36), 10, np.uint8)
    hand = np.zeros(image.shape, bool); hand[12:40, 8:28] = True
    image[hand] = age
    image = (image + rng.integers(0, 6, image.shape)).astype(np.uint8)
    mask = np.zeros(image.shape, bool); mask[2:8, 2:8] = True
    image[mask] = 250
    return Pixels(image, mask, hand)

class Blobs:
    def __init__(self, n):
        self.cases = []
        for index in range(n):
            age = float(np.random.default_rng(index).uniform(40, 200))
            error = np.random.default_rng(1000 + index).normal(0, 6)
            male = index % 2
            self.cases.append(Case(f"B{index}", f"B{index}", partial(pixels, index), f"{index}",
                {"bone_age": age + error, "sex": float(male)}, {"sex": "FM"[male], "bone_age": age + error}))
        self.card = DatasetCard("blobs", "blobs", "test", "none", f"blobs-{n}", n, n)
    def __len__(self): return len(self.cases)
    def __iter__(self): return iter(self.cases)

class Reader:
    card = InstrumentCard("reader", "mean brightness", (Quantity("bone_age", "months"),), 2, {}, "none", "none",
                         floors={"bone_age": {"mae_at_most": FLOOR}})
    def predict(self, images, references):
        months = [np.median(image[12:40, 8:28]) for image in images]
        return {"bone_age": np.array([months, np.add(months, 0.5)])}

def reader(): return Reader()
def blobs(argument): return Blobs(int(argument or 30))

def unmarked(decode):
    pixels = decode()
    return Pixels(pixels.image, np.zeros_like(pixels.edit_mask), pixels.protected_mask)

def bare(argument):
    found = Blobs(30)
    found.cases = [replace(case, decode=partial(unmarked, case.decode)) for case in found]
    return found
"""

CONFTEST = """
import study

pytest_plugins = ["editproof.pytest_plugin.short"]

def pytest_editproof_datasets():
    return {"blobs": study.blobs, "bare": study.bare}

def pytest_editproof_instrument(dataset):
    return "study.py:reader"
"""

SUITE = """
import pytest
from editproof import Criterion, at_most, failure_rate, mae_drift

DRIFT = Criterion("BA-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test")
SMALL = Criterion("BA-2", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test", role="secondary")
FAILURES = Criterion("REL-1", failure_rate(), at_most(0.2), source="placeholder: a test")

def test_drift(study, judge):
    assert judge(DRIFT, study)

def test_failures(study, judge):
    assert judge(FAILURES, study)

@pytest.mark.parametrize("stratum", ["sex=F", "sex=M"])
def test_subgroup(study, judge, stratum):
    assert judge(SMALL, study.where(stratum)).met
"""

TOOLS = """
import numpy as np
from editproof import EditOutcome, EditStatus

def fill(): return _fill
def older(): return _older
def choosy(): return _choosy
def grainy(): return _grainy
def wide(): return lambda request: request.image.astype(np.uint16)

def _fill(request):
    image = request.image.copy(); image[request.edit_mask] = 10
    return image

def _grainy(request):
    image = request.image.copy(); n = int(request.edit_mask.sum())
    image[request.edit_mask] = np.random.default_rng(request.seed).integers(8, 13, n)
    return image

def _older(request):
    image = request.image.astype(int) + request.seed % 60
    return np.clip(image, 0, 255).astype(np.uint8)

def _choosy(request):
    if request.case_id in ("B1", "B2"):
        return EditOutcome.failure(EditStatus.REFUSED, "moderation")
    return _fill(request)
"""


@pytest.fixture
def lab(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a study, a suite and some tools."""
    pytester.makepyfile(study=STUDY.replace("FLOOR", "12.0"), tools=TOOLS, test_suite=SUITE)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\npythonpath = .\n")
    return pytester

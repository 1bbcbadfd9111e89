"""Somebody's own study of drawn images, in a repository of their own that has a ``harness/`` too."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tests.doors.outside import write_files

N = 30
SHAPE = (48, 36)
HEART = (slice(12, 40), slice(8, 28))
MARKER = (slice(2, 8), slice(2, 8))

SUITE = """
from editproof import Criterion, at_least, at_most, failure_rate, mae_drift, ssim

WIDTH = Criterion("W-1", mae_drift("width", cap=15.0, unit="mm"), at_most(2.0), source="placeholder: a test")
ALIKE = Criterion("S-1", ssim(region="protected"), at_least(0.8), source="placeholder: a test")
FAILURES = Criterion("REL-1", failure_rate(), at_most(0.2), source="placeholder: a test")

def test_width(study, judge): assert judge(WIDTH, study)
def test_alike(study, judge): assert judge(ALIKE, study)
def test_failures(study, judge): assert judge(FAILURES, study)
"""

CONFTEST = """
from editproof.datasets.registry import dataset_from_spec

from harness.tools import gray

pytest_plugins = ["editproof.pytest_plugin.short"]

def hearts(argument):
    return dataset_from_spec(f"folder:{argument}?masks=files")

def pytest_editproof_datasets(): return {"hearts": hearts}
def pytest_editproof_editors(): return {"gray": gray}
def pytest_editproof_instrument(dataset): return "reader.py:make" if dataset == "hearts" else None
"""

READER = """
import numpy as np
from editproof.types import InstrumentCard, Quantity

class Reader:
    card = InstrumentCard("median", "median brightness of the heart", (Quantity("width", "mm"),), 1, {}, "none", "none",
                          floors={"width": {"mae_at_most": 12.0}})

    def predict(self, images, references):
        return {"width": np.array([[float(np.median(image[12:40, 8:28])) for image in images]])}

def make(): return Reader()
"""

TOOL = """
import numpy as np

def make(): return fill

def fill(request):
    image = request.image.copy()
    image[request.edit_mask] = 10
    return image
"""

GRAY = """
import numpy as np

def gray(argument): return _gray

def _gray(request): return np.full_like(request.image, 128)
"""

FILES = {
    "pytest.ini": "[pytest]\ntestpaths = claims\neditproof_dataset = hearts:images\n",
    "conftest.py": CONFTEST,
    "claims/test_hearts.py": SUITE,
    "reader.py": READER,
    "mytool.py": TOOL,
    "harness/__init__.py": "",
    "harness/tools.py": GRAY,
}


def write_study(folder: Path) -> None:
    """Write the repository: a cohort of drawn PNGs with its manifest, a suite, a tool, an instrument and the hooks."""
    write_files(folder, FILES)
    images = folder / "images"
    images.mkdir()
    mask = np.zeros((2, *SHAPE), np.uint8)
    mask[0][MARKER], mask[1][HEART] = 255, 255
    for name, pixels in zip(("marker", "heart"), mask, strict=True):
        cv2.imwrite(str(images / f"{name}.png"), pixels)
    rows = ["case_id,patient_id,image,edit_mask,protected_mask,reference:width [mm 0..400],sex"]
    for index in range(N):
        image, width = _heart(index)
        cv2.imwrite(str(images / f"h{index}.png"), image)
        rows.append(f"H{index},P{index},h{index}.png,marker.png,heart.png,{width:.2f},{'FM'[index % 2]}")
    (images / "manifest.csv").write_text("\n".join(rows) + "\n")


def _heart(index: int) -> tuple[np.ndarray, float]:
    """A blob whose brightness is the width in millimetres, read with an error of its own."""
    rng = np.random.default_rng(index)
    width = rng.uniform(40, 200)
    image = cv2.resize(rng.integers(0, 200, (6, 5)).astype(np.uint8), SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
    image[HEART] = width
    image[HEART] += rng.integers(0, 6, image[HEART].shape).astype(np.uint8)
    image[MARKER] = 250
    return image, width + rng.normal(0, 4)

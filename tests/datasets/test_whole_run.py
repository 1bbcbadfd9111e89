"""Whole small runs on a user's own images: no identifier in anything written, and any task by other files alone."""

from __future__ import annotations

import gzip
import json
import sys
import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.datasets.conftest import png, write_csv, write_manifest
from tests.records import flat

SUITE = """
from editproof import Criterion, at_least, at_most, auc_drift, mae_drift

WIDTH = Criterion("W-1", mae_drift("width", cap=15.0, unit="mm"), at_most(2.0), source="placeholder: a test")
GROUP = Criterion("W-2", mae_drift("width", cap=15.0, unit="mm"), at_most(2.0), source="placeholder: a test", role="secondary")
FINDING = Criterion("F-1", auc_drift("finding=effusion"), at_least(-0.2), source="placeholder: a test", role="secondary")

def test_width(study, judge):
    assert judge(WIDTH, study)

def test_finding(study, judge):
    assert judge(FINDING, study).met

def test_subgroup(study, judge):
    assert judge(GROUP, study.where("finding=effusion")).met
"""

READER = """
import numpy as np
from editproof.types import InstrumentCard, Quantity

class Reader:
    card = InstrumentCard("chest", "mean brightness", (Quantity("width", "mm"),
        Quantity("finding=effusion", "probability", "probability")), 1, {}, "none", "none",
        floors={"width": {"mae_at_most": 12.0}})
    def predict(self, images, references):
        width = np.array([float(np.median(image[12:40, 8:28])) / (257 if image.dtype == np.uint16 else 1) for image in images])
        return {"width": width[None], "finding=effusion": (width[None] / 255)}

def reader(): return Reader()

def older(): return _older

def _older(request):
    return np.clip(request.image.astype(int) + np.iinfo(request.image.dtype).max // 8, 0, np.iinfo(request.image.dtype).max).astype(request.image.dtype)

def fill(): return _fill

def _fill(request):
    image = request.image.copy()
    image[request.edit_mask] = 10
    return image
"""


def chest(index: int) -> tuple[np.ndarray, float]:
    """A blob whose brightness is the width in millimetres."""
    rng = np.random.default_rng(index)
    width = rng.uniform(40, 200)
    image = np.full((48, 36), 10, np.uint8)
    image += cv2.resize(rng.integers(0, 200, (6, 5)).astype(np.uint8), (36, 48), interpolation=cv2.INTER_CUBIC)
    image[12:40, 8:28] = width
    image += rng.integers(0, 6, image.shape).astype(np.uint8)
    image[2:8, 2:8] = 250
    return image, width + rng.normal(0, 4)


def mask() -> np.ndarray:
    edit = np.zeros((48, 36), np.uint8)
    edit[2:8, 2:8] = 255
    return edit


@pytest.fixture
def lab(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_chest=SUITE, chest=READER)
    pytester.makeini("[pytest]\npythonpath = .\naddopts = -p editproof.pytest_plugin.short\n")
    return pytester


def evidence_of(lab: pytest.Pytester) -> dict:
    (run,) = (lab.path / "reports").iterdir()
    return flat(json.loads((run / "evidence.json").read_text()))


@pytest.mark.slow
def test_another_task_needs_a_manifest_and_an_instrument_and_no_code_of_ours(lab):
    rows = []
    (lab.path / "mask.png").write_bytes(png(mask()))
    for index in range(30):
        image, width = chest(index)
        (lab.path / f"{index}.png").write_bytes(png(image))
        cells = {"patient_id": f"P{index}", "edit_mask": "mask.png", "reference:width [mm 0..400]": f"{width:.2f}"}
        finding = "effusion" if width > 110 else "none"
        rows.append({"case_id": f"C{index}", "image": f"{index}.png", **cells, "reference:finding": finding})
    write_manifest(lab.path, rows)
    result = lab.runpytest_subprocess(
        "--dataset", "folder:.?masks=files", "--instrument", "chest.py:reader", "--editor", "chest.py:fill",
        "--editor", "chest.py:older", "--jobs", "1",
    )  # fmt: skip
    evidence = evidence_of(lab)
    outcomes = {editor["card"]["name"]: editor["outcome"] for editor in evidence["editors"]}
    assert outcomes == {"_fill": "PASS", "_older": "FAIL"}, result.stdout.str()
    assert evidence["dataset"]["units"] == {
        "width": "mm", "finding=effusion": "probability", "finding=none": "probability",
    }  # fmt: skip
    estimates = {v["criterion"]["id"]: v["estimate"] for v in evidence["editors"][0]["verdicts"]}
    assert estimates["W-1"]["unit"] == "mm"
    assert estimates["F-1"]["value"] is not None


@pytest.mark.slow
def test_no_identifier_is_in_anything_that_a_run_on_dicom_files_writes(lab, tmp_path_factory):
    pytest.importorskip("pydicom", reason="needs the extra dicom")
    from tests.datasets.dicoms import HIDDEN, NUMBER, TIMES, radiograph_file, written

    root = tmp_path_factory.mktemp("cohort")
    (root / "mask.png").write_bytes(png(mask()))
    rows = []
    for index in range(46):
        image, width = chest(index)
        written(radiograph_file(image, index // 2, index), root / f"{HIDDEN}-{index}.dcm")
        finding = "effusion" if width > 110 else "none"
        rows.append(f"{HIDDEN}-{index}.dcm,mask.png,{width:.2f},{finding},{HIDDEN}")
    write_csv(root / "labels.csv", "file,edit_mask,reference:width [mm],reference:finding,patient_name", *rows)
    index = lab.run(
        sys.executable, "-m", "editproof.cli", "dataset", "index", f"dicom:{root}?masks=files", "--out", "cohort.json"
    )
    assert index.ret == 0
    result = lab.runpytest_subprocess(
        "--dataset", f"dicom:{root}?masks=files&index=cohort.json", "--instrument", "chest.py:reader",
        "--editor", "chest.py:older", "--jobs", "1",
    )  # fmt: skip
    evidence = evidence_of(lab)
    listed = json.loads((lab.path / "cohort.json").read_text())
    assert evidence["dataset"]["n_cases"] == len(listed["cases"]) > 40
    assert evidence["dataset"]["n_patients"] == 23
    assert evidence["editors"][0]["verdicts"], "the run came to its end"
    (run,) = (lab.path / "reports").iterdir()
    assert any(run.glob("*.html"))
    everything = {path: contents(path) for path in lab.path.rglob("*") if path.is_file()}
    assert len(everything) > 50, "the store is among it"
    everything |= {"index": index.stdout.str().encode(), "run": (result.stdout.str() + result.stderr.str()).encode()}
    for where, data in everything.items():
        for secret in (HIDDEN, HIDDEN[:9], NUMBER, *set(TIMES.values())):
            assert secret.encode() not in data, where
            assert secret not in str(where)


def contents(path) -> bytes:
    """What a file says, unpacked where it is packed."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data += gzip.decompress(data)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            data += b"".join(archive.read(name) for name in archive.namelist())
    if path.suffix == ".parquet":
        data += pd.read_parquet(path).to_csv().encode()
    return data


def test_the_search_would_find_something(tmp_path):
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(b"HIDDENNAME"))
    assert b"HIDDENNAME" in contents(packed)

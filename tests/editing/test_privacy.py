"""Neither a key nor a patient's name is in anything that a run sends, writes or prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.editors.server import KEY

ROOT = Path(__file__).parents[2]
NAME = "HIDDENNAME"
CONFTEST = """
import numpy as np
from editproof.types import InstrumentCard, Quantity

class Reader:
    card = InstrumentCard("reader", "mean level", (Quantity("bone_age", "months"),), 1, {}, "none", "none")
    def predict(self, images, references):
        return {"bone_age": np.array([[float(image.mean()) for image in images]])}

def reader(): return Reader()
"""
SUITE = """
from editproof import Criterion, at_most, mae_drift

DRIFT = Criterion("BA-1", mae_drift("bone_age"), at_most(20.0), source="placeholder: a test")

def test_drift(study, judge):
    assert judge(DRIFT, study) is not None
"""


def radiograph(number: int) -> np.ndarray:
    """A bright hand on a dark ground, with a marker beside it."""
    image = np.full((96, 80), 12, np.uint8)
    cv2.ellipse(image, (40, 56), (22, 34), 0, 0, 360, 120 + 10 * number, -1)
    image[6:16, 4:16] = 250
    return (image + np.random.default_rng(number).integers(0, 4, image.shape)).astype(np.uint8)


def pngs(folder: Path) -> str:
    """A cohort whose PNG text chunks name the patient."""
    folder.mkdir()
    rows = ["case_id,image,bone_age"]
    for number in range(4):
        said = PngInfo()
        said.add_text("PatientName", f"{NAME}^{number}")
        said.add_itxt("Comment", NAME)
        Image.fromarray(radiograph(number)).save(folder / f"{number}.png", pnginfo=said)
        rows.append(f"c{number},{number}.png,{100 + number}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    assert NAME.encode() in (folder / "0.png").read_bytes()
    return f"folder:{folder}"


def dicoms(folder: Path) -> str:
    """A cohort whose DICOM tags name the patient."""
    pytest.importorskip("pydicom", reason="needs the extra dicom")
    from tests.datasets.dicoms import radiograph_file, written

    rows = ["file,bone_age"]
    for number in range(4):
        written(radiograph_file(radiograph(number), patient=number), folder / f"{number}.dcm")
        rows.append(f"{number}.dcm,{100 + number}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    assert NAME.encode() in (folder / "0.dcm").read_bytes()
    return f"dicom:{folder}"


@pytest.mark.parametrize("cohort", [pngs, dicoms])
@pytest.mark.parametrize("mode", ["live", "batch"])
def test_a_run_leaks_neither_key_nor_name(server, tmp_path, cohort, mode):
    server.script = ["ok", "moderation", "ok", "echo" if mode == "live" else "bad", "ok"]
    work = tmp_path / "work"
    work.mkdir()
    (work / "reader.py").write_text(CONFTEST)
    (work / "test_suite.py").write_text(SUITE)
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "editproof.pytest_plugin.short",
            "--dataset",
            cohort(tmp_path / "cohort"),
            "--jobs",
            "1",
        ),
        *(
            "--prompt",
            "Remove the label.",
            "--editor",
            server.openai(mode=mode),
            "--instrument",
            "reader.py:reader",
            "--repeats",
            "2",
        ),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY}
    ran = subprocess.run(command, cwd=work, env=environment, capture_output=True, check=False)
    text = (ran.stdout + ran.stderr).decode()
    assert list(work.glob("reports/*/report.html")), text
    sent = [*(request["bytes"] for request in server.requests), *server.post.seen]
    assert len(sent) >= 8 if mode == "live" else any(b"custom_id" in body for body in sent)
    assert not [body for body in sent if NAME.encode() in body or KEY.encode() in body]
    written = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    assert {path.parts[len(work.parts)] for path in written} >= {".editproof", "reports"}
    for secret in (KEY, NAME):
        assert secret not in text
        assert not [path for path, content in written.items() if secret.encode() in content]


@pytest.mark.parametrize("scenario", ["auth", "echo"])
def test_what_ends_a_run_is_printed_without_the_key(server, tmp_path, scenario):
    server.script = [scenario]
    command = [
        *(sys.executable, "-m", "editproof.cli", "edit", "--dataset", pngs(tmp_path / "cohort")),
        *("--prompt", "Remove the label.", "--editor", server.openai()),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    text = (ran.stdout + ran.stderr).decode()
    assert ("turns us away" in text) == (scenario == "auth"), text
    assert len(server.requests) <= (4 if scenario == "auth" else 12), "no more than were under way at once"
    assert KEY not in text
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]

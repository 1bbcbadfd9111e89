"""One form of suite for any task: a chest cohort and an ONNX model take the place of hands, and two files change."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from editproof.cli import main

from tests.records import flat

from .cards import onnx_bytes, written

pytest.importorskip("onnx")

CHEST = """
from functools import partial
import numpy as np
from editproof.types import *

def pixels(index):
    rng = np.random.default_rng(index)
    image = rng.integers(60, 70, (32, 24)).astype(np.uint8)
    lung = np.zeros(image.shape, bool); lung[8:30, 4:20] = True
    image[8:30:2, 4:20] += np.uint8(2 * (index % 40))
    mask = np.zeros(image.shape, bool); mask[1:5, 1:5] = True
    image[mask] = 250
    return Pixels(image, mask, lung)

class Chest(list):
    def __init__(self, n):
        widths = [2 * (i % 40) + np.random.default_rng(1000 + i).normal(0, 2) for i in range(n)]
        super().__init__(
            Case(f"X{i}", f"X{i}", partial(pixels, i), f"{i}", {"heart_width": w, "effusion": float(i % 40 > 20)})
            for i, w in enumerate(widths)
        )
        self.card = DatasetCard("chest", "", "", "", f"chest-{n}", n, n, units={"heart_width": UNIT, "effusion": "probability"})

def chest(argument): return Chest(int(argument or 30))
"""

CONFTEST = "import cohort\npytest_plugins = ['editproof.pytest_plugin.short']\n\ndef pytest_editproof_datasets():\n    return {'chest': cohort.chest}\n"

SUITE = """
from editproof import Criterion, at_least, at_most, auc_drift, mae_drift

WIDTH = Criterion("CX-1", mae_drift("heart_width", cap=15.0, unit="mm"), at_most(3.0), source="placeholder: a test")
EFFUSION = Criterion("CX-2", auc_drift("effusion"), at_least(-0.35), source="placeholder: a test")

def test_width(study, judge):
    assert judge(WIDTH, study)

def test_effusion(study, judge):
    assert judge(EFFUSION, study)
"""

TOOLS = """
import numpy as np
def fill():
    def mend(request):
        image = request.image.copy(); image[request.edit_mask] = 65
        return image
    return mend
def darken(): return lambda request: (request.image // 2).astype(np.uint8)
"""

QUANTITIES = [
    {"name": "heart_width", "unit": "mm"},
    {"name": "effusion", "unit": "probability", "kind": "probability"},
]
OUTPUTS = {
    "heart_width": {"output": "reading", "index": 0, "scale": 255},
    "effusion": {"output": "reading", "index": 1, "activation": "sigmoid"},
}


STRIPES = np.zeros((32, 24))
STRIPES[8:30:2, 4:20], STRIPES[9:30:2, 4:20] = 32 * 24 / 176, -32 * 24 / 176
"""Even less odd rows of the lung: the size of what a smooth copy of the image no longer has."""
PREPARED = {"height": 32, "width": 24}


@pytest.fixture
def lab(pytester):
    pytester.makepyfile(cohort=CHEST.replace("UNIT", '"mm"'), tools=TOOLS, test_chest=SUITE)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\npythonpath = .\n")
    return pytester


def run(lab, *arguments, card="card.json"):
    return lab.runpytest(  # instruments are made once a process, by their path
        "-p", "no:cacheprovider", "--dataset", "chest", "--instrument", str(lab.path / card), "--repeats", "2", "--jobs", "1",
        "--report-images", "none", *arguments,
    )  # fmt: skip


def model(lab, **fields):
    floors = {"heart_width": {"mae_at_most": 5.0}, "effusion": {"auc_at_least": 0.9}}
    fields = {
        "name": "chest-onnx",
        "quantities": QUANTITIES,
        "outputs": OUTPUTS,
        "floors": floors,
        "preprocessing": PREPARED,
        **fields,
    }
    return written(lab.path, {"chest.onnx": onnx_bytes(columns=2, pattern=STRIPES)}, **fields)


def evidence(lab):
    return flat(json.loads(next((lab.path / "reports").rglob("evidence.json")).read_text()))


def verified(lab):
    return main(["verify", str(next((lab.path / "reports").rglob("evidence.json")).parent)]) == 0


def page(lab):
    return next((lab.path / "reports").rglob("*.html")).read_text()


def test_a_chest_suite_judges_good_and_bad_by_the_same_form(lab):
    uncertain = {**OUTPUTS, "heart_width": {**OUTPUTS["heart_width"], "uncertainty": {"index": 1, "scale": 9}}}
    model(lab, outputs=uncertain, options={"mirror": True})
    result = run(lab, "--editor", "tools.py:fill", "--editor", "tools.py:darken")
    found = {editor["card"]["name"]: editor["outcome"] for editor in evidence(lab)["editors"]}
    assert sorted(found.values()) == ["FAIL", "PASS"]
    assert result.ret == 1
    assert verified(lab)
    rows = pd.concat(map(pd.read_csv, (lab.path / "reports").rglob("measurements/0-rows.csv")))
    assert {"pooled", "member-0", "uncertainty"} <= set(rows.loc[rows["quantity"] == "heart_width", "instrument"])
    text = page(lab)
    assert "mm" in text
    assert "month" not in text.replace("months of", "")


BEFORE = {
    "another unit than the cohort": (
        {"quantities": [{"name": "heart_width", "unit": "cm"}, QUANTITIES[1]]},
        "*it reads heart_width in cm, the cohort's reference standard is in mm*",
    ),
    "a quantity that nothing reads": (
        {"quantities": QUANTITIES[:1], "outputs": {"heart_width": OUTPUTS["heart_width"]}, "floors": {}},
        "*criterion CX-2*instrument chest-onnx reads heart_width*",
    ),
    "an altered file": ({"sha256": {"chest.onnx": "0" * 64}}, "*its sha256 is*the card says 0000*"),
    "no probabilities": (
        {"outputs": {**OUTPUTS, "effusion": {"index": 1, "offset": 2}}},
        "*effusion of case X*which are not probabilities*",
    ),
}


@pytest.mark.parametrize(("changes", "line"), BEFORE.values(), ids=BEFORE)
def test_what_does_not_fit_is_said_before_any_edit_is_made(lab, changes, line):
    model(lab, **changes)
    result = run(lab, "--editor", "tools.py:fill")
    pytest.LineMatcher([*result.outlines, *result.errlines]).fnmatch_lines([line])
    assert not list((lab.path / ".editproof").rglob("*.png"))


def test_the_criterions_unit_is_checked_before_any_edit_is_made(lab):
    model(lab)
    (lab.path / "test_chest.py").write_text(SUITE.replace('unit="mm"', 'unit="cm"'))
    result = run(lab, "--editor", "tools.py:fill")
    assert "stated in cm, chest-onnx reads heart_width in mm" in result.stdout.str() + result.stderr.str()
    assert not list((lab.path / ".editproof").rglob("*.png"))


def test_a_model_that_reads_nan_ends_the_run_and_loses_nothing(lab):
    model(lab)
    run(lab, "--editor", "tools.py:fill")
    before = {path: path.read_bytes() for path in (lab.path / ".editproof" / "edits").rglob("*") if path.is_file()}
    assert len(before) >= 60, "an edit and its outcome for each of thirty cases"
    model(lab)
    nan = onnx_bytes(columns=2, nan=True, pattern=STRIPES)
    written(lab.path, {"nan.onnx": nan}, "nan.json", quantities=QUANTITIES, outputs=OUTPUTS, preprocessing=PREPARED)
    result = run(lab, "--editor", "tools.py:fill", card="nan.json")
    assert "1 NaN or infinite values" in result.stdout.str() + result.stderr.str()
    assert {path: path.read_bytes() for path in before} == before


def readings(*, destructive: bool) -> pd.DataFrame:
    """What a model elsewhere read: the true mean, edits a little off, the destructive control far off."""
    rows = []
    for index in range(30):
        places = [("", "original", 0, 0.0), ("tools.py:fill", "edited", 0, 0.1), ("tools.py:fill", "edited", 1, 0.1)]
        places += [("destructive", "edited", 0, 40.0)] if destructive else []
        for tool, arm, repeat, shift in places:
            value = 2.0 * (index % 40)
            effusion = np.clip((index % 40) / 40 + (shift > 1) * np.random.default_rng(index).uniform(-1, 1), 0, 1)
            rows.append((f"X{index}", tool, arm, repeat, "heart_width", value + shift))
            rows.append((f"X{index}", tool, arm, repeat, "effusion", effusion))
    return pd.DataFrame(rows, columns=["case", "tool", "arm", "repeat", "quantity", "value"])


@pytest.mark.parametrize("destructive", [True, False], ids=["with the control", "without the control"])
def test_readings_made_elsewhere_are_judged_without_the_arms_they_lack(lab, destructive):
    from editproof.editors.registry import editor_from_spec

    name = editor_from_spec(f"{lab.path / 'tools.py'}:fill").card.name
    frame = readings(destructive=destructive).replace({"tool": {"tools.py:fill": name}})
    written(lab.path, {"readings.csv": frame.to_csv(index=False).encode()}, runtime="table",
            table={"file": "readings.csv"}, preprocessing=None, quantities=QUANTITIES)  # fmt: skip
    result = run(lab, "--editor", "tools.py:fill")
    record = evidence(lab)
    assert record["instruments"][0]["absent_arms"][:2] == ["paste_back", "histogram_matched"]
    text = page(lab)
    control = next(verdict for verdict in record["validity"] if verdict["criterion"]["id"] == "CTRL-destructive")
    assert verified(lab)
    assert "No readings of" in text
    if destructive:
        assert control["outcome"] == "PASS", control
        assert record["outcome"] == "PASS"
    else:
        assert record["outcome"] == "INVALID"
        assert "tool=destructive, arm=edited, repeat=0" in control["because"]
        assert result.ret == 9


@pytest.mark.parametrize("shift", [60.0, None], ids=["another reading", "no reading"])
def test_a_table_that_contradicts_itself_on_the_same_pixels_ends_the_run(lab, shift):
    from editproof.editors.registry import editor_from_spec

    name = editor_from_spec(f"{lab.path / 'tools.py'}:fill").card.name
    frame = readings(destructive=True).replace({"tool": {"tools.py:fill": name}})
    second = (frame["repeat"] == 1) & (frame["quantity"] == "heart_width")
    if shift is None:
        frame = frame[~second]
    else:
        frame.loc[second, "value"] += shift
    written(lab.path, {"readings.csv": frame.to_csv(index=False).encode()}, runtime="table",
            table={"file": "readings.csv"}, preprocessing=None, quantities=QUANTITIES)  # fmt: skip
    result = run(lab, "--editor", "tools.py:fill")
    said = result.stdout.str() + result.stderr.str()
    if shift is None:
        assert "heart_width of case X0 by instrument tiny: no reading of arm edited, repeat 1, of tool" in said
    else:
        assert (
            f"case=X0, arm=edited, repeat=0, tool={name}: 0.1; case=X0, arm=edited, repeat=1, tool={name}: 60.1" in said
        )
    assert result.ret == 4
    assert not list((lab.path / "reports").rglob("evidence.json"))


def test_an_instrument_that_leaves_the_program_ends_the_run_in_one_line(lab):
    source = "import sys\nclass Leaving:\n    def predict(self, X): sys.exit(0)\n"
    written(lab.path, {"leaving.py": source.encode()}, runtime="python", factory="leaving.py:Leaving",
            quantities=QUANTITIES, outputs={"effusion": {"output": "predict", "index": 0}})  # fmt: skip
    result = run(lab, "--editor", "tools.py:fill", "--trust-instrument")
    assert "predict of instrument tiny: it raised SystemExit: 0" in result.stdout.str() + result.stderr.str()
    assert result.ret == 4
    assert not list((lab.path / ".editproof").rglob("*.png"))

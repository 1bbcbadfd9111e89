"""The walk of CONTRIBUTING for a metric, an estimand on it and its chart: three files, tried in a copy of the package."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import editproof
import pytest
from editproof.criteria.catalogue import page
from editproof.metrics import METRICS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "harness" / "editproof"
BLOCK = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))

FRONT = """
import numpy as np
import editproof
from editproof import Criterion, Outcome, at_most, measurements_of, verdict_on
from editproof.metrics import METRICS, Pair, measured
from editproof.report.page.html import render
from tests.report import gold
from tests.records import replace

assert editproof.__file__.startswith(COPY), editproof.__file__
"""
WRONG = "what does not hold"
EACH = f"""
import json, traceback
found = {{}}
for name, code in {{**TRIALS, {WRONG!r}: "assert 'no_such_change' in dir(editproof)"}}.items():
    try:
        exec(code, dict(globals()))
        found[name] = ""
    except Exception:
        found[name] = traceback.format_exc()
print(json.dumps(found))
"""
MEASURED = """
def table(strength, patients=30):
    draw, cases, rows, edits = np.random.default_rng(1), [], [], []
    hand, label = np.zeros((40, 30), bool), np.zeros((40, 30), bool)
    hand[10:, 5:25], label[:5, :5] = True, True
    for k in range(patients):
        image = draw.integers(0, 100, hand.shape).astype(np.uint8)
        strongest = draw.integers(strength // 2, strength + 1)
        edited = image + draw.integers(0, strongest + 1, hand.shape).astype(np.uint8)
        found = measured(Pair.of(image, edited, label, hand))
        expected = np.percentile((edited.astype(int) - image)[hand], 95) / 255
        assert abs(found["change_95th:protected"][0] - expected) < 1e-12, found
        cases.append({"case": f"c{k}", "patient": f"p{k}"})
        edits.append((f"c{k}", 0, "ok", ""))
        rows += [(f"c{k}", "edited", 0, "image", name, value, unit) for name, (value, unit) in found.items()]
    return measurements_of("drawn", cases, rows, edits)
"""
TRIALS = {
    "the metric is registered and measured": """
assert "strongest_changes" in METRICS.built_in
assert set(table(9).rows["quantity"]) >= {"change_95th:whole", "change_95th:protected", "change_95th:inside_mask"}
""",
    "the estimand is at the front door, in the registry and in the table of estimands": """
from editproof import high_change
from editproof.criteria.catalogue import page
from editproof.criteria.registry import ESTIMANDS, estimand_from
assert "high_change" in editproof.__all__ and "high_change" in dir(editproof)
assert ESTIMANDS["high_change"] is high_change
assert estimand_from(high_change(region="whole").spec).quantity == "change_95th:whole"
assert "| `high_change` | Mean over cases of the 95th percentile" in page()
""",
    "the estimand decides a table in both directions": """
from editproof import high_change
claim = Criterion("IM-9", high_change(), at_most(0.2), source="placeholder: a test")
found = {strength: verdict_on(claim, table(strength)).outcome for strength in (0, 9, 90)}
assert found == {0: Outcome.PASS, 9: Outcome.PASS, 90: Outcome.FAIL}, found
""",
    "the chart is on the page where the metric was measured": """
whole = gold.evidence(12, pictures=False)
bare = render(whole, images=False)
assert "Strongest changes" not in bare and "Gray values" in bare
one, other = whole.editors
m = one.measurements
more = table(9, len(m.cases)).rows.assign(case=lambda rows: [m.cases["case"].iloc[int(c[1:])] for c in rows["case"]])
rows = __import__("pandas").concat([m.rows, more])
shown = render(replace(whole, editors=(replace(one, measurements=replace(m, rows=rows)), other)), images=False)
assert "<h3>Strongest changes</h3>" in shown
assert shown.count("</b> How strongly the anatomy changed</figcaption><svg") == 1
assert shown.count("Nothing of this kind was measured.") == 1
assert "of range over 12 cases." in shown
assert shown.count("<svg class=\\"chart\\"") == bare.count("<svg class=\\"chart\\"") + 1
""",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A source root with the package as the walk leaves it."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, root / "harness" / "editproof", ignore=shutil.ignore_patterns("__pycache__"))
    for name, content in FILES.items():
        (root / name).write_text(content, encoding="utf-8")
    return root


def differing(one: Path, other: Path) -> set[str]:
    """Files that are not the same in both folders, by path."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in (one, other)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    here = {name for name in names if (one / name).is_file() and (other / name).is_file()}
    return (names - here) | {name for name in here if not filecmp.cmp(one / name, other / name, shallow=False)}


def test_a_metric_an_estimand_and_a_chart_touch_three_files_of_the_package(copy):
    changed = differing(PACKAGE, copy / "harness" / "editproof")
    assert changed == {name.removeprefix("harness/editproof/") for name in FILES}
    assert 0 < len(changed) <= 3


def test_the_package_has_none_of_it_without_the_walk():
    assert "high_change" not in editproof.__all__
    assert "high_change" not in page()
    assert "strongest_changes" not in METRICS


@pytest.fixture(scope="module")
def failures(copy) -> dict[str, str]:
    """What each trial came to in one process that imports the copy: empty where it holds, else the traceback."""
    path = os.pathsep.join([str(copy / "harness"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", f"COPY, TRIALS = {str(copy)!r}, {TRIALS!r}\n{FRONT}{MEASURED}{EACH}"],
        cwd=copy, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("trial", TRIALS)
def test_after_the_walk(failures, trial):
    assert failures[trial] == ""


def test_a_trial_that_does_not_hold_is_told(failures):
    assert "AssertionError" in failures[WRONG]

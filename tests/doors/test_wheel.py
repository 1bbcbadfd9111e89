"""What the wheel puts into somebody's environment: one import name, its files, and entry points that load."""

from __future__ import annotations

import fnmatch
import json
import subprocess
import tomllib
from zipfile import ZipFile

import pytest

from tests.doors.outside import ROOT

PACKAGE = ROOT / "harness" / "editproof"
CONFIGURED = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = CONFIGURED["project"]
WHEEL = CONFIGURED["tool"]["hatch"]["build"]["targets"]["wheel"]

ENTRY_POINTS = """
import editproof, json, sys
from importlib.metadata import distributions
(ours,) = [found for found in distributions() if found.name == "editproof"]
names = {}
for entry in ours.entry_points:
    names.setdefault(entry.group, []).append(entry.name)
    assert entry.load() is not None
print(json.dumps({"file": editproof.__file__, "home": str(ours.locate_file("")), "names": names}))
"""


def test_it_claims_one_import_name(outside):
    names = {name.partition("/")[0] for name in ZipFile(outside.wheel).namelist()}
    assert names == {"editproof", f"editproof-{PROJECT['version']}.dist-info"}


def test_it_holds_every_file_of_the_package_as_it_is(outside):
    written = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *WHEEL["only-include"]],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if written.returncode:
        pytest.skip("no clone: what belongs to the package is known by git")
    wheel = ZipFile(outside.wheel)
    held = {name: wheel.read(name) for name in wheel.namelist() if name.startswith("editproof/")}
    names = [
        name
        for name in written.stdout.split("\0")
        if (ROOT / name).is_file() and not any(fnmatch.fnmatch(name, left) for left in WHEEL["exclude"])
    ]
    assert held == {packaged(name): (ROOT / name).read_bytes() for name in names}


def packaged(name: str) -> str:
    """Where a file of the repository is in the wheel."""
    (folder,) = (folder for folder in WHEEL["sources"] if name.startswith(f"{folder}/"))
    return WHEEL["sources"][folder] + name.removeprefix(folder)


def test_it_holds_suites_phantoms_and_their_instruments_and_nothing_trained_on_real_radiographs(outside):
    names = ZipFile(outside.wheel).namelist()
    parts = ("suites/removal/test_pixels.py", "suites/study.toml", "phantoms/phantom.py", "models/phantom/card.json",
             "suites/bones.py", "models/bones/card.json", "models/bones/bones.onnx")  # fmt: skip
    assert {f"editproof/{part}" for part in parts} <= set(names)
    weights = [name for name in names if name.endswith((".safetensors", ".onnx", ".pt", ".npz"))]
    assert weights
    for name in weights:
        card = json.loads(ZipFile(outside.wheel).read(f"{name.rpartition('/')[0]}/card.json"))
        assert "rsna" not in json.dumps(card).casefold(), name


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "editors/prices.json",
        "report/templates/report.html.j2",
        "report/templates/style.css",
        "report/templates/script.js",
        "evidence/schemas/editproof-evidence-*.schema.json",
        "evidence/schemas/editproof-comparison-*.schema.json",
    ],
)
def test_it_holds_what_is_no_module(outside, name):
    assert fnmatch.filter(ZipFile(outside.wheel).namelist(), f"editproof/{name}")


def test_its_entry_points_load_from_the_installed_package(outside, tmp_path):
    done = outside.installed.run(tmp_path, "-P", "-c", ENTRY_POINTS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["file"] == str(outside.installed.packages / "editproof" / "__init__.py")
    assert found["home"] == str(outside.installed.packages)
    declared = {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}
    assert {group: sorted(names) for group, names in found["names"].items()} == {
        group: sorted(entries) for group, entries in declared.items()
    }
    assert {group for group in declared if not group.startswith("editproof.")} == {"console_scripts", "pytest11"}


def test_its_suite_judges_a_tool_in_an_empty_folder(outside, tmp_path):
    """The shipped cohort, instruments and study; two patients prove nothing, which is what 9 says."""
    words = ("--suite", "removal", "--editor", "opencv-telea", "--dataset", "phantom:?n=2", "--repeats", "1")
    done = outside.installed.run(tmp_path, "-m", "editproof.cli", "run", *words)
    assert done.returncode == 9, done.stdout + done.stderr
    assert "opencv-telea: Invalid run" in done.stdout
    assert "With 2 patients no tool can pass" in done.stdout
    assert len(list(tmp_path.glob("reports/*/report.html"))) == 1


def test_its_demo_leaves_a_report_in_an_empty_folder(outside, tmp_path):
    """Two patients prove nothing, which is what 9 says; both tools are judged all the same."""
    done = outside.installed.run(tmp_path, "-m", "editproof.cli", "demo", "--n", "2")
    assert done.returncode == 9, done.stdout + done.stderr
    assert {"! opencv-telea: Invalid run (INVALID)", "! rerender: Invalid run (INVALID)"} <= set(
        done.stdout.splitlines()
    )
    (page,) = tmp_path.glob("reports/*/report.html")
    assert f"report: {page}" in done.stdout


@pytest.mark.parametrize(
    ("package", "claims"),
    {"removal": 16, "enhancement": 7, "deidentification": 6, "synthesis": 6}.items(),
)
def test_pytest_reaches_its_suites_by_name(outside, tmp_path, package, claims):
    words = ("--pyargs", f"editproof.suites.{package}", "--collect-only", "-q", "--editproof-editor", "opencv-telea")
    done = outside.installed.run(tmp_path, "-m", "pytest", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{claims} tests collected" in done.stdout


def test_nothing_else_becomes_importable(outside, tmp_path):
    names = ("fixtures", "models", "validations", "reports", "tests", "bench", "docs", "harness")
    code = f"import importlib.util; print(*filter(importlib.util.find_spec, {names}))"
    assert outside.installed.run(tmp_path, "-P", "-c", code).stdout.split() == []


def test_an_instrument_that_does_not_ship_is_named_with_how_to_get_it(outside, tmp_path):
    done = outside.installed.run(tmp_path, "-m", "editproof.cli", "instrument", "rsna100")
    assert done.returncode == 4
    assert "carry RSNA's terms" in done.stderr
    assert "Clone the repository" in done.stderr
    assert done.stderr.count("\n") == 1


def test_its_command_runs(outside, tmp_path):
    command = outside.installed.python.with_name("editproof")
    variables = outside.installed.variables()
    done = subprocess.run([command, "--help"], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: editproof")


def test_the_other_environment_lacks_it_alone(outside, tmp_path):
    assert outside.plain.run(tmp_path, "-P", "-c", "import editproof").returncode == 1
    ours, others = (
        {entry.name for entry in environment.packages.iterdir()} - {"__pycache__"}
        for environment in (outside.installed, outside.plain)
    )
    assert ours - others == {"editproof", f"editproof-{PROJECT['version']}.dist-info"}
    assert others <= ours

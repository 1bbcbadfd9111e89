"""The run on CHASE_DB1 of the page on colour is what the page says, by child and with eyes taken for patients."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_pages import BLOCK
from tests.needs import ROOT, shared_data

PAGE = (ROOT / "docs" / "colour.md").read_text(encoding="utf-8")
TOOLS = ("opencv-telea", "opencv-median?size=5", "jpeg.py:jpeg75")
ROW = re.compile(
    r"^\|(.*?)\| (\S+) \| ([A-Z]+) (\S+) \[(\S+), (\S+)\] \| ([A-Z]+) (\S+) \[(\S+), (\S+)\] \|$", re.MULTILINE
)


def table() -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    """By claim and tool: outcome, estimate and limits of the run by child, and of the wrong one."""
    found, claim = {}, ""
    for name, tool, *cells in ROW.findall(PAGE):
        claim = name.split()[0] if name.strip() else claim
        found[claim, tool] = tuple(cells[:4]), tuple(cells[4:])
    return found


def test_the_page_has_every_claim_for_every_tool():
    assert set(table()) == {
        (f"EY-{k}", tool) for k in (1, 2, 3) for tool in ("opencv-telea", "opencv-median?size=5", "jpeg75")
    }
    assert {outcome for by_child, _ in table().values() for outcome in by_child[:1]} == {"INCONCLUSIVE"}


@pytest.mark.slow
@pytest.mark.parametrize(("manifest", "column"), [("manifest.csv", 0), ("eyes.csv", 1)])
def test_the_run_on_photographs_comes_to_what_the_page_says(manifest, column, tmp_path_factory):
    chase = shared_data("chase_db1")
    folder = prepared(chase, tmp_path_factory)
    editors = [word for tool in TOOLS for word in ("--editor", tool)]
    done = run(
        folder, "-m", "editproof.cli", "run", "--suite", "test_eyes.py", "--dataset", f"folder:chase/{manifest}",
        "--instrument", "vessels.py:vessels", *editors, "--repeats", "1", "--reports", str(folder / f"report-{column}"),
    )  # fmt: skip
    said = " ".join(done.stdout.split())
    assert (re.search(r"With 14 patients no tool can pass [^.]*\bEY-1\b[^;.]* needs 24", said) is not None) == (
        column == 0
    ), said[-2000:]
    (evidence,) = (folder / f"report-{column}").rglob("evidence.json")
    told = json.loads(evidence.read_text())
    names = [tool["card"]["name"] for tool in told["facts"]["tools"]]
    verdicts = {
        (verdict["criterion"]["id"], name): verdict
        for name, tool in zip(names, told["findings"]["tools"], strict=True)
        for verdict in tool["verdicts"]
    }
    for (claim, tool), both in table().items():
        outcome, *numbers = both[column]
        verdict = verdicts[claim, tool]
        estimate = verdict["estimate"]
        assert verdict["outcome"] == outcome, (claim, tool)
        found = [estimate[name] for name in ("value", "low", "high")]
        assert found == pytest.approx([float(number) for number in numbers], abs=2e-3), (claim, tool)


def prepared(chase: Path, factory) -> Path:
    """The folder of the study, made once for both runs, so that edits are made once."""
    folder = factory.getbasetemp() / "chase-study"
    if not folder.exists():
        folder.mkdir()
        for _, name, content in BLOCK.findall(PAGE):
            if name:
                (folder / name).write_text(content, encoding="utf-8")
        done = run(folder, "chase.py", str(chase))
        assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "harness", folder)))}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=900, check=False
    )

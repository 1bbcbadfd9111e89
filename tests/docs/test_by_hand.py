"""The program of docs/by-hand.md decides as the package does, from the tables of a run and without the package."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from editproof.evidence.bundle import save

from tests.audit import study
from tests.docs.blocks import write
from tests.needs import ROOT


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("by-hand")
    write((ROOT / "docs" / "by-hand.md").read_text(encoding="utf-8"), folder)
    return folder / "by_hand.py"


def test_program_of_the_page_comes_to_the_verdicts_and_limits_of_the_run(program: Path, tmp_path: Path) -> None:
    run = study.evidence()
    save(run, tmp_path)
    outcomes = set()
    for place, tool in enumerate(run.editors):
        claim = next(v for v in tool.verdicts if v.criterion.id == "BA-1")
        said = subprocess.run(
            [sys.executable, "-I", program, tmp_path, str(place), "15", "2"], capture_output=True, text=True, check=True
        ).stdout
        outcome, _, figures = said.partition(": ")
        value, low, high = (float(x.strip(" []\n")) for x in figures.replace("90 %", "").split(",", 2))
        estimate = claim.estimate
        assert outcome == claim.outcome.value
        assert (low, high) == pytest.approx((estimate.low, estimate.high), abs=0.2)
        if not estimate.n_missing:
            assert value == pytest.approx(estimate.value, abs=0.006)
        outcomes.add(outcome)
    assert len(outcomes) > 1


def test_a_missing_edit_counts_at_its_worst_for_either_limit(program: Path, tmp_path: Path) -> None:
    tables = {
        "rows": [
            ["case", "arm", "repeat", "instrument", "quantity", "value"],
            ["a", "original", 0, "pooled", "bone_age", 100.0],
        ],
        "cases": [["case", "patient", "reference:bone_age"], ["a", "p", 100.0]],
        "edits": [["case", "repeat", "status"], ["a", 0, "refused"]],
    }
    for name, content in tables.items():
        with (tmp_path / f"0-{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(content)
    names: dict = {"__name__": "page"}
    exec(program.read_text(encoding="utf-8"), names)
    assert [names["patients"](tmp_path, 0, 15.0, worst) for worst in (15.0, -15.0)] == [[15.0], [-15.0]]
    assert names["limit"]([-15.0], -15.0, 0.05, draws=100) == pytest.approx(-15.0)

"""The suite of human readers: a tool that keeps what readers see passes, and one that takes findings away fails."""

from __future__ import annotations

import csv
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from editproof.criteria.claim_tables import claims_from
from editproof.study.readers.collecting import COLUMNS
from editproof.study.readers.questions import read_questions
from editproof.study.study_file import other_study

from tests.needs import ROOT

SUITE = ROOT / "validations" / "readers" / "readers.toml"


def write_readings(folder: Path, *, missed: float, seed: int = 0, control: bool = False, asleep: bool = False) -> None:
    """Readings of 160 patients by three readers; in a share of the fractures the edit shows none any more.

    With a control, edits that destroy every fracture and the image's quality are among them; readers who are asleep answer the same everywhere.
    """
    random = np.random.default_rng(seed)
    n = 160
    fracture = np.arange(n) % 2
    shown = np.where(random.random(n) < missed, 0, fracture)
    rows: list[tuple[object, ...]] = []
    arms = [("original", fracture, ""), ("edited", shown, "tool")]
    if control:
        arms.append(("edited", np.zeros(n, int), "destructive"))
    for reader in ("Ana", "Ben", "Cyd"):
        for arm, there, tool in arms:
            sure = np.clip(np.round(15 + 70 * there + random.normal(0, 8, n)), 0, 100)
            grade = np.clip(2 + (np.arange(n) % 3 == 0) + (random.random(n) < 0.05), 0, 4)
            if tool == "destructive":
                grade = np.zeros(n)
            if asleep:
                sure, grade = np.full(n, 50.0), np.full(n, 3)
            for i in range(n):
                place = (f"c{i:03d}", f"p{i:03d}", arm, 0, reader, 1)
                told = [("fracture", sure[i], "percent", "ok"), ("quality", grade[i], "points", "ok")]
                rows += [(*place, *each, tool) for each in told]
    with (folder / "readings.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    with (folder / "cases.csv").open("w", newline="") as file:
        cases = [(f"c{i:03d}", f"p{i:03d}", fracture[i]) for i in range(n)]
        csv.writer(file).writerows([("case", "patient", "reference:fracture"), *cases])


def judged(folder: Path) -> tuple[int, str]:
    words = ["judge", "readings.csv", "--suite", str(SUITE), "--cohort", "cases.csv"]
    done = subprocess.run(
        [sys.executable, "-m", "editproof.cli", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(("missed", "code", "line"), [(0.0, 0, "PASS         RD-1"), (0.3, 1, "FAIL         RD-1")])
def test_a_tool_is_judged_by_what_readers_find(tmp_path, missed, code, line):
    write_readings(tmp_path, missed=missed)
    found, said = judged(tmp_path)
    assert found == code, said
    assert line in said


@pytest.mark.parametrize(("asleep", "code", "line"), [(False, 0, "PASS         RD-1"), (True, 9, "INVALID RUN")])
def test_readers_who_answer_the_same_everywhere_are_found_out_by_a_control(tmp_path, asleep, code, line):
    write_readings(tmp_path, missed=0.0, control=True, asleep=asleep)
    found, said = judged(tmp_path)
    assert found == code, said
    assert line in said


def test_the_claims_are_on_what_readers_are_asked():
    asked = {question.quantity: question for question in read_questions(SUITE.with_name("questions.toml")).question}
    for claim in claims_from(SUITE):
        assert claim.criterion.estimand.quantity in asked
        assert claim.criterion.hazard == "H9"
        arguments = claim.criterion.estimand.spec.arguments
        if "least" in arguments:
            question = asked[claim.criterion.estimand.quantity]
            assert (arguments["least"], arguments["most"]) == (question.least, question.most)
    register = tomllib.loads((ROOT / "validations" / "register.toml").read_text(encoding="utf-8"))
    assert "H9" in register["hazards"]


def test_the_other_suites_do_not_collect_it():
    assert not SUITE.name.endswith("claims.toml")
    assert not list(SUITE.parent.glob("test_*.py"))
    assert other_study(SUITE.parent, ROOT / "validations" / "study.toml", [ROOT / "validations"])

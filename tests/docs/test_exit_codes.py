"""The table of exit codes: every code that it names for a door is made to occur, and no other is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from editproof.audit.exporters.exporter import EXPORTERS, Exporter
from editproof.audit.findings import evidence_of
from editproof.audit.publication import deliver
from editproof.cli import command_line, main
from editproof.evidence.record import Evidence

from tests.audit import study
from tests.audit.test_comparing import MARGINS
from tests.needs import ROOT
from tests.plugin.test_readings_alone import changes
from tests.plugin.test_readings_alone import table as write_table
from tests.study.test_readers import QUESTIONS, write_cohort

PAGE = ROOT / "docs" / "exit-codes.md"
CODES = (0, 1, 9, 4)
CLAIMS = """
[[claim]]
id = "BA-1"
estimand = "prediction_change"
arguments = {quantity = "bone_age"}
cap = 30.0
region = "at most 3"
source = "placeholder: a test"
"""
TOOLS = """
from editproof import EditOutcome, EditStatus
def never(): return lambda request: EditOutcome.failure(EditStatus.REFUSED, "not for me")
def negative(): return lambda request: 255 - request.image
"""
READINGS = ("--readings=good.csv",)


def table() -> dict[str, set[int]]:
    """Which codes the page says that each door ends in."""
    rows = [
        line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    return {
        cells[0].strip(" `"): {code for code, cell in zip(CODES, cells[1:], strict=True) if cell.strip() != "–"}
        for cells in rows
    }


class Folder:
    """Where the scenarios are: two tables of readings, a suite, some tools, runs of several outcomes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        write_table(self, changes(), name="good.csv")
        write_table(self, changes(harm=20.0, harmed=60), name="bad.csv")
        (path / "claims.toml").write_text(CLAIMS)
        (path / "tools.py").write_text(TOOLS)
        (path / "pytest.ini").write_text("[pytest]\n")
        write_cohort(path / "images")
        self.images = f"folder:{path / 'images'}?masks=files"
        parts = (("1/2", slice(0, 15)), ("2/2", slice(15, None)))
        for name, tools in (("gentle", ("gentle",)), ("harsh", ("harsh",))):
            self.keep(name, study.locked(study.evidence(tools)))
            for shard, cases in parts:
                self.keep(f"{name}-{shard[0]}", study.evidence(tools, cases, shard))
        gentle = study.locked(study.evidence(("gentle",)))
        self.keep("later", evidence_of(replace(gentle.facts, created="2026-11-24T12:00:00+00:00")))
        record = self.path / "tampered" / "evidence.json"
        self.keep("tampered", study.locked(study.evidence(("gentle",))))
        record.write_text(record.read_text().replace('"outcome": "PASS"', '"outcome": "FAIL"', 1))

    def keep(self, name: str, run: Evidence) -> None:
        deliver(run, self.path / f"{name}-all").parent.rename(self.path / name)

    def called(self, *words: str) -> int:
        """The code of a command in a process of its own."""
        command = [sys.executable, *words]
        variables = {**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        return subprocess.run(command, cwd=self.path, env=variables, capture_output=True, check=False).returncode

    def editproof(self, *words: str) -> int:
        return self.called("-m", "editproof.cli", *words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    return Folder(tmp_path_factory.mktemp("doors"))


def compare(folder: Folder, old: str, new: str, *more: str) -> int:
    margins = [f"--margin={name}={value}" for name, value in MARGINS.items()]
    return main(["compare", old, new, *margins, *more, "--reports", "compared"])


def merge(folder: Folder, *runs: str) -> int:
    return main(["merge", *runs, "--reports", "merged"])


def judge(*words: str) -> tuple[str, ...]:
    return ("judge", *words, "--suite", "claims.toml", "-p", "no:cacheprovider")


def of_another_version(folder: Folder) -> str:
    run = study.locked(study.evidence(("gentle",)))
    packages = {**run.environment["packages"], "editproof": "0.0.1"}
    folder.keep("older", replace(run, facts=replace(run.facts, environment={**run.environment, "packages": packages})))
    return "older"


def draw(folder: Folder) -> int:
    (folder.path / "questions.toml").write_text(QUESTIONS)
    tool = ("--editor", "destructive", "--dataset", folder.images, "--repeats", "1")
    assert folder.editproof("edit", *tool) == 0
    words = ("--readers", "Ana", "--questions", "questions.toml", "--n", "4", "--gap", "1", "--out", "forms")
    return main(["readers", "draw", *tool, *words])


def sign(folder: Folder, run: str) -> int:
    key = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    (folder.path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return main(["sign", run, "--key", "key.pem", "--signer", "Ana", "--meaning", "a test"])


def export(folder: Folder) -> int:
    with EXPORTERS.also([Exporter("nobody", lambda run, address: f"{run.name}: told to nobody")], "a test"):
        return main(["export", "nobody", "gentle"])


def spoilt_store(folder: Folder) -> int:
    """A store of which a picture was written over."""
    assert main(["probe", "opencv-telea", "--store", "spoilt"]) == 0
    next((folder.path / "spoilt").rglob("*.png")).write_bytes(b"no picture")
    return main(["store", "spoilt"])


SCENARIOS: dict[str, dict[int, Callable[[Folder], int]]] = {
    "run": {
        0: lambda at: at.editproof(*judge("good.csv")),
        1: lambda at: at.called(
            "-m", "pytest", "-p", "editproof.pytest_plugin.short", "claims.toml", "--readings=bad.csv"
        ),
        9: lambda at: at.editproof(*judge("good.csv", "--strict")),
        4: lambda at: at.editproof("run", "--study", "nothere.toml"),
    },
    "edit": {
        0: lambda at: at.editproof("edit", "--editor", "identity", "--dataset", "phantom:?n=1", "--repeats", "1"),
        1: lambda at: at.editproof("edit", "--editor", "tools.py:never", "--dataset", "phantom:?n=1", "--repeats", "1"),
        4: lambda at: at.editproof("edit", "--dataset", "phantom:?n=1"),
    },
    "lock": {
        0: lambda at: at.editproof("lock", "lock.json", "claims.toml", *READINGS),
        4: lambda at: at.editproof("lock", "claims.toml", "claims.toml", *READINGS),
    },
    "verify": {
        0: lambda at: main(["verify", "harsh"]),
        1: lambda at: main(["verify", "tampered"]),
        9: lambda at: main(["verify", of_another_version(at)]),
        4: lambda at: main(["verify", "harsh", "--public-key", "nothere.pem"]),
    },
    "compare": {
        0: lambda at: compare(at, "gentle", "later"),
        1: lambda at: compare(at, "gentle", "harsh"),
        9: lambda at: compare(at, "gentle", "later", "--strict"),
        4: lambda at: compare(at, "gentle", "harsh", "--margin=BA-1"),
    },
    "merge": {
        0: lambda at: merge(at, "gentle-1", "gentle-2"),
        1: lambda at: merge(at, "harsh-1", "harsh-2"),
        9: lambda at: merge(at, "gentle-1", "gentle-2", "--strict"),
        4: lambda at: merge(at, "gentle", "harsh"),
    },
    "report": {
        0: lambda at: main(["report", "harsh", "--format", "junit"]),
        1: lambda at: main(["report", "tampered", "--format", "junit"]),
        4: lambda at: main(["report", "nothere"]),
    },
    "sign": {
        0: lambda at: sign(at, "harsh"),
        1: lambda at: sign(at, "tampered"),
        4: lambda at: sign(at, "nothere"),
    },
    "export": {
        0: export,
        1: lambda at: main(["export", "mlflow", "tampered"]),
        4: lambda at: main(["export", "nothere", "harsh"]),
    },
    "store": {
        0: lambda at: main(["store", "."]),
        1: lambda at: spoilt_store(at),
        4: lambda at: main(["store", "nothere"]),
    },
    "init": {
        0: lambda at: main(["init", "new", "--task", "removal", "--ci", "none"]),
        4: lambda at: main(["init", "claims.toml/new"]),
    },
    "probe": {
        0: lambda at: main(["probe", "opencv-telea", "--store", "probes"]),
        1: lambda at: main(["probe", f"{at.path}/tools.py:negative", "--store", "probes"]),
        9: lambda at: main(["probe", "identity", "--store", "probes"]),
        4: lambda at: main(["probe", "nothere", "--store", "probes"]),
    },
    "instrument": {
        0: lambda at: main(["instrument", "phantom"]),
        4: lambda at: main(["instrument", "nothere.json"]),
    },
    "dataset": {
        0: lambda at: main(["dataset", "index", at.images, "--out", "index.json"]),
        4: lambda at: main(["dataset", "index", "folder:nothere", "--out", "other.json"]),
    },
    "plan": {
        0: lambda at: main(["plan", "--between", "2", "--n", "50", "--margin", "2"]),
        4: lambda at: main(["plan", "--n", "50", "--margin", "2"]),
    },
    "readers": {
        0: draw,
        4: lambda at: main(["readers", "collect", "nothere"]),
    },
}


def test_the_table_and_its_scenarios_name_the_same_codes():
    assert table() == {door: set(codes) for door, codes in SCENARIOS.items()}


def test_every_command_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    assert not [verb for verb in command_line().commands if not re.search(rf"`(editproof )?{verb}`", page)]


REFUSED = {
    "a report where no folder is": ["report", "harsh", "--format", "junit", "--output", "nowhere/x.xml"],
    "a run that is not there": ["verify", "nothere"],
    "a file where a store should be": ["store", "claims.toml"],
    "a run that is not there, compared": ["compare", "nothere", "harsh"],
    "a run that is not there, merged": ["merge", "nothere"],
    "a pilot that is not there": ["plan", "--pilot", "nothere"],
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_or_written_is_one_line(folder, monkeypatch, capsys, case):
    monkeypatch.chdir(folder.path)
    assert main(REFUSED[case]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("words", [["compare", "tampered", "gentle"], ["merge", "tampered"], ["verify", "tampered"]])
def test_a_run_that_does_not_verify_does_not_hold(folder, monkeypatch, words):
    monkeypatch.chdir(folder.path)
    assert main(words) == 1


@pytest.mark.parametrize(("door", "code"), [(door, code) for door, codes in SCENARIOS.items() for code in codes])
def test_each_code_occurs(folder, monkeypatch, capsys, door, code):
    monkeypatch.chdir(folder.path)
    try:
        found = SCENARIOS[door][code](folder)
    except SystemExit as refused:
        found = refused.code
    assert found == code
    if code == 4:
        lines = [line for line in capsys.readouterr().err.splitlines() if "editproof: " in line]
        assert len(lines) <= 1, lines

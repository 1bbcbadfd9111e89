"""Version against version: its own bundle, verified like any other; margins that nobody gave make it exploratory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from editproof.audit.comparing import compared
from editproof.audit.publication import deliver
from editproof.audit.verification import faults
from editproof.cli import main
from editproof.errors import EvidenceError
from editproof.evidence.bundle import loaded
from editproof.types import Outcome

from tests.audit import study
from tests.audit.test_changes import copy_of, forged
from tests.records import replace

MARGINS = {"BA-1": 1.5, "REL-1": 0.2, "SX-1": 0.5}


@pytest.fixture(scope="module")
def folders(remembered, tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("versions")
    return {
        name: deliver(study.locked(study.evidence(tools=(name,))), root / name).parent for name in ("gentle", "harsh")
    }


@pytest.fixture(scope="module")
def runs(folders):
    return {name: loaded(folder) for name, folder in folders.items()}


def test_no_worse_and_worse(runs, tmp_path):
    same = compared(runs["gentle"], runs["gentle"], MARGINS)
    assert (same.outcome.value, same.label, same.departures) == ("PASS", "CONFIRMATORY", ())
    worse = compared(runs["harsh"], runs["gentle"], MARGINS)
    assert worse.outcome.value == "FAIL"
    assert worse.verdicts[0].because.startswith("No part of the interval")
    better = compared(runs["gentle"], runs["harsh"], MARGINS)
    assert better.verdicts[0].outcome.value == "PASS"
    assert better.verdicts[0].criterion.required == "at most 1.5 months"


def test_an_invalid_run_proves_nothing(runs):
    blind = replace(runs["gentle"], editors=tuple(replace(e, outcome=Outcome.INVALID) for e in runs["gentle"].editors))
    made = compared(runs["gentle"], blind, MARGINS)
    assert made.outcome is Outcome.INVALID
    assert made.reason.startswith("Nothing can be compared with an invalid run: 2026")


def test_a_margin_that_nobody_gave_is_a_placeholder(runs):
    made = compared(runs["gentle"], runs["gentle"], {}, share=0.5)
    assert made.facts.claims[0].margin == 1.0
    assert made.verdicts[0].criterion.source == "placeholder: 0.5 of the margin of BA-1"
    assert made.label == "EXPLORATORY"
    assert "the margin of BA-1 is a placeholder" in made.departures


def test_what_is_not_the_same_frozen_set_is_refused(runs):
    gentle, harsh = runs["gentle"], runs["harsh"]
    for other, words in (
        (replace(harsh, protocol={**harsh.protocol, "dataset": "beef"}), "they differ in dataset: beef and cafe"),
        (replace(harsh, protocol={**harsh.protocol, "plan": {**harsh.protocol["plan"], "repeats": 9}}), "plan.repeats"),
        (replace(harsh, protocol={**harsh.protocol, "instruments": {}}), "differ in instruments"),
        (replace(harsh, shard="1/2"), "holds part 1/2 of the cohort alone"),
    ):
        with pytest.raises(EvidenceError, match=words):
            compared(other, gentle, MARGINS)
    with pytest.raises(EvidenceError, match="has no such primary criterion"):
        compared(gentle, gentle, {"BA-9": 1.0})


def test_its_bundle_verifies_and_no_claim_in_it_can_be_changed(runs, tmp_path):
    made = compared(runs["harsh"], runs["gentle"], MARGINS)
    folder = deliver(made, tmp_path).parent
    assert list(faults(folder)) == []
    page = (folder / "report.html").read_text()
    assert "Is the new version no worse than the old one?" in page
    for number, (path, value, field) in enumerate((
        (("findings", "verdicts", 0, "outcome"), "PASS", "findings.verdicts[0].outcome"),
        (("findings", "verdicts", 0, "estimate", "high"), 0.1, "findings.verdicts[0].estimate.high"),
        (("facts", "claims", 0, "margin"), 99.0, "findings.verdicts[0].outcome"),
        (("facts", "claims", 0, "source"), "a guideline", "findings.verdicts[0].criterion.source"),
        (("findings", "outcome"), "PASS", "findings.outcome"),
        (("findings", "label"), "EXPLORATORY", "findings.label"),
        (("facts", "old", "protocol"), "00", "findings.protocol.runs[0]"),
    )):  # fmt: skip
        (tmp_path / str(number)).mkdir()
        copy = copy_of(folder, tmp_path / str(number))
        record = json.loads((copy / "evidence.json").read_text())
        place = record
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        (copy / "evidence.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        forged(copy)
        assert any(fault.startswith(f"evidence.json: {field}") for fault in faults(copy)), field


def test_compare_and_merge_on_the_command_line(folders, tmp_path, capsys):
    words = ["--reports", str(tmp_path), *(f"--margin={name}={value}" for name, value in MARGINS.items())]
    assert main(["compare", str(folders["gentle"]), str(folders["harsh"]), *words]) == 1
    out = capsys.readouterr().out
    assert "<FAIL BA-1: MAE drift, new less old = +" in out
    page = Path(out.splitlines()[-1])
    assert main(["verify", str(page.parent)]) == 0
    assert main(["report", str(page.parent)]) == 0
    assert main(["compare", str(folders["gentle"]), str(folders["harsh"]), "--margin", "BA-1"]) == 4
    assert "it is no ID=VALUE" in capsys.readouterr().err
    assert main(["compare", str(folders["gentle"]), str(folders["gentle"]), *words]) == 4
    assert "are one run" in capsys.readouterr().err
    assert main(["compare", str(folders["gentle"]), str(folders["harsh"]), "--margin", "BA1=1"]) == 4
    assert "Did you mean BA-1?" in capsys.readouterr().err
    beside = tmp_path / "run-certificate.html"
    beside.write_text("a form of a report")
    assert main(["verify", str(page.parent), str(beside)]) == 0
    assert "is a file, not a run, and was left out" in capsys.readouterr().err
    assert main(["verify", str(beside)]) == 4
    capsys.readouterr()
    assert main(["merge", str(folders["gentle"]), str(folders["harsh"]), "--reports", str(tmp_path)]) == 4
    assert "they differ in lock" in capsys.readouterr().err

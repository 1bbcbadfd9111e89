"""The command after a run: verify finds what does not hold, report renders the same page again."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from editproof.cli import main
from editproof.evidence.bundle import seal
from editproof.evidence.measurements import EDITED, POOLED, measurements_of

ARGUMENTS = ("--dataset", "blobs", "--jobs", "1", "--editor", "tools.py:older")


@pytest.fixture
def run(lab) -> Path:
    lab.runpytest_subprocess(*ARGUMENTS)
    return next((lab.path / "reports").iterdir())


def edited_record(run: Path, change) -> None:
    path = run / "evidence.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    seal(run, [])


def test_verify_and_report(run, capsys):
    page = (run / "report.html").read_bytes()
    assert b"Does not conform" in page
    assert main(["verify", str(run)]) == 0
    assert "all 4 verdicts follow from the measurements" in capsys.readouterr().out
    (run / "report.html").unlink()
    assert main(["report", str(run)]) == 0
    assert (run / "report.html").read_bytes() == page, "drawn anew, of the record alone"
    capsys.readouterr()
    assert main(["report", str(run), "--format", "markdown"]) == 0
    assert "❌ FAIL | BA\\-1 MAE drift" in capsys.readouterr().out

    def whitewash(record):
        record["findings"]["tools"][0]["verdicts"][0]["outcome"] = "PASS"

    def widen(record):
        record["facts"]["tools"][0]["claims"][0]["criterion"]["high"] = 99.0

    def improve(record):
        record["findings"]["tools"][0]["verdicts"][0]["estimate"]["value"] = 0.5

    def acquit(record):
        record["findings"]["tools"][0]["outcome"] = "PASS"

    def smuggle(record):
        record["facts"]["tools"][0]["claims"][0]["criterion"]["specification"] = {"name": "getcwd", "arguments": {}}

    original = (run / "evidence.json").read_text()
    for change, words in (
        (whitewash, '.outcome (_older, BA-1 in all) is "PASS", the facts give "FAIL"'),
        (widen, 'is "FAIL", the facts give "PASS"'),
        (improve, "estimate.value (_older, BA-1 in all) is 0.5"),
        (acquit, 'findings.tools[0].outcome (_older) is "PASS", the facts give "FAIL"'),
        (smuggle, "estimand 'getcwd' is not known here"),
    ):
        edited_record(run, change)
        assert main(["verify", str(run)]) == 1, change.__name__
        assert words in capsys.readouterr().out
        (run / "evidence.json").write_text(original)
    seal(run, [])
    assert main(["verify", str(run)]) == 0


def test_what_is_no_run_is_said(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 1
    assert "manifest.json" in capsys.readouterr().out
    assert main(["report", str(tmp_path)]) == 4
    assert "evidence.json cannot be read" in capsys.readouterr().err


def test_a_key_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["verify", str(tmp_path), "--public-key", str(tmp_path / "none.pem")]) == 4
    assert "it cannot be read (No such file or directory). Name a PEM file." in capsys.readouterr().err


def test_a_record_nested_without_end_is_one_line(tmp_path, capsys):
    (tmp_path / "evidence.json").write_text("[" * 100_000)
    assert main(["report", str(tmp_path)]) == 4
    assert "evidence.json cannot be read" in capsys.readouterr().err


def test_editors_are_listed(capsys):
    assert main(["editors"]) == 0
    out = capsys.readouterr().out
    assert "opencv-telea" in out
    assert "identity" in out


def test_plan_from_sds_and_from_a_pilot(run, capsys):
    assert main(["plan", "--between", "8", "--repeats", "1"]) == 0
    assert "patients for 90 % power at that margin of 2: 139" in capsys.readouterr().out
    assert main(["plan", "--pilot", str(run), "--n", "100"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"MAE drift of bone_age by _older in {run}, in months\n")
    assert "none suffice; the drift is not below it" in said
    assert main(["plan"]) == 4
    assert "neither a pilot nor an SD" in capsys.readouterr().err


def test_a_pilot_without_a_continuous_reading_is_told(monkeypatch, capsys):
    measured = measurements_of(
        "fill",
        [{"case": "a", "patient": "a"}],
        [("a", EDITED, 0, POOLED, "sex", 0.5, "probability")],
        [("a", 0, "ok", "")],
    )
    editor = SimpleNamespace(card=SimpleNamespace(name="fill"), measurements=measured)
    monkeypatch.setattr("editproof.evidence.bundle.loaded", lambda _: SimpleNamespace(editors=[editor]))
    assert main(["plan", "--pilot", "somewhere"]) == 4
    assert "no continuous reading of the edits of fill" in capsys.readouterr().err

"""The command after a run: verify finds what does not hold, report renders the same page again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import editproof
import pytest
from editproof.cli import GROUPS, editing, judging, main, planning, running
from editproof.evidence.bundle import seal

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
    assert main(["verify", str(tmp_path)]) == 4
    assert "no run is there" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 4
    assert "no run is there" in capsys.readouterr().err


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
    said = capsys.readouterr().out
    assert 0.7 < float(said.partition("power ")[2].split()[0]) < 0.95
    assert 200 < int(said.partition("90 % power: ")[2].split()[0]) < 260
    assert main(["plan", "--pilot", str(run), "--n", "100", "--draws", "10"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("10 studies of 100 patients drawn from the 30 of _older\n")
    assert "  BA-1: passes in 0 %; not in 90 % with 1200\n" in said
    assert "  REL-1: passes in 100 %\n" in said
    assert said.endswith("all primary claims: in 0 %\n")
    assert main(["plan"]) == 4
    assert "neither a pilot nor an SD" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--n", "0"], ["--draws", "0"], ["--lost", "1"], ["--editor", "nobody"]])
def test_a_plan_that_cannot_be_made_is_one_line(run, capsys, wrong):
    assert main(["plan", "--pilot", str(run), *wrong]) == 4
    said = capsys.readouterr().err
    assert said.startswith("editproof: a plan")
    assert said.count("\n") == 1


def test_a_bare_call_lists_every_verb_in_its_group(capsys):
    assert main([]) == 0
    told = capsys.readouterr().out
    for heading in GROUPS:
        assert f"\n{heading}:\n" in told
    assert "  lock  " in told


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["lok"], "'lok' is none of demo, init, dataset, plan, lock"),
        (["verfy", "reports"], "Did you mean verify?"),
        (["dataset", "indx", "x"], "Did you mean index?"),
        (["--verbose"], "unknown arguments: --verbose"),
        (["verify", "--public-kye=x", "RUN"], "Did you mean --public-key?"),
        (["report", "RUN", "--format", "mardown"], "Did you mean markdown?"),
        (["edit", "--editor", "identity", "--edits", "reus"], "Did you mean reuse?"),
        (["run", "--jobs", "two"], "argument --jobs: invalid int value: 'two'"),
    ],
)
def test_a_misspelt_verb_is_one_line_with_the_nearest(capsys, words, found):
    try:
        code = main(words)
    except SystemExit as refused:  # by argparse, where it is there that a word is known
        code = refused.code
    assert code == 4
    [line] = capsys.readouterr().err.splitlines()
    assert found in line


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["run", "--suite", "Removl"], "Did you mean removal?"),
        (["judge", "readings.csv", "--suite", "reader"], "Did you mean readers?"),
        (["instrument", "phantm"], "Did you mean phantom?"),
        (["probe", "opencv-telae"], "Did you mean opencv-telea?"),
        (["dataset", "index", "fodler:images"], "Did you mean folder?"),
        (["init", "--task", "removl"], "Did you mean removal?"),
        (["compare", "old", "new"], "evidence in old: no run is there"),
    ],
)
def test_a_misspelt_name_is_one_line_with_the_nearest(tmp_path, monkeypatch, capsys, words, found):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 4
    [line] = capsys.readouterr().err.splitlines()
    assert found in line


def test_words_that_are_compared_are_compared_in_one_place():
    source = Path(editproof.__file__).parent
    compare = {
        path.relative_to(source).as_posix() for path in source.rglob("*.py") if "difflib" in path.read_text("utf-8")
    }
    assert compare == {"core/nearest.py"}


@pytest.fixture
def handed(monkeypatch) -> list[str]:
    """The words that a verb hands on to pytest, which is not called."""
    words: list[str] = []
    for module in (editing, judging, planning, running):
        monkeypatch.setattr(module, "run_pytest", lambda given: words.extend(given) or 0)
    return words


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["run", "--editor", "identity", "--suite", "removal", "-k", "sex", "-x"],
         ["--pyargs", "editproof.suites.removal", "--editor=identity", "-k", "sex", "-x"]),
        (["judge", "x.csv", "--lock", "l.json", "--suite", "removal", "--", "--reports=X", "--suite"],
         ["--lock=l.json", "--reports=X", "--suite"]),
        (["edit", "--editor", "identity", "--dry-run", "--store=x"],
         ["--edit-only", "--edit-estimate", "--editor=identity", "--store=x"]),
        (["lock", "--editor", "identity", "--for-gate", "l.json", "claims.toml", "--repeats", "2"],
         ["-q", "--write-lock", "l.json", "--lock-for-gate", "--editor=identity", "--repeats=2", "claims.toml"]),
    ],
)  # fmt: skip
def test_options_of_a_verb_and_of_a_run_come_in_any_order(handed, words, found):
    assert main(words) == 0
    assert handed[-len(found) :] == found


def test_a_misspelt_option_of_a_run_is_one_line_with_the_nearest(tmp_path):
    """Once every plug-in has said which options it has; of pytest alone, it is pytest's to say."""
    called = [sys.executable, "-m", "editproof.cli", "run", "--suite", str(tmp_path), "--editr", "identity"]
    done = subprocess.run(called, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    [line] = filter(None, done.stderr.splitlines())
    assert "option --editr" in line
    assert "Did you mean --editor?" in line


@pytest.mark.parametrize("verb", ["edit", "lock", "run", "judge"])
def test_help_of_a_verb_that_runs_pytest_lists_the_options_of_a_run(capsys, verb):
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert "--editor SPEC" in told
    assert "--max-cost USD" in told


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"editproof {version('editproof')}\n"


def test_a_console_without_a_tick_is_written_to(run):
    """A console of cp1252 has no tick; what is printed is UTF-8 whatever the console says."""
    cp1252 = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    plain = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for variables, words, code, found in (
        (cp1252, ["report", str(run), "--format", "markdown"], 0, "❌"),
        (plain, ["report", str(run), "--format", "markdown"], 0, "❌"),
        (
            cp1252,
            ["run", "--suite", "removal", "--editor", "é✓", "--dataset", "phantom:n=1"],
            4,
            "é✓",
        ),  # pytest says it
    ):
        done = subprocess.run(
            [sys.executable, "-m", "editproof.cli", *words], env=variables, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr.decode()
        assert found in (done.stdout + done.stderr).decode("utf-8")

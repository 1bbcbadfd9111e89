"""``editproof init``: short files that run, and nothing written over."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from editproof.cli import main
from editproof.cli.scaffold import ASKED
from editproof.criteria.claim_tables import claims_from
from editproof.evidence.protocol import read_register
from editproof.study.scaffold_tasks import READERS, TASKS
from editproof.study.study_file import read_study

LONGEST = 120
SHORT = ("-p", "editproof.pytest_plugin.short")

FILES = {"study.toml", "claims.toml", "register.toml", ".gitignore", ".github/workflows/conformance.yml"}


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("task", TASKS)
def test_each_file_is_short_readable_and_sound(tmp_path, monkeypatch, task, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--task", task, "--modality", "hand radiographs"]) == 0
    assert capsys.readouterr().out.count("\n") < 15
    assert files_in(tmp_path) == FILES | ({"questions.toml"} if task == READERS else {"tool.py"})
    for name in files_in(tmp_path) - {"claims.toml"}:
        lines = (tmp_path / name).read_text().splitlines()
        assert len(lines) <= 36, name
        assert max(map(len, lines)) <= LONGEST + 20, name
    study, register = read_study(tmp_path / "study.toml"), read_register(tmp_path / "register.toml")
    assert "hand radiographs" in study.name
    claims = [claim.criterion for claim in claims_from(tmp_path / "claims.toml")]
    assert {claim.requirement for claim in claims} == set(register["requirements"])
    assert {claim.hazard for claim in claims} == set(register["hazards"])
    assert all(claim.source.startswith("placeholder") for claim in claims)
    assert any(claim.role == "primary" for claim in claims)


@pytest.mark.parametrize("task", [task for task in TASKS if task not in ("removal", READERS)])
def test_what_it_writes_runs(pytester, task):
    """Of removal, tests/docs/test_gate.py shows it."""
    assert main(["init", str(pytester.path), "--task", task]) == 0
    cohort = tomllib.loads((pytester.path / "study.toml").read_text())["cohort"].replace("n=120", "n=6")
    result = pytester.runpytest_inprocess(
        *SHORT, "claims.toml", "--study", "study.toml", "--dataset", cohort, "--jobs", "1"
    )
    (record,) = pytester.path.glob("reports/*/evidence.json")
    told = json.loads(record.read_text())
    judged = {claim["criterion"]["id"] for tool in told["facts"]["tools"] for claim in tool["claims"]}
    assert judged == {claim.criterion.id for claim in claims_from(pytester.path / "claims.toml")}
    assert told["findings"]["incomplete"] == []
    assert result.ret in (0, 1, 9)


def test_a_study_of_readers_says_what_it_lacks(pytester):
    assert main(["init", str(pytester.path), "--task", READERS]) == 0
    result = pytester.runpytest_inprocess(*SHORT, "claims.toml", "--study", "study.toml")
    assert result.ret == 4
    (said,) = [line for line in result.stderr.lines + result.stdout.lines if "editproof: " in line]
    assert "RD-1" in said
    assert "editproof judge READINGS" in said


def test_a_misspelt_cohort_is_named_before_the_instrument_that_it_lacks(pytester):
    pytester.makepyfile(test_claim="def test_claim(study): ...\n")
    result = pytester.runpytest_inprocess(*SHORT, "--dataset", "fantom", "--editor", "identity")
    assert result.ret == 4
    (said,) = [line for line in result.stderr.lines if "editproof: " in line]
    assert "Did you mean phantom?" in said


def test_flags_say_what_is_judged_and_claims_are_on_what_the_instrument_reads(tmp_path, capsys):
    (tmp_path / "reader.py").write_text(
        "from editproof.types import InstrumentCard, Quantity\n"
        "class Reader:\n"
        "    card = InstrumentCard('heart', 'width', (Quantity('heart_width', 'mm'),), 1, {}, 'none', 'none',\n"
        "                          floors={'heart_width': {'mae_at_most': 8}})\n"
        "    def predict(self, images, references): return {}\n"
        "def make(): return Reader()\n"
    )
    words = ["--tool", "sharp=cmd:true {image} {output}", "--instrument", f"{tmp_path / 'reader.py'}:make"]
    assert (
        main(
            ["init", str(tmp_path / "new"), "--task", "removal", *words, "--dataset", "folder:chest", "--ci", "gitlab"]
        )
        == 0
    )
    assert files_in(tmp_path / "new") == {"study.toml", "claims.toml", "register.toml", ".gitignore", ".gitlab-ci.yml"}
    told = tomllib.loads((tmp_path / "new" / "study.toml").read_text())
    assert (told["editors"], told["cohort"]) == (["sharp=cmd:true {image} {output}"], "folder:chest")
    claims = {claim.criterion.id: claim.criterion for claim in claims_from(tmp_path / "new" / "claims.toml")}
    assert claims["ACC-1"].estimand.quantity == "heart_width"
    assert claims["ACC-1"].region.high == 2  # a quarter of the floor
    assert "AUC-1" not in claims


def test_nothing_is_written_over(tmp_path, capsys):
    (tmp_path / "study.toml").write_text("mine")
    assert main(["init", str(tmp_path), "--task", "removal"]) == 4
    assert "study.toml is there already" in capsys.readouterr().err
    assert files_in(tmp_path) == {"study.toml"}
    (tmp_path / "study.toml").unlink()
    (tmp_path / ".gitignore").write_text("mine\n")
    assert main(["init", str(tmp_path), "--task", "removal"]) == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert ".gitignore was left as it is; let it have: .editproof/ reports/" in capsys.readouterr().out


def test_what_is_wrong_is_one_line_and_writes_nothing(tmp_path, capsys):
    assert main(["init", str(tmp_path), "--task", "removing"]) == 4
    assert "no such task. Did you mean removal? Name one of removal, " in capsys.readouterr().err
    assert main(["init", str(tmp_path), "--task", "removal", "--instrument", "none/card.json"]) == 4
    assert capsys.readouterr().err.count("\n") == 1
    assert not files_in(tmp_path)


def test_at_a_terminal_it_asks_for_what_no_flag_says(tmp_path, monkeypatch, capsys):
    asked: list[str] = []
    answers = {"task": "synthesis", "modality": "brain MRI"}

    def answer(question: str) -> str:
        asked.append(next(name for name, (words, _) in ASKED.items() if question.startswith(words)))
        return answers.get(asked[-1], "")

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("editproof.cli.scaffold._at_a_terminal", lambda: True)
    assert main(["init", str(tmp_path), "--tool", "opencv-median"]) == 0
    assert asked == ["task", "modality", "dataset", "instrument"]
    told = tomllib.loads((tmp_path / "study.toml").read_text())
    assert (told["task"], told["name"], told["editors"]) == (
        "translation",
        "Translation of brain MRI",
        ["opencv-median"],
    )

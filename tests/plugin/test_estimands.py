"""A user's own estimand: locked, judged, compared and verified as a built-in one is, or refused before the first edit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from editproof.evidence.bundle import seal

from tests.records import flat

OWN = '''
"""Estimands of this repository."""

import numpy as np
from editproof import Estimand, estimand

from bounds import SMALLEST


@estimand
def relative_change(quantity, *, at_least=1.0, arm="edited", instrument="pooled", missing="worst_case"):
    """Mean size of the change of the reading, as a share of the original's reading."""
    return Estimand(
        name="relative change", quantity=quantity, statistic=_Relative(max(at_least, SMALLEST)), needs={"original"},
        arm=arm, instrument=instrument, missing=missing, ideal=0.0,
    )


class _Relative:
    def __init__(self, at_least):
        self.at_least = at_least

    def __call__(self, readings):
        size = np.maximum(self.at_least, np.abs(readings.original))[:, None]
        return readings.mean_of(np.abs(readings.changes) / size, readings.unmoved)
'''

HOOK = """
import own

def pytest_editproof_estimands():
    return [own.relative_change]
"""

SUITE = """
from editproof import Criterion, at_most, recalibrated, repeat_sd
import own

RELATIVE = Criterion("REL-1", own.relative_change("bone_age"), at_most(0.05), source="placeholder: a test")
STEADY = Criterion("REP-1", recalibrated(repeat_sd("bone_age")), at_most(99.0), source="placeholder: a test")

def test_relative(study, judge):
    assert judge(RELATIVE, study)

def test_steady(study, judge):
    assert judge(STEADY, study)
"""

ARGUMENTS = ("--dataset", "blobs", "--jobs", "1")


@pytest.fixture
def own(lab: pytest.Pytester) -> pytest.Pytester:
    """The small study with an estimand of its own, and a suite that claims it."""
    lab.makepyfile(own=OWN, bounds="SMALLEST = 1.0\n", test_suite=SUITE)
    conftest = lab.path / "conftest.py"
    conftest.write_text(conftest.read_text() + HOOK)
    return lab


def command(lab: pytest.Pytester, *words: object) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, outside the study's folder."""
    return subprocess.run(
        [sys.executable, "-m", "editproof.cli", *map(str, words)], cwd=lab.path.parent, capture_output=True, text=True
    )


def judged(lab: pytest.Pytester, reports: str, editor: str, *words: str) -> tuple[int, Path]:
    """Exit code and folder of a run."""
    result = lab.runpytest_subprocess(*ARGUMENTS, "--reports", reports, "--editor", editor, *words)
    [folder] = (lab.path / reports).iterdir()
    return int(result.ret), folder


def no_edit_was_made(lab: pytest.Pytester) -> bool:
    return not list(lab.path.glob(".editproof/**/attempts.jsonl")) and not (lab.path / "reports").exists()


@pytest.mark.slow
def test_an_own_estimand_is_locked_judged_verified_and_compared(own):
    tools = ("--editor", "tools.py:grainy", "--editor", "tools.py:older")
    assert own.runpytest_subprocess(*ARGUMENTS, *tools, "--write-lock", "lock.json").ret == 0
    ret, good = judged(own, "good", "tools.py:grainy", "-n", "2")
    record = flat(json.loads((good / "evidence.json").read_text()))
    assert (ret, record["outcome"]) == (1, "INCONCLUSIVE"), (
        "of equal repeats 299 patients would settle it; it is not INVALID"
    )
    assert {v["criterion"]["id"] for v in record["validity"]} >= {"CTRL-identity", "CTRL-destructive", "CTRL-readings"}
    locked = json.loads((own.path / "lock.json").read_text())["protocol"]["estimands"]
    assert record["protocol"]["estimands"] == locked
    assert list(locked) == ["relative_change"]
    ret, bad = judged(own, "bad", "tools.py:older")
    assert ret == 1

    unknown = command(own, "verify", good)
    assert unknown.returncode == 1
    [line] = unknown.stdout.splitlines()
    assert line.startswith("evidence.json: estimand 'relative_change' is not known here")
    assert line.endswith("--trust FILE.py")
    assert locked["relative_change"] in line
    file = own.path / "own.py"
    for verb in (
        ("verify", good),
        ("report", good),
        ("sign", good, "--key", "none", "--signer", "n", "--meaning", "m"),
    ):
        trusted = command(own, *verb, "--trust", file)
        assert (trusted.returncode == 0) is (verb[0] != "sign"), trusted.stderr
        assert "does not verify" not in trusted.stdout + trusted.stderr
    compared = command(own, "compare", good, bad, "--reports", own.path / "compared", "--trust", file)
    assert "relative change, new less old = +" in compared.stdout
    assert "FAIL: Worse. 1 of 2 primary criteria failed: REL-1." in compared.stdout, compared.stdout
    [folder] = (own.path / "compared").iterdir()
    assert command(own, "verify", folder).returncode == 1
    assert command(own, "verify", folder, "--trust", file).returncode == 0
    assert "not known here" in command(own, "compare", good, bad).stderr

    (own.path / "bounds.py").write_text("SMALLEST = 2.0\n")
    changed = command(own, "verify", good, "--trust", file)
    [line] = changed.stdout.splitlines()
    assert line.startswith("evidence.json: estimand 'relative_change' has the sha256 ")
    _, departed = judged(own, "again", "tools.py:grainy", "--lock", "lock.json")
    found = flat(json.loads((departed / "evidence.json").read_text()))["departures"]
    assert any(words.startswith("estimands.relative_change: locked ") for words in found)


@pytest.mark.slow
def test_nothing_of_a_bundle_runs_without_trust(own):
    _, folder = judged(own, "good", "tools.py:fill")
    record = folder / "evidence.json"
    record.write_text(record.read_text().replace('"relative_change"', '"own.relative_change"'))
    seal(folder, ["evidence.json"])
    (own.path / "own.py").write_text("raise SystemExit('it ran')\n")
    found = command(own, "verify", folder)
    assert found.returncode == 1
    assert "it ran" not in found.stdout + found.stderr
    assert "estimand 'own.relative_change' is not known here" in found.stdout
    broken = command(own, "verify", folder, "--trust", own.path / "own.py")
    assert broken.returncode == 4
    assert "does not import (SystemExit: it ran)" in broken.stderr
    none = command(own, "verify", folder, "--trust", own.path / "bounds.py")
    assert "it defines no estimand" in none.stderr


MISTAKES = {
    "not registered": (
        ("conftest.py", "return [own.relative_change]", "return []"),
        "estimand 'relative_change': no estimand of that name is known here.*pytest_editproof_estimands",
    ),
    "claimed twice": (
        ("conftest.py", "return [own.relative_change]", "return [own.relative_change, twin.relative_change]"),
        "estimand 'relative_change': claimed by pytest_editproof_estimands and by pytest_editproof_estimands. Rename",
    ),
    "a built-in name": (
        ("own.py", "def relative_change(", "def mae_drift("),
        "estimand 'mae_drift': claimed by this package and by pytest_editproof_estimands. Rename one of them.",
    ),
    "no factory": (
        ("conftest.py", "return [own.relative_change]", "return [own.Estimand]"),
        "is not a factory marked by @estimand. See pytest_editproof_estimands.",
    ),
    "statistic raises": (
        ("own.py", "return readings.mean_of(", "return 1 / 0 + readings.mean_of("),
        "its statistic raised ZeroDivisionError: division by zero. Mend it",
    ),
    "statistic returns a number": (
        ("own.py", "return readings.mean_of(", "return float("),
        "its statistic raised TypeError",
    ),
    "statistic is not what it was": (
        ("own.py", "self.at_least = at_least", "self.at_least = at_least * np.random.default_rng().uniform(500, 999)"),
        "made again from its card it comes to .* on invented patients",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_before_the_first_edit(own, mistake):
    (name, before, after), words = MISTAKES[mistake]
    own.makepyfile(twin=OWN + "\n# another one\n")
    text = (own.path / name).read_text()
    assert before in text
    (own.path / name).write_text(text.replace(before, after))
    if mistake == "claimed twice":
        own.makepyfile(own=OWN)
        conftest = own.path / "conftest.py"
        conftest.write_text(conftest.read_text().replace("import own\n", "import own\nimport twin\n"))
    if mistake == "a built-in name":
        for file in ("conftest.py", "test_suite.py"):
            (own.path / file).write_text((own.path / file).read_text().replace("relative_change", "mae_drift"))
    result = own.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = [line for line in (*result.outlines, *result.errlines) if "editproof: " in line]
    assert len(said) == 1, said
    result_line = said[0].partition("editproof: ")[2]
    assert re.search(words, result_line), result_line
    assert no_edit_was_made(own)


def test_an_argument_that_no_file_can_hold_is_refused_while_the_suite_is_collected(own):
    suite = own.path / "test_suite.py"
    suite.write_text(
        suite.read_text().replace('("bone_age"), at_most(0.05)', '("bone_age", at_least=float("inf")), at_most(0.05)')
    )
    result = own.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["E *ProtocolError: estimand relative_change(*: inf is not a finite number. Take text,*"]
    )
    assert no_edit_was_made(own)


def test_a_claim_that_is_made_in_the_test_is_refused_there_and_the_rest_is_kept(own):
    (own.path / "conftest.py").write_text((own.path / "conftest.py").read_text().replace("[own.relative_change]", "[]"))
    own.makepyfile(
        test_suite="""
        from editproof import Criterion, at_most, mae_drift
        import own

        DRIFT = Criterion("BA-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test")

        def test_drift(study, judge):
            assert judge(DRIFT, study)

        def test_relative(study, judge):
            judge(Criterion("REL-1", own.relative_change("bone_age"), at_most(1.0), source="placeholder: a test"), study)
        """
    )
    ret, folder = judged(own, "reports", "tools.py:fill")
    assert ret == 1
    record = flat(json.loads((folder / "evidence.json").read_text()))
    assert [v["criterion"]["id"] for v in record["editors"][0]["verdicts"]] == ["BA-1"]
    assert "test_suite.py::test_relative[tools.py:fill] broke before it judged" in record["incomplete"]
    assert command(own, "verify", folder).returncode == 0

"""The pages of the suites: every claim is in the table, and the study can be locked. `tests.docs.worked` makes the runs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from editproof.core import records
from editproof.evidence.protocol import read_lock
from editproof.study.study_file import read_study

from tests.docs.worked import ROOT, WORKED

pages = pytest.mark.parametrize("worked", WORKED, ids=[worked.page for worked in WORKED])


@pages
def test_every_claim_of_the_suite_is_in_the_table_with_an_outcome_for_each_tool(worked):
    assert sorted(row[0] for row in worked.rows) == worked.claims
    for row in worked.rows:
        assert len(row) == 1 + len(worked.tools), row
        assert all(any(word in cell for word in ("PASS", "FAIL", "INCONCLUSIVE")) for cell in row[1:]), row


@pages
def test_one_tool_passes_and_one_fails_by_name(worked):
    assert {"PASS", "FAIL"} == set(worked.tools.values())
    assert all(name in worked.text for name in worked.tools)


@pages
@pytest.mark.slow
def test_the_study_is_locked_as_its_file_says(worked, tmp_path):
    """The suite is judged under its own study file, with a cohort of 8 patients, so that this takes seconds."""
    study = read_study(ROOT / worked.study / "study.toml")
    small = study.cohort.replace("n=100", "n=8") if "n=100" in study.cohort else f"{study.cohort}:?n=8"
    lock = tmp_path / "lock.json"
    command = [sys.executable, "-m", "editproof.cli", "lock", lock, worked.study, "--dataset", small]
    done = subprocess.run(
        [*map(str, command), "--store", str(tmp_path / "store")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    protocol = records.json_of_record(read_lock(lock).protocol)
    assert sorted(protocol["claims"]) == worked.claims
    assert protocol["plan"]["prompt"] == study.prompt
    assert protocol["study"]["task"] == study.task
    assert set(protocol["editors"]) == set(worked.tools)

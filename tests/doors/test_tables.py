"""The worked example of ``docs/tables.md`` runs as it is, without this checkout, and prints what the page says."""

from __future__ import annotations

import re

import pytest

from tests.doors.outside import ROOT, write_files

PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall(r"^```python table\.py\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(PRINTED,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

OF_A_RUN = {"pytest", "torch", "PIL", "editproof.study", "editproof.editing", "editproof.editors", "editproof.datasets"}


def test_the_page_shows_what_its_example_prints(run_outside, tmp_path):
    write_files(tmp_path, {"table.py": SCRIPT})
    done = run_outside(tmp_path, "table.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == PRINTED


def test_a_table_is_decided_without_what_a_run_needs(run_outside, tmp_path):
    write_files(tmp_path, {"table.py": SCRIPT + "\nimport sys\nprint(*sys.modules)\n"})
    loaded = run_outside(tmp_path, "table.py").stdout.splitlines()[-1].split()
    assert "editproof.criteria" in loaded
    assert not OF_A_RUN & set(loaded)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('mae_drift("bone_age"', 'mae_drift("bone_size"', "there are bone_age"),
        ('"reference:bone_age": ', '"reference:age": ', "the cohort has none"),
        ('where("sex=M")', 'where("six=M")', "the cohort knows sex"),
        ("source=SOURCE", "source=''", "no source of its limit"),
    ],
)
def test_a_mistake_in_a_table_or_claim_is_named(run_outside, tmp_path, right, wrong, said):
    assert right in SCRIPT
    write_files(tmp_path, {"table.py": SCRIPT.replace(right, wrong)})
    done = run_outside(tmp_path, "table.py")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("editproof.errors.ProtocolError: ")
    assert said in done.stderr.splitlines()[-1]


def test_what_the_page_says_of_its_verdicts_is_so():
    outcomes = re.findall(r"^<([A-Z]+) ([^: ]+)", PRINTED, re.MULTILINE)
    assert outcomes == [
        ("PASS", "BA-1"), ("PASS", "BA-2"), ("FAIL", "BA-3"), ("INCONCLUSIVE", "REL-1"),
        ("INCONCLUSIVE", "BA-2"), ("PASS", "BA-1"),
    ]  # fmt: skip

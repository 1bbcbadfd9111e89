"""What a test computed in its own process is never trusted: a study that was changed within a test ends the run INVALID."""

from __future__ import annotations

import pytest
from editproof.cli import main

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

FRONT = """
from dataclasses import replace

from editproof import Criterion, at_most, failure_rate, mae_drift

DRIFT = Criterion("BA-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test")
FAILURES = Criterion("REL-1", failure_rate(), at_most(0.2), source="placeholder: a test")

def test_failures(study, judge):
    assert judge(FAILURES, study)

"""
CHANGES = {
    "readings of the originals in place of the edits'": """
    rows = m.rows[m.rows["arm"] != "edited"]
    again = [rows[rows["arm"] == "original"].assign(arm="edited", repeat=k) for k in range(m.n_repeats)]
    m = replace(m, rows=__import__("pandas").concat([rows, *again]))
""",
    "the reference standard moved to the edits": """
    m = replace(m, cases=m.cases.assign(**{"reference:bone_age": m.matrix("bone_age").mean(axis=1)}))
""",
    "the cases in which the tool did best": """
    change = abs(m.matrix("bone_age") - m.matrix("bone_age", "original")).mean(axis=1)
    kept = set(m.cases["case"][change.argsort()[:25]])
    m = replace(m, cases=m.cases[m.cases["case"].isin(kept)], rows=m.rows[m.rows["case"].isin(kept)],
                edits=m.edits[m.edits["case"].isin(kept)])
""",
    "the very tables that the run holds": """
    edited = m.rows["arm"] == "edited"
    before = m.rows[m.rows["arm"] == "original"].set_index(["case", "instrument", "quantity"])["value"]
    places = list(zip(m.rows.loc[edited, "case"], m.rows.loc[edited, "instrument"], m.rows.loc[edited, "quantity"]))
    m.rows.loc[edited, "value"] = [before.get(place, 0.0) for place in places]
""",
    "a control in place of the tool": """
    m = replace(study.controls()["identity"], editor=m.editor)
""",
}
JUDGED = """
def test_drift(study, judge):
    m = study.measurements
{change}
    assert judge(DRIFT, replace(study, measurements=m))
"""


@pytest.mark.parametrize("name", CHANGES)
def test_a_study_changed_within_a_test_proves_nothing(lab, name, capsys):
    lab.makepyfile(test_suite=FRONT + JUDGED.format(change=CHANGES[name]))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    assert result.ret == 9
    assert "was told" in evidence_of(lab)["reason"]
    (run,) = (lab.path / "reports").iterdir()
    assert main(["verify", str(run)]) == 0, "verify comes to the same findings"


def test_the_same_test_without_the_change_is_told_what_the_facts_say(lab):
    lab.makepyfile(test_suite=FRONT + JUDGED.format(change=""))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older")
    assert result.ret == 1
    assert evidence_of(lab)["outcome"] == "FAIL"


def test_a_subgroup_is_no_change(lab):
    lab.makepyfile(test_suite=FRONT + JUDGED.format(change="    m = m.where('bone_age>=1')"))
    result = lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert result.ret == 0


def test_a_tool_that_no_test_judged_makes_the_run_incomplete(lab):
    spared = "    if study.card.name == '_older': return\n"
    lab.makepyfile(
        test_suite=FRONT.replace("    assert judge(FAILURES", f"{spared}    assert judge(FAILURES")
        + JUDGED.format(change=spared)
    )
    tools = ("--editor", "tools.py:fill", "--editor", "tools.py:older")
    assert lab.runpytest_subprocess(*ARGUMENTS, *tools).ret == 1
    evidence = evidence_of(lab)
    assert evidence["outcome"] == "INCONCLUSIVE"
    assert "no claim on _older was judged" in evidence["incomplete"]


def test_a_judgement_of_what_is_no_tool_makes_the_run_incomplete(lab):
    ghost = "    assert judge(DRIFT, replace(study, spec='ghost', measurements=study.controls()['identity']))\n"
    lab.makepyfile(test_suite=FRONT + "def test_drift(study, judge):\n" + ghost)
    assert lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:older").ret == 9, (
        "without the claim the suite is blind"
    )
    assert "a test judged 'ghost', which is no tool of this run" in evidence_of(lab)["incomplete"]

"""A suite written as a table is judged like one in Python: same verdicts, same gaps, same roll call."""

from __future__ import annotations

import json

import pytest
from editproof.audit.verification import faults

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

CLAIMS = """
[defaults]
source = "placeholder: a test"

[[claim]]
id = "BA-1"
estimand = "mae_drift('bone_age', cap=15)"
region = "at most 2"

[[claim]]
id = "BA-2"
estimand = "mae_drift('bone_age', cap=15)"
region = "at most 2"
role = "secondary"
strata = ["sex=F", "sex=M"]

[[claim]]
id = "BA-6"
estimand = "mae_drift('bone_age', cap=15)"
region = "at most 2"
role = "secondary"
strata = ["sex=F", "sex=M"]
family = "holm"

[[claim]]
id = "REL-1"
estimand = "failure_rate"
region = "at most 0.2"
"""
TOOL = ("--editor", "tools.py:fill")


def verdicts(folder):
    (tool,) = evidence_of(folder)["tools"]
    return {(v["criterion"]["id"], v["stratum"]): (v["outcome"], v["estimate"]["high"]) for v in tool["verdicts"]}


@pytest.fixture
def tabled(lab):
    (lab.path / "claims.toml").write_text(CLAIMS)
    return lab


def test_a_table_of_claims_gives_the_verdicts_of_its_twin(tabled):
    assert tabled.runpytest_subprocess("claims.toml", *ARGUMENTS, *TOOL).ret == 0
    of_table = verdicts(tabled)
    (run,) = tabled.path.glob("reports/*")
    assert list(faults(run)) == []
    assert len(of_table) == 6
    assert json.loads((run / "evidence.json").read_text())["facts"]["roll"][0]["criteria"] == ["BA-1"]
    run.rename(tabled.path / "first")
    assert tabled.runpytest_subprocess("test_suite.py", *ARGUMENTS, *TOOL).ret == 0
    twin = verdicts(tabled)
    assert {place: of_table[place] for place in twin} == twin


def test_a_table_is_collected_with_its_folder_and_its_cases_can_be_named(tabled):
    done = tabled.runpytest_subprocess("--collect-only", "-q", "-k", "BA-6", *ARGUMENTS, *TOOL)
    done.stdout.fnmatch_lines(["claims.toml::test_claim*BA-6 (holm)*", "1/*"])


def test_a_deselected_claim_of_a_table_is_missed(tabled):
    assert tabled.runpytest_subprocess("claims.toml", *ARGUMENTS, *TOOL, "-k", "not REL").ret == 1
    assert evidence_of(tabled)["incomplete"][0] == "1 claims were deselected"


def test_another_programs_file_of_that_name_is_left_alone(pytester):
    (pytester.path / "claims.toml").write_text("[insurance]\nclaims = 3\n")
    (pytester.path / "test_plain.py").write_text("def test_plain(): pass\n")
    assert pytester.runpytest_subprocess().ret == 0


def test_a_wrong_table_is_one_line_before_anything_is_measured(tabled):
    (tabled.path / "claims.toml").write_text(CLAIMS.replace("mae_drift", "mae_drifd"))
    done = tabled.runpytest_subprocess("claims.toml", *ARGUMENTS, *TOOL)
    assert done.ret == 4
    done.stderr.fnmatch_lines(["*editproof: claim BA-1 of claims.toml, *Did you mean mae_drift*"])
    assert not list(tabled.path.glob("reports/*"))


def test_readings_alone_are_judged_by_a_table_of_claims(tabled):
    rows = ["case,original,edited,reference"] + [f"{n},{60 + n},{60 + n + (-1) ** n * 0.1},{61 + n}" for n in range(80)]
    (tabled.path / "readings.csv").write_text("\n".join(rows) + "\n")
    (tabled.path / "claims.toml").write_text(CLAIMS.split('[[claim]]\nid = "BA-2"')[0])
    done = tabled.runpytest_subprocess("claims.toml", "--readings=readings.csv", "--readings-quantity=bone_age")
    assert done.ret == 0
    assert verdicts(tabled)["BA-1", "all"][0] == "PASS"


def test_an_estimand_of_ones_own_is_claimed_in_a_table(tabled):
    own = """
from editproof import Estimand, estimand

@estimand
def square_change(quantity: str, *, missing: str = "worst_case") -> Estimand:
    \"\"\"Mean squared change.\"\"\"
    return Estimand(name="squared change", quantity=quantity, unit="", missing=missing, needs={"original"}, ideal=0.0,
                    statistic=_squares, least=0.0, most=100.0)

def _squares(readings):
    return readings.mean_of(readings.changes**2)
"""
    (tabled.path / "own.py").write_text(own)
    conftest = (tabled.path / "conftest.py").read_text()
    hook = "\ndef pytest_editproof_estimands():\n    import own\n    return [own.square_change]\n"
    (tabled.path / "conftest.py").write_text(conftest + hook)
    (tabled.path / "claims.toml").write_text(
        '[[claim]]\nid = "OWN-1"\nsource = "s"\nestimand = "square_change"\narguments = {quantity = "bone_age"}\n'
        'region = "at most 99"\n'
    )
    tabled.runpytest_subprocess("claims.toml", *ARGUMENTS, *TOOL)
    assert verdicts(tabled)["OWN-1", "all"][0] == "PASS"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
@pytest.mark.parametrize("form", ["toml", "csv"])
def test_a_table_of_claims_under_another_name_is_missed(tabled, form, workers):
    if workers:
        pytest.importorskip("xdist", reason="needs pytest-xdist")
    claims = {
        "toml": CLAIMS.replace("BA-1", "HARM-1"),
        "csv": "ID, estimand ,region,source\nHARM-1,failure_rate,at most 0.2,s\n",
    }
    (tabled.path / f"harm_claims.{form}").write_text(claims[form])
    assert tabled.runpytest_subprocess(*ARGUMENTS, *TOOL, *workers).ret == 1
    said = f"harm_claims.{form} holds claims and was not collected; name it *.claims.{form}, or --ignore it"
    assert evidence_of(tabled)["incomplete"] == [said]


def test_tables_that_are_no_forgotten_suite_disturb_nothing(tabled):
    """One that a test file reads, one of another study, one of another program; and any beside a file that is named."""
    (tabled.path / "read.toml").write_text(CLAIMS.replace("BA-", "READ-").replace("REL-", "READ-R"))
    (tabled.path / "test_read.py").write_text("""
import pytest
from editproof.criteria.claim_tables import claims_from

@pytest.mark.parametrize("criterion, strata, family", claims_from("read.toml")[:1])
def test_read(study, judge, criterion, strata, family):
    judge(criterion, study.where(strata[0]))
""")
    (tabled.path / "other").mkdir()
    (tabled.path / "other" / "harm.toml").write_text(CLAIMS)
    (tabled.path / "other" / "study.toml").write_text('schema = "editproof-study/1"\nname = "another"\n')
    (tabled.path / "insurance.toml").write_text("# [[claim]]\nclaims = 3\n")
    (tabled.path / "results.csv").write_text("criterion,estimand\nBA-1,x\n")
    assert tabled.runpytest_subprocess(*ARGUMENTS, *TOOL).ret == 0
    assert evidence_of(tabled)["incomplete"] == []
    (tabled.path / "harm.toml").write_text(CLAIMS)
    assert tabled.runpytest_subprocess("claims.toml", *ARGUMENTS, *TOOL).ret == 0

"""A study's own metric, from the root conftest to verified evidence; each mistake is one line before the first edit."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pandas as pd
import pytest
from editproof.audit.metric_sources import metric_faults
from editproof.cli import main
from editproof.core.callables import module_from_file
from editproof.errors import MetricError
from editproof.evidence.bundle import loaded
from editproof.metrics import METRICS
from editproof.metrics.registry import metrics_in

from tests.plugin.conftest import CONFTEST
from tests.plugin.test_plugin import ARGUMENTS, evidence_of

MINE = """
import numpy as np
from editproof import MetricOutput, metric, shared

@shared
def difference(pair):
    return np.abs(pair.edited.astype(float) - pair.original)

@metric(MetricOutput("mine", unit="levels", unchanged=0.0))
def mine(pair):
    return {f"mine:{region}": difference(pair)[mask].mean() for region, mask in pair.regions.items()}
"""

HOOK = """
import mine

def pytest_editproof_metrics():
    return [mine.mine]
"""

SUITE = """
from editproof import Criterion, at_most, image_metric

MOVED = Criterion("MINE-1", image_metric("mine:protected", worst=100.0, unchanged=0.0), at_most(10.0), source="a test")

def test_moved(study, judge):
    assert judge(MOVED, study)
"""
TOOLS = ("--editor", "tools.py:fill", "--editor", "tools.py:older")


@pytest.fixture
def own_lab(lab):
    """A study whose conftest brings a metric of its own, and whose one claim is on it."""
    lab.makepyfile(mine=MINE, test_suite=SUITE)
    lab.makeconftest(CONFTEST + HOOK)
    return lab


def verdicts(lab):
    return {editor["card"]["name"]: editor["verdicts"][0] for editor in evidence_of(lab)["editors"]}


def known(lab):
    """The study's metric known as ``--trust mine.py`` makes it known."""
    own = metrics_in(module_from_file(lab.path / "mine.py", "a test", MetricError))
    return METRICS.also(own, "--trust mine.py")


def test_locked_judged_and_verified(own_lab, capsys):
    locked = own_lab.runpytest_subprocess(*ARGUMENTS, *TOOLS, "--write-lock", "lock.json")
    assert locked.ret == 0
    digest = json.loads((own_lab.path / "lock.json").read_text())["protocol"]["metrics"]["mine"]
    result = own_lab.runpytest_subprocess(*ARGUMENTS, *TOOLS, "--lock", "lock.json")
    result.assert_outcomes(passed=1, failed=1)
    evidence = evidence_of(own_lab)
    assert evidence["label"] == "CONFIRMATORY"
    assert evidence["protocol"]["metrics"]["mine"] == digest
    judged = verdicts(own_lab)
    assert judged["_fill"]["outcome"] == "PASS"
    harmed = judged["_older"]["estimate"]
    assert judged["_older"]["outcome"] == "FAIL"
    assert 10 < harmed["low"] < harmed["value"] < harmed["high"] < 60
    assert harmed["unit"] == "levels"

    [run] = (own_lab.path / "reports").iterdir()
    page = (run / "report.html").read_text()
    assert "mine, protected" in page
    assert "MINE-1" in page
    capsys.readouterr()
    assert main(["verify", str(run)]) == 0
    said = capsys.readouterr().out
    assert "all 2 verdicts follow from the measurements" in said
    assert said.count("not checked: the source of metric mine, which is not known here") == 1
    trusting = ["verify", str(run), "--trust", str(own_lab.path / "mine.py")]
    assert main(trusting) == 0
    assert "not checked" not in capsys.readouterr().out
    assert "mine" not in METRICS, "known while the command lasts"
    with known(own_lab):
        table = loaded(run)
        assert list(metric_faults(table)) == []
        assert list(metric_faults(in_other_units(table))) == [
            "measurements/0-rows.csv: unit of mine:protected is 'mm', its metric gives 'levels'"
        ]
        assert list(metric_faults(renamed(table))) == [
            "measurements/0-rows.csv: quantity: no metric of the protocol gives other:protected"
        ]
    (own_lab.path / "mine.py").write_text(MINE + "# another source\n")
    sys.modules.pop("mine")  # as in a process of its own
    assert main(trusting) == 1
    [fault] = capsys.readouterr().out.splitlines()
    assert fault.startswith(f"evidence.json: protocol.metrics.mine is {digest[:12]}..., the metric of that name known")


def changed(evidence, column, value):
    first, *others = evidence.facts.tools
    rows: pd.DataFrame = first.measurements.rows.copy()
    rows.loc[rows["quantity"] == "mine:protected", column] = value
    tool = replace(first, measurements=replace(first.measurements, rows=rows))
    return replace(evidence, facts=replace(evidence.facts, tools=(tool, *others)))


def in_other_units(evidence):
    return changed(evidence, "unit", "mm")


def renamed(evidence):
    return changed(evidence, "quantity", "other:protected")


def test_a_changed_metric_is_measured_again_and_departs_from_the_lock(own_lab):
    tool = (*ARGUMENTS, "--editor", "tools.py:older")
    own_lab.runpytest_subprocess(*tool, "--write-lock", "lock.json")
    own_lab.runpytest_subprocess(*tool, "--lock", "lock.json")
    before = evidence_of(own_lab)
    attempts = (own_lab.path / ".editproof" / "attempts.jsonl").read_text().count("_older")
    next((own_lab.path / "reports").iterdir()).rename(own_lab.path / "before")

    (own_lab.path / "mine.py").write_text(MINE.replace(".mean() for", ".mean() * 1.2 for"))
    own_lab.runpytest_subprocess(*tool, "--lock", "lock.json")
    after = evidence_of(own_lab)
    one, other = (evidence["editors"][0]["verdicts"][0]["estimate"]["value"] for evidence in (before, after))
    assert other == pytest.approx(1.2 * one)
    assert (own_lab.path / ".editproof" / "attempts.jsonl").read_text().count("_older") == attempts > 0
    assert (before["label"], after["label"]) == ("CONFIRMATORY", "EXPLORATORY")
    [departure] = after["departures"]
    assert departure.startswith("metrics.mine: locked ")


def test_workers_measure_it_alike(own_lab):
    """Two spawned processes find the metric, in a module of the path and in a conftest that no import leads to."""
    own_lab.runpytest_subprocess(*ARGUMENTS, *TOOLS)
    alone = verdicts(own_lab)
    for folder in ("reports", ".editproof"):
        (own_lab.path / folder).rename(own_lab.path / f"{folder}-alone")
    own_lab.makeconftest(CONFTEST + MINE + "def pytest_editproof_metrics():\n    return [mine]\n")
    options = (*ARGUMENTS[:2], "--jobs", "2", "--import-mode=importlib")
    own_lab.runpytest_subprocess(*options, *TOOLS)
    assert {name: verdict["estimate"] for name, verdict in verdicts(own_lab).items()} == {
        name: verdict["estimate"] for name, verdict in alone.items()
    }


RETURNED = '{f"mine:{region}": difference(pair)[mask].mean() for region, mask in pair.regions.items()}'
MISTAKES = {
    "name taken": ({"def mine(": "def similarity("}, {"mine.mine": "mine.similarity"}, {}, "metric 'similarity': claimed by this package and by"),
    "name claimed twice": ({}, {"[mine.mine]": "[mine.mine, rival.mine]"}, {}, "metric 'mine': claimed by pytest_editproof_metrics and by"),
    "quantity taken": ({'MetricOutput("mine"': 'MetricOutput("ssim"'}, {}, {}, "metric 'mine': ssim:whole is given by metric 'similarity' too"),
    "no metric": ({}, {"[mine.mine]": "[mine.difference]"}, {}, "is not a metric; decorate its function with @metric or @feature"),
    "no unit": ({'unit="levels", ': ""}, {}, {}, "metric 'mine': mine has no unit"),
    "no such region": ({"unchanged=0.0)": 'unchanged=0.0, regions=("hand",))'}, {}, {}, "metric 'mine': mine names region 'hand'"),
    "raises": ({RETURNED: "pair.nosuch"}, {}, {}, "metric 'mine' on case B0: it raised AttributeError"),
    "gives NaN": ({".mean() for": ".mean() * np.nan for"}, {}, {}, "metric 'mine' on case B0: mine:whole is np.float64(nan), which is not a finite number"),
    "gives text": ({RETURNED: '{"mine:whole": "little"}'}, {}, {}, "mine:whole is 'little', which is not a finite number"),
    "gives what it does not declare": ({'f"mine:': 'f"yours:'}, {}, {}, "it gave 'yours:whole', which it does not declare"),
    "claim on no quantity": ({}, {}, {"mine:protected": "mein:protected"}, "no metric gives mein:protected. Did you mean mine:protected"),
    "claim on no region": ({}, {}, {"mine:protected": "mine:protectd"}, "no metric gives mine:protectd. Did you mean mine:protected"),
    "claim on another arm": ({}, {}, {"unchanged=0.0)": 'unchanged=0.0, arm="paste_back")'}, "mine:protected is measured on edited images, not on paste_back ones"),
}  # fmt: skip
"""By what is wrong: what is replaced in the metric's file, in the conftest and in the suite, and what is said."""


@pytest.mark.parametrize(("metric", "conftest", "suite", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_before_the_first_edit(own_lab, metric, conftest, suite, words):
    own_lab.makepyfile(rival=MINE.replace("astype(float)", "astype(int)"))
    sources = {"mine": (MINE, metric), "test_suite": (SUITE, suite)}
    own_lab.makepyfile(**{name: with_changes(*source) for name, source in sources.items()})
    own_lab.makeconftest(CONFTEST + "import rival\n" + with_changes(HOOK, conftest))
    result = own_lab.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill")
    assert result.ret == 4
    [line] = {line for line in [*result.outlines, *result.errlines] if "editproof: " in line and words in line}
    assert "Traceback" not in result.stdout.str() + result.stderr.str(), line
    assert not list(own_lab.path.glob("**/attempts.jsonl"))
    assert not (own_lab.path / "reports").exists()


def with_changes(text, changes):
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text

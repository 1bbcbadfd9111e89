"""Several runs in one call of ``editproof report``: each beside its run, printed forms as one."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from editproof.audit.publication import deliver
from editproof.cli import main

from tests.audit import study


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run that passes and one that does not, of one instant."""
    folder = tmp_path_factory.mktemp("several")
    made = [study.locked(study.evidence((name,))) for name in ("gentle", "harsh")]
    return [str(deliver(run, folder / run.editors[0].card.name).parent) for run in made]


def test_junit_of_several_runs_is_one_document(runs, capsys):
    assert main(["report", *runs, "--format", "junit"]) == 0
    root = fromstring(capsys.readouterr().out)
    names = [suite.get("name", "") for suite in root]
    assert [name.rpartition(": ")[2] for name in names] == ["the run", "gentle", "the run", "harsh"]
    assert [suite.get("id") for suite in root] == ["0", "1", "2", "3"]
    assert [int(suite.get("failures", "0")) > 0 for suite in root] == [False, False, False, True]


def test_markdown_of_several_runs_has_each_with_its_label_level_and_protocol(runs, capsys):
    assert main(["report", *runs, "--format", "markdown"]) == 0
    said = capsys.readouterr().out
    assert (said.count("\n# ") + said.startswith("# "), said.count("Protocol `")) == (2, 2)
    assert "CONFIRMATORY, limits of one\\-sided confidence 95 %. Protocol `" in said
    assert ", lock `" in said


def test_other_forms_go_beside_their_runs(runs, capsys, tmp_path):
    assert main(["report", *runs, "--format", "csv"]) == 0
    assert capsys.readouterr().out.split() == [f"{run}-measurements.csv" for run in runs]
    assert main(["report", *runs, "--format", "csv", "--output", str(tmp_path / "all.csv")]) == 4
    assert "2 runs and one file" in capsys.readouterr().err


def test_a_run_that_does_not_verify_is_left_out_and_said(runs, capsys, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "evidence.json").write_text("{}")
    code = main(["report", runs[0], str(bad), "--format", "junit", "--output", str(tmp_path / "all.xml")])
    said = capsys.readouterr()
    assert code == 4
    assert "evidence" in said.err

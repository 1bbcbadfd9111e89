"""How many readers and cases: powers behave, and the command says what it rests on."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from editproof.cli import main
from editproof.criteria import (
    Criterion,
    at_least,
    at_most,
    mae_drift,
    reader_auc_drift,
    reader_call_changes,
    reader_call_drift,
    reader_drift,
    reader_kappa,
    reader_limits_of_agreement,
    verdict_on,
    within,
)  # fmt: skip
from editproof.criteria.flawless import verdict_on_flawless
from editproof.criteria.reach import beyond_reach, remedy
from editproof.criteria.reader_planning import ReaderPlan, assumed, cases_that_show, components_in_pilot, published
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements

from tests.criteria.test_readers import study

VAN_DYKE = "0.0002,0.00034661,0.00034407,0.00023903,0.00080229"


def claim(made, region):
    return Criterion("H9", made, region, source="an example")


def identical(n: int) -> Measurements:
    """Ratings of edits that are those of their originals."""
    table = study(n)
    originals = table.rows[table.rows["arm"] == "original"]
    return replace(table, rows=pd.concat([originals, originals.assign(arm="edited")], ignore_index=True))


def one_reader(table: Measurements) -> Measurements:
    return replace(table, rows=table.rows[table.rows["instrument"] == "reader:Ana"])


def test_more_readers_and_more_cases_show_more():
    plan = ReaderPlan(assumed(0.1, 1.0, 0.3), margin=0.4)
    table = [[plan.power(readers, cases) for cases in (30, 100, 300)] for readers in (4, 6, 12)]
    assert all(row == sorted(row) for row in table)
    assert all(list(column) == sorted(column) for column in zip(*table, strict=True))
    assert 0.1 < table[0][0] < table[-1][-1] <= 1


def test_equivalence_asks_for_more_and_harm_is_seldom_shown_to_be_none():
    components = assumed(0.1, 1.0, 0.3)
    one = ReaderPlan(components, 0.4).power(4, 100)
    assert ReaderPlan(components, 0.4, equivalence=True).power(4, 100) < one
    assert ReaderPlan(components, 0.4, expected=-0.4).power(4, 100) == pytest.approx(0.05, abs=1e-6)
    assert ReaderPlan(components, 0.4, fixed=True).power(4, 100) > one


def test_a_pilot_says_what_it_says_of_itself():
    pilot = study(80)
    made = claim(reader_auc_drift("nodule"), at_least(-0.1))
    found = components_in_pilot(made, pilot)
    error = made.estimand.estimate(pilot, limits="conventional").notes["standard_error"]
    assert (found.readers, found.patients) == (3, 80)
    assert found.variance() ** 0.5 == pytest.approx(error)
    assert cases_that_show(claim(reader_drift("nodule", least=0, most=10), within(-0.5, 0.5)), pilot) == 59
    assert cases_that_show(claim(reader_drift("nodule"), within(-0.5, 0.5)), pilot) == 0
    with pytest.raises(ProtocolError, match="it is no claim on readers"):
        components_in_pilot(claim(mae_drift("nodule"), at_least(-0.1)), pilot)


def test_published_components_are_read():
    found = published(*map(float, VAN_DYKE.split(",")), 114)
    assert found.own == pytest.approx(2 * (0.00080229 - 0.00034661))
    assert found.shared == pytest.approx(2 * (0.00034407 - 0.00023903))


def test_the_command_prints_a_table(capsys):
    words = ["plan", "--readers", "3,5,8", "--cases", "50,114", "--margin", "0.05"]
    assert main([*words, "--components", VAN_DYKE, "--component-cases", "114"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["readers", "50", "114"]
    assert [line.split()[0] for line in lines[2:5]] == ["3", "5", "8"]
    expected = ReaderPlan(published(*map(float, VAN_DYKE.split(",")), 114), 0.05).power(5, 114)
    assert lines[3].split()[2] == f"{expected:.2f}"
    assert main([*words, "--between", "0.02", "--case-sd", "0.3", "--equivalence"]) == 0
    assert "within the margin either way (0.05)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--readers", "1"], "whole numbers from 2 on are wanted"),
        (["--readers", "3,x"], "whole numbers from 2 on are wanted"),
        (["--readers", "3", "--cases", "5"], "whole numbers from 20 on are wanted"),
        (["--readers", "3", "--margin", "0"], "Give a positive --margin"),
        (["--readers", "3"], "nothing says how readings vary"),
        (["--readers", "3", "--components", "1,2"], "5 numbers are wanted"),
        (["--readers", "3", "--components", VAN_DYKE], "and its --component-cases"),
        (["--readers", "3", "--between", "0.1", "--case-sd", "0"], "--case-sd above 0"),
    ],
)
def test_what_is_wrong_with_a_plan_is_one_line(capsys, more, words):
    assert main(["plan", *more]) == 4
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("made", "region", "said"),
    [
        (reader_drift("nodule", least=0, most=10), within(-0.5, 0.5), "it needs 59 patients."),
        (reader_call_changes("nodule", at=5), at_most(0.1), "it needs 29 patients."),
        (reader_auc_drift("nodule"), at_least(-0.05), "it needs 59 patients of either class."),
        (
            reader_call_drift("nodule", at=5, of="positive"),
            at_least(-0.05),
            "it needs 59 patients of the positive class.",
        ),
    ],
)
def test_a_study_that_cannot_pass_says_what_it_needs_and_with_that_it_passes(made, region, said):
    """The number in the message is the least: one case fewer of the class that counts, and no tool can pass."""
    criterion = claim(made, region)
    needed = int(said.split()[2])
    share = 2 if made.counts else 1  # half of the cases are positive
    enough, few = identical(share * needed), identical(share * (needed - 1))
    assert verdict_on(criterion, enough), "a tool that changes nothing passes with so many"
    verdict = verdict_on(criterion, few)
    assert not verdict
    found = remedy(criterion, verdict)
    assert found
    assert found.sentence == f"With {verdict.estimate.n_patients} patients no tool can pass H9: {said}"


def test_one_reader_passes_only_a_claim_about_that_reader():
    alone = one_reader(identical(80))
    of_all = claim(reader_drift("nodule", least=0, most=10), within(-0.5, 0.5))
    told = remedy(of_all, verdict_on(of_all, alone))
    assert told
    assert told.sentence == (
        "With 1 reader no tool can pass H9: it needs 2 readers (or readers='fixed': a claim about this one alone)."
    )
    assert verdict_on(claim(reader_drift("nodule", least=0, most=10, readers="fixed"), within(-0.5, 0.5)), alone)


@pytest.mark.parametrize(
    ("made", "region"),
    [
        (reader_drift("nodule"), within(-0.5, 0.5)),
        (reader_kappa("nodule", step=1), at_least(0.6)),
        (reader_limits_of_agreement("nodule", side="upper", readers="fixed"), at_most(1)),
    ],
)
def test_what_nothing_bounds_needs_twenty_patients_and_the_control_may_be_alike(made, region):
    """Arms that are alike settle nothing of a tool; the control is alike by its making, and has to pass."""
    criterion = claim(made, region)
    few, enough = identical(19), identical(20)
    found = remedy(criterion, verdict_on(criterion, few))
    assert found
    assert found.sentence == "With 19 patients no tool can pass H9: it needs 20 patients."
    assert not verdict_on(criterion, enough)
    assert verdict_on_flawless(criterion, enough)
    assert not verdict_on_flawless(criterion, few)
    assert not list(beyond_reach([(criterion, "all")], enough))

"""Which claims are asked of readings alone: none that needs what no table holds, and every other one."""

from __future__ import annotations

import pytest
from editproof.criteria import Criterion, at_most
from editproof.criteria.estimand import FLOW, IMAGES
from editproof.criteria.factory import example_of
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.study.tabled import NEED_ARMS, NEED_ENDS, NEED_IMAGES, NEED_TARGETS, TabledRun

from tests.study.tables_of_readings import LONG, Lines, written

ROWS = Lines((("a", 1.0, 1.0), ("b", 2.0, 2.0))).long()


@pytest.fixture
def run(tmp_path):
    return TabledRun(written(tmp_path, ROWS), tmp_path / "store", LONG)


@pytest.mark.parametrize("name", ESTIMANDS.names)
def test_a_claim_is_asked_if_and_only_if_a_table_can_answer_it(run, name):
    estimand = estimand_from(example_of(ESTIMANDS[name]))
    needed = run.cannot_ask(Criterion("X", estimand, at_most(estimand.ideal + 1), source="s"))
    if estimand.scope == IMAGES:
        assert needed == NEED_IMAGES
    elif estimand.scope == FLOW:
        assert needed == NEED_ENDS
    elif estimand.against != ORIGINAL:
        assert needed == NEED_TARGETS
    else:
        assert needed == ("" if estimand.arm in (ORIGINAL, EDITED) else NEED_ARMS)


def test_every_reason_not_to_ask_is_met_by_some_estimand(run):
    made = [estimand_from(example_of(ESTIMANDS[name])) for name in ESTIMANDS.names]
    needs = {run.cannot_ask(Criterion("X", one, at_most(one.ideal + 1), source="s")) for one in made}
    arm = estimand_from(example_of(ESTIMANDS["mae"])).maker(arm="paste_back")
    assert run.cannot_ask(Criterion("X", arm, at_most(1), source="s")) == NEED_ARMS
    assert {NEED_IMAGES, NEED_ENDS, ""} <= needs


@pytest.mark.parametrize("column", ["status", "cohort"])
def test_failures_are_asked_where_ends_are_known(tmp_path, column):
    rows = [f"{row}," for row in ROWS]
    rows[0] = f"{ROWS[0]},status"
    cohort = written(tmp_path, ["case", "a", "b"], "cohort.csv") if column == "cohort" else None
    run = TabledRun(written(tmp_path, rows if column == "status" else ROWS), tmp_path / "store", LONG, cohort)
    failures = estimand_from(example_of(ESTIMANDS["failure_rate"]))
    assert run.cannot_ask(Criterion("X", failures, at_most(0.5), source="s")) == ""

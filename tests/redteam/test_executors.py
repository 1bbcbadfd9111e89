"""Attacks: an executor of somebody else that changes what was measured. Its honest twin is named in the evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from editproof.cli import main
from editproof.study.executors.executor import EXECUTORS, ExecutorKind

from tests.plugin.test_plugin import ARGUMENTS, evidence_of

FILL = (*ARGUMENTS, "--editor", "tools.py:fill")
OWN = ("--editproof-executor", "quick")


class Honest:
    elsewhere = False

    def results(self, work, items, *, jobs):
        yield from map(work.at(work.store), items)

    def close(self):
        pass


class Lying(Honest):
    """Gives the number of each original for its edit too; the store has what was measured."""

    def results(self, work, items, *, jobs):
        for result in super().results(work, items, jobs=jobs):
            rows = getattr(result, "rows", ())
            before = {row.quantity: row.value for row in rows if row.arm == "original"}
            after = tuple(row._replace(value=before.get(row.quantity, row.value) + 0.0) for row in rows)
            yield replace(result, rows=after) if after != rows else result


@pytest.mark.parametrize(("made", "code"), [(Honest, 0), (Lying, 4)])
def test_results_are_those_that_the_store_has_and_the_executor_is_named(lab, made, code):
    with EXECUTORS.also([ExecutorKind("quick", lambda address: made())], "a test"):
        result = lab.runpytest_inprocess(*FILL, *OWN)
        digest = EXECUTORS.digest("quick")
    assert result.ret == code
    if code:
        result.stdout.fnmatch_lines(["*--executor: what it gave for case B0 is not what the work on that case kept*"])
        return
    found = evidence_of(lab)
    assert found["terms"]["executors"] == {"quick": digest}
    assert "own executor" in [entry["kind"] for entry in found["reservations"]]
    [run] = (lab.path / "reports").iterdir()
    assert main(["verify", str(run)]) == 0


def test_a_lock_names_the_executor_and_its_store_remembers_it(lab):
    lock = ("--write-lock", "lock.json")
    assert lab.runpytest_inprocess(*FILL, *lock).ret == 0
    with EXECUTORS.also([ExecutorKind("quick", lambda address: Honest())], "a test"):
        result = lab.runpytest_inprocess(*FILL, *OWN, "--lock", "lock.json", "--reports", "own")
    assert result.ret == 9
    result.stdout.fnmatch_lines(["*the run departs from its lock (executors: locked nothing, run *quick*"])
    assert lab.runpytest_inprocess(*FILL, "--lock", "lock.json").ret == 9, "its results stand in the store"
    fresh = ("--store", "fresh", "--reports", "fresh-reports")
    assert lab.runpytest_inprocess(*FILL, *lock, "--replace-lock", *fresh).ret == 0
    assert lab.runpytest_inprocess(*FILL, "--lock", "lock.json", *fresh).ret == 0, "no word where all is built in"

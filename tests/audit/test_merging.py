"""A run that was split is the run that was not: same tables, same verdicts."""

from __future__ import annotations

import pandas as pd
import pytest
from editproof.audit.findings import evidence_of
from editproof.audit.merging import merged
from editproof.audit.publication import deliver
from editproof.audit.verification import faults
from editproof.errors import EvidenceError
from editproof.evidence.bundle import TABLES
from editproof.evidence.plain import differences, plain

from tests.audit import study
from tests.records import replace

FREE = {"run", "created", "environment"}


def untold(run):
    """The run as if no test had been told a verdict on the whole, as it is where parts were joined."""
    tools = tuple(replace(tool, claims=tuple(replace(c, told=()) for c in tool.claims)) for tool in run.facts.tools)
    return evidence_of(replace(run.facts, tools=tools))


def equal(one, other):
    for a, b in zip(one.editors, other.editors, strict=True):
        for table in TABLES:
            pd.testing.assert_frame_equal(
                getattr(a.measurements, table), getattr(b.measurements, table), check_dtype=False
            )
    found = list(differences(plain(one), plain(other)))
    return [entry for entry in found if entry[0][1] not in FREE and "pictures" not in entry[0]]


@pytest.fixture(scope="module")
def shards():
    return [study.evidence(cases=slice(15), shard="1/2"), study.evidence(cases=slice(15, 30), shard="2/2")]


def test_a_shard_says_that_it_is_one(shards):
    assert shards[0].incomplete == ("only part 1/2 of the cohort was measured",)
    assert shards[0].editors[0].outcome.value != "PASS"
    assert merged([shards[0], study.evidence(tools=("mild",), cases=slice(15), shard="1/2")]).shard == "1/2"


def test_cases_joined(shards, tmp_path):
    whole = study.evidence()
    for order in (shards, shards[::-1]):
        assert equal(merged(order), untold(whole)) == []
    assert list(faults(deliver(merged(shards), tmp_path).parent)) == []


def test_tools_joined():
    parts = [study.evidence(tools=("gentle",)), study.evidence(tools=("harsh",))]
    assert equal(merged(parts), study.evidence()) == []


def test_tools_locked_together_and_run_apart_are_confirmatory_once_joined():
    whole = study.locked(study.evidence())
    parts = [evidence_of(replace(study.evidence(tools=(name,)).facts, lock=whole.lock)) for name in ("gentle", "harsh")]
    assert {part.label for part in parts} == {"EXPLORATORY"}
    joined = merged(parts)
    assert (joined.label, equal(joined, whole)) == ("CONFIRMATORY", [])


def test_what_does_not_belong_together_is_refused(shards):
    first, second = shards
    other = replace(second, protocol={**second.protocol, "plan": {**second.protocol["plan"], "seed": 9}})
    for runs, words in (
        ([first], "1 run"),
        ([first, first], "case C00 of gentle is in more than one run"),
        ([first, other], "they differ in protocol.plan.seed: 0 and 9"),
        ([first, study.evidence(tools=("mild",), cases=slice(15, 30), shard="2/2")], "different parts of the cohort"),
        ([first, study.evidence(cases=slice(20, 30), shard="3/3")], "not split the same way"),
        ([first, replace(second, controls={})], "its controls were not measured"),
    ):
        with pytest.raises(EvidenceError, match=words):
            merged(runs)

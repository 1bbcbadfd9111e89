"""Every executor keeps one contract; a cluster that loses a node half-way loses nothing and pays for nothing twice."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from editproof.audit.findings import evidence_of
from editproof.core.files import files_at
from editproof.criteria import Criterion, at_most, mae_drift, verdict_on
from editproof.editing.edits import Terms
from editproof.editors.adapter import checked
from editproof.errors import DatasetError, EditorError, ProtocolError
from editproof.evidence.bundle import files_of
from editproof.study.bench import Bench
from editproof.study.executors.executor import EXECUTORS, Chosen, Work
from editproof.study.judging import Judgement
from editproof.study.plan import Plan
from editproof.study.run import Run

from tests.study.clustered import Logged, Mean, calls, cohort, doubled


@contextmanager
def two_nodes():
    """A cluster of processes on this machine: the driver's node, and one of two processors."""
    pytest.importorskip("ray", reason="needs the extra ray")
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        other = made.add_node(num_cpus=2)
        made.connect()
        yield lambda: made.remove_node(other, allow_graceful=False)
    finally:
        ray.shutdown()
        made.shutdown()


def test_this_machine_keeps_the_contract(tmp_path):
    check_contract(EXECUTORS["local"].open(""), tmp_path)


@pytest.mark.slow
def test_a_cluster_keeps_the_contract_and_the_limits_and_loses_nothing_with_a_node(tmp_path):
    """One test, since a cluster takes long to start and the tests of a module may be given to several processes."""
    with two_nodes() as kill_other_node:
        for step in ("contract", "limits", "evidence", "kill"):
            (tmp_path / step).mkdir()
        check_contract(EXECUTORS["ray"].open(""), tmp_path / "contract")
        check_limits(tmp_path / "limits")
        check_evidence(tmp_path / "evidence")
        check_kill(kill_other_node, tmp_path / "kill")


def work(root, **options):
    return Work(lambda place: partial(doubled, place), root, **options)


def check_contract(executor, folder):
    assert sorted(executor.results(work(folder), range(7), jobs=2)) == [0, 2, 4, 6, 8, 10, 12]
    kept = {name: files_at(folder).read(name) for name in files_at(folder).names("numbers/*")}
    assert kept == {f"numbers/{i}": b"%d" % (2 * i) for i in range(7)}
    assert list(executor.results(work(folder), [], jobs=1)) == []
    with pytest.raises(DatasetError, match=r"^number -1: it is below 0\. Give another\.$"):
        list(executor.results(work(folder), [1, -1], jobs=1))


def test_an_executor_that_nobody_knows_is_one_line():
    with pytest.raises(ProtocolError, match=r"executor 'rya'.*ray"):
        EXECUTORS["rya"]


def test_a_client_is_refused():
    with pytest.raises(EditorError, match=r"ray-address ray://x:1: .*Start the run on a node"):
        EXECUTORS["ray"].open("ray://x:1")


def bench(folder, **tool):
    return Bench(
        partial(checked, Logged(folder / "log", **tool)), (Mean,), folder / "store", Plan(repeats=2),
        Terms(since=time.time() - 1, max_cost=5.0, max_edits=100),
    )  # fmt: skip


def same(one, other):
    """Whether two tables are equal in everything but when an edit was made."""
    for name in ("cases", "rows", "histograms"):
        assert getattr(one, name).equals(getattr(other, name)), name
    assert one.edits.drop(columns="made").equals(other.edits.drop(columns="made"))
    return True


def check_limits(tmp_path):
    one = Bench(
        partial(checked, Logged(tmp_path / "log", seconds=0)), (Mean,), tmp_path / "store", Plan(repeats=2),
        Terms(since=time.time() - 1, max_edits=9),
    )  # fmt: skip
    with pytest.raises(EditorError, match="--max-edits 9"):
        one.measured(cohort(12), executor=EXECUTORS["ray"].open(""))
    assert len(calls(tmp_path / "log")) <= 9


TOOL = """
from editproof.types import EditorCard

def brighter():
    def brighten(request):
        return (request.image // 2 + request.seed % 50).astype(request.image.dtype)
    brighten.card = EditorCard("brighter", "1", "", deterministic=False)
    return brighten
"""


def check_evidence(tmp_path):
    (tmp_path / "tool.py").write_text(TOOL)
    began = time.time() - 1
    here, there = (evidence_bytes(tmp_path, name, began) for name in ("local", "ray"))
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
    assert len(here["evidence.json"]) > 10_000


def evidence_bytes(folder, executor, began):
    """Every file of the evidence, without what says when and where it was made."""
    spec = f"{folder / 'tool.py'}:brighter"
    run = Run(
        (spec,), "phantom:?n=3", ("phantom",), Plan(repeats=2), folder / executor, terms=Terms(since=began),
        executor=Chosen(executor),
    )  # fmt: skip
    run.check()
    criterion = Criterion("BA-1", mae_drift("bone_age"), at_most(6), source="of a test")
    judged = [Judgement(spec, verdict_on(criterion, run.study(spec).measurements), "test_it")]
    facts = run.facts(judged, [], "pytest")
    timeless = {"created": "2026-01-01T00:00:00+00:00", "environment": {}, "stores": ("a",)}
    tools = tuple(replace(tool, measurements=without_times(tool.measurements)) for tool in facts.tools)
    controls = {name: without_times(table) for name, table in facts.controls.items()}
    return files_of(evidence_of(replace(facts, tools=tools, controls=controls, **timeless)))


def without_times(table):
    return replace(table, edits=table.edits.assign(made=""), deterministic="")


def killed_later(kill, store, cases):
    """A thread that kills a node once so many cases of a store are done."""

    def wait_and_kill():
        until = time.monotonic() + 240
        while len(list((store / "cases").rglob("*.json"))) < cases and time.monotonic() < until:
            time.sleep(0.005)
        kill()

    thread = threading.Thread(target=wait_and_kill, daemon=True)
    thread.start()
    return thread


def check_kill(kill_other_node, tmp_path):
    """Two tools at once, one that costs money and one that computes."""
    tools = {"paid": {"sends_data_to": "host", "metered": True, "expected_usd": 0.01}, "free": {}}
    for name in tools:
        (tmp_path / name / "here").mkdir(parents=True), (tmp_path / name / "there").mkdir()
    benches = {name: bench(tmp_path / name / "there", **tool) for name, tool in tools.items()}
    cluster, found = EXECUTORS["ray"].open(""), {}
    killer = killed_later(kill_other_node, tmp_path / "free" / "there" / "store", 4)
    threads = [
        threading.Thread(target=lambda n=name: found.update({n: benches[n].measured(cohort(16), executor=cluster)}))
        for name in tools
    ]
    for step in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            step(thread)
    assert not killer.is_alive(), "it was killed before the end"
    for name, tool in tools.items():
        assert same(found[name], bench(tmp_path / name / "here", **tool).measured(cohort(16)))
        made = calls(tmp_path / name / "there" / "log")
        asked = Counter((case, repeat) for case, repeat, _ in made)
        processes = {int(process) for *_, process in made}
        assert len(asked) == 32, "nothing is lost"
        if name == "paid":
            assert set(asked.values()) == {1}, "no request was sent twice"
            assert processes == {os.getpid()}, "the driver asks for what costs money"
        else:
            assert os.getpid() not in processes
            assert len(processes) > 1
            assert sum(asked.values()) <= 32 + 2, "two workers were lost, each with one request under way"
        totals = benches[name].ledger_totals()
        assert (totals.edits["logged"], len(totals.open)) == (len(made), 0)

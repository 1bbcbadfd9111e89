"""A run that is killed again and again and resumed, beside one that never was: ``python -m tests.editing.kills``.

Killed are, in turn, a process with four threads that edits and measures, and four processes that edit at once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from editproof.audit.findings import evidence_of
from editproof.criteria import Criterion, at_most, mae_drift
from editproof.criteria.families import decided
from editproof.editing.ledger import Ledger
from editproof.editing.store import Store, request_keys
from editproof.evidence.bundle import files_of
from editproof.evidence.measurements import Measurements
from editproof.study.judging import Judge

from tests.editing.work import PLAN, Cohort, edit_all, measure_all, run_of
from tests.editors.server import Server

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.editing.work", "editproof.editors.http", "openai"])
WORKERS = 4
ENDED = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Tale:
    """What came of a run that was killed.

    Attributes
    ----------
    kills : int
    edits : int
        That were asked for.
    billed : int
        Requests that the server answered.
    open : int
        Requests that were under way when a process died, as the ledger lists them.
    twice : set
        Seeds of edits that the server answered more than once; ``may`` those of the open requests.
    faults : list of str
    same_evidence : bool
        Whether every file of the evidence equals that of the run that was never killed.
    """

    kills: int
    edits: int
    billed: int
    open: int
    twice: set[str]
    may: set[str]
    lost: set[str]
    faults: list[str]
    same_evidence: bool


def tale_of(server: Server, folder: Path, n: int, kills: int, seed: int = 4) -> Tale:
    """Kill a run ``kills`` times at random moments, resume it to its end, and compare it with one left alone."""
    spec, rng, store = f"http:iopaint?url={server.url}&concurrency={WORKERS}", random.Random(seed), folder / "killed"
    server.by_seed = True
    done = 0
    for number, moment in enumerate(sorted(rng.sample(range(1, 3 * n - 2 * WORKERS), kills))):
        one = number % 4 != 3
        processes = [child(measure_all, store, spec, n)] if one else [
            child(edit_all, store, spec, n, 1) for _ in range(WORKERS)
        ]  # fmt: skip
        wait_for(lambda at=moment: sum(server.billed.values()) >= at)
        time.sleep(rng.uniform(0, 2 * server.latency_s))
        done += any(process.is_alive() for process in processes)
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        for process in processes:
            process.join()
    in_flight = Ledger(store).unanswered()
    last = child(measure_all, store, spec, n)
    last.join()
    assert last.exitcode == 0
    seeds = seed_of_key(spec, store, n)
    billed = dict(server.billed)
    evidence = evidence_files(store, spec, n)
    whole = evidence_files(folder / "whole", spec, n)
    return Tale(
        kills=done,
        edits=3 * n,
        billed=sum(billed.values()),
        open=len(in_flight),
        twice={seed for seed, times in billed.items() if times > 1},
        may={seeds[key] for line in in_flight for key in line.keys},
        lost=set(seeds.values()) - set(billed),
        faults=list(Store(store).faults()),
        same_evidence=evidence == whole,
    )


def check(tale: Tale, kills: int) -> None:
    """What has to hold of a run that was killed so often."""
    assert tale.kills == kills
    assert not tale.lost, "no edit was lost"
    assert tale.twice <= tale.may, "only what was under way when a process died was asked for again"
    # a tool with so many places is asked by twice as many threads: one stores while another's request is on the wire
    assert tale.billed - tale.edits <= tale.open <= kills * 2 * WORKERS
    assert not tale.faults
    assert tale.same_evidence, "nobody can tell from the evidence that the run was killed"


def evidence_files(store: Path, spec: str, n: int) -> dict[str, bytes]:
    """Every file of a run's evidence, as if every run ended at one moment."""
    run, judgements = run_of(store, spec, n), []
    claim = Criterion("B-1", mae_drift("brightness", unit="levels"), at_most(1.0), source="placeholder: a test")
    Judge("test", decided, judgements.append, shown=tempfile.TemporaryDirectory)(claim, run.study(spec))
    facts = run.facts(judgements, (), "command")
    tools = tuple(replace(tool, measurements=timeless(tool.measurements), calls=None) for tool in facts.tools)
    controls = {name: timeless(table) for name, table in facts.controls.items()}
    facts = replace(facts, tools=tools, controls=controls, created=ENDED, began="", stores=(), judged_before=())
    return files_of(evidence_of(facts))


def timeless(table: Measurements) -> Measurements:
    """A table without the times at which edits were made and a tool was checked."""
    return replace(table, edits=table.edits.assign(made=""), deterministic=table.deterministic and ENDED)


def seed_of_key(spec: str, store: Path, n: int) -> dict[str, str]:
    """The seed, by which this server knows an edit, of every store key."""
    card = run_of(store, spec, n).cards[spec]
    requests = [PLAN.request(case, case.decode(), repeat) for case in Cohort(n) for repeat in range(3)]
    keys = request_keys(card, requests)
    return {key: str(request.seed) for key, request in zip(keys, requests, strict=True)}


def child(function: Callable[..., None], *arguments: object) -> multiprocessing.Process:
    """A process that does its work beside this one."""
    process = FORKS.Process(target=function, args=arguments)
    process.start()
    return process


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came of it in time"
        time.sleep(0.002)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    running = Server()
    running.latency_s = 0.02
    with tempfile.TemporaryDirectory() as made:
        began = time.monotonic()
        tale = tale_of(running, Path(made), options.cases, options.kills)
        print(tale, f"{time.monotonic() - began:.0f} s")
        check(tale, options.kills)

"""Several runs of one protocol, on parts of its cohort or with some of its tools, joined and decided again as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd

from editproof.audit.findings import evidence_of, exhibits_of, in_reading_order
from editproof.core.records import path_text
from editproof.criteria.conformance import TOLD
from editproof.datasets.shard import cases_in, parts_of, shard_text
from editproof.errors import EvidenceError
from editproof.evidence.facts import RollEntry, ToolFacts
from editproof.evidence.measurements import Measurements
from editproof.evidence.plain import differences, plain
from editproof.evidence.record import Evidence

Part = tuple[Evidence, Measurements]
"""A run, and what it measured of one tool."""


def merged(runs: Sequence[Evidence]) -> Evidence:
    """One run of all: tables joined in the order of the cohort, every verdict decided again on all of them.

    Raises
    ------
    EvidenceError
        Where the runs are not of one protocol, share a case of a tool, or leave one tool fewer cases than another.
    """
    if len(runs) < 2:
        raise EvidenceError("a merge", f"{len(runs)} run", "Name two or more.")
    for other in runs[1:]:
        _same_study(runs[0], other)
    first = runs[0].facts
    names = dict.fromkeys(tool.card.name for run in runs for tool in run.facts.tools)
    tools = tuple(_joined_tool(name, runs) for name in names)
    covered = {name: _shard(name, [run for run in runs if name in _tools(run)]) for name in names}
    if len(set(covered.values())) > 1:
        said = ", ".join(f"{name}: {shard or 'all'}" for name, shard in covered.items())
        raise EvidenceError(
            "a merge", f"tools were measured on different parts of the cohort ({said})", "Add the rest."
        )
    named = {name: card for run in runs for name, card in run.facts.terms["editors"].items()}
    return evidence_of(
        replace(
            first,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            incomplete=tuple(dict.fromkeys(why for run in runs for why in run.facts.incomplete)),
            tools=tuple(sorted(tools, key=lambda tool: list(named).index(tool.card.name))),
            controls=_controls(runs),
            terms={**first.terms, "editors": named},
            environment={**first.environment, "merged": [run.run for run in runs]},
            shard=next(iter(covered.values()), ""),
            began=min(run.facts.began for run in runs),
            stores=tuple(sorted({store for run in runs for store in run.facts.stores})),
            judged_before=tuple(dict.fromkeys(entry for run in runs for entry in run.facts.judged_before)),
            roll=_joined_roll(runs),
        )
    )


def _same_study(first: Evidence, other: Evidence) -> None:
    """Refuse what was not measured under one protocol; runs may differ in the tools they judge."""
    for run in (first, other):
        if untrue := next((check for check in run.validity if check.criterion.id == TOLD and not check), None):
            raise EvidenceError(f"merging {run.run}", untrue.because, "Repair that test, and run its part again.")
    alone = bool(set(_tools(first)) - set(_tools(other)) or set(_tools(other)) - set(_tools(first)))
    loose = {"digest", "editors"} if alone else set()
    ours, theirs = (
        plain({
            "dataset": run.dataset, "instruments": run.instruments, "lock": run.lock,
            "protocol": {name: value for name, value in run.protocol.items() if name not in loose},
        })
        for run in (first, other)
    )  # fmt: skip
    for place, one, another in differences(ours, theirs):
        raise EvidenceError(
            f"merging {first.run} with {other.run}",
            f"they differ in {path_text(place)}: {str(one)[:60]} and {str(another)[:60]}",
            "Merge runs of one protocol.",
        )
    for name in set(_tools(first)) & set(_tools(other)):
        if first.protocol["editors"].get(name) != other.protocol["editors"].get(name):
            raise EvidenceError(f"merging {first.run} with {other.run}", f"{name} was run with other parameters")


def _joined_roll(runs: Sequence[Evidence]) -> tuple[RollEntry, ...]:
    """Every test of any run, with all that it names."""
    named: dict[str, set[str]] = {}
    for entry in (entry for run in runs for entry in run.facts.roll):
        named.setdefault(entry.test, set()).update(entry.criteria)
    return tuple(RollEntry(test, tuple(sorted(ids))) for test, ids in sorted(named.items()))


def _joined_tool(name: str, runs: Sequence[Evidence]) -> ToolFacts:
    """A tool's facts of all runs: of joined parts no test was told a verdict, and only exhibits keep pictures."""
    having = [(run, _tools(run)[name]) for run in runs if name in _tools(run)]
    table = _joined(name, [(run, tool.measurements) for run, tool in having])
    whole = len(having) == 1
    claims = {
        (claim.criterion.id, claim.stratum, claim.test): claim if whole else replace(claim, told=())
        for _, tool in having
        for claim in tool.claims
    }
    pictures = {(kept.case, kept.repeat): kept for _, tool in having for kept in tool.pictures}
    joined = replace(having[0][1], claims=in_reading_order(tuple(claims.values())), measurements=table)
    shown = [(exhibit.case, exhibit.repeat) for exhibit in exhibits_of(joined)]
    return replace(
        joined,
        pictures=tuple(pictures[place] for place in shown if place in pictures),
        calls=None if any(tool.calls is None for _, tool in having) else sum(tool.calls or 0 for _, tool in having),
    )


def _controls(runs: Sequence[Evidence]) -> dict[str, Measurements]:
    """The controls of each part of the cohort once, however many tools were held against them."""
    by_part = {run.shard: run for run in runs}
    names = {name for run in by_part.values() for name in run.controls}
    for run in by_part.values():
        if set(run.controls) != names:
            raise EvidenceError(
                f"merging {run.run}", "its controls were not measured", "Judge the primary claims there."
            )
    first = next(iter(by_part.values()))
    return {name: _joined(name, [(run, run.controls[name]) for run in by_part.values()]) for name in first.controls}


def _joined(name: str, parts: Sequence[Part]) -> Measurements:
    """The tables of one tool, in the order of the cohort; histograms are summed."""
    place: dict[str, int] = {}
    for run, table in parts:
        for case, index in zip(table.cases["case"], _cases(run), strict=True):
            if case in place:
                raise EvidenceError(f"merging {run.run}", f"case {case} of {name} is in more than one run")
            place[case] = index
    tables = [table for _, table in parts]
    counts = pd.concat([table.histograms for table in tables])
    summed = counts.groupby(["arm", "region", "level"], sort=False, as_index=False)["count"].sum()
    joined = Measurements(
        name,
        _in_order((table.cases for table in tables), place),
        _in_order((table.rows for table in tables), place),
        _in_order((table.edits for table in tables), place),
        summed,
        _in_order((table.maps for table in tables), place),
        deterministic=min(checks) if all(checks := [table.deterministic for table in tables]) else "",
    )
    return joined.looking_for({quantity for table in tables for quantity in table.undefined})


def _in_order(tables: Iterable[pd.DataFrame], place: Mapping[str, int]) -> pd.DataFrame:
    return pd.concat(list(tables)).sort_values(
        "case", key=lambda case: case.map(place), kind="stable", ignore_index=True
    )


def _cases(run: Evidence) -> list[int]:
    n = run.dataset.n_cases
    return cases_in(run.shard, n) if run.shard else list(range(n))


def _shard(name: str, runs: Sequence[Evidence]) -> str:
    """What of the cohort the runs make up together."""
    if any(not run.shard for run in runs):
        return ""
    split = [parts_of(run.shard) for run in runs]
    if len({of for _, of in split}) > 1:
        raise EvidenceError(
            f"merging {name}", "its cohort was not split the same way: " + ", ".join(r.shard for r in runs)
        )
    return shard_text([part for parts, _ in split for part in parts], split[0][1])


def _tools(run: Evidence) -> dict[str, ToolFacts]:
    return {tool.card.name: tool for tool in run.facts.tools}

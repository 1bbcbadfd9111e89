"""Fifty and more ways to change a bundle: what is done, the file, and the field that verify has to name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

RECORD = "evidence.json"
Change = Callable[[Path], None]


def record(change: Callable[[Any], object]) -> Change:
    """A change of the record."""

    def made(folder: Path) -> None:
        content = json.loads((folder / RECORD).read_text())
        change(content)
        (folder / RECORD).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    return made


def lines(name: str, change: Callable[[list[str]], list[str]]) -> Change:
    """A change of the lines of a file."""

    def made(folder: Path) -> None:
        found = (folder / name).read_text().splitlines(keepends=True)
        changed = change(found)
        assert changed != found, name
        (folder / name).write_text("".join(changed))

    return made


def cell(name: str, key: str, column: int, value: str) -> Change:
    """A change of one cell: of the first line that begins with ``key``."""

    def changed(found: list[str]) -> list[str]:
        at = next(index for index, line in enumerate(found) if line.startswith(key))
        cells = found[at].rstrip("\n").split(",")
        cells[column] = value
        return [*found[:at], ",".join(cells) + "\n", *found[at + 1 :]]

    return lines(name, changed)


def without(name: str, key: str) -> Change:
    return lines(name, lambda found: [line for line in found if not line.startswith(key)])


def swapped(name: str, other: str) -> Change:
    def made(folder: Path) -> None:
        one = (folder / name).read_bytes()
        (folder / name).write_bytes((folder / other).read_bytes())
        (folder / other).write_bytes(one)

    return made


def every(*changes: Change) -> Change:
    def made(folder: Path) -> None:
        for change in changes:
            change(folder)

    return made


def put(value: object, *path: str | int) -> Change:
    """A value at a path of the record."""

    def change(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        assert content[path[-1]] != value, path
        content[path[-1]] = value

    return record(change)


def drop(*path: str | int) -> Change:
    def change(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        del content[path[-1]]

    return record(change)


def _swap(content: Any, one: int, other: int) -> None:
    content[one], content[other] = content[other], content[one]


def _in_both(field: str, value: object) -> Change:
    return every(*(put(value, "facts", "tools", at, "claims", 0, "criterion", field) for at in (0, 1)))


def _no_claim(content: Any) -> None:
    tool = content["findings"]["tools"][1]
    del tool["verdicts"][0], content["facts"]["tools"][1]["claims"][0]
    tool["outcome"], tool["reason"] = "INCONCLUSIVE", "1 of 2 primary criteria left open: SX-1."


def _no_tool(content: Any) -> None:
    """The harmful tool gone from facts and findings, though it was to be judged."""
    del content["facts"]["tools"][1], content["findings"]["tools"][1]
    content["findings"]["outcome"], content["findings"]["reason"] = "PASS", "gentle: conforms, with reservations."


def _exchanged(field: str) -> Change:
    """A field of both tools' facts, each with the other's."""

    def change(content: Any) -> None:
        one, other = content["facts"]["tools"]
        one[field], other[field] = other[field], one[field]

    return record(change)


FACTS, HARSH = ("facts", "tools", 1), ("findings", "tools", 1)
CLAIM, FIRST = (*FACTS, "claims", 0), (*HARSH, "verdicts", 0)
V = "findings.tools[1].verdicts[0]"
ROWS, CASES, EDITS = (f"measurements/1-{name}.csv" for name in ("rows", "cases", "edits"))

DERIVABLE: dict[str, tuple[Change, str, str]] = {
    "verdict": (put("PASS", *FIRST, "outcome"), RECORD, f"{V}.outcome"),
    "reason of a verdict": (put("All is well.", *FIRST, "because"), RECORD, f"{V}.because"),
    "estimate": (put(0.5, *FIRST, "estimate", "value"), RECORD, f"{V}.estimate.value"),
    "lower limit": (put(-9.0, *FIRST, "estimate", "low"), RECORD, f"{V}.estimate.low"),
    "upper limit": (put(1.9, *FIRST, "estimate", "high"), RECORD, f"{V}.estimate.high"),
    "coverage": (put(0.5, *FIRST, "estimate", "confidence"), RECORD, f"{V}.estimate.confidence"),
    "patients": (put(300, *FIRST, "estimate", "n_patients"), RECORD, f"{V}.estimate.n_patients"),
    "edits": (put(900, *FIRST, "estimate", "n_edits"), RECORD, f"{V}.estimate.n_edits"),
    "missing edits": (put(0, *FIRST, "estimate", "n_missing"), RECORD, f"{V}.estimate.n_missing"),
    "method": (put("exact", *FIRST, "estimate", "method"), RECORD, f"{V}.estimate.method"),
    "seed": (put(1, *FIRST, "estimate", "seed"), RECORD, f"{V}.estimate.seed"),
    "unit of an estimate": (put("weeks", *FIRST, "estimate", "unit"), RECORD, f"{V}.estimate.unit"),
    "side figure": (put(6.0, *FIRST, "estimate", "notes", "edited"), RECORD, f"{V}.estimate.notes.edited"),
    "sensitivity left out": (drop(*FIRST, "estimate", "notes", "sensitivity"), RECORD, f"{V}.estimate.notes.sensitivity"),
    "margin of one tool": (put(99.0, *CLAIM, "criterion", "high"), RECORD, "criterion BA-1"),
    "margin": (_in_both("high", 99.0), RECORD, f"{V}.outcome"),
    "requirement in words": (_in_both("required", "at most 99 months"), RECORD, "facts.tools[1].claims[0].criterion.required"),
    "name of an estimand": (_in_both("estimand", "MAE"), RECORD, "facts.tools[1].claims[0].criterion.estimand"),
    "arm of an estimand": (_in_both("specification", {"name": "mae_drift", "arguments": {"quantity": "bone_age", "arm": "paste_back"}}), RECORD, f"{V}.estimate.value"),
    "code for an estimand": (put("__import__('os').getcwd()", *CLAIM, "criterion", "specification"), RECORD, "facts.tools[1].claims[0].criterion"),
    "unknown estimand": (put({"name": "getcwd", "arguments": {}}, *CLAIM, "criterion", "specification"), RECORD, "estimand 'getcwd'"),
    "argument of an estimand": (put({"quantity": "bone_age", "at": 7}, *CLAIM, "criterion", "specification", "arguments"), RECORD, "facts.tools[1].claims[0].criterion"),
    "role": (_in_both("role", "secondary"), RECORD, "findings.protocol.claims.BA-1.role"),
    "source of a limit": (_in_both("source", "Nature, 2026"), RECORD, "findings.protocol.claims.BA-1.source"),
    "confidence": (_in_both("confidence", 0.6), RECORD, f"{V}.estimate.confidence"),
    "subgroup for the cohort": (put("bone_age<200", *CLAIM, "stratum"), RECORD, "findings.incomplete.length"),
    "tool of a verdict": (put("gentle", *FIRST, "editor"), RECORD, f"{V}.editor"),
    "dropped claim": (record(_no_claim), RECORD, "findings.incomplete.length"),
    "what a test was told": (put("PASS", *CLAIM, "told", 0, "outcome"), RECORD, "findings.validity[4]"),
    "limit that a test was told": (put(1.9, *CLAIM, "told", 0, "high"), RECORD, "findings.validity[4]"),
    "nobody told": (record(lambda r: [c.__setitem__("told", []) for t in r["facts"]["tools"] for c in t["claims"]]), RECORD, "facts.tools[1].claims[0].told"),
    "test left out of the roll": (drop("facts", "roll", 0), RECORD, "facts.tools[0].claims[0].test"),
    "roll left out": (put([], "facts", "roll"), RECORD, "facts.tools[1].claims[0].test"),
    "test that judged nothing": (record(lambda r: r["facts"]["roll"].append({"test": "test_z", "criteria": []})), RECORD, "findings.incomplete.length"),
    "criterion that a test names": (put(["BA-1", "BA-9"], "facts", "roll", 0, "criteria"), RECORD, "findings.incomplete.length"),
    "tool left out": (record(_no_tool), RECORD, "findings.incomplete.length"),
    "instruments left out": (put([], "facts", "instruments"), RECORD, "facts.tools[1].claims[0].criterion"),
    "edits made elsewhere": (put(True, *FACTS, "made_elsewhere"), RECORD, "findings.departures.length"),
    "reservation left out": (drop("findings", "reservations", 0), RECORD, "findings.reservations.length"),
    "drawings": (put(True, "facts", "dataset", "drawn"), RECORD, "findings.reservations.length"),
    "order of claims": (record(lambda r: _swap(r["facts"]["tools"][1]["claims"], 0, 1)), RECORD, "facts.tools[1].claims are not in reading order"),
    "order of verdicts": (record(lambda r: _swap(r["findings"]["tools"][1]["verdicts"], 0, 1)), RECORD, V),
    "outcome of a tool": (put("PASS", *HARSH, "outcome"), RECORD, "findings.tools[1].outcome"),
    "reason of a tool": (put("All hold.", *HARSH, "reason"), RECORD, "findings.tools[1].reason"),
    "refusals hidden": (every(put(0, *HARSH, "flow", "refused"), put(60, *HARSH, "flow", "ok")), RECORD, "findings.tools[1].flow.refused"),
    "attribution": (put(0.1, *HARSH, "attribution", 0, "estimate", "value"), RECORD, "findings.tools[1].attribution[0].estimate.value"),
    "words of the attribution": (put("The tool does no harm.", *HARSH, "causes"), RECORD, "findings.tools[1].causes"),
    "arm left out": (drop(*HARSH, "attribution", 3), RECORD, "findings.tools[1].attribution.length"),
    "rank of an exhibit": (put("best", *HARSH, "exhibits", 0, "rank"), RECORD, "findings.tools[1].exhibits[0].rank"),
    "reading of an exhibit": (put(1.0, *HARSH, "exhibits", 0, "readings", "bone_age", "edited"), RECORD, "findings.tools[1].exhibits[0].readings.bone_age.edited"),
    "exhibit left out": (drop(*HARSH, "exhibits", 4), RECORD, "findings.tools[1].exhibits.length"),
    "another case shown": (put("C29", *HARSH, "exhibits", 0, "case"), RECORD, "findings.tools[1].exhibits[0].case"),
    "order of tools": (every(record(lambda r: _swap(r["facts"]["tools"], 0, 1)), record(lambda r: _swap(r["findings"]["tools"], 0, 1))), RECORD, "facts.tools are"),
    "findings of tools exchanged": (record(lambda r: _swap(r["findings"]["tools"], 0, 1)), RECORD, "findings.tools[0].outcome"),
    "cards exchanged": (_exchanged("card"), RECORD, "facts.tools[0].measurements.editor"),
    "tables exchanged": (_exchanged("measurements"), RECORD, "line"),
    "floor": (put("FAIL", "findings", "validity", 0, "outcome"), RECORD, "findings.validity[0].outcome"),
    "floor left out": (drop("findings", "validity", 0), RECORD, "findings.validity.length"),
    "control left out": (drop("findings", "validity", 2), RECORD, "findings.validity.length"),
    "floor on the card": (put(99.0, "facts", "instruments", 0, "floors", "bone_age", "mae_at_most"), RECORD, "findings.protocol.floors.reader.bone_age.mae_at_most"),
    "weights on the card": (put("00", "facts", "instruments", 0, "sha256", "w"), RECORD, "findings.protocol.instruments.reader.sha256.w"),
    "parameters of a tool": (put(9, *FACTS, "card", "parameters", "strength"), RECORD, "findings.protocol.editors.harsh.parameters.strength"),
    "number of cases": (put(200, "facts", "dataset", "n_cases"), RECORD, "facts.dataset.n_cases"),
    "number of patients": (put(200, "facts", "dataset", "n_patients"), RECORD, "facts.dataset.n_patients"),
    "digest of the cohort": (put("beef", "facts", "dataset", "digest"), RECORD, "findings.protocol.dataset"),
    "label": (put("EXPLORATORY", "findings", "label"), RECORD, "findings.label"),
    "departure": (put(["none worth a word"], "findings", "departures"), RECORD, "findings.departures.length"),
    "incompleteness": (put(["a test was skipped"], "facts", "incomplete"), RECORD, "findings.tools[0].outcome"),
    "no lock": (put(None, "facts", "lock"), RECORD, "findings.label"),
    "cases that stood at the lock": (put(3, "facts", "lock", "standing", "gentle"), RECORD, "findings.departures.length"),
    "tool that the lock does not know": (put({}, "facts", "lock", "standing"), RECORD, "findings.departures.length"),
    "day of the lock": (put("2999-01-01T00:00:00+00:00", "facts", "lock", "locked"), RECORD, "findings.departures.length"),
    "margin in the lock": (put(1.0, "facts", "lock", "protocol", "claims", "BA-1", "high"), RECORD, "findings.departures.length"),
    "repeats": (put(3, "facts", "terms", "plan", "repeats"), "measurements/0-edits.csv", "facts.terms.plan.repeats"),
    "digest of the protocol": (put("0" * 64, "findings", "protocol", "digest"), RECORD, "findings.protocol.digest"),
    "name of the run": (put("20260101-000000-better-01234567", "findings", "run"), RECORD, "findings.run"),
    "time of the run": (put("2025-01-01T00:00:00+00:00", "facts", "created"), RECORD, "findings.run"),
    "outcome": (put("PASS", "findings", "outcome"), RECORD, "findings.outcome"),
    "reason": (put("All conform.", "findings", "reason"), RECORD, "findings.reason"),
    "part of the cohort": (put("1/2", "facts", "shard"), RECORD, "facts.dataset.n_cases"),
    "unknown field": (record(lambda r: r["findings"]["tools"][1]["verdicts"][0]["estimate"].__setitem__("p_value", 0.01)), RECORD, 'unknown field "p_value"'),
    "missing field": (drop("facts", "dataset", "licence"), RECORD, "'licence' is missing"),
    "field given twice": (lines(RECORD, lambda found: [found[0], ' "schema": "editproof-evidence/4",\n', *found[1:]]), RECORD, "line 2"),
    "pooled reading": (cell(ROWS, "C05,edited,0,pooled,bone_age", 5, "100.0"), ROWS, "pooled bone_age"),
    "reading of a member": (cell(ROWS, "C05,edited,0,member-0,bone_age", 5, "100.0"), ROWS, "pooled bone_age"),
    "reading of an original": (cell(ROWS, "C05,original,0,member-0,bone_age", 5, "100.0"), ROWS, "C05: value"),
    "lost row": (without(ROWS, "C05,edited,0,pooled,bone_age"), ROWS, "value: bone_age"),
    "arm left out of the table": (lines(ROWS, lambda found: [line for line in found if ",paste_back," not in line]), ROWS, "value: bone_age is missing"),
    "row twice": (lines(ROWS, lambda found: [*found, found[-1]]), ROWS, "measured twice"),
    "order of rows": (lines(ROWS, lambda found: [found[0], *found[41:], *found[1:41]]), ROWS, "not in the order"),
    "removed case": (every(*(without(name, "C05,") for name in (ROWS, CASES, EDITS))), CASES, "29 rows of"),
    "case given twice": (lines(CASES, lambda found: [*found[:-1], found[1]]), CASES, "C00 is there twice"),
    "refusal made an edit": (lines(EDITS, lambda found: [line.replace("refused", "ok") for line in found]), ROWS, "value: bone_age is missing"),
    "edit made a refusal": (cell(EDITS, "C05,0", 2, "refused"), ROWS, "C05, edited, repeat 0"),
    "unknown status": (cell(EDITS, "C05,0", 2, "fine"), EDITS, "status 'fine'"),
    "reference standard": (cell(CASES, "C05,", 2, "100.0"), CASES, "reference:bone_age"),
    "patients merged": (cell(CASES, "C05,", 1, "P06"), CASES, "C05: patient"),
    "subgroup of a case": (cell(CASES, "C05,", 5, "000"), CASES, "C05: stratum:site"),
    "histogram": (cell("measurements/1-histograms.csv", "original,whole,2", 3, "7"), "measurements/1-histograms.csv", "count"),
    "unchanged control": (cell("measurements/identity-rows.csv", "C05,edited,0,pooled,bone_age", 5, "1.0"), "measurements/identity-rows.csv", "value"),
    "tables of tools exchanged": (every(*(swapped(f"measurements/0-{name}.csv", f"measurements/1-{name}.csv") for name in ("rows", "edits", "histograms"))), RECORD, f"{V}.outcome"),
    "picture cut short": (lambda folder: (folder / "images/1-0-edited.png").write_bytes(b"\x89PNG") and None, "images/1-0-edited.png", "facts.tools[1].pictures[0]"),
    "picture gone": (lambda folder: (folder / "images/1-0-edited.png").unlink(), RECORD, "images/1-0-edited.png"),
    "word on the page": (lines("report.html", lambda found: [line.replace("Does not conform", "Conforms") for line in found]), "report.html", "the page"),
    "stray file": (lambda folder: (folder / "approved.txt").write_text("yes") and None, "approved.txt", "no file of a bundle"),
}  # fmt: skip

UNDERIVABLE: dict[str, tuple[Change, str]] = {
    "picture of another case": (swapped("images/1-0-edited.png", "images/1-0-edit_mask.png"), "images/1-0-edited.png"),
    "message of a refusal": (lines(EDITS, lambda found: [line.replace("twice", "thrice") for line in found]), EDITS),
    "words of a card": (put("a gentle tool", *FACTS, "card", "description"), RECORD),
    "test of a verdict": (put("test_other[harsh]", *CLAIM, "test"), RECORD),
    "command": (put("pytest -k easy", "facts", "environment", "command"), RECORD),
    "licence of the cohort": (put("CC0", "facts", "dataset", "licence"), RECORD),
}  # fmt: skip
"""What nothing else in the bundle contradicts: its digest covers it, and against a forger its signature alone."""

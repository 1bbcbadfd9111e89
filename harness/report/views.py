"""The evidence as the page lays it out: groups, rows and bars; no text is made into HTML here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.evidence import Attribution, EditorEvidence, Evidence, Exhibit
from harness.measurements import EDITED
from harness.report.bars import Bar, Scale, bar, scale_of, ticks
from harness.report.figures import Figures, figures, number
from harness.report.pictures import Pictures, pictures
from harness.report.readings import Paired, paired
from harness.report.wording import STATUS, in_words, stratum_in_words
from harness.types import CriterionCard, Estimate, Outcome, Quantity, Verdict


@dataclass(frozen=True)
class Row:
    """One verdict as a row: the figures in print, the bar, and the test that asked."""

    verdict: Verdict
    stratum: str
    figures: Figures
    bar: Bar
    test: str


@dataclass(frozen=True)
class Group:
    """One criterion with a row for each subgroup, on one scale."""

    card: CriterionCard
    ticks: list[tuple[float, str]]
    rows: tuple[Row, ...]

    @property
    def subgroups(self) -> tuple[Row, ...]:
        """Every row but the first."""
        return self.rows[1:]


@dataclass(frozen=True)
class Trace:
    """One criterion with the tests that asked it, and what each tool came to in each."""

    card: CriterionCard
    tests: tuple[tuple[str, list[tuple[str, Outcome]]], ...]


@dataclass(frozen=True)
class Step:
    """One row of the attribution: an arm with its estimate and bar."""

    attribution: Attribution
    figures: Figures
    bar: Bar
    zero: float


@dataclass(frozen=True)
class Reading:
    """One quantity of a case or an exhibit in print: reference, original, edits, and the largest change."""

    quantity: str
    unit: str
    reference: str
    original: str
    edited: tuple[str, ...]
    change: str


@dataclass(frozen=True)
class CaseRow:
    """One case of one tool, in the table of cases."""

    index: int
    case: str
    patient: str
    strata: tuple[str, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Shown:
    """An exhibit with its pictures (None where left out) and its readings in print."""

    exhibit: Exhibit
    pictures: Pictures | None
    readings: tuple[Reading, ...]
    case_index: int | None


@dataclass(frozen=True)
class Tool:
    """Everything the page says about one tool."""

    index: int
    evidence: EditorEvidence
    groups: tuple[Group, ...]
    steps: tuple[Step, ...]
    judged: int
    failures: tuple[tuple[str, str, int], ...]
    pairs: tuple[Paired, ...]
    cases: tuple[CaseRow, ...]
    exhibits: tuple[Shown, ...]

    @property
    def tally(self) -> dict[Outcome, int]:
        """Verdicts by outcome."""
        return {o: sum(v.outcome is o for v in self.evidence.verdicts) for o in Outcome}

    @property
    def leading(self) -> tuple[tuple[Group, Row], ...]:
        """What decides: the first row of every primary criterion, in the order of the tests."""
        return tuple((g, g.rows[0]) for g in self.groups if g.card.role == "primary")


def tools(evidence: Evidence, *, images: bool) -> tuple[Tool, ...]:
    """Every tool of the run, on scales that they share."""
    estimates: dict[str, list[Estimate]] = {}
    for verdict in (v for editor in evidence.editors for v in editor.verdicts):
        estimates.setdefault(verdict.criterion.id, []).append(verdict.estimate)
    steps = [a.estimate for editor in evidence.editors for a in editor.attribution]
    quantities = {q.name: q for card in evidence.instruments for q in card.quantities}
    return tuple(
        _tool(index, editor, estimates, steps, list(quantities.values()), images)
        for index, editor in enumerate(evidence.editors)
    )


def groups(
    verdicts: Iterable[Verdict], tests: Iterable[str] = (), estimates: Mapping[str, list[Estimate]] | None = None
) -> tuple[Group, ...]:
    """Verdicts by criterion in order of appearance; ``estimates`` by criterion id fix scales shared with others."""
    names = iter(tests)
    by_id: dict[str, list[tuple[Verdict, str]]] = {}
    for verdict in verdicts:
        by_id.setdefault(verdict.criterion.id, []).append((verdict, next(names, "")))
    made = []
    for identity, found in by_id.items():
        found.sort(key=lambda pair: pair[0].stratum != "all")
        card = found[0][0].criterion
        scale = scale_of(card, (estimates or {}).get(identity) or [v.estimate for v, _ in found])
        rows = tuple(_row(verdict, test, scale) for verdict, test in found)
        made.append(Group(card, ticks(card, scale), rows))
    return tuple(made)


def subgroups(made: tuple[Tool, ...]) -> list[tuple[CriterionCard, list[tuple[str, list[Row | None]]]]]:
    """Criteria asked of several subgroups: for each subgroup, the row of every tool (None where not asked)."""
    cards = {g.card.id: g.card for tool in made for g in tool.groups if len(g.rows) > 1}
    table = []
    for identity, card in cards.items():
        rows = [{r.verdict.stratum: r for g in tool.groups if g.card.id == identity for r in g.rows} for tool in made]
        strata = dict.fromkeys(stratum for of_tool in rows for stratum in of_tool)
        table.append((card, [(stratum_in_words(s), [of_tool.get(s) for of_tool in rows]) for s in strata]))
    return table


def traces(made: tuple[Tool, ...]) -> list[Trace]:
    """Every criterion once, with its tests and the outcome of each tool."""
    cards = {g.card.id: g.card for tool in made for g in tool.groups}
    found: dict[str, dict[str, list[tuple[str, Outcome]]]] = {identity: {} for identity in cards}
    for tool in made:
        for group in tool.groups:
            for row in group.rows:
                here = found[group.card.id].setdefault(row.test, [])
                here.append((tool.evidence.card.name, row.verdict.outcome))
    return [Trace(card, tuple(found[identity].items())) for identity, card in cards.items()]


def _row(verdict: Verdict, test: str, scale: Scale) -> Row:
    card = verdict.criterion
    return Row(verdict, stratum_in_words(verdict.stratum), figures(verdict.estimate, card),
               bar(card, verdict.estimate, scale), test)  # fmt: skip


def _tool(
    index: int, editor: EditorEvidence, estimates: Mapping[str, list[Estimate]], steps: list[Estimate],
    quantities: list[Quantity], images: bool,
) -> Tool:  # fmt: skip
    table = editor.measurements
    rows = table.rows[table.rows["arm"] == EDITED]
    lost = table.edits[table.edits["status"] != "ok"].groupby(["status", "message"], sort=False).size()
    failures = tuple(
        (STATUS.get(str(s), str(s)), str(m), int(n)) for (s, m), n in lost.sort_values(ascending=False).head(5).items()
    )  # type: ignore[misc]  # noqa: E501
    pairs = tuple(p for q in quantities if (p := paired(table, q)) is not None)
    cases = _cases(editor, pairs)
    index_of = {row.case: row.index for row in cases}
    shown = tuple(
        Shown(x, pictures(x.images) if images else None, _exhibit_readings(x), index_of.get(x.case))
        for x in editor.exhibits
    )
    judged = len(rows[["case", "repeat"]].drop_duplicates())
    return Tool(index, editor, groups(editor.verdicts, editor.tests, estimates), _steps(editor.attribution, steps),
                judged, failures, pairs, cases, shown)  # fmt: skip


def _steps(attribution: tuple[Attribution, ...], everyone: list[Estimate]) -> tuple[Step, ...]:
    made = []
    for entry in attribution:
        free = CriterionCard("", "", entry.estimand, entry.estimate.unit, -np.inf, np.inf, "", 0.95, "", "")
        scale = scale_of(free, everyone)
        made.append(Step(entry, figures(entry.estimate, free), bar(free, entry.estimate, scale), scale.at(0.0)))
    return tuple(made)


def _cases(editor: EditorEvidence, pairs: tuple[Paired, ...]) -> tuple[CaseRow, ...]:
    """Every case, the largest change of the first quantity first; cases without an edit last."""
    table = editor.measurements
    strata = [c for c in table.cases if c.startswith("stratum:")]
    status = {(str(e.case), int(e.repeat)): str(e.status) for e in table.edits.itertuples()}
    largest = (
        np.array([np.nanmax(np.abs(row)) if np.isfinite(row).any() else -1.0 for row in pairs[0].change])
        if pairs
        else np.zeros(len(table.cases))
    )  # noqa: E501
    rows = []
    for i in np.argsort(-largest, kind="stable"):
        case = str(table.cases["case"].iloc[i])
        said = [status.get((case, k), "ok") for k in range(table.n_repeats)]
        values = tuple(_case_reading(pair, int(i), said) for pair in pairs)
        groups_of = tuple(_value(table.cases[c].iloc[i]) for c in strata)
        rows.append(CaseRow(int(i), case, str(table.cases["patient"].iloc[i]), groups_of, values))
    return tuple(rows)


def _case_reading(pair: Paired, i: int, status: list[str]) -> Reading:
    digits = 1 if pair.quantity.kind == "continuous" else 3
    change = pair.change[i]
    worst = change[np.nanargmax(np.abs(change))] if np.isfinite(change).any() else np.nan
    edits = tuple(
        number(float(x), digits) if np.isfinite(x) else STATUS.get(s, "–")
        for x, s in zip(pair.edited[i], status or ["ok"] * pair.edited.shape[1], strict=False)
    )
    truth = digits if pair.quantity.kind == "continuous" else 0
    return Reading(in_words(pair.quantity.name), _unit(pair.quantity.unit), number(float(pair.reference[i]), truth),
                   number(float(pair.original[i]), digits), edits, number(float(worst), digits, sign=True))  # fmt: skip


def _exhibit_readings(exhibit: Exhibit) -> tuple[Reading, ...]:
    made = []
    for name, read in exhibit.readings.items():
        reference, original, edited = (_float(read.get(key)) for key in ("reference", "original", "edited"))
        unit = str(read.get("unit", ""))
        digits = 3 if unit in ("", "1", "probability") else 1
        truth = 0 if digits == 3 and reference == round(reference) else digits
        made.append(Reading(in_words(name), _unit(unit), number(reference, truth), number(original, digits),
                            (number(edited, digits),), number(edited - original, digits, sign=True)))  # fmt: skip
    return tuple(made)


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")


def _value(value: Any) -> str:
    return number(float(value), 1) if isinstance(value, (float, np.floating)) else str(value)

"""The evidence as the page lays it out: groups, rows and bars; no text is made into HTML here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.evidence import Attribution, EditorEvidence, Evidence
from harness.measurements import EDITED
from harness.report.bars import Bar, Scale, bar, scale_of, ticks
from harness.report.cases import CaseRow, Shown, case_rows, shown
from harness.report.figures import Figures, figures
from harness.report.readings import Paired, paired
from harness.report.wording import STATUS, stratum_in_words
from harness.types import CriterionCard, EditStatus, Estimate, Outcome, Quantity, Verdict


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
    index: int,
    editor: EditorEvidence,
    estimates: Mapping[str, list[Estimate]],
    steps: list[Estimate],
    quantities: list[Quantity],
    images: bool,
) -> Tool:
    table = editor.measurements
    edited = table.rows[table.rows["arm"] == EDITED]
    lost = Counter(
        (STATUS.get(str(status), str(status)), str(message))
        for status, message in table.edits[["status", "message"]].itertuples(index=False)
        if status != EditStatus.OK.value
    )
    pairs = tuple(p for q in quantities if (p := paired(table, q)) is not None)
    return Tool(
        index=index,
        evidence=editor,
        groups=groups(editor.verdicts, editor.tests, estimates),
        steps=_steps(editor.attribution, steps),
        judged=len(edited[["case", "repeat"]].drop_duplicates()),
        failures=tuple((status, message, n) for (status, message), n in lost.most_common(5)),
        pairs=pairs,
        cases=case_rows(table, pairs),
        exhibits=tuple(shown(exhibit, images=images) for exhibit in editor.exhibits),
    )


def _steps(attribution: tuple[Attribution, ...], everyone: list[Estimate]) -> tuple[Step, ...]:
    made = []
    for entry in attribution:
        free = CriterionCard("", "", entry.estimand, entry.estimate.unit, -math.inf, math.inf, "", 0.95, "", "")
        scale = scale_of(free, everyone)
        made.append(Step(entry, figures(entry.estimate, free), bar(free, entry.estimate, scale), scale.at(0.0)))
    return tuple(made)

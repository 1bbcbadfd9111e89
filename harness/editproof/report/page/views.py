"""The evidence arranged for the page: groups, rows and bars. No HTML is made here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from editproof.core.numbers import decimals_for, percent
from editproof.evidence.findings import Attribution
from editproof.evidence.measurements import EDITED
from editproof.evidence.record import EditorEvidence, Evidence
from editproof.report.charts.bars import Bar, Scale, bar, scale_of, ticks
from editproof.report.page.cases import CaseRow, Shown, case_rows, shown
from editproof.report.page.figures import Figures, both_sides, figures, noted_intervals, other_rules
from editproof.report.page.readings import Paired, paired
from editproof.report.text.wording import MISSING, STATUS, in_words, stratum_in_words
from editproof.types import CriterionCard, EditStatus, Estimate, Outcome, Quantity, Verdict

MOST_LEADING = 12
"""Primary criteria on the card of a tool; of more, some that passed are in the table alone, and none that missed."""


@dataclass(frozen=True)
class CriterionRow:
    """One verdict as a row: the figures as text, the bar, and the test.

    ``sides`` is ``"6.3 → 30.1"`` if the estimate compares originals with edits; ``sensitivity`` has the same
    estimate under other rules for missing edits, and ``beside`` what is noted beside the interval that decides.
    """

    verdict: Verdict
    stratum: str
    figures: Figures
    bar: Bar
    test: str
    sides: str
    sensitivity: tuple[tuple[str, Figures], ...]
    beside: tuple[tuple[str, Figures], ...] = ()


@dataclass(frozen=True)
class Group:
    """One criterion with a row for each subgroup, on one scale."""

    card: CriterionCard
    ticks: list[tuple[float, str]]
    rows: tuple[CriterionRow, ...]

    @property
    def passed(self) -> bool:
        """Whether every row passed."""
        return all(row.verdict.outcome is Outcome.PASS for row in self.rows)

    @property
    def subgroups(self) -> tuple[CriterionRow, ...]:
        """Every row but the first."""
        return self.rows[1:]


@dataclass(frozen=True)
class Step:
    """One row of the attribution: an arm with its estimate and bar, and the share of the harm that it leaves."""

    attribution: Attribution
    figures: Figures
    bar: Bar
    zero: float
    left: str


@dataclass(frozen=True)
class Tool:
    """Everything that the page shows about one tool.

    ``groups`` are drawn each on the tool's own scale, ``shared`` on a scale that all tools share.
    """

    index: int
    evidence: EditorEvidence
    groups: tuple[Group, ...]
    shared: tuple[Group, ...]
    steps: tuple[Step, ...]
    judged: int
    failures: tuple[tuple[str, str, int], ...]
    pairs: tuple[Paired, ...]
    cases: tuple[CaseRow, ...]
    exhibits: tuple[Shown, ...]

    @property
    def missing_rules(self) -> list[str]:
        """How missing edits entered the estimates, in words."""
        rules = (v.estimate.notes.get("missing_rule") for v in self.evidence.verdicts)
        return list(dict.fromkeys(MISSING.get(str(rule), in_words(str(rule))) for rule in rules if rule))

    @property
    def returned(self) -> int:
        """Edits that came back."""
        return int(self.evidence.flow.get("ok", 0))

    @property
    def tally(self) -> dict[Outcome, int]:
        """Verdicts by outcome."""
        return {o: sum(v.outcome is o for v in self.evidence.verdicts) for o in Outcome}

    @property
    def leading(self) -> tuple[tuple[Group, CriterionRow], ...]:
        """The first row of each primary criterion, in the order of the tests; those that missed are never left out."""
        primary = [(group, group.rows[0]) for group in self.shared if group.card.role == "primary"]
        missed = [group for group, _ in primary if not group.passed]
        passed = [group for group, _ in primary if group.passed]
        kept = {id(group) for group in [*missed, *passed[: max(0, MOST_LEADING - len(missed))]]}
        return tuple((group, row) for group, row in primary if id(group) in kept)

    @property
    def primary(self) -> tuple[tuple[Group, CriterionRow], ...]:
        """Every verdict on a primary criterion, of every subgroup, in the order of the tests."""
        return tuple((group, row) for group in self.shared if group.card.role == "primary" for row in group.rows)

    @property
    def more_primary(self) -> int:
        """Primary criteria that ``leading`` leaves out."""
        return sum(group.card.role == "primary" for group in self.shared) - len(self.leading)


def tools(evidence: Evidence, *, images: bool) -> tuple[Tool, ...]:
    """Every tool of the run, on scales that they share."""
    estimates: dict[str, list[Estimate]] = {}
    for verdict in (v for editor in evidence.editors for v in editor.verdicts):
        estimates.setdefault(verdict.criterion.id, []).append(verdict.estimate)
    steps = [a.estimate for editor in evidence.editors for a in editor.attribution]
    quantities = {q.name: q for card in evidence.instruments for q in card.quantities}
    structures = [structure for card in evidence.instruments for structure in card.structures]
    return tuple(
        _tool(index, editor, estimates, steps, list(quantities.values()), images, structures)
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


def subgroups(made: tuple[Tool, ...]) -> list[tuple[CriterionCard, list[tuple[str, list[CriterionRow | None]]]]]:
    """Criteria applied to several subgroups: for each subgroup, the row of every tool (None if not tested)."""
    cards = {g.card.id: g.card for tool in made for g in tool.groups if len(g.rows) > 1}
    table = []
    for identity, card in cards.items():
        rows = [{r.verdict.stratum: r for g in tool.shared if g.card.id == identity for r in g.rows} for tool in made]
        strata = dict.fromkeys(stratum for of_tool in rows for stratum in of_tool)
        table.append((card, [(stratum_in_words(s), [of_tool.get(s) for of_tool in rows]) for s in strata]))
    return table


def cards(made: tuple[Tool, ...]) -> list[CriterionCard]:
    """Every criterion that was applied to any tool, once, in the order of the tests."""
    return list({g.card.id: g.card for tool in made for g in tool.groups}.values())


def _row(verdict: Verdict, test: str, scale: Scale) -> CriterionRow:
    card = verdict.criterion
    estimate = verdict.estimate
    return CriterionRow(
        verdict=verdict,
        stratum=stratum_in_words(verdict.stratum),
        figures=figures(estimate, card),
        bar=bar(card, estimate, scale),
        test=test,
        sides=both_sides(estimate),
        sensitivity=tuple(
            (MISSING.get(rule, in_words(rule)), figures(other, card)) for rule, other in other_rules(estimate)
        ),
        beside=tuple((name, figures(other, card)) for name, other in noted_intervals(estimate)),
    )


def _tool(
    index: int,
    editor: EditorEvidence,
    estimates: Mapping[str, list[Estimate]],
    steps: list[Estimate],
    quantities: list[Quantity],
    images: bool,
    structures: list[str],
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
        groups=groups(editor.verdicts, editor.tests),
        shared=groups(editor.verdicts, editor.tests, estimates),
        steps=_steps(editor.attribution, steps),
        judged=len(edited[["case", "repeat"]].drop_duplicates()),
        failures=tuple((status, message, n) for (status, message), n in lost.most_common(5)),
        pairs=pairs,
        cases=case_rows(table, pairs),
        exhibits=shown(editor.exhibits, table, images=images, structures=structures, tool=index),
    )


def _left(entry: Attribution, attribution: tuple[Attribution, ...]) -> str:
    """Share of the harm of the edit that an arm leaves; empty if the edit shows no harm, or for the edit itself."""
    whole = next((a.estimate for a in attribution if a.arm == EDITED), None)
    if entry.arm == EDITED or whole is None or whole.value is None or whole.low is None or entry.estimate.value is None:
        return ""
    return percent(entry.estimate.value / whole.value).replace("-", "−") if whole.low > 0 else ""


def _steps(attribution: tuple[Attribution, ...], everyone: list[Estimate]) -> tuple[Step, ...]:
    made = []
    for entry in attribution:
        unit = entry.estimate.unit
        free = CriterionCard("", "", entry.estimand, unit, -math.inf, math.inf, "", 0.95, "", "", signed=True)
        scale, digits = scale_of(free, everyone), decimals_for([e.value for e in everyone if e.value is not None])
        made.append(
            Step(
                entry,
                figures(entry.estimate, free, digits),
                bar(free, entry.estimate, scale),
                scale.at(0.0),
                _left(entry, attribution),
            )
        )
    return tuple(made)

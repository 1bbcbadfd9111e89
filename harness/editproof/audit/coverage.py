"""Which patients of a cohort the primary claims of a run are about: those that none judges prove nothing."""

from __future__ import annotations

from collections.abc import Iterator

from editproof.core.numbers import grouped
from editproof.criteria.redecision import criterion_from
from editproof.evidence.facts import Facts, ToolFacts
from editproof.evidence.measurements import PLANTED
from editproof.evidence.reservations import Reservation
from editproof.report.text.wording import counted

KIND = "part of the cohort"


def part_of_the_cohort(facts: Facts) -> Iterator[Reservation]:
    """Patients whom no primary claim judges, and claims that leave patients out for want of a reference or a rescan."""
    for tool in facts.tools:
        yield from _of_tool(tool, f" on {tool.card.name}" if len(facts.tools) > 1 else "")


def _of_tool(tool: ToolFacts, named: str) -> Iterator[Reservation]:
    everybody = set(tool.measurements.patients)
    judged: set[str] = set()
    short: dict[str, int] = {}
    for claim in tool.claims:
        if claim.criterion.role != "primary" or claim.criterion.specification is None:
            continue
        estimand, of_stratum = criterion_from(claim.criterion).estimand, tool.measurements.where(claim.stratum)
        if estimand.arm == PLANTED:  # of 20 patients by design
            continue
        patients = set(estimand.raw(of_stratum).patients)
        judged |= patients
        if lacking := len(set(of_stratum.patients) - patients):
            short[claim.place] = lacking
    if short:
        worst = max(short, key=lambda place: short[place])
        others = f"; {len(short) - 1} other primary claims leave patients out too" if len(short) > 1 else ""
        yield Reservation(
            KIND,
            f"{worst}{named} leaves out {grouped(short[worst])} of {counted(len(everybody), 'patient')} of whom it is "
            f"not known (no reference standard, no target, no rescan, no such region){others}.",
            tool.card.name,
        )
    if judged and (missed := everybody - judged):
        yield Reservation(
            KIND,
            f"{grouped(len(missed))} of {counted(len(everybody), 'patient')} are judged by no primary claim on "
            f"{tool.card.name}.",
            tool.card.name,
        )

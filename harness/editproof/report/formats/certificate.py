"""A record of the test on one page, which cannot be mistaken for an approval."""

from __future__ import annotations

from typing import Protocol

from markupsafe import Markup

from editproof.evidence.record import Evidence
from editproof.evidence.reservations import heading
from editproof.report.page import views
from editproof.report.page.environment import environment, source
from editproof.report.page.views import CriterionRow, Group, Tool
from editproof.report.text.wording import listed, printable
from editproof.types import Outcome

CONFIRMATORY = "CONFIRMATORY"
LONGEST = 160
"""Characters of one field, so that the certificate fits on one page."""

_ROOM = 22
"""Rows that fit on the page, for all tools together; each tool needs five beside its criteria."""


class Signature(Protocol):
    """Who signed a run, when, and with which meaning."""

    @property
    def name(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def meaning(self) -> str: ...


def render(evidence: Evidence, signature: Signature | None = None) -> str:
    """One HTML page that prints on one sheet: verdict, tool, cohort, protocol, label, signature.

    For a run that is INVALID, EXPLORATORY or incomplete, or that judged no tool, the page shows no verdict: its heading
    then states that nothing was proven, and why.

    Parameters
    ----------
    evidence : Evidence
    signature : Signature, optional
        Of the run; the caller has checked it.
    """
    obstacles = _obstacles(evidence)
    tools = views.tools(evidence, images=False)
    return environment().get_template("certificate.html.j2").render(
        evidence=evidence,
        tools=tools,
        heading=_heading(evidence, bool(obstacles)),
        obstacles=obstacles,
        proven=not obstacles,
        reason=lambda tool: "" if obstacles else tool.evidence.reason,
        rows=lambda tool: () if obstacles else _rows(tool, len(tools)),
        more=lambda tool: 0 if obstacles else _primary(tool) - len(_rows(tool, len(tools))),
        passed=(sum(map(bool, evidence.validity)), len(evidence.validity)),
        reservations=printable(" ".join(found.sentence for found in evidence.reservations), 4 * LONGEST) or "none",
        heading_of=lambda tool: heading(tool.evidence.outcome, evidence.reservations_on(tool.evidence)),
        signature=signature,
        printed=True,
        style=Markup(source("certificate.css")),
    )  # fmt: skip


def _heading(evidence: Evidence, void: bool) -> str:
    if void:
        return "Nothing was proven by this run"
    found: dict[str, list[str]] = {}
    for tool in sorted(evidence.editors, key=lambda tool: list(Outcome).index(tool.outcome)):
        said = heading(tool.outcome, evidence.reservations_on(tool))
        found.setdefault(said, []).append(printable(tool.card.name, 60))
    return "; ".join(f"{listed(names)}: {said[0].lower()}{said[1:]}" for said, names in found.items())


def _obstacles(evidence: Evidence) -> list[tuple[str, str]]:
    """The reasons why no verdict of the run may be shown, by name; empty if it may."""
    void = evidence.outcome is Outcome.INVALID or any(e.outcome is Outcome.INVALID for e in evidence.editors)
    reasons = [
        ("INVALID", evidence.reason, void),
        (
            evidence.label,
            "; ".join(evidence.departures) or "The run follows no protocol that was locked beforehand.",
            evidence.label != CONFIRMATORY,
        ),
        ("INCOMPLETE", "; ".join(evidence.incomplete), bool(evidence.incomplete)),
        ("NO TOOL", "The run judged no tool.", not evidence.editors),
    ]
    return [(name, printable(why, 3 * LONGEST)) for name, why, raised in reasons if raised]


def _rows(tool: Tool, tools: int) -> tuple[tuple[Group, CriterionRow], ...]:
    room = max(0, (_ROOM - 5 * tools) // tools)
    return tool.leading[:room] if _primary(tool) <= room else _missed_first(tool.leading)[:room]


def _missed_first(pairs: tuple[tuple[Group, CriterionRow], ...]) -> tuple[tuple[Group, CriterionRow], ...]:
    return tuple(sorted(pairs, key=lambda pair: bool(pair[1].verdict)))


def _primary(tool: Tool) -> int:
    return sum(group.card.role == "primary" for group in tool.shared)

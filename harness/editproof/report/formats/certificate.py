"""A record of the test with every primary claim, which cannot be mistaken for an approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from markupsafe import Markup

from editproof.evidence.bundle import MANIFEST, RECORD
from editproof.evidence.record import Evidence
from editproof.evidence.reservations import heading
from editproof.report.page import views
from editproof.report.page.environment import environment, source
from editproof.report.text.wording import listed, printable
from editproof.types import Outcome

CONFIRMATORY = "CONFIRMATORY"
LONGEST = 160
"""Characters of one field, so that the certificate stays short: about 25 claims fit on its first page."""


class Signature(Protocol):
    """Who signed a run, when, and with which meaning."""

    @property
    def name(self) -> str: ...
    @property
    def time(self) -> str: ...
    @property
    def meaning(self) -> str: ...


def render(evidence: Evidence, signature: Signature | None = None, digests: Mapping[str, str] | None = None) -> str:
    """One HTML page: verdict and every primary claim of each tool, cohort, digests, reservations, label, signature.

    For a run that is INVALID, EXPLORATORY or incomplete, or that judged no tool, the page shows no verdict: its heading
    then states that nothing was proven, and why.

    Parameters
    ----------
    evidence : Evidence
    signature : Signature, optional
        Of the run; the caller has checked it.
    digests : mapping of str to str, optional
        SHA-256 of the files of the bundle, by name, of which those of record and manifest are shown; the caller has
        checked them.
    """
    flaws = obstacles(evidence)
    tools = views.tools(evidence, images=False)
    return environment().get_template("certificate.html.j2").render(
        evidence=evidence,
        tools=tools,
        heading=_heading(evidence, bool(flaws)),
        obstacles=flaws,
        proven=not flaws,
        reason=lambda tool: "" if flaws else tool.evidence.reason,
        rows=lambda tool: () if flaws else tool.primary,
        digests={name: digests[name] for name in (RECORD, MANIFEST) if name in digests} if digests else {},
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


def obstacles(evidence: Evidence) -> list[tuple[str, str]]:
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

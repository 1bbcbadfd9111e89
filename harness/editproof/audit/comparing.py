"""Version against version: non-inferiority of the new one under every primary criterion, from two saved runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from editproof.audit.reservations import PLACEHOLDER, exploratory, of_drawings
from editproof.core.digests import digest_of
from editproof.core.numbers import brief
from editproof.core.records import path_text
from editproof.criteria.criterion import overall
from editproof.criteria.redecision import criterion_from
from editproof.criteria.versions import difference_verdict, margin_by_share
from editproof.errors import EvidenceError
from editproof.evidence.comparison import (
    Comparison,
    ComparisonFacts,
    ComparisonFindings,
    MarginClaim,
    Version,
)
from editproof.evidence.plain import differences, plain
from editproof.evidence.protocol import CONFIRMATORY, EXPLORATORY, run_name
from editproof.evidence.record import EditorEvidence, Evidence
from editproof.types import Outcome

SHARE = 0.5
SHARED = ("dataset", "instruments", "floors", "plan", "metrics", "estimands")
"""What the protocols of both runs must agree in."""


def compared(
    new: Evidence,
    old: Evidence,
    margins: Mapping[str, float],
    *,
    share: float = SHARE,
    names: tuple[str, str] = ("", ""),
) -> Comparison:
    """The comparison of two runs' versions of a tool.

    Parameters
    ----------
    margins : mapping of str to float
        Largest acceptable loss by criterion id; where there is none, ``share`` of the criterion's own margin stands in.
    names : tuple of str
        Tool of the new and of the old run, where they judged several.

    Raises
    ------
    EvidenceError
        Where the runs are not of the same cases, read by the same instruments under the same plan.
    """
    later, earlier = _tool(new, names[0]), _tool(old, names[1])
    _same_frozen_set(new, old, later, earlier)
    judged_before = {(verdict.criterion.id, verdict.stratum): verdict.criterion for verdict in earlier.verdicts}
    claims = []
    for verdict in later.verdicts:
        card = verdict.criterion
        if card.role != "primary":
            continue
        if (
            before := judged_before.get((card.id, verdict.stratum))
        ) is None or before.specification != card.specification:
            raise EvidenceError(f"comparing {new.run} with {old.run}", f"{card.id} was not asked of both, as one claim")
        given = card.id in margins
        margin = margins[card.id] if given else margin_by_share(criterion_from(card), share)
        source = "given for this comparison" if given else f"{PLACEHOLDER}: {brief(share)} of the margin of {card.id}"
        claims.append(MarginClaim(card, verdict.stratum, margin, source))
    if unknown := sorted(set(margins) - {claim.criterion.id for claim in claims}):
        raise EvidenceError(f"margin of {', '.join(unknown)}", "there is no such primary criterion")
    return comparison_of(
        ComparisonFacts(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            dataset=new.dataset,
            instruments=new.instruments,
            old=_version(old, earlier),
            new=_version(new, later),
            claims=tuple(claims),
            terms={name: new.protocol[name] for name in SHARED if name in new.protocol},
            environment=new.environment,
        )
    )


def comparison_of(facts: ComparisonFacts) -> Comparison:
    """The record of a comparison: its facts, and what follows from them."""
    return Comparison(facts, comparison_findings(facts))


def comparison_findings(facts: ComparisonFacts) -> ComparisonFindings:
    """Everything that follows from the facts of a comparison."""
    new, old = facts.new, facts.old
    names = (f"{new.card.name} {new.card.version}", f"{old.card.name} {old.card.version}")
    verdicts = tuple(
        difference_verdict(
            criterion_from(claim.criterion), claim.margin, claim.source,
            new.measurements.where(claim.stratum), old.measurements.where(claim.stratum), names,
        )
        for claim in facts.claims
    )  # fmt: skip
    outcome, reason = overall(verdicts)
    if broken := [version.run for version in (old, new) if version.outcome is Outcome.INVALID]:
        outcome, reason = Outcome.INVALID, f"Nothing can be compared with an invalid run: {', '.join(broken)}."
    terms = {**facts.terms, "claims": plain(facts.claims), "runs": [old.protocol, new.protocol]}
    digest = digest_of(terms)
    departed = tuple(_departures(facts))
    return ComparisonFindings(
        run=run_name(facts.created, f"{new.card.name} against {old.card.name}", digest),
        outcome=outcome,
        reason=reason,
        label=EXPLORATORY if departed else CONFIRMATORY,
        departures=departed,
        reservations=(*exploratory(departed, "non-inferiority"), *of_drawings(facts.dataset)),
        verdicts=verdicts,
        protocol={**terms, "digest": digest},
    )


def _departures(facts: ComparisonFacts) -> list[str]:
    found = [f"run {v.run} was {v.label}" for v in (facts.old, facts.new) if v.label != CONFIRMATORY]
    loose = [claim.criterion.id for claim in facts.claims if claim.source.startswith(PLACEHOLDER)]
    return found + [f"the margin of {name} is a placeholder" for name in loose]


def _same_frozen_set(new: Evidence, old: Evidence, later: EditorEvidence, earlier: EditorEvidence) -> None:
    ours, theirs = ({name: run.protocol.get(name) for name in SHARED} for run in (old, new))
    for place, one, other in differences(ours, theirs):
        raise EvidenceError(
            f"comparing {new.run} with {old.run}",
            f"they differ in {path_text(place)}: {str(other)[:60]} and {str(one)[:60]}",
            "Compare runs on one cohort, by one instrument, under one plan.",
        )
    for run in (new, old):
        if run.shard:
            found = f"{run.run} holds part {run.shard} of the cohort alone"
            raise EvidenceError(f"comparing {new.run} with {old.run}", found, "Join its parts first: editproof merge.")
    if not later.measurements.cases.equals(earlier.measurements.cases):
        raise EvidenceError(f"comparing {new.run} with {old.run}", "they do not hold the same cases")


def _tool(run: Evidence, name: str) -> EditorEvidence:
    tools = {editor.card.name: editor for editor in run.editors}
    if not name and len(tools) == 1:
        return next(iter(tools.values()))
    if name not in tools:
        found = f"it judged {', '.join(tools)}"
        raise EvidenceError(f"tool {name or '(none named)'} of {run.run}", found, "Name one.")
    return tools[name]


def _version(run: Evidence, editor: EditorEvidence) -> Version:
    return Version(run.run, str(run.protocol["digest"]), run.label, editor.outcome, editor.card, editor.measurements)

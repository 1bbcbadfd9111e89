"""Version against version: non-inferiority of the new one under every primary criterion of the old one.

It starts from the old version's claims, since a suite that no longer asks cannot show that nothing became worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from editproof.audit.reservations import PLACEHOLDER, PLACEHOLDER_LIMITS, exploratory
from editproof.core.digests import digest_of
from editproof.core.nearest import did_you_mean
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
    OwnClaim,
    Version,
)
from editproof.evidence.plain import differences, plain
from editproof.evidence.protocol import CONFIRMATORY, EXPLORATORY, run_name
from editproof.evidence.record import EditorEvidence, Evidence
from editproof.evidence.reservations import Reservation
from editproof.stats.gaffke import BETTING, CONVENTIONAL, GAFFKE
from editproof.types import CriterionCard, Outcome, place_of

SHARE = 0.5
SHARED = ("dataset", "instruments", "floors", "plan", "metrics", "estimands", "executors")
"""What the protocols of both runs must agree in."""

STRENGTH = (CONVENTIONAL, GAFFKE, BETTING)
"""Kinds of limits, each of which holds under fewer assumptions than the one before."""


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
        Largest acceptable loss by id of a primary criterion of the old run; where there is none, ``share`` of the
        margin that the criterion had there is used.
    names : tuple of str
        Tool of the new and of the old run, where they judged several.

    Raises
    ------
    EvidenceError
        Where the runs are not of the same cases, read by the same instruments under the same plan.
    """
    later, earlier = _tool(new, names[0]), _tool(old, names[1])
    _same_frozen_set(new, old, later, earlier)
    before, now = _version(old, earlier), _version(new, later)
    primary = _primary(before)
    if unknown := sorted(set(margins) - {name for name, _ in primary}):
        known = sorted({name for name, _ in primary})
        advice = f"{did_you_mean(unknown[0], known)}It has {', '.join(known)}."
        raise EvidenceError(f"margin of {', '.join(unknown)}", f"{old.run} has no such primary criterion", advice)
    asked = {(claim.criterion.id, claim.stratum): claim.criterion for claim in now.claims}
    claims = []
    for (name, stratum), card in primary.items():
        if (name, stratum) not in asked or asked[name, stratum].specification != card.specification:
            continue
        given = name in margins
        margin = margins[name] if given else margin_by_share(criterion_from(card), share)
        source = "given for this comparison" if given else f"{PLACEHOLDER}: {brief(share)} of the margin of {name}"
        claims.append(MarginClaim(card, stratum, margin, source))
    return comparison_of(
        ComparisonFacts(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            dataset=new.dataset,
            instruments=new.instruments,
            old=before,
            new=now,
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
    gaps = tuple(_gaps(old, new))
    if gaps and outcome is not Outcome.FAIL:
        outcome = Outcome.INCONCLUSIVE
        reason = f"Not every primary claim of the old version was compared as it was: {'; '.join(gaps)}."
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
        gaps=gaps,
        additional=tuple(place_of(*place) for place in sorted(set(_primary(new)) - set(_primary(old)))),
        reservations=(*exploratory(departed, "non-inferiority"), *_of_runs(old, new)),
        verdicts=verdicts,
        protocol={**terms, "digest": digest},
    )


def _gaps(old: Version, new: Version) -> Iterator[str]:
    """Primary claims of the old version that the new one did not have to meet as they were, and runs that were cut."""
    for version in (old, new):
        if version.incomplete:
            yield f"run {version.run} is incomplete ({'; '.join(version.incomplete)})"
    asked: dict[tuple[str, str], list[CriterionCard]] = {}
    for claim in new.claims:
        asked.setdefault((claim.criterion.id, claim.stratum), []).append(claim.criterion)
    for place, card in _primary(old).items():
        found = [_weakened(card, other) for other in asked.get(place, ())]
        if not found:
            yield f"{place_of(*place)} is not a claim of run {new.run}"
        elif all(found):
            yield f"{place_of(*place)} {found[0]} in run {new.run}"


def _weakened(old: CriterionCard, new: CriterionCard) -> str:
    """How a criterion asks for less than it did, in words; empty where it asks for as much."""
    changes = [
        (new.role != old.role, f"is {new.role}"),
        (new.specification != old.specification, "has another estimand"),
        (new.low < old.low or new.high > old.high, f"requires {new.required}, where it required {old.required},"),
        (
            new.confidence < old.confidence,
            f"has a confidence of {brief(new.confidence)}, where it had {brief(old.confidence)},",
        ),
        (
            STRENGTH.index(new.limits) < STRENGTH.index(old.limits),
            f"is decided by {new.limits} limits, where it was by {old.limits} ones,",
        ),
        (
            new.min_patients < old.min_patients,
            f"asks for {new.min_patients} patients, where it asked for {old.min_patients},",
        ),
    ]
    return " and ".join(words for holds, words in changes if holds)


def _primary(version: Version) -> dict[tuple[str, str], CriterionCard]:
    """The primary claims of a version, each once, by id and stratum."""
    claims = (claim for claim in version.claims if claim.criterion.role == "primary")
    return {(claim.criterion.id, claim.stratum): claim.criterion for claim in claims}


def _of_runs(old: Version, new: Version) -> Iterator[Reservation]:
    """What limits both runs or one of them; limits are not compared, and margins are named as departures."""
    found = dict.fromkeys(entry for version in (old, new) for entry in version.reservations)
    yield from (entry for entry in found if entry.kind not in (EXPLORATORY.lower(), PLACEHOLDER_LIMITS))


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
    claims = tuple(OwnClaim(verdict.criterion, verdict.stratum) for verdict in editor.verdicts)
    return Version(
        run.run, str(run.protocol["digest"]), run.label, editor.outcome, run.incomplete, run.reservations_on(editor),
        claims, editor.card, editor.measurements,
    )  # fmt: skip

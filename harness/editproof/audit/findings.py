"""The one function that decides: from the facts of a run to its findings.

A run's page, exit code and attestation come from it, `verify` holds a record against it, and `merge` decides a joined
run by it. What a test computed in its own process is never trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from editproof.audit.completeness import gaps
from editproof.audit.metric_sources import outputs_by_quantity
from editproof.audit.reservations import reservations
from editproof.core.digests import digest_of
from editproof.core.progress import watched
from editproof.criteria.attribution import attribution, causes
from editproof.criteria.conformance import floor_verdicts, outcome_of_editor, outcome_of_run, told_verdict
from editproof.criteria.controls import IDENTITY, control_verdicts, removal_verdicts, verdict_on_control
from editproof.criteria.exhibited import tellings_of
from editproof.criteria.masks import mask_report
from editproof.criteria.planting import planted_verdicts
from editproof.criteria.redecision import criterion_from, decided_claims
from editproof.criteria.sources import source_of
from editproof.errors import EditproofError
from editproof.evidence.facts import Claim, Facts, ToolFacts, made_elsewhere
from editproof.evidence.findings import Exhibit, Findings, Origins, ToolFindings
from editproof.evidence.gallery import chosen
from editproof.evidence.measurements import PLANTED, PLANTED_ORIGINAL, Measurements
from editproof.evidence.plain import plain
from editproof.evidence.planted import SEEN
from editproof.evidence.protocol import (
    CONFIRMATORY,
    EXPLORATORY,
    Lock,
    claims,
    departures,
    instrument_in_protocol,
    lock_of,
    moment,
    run_name,
)
from editproof.evidence.record import Evidence
from editproof.evidence.reservations import concerning
from editproof.evidence.tabled import is_of_readings_alone
from editproof.report.text.wording import counted
from editproof.types import JSON, EditStatus, Verdict


def evidence_of(facts: Facts) -> Evidence:
    """The record of a run: its facts, and what follows from them."""
    return Evidence(facts, findings(facts))


def findings(facts: Facts) -> Findings:
    """Everything that follows from the facts of a run.

    Verdicts, outcomes and their reasons, flow, attribution with its sentence, the finding on a mask, the choice of
    exhibits and their readings, validity, departures, label and reservations, protocol with its digest, and the name of
    the run.

    Raises
    ------
    EvidenceError, ProtocolError
        Where a criterion cannot be decided on these measurements.
    """
    verdicts = [_verdicts(tool) for tool in facts.tools]
    validity = _validity(facts, verdicts)
    protocol = protocol_of(facts)
    lock = None if facts.lock is None else lock_of(facts.lock)
    incomplete = tuple(dict.fromkeys(gaps(facts, protocol, lock)))
    tools = tuple(
        _tool_findings(tool, found, validity, incomplete, facts)
        for tool, found in zip(facts.tools, verdicts, strict=True)
    )
    named = zip(facts.tools, tools, strict=True)
    came_to = {tool.card.name: (found.outcome, found.reason) for tool, found in named}
    elsewhere = [tool.card.name for tool in facts.tools if tool.made_elsewhere]
    departed = (
        *departures(lock, protocol, facts.created, elsewhere), *made_elsewhere(facts), *_made_before(lock, facts),
    )  # fmt: skip
    limits = reservations(facts, departed)
    outcome, reason = outcome_of_run(came_to, [name for name in came_to if concerning(limits, name)])
    return Findings(
        run=run_name(facts.created, facts.dataset.name, protocol["digest"]),
        outcome=outcome,
        reason=reason,
        label=EXPLORATORY if departed else CONFIRMATORY,
        departures=departed,
        reservations=limits,
        incomplete=incomplete,
        validity=validity,
        protocol=protocol,
        tools=tools,
    )


def protocol_of(facts: Facts) -> dict[str, JSON]:
    """What a run fixes: claims, cohort, instruments, tools and plan, and the digest over all of it."""
    asked = [(claim.criterion, claim.stratum) for tool in facts.tools for claim in tool.claims]
    protocol = {
        **facts.terms,
        "claims": claims(asked),
        "dataset": facts.dataset.digest,
        "instruments": {card.name: instrument_in_protocol(card) for card in facts.instruments},
        "floors": {card.name: plain(card.floors) for card in facts.instruments},
        "editors": {**facts.terms.get("editors", {}), **{tool.card.name: plain(tool.card) for tool in facts.tools}},
    }
    return {**protocol, "digest": digest_of(protocol)}


def undecidable(facts: Facts) -> Iterator[tuple[str, EditproofError]]:
    """The claims that cannot be decided at all: where each is in the record, and why."""
    for at, tool in enumerate(facts.tools):
        for index, verdict in enumerate(decided_claims(tool.claims, tool.measurements)):
            if isinstance(verdict, EditproofError):
                yield f"facts.tools[{at}].claims[{index}].criterion", verdict


def primary_claims(facts: Facts) -> tuple[Claim, ...]:
    """The claims that controls are held against."""
    return tuple(claim for tool in facts.tools for claim in tool.claims if claim.criterion.role == "primary")


def in_reading_order(asked: Sequence[Claim]) -> tuple[Claim, ...]:
    """Primary claims first, then by id, the whole cohort before its subgroups; the same however tests were spread."""
    return tuple(sorted(asked, key=_reading_order))


def flow_of(measured: Measurements) -> dict[str, int]:
    """How many edits were requested, and how many ended in each way; those of planted radiographs by themselves."""
    counts = Counter(measured.edits["status"])
    flow = {"requested": len(measured.edits), **{status.value: int(counts.get(status, 0)) for status in EditStatus}}
    planted, returned = (
        int(((measured.rows["arm"] == arm) & (measured.rows["quantity"] == SEEN)).sum())
        for arm in (PLANTED_ORIGINAL, PLANTED)
    )
    return {**flow, "planted": planted, "planted_returned": returned} if planted else flow


def origins_of(tool: ToolFacts, began: str) -> Origins:
    """Where the edits of a tool come from; those of which it is not known are neither made nor replayed."""
    known = [when for text in tool.measurements.edits["made"] if (when := moment(text))]
    start = moment(began)
    earlier = [when for when in known if start is not None and when < start]
    oldest = min(earlier).isoformat(timespec="seconds") if earlier else ""
    return Origins(len(known) - len(earlier), len(earlier), oldest, tool.calls)


def _made_before(lock: Lock | None, facts: Facts) -> Iterator[str]:
    """Edits of the judged version that were there before the lock: what stood then is said of the locked one alone."""
    if lock is None or (locked_at := moment(lock.locked)) is None:
        return
    for tool in facts.tools:
        edits, name = tool.measurements.edits, tool.card.name
        if tool.made_elsewhere:
            continue
        known = [moment(text) for text in edits["made"][edits["status"] == EditStatus.OK.value]]
        if early := sum(when is not None and when < locked_at for when in known):
            yield f"{counted(early, 'edit')} of {name} had been made before the protocol was locked"
        if lock.for_gate and (unknown := known.count(None)):
            yield f"nothing shows when {counted(unknown, 'edit')} of {name} had been made, and the lock is for a gate"


def exhibits_of(tool: ToolFacts) -> tuple[Exhibit, ...]:
    """The edits of a tool that a reader is shown."""
    asked = (criterion_from(claim.criterion) for claim in tool.claims if claim.criterion.role == "primary")
    return chosen(tool.measurements, tellings_of(asked))


def _reading_order(claim: Claim) -> tuple[bool, str, bool, str, str]:
    role, stratum = claim.criterion.role, claim.stratum
    return role != "primary", claim.criterion.id, stratum != "all", stratum, claim.test


def _verdicts(tool: ToolFacts) -> tuple[Verdict, ...]:
    verdicts = []
    for verdict in decided_claims(tool.claims, tool.measurements):
        if isinstance(verdict, EditproofError):
            raise verdict
        verdicts.append(verdict)
    return tuple(verdicts)


def _validity(facts: Facts, verdicts: Sequence[Sequence[Verdict]]) -> tuple[Verdict, ...]:
    if not facts.tools:
        return ()
    told = [
        pair for tool, found in zip(facts.tools, verdicts, strict=True) for pair in zip(tool.claims, found, strict=True)
    ]
    floors = [verdict for card in facts.instruments for verdict in floor_verdicts(card, facts.tools[0].measurements)]
    primary = {(claim.criterion.id, claim.stratum): claim for claim in primary_claims(facts)}
    controls: list[Mapping[str, Verdict]] = [
        {
            name: verdict_on_control(criterion_from(claim.criterion), control.where(stratum))
            for name, control in facts.controls.items()
        }
        for (_, stratum), claim in watched(sorted(primary.items()), len(primary), "controls: decide", "claim")
    ]
    claims = [claim for tool in facts.tools for claim in tool.claims]
    planted = planted_verdicts(claims, facts.tools[0].measurements, facts.controls, facts.shard)
    made_of = partial(source_of, cards=facts.instruments, named=outputs_by_quantity(facts.instruments))
    sensitivity = control_verdicts(controls, made_of, alone=is_of_readings_alone(facts))
    removals = removal_verdicts(
        [
            (criterion_from(claim.criterion), facts.controls[IDENTITY].where(stratum))
            for (_, stratum), claim in sorted(primary.items())
            if IDENTITY in facts.controls
        ],
        made_of,
    )
    return (*floors, *sensitivity, *removals, *planted, told_verdict(told))


def _tool_findings(
    tool: ToolFacts,
    verdicts: tuple[Verdict, ...],
    validity: tuple[Verdict, ...],
    incomplete: tuple[str, ...],
    facts: Facts,
) -> ToolFindings:
    outcome, reason = outcome_of_editor(verdicts, validity, incomplete)
    entries = () if is_of_readings_alone(facts) else attribution(tool.measurements, tool.card)
    return ToolFindings(
        outcome=outcome,
        reason=reason,
        flow=flow_of(tool.measurements),
        verdicts=verdicts,
        attribution=entries,
        causes=causes(entries),
        exhibits=exhibits_of(tool),
        mask=None if tool.mask_trials is None else mask_report(tool.card.name, tool.mask_trials),
        origins=origins_of(tool, facts.began),
    )

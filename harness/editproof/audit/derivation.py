"""The whole record of a run made again from what was measured and asked: what `verify` compares and `merge` keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from editproof.core.digests import digest_of
from editproof.criteria.attribution import attribution, causes
from editproof.criteria.conformance import (
    control_verdicts,
    floor_verdicts,
    outcome_of_editor,
    outcome_of_run,
    verdict_on_control,
)
from editproof.criteria.masks import mask_report
from editproof.criteria.redecision import criterion_from, decided_again
from editproof.datasets.shard import words
from editproof.errors import EditproofError
from editproof.evidence.gallery import chosen
from editproof.evidence.measurements import Measurements
from editproof.evidence.plain import plain
from editproof.evidence.protocol import CONFIRMATORY, EXPLORATORY, claims, departures, lock_of, of_instrument, run_name
from editproof.evidence.record import EditorEvidence, Evidence
from editproof.types import JSON, EditStatus, Verdict


def derived(evidence: Evidence) -> Evidence:
    """The same facts, with everything that follows from them decided again.

    Facts are the measurements of tools and controls, what masks were seen to do, the criteria with their strata and
    tests, the cards, the lock, and what the protocol says beyond those. Verdicts, outcomes and their reasons, flow,
    attribution with its sentence, the finding on a mask, the choice of exhibits and their readings, validity,
    departures and label, digest and name of the run follow.

    Raises
    ------
    EvidenceError, ProtocolError
        Where a criterion cannot be decided on these measurements.
    """
    again = replace(evidence, editors=tuple(_decided_again(editor) for editor in evidence.editors))
    return concluded(replace(again, validity=_validity(again)))


def concluded(evidence: Evidence) -> Evidence:
    """The record with its verdicts and validity as they stand, and with what follows from those and the tables."""
    part = (words(evidence.shard),) if evidence.shard else ()
    incomplete = tuple(dict.fromkeys((*part, *evidence.incomplete)))
    asked = sorted(evidence.editors, key=lambda editor: _place(editor, evidence.protocol))
    editors = tuple(_concluded(editor, evidence.validity, incomplete) for editor in asked)
    outcome, reason = outcome_of_run(editors)
    protocol = _protocol(evidence, editors)
    lock = lock_of(evidence.lock) if evidence.lock is not None else None
    departed = departures(lock, protocol, evidence.created)
    return replace(
        evidence,
        run=run_name(evidence.created, evidence.dataset.name, protocol["digest"]),
        outcome=outcome,
        reason=reason,
        label=EXPLORATORY if departed else CONFIRMATORY,
        departures=departed,
        incomplete=incomplete,
        editors=editors,
        protocol=protocol,
    )


def undecidable(evidence: Evidence) -> Iterator[tuple[str, EditproofError]]:
    """The verdicts that cannot be decided again at all: where each stands, and why."""
    for at, editor in enumerate(evidence.editors):
        for index, again in enumerate(decided_again(editor)):
            if isinstance(again, EditproofError):
                yield f"editors[{at}].verdicts[{index}].criterion", again


def primary_claims(evidence: Evidence) -> tuple[Verdict, ...]:
    """The claims that controls are held against."""
    every = [verdict for editor in evidence.editors for verdict in editor.verdicts]
    return tuple(verdict for verdict in every if verdict.criterion.role == "primary")


def reading_order(verdict: Verdict, test: str) -> tuple[bool, str, bool, str, str]:
    """Primary claims first, then by id, the whole cohort before its subgroups; the same however tests were spread."""
    role, stratum = verdict.criterion.role, verdict.stratum
    return role != "primary", verdict.criterion.id, stratum != "all", stratum, test


def flow_of(measured: Measurements) -> dict[str, int]:
    """How many edits were requested, and how many ended in each way."""
    counts = Counter(measured.edits["status"])
    return {"requested": len(measured.edits), **{status.value: int(counts.get(status, 0)) for status in EditStatus}}


def _place(editor: EditorEvidence, protocol: Mapping[str, JSON]) -> int:
    names = list(protocol.get("editors", {}))
    return names.index(editor.card.name) if editor.card.name in names else len(names)


def _decided_again(editor: EditorEvidence) -> EditorEvidence:
    verdicts = []
    for verdict in decided_again(editor):
        if isinstance(verdict, EditproofError):
            raise verdict
        verdicts.append(verdict)
    return replace(editor, verdicts=tuple(verdicts))


def _validity(evidence: Evidence) -> tuple[Verdict, ...]:
    if not evidence.editors:
        return ()
    measured = evidence.editors[0].measurements
    floors = [verdict for card in evidence.instruments for verdict in floor_verdicts(card, measured)]
    primary = {(verdict.criterion.id, verdict.stratum): verdict for verdict in primary_claims(evidence)}
    controls = [
        {
            name: verdict_on_control(criterion_from(verdict.criterion), control.where(stratum))
            for name, control in evidence.controls.items()
        }
        for (_, stratum), verdict in sorted(primary.items())
    ]
    return (*floors, *control_verdicts(controls))


def _concluded(editor: EditorEvidence, validity: tuple[Verdict, ...], incomplete: tuple[str, ...]) -> EditorEvidence:
    judged = sorted(zip(editor.verdicts, editor.tests, strict=True), key=lambda pair: reading_order(*pair))
    verdicts = tuple(verdict for verdict, _ in judged)
    outcome, reason = outcome_of_editor(verdicts, validity, incomplete)
    entries = attribution(editor.measurements, editor.card)
    pictures = {(exhibit.case, exhibit.repeat): exhibit.images for exhibit in editor.exhibits}
    return EditorEvidence(
        card=editor.card,
        outcome=outcome,
        reason=reason,
        flow=flow_of(editor.measurements),
        verdicts=verdicts,
        tests=tuple(test for _, test in judged),
        attribution=entries,
        exhibits=tuple(
            replace(exhibit, images=pictures.get((exhibit.case, exhibit.repeat), {}))
            for exhibit in chosen(editor.measurements)
        ),
        measurements=editor.measurements,
        causes=causes(entries),
        mask=mask_report(editor.card.name, editor.mask.trials) if editor.mask else None,
    )


def _protocol(evidence: Evidence, editors: tuple[EditorEvidence, ...]) -> dict[str, JSON]:
    judged = [(verdict.criterion, verdict.stratum) for editor in editors for verdict in editor.verdicts]
    protocol = {
        **{name: value for name, value in evidence.protocol.items() if name != "digest"},
        "claims": claims(judged),
        "dataset": evidence.dataset.digest,
        "instruments": {card.name: of_instrument(card) for card in evidence.instruments},
        "floors": {card.name: plain(card.floors) for card in evidence.instruments},
        "editors": {**evidence.protocol.get("editors", {}), **{e.card.name: plain(e.card) for e in editors}},
    }
    return {**protocol, "digest": digest_of(protocol)}

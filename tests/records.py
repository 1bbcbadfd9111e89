"""Evidence put together by hand, for the tests of what only reads it: field by field, whether fact or finding."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from editproof.audit.reservations import reservations
from editproof.evidence.facts import Claim, Facts, Pictures, Told, ToolFacts
from editproof.evidence.findings import Exhibit, Findings, ToolFindings
from editproof.evidence.record import EditorEvidence, Evidence, PicturedExhibit


def tool_of(
    card: Any, outcome: Any, reason: str, flow: Mapping[str, int], verdicts: Sequence[Any], tests: Sequence[str],
    attribution: Sequence[Any], exhibits: Sequence[PicturedExhibit], measurements: Any, causes: str = "", mask: Any = None,
) -> EditorEvidence:  # fmt: skip
    claims = tuple(
        Claim(verdict.criterion, verdict.stratum, test, (Told.of(verdict),))
        for verdict, test in zip(verdicts, tests, strict=True)
    )
    pictures = tuple(Pictures(x.case, x.repeat, x.images, x.whole, x.near) for x in exhibits)
    bare = tuple(Exhibit(x.case, x.repeat, x.rank, x.readings) for x in exhibits)
    facts = ToolFacts(card, claims, measurements, mask.trials if mask else None, pictures)
    return EditorEvidence(
        facts, ToolFindings(outcome, reason, flow, tuple(verdicts), tuple(attribution), causes, bare, mask)
    )


def run_of(
    *, editors: Sequence[EditorEvidence], validity: Sequence[Any] = (), protocol: Mapping[str, Any], **rest: Any
) -> Evidence:
    given = {
        **rest, "tools": tuple(editor.facts for editor in editors), "validity": tuple(validity),
        "terms": {name: value for name, value in protocol.items() if name != "digest"},
    }  # fmt: skip
    found = {**given, "protocol": protocol, "tools": tuple(editor.findings for editor in editors)}
    facts = Facts(**{name: value for name, value in given.items() if name in _names(Facts)})
    found.setdefault("reservations", reservations(facts, given["departures"]))
    return Evidence(facts, Findings(**{name: value for name, value in found.items() if name in _names(Findings)}))


def replace(value: Any, /, **values: Any) -> Any:
    """As ``dataclasses.replace``, and for evidence by the name of a field, whether it is a fact or a finding."""
    if isinstance(value, EditorEvidence):
        return tool_of(**{**{name: getattr(value, name) for name in _TOOL}, **values})
    if not isinstance(value, Evidence) or set(values) <= _names(Evidence):
        return dataclasses.replace(value, **values)
    editors = values.pop("editors", None)
    facts = {name: entry for name, entry in values.items() if name in _names(Facts)}
    found = {name: entry for name, entry in values.items() if name in _names(Findings)}
    assert {*facts, *found} == set(values), values
    if editors is not None:
        facts["tools"] = tuple(editor.facts for editor in editors)
        found["tools"] = tuple(editor.findings for editor in editors)
    changed, findings = dataclasses.replace(value.facts, **facts), dataclasses.replace(value.findings, **found)
    if "reservations" not in found:
        findings = dataclasses.replace(findings, reservations=reservations(changed, findings.departures))
    return Evidence(changed, findings)


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a record with facts and findings side by side, as a reader meets them; tools under ``editors``."""
    facts, found = record["facts"], record["findings"]
    editors = [{**of, **fact} for fact, of in zip(facts["tools"], found["tools"], strict=True)]
    return {**facts, **found, "editors": editors}


_TOOL = (
    "card", "outcome", "reason", "flow", "verdicts", "tests", "attribution", "exhibits", "measurements", "causes", "mask",
)  # fmt: skip


def _names(kind: type) -> set[str]:
    return {entry.name for entry in fields(kind)}

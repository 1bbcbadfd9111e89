"""What an exporter is, what it hands on, and which there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from editproof.core.registry import Registry

if TYPE_CHECKING:
    from editproof.evidence.record import Evidence
    from editproof.types import Verdict


@dataclass(frozen=True)
class ToolSummary:
    """What a run says of one tool, as flat values.

    Attributes
    ----------
    name : str
    facts : mapping of str to str
        Version, outcome, reason, and what limits them.
    verdicts : mapping
        By the place of each claim (``BA-1 in sex=F``): its outcome, and the reason for it.
    numbers : mapping of str to float
        Of each claim that has an estimate its value and limits: ``BA-1/value``, ``BA-1/low``, ``BA-1/high``; of the
        flow of edits ``edits/ok`` and its like.
    """

    name: str
    facts: Mapping[str, str]
    verdicts: Mapping[str, tuple[str, str]]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class RunSummary:
    """What is handed on of a run: ``facts`` of the whole, and each tool."""

    name: str
    facts: Mapping[str, str]
    began: str
    ended: str
    tools: tuple[ToolSummary, ...]


def summary_of(evidence: Evidence) -> RunSummary:
    """What an exporter may hand on of a run. No case, no image and no path is in it; every reservation is."""
    facts = {
        "outcome": evidence.outcome.value,
        "reason": evidence.reason,
        "label": evidence.label,
        "reservations": "; ".join(found.kind for found in evidence.reservations),
        "cohort": evidence.dataset.name,
        "cohort_digest": evidence.dataset.digest,
        "protocol_digest": str(evidence.protocol["digest"]),
        "shard": evidence.shard,
    }
    tools = []
    for tool in evidence.editors:
        limits = "; ".join(found.kind for found in evidence.reservations_on(tool))
        told = {
            "version": tool.card.version,
            "outcome": tool.outcome.value,
            "reason": tool.reason,
            "reservations": limits,
        }
        verdicts = {verdict.place: (verdict.outcome.value, verdict.because) for verdict in tool.verdicts}
        numbers = {name: value for verdict in tool.verdicts for name, value in _numbers(verdict).items()}
        numbers |= {f"edits/{name}": float(count) for name, count in tool.flow.items()}
        tools.append(ToolSummary(tool.card.name, told, verdicts, numbers))
    return RunSummary(evidence.run, facts, evidence.facts.began or evidence.created, evidence.created, tuple(tools))


def _numbers(verdict: Verdict) -> dict[str, float]:
    found = {"value": verdict.estimate.value, "low": verdict.estimate.low, "high": verdict.estimate.high}
    return {f"{verdict.place}/{name}": float(value) for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Exporter:
    """Hands a run on to a system.

    Attributes
    ----------
    name : str
    send : callable
        Takes the summary and the address of the system (empty for the one that its own settings name), and returns what
        was done, in one line. A run that is there already is not entered twice, where the system can tell.
    """

    name: str
    send: Callable[[RunSummary, str], str]


def _name_of(value: Any) -> str:
    if not isinstance(value, Exporter):
        raise TypeError(f"a {type(value).__name__} is no Exporter")
    return value.name


def _mlflow(run: RunSummary, address: str) -> str:
    from editproof.audit.exporters.mlflow import enter_in_mlflow

    return enter_in_mlflow(run, address)


def _otel(run: RunSummary, address: str) -> str:
    from editproof.audit.exporters.otel import send_trace

    return send_trace(run, address)


EXPORTERS: Registry[Exporter] = Registry(
    "exporter",
    group="editproof.exporters",
    hook="",
    built_in=lambda: (Exporter("mlflow", _mlflow), Exporter("otel", _otel)),
    name_of=_name_of,
    code_of=lambda exporter: exporter.send,
)
"""Exporters by name."""

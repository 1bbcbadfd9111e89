"""The estimates of a run as the ``model-index`` of model cards, by which hubs of models list evaluations."""

from __future__ import annotations

import json
from collections.abc import Iterator

from editproof.evidence.record import EditorEvidence, Evidence
from editproof.evidence.reservations import heading
from editproof.report.formats.certificate import obstacles
from editproof.report.text.wording import all_in_one_line, in_one_line, stratum_in_words
from editproof.types import JSON, Verdict

TASK = "image-to-image"
"""Identifier of the task at the Hugging Face hub."""


def render(evidence: Evidence) -> str:
    """The metadata block of a model card: an entry for every tool, with the estimates of its claims.

    The block is JSON between two lines of three hyphens, which is YAML too. A claim of which there is no
    estimate is left out, since a metric of a card must have a value; so is every claim of a run by which
    nothing was proven (INVALID, EXPLORATORY, incomplete), and a line below the block says why. What each
    estimate was held against stands in its ``args``: limits of the interval and their confidence, what was
    required, role, and outcome. A card describes one model: of a run on several tools take the entry of its
    own.
    """
    flaws = obstacles(evidence)
    void = bool(flaws)
    index: JSON = {"model-index": [_tool(evidence, editor, void) for editor in evidence.editors]}
    block = f"---\n{json.dumps(all_in_one_line(index), indent=1, ensure_ascii=False, allow_nan=False)}\n---\n"
    why = " ".join(f"{name}: {reason}" for name, reason in flaws)
    return f"{block}\nNothing was proven by this run, so no estimate is listed. {in_one_line(why)}\n" if void else block


def _tool(evidence: Evidence, editor: EditorEvidence, void: bool) -> JSON:
    said = "Nothing was proven" if void else heading(editor.outcome, evidence.reservations_on(editor))
    metrics = [] if void else list(_metrics(editor))
    card = evidence.dataset
    result: JSON = {
        "task": {"type": TASK, "name": f"{said}. {editor.reason}"},
        "dataset": {
            "type": card.name,
            "name": f"{card.name}, {card.n_patients} patients",
            "revision": card.digest,
            "args": {"run": evidence.run, "protocol": str(evidence.protocol.get("digest", ""))},
        },
        "metrics": metrics,
    }
    name = " ".join(part for part in (editor.card.name, editor.card.version) if part)
    return {"name": name, "results": [result] if metrics else []}


def _metrics(editor: EditorEvidence) -> Iterator[JSON]:
    for verdict in editor.verdicts:
        if verdict.estimate.value is not None:
            yield {
                "type": verdict.criterion.specification.name if verdict.criterion.specification else "estimand",
                "name": f"{verdict.criterion.id} {verdict.criterion.estimand}, {_of(verdict)}",
                "value": verdict.estimate.value,
                "args": {
                    "unit": verdict.estimate.unit,
                    "low": _finite(verdict.estimate.low),
                    "high": _finite(verdict.estimate.high),
                    "confidence": verdict.estimate.confidence,
                    "required": verdict.criterion.required,
                    "role": verdict.criterion.role,
                    "outcome": verdict.outcome.value,
                },
            }


def _of(verdict: Verdict) -> str:
    words = stratum_in_words(verdict.stratum)
    return f"{words[0].lower()}{words[1:]}"


def _finite(limit: float | None) -> float | None:
    """A limit as JSON has it; None for an open side."""
    return None if limit is None or limit in (float("inf"), float("-inf")) else limit

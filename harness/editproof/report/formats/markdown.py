"""The verdicts as Markdown, for the job page of a continuous-integration service."""

from __future__ import annotations

import re
from collections.abc import Iterator

from editproof.core.numbers import grouped, level
from editproof.evidence.record import Evidence
from editproof.evidence.reservations import heading
from editproof.report.page.figures import figures
from editproof.report.text.origins import origins
from editproof.report.text.wording import counted, listed, printable, stratum_in_words, typeset
from editproof.types import Outcome, Verdict

_MARK = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔", Outcome.INVALID: "🚫"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&@:/-])")


def render(evidence: Evidence) -> str:
    """The run as GitHub-flavoured Markdown: banners, one table of tools, one table of claims for each tool."""
    return "\n".join(_lines(evidence)) + "\n"


def _lines(evidence: Evidence) -> Iterator[str]:
    yield f"# {_MARK[evidence.outcome]} {evidence.outcome.value}: {heading(evidence.outcome, evidence.reservations)}"
    yield ""
    yield f"{_text(evidence.reason)} Cohort: {_text(evidence.dataset.name)}, " + _text(
        counted(evidence.dataset.n_patients, "patient")
    ) + f". Run {_text(evidence.run)}."  # fmt: skip
    yield ""
    yield _text(f"{evidence.label}, {_levels(evidence)}.") + _protocol(evidence)
    banners = [
        ("INVALID", "no verdict on this page is valid", evidence.outcome is Outcome.INVALID),
        ("INCOMPLETE", "; ".join(evidence.incomplete), bool(evidence.incomplete)),
        *((found.kind.upper(), found.sentence, True) for found in evidence.reservations),
    ]
    for name, why, raised in banners:
        if raised:
            yield from ("", f"> **{_text(name)}** {_text(why)}")
    if evidence.validity:
        yield from ("", "## Validity of the run", "", *_table(evidence.validity))
    for editor in evidence.editors:
        lost = editor.flow.get("requested", 0) - editor.flow.get("ok", 0)
        title = heading(editor.outcome, evidence.reservations_on(editor))
        yield from ("", f"## {_MARK[editor.outcome]} {_text(editor.card.name)}: {title}", "")
        asked = counted(editor.flow.get("requested", 0), "edit")
        told = f" {_text(origins(editor))}" if origins(editor) else ""
        reason = editor.reason if editor.reason.endswith(".") else f"{editor.reason}."
        yield f"{_text(reason)} {asked} requested, {grouped(lost)} not returned.{told}"
        yield from ("", *_table(editor.verdicts)) if editor.verdicts else ("", "No criterion was applied.")


def _levels(evidence: Evidence) -> str:
    """The one-sided confidence of the primary claims, in words."""
    verdicts = (verdict for editor in evidence.editors for verdict in editor.verdicts)
    levels = sorted({verdict.criterion.confidence for verdict in verdicts if verdict.criterion.role == "primary"})
    return f"limits of one-sided confidence {listed(list(map(level, levels)))}" if levels else "no limits"


def _protocol(evidence: Evidence) -> str:
    """The digests by which the run can be found again; their digits are harmless as code."""
    lock = _hex((evidence.lock or {}).get("digest") or "")
    return f" Protocol `{_hex(evidence.protocol.get('digest', ''))}`, {f'lock `{lock}`' if lock else 'no lock'}."


def _hex(digest: object) -> str:
    return "".join(letter for letter in str(digest) if letter in "0123456789abcdef")


def _table(verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    yield "| Outcome | Criterion | Role | Patients | Estimate | Required |"
    yield "|---|---|---|---|---|---|"
    for verdict in verdicts:
        card, shown = verdict.criterion, figures(verdict.estimate, verdict.criterion)
        cells = (
            f"{_MARK[verdict.outcome]} {verdict.outcome.value}",
            _text(f"{card.id} {card.estimand}"),
            _text(card.role),
            _text(stratum_in_words(verdict.stratum)),
            _text(str(shown) if not shown.reason else f"no estimate: {shown.reason}"),
            _text(typeset(card.required)),
        )
        yield f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Text from outside as one line in which nothing is interpreted as Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", " ".join(printable(text, 500).split()))

"""The verdicts on a terminal: a line for each tool, a line for each claim, a hundred columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from editproof.core.numbers import grouped
from editproof.evidence.comparison import Comparison
from editproof.evidence.record import EditorEvidence, Evidence
from editproof.evidence.reservations import heading
from editproof.report.page.figures import figures
from editproof.report.text.families import families
from editproof.report.text.origins import origins
from editproof.report.text.wording import counted, in_one_line, stratum_in_words, typeset
from editproof.types import Outcome, Verdict

WIDTH = 100
_MARK = {Outcome.PASS: "+", Outcome.FAIL: "x", Outcome.INCONCLUSIVE: "?", Outcome.INVALID: "!"}


def summary(evidence: Evidence) -> str:
    """The run as plain text: banners, validity, and for each tool its verdict, its reason and its claims."""
    return "\n".join(_lines(evidence))


def came_to(record: Evidence | Comparison) -> Iterator[str]:
    """What a run or a comparison came to: outcome, label, each tool with its heading, and every reservation."""
    yield from _wrapped(f"{record.outcome.value}, {record.label}: {record.reason}")
    if isinstance(record, Evidence):
        for editor in record.editors:
            name, title = in_one_line(editor.card.name, 60), heading(editor.outcome, record.reservations_on(editor))
            yield from _wrapped(f"{_MARK[editor.outcome]} {name}: {title} ({editor.outcome.value})")
    for reservation in record.reservations:
        yield from _wrapped(f"{reservation.kind.upper()}: {reservation.sentence}")


def _lines(evidence: Evidence) -> Iterator[str]:
    if evidence.outcome is Outcome.INVALID:
        yield from _wrapped(f"INVALID RUN: no verdict is valid. {evidence.reason}")
    if evidence.incomplete:
        yield from _wrapped(f"INCOMPLETE: {'; '.join(evidence.incomplete)}")
    for reservation in evidence.reservations:
        yield from _wrapped(f"{reservation.kind.upper()}: {reservation.sentence}")
    if evidence.validity:
        met = sum(bool(verdict) for verdict in evidence.validity)
        yield f"Validity: {met} of {counted(len(evidence.validity), 'check')} passed"
        yield from (_line(verdict) for verdict in evidence.validity if not verdict)
    for editor in evidence.editors:
        yield ""
        yield from _of_tool(editor, heading(editor.outcome, evidence.reservations_on(editor)), said=evidence.reason)


def _of_tool(editor: EditorEvidence, title: str, said: str) -> Iterator[str]:
    """A tool's block; a reason that was said of the whole run is not said again."""
    name = in_one_line(editor.card.name, 60)
    yield from _wrapped(f"{_MARK[editor.outcome]} {name}: {title} ({editor.outcome.value})")
    if editor.outcome is not Outcome.INVALID or editor.reason != said:
        yield from _wrapped(editor.reason, "  ")
    lost = editor.flow.get("requested", 0) - editor.flow.get("ok", 0)
    yield f"  {counted(editor.flow.get('requested', 0), 'edit')} requested, {grouped(lost)} not returned"
    if told := origins(editor):
        yield from _wrapped(told, "  ")
    if told := families(editor):
        yield from _wrapped(told, "  ")
    if editor.judged_again:
        yield from _wrapped(f"Judged in more than one run of its test: {'; '.join(editor.judged_again)}", "  ")
    yield from (_line(verdict) for verdict in editor.verdicts)


def _line(verdict: Verdict) -> str:
    """One claim on one line, or on two lines if it is too long."""
    card, shown = verdict.criterion, figures(verdict.estimate, verdict.criterion)
    subgroup = "" if verdict.stratum == "all" else f", {stratum_in_words(verdict.stratum)}"
    head = f"  {_MARK[verdict.outcome]} {verdict.outcome.value:<12} "
    claim = in_one_line(f"{card.id} {card.estimand}{subgroup}", 200)
    found = in_one_line(str(shown), 200) if not shown.reason else f"no estimate: {in_one_line(shown.reason, 200)}"
    tail = f"{found}; {in_one_line(typeset(card.required), 200)}"
    room = WIDTH - len(head) - len(claim) - 1
    if len(tail) <= room:
        return f"{head}{claim} {tail:>{room}}"
    return f"{_cut(head + claim, WIDTH)}\n{' ' * len(head)}{_cut(tail, WIDTH - len(head))}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(in_one_line(typeset(text)), WIDTH, initial_indent=indent, subsequent_indent=indent)

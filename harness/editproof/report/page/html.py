"""One self-contained HTML page made of the evidence alone: no clock, no environment, no network."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from markupsafe import Markup

from editproof.core.numbers import level
from editproof.evidence.record import Evidence
from editproof.report.charts import charts
from editproof.report.charts.charts import Figure
from editproof.report.charts.marks import Frame
from editproof.report.formats.certificate import placeholders
from editproof.report.page import views
from editproof.report.page.environment import environment, source
from editproof.report.page.traces import register_in, traces
from editproof.report.page.views import Tool
from editproof.report.text import wording


def render(evidence: Evidence, *, images: bool = True, printed: bool = False) -> str:
    """The conformance report as one HTML file that opens offline, byte for byte equal for equal evidence.

    Parameters
    ----------
    evidence : Evidence
    images : bool
        False leaves every pixel of a radiograph out; readings, charts and verdicts stay.
    printed : bool
        The form for paper: no script, colours written where they are used, without the table of every case.

    Returns
    -------
    str
        HTML 5 with style, script, charts and pictures inside; it names no address to fetch from.
    """
    made = views.tools(evidence, images=images)
    return page_of(
        "report.html.j2",
        evidence=evidence,
        tools=made,
        validity=views.groups(evidence.validity),
        subgroups=views.subgroups(made),
        traced={trace.card.id: trace for trace in traces(evidence, made)},
        register=register_in(evidence),
        placeholders=placeholders(views.cards(made)),
        charts=_charts(made),
        images=images,
        printed=printed,
        methods=_methods(evidence),
    )


def page_of(template: str, *, printed: bool = False, **content: object) -> str:
    """A template filled with its content, and with style and script inside."""
    style, script = source("print.css" if printed else "style.css"), source("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    inside = {"style": Markup(style), "script": Markup(script), "script_digest": digest, "printed": printed}
    return environment().get_template(template).render(**content, **inside)


def _charts(tools: tuple[Tool, ...]) -> list[tuple[str, list[list[Figure | None]]]]:
    """By quantity: rows of charts of one kind, one chart for each tool; None if a tool has nothing to show."""
    sections = []
    quantities = dict.fromkeys(p.quantity for tool in tools for p in tool.pairs)
    for number, quantity in enumerate(quantities):
        pairs = [next((p for p in tool.pairs if p.quantity == quantity), None) for tool in tools]
        read = [p for p in pairs if p is not None and p.has_edits]
        rows: list[list[Figure | None]] = []
        if read:
            frame = Frame.around(read)
            for kind in range(4 if quantity.kind == "continuous" else 2):
                rows.append([
                    _chart(kind, pair, tool, frame, f"c{number}{kind}{tool.index}") if pair and pair.has_edits else None
                    for tool, pair in zip(tools, pairs, strict=True)
                ])  # fmt: skip
        sections.append((f"{wording.in_words(quantity.name)}", rows))
    gray = [charts.intensities(t.evidence.measurements, f"h{t.index}") if t.judged else None for t in tools]
    if any(gray):
        sections.append(("gray values", [gray]))
    return sections


def _chart(kind: int, pair: Any, tool: Tool, frame: Frame, name: str) -> Figure:
    if pair.quantity.kind != "continuous":
        return (charts.roc_curves, charts.probabilities)[kind](pair, name)
    if kind == 2:
        return charts.change_by_group(pair, tool.evidence.measurements, frame, name)
    if kind == 3:
        return charts.repeats(pair, name)
    return (charts.predicted_against_reference, charts.bland_altman_chart)[kind](pair, frame, name)


def _methods(evidence: Evidence) -> list[tuple[str, str, list[str]]]:
    """Every interval method in use, its coverage and seed, and the estimands it was used for."""
    used: dict[tuple[str, str], dict[str, None]] = {}
    for verdict in (*evidence.validity, *(v for e in evidence.editors for v in e.verdicts)):
        estimate = verdict.estimate
        if estimate.exists:
            seed = "closed form" if estimate.seed is None else f"seed {estimate.seed}"
            key = (estimate.method, f"{level(estimate.confidence)} interval, {seed}")
            used.setdefault(key, {})[verdict.criterion.estimand] = None
    return [(method, detail, list(names)) for (method, detail), names in used.items()]

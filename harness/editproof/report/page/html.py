"""One self-contained HTML page made of the evidence alone: no clock, no environment, no network."""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

from editproof.core.numbers import level
from editproof.evidence.record import Evidence
from editproof.report.charts.chart import Figure, ImageChart, Read, image_charts, reading_charts
from editproof.report.charts.marks import Frame
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
        charts=_charts(made),
        images=images,
        printed=printed,
        methods=_methods(evidence),
    )


def page_of(template: str, *, printed: bool = False, **content: object) -> str:
    """A template filled with its content, and with style and script inside."""
    style, script = source("print.css" if printed else "style.css"), source("script.js") + source("tables.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    inside = {"style": Markup(style), "script": Markup(script), "script_digest": digest, "printed": printed}
    return environment().get_template(template).render(**content, **inside)


def _charts(tools: tuple[Tool, ...]) -> list[tuple[str, list[list[Figure | None]]]]:
    """By quantity: rows of charts of one kind, one chart for each tool; None if a tool has nothing to show."""
    sections = []
    quantities = dict.fromkeys(p.quantity for tool in tools for p in tool.pairs)
    for quantity in quantities:
        pairs = [next((p for p in tool.pairs if p.quantity == quantity), None) for tool in tools]
        read = [p for p in pairs if p is not None and p.has_edits]
        rows: list[list[Figure | None]] = []
        if read:
            frame = Frame.around(read)
            for chart in reading_charts(quantity.kind):
                rows.append([
                    chart.draw(Read(pair, tool.evidence.measurements, frame))
                    if pair and pair.has_edits else None
                    for tool, pair in zip(tools, pairs, strict=True)
                ])  # fmt: skip
        sections.append((f"{wording.in_words(quantity.name)}", rows))
    for heading, charts in image_charts().items():
        drawn = [[_of_images(chart, tool) for tool in tools] for chart in charts]
        if found := [_without_gaps(figures, tools) for figures in drawn if any(figures)]:
            sections.append((heading, found))
    return sections


def _of_images(chart: ImageChart, tool: Tool) -> Figure | None:
    return chart.draw(tool.evidence.measurements) if tool.judged else None


def _without_gaps(figures: list[Figure | None], tools: tuple[Tool, ...]) -> list[Figure | None]:
    """A row of charts in which a tool says that nothing of the kind was measured on the edits that it returned."""
    nothing = Figure("", "Nothing of this kind was measured.")
    return [figure or (nothing if tool.judged else None) for figure, tool in zip(figures, tools, strict=True)]


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

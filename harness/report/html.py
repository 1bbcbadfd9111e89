"""One self-contained HTML page made of the evidence alone: no clock, no environment, no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.evidence import Evidence
from harness.report import charts, views, wording
from harness.report.bars import WIDTH
from harness.report.charts import Figure
from harness.report.fragility import fragility, other_figures
from harness.report.marks import Frame
from harness.report.views import Tool
from harness.types import JSON, Outcome


def render(evidence: Evidence, *, images: bool = True) -> str:
    """The conformance report as one HTML file that opens offline, equal to the byte for equal evidence.

    Parameters
    ----------
    evidence : Evidence
    images : bool
        False leaves every pixel of a radiograph out; readings, charts and verdicts stay.

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
        traces=views.traces(made),
        charts=_charts(made),
        images=images,
        methods=_methods(evidence),
    )


def page_of(template: str, **content: object) -> str:
    """A template of this room with its content, and with style and script inside."""
    style, script = _source("style.css"), _source("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    inside = {"style": Markup(style), "script": Markup(script), "script_digest": digest}
    return _environment().get_template(template).render(**content, **inside)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "typeset": wording.typeset,
        "arm": wording.arm_in_words,
        "words": wording.in_words,
        "flat": _flat,
        "fragility": fragility,
        "other_figures": other_figures,
        "slug": _slug,
    }
    environment.globals |= {
        "Outcome": Outcome,
        "TITLE": wording.TITLE,
        "ROLE": wording.ROLE,
        "STATUS": wording.STATUS,
        "MASK": wording.MASK,
        "counted": wording.counted,
        "listed": wording.listed,
        "BAR": int(WIDTH),
    }
    return environment


def _shown(value: object) -> object:
    """What a template may print: text made plain, numbers and markup as they are."""
    return value if isinstance(value, (Markup, int, float)) else wording.plain(str(value))


def _source(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]


def _charts(tools: tuple[Tool, ...]) -> list[tuple[str, list[list[Figure | None]]]]:
    """By quantity: rows of charts of one kind, one chart for each tool; None where a tool has nothing to show."""
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
    return (charts.predicted_against_reference, charts.bland_altman)[kind](pair, frame, name)


def _methods(evidence: Evidence) -> list[tuple[str, str, list[str]]]:
    """Every interval method in use, its coverage and seed, and the estimands it was used for."""
    used: dict[tuple[str, str], dict[str, None]] = {}
    for verdict in (*evidence.validity, *(v for e in evidence.editors for v in e.verdicts)):
        estimate = verdict.estimate
        if estimate.exists:
            seed = "closed form" if estimate.seed is None else f"seed {estimate.seed}"
            key = (estimate.method, f"{100 * estimate.confidence:.4g} % interval, {seed}")
            used.setdefault(key, {})[verdict.criterion.estimand] = None
    return [(method, detail, list(names)) for (method, detail), names in used.items()]


def _flat(tree: JSON, path: str = "") -> Iterator[tuple[str, str]]:
    """A nested record as lines of path and value, in the order of its keys; an estimate is one line."""
    if isinstance(tree, Mapping) and {"value", "low", "high"} <= tree.keys():
        number = f", n = {tree['n']}" if "n" in tree else ""
        yield path, f"{tree['value']} [{tree['low']}, {tree['high']}]{number}"
    elif isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from _flat(value, f"{path} › {key}" if path else str(key))
    elif isinstance(tree, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in tree):
        for index, value in enumerate(tree):
            yield from _flat(value, f"{path} › {index}" if path else str(index))
    elif isinstance(tree, (list, tuple)):
        yield path, ", ".join(str(item) for item in tree)
    else:
        yield path, "–" if tree is None or tree == {} else str(tree.item() if isinstance(tree, np.generic) else tree)


def _slug(text: str) -> str:
    """A string as an id that CSS and a link can name."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]

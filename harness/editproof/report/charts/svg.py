"""Charts as small inline SVG: drawn by Vega-Lite, coloured by the page, pointing at their cases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from editproof.report.text.wording import visible

if TYPE_CHECKING:
    import altair as alt

INK, MUTED, GRID, ORIGINAL, EDITED, FIRST, SECOND = (f"#01010{k}" for k in range(1, 8))
"""Placeholder colours: the page's style sheet says what they are in light, dark and print."""

_VARIABLES: Final = {
    INK: "ink", MUTED: "muted", GRID: "grid", ORIGINAL: "original", EDITED: "edited", FIRST: "first", SECOND: "second",
}  # fmt: skip
_CIRCLE = re.compile(
    r'<path aria-label="(?P<tip>[^"]*)" role="graphics-symbol" aria-roledescription="[^"]*" '
    r'transform="translate\((?P<x>[^,]+),(?P<y>[^)]+)\)" d="M(?P<r>[\d.]+),0A[^"]*"(?P<rest>[^>]*)/>'
)
_CONFIG: Final[dict[str, Any]] = {
    "background": None,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "titleColor": INK, "domainColor": MUTED, "tickColor": MUTED, "gridColor": GRID,
        "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "tickSize": 4, "gridWidth": 1,
        "titlePadding": 8, "tickCount": 6,
    },
    "text": {"fill": INK, "fontSize": 11},
}  # fmt: skip


def svg(chart: alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart, name: str, alternative: str) -> Markup:
    """A chart as SVG for the page.

    Parameters
    ----------
    chart : Altair chart
        Drawn in the placeholder colours of this module. A dot whose ``description`` is ``"<case>:<repeat>"`` keeps
        it as ``data-case``.
    name : str
        Unique on the page; makes the ids inside unique.
    alternative : str
        What the chart shows, in words, for a reader who does not see it.
    """
    import vl_convert

    specification = chart.to_dict(validate=False)
    specification["config"] = _CONFIG
    drawn: str = vl_convert.vegalite_to_svg(specification, vl_version=_vega_lite())
    return Markup(_slim(drawn, name, alternative))


def _vega_lite() -> str:
    """The version of the language that the installed Altair writes, as its renderer names it."""
    from altair import SCHEMA_VERSION

    return ".".join(SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _slim(drawn: str, name: str, alternative: str) -> str:
    """The same picture without namespaces, fonts, roles and needless digits."""
    drawn = _CIRCLE.sub(_dot, drawn)
    drawn = re.sub(r'<path aria-label="(\d+:\d+)"', r'<path data-case="\1"', drawn)
    drawn = re.sub(r' (?:role|aria-[a-z]+|class|font-family|pointer-events|opacity)="(?:[^"]*role-[^"]*|1|[^"]*)"',
                   lambda found: found[0] if found[0].startswith(' opacity="0') else "", drawn)  # fmt: skip
    drawn = re.sub(r"(\d\.\d{2})\d+", r"\1", drawn)
    drawn = re.sub(r'<path( d="M0,0h0v0h0Z")?( d="")?( display="none")?/>', "", drawn)
    drawn = re.sub(r"<g></g>|<g/>", "", drawn)
    drawn = re.sub(r'(id="|url\(#)clip', rf"\1{name}-clip", drawn)
    numbers = dict.fromkeys(re.findall(rf"{re.escape(name)}-clip\d+", drawn))
    for index, found in enumerate(numbers):
        drawn = re.sub(rf"{re.escape(found)}\b", f"{name}-cut{index}", drawn)
    for colour, variable in _VARIABLES.items():
        drawn = drawn.replace(f'"{colour}"', f'"var(--{variable})"')
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', drawn)
    view = f'viewBox="0 0 {size[1]} {size[2]}" style="max-width:{float(size[1]) * 1.25:.0f}px"' if size else ""
    opening = f'<svg class="chart" role="img" aria-label="{escape(alternative)}" {view}>'
    return visible(re.sub(r"<svg[^>]*>", lambda _: opening, drawn, count=1))


def _dot(found: re.Match[str]) -> str:
    x, y, r = (f"{float(found[key]):.1f}" for key in ("x", "y", "r"))
    tip = f' data-case="{found["tip"]}"' if re.fullmatch(r"\d+:\d+", found["tip"]) else ""
    return f'<circle{tip} cx="{x}" cy="{y}" r="{r}"{found["rest"]}/>'

"""A plot: marks within two axes; and one picture of one plot, or of several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup, escape

from editproof.report.charts.axes import Axis, Ruler, limits_around, round_numbers
from editproof.report.charts.marks import MOST_DOTS, Dots, Mark
from editproof.report.charts.svg import GRID, INK, MUTED, element, px
from editproof.report.text.wording import visible

WIDTH: Final = 526.0
"""Pixels of every picture, so that the text of all has one size where they are shown in one width."""
HEIGHT: Final = 230.0
"""Pixels of the plotting area of a picture with one plot."""
COLUMNS: Final = 2
"""Plots side by side in a picture of several."""
_ROOM_LEFT, _ROOM_RIGHT, _ROOM_BELOW, _ROOM_ABOVE, _HEADING = 58.0, 12.0, 42.0, 8.0, 20.0
_LETTER: Final = 8.5
"""Pixels that a figure of the text of an axis takes at most, at the size for small screens."""


@dataclass(frozen=True)
class Plot:
    """Marks within two axes, drawn in their order; ``heading`` tells the plots of one picture apart."""

    marks: Sequence[Mark]
    x: Axis
    y: Axis
    heading: str = ""

    @property
    def together(self) -> bool:
        """Whether there are so many dots that those in one place are drawn as one."""
        return sum(len(mark.x) for mark in self.marks if isinstance(mark, Dots)) > MOST_DOTS

    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Limits of both axes: as given, or as long as what is drawn."""
        across, up = zip(*(mark.extent for mark in self.marks), strict=True) if self.marks else ((), ())
        return tuple(
            axis.limits or limits_around(np.concatenate([np.empty(0), *values]))
            for axis, values in ((self.x, across), (self.y, up))
        )  # type: ignore[return-value]


def picture(plots: Sequence[Plot], alternative: str) -> Markup:
    """One picture as SVG for the page: no id, no style of its own, nothing to fetch; equal for equal plots.

    Parameters
    ----------
    plots : sequence of Plot
        One fills the width; several stand side by side in :data:`COLUMNS` columns.
    alternative : str
        What the picture shows, in words, for a reader who does not see it.
    """
    columns = min(COLUMNS, len(plots))
    width = WIDTH / columns
    height = HEIGHT if columns == 1 else HEIGHT * 0.62
    headed = _HEADING if any(plot.heading for plot in plots) else 0.0
    room = max(_room_left(plot, height) for plot in plots)
    across, parts = width - room - _ROOM_RIGHT, []
    top = 0.0
    for first in range(0, len(plots), columns):
        last = first + columns >= len(plots)
        for column, plot in enumerate(plots[first : first + columns]):
            titles = (first + column + columns >= len(plots), column == 0)
            place = f"translate({px(column * width + room)} {px(top + _ROOM_ABOVE + headed)})"
            parts.append(element("g", _drawn(plot, across, height, room, titles), transform=place))
        top += _ROOM_ABOVE + headed + height + (_ROOM_BELOW if last else _ROOM_BELOW - 10)
    opening = (
        f'<svg class="chart" role="img" aria-label="{escape(alternative)}" viewBox="0 0 {px(WIDTH)} {px(top)}" '
        f'style="max-width:{px(WIDTH * 1.25)}px" font-family="sans-serif" font-size="11">'
    )
    return Markup(visible(f"{opening}{''.join(parts)}</svg>"))


def _drawn(plot: Plot, width: float, height: float, room: float, titles: tuple[bool, bool]) -> str:
    """Grid, axes, marks and text of one plot whose plotting area begins at the origin."""
    (left, right), (bottom, top) = plot.limits()
    x, y = Ruler(left, right, 0.0, width), Ruler(bottom, top, height, 0.0)
    below = [
        (float(x.at(value)), text)
        for value, text in round_numbers(left, right, _marked_across(width), whole=plot.x.whole)
    ]
    beside = [
        (float(y.at(value)), text) for value, text in round_numbers(bottom, top, _marked_up(height), whole=plot.y.whole)
    ]
    grid = "".join(f"M{px(at)} 0V{px(height)}" for at, _ in below)
    grid += "".join(f"M0 {px(at)}H{px(width)}" for at, _ in beside)
    axes = f"M0 0V{px(height)}H{px(width)}" + "".join(f"M{px(at)} {px(height)}v4" for at, _ in below)
    axes += "".join(f"M0 {px(at)}h-4" for at, _ in beside)
    labels = "".join(element("text", text, x=at, y=height + 17) for at, text in below)
    levels = "".join(element("text", text, x=-8.0, y=at + 4) for at, text in beside)
    parts = [
        element("path", d=grid, stroke=GRID, fill="none"),
        *(mark.drawn(x, y, plot.together) for mark in plot.marks),
        element("path", d=axes, stroke=MUTED, fill="none"),
        element("g", labels, fill=MUTED, text_anchor="middle"),
        element("g", levels, fill=MUTED, text_anchor="end"),
    ]
    words = {"fill": INK, "font_size": "12"}
    if titles[0]:
        parts.append(
            element("text", str(escape(plot.x.title)), x=width / 2, y=height + 36, text_anchor="middle", **words)
        )
    if titles[1]:
        turned = f"translate({px(14 - room)} {px(height / 2)})rotate(-90)"
        parts.append(element("text", str(escape(plot.y.title)), transform=turned, text_anchor="middle", **words))
    if plot.heading:
        parts.append(element("text", str(escape(plot.heading)), x=0.0, y=-9.0, font_weight="bold", **words))
    return "".join(part for part in parts if part)


def _room_left(plot: Plot, height: float) -> float:
    """Pixels to the left of a plot for the numbers of its axis and its title."""
    bottom, top = plot.limits()[1]
    longest = max(
        len(text) for _, text in round_numbers(bottom, top, _marked_up(height), whole=plot.y.whole) or [(0.0, "")]
    )
    return max(_ROOM_LEFT, 30 + _LETTER * longest)


def _marked_up(height: float) -> int:
    return max(4, round(height / 42))


def _marked_across(width: float) -> int:
    return max(4, round(width / 75))

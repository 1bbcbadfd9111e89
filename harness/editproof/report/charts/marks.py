"""What every chart is made of: dots that know their case, lines, and axes that several tools share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from editproof.report.charts import svg
from editproof.report.page.readings import Floats, Paired

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT = 460, 230
"""Pixels of the plotting area of a single chart."""


@dataclass(frozen=True)
class Frame:
    """Limits of the axes of one quantity, shared by every tool so that charts can be compared."""

    readings: tuple[float, float]
    change: tuple[float, float]

    @classmethod
    def around(cls, pairs: Sequence[Paired]) -> Frame:
        """Limits wide enough for every tool."""
        levels = [x for p in pairs for x in (p.reference, p.original, p.edited.ravel())]
        return cls(_limits(levels), _limits([np.zeros(1), *(p.change.ravel() for p in pairs)]))


def dots(x: Floats, y: Floats) -> pd.DataFrame:
    """Readings of shape (n_cases, n_repeats) as rows ``x, y, tip``; ``tip`` is ``"<case>:<repeat>"``."""
    x = np.broadcast_to(x[:, None] if x.ndim == 1 else x, y.shape)
    case, repeat = np.indices(y.shape)
    tip = [f"{i}:{k}" for i, k in zip(case.ravel(), repeat.ravel(), strict=True)]
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "tip": tip}).dropna()


def filled_marks(table: pd.DataFrame, x: alt.X, y: alt.Y, colour: str = svg.EDITED, shape: str = "circle") -> alt.Chart:
    """A filled dot for each edit."""
    import altair as alt

    chart: alt.Chart = alt.Chart(table, width=WIDTH, height=HEIGHT).mark_point(
        size=22, fill=colour, stroke=None, opacity=0.62, shape=shape
    )
    return chart.encode(x=x, y=y, description="tip:N")


def hollow(table: pd.DataFrame, x: alt.X, y: alt.Y) -> alt.Chart:
    """A ring for each original."""
    import altair as alt

    chart: alt.Chart = alt.Chart(table, width=WIDTH, height=HEIGHT).mark_point(
        size=26, stroke=svg.ORIGINAL, strokeWidth=1.4, fill=None, shape="circle"
    )
    return chart.encode(x=x, y=y, description="tip:N")


def line(
    x: Sequence[float] | Floats, y: Sequence[float] | Floats, colour: str = svg.MUTED, dash: Sequence[int] = (),
    width: float = 1.2, titles: tuple[str, str] | None = None,
) -> alt.Chart:  # fmt: skip
    """A line through points in the order given; ``titles`` names the axes where no dots do."""
    import altair as alt

    points = pd.DataFrame({"x": x, "y": y, "order": range(len(x))})
    chart: alt.Chart = alt.Chart(points, width=WIDTH, height=HEIGHT).mark_line(
        color=colour, strokeDash=list(dash) or alt.Undefined, strokeWidth=width, clip=True
    )
    across, up = titles or (alt.Undefined, alt.Undefined)
    return chart.encode(x=alt.X("x:Q", title=across), y=alt.Y("y:Q", title=up), order="order:Q")


def band(x: Floats, low: Floats, high: Floats, colour: str) -> alt.Chart:
    """The area between two curves."""
    import altair as alt

    chart: alt.Chart = alt.Chart(pd.DataFrame({"x": x, "y": low, "top": high}), width=WIDTH, height=HEIGHT).mark_area(
        color=colour, opacity=0.16, clip=True
    )
    return chart.encode(x=alt.X("x:Q"), y=alt.Y("y:Q"), y2="top:Q")


def across(title: str, limits: tuple[float, float]) -> alt.X:
    """The horizontal axis."""
    import altair as alt

    return alt.X("x:Q", title=title, scale=alt.Scale(domain=list(limits), nice=False))


def up(title: str, limits: tuple[float, float]) -> alt.Y:
    """The vertical axis."""
    import altair as alt

    return alt.Y("y:Q", title=title, scale=alt.Scale(domain=list(limits), nice=False))


def _limits(values: Sequence[Floats]) -> tuple[float, float]:
    finite = np.concatenate([v[np.isfinite(v)] for v in values] or [np.empty(0)])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    pad = 0.04 * (high - low) or 1.0
    return low - pad, high + pad

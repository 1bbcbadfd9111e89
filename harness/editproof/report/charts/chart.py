"""What a chart is, and which ones the page shows: a function of a module of this package with one of two marks.

``@chart_of_readings`` draws one quantity that an instrument reads; ``@chart_of_images`` draws what was measured on the
images themselves, under a heading of its own. The page shows them in the order of modules, and as they are defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from editproof.core.registry import defined_in
from editproof.evidence.measurements import Measurements
from editproof.report.charts.marks import Frame
from editproof.report.charts.plot import Plot, picture
from editproof.report.page.readings import Paired

TOGETHER = "Dots that lie close together are drawn as one, which is larger the more they are."


@dataclass(frozen=True)
class Figure:
    """A chart with its title and the sentence beneath; ``picture`` is None where ``caption`` says why."""

    title: str
    caption: str
    picture: Markup | None = None


@dataclass(frozen=True)
class Read:
    """What a chart of readings is made of: one quantity of one tool, all its measurements, and shared axes."""

    pair: Paired
    table: Measurements
    frame: Frame


@dataclass(frozen=True)
class ReadingChart:
    """A chart of a quantity of one kind, drawn from its readings."""

    kind: str
    draw: Callable[[Read], Figure]


@dataclass(frozen=True)
class ImageChart:
    """A chart of what was measured on images.

    Attributes
    ----------
    heading : str
        Over the charts that share it.
    draw : callable
        From the measurements of a tool to the chart; None where nothing of the kind was measured.
    """

    heading: str
    draw: Callable[[Measurements], Figure | None]


def chart_of_readings(kind: str) -> Callable[[Callable[[Read], Figure]], ReadingChart]:
    """Make a function a chart of every quantity of a kind, ``"continuous"`` or ``"probability"``."""
    return lambda draw: ReadingChart(kind, draw)


def chart_of_images(heading: str) -> Callable[[Callable[[Measurements], Figure | None]], ImageChart]:
    """Make a function a chart of what was measured on images, under a heading."""
    return lambda draw: ImageChart(heading, draw)


@cache
def charts() -> tuple[ReadingChart | ImageChart, ...]:
    """Every chart of the page, in its order."""
    kinds = ReadingChart | ImageChart
    found = defined_in(__package__, lambda value: value.draw.__module__ if isinstance(value, kinds) else None)
    return tuple(found)


def reading_charts(kind: str) -> list[ReadingChart]:
    """The charts of a quantity of a kind."""
    return [chart for chart in charts() if isinstance(chart, ReadingChart) and chart.kind == kind]


def image_charts() -> dict[str, list[ImageChart]]:
    """The charts of images, by heading."""
    found: dict[str, list[ImageChart]] = {}
    for chart in charts():
        if isinstance(chart, ImageChart):
            found.setdefault(chart.heading, []).append(chart)
    return found


def figure_of(plots: Plot | Sequence[Plot], title: str, caption: str) -> Figure:
    """Plots as a figure, described by its title and caption to a reader who does not see it."""
    several = [plots] if isinstance(plots, Plot) else list(plots)
    if any(plot.together for plot in several):
        caption = f"{caption} {TOGETHER}"
    return Figure(title, caption, picture(several, f"{title}. {caption}"))

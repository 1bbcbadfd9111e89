"""What a chart is, and which ones the page shows: a function of a module of this package with one of two marks.

``@chart_of_readings`` draws one quantity that an instrument reads; ``@chart_of_images`` draws what was measured on the
images themselves, under a heading of its own. The page shows them in the order of modules, and as they are defined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup

from editproof.core.registry import defined_in
from editproof.evidence.measurements import Measurements
from editproof.report.charts import svg
from editproof.report.charts.marks import Frame
from editproof.report.page.readings import Paired


@dataclass(frozen=True)
class Figure:
    """A chart with its title and the sentence beneath; ``picture`` is None where ``caption`` says why."""

    title: str
    caption: str
    picture: Markup | None = None


@dataclass(frozen=True)
class Read:
    """What a chart of readings is figure_of from: one quantity of one tool, all its measurements, and shared axes."""

    pair: Paired
    table: Measurements
    frame: Frame


@dataclass(frozen=True)
class ReadingChart:
    """A chart of a quantity of one kind; ``draw`` gets the readings, and a name that is unique on the page."""

    kind: str
    draw: Callable[[Read, str], Figure]


@dataclass(frozen=True)
class ImageChart:
    """A chart of what was measured on images.

    Attributes
    ----------
    heading : str
        Over the charts that share it.
    key : str
        Begins the name that makes the ids inside unique.
    draw : callable
        From the measurements of a tool and a name to the chart; None where nothing of the kind was measured.
    """

    heading: str
    key: str
    draw: Callable[[Measurements, str], Figure | None]


def chart_of_readings(kind: str) -> Callable[[Callable[[Read, str], Figure]], ReadingChart]:
    """Make a function a chart of every quantity of a kind, ``"continuous"`` or ``"probability"``."""
    return lambda draw: ReadingChart(kind, draw)


def chart_of_images(
    heading: str, key: str = ""
) -> Callable[[Callable[[Measurements, str], Figure | None]], ImageChart]:
    """Make a function a chart of what was measured on images, under a heading; ``key`` is its own name without one."""
    return lambda draw: ImageChart(heading, key or draw.__name__, draw)


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


def figure_of(chart: Any, name: str, title: str, caption: str) -> Figure:
    """An Altair chart as a figure, described by its title and caption to a reader who does not see it."""
    return Figure(title, caption, svg.svg(chart, name, f"{title}. {caption}"))

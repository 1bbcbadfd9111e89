"""What every chart is made of: dots that know their case, lines, bands, bars, and axes that several tools share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from editproof.core.numbers import number
from editproof.report.charts import svg
from editproof.report.charts.axes import Ruler, limits_around
from editproof.report.charts.svg import Floats, element, path, px, titled
from editproof.report.page.readings import Paired, agreement_lines
from editproof.report.text.wording import counted

MOST_DOTS = 2000
"""With more dots than this in a chart, those that lie together are drawn as one."""
CELL = 10.0
"""Pixels of the squares in which dots count as lying together."""
_DOT, _LEAST, _WIDEST = 2.6, 1.5, 5.6
"""Radius of a dot, and of the smallest and the largest where a dot stands for several, in pixels."""


class Mark(Protocol):
    """One layer of a plot."""

    @property
    def extent(self) -> tuple[Floats, Floats]:
        """Values across and up that an axis without limits has to hold."""
        ...

    def drawn(self, x: Ruler, y: Ruler, together: bool) -> str:
        """The layer as SVG; ``together`` says that dots in one place are drawn as one."""
        ...


@dataclass(frozen=True)
class Frame:
    """Limits of the axes of one quantity, shared by every tool so that charts can be compared."""

    readings: tuple[float, float]
    change: tuple[float, float]

    @classmethod
    def around(cls, pairs: Sequence[Paired]) -> Frame:
        """Limits wide enough for every tool, and for its limits of agreement."""
        levels = [v for p in pairs for v in (p.reference, p.original, p.edited.ravel())]
        lines = [np.array(agreement_lines(p) or (), dtype=float) for p in pairs]
        changes = [np.zeros(1), *(p.change.ravel() for p in pairs), *lines]
        return cls(*(limits_around(np.concatenate([np.empty(0), *found]), 0.04) for found in (levels, changes)))


@dataclass(frozen=True)
class Dots:
    """One dot for each reading; ``x``, ``y``, ``case`` and ``repeat`` have shape (n_dots,).

    Attributes
    ----------
    words : callable
        From the place of a dot in the arrays to what is shown where one points at it.
    noun : str
        What a dot stands for, in the singular.
    hollow : bool
        Drawn as a ring.
    square : bool
        Drawn as a square, for a second group.
    """

    x: Floats
    y: Floats
    case: np.ndarray[tuple[int], np.dtype[np.int64]]
    repeat: np.ndarray[tuple[int], np.dtype[np.int64]]
    words: Callable[[int], str]
    noun: str
    colour: str
    hollow: bool = False
    square: bool = False

    @property
    def extent(self) -> tuple[Floats, Floats]:
        """Every dot."""
        return self.x, self.y

    def drawn(self, x: Ruler, y: Ruler, together: bool) -> str:
        """The dots, or, ``together``, one for those of each square of :data:`CELL` pixels, larger the more they are."""
        across, up = x.at(self.x), y.at(self.y)
        shapes = self._together(across, up) if together else self._each(across, up, range(len(across)), _DOT)
        paint: dict[str, str | float] = (
            {"fill": "none", "stroke": self.colour, "stroke_width": 1.4}
            if self.hollow else {"fill": self.colour, "fill_opacity": "0.62"}
        )  # fmt: skip
        return element("g", "".join(shapes), **paint) if len(across) else ""

    def _each(self, across: Floats, up: Floats, chosen: Sequence[int], radius: float) -> list[str]:
        return [
            self._shape(across[i], up[i], radius, self.words(i), f"{self.case[i]}:{self.repeat[i]}") for i in chosen
        ]

    def _together(self, across: Floats, up: Floats) -> list[str]:
        """A dot at the mean place of the dots of each square; one that is alone there keeps its case."""
        cells = np.floor(np.column_stack([across, up]) / CELL).astype(np.int64)
        _, first, cell, n = np.unique(cells, axis=0, return_index=True, return_inverse=True, return_counts=True)
        middle = [np.bincount(cell.ravel(), values) / n for values in (across, up)]
        radius = np.maximum(_LEAST, _WIDEST * np.sqrt(n / n.max()))
        several = [
            self._shape(middle[0][k], middle[1][k], radius[k], counted(int(n[k]), self.noun), None)
            for k in np.flatnonzero(n > 1)
        ]
        return several + self._each(across, up, first[n == 1].tolist(), _LEAST)

    def _shape(self, x: float, y: float, radius: float, words: str, case: str | None) -> str:
        known = f' data-case="{case}"' if case else ""
        if self.square:
            r = radius * math.sqrt(math.pi) / 2
            d = f"M{px(x - r)} {px(y - r)}h{px(2 * r)}v{px(2 * r)}h-{px(2 * r)}z"
            return f'<path{known} d="{d}">{titled(words)}</path>'
        return f'<circle{known} cx="{px(x)}" cy="{px(y)}" r="{px(radius)}">{titled(words)}</circle>'


@dataclass(frozen=True)
class Line:
    """A line through points in their order; a point without a value is left out."""

    x: Floats
    y: Floats
    colour: str = svg.MUTED
    dash: str = ""
    width: float = 1.2

    @property
    def extent(self) -> tuple[Floats, Floats]:
        """Every point."""
        return self.x, self.y

    def drawn(self, x: Ruler, y: Ruler, together: bool) -> str:
        """The line as one path."""
        here = np.isfinite(self.x) & np.isfinite(self.y)
        d = path(x.at(self.x[here]), y.at(self.y[here]))
        return element(
            "path", d=d, fill="none", stroke=self.colour, stroke_width=self.width, stroke_dasharray=self.dash or None,
            stroke_linejoin="round",
        )  # fmt: skip


@dataclass(frozen=True)
class Band:
    """The area between two curves over the same places."""

    x: Floats
    low: Floats
    high: Floats
    colour: str

    @property
    def extent(self) -> tuple[Floats, Floats]:
        """Both curves."""
        return self.x, np.concatenate([self.low, self.high])

    def drawn(self, x: Ruler, y: Ruler, together: bool) -> str:
        """The area as one path."""
        across = np.concatenate([self.x, self.x[::-1]])
        d = path(x.at(across), y.at(np.concatenate([self.low, self.high[::-1]])))
        return element("path", d=f"{d}z", fill=self.colour, fill_opacity="0.16")


@dataclass(frozen=True)
class Bars:
    """A bar for each count between two edges; ``edges`` has one value more than ``counts``."""

    edges: Floats
    counts: Floats
    noun: str
    colour: str = svg.EDITED

    @property
    def extent(self) -> tuple[Floats, Floats]:
        """From the first edge to the last, and from zero to a little above the highest bar."""
        return self.edges, np.array([0.0, 1.04 * max(1.0, float(self.counts.max(initial=0.0)))])

    def drawn(self, x: Ruler, y: Ruler, together: bool) -> str:
        """The bars, a pixel apart; the title of each has its count and its edges."""
        at, ground = x.at(self.edges), float(y.at(0.0))
        decimals = max(0, 1 - math.floor(math.log10(float(np.ptp(self.edges)) or 1.0)))
        bars = []
        for k, count in enumerate(self.counts.tolist()):
            if count:
                top = float(y.at(count))
                low, high = (number(float(edge), decimals) for edge in self.edges[k : k + 2])
                words = titled(f"{counted(int(count), self.noun)}: {low} to {high}")
                place = {"x": at[k] + 0.5, "y": top, "width": at[k + 1] - at[k] - 1, "height": ground - top}
                bars.append(element("rect", words, **place))
        return element("g", "".join(bars), fill=self.colour, fill_opacity="0.75")


def dots(
    pair: Paired, x: Floats, y: Floats, *, noun: str = "edit", colour: str = svg.EDITED, signed: bool = False,
    square: bool = False,
) -> Dots:  # fmt: skip
    """A filled dot for each reading of shape (n_cases, n_repeats); those without a value are left out.

    Parameters
    ----------
    pair : Paired
        Whose cases they are.
    x, y : ndarray of float, shape (n_cases,) or (n_cases, n_repeats)
    noun : str
        What a dot stands for.
    signed : bool
        Whether ``y`` is a change, shown with its sign.
    """
    y = y[:, None] if y.ndim == 1 else y
    x = np.broadcast_to(x[:, None] if x.ndim == 1 else x, y.shape)
    case, repeat = np.nonzero(np.isfinite(x) & np.isfinite(y))
    names, several, unit = pair.cases, y.shape[1] > 1, f" {pair.quantity.unit}"
    unit = "" if unit.strip() in ("", "1", "probability") else unit
    level = y[case, repeat]

    def words(i: int) -> str:
        name = names[case[i]] if names else f"case {case[i] + 1}"
        which = f"{noun} {repeat[i] + 1}" if several else noun
        return f"{name}, {which}: {number(float(level[i]), pair.decimals, sign=signed)}{unit}"

    return Dots(x[case, repeat], level, case, repeat, words, noun, colour, square=square)


def rings(pair: Paired, x: Floats, y: Floats) -> Dots:
    """A ring for each original, values of shape (n_cases,)."""
    made = dots(pair, x, y, noun="original", colour=svg.ORIGINAL)
    return Dots(made.x, made.y, made.case, made.repeat, made.words, made.noun, made.colour, hollow=True)


def line(
    x: Sequence[float] | Floats, y: Sequence[float] | Floats, colour: str = svg.MUTED, dash: str = "",
    width: float = 1.2,
) -> Line:  # fmt: skip
    """A line through points in the order given; ``dash`` as SVG has it, e.g. ``"5 3"``."""
    return Line(np.asarray(x, dtype=float), np.asarray(y, dtype=float), colour, dash, width)


def histogram(values: Floats, bins: int, noun: str = "case", colour: str = svg.EDITED) -> Bars:
    """Bars of values from zero up: how many of them, shape (n,), lie in each of ``bins`` equal parts."""
    counts, edges = np.histogram(values, bins=bins, range=(0.0, float(values.max()) or 1.0))
    return Bars(edges, counts.astype(float), noun, colour)

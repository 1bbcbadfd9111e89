"""The grammar of the pictures: coordinates, paths and elements of small inline SVG, in the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INK, MUTED, GRID, ORIGINAL, EDITED, FIRST, SECOND = (
    f"var(--{name})" for name in ("ink", "muted", "grid", "original", "edited", "first", "second")
)
"""Colours by their names in the style sheet, which says what they are in light, in dark and in print."""

_TENTHS: Final = 10
"""Coordinates are written in tenths of a pixel."""


def px(value: float) -> str:
    """A coordinate as text, to a tenth of a pixel.

    Examples
    --------
    >>> px(12.34), px(3.0), px(-0.01)
    ('12.3', '3', '0')
    """
    return f"{round(float(value), 1) + 0.0:.7g}"


def factor(value: float) -> str:
    """A number that is no coordinate (a scale, an opacity, a width before scaling), as an attribute has it."""
    return f"{float(value):.4g}"


def path(x: Floats | Sequence[float], y: Floats | Sequence[float]) -> str:
    """The ``d`` of a line through points in their order, without points that change nothing at a tenth of a pixel.

    Examples
    --------
    >>> path([0, 5, 10, 10, 10.01], [0, 0, 0, 4, 4])
    'M0 0L10 0 10 4'
    """
    points = np.rint(np.column_stack([x, y]).astype(float) * _TENTHS).astype(np.int64)
    points = points[np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))] if len(points) else points
    if len(points) > 2:
        before, after = np.diff(points[:-1], axis=0), np.diff(points[1:], axis=0)
        straight = before[:, 0] * after[:, 1] == before[:, 1] * after[:, 0]
        onward = (before * after).sum(axis=1) > 0
        points = points[np.concatenate([[True], ~(straight & onward), [True]])]
    texts = [f"{px(a / _TENTHS)} {px(b / _TENTHS)}" for a, b in points.tolist()]
    return f"M{texts[0]}" + (f"L{' '.join(texts[1:])}" if len(texts) > 1 else "") if texts else ""


def element(name: str, content: str = "", **attributes: float | str | None) -> str:
    """An element; numbers are coordinates, ``None`` is left out, and ``_`` in a name stands for a hyphen.

    Parameters
    ----------
    name : str
    content : str
        SVG, not text: what comes from outside is escaped before.

    Examples
    --------
    >>> element("line", x1=0, x2=4.04, stroke_width=1.5, fill=None), element("text", "5 &lt; 6", x=1)
    ('<line x1="0" x2="4" stroke-width="1.5"/>', '<text x="1">5 &lt; 6</text>')
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else px(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def titled(text: str) -> str:
    """What a browser shows where one points at the element that this is the content of."""
    return f"<title>{escape(text)}</title>"

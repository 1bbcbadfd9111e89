"""Where edits changed: a map of the share of patients, or bars by region where originals have several frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup, escape

from editproof.core.numbers import percent
from editproof.evidence.maps import ANATOMY, CHANGED, OUTSIDE_MASK, CohortMap, cohort_map, map_frames
from editproof.evidence.measurements import EDITED, IMAGE, Measurements
from editproof.report.charts.chart import Figure, chart_of_images
from editproof.report.charts.plot import HEIGHT, WIDTH
from editproof.report.charts.svg import EDITED as COLOUR
from editproof.report.charts.svg import GRID, INK, MUTED, SECOND, element, factor, px
from editproof.report.text.wording import counted, listed, region_in_words
from editproof.stats.bounded import patient_means

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

EDGES: Final = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Shares between which the steps of the colour bar lie; a step holds its upper edge."""
_OPACITIES: Final = (0.16, 0.32, 0.48, 0.64, 0.82, 1.0)
_MOST_HIGH, _GAP, _BAR, _HEADING = HEIGHT, 18.0, 74.0, 24.0
_REGIONS: Final = ("whole", "protected", "outside_mask", "inside_mask")
_CLEARLY: Final = "changed_share_above_2pct"
_WORDS: Final = {CHANGED: "Anywhere", OUTSIDE_MASK: "Outside the edit mask"}
_DESCRIBES: Final = "It describes; no criterion reads it."
_THIRDS: Final = (("upper", "middle", "lower"), ("left", "centre", "right"))


@chart_of_images("where edits changed pixels")
def changed_places(table: Measurements) -> Figure | None:
    """Share of patients of whose edits a place was changed."""
    title = "Share of patients changed at each place"
    shares = _shares_by_region(table)
    by_region = f"By region: {listed([f'{region} {percent(share)}' for region, (share, _) in shares.items()])}."
    found = {name: made for name in _WORDS if (made := cohort_map(table, name)) is not None}
    if found:
        if OUTSIDE_MASK in found and np.array_equal(found[OUTSIDE_MASK].shares, found[CHANGED].shares):
            del found[OUTSIDE_MASK]
        caption = _held(f"{_caption(table, found)} {by_region if shares else ''}")
        return Figure(title, caption, _maps(found, cohort_map(table, ANATOMY), f"{title}. {caption}"))
    if not shares:
        return None
    title = "Share of patients changed, by region"
    n = max(patients for _, patients in shares.values())
    frames = map_frames(table)
    why = f"No map is drawn, since the originals have {len(frames)} frames." if len(frames) > 1 else ""
    caption = (
        f"{counted(n, 'patient')}, each counted once. A region counts where any pixel changed by more than 2 % of the "
        f"intensity range. {by_region} {why} {_DESCRIBES} {_missing(table)}"
    )
    caption = _held(caption)
    return Figure(title, caption, _bars(shares, f"{title}. {caption}"))


def _shares_by_region(table: Measurements) -> dict[str, tuple[float, int]]:
    """Share of patients of whose edits some pixel of a region changed, and of how many patients, by region in words."""
    found = {}
    for region in _REGIONS:
        quantity = f"{_CLEARLY}:{region}"
        if table.has(quantity, EDITED, IMAGE):
            values = table.matrix(quantity, EDITED, IMAGE)
            _, means = patient_means(np.where(np.isnan(values), np.nan, values > 0), table.patients)
            found[region_in_words(region)] = float(means.mean()), len(means)
    return found


def _caption(table: Measurements, found: dict[str, CohortMap]) -> str:
    first = next(iter(found.values()))
    side, frame = first.grid.side, first.grid.frame
    slices = " through all slices" if len(frame) > 2 else ""
    cell = f"{side} × {side} of {' × '.join(map(str, frame[-2:]))} pixels{slices}"
    most = " ".join(f"{_WORDS[name]}: {_extreme(made)}." for name, made in found.items())
    return (
        f"{counted(first.patients, 'patient')} in every cell, each counted once. A cell ({cell}) counts where any "
        f"pixel changed by more than 2 % of the intensity range. {most} Line: anatomy of at least half of the "
        f"patients, who need not be positioned alike. {_DESCRIBES} {_missing(table)}"
    ).strip()


def _held(caption: str) -> str:
    """One space between words, and none that breaks before a sign of per cent."""
    return " ".join(caption.split()).replace(" %", "\u00a0%")


def _missing(table: Measurements) -> str:
    lost = table.n_missing
    return f"{counted(lost, 'edit')} did not come back and {'is' if lost == 1 else 'are'} left out." if lost else ""


def _extreme(made: CohortMap) -> str:
    """The most changed cell in words."""
    shares, side = made.shares, made.grid.side
    if not shares.any():
        return "no cell in any patient"
    most = float(shares.max())
    row, column = (int(at) for at in np.unravel_index(int(shares.argmax()), shares.shape))
    height, width = made.grid.frame[-2:]
    last = min(height, (row + 1) * side) - 1, min(width, (column + 1) * side) - 1
    place = " ".join(
        words[min(2, 3 * at // length)] for words, at, length in zip(_THIRDS, (row, column), shares.shape, strict=True)
    )
    alike = int((shares >= most - 1e-9).sum())
    where = f"rows {row * side}–{last[0]}, columns {column * side}–{last[1]} ({place})"
    where = f"at {where}" if alike == 1 else f"in {alike} cells, the first at {where}"
    never = float((shares == 0).mean())
    return f"most {percent(most)} {where}; {percent(never)} of cells in no patient"


def _maps(found: dict[str, CohortMap], anatomy: CohortMap | None, alternative: str) -> Markup:
    rows, columns = next(iter(found.values())).shares.shape
    across = (WIDTH - _BAR - _GAP * len(found)) / 2
    cell = min(across / columns, _MOST_HIGH / rows)
    parts, left = [], 1.0
    for name, made in found.items():
        parts.append(element("text", str(escape(_WORDS[name])), x=left, y=13, font_size="12", font_weight="bold",
                             fill=INK))  # fmt: skip
        inside = "".join(
            element("path", d=_runs(level), stroke=COLOUR, stroke_opacity=factor(opacity))
            for level, opacity in zip(_levels(made.shares), _OPACITIES, strict=True)
            if level.any()
        )
        drawn = element("g", inside, fill="none", shape_rendering="crispEdges")
        if anatomy is not None:
            drawn += element(
                "path", d=_boundary(anatomy.shares >= 0.5), stroke=SECOND, stroke_width=factor(1.5 / cell), fill="none"
            )
        drawn += element(
            "path", d=f"M0 0H{columns}V{rows}H0z", stroke=MUTED, stroke_width=factor(1 / cell), fill="none"
        )
        parts.append(element("g", drawn, transform=f"translate({px(left)} {px(_HEADING)})scale({factor(cell)})"))
        left += cell * columns + _GAP
    parts.append(_colour_bar(left, _HEADING, cell * rows))
    return _picture("".join(parts), left + _BAR, _HEADING + max(cell * rows, 12.0) + 8, alternative)


def _picture(content: str, width: float, height: float, alternative: str) -> Markup:
    across = max(WIDTH, width)
    opening = (
        f'<svg class="chart" role="img" aria-label="{escape(alternative)}" viewBox="0 0 {px(across)} {px(height)}" '
        f'style="max-width:{px(WIDTH * 1.25)}px" font-family="sans-serif" font-size="11">'
    )
    return Markup(f"{opening}{content}</svg>")


def _levels(shares: NDArray[np.float64]) -> Iterator[NDArray[np.bool_]]:
    """The cells of each step of the colour bar; cells without a change are of none."""
    steps = np.maximum(1, np.searchsorted(np.array(EDGES) + 1e-9, shares))
    for step in range(1, len(EDGES)):
        yield (steps == step) & (shares > 0)


def _runs(where: NDArray[np.bool_]) -> str:
    """The ``d`` of lines one cell wide, of cells that lie side by side.

    Examples
    --------
    >>> _runs(np.array([[True, True, False], [False, False, True]]))
    'M0 .5h2M2 1.5h1'
    """
    padded = np.pad(where.astype(np.int8), ((0, 0), (1, 1)))
    steps = np.diff(padded, axis=1)
    begins, ends = np.argwhere(steps > 0), np.argwhere(steps < 0)
    return "".join(
        f"M{left} {row or ''}.5h{right - left}"
        for (row, left), (_, right) in zip(begins.tolist(), ends.tolist(), strict=True)
    )


def _boundary(where: NDArray[np.bool_]) -> str:
    """The ``d`` of the outline of cells, along their edges.

    Examples
    --------
    >>> _boundary(np.array([[True, True]]))
    'M0 0h2M0 1h2M0 0v1M2 0v1'
    """
    padded = np.pad(where, 1)
    parts = []
    for turned, letter in ((padded, "h"), (padded.T, "v")):
        edges = (turned[1:] != turned[:-1])[:, 1:-1]
        steps = np.diff(np.pad(edges.astype(np.int8), ((0, 0), (1, 1))), axis=1)
        for (line, begin), (_, end) in zip(
            np.argwhere(steps > 0).tolist(), np.argwhere(steps < 0).tolist(), strict=True
        ):
            parts.append(f"M{begin} {line}h{end - begin}" if letter == "h" else f"M{line} {begin}v{end - begin}")
    return "".join(parts)


def _colour_bar(left: float, top: float, height: float) -> str:
    """Steps from the least share at the bottom to the greatest at the top, with the shares between them."""
    step = min(26.0, height / (len(EDGES) + 1))
    bottom = top + step * len(_OPACITIES)
    parts = [
        element("rect", x=left, y=bottom - step * (place + 1), width=14, height=step, fill=COLOUR,
                fill_opacity=factor(opacity))
        for place, opacity in enumerate(_OPACITIES)
    ]  # fmt: skip
    parts.append(element("path", d=f"M{px(left)} {px(top)}h14V{px(bottom)}h-14z", stroke=MUTED, fill="none"))
    labels = "".join(
        element("text", percent(edge) if edge else "> 0 %", x=left + 19, y=bottom - step * place + 4)
        for place, edge in enumerate(EDGES)
    )
    return "".join(parts) + element("g", labels, fill=MUTED)


def _bars(shares: dict[str, tuple[float, int]], alternative: str) -> Markup:
    """One bar for each region, with its share and the number of patients."""
    line, label, number = 26.0, 120.0, 96.0
    across = WIDTH - label - number
    parts = []
    for place, (region, (share, patients)) in enumerate(shares.items()):
        top = 6 + place * line
        parts.append(element("rect", x=label, y=top, width=across, height=16, fill=GRID))
        parts.append(element("rect", x=label, y=top, width=across * share, height=16, fill=COLOUR))
        parts.append(element("text", str(escape(region)), x=label - 8, y=top + 12, text_anchor="end", fill=INK))
        said = f"{percent(share)} of {patients}"
        parts.append(element("text", said, x=label + across + 8, y=top + 12, fill=MUTED))
    return _picture("".join(parts), WIDTH, 6 + line * len(shares), alternative)

"""The charts of one tool: one function, one picture, one sentence that says what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from harness.measurements import EDITED, ORIGINAL, Measurements
from harness.report import readings as read
from harness.report import svg as draw
from harness.report.figures import number
from harness.report.readings import Paired
from harness.report.wording import counted, in_words
from harness.words import decimals_for

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT = 460, 230


@dataclass(frozen=True)
class Figure:
    """A chart with its title and the sentence beneath; ``picture`` is None where ``caption`` says why."""

    title: str
    caption: str
    picture: Markup | None


@dataclass(frozen=True)
class Frame:
    """What charts of several tools share so that they can be compared: limits of the axes of one quantity."""

    readings: tuple[float, float]
    change: tuple[float, float]

    @classmethod
    def around(cls, pairs: list[Paired]) -> Frame:
        """Limits wide enough for every tool."""
        levels = [x for p in pairs for x in (p.reference, p.original, p.edited.ravel())]
        return cls(_limits(levels), _limits([p.change.ravel() for p in pairs], with_zero=True))


def predicted_against_reference(pair: Paired, frame: Frame, name: str) -> Figure:
    """Readings of originals and of edits over the reference standard."""
    import altair as alt

    title = "Reading against reference standard"
    if not np.isfinite(pair.reference).any():
        return Figure(title, "The cohort carries no reference standard of this quantity.", None)
    table = _dots(pair, np.broadcast_to(pair.reference[:, None], pair.edited.shape), pair.edited)
    originals = _dots(pair, pair.reference[:, None], pair.original[:, None])
    unit, word = pair.quantity.unit, in_words(pair.quantity.name)
    x = _x(f"Reference {word} ({unit})", frame.readings)
    y = _y(f"Reading ({unit})", frame.readings)
    chart = alt.layer(_line([*frame.readings], [*frame.readings]), _points(table, x, y, EDITED),
                      _points(originals, x, y, ORIGINAL))  # fmt: skip
    errors = [_mae(pair.original - pair.reference), _mae(pair.edited - pair.reference[:, None])]
    caption = f"Mean absolute error: originals {_with(errors[0], unit)}, edits {_with(errors[1], unit)}."
    return Figure(title, caption, _svg(chart, name, f"{title}. {caption}"))


def bland_altman(pair: Paired, frame: Frame, name: str) -> Figure:
    """Edited minus original reading over the mean of the two."""
    import altair as alt

    unit = pair.quantity.unit
    title = "Edited minus original (Bland–Altman)"
    mean = (pair.edited + pair.original[:, None]) / 2
    x = _x(f"Mean of both readings ({unit})", frame.readings)
    y = _y(f"Change ({unit})", frame.change)
    bias, low, high = read.agreement(pair.change)
    layers = [_points(_dots(pair, mean, pair.change), x, y, EDITED), _line([*frame.readings], [0.0, 0.0])]
    caption = "Too few cases for limits of agreement."
    if math.isfinite(bias):
        layers += [_line([*frame.readings], [at, at], draw.INK, dash) for at, dash in ((bias, ()), (low, (5, 3)), (high, (5, 3)))]  # fmt: skip
        digits = decimals_for((low, high))
        caption = (
            f"Solid line: mean change {number(bias, digits, sign=True)} {unit}. Dashed: 95 % limits of agreement "
            f"{number(low, digits, sign=True)} to {number(high, digits, sign=True)} {unit}."
        )
    return Figure(title, caption, _svg(alt.layer(*layers), name, f"{title}. {caption}"))


def change_by_group(pair: Paired, table: Measurements, frame: Frame, name: str) -> Figure:
    """Change of the reading over the reference standard, by the first grouping the cohort has (sex, say)."""
    import altair as alt

    unit, word = pair.quantity.unit, in_words(pair.quantity.name)
    column = next((c for c in table.cases if c.startswith("stratum:") and table.cases[c].nunique() == 2), None)
    title = f"Change over {word}" + (f", by {in_words(str(column).partition(':')[2])}" if column else "")
    if not np.isfinite(pair.reference).any():
        return Figure(title, "The cohort carries no reference standard of this quantity.", None)
    groups = table.cases[column].astype(str).to_numpy() if column else np.full(len(pair.original), "all")
    x, y = _x(f"Reference {word} ({unit})", frame.readings), _y(f"Change ({unit})", frame.change)
    layers: list[Any] = [_line([*frame.readings], [0.0, 0.0])]
    said = []
    for group, colour, shape in zip(sorted(set(groups)), (draw.FIRST, draw.SECOND), ("circle", "square"), strict=False):
        mine = groups == group
        dots = _dots(pair, np.broadcast_to(pair.reference[:, None], pair.change.shape), pair.change)
        dots = dots[dots["tip"].str.split(":").str[0].astype(int).isin(np.flatnonzero(mine))]
        layers.append(_points(dots, x, y, EDITED, colour, shape))
        middle, level = _running_mean(pair.reference[mine], pair.change[mine])
        if len(middle):
            layers.append(_line(list(middle), list(level), colour, (7, 4) if shape == "square" else (), 2.5))
        mean = float(np.nanmean(pair.change[mine])) if np.isfinite(pair.change[mine]).any() else math.nan
        said.append(f"{group} ({shape}s, {'dashed' if shape == 'square' else 'solid'}) {_with(mean, unit, sign=True)}")
    caption = f"Mean change: {'; '.join(said)}. Lines: mean over fifths of the patients."
    return Figure(title, caption, _svg(alt.layer(*layers), name, f"{title}. {caption}"))


def repeats(pair: Paired, name: str) -> Figure:
    """How far the repeats of one case lie apart."""
    import altair as alt

    unit = pair.quantity.unit
    title = "Asking again: spread over repeats"
    spread = read.repeat_sd(pair.edited)
    if not len(spread):
        return Figure(title, "No case has two edits, so repeats cannot be compared.", None)
    if spread.max() <= 1e-6 * max(1.0, float(np.nanmax(np.abs(pair.edited)))):
        return Figure(title, "Every repeat of a case gave the same reading.", None)
    count, edge = np.histogram(spread, bins=min(24, max(6, int(math.sqrt(len(spread)) * 1.5))), range=(0, spread.max()))
    bins = pd.DataFrame({"from": edge[:-1], "to": edge[1:], "n": count})
    chart = alt.Chart(bins, width=WIDTH, height=HEIGHT).mark_bar(color=draw.EDITED, opacity=0.75, binSpacing=1).encode(
        x=alt.X("from:Q", bin="binned", title=f"SD over the repeats of a case ({unit})"), x2="to:Q",
        y=alt.Y("n:Q", title="Cases", axis=alt.Axis(format="d", tickMinStep=1)),
    )  # fmt: skip
    caption = (
        f"Mean {_with(float(spread.mean()), unit)}, largest {_with(float(spread.max()), unit)}, "
        f"over {counted(len(spread), 'case')}."
    )
    return Figure(title, caption, _svg(chart, name, f"{title}. {caption}"))


def roc_curves(pair: Paired, name: str) -> Figure:
    """Receiver operating characteristic of originals against edits."""
    import altair as alt

    title = "ROC: originals against edits"
    curves = {
        ORIGINAL: read.roc(pair.reference, pair.original),
        EDITED: read.roc(np.broadcast_to(pair.reference[:, None], pair.edited.shape).ravel(), pair.edited.ravel()),
    }
    layers: list[Any] = [_line([0, 1], [0, 1])]
    said = []
    for arm, curve in curves.items():
        if curve is None:
            said.append(f"{arm}: not defined, one class alone")
            continue
        colour, dash = (draw.ORIGINAL, (6, 3)) if arm == ORIGINAL else (draw.EDITED, ())
        layers.append(_line(list(curve[0]), list(curve[1]), colour, dash, 2.5, "1 − specificity", "Sensitivity"))
        said.append(f"{'originals (dashed)' if arm == ORIGINAL else 'edits (solid)'} {curve[2]:.3f}")
    caption = f"Area under the curve: {', '.join(said)}. All repeats pooled; intervals are in the criteria."
    picture = _svg(alt.layer(*layers), name, f"{title}. {caption}") if len(layers) > 1 else None
    return Figure(title, caption, picture)


def probabilities(pair: Paired, name: str) -> Figure:
    """Probability read on the edit over that read on the original."""
    import altair as alt

    title = "Probability on the edit against the original"
    before = np.broadcast_to(pair.original[:, None], pair.edited.shape)
    word = in_words(pair.quantity.name)
    x, y = _x(f"{word}: original", (0.0, 1.0)), _y(f"{word}: edit", (0.0, 1.0))
    chart = alt.layer(_line([0, 1], [0, 1]), _line([0.5, 0.5], [0, 1], draw.MUTED, (2, 3)),
                      _line([0, 1], [0.5, 0.5], draw.MUTED, (2, 3)),
                      _points(_dots(pair, before, pair.edited), x, y, EDITED))  # fmt: skip
    caption = (
        f"In {read.changed_class(pair)} of {counted(len(pair.original), 'case')} at least one edit falls on the other "
        "side of 0.5 (top left and bottom right)."
    )
    return Figure(title, caption, _svg(chart, name, f"{title}. {caption}"))


def intensities(table: Measurements, name: str) -> Figure:
    """Cumulative distribution of gray values of originals and edits, one panel for each region."""
    import altair as alt

    title = "Gray values by region"
    regions = list(dict.fromkeys(table.histograms["region"]))
    panels, said = [], []
    for region in regions:
        curves = [(arm, read.ecdf(table, arm, region)) for arm in (ORIGINAL, EDITED)]
        if any(curve is None for _, curve in curves):
            continue
        (_, before), (_, after) = curves
        assert before is not None
        assert after is not None
        label = in_words(region)
        lines = [
            _line(list(level), list(share), colour, dash, 2, "Gray level", "Share of pixels at or below")
            for (level, share), colour, dash in ((before, draw.ORIGINAL, (6, 3)), (after, draw.EDITED, ()))
        ]
        heading = alt.TitleParams(label, color=draw.INK, fontSize=12, anchor="start", fontWeight="bold")
        panels.append(alt.layer(*lines).properties(width=WIDTH / 2.05, height=HEIGHT * 0.7, title=heading))
        if before[0].shape == after[0].shape:
            said.append(f"{label} {float(np.abs(before[1] - after[1]).max()):.3f}")
    if not panels:
        return Figure(title, "No gray values of edits were counted.", None)
    caption = (
        f"Greatest distance between the curves: {', '.join(said)}. Dashed: originals. Solid: edits. All cases pooled."
    )
    chart = alt.concat(*panels, columns=2, spacing=18)
    return Figure(title, caption, _svg(chart, name, f"{title}. {caption}"))


def _svg(chart: Any, name: str, alternative: str) -> Markup:
    return draw.svg(chart, name, alternative)


def _dots(pair: Paired, x: read.Floats, y: read.Floats) -> pd.DataFrame:
    case, repeat = np.indices(y.shape)
    tip = [f"{i}:{k}" for i, k in zip(case.ravel(), repeat.ravel(), strict=True)]
    return pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "tip": tip}).dropna()


def _points(
    dots: pd.DataFrame, x: alt.X, y: alt.Y, arm: str, colour: str | None = None, shape: str = "circle"
) -> alt.Chart:
    import altair as alt

    base = alt.Chart(dots, width=WIDTH, height=HEIGHT).encode(x=x, y=y, description="tip:N")
    if arm == ORIGINAL:
        return base.mark_point(size=26, stroke=draw.ORIGINAL, strokeWidth=1.4, fill=None, shape="circle")
    return base.mark_point(size=22, fill=colour or draw.EDITED, stroke=None, opacity=0.62, shape=shape)


def _line(
    x: list[float], y: list[float], colour: str = draw.MUTED, dash: tuple[int, ...] = (), width: float = 1.2,
    x_title: str = "", y_title: str = "",
) -> alt.Chart:  # fmt: skip
    import altair as alt

    points = pd.DataFrame({"x": x, "y": y, "order": range(len(x))})
    chart = alt.Chart(points, width=WIDTH, height=HEIGHT).mark_line(
        color=colour, strokeDash=list(dash) or alt.Undefined, strokeWidth=width, clip=True
    )
    x_axis = alt.X("x:Q", title=x_title) if x_title else alt.X("x:Q")
    y_axis = alt.Y("y:Q", title=y_title) if y_title else alt.Y("y:Q")
    return chart.encode(x=x_axis, y=y_axis, order="order:Q")


def _x(title: str, limits: tuple[float, float]) -> alt.X:
    import altair as alt

    return alt.X("x:Q", title=title, scale=alt.Scale(domain=list(limits), nice=False))


def _y(title: str, limits: tuple[float, float]) -> alt.Y:
    import altair as alt

    return alt.Y("y:Q", title=title, scale=alt.Scale(domain=list(limits), nice=False))


def _limits(values: list[read.Floats], *, with_zero: bool = False) -> tuple[float, float]:
    finite = np.concatenate([v[np.isfinite(v)] for v in values] or [np.empty(0)])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.04 * (high - low) or 1.0
    return low - pad, high + pad


def _running_mean(x: read.Floats, change: read.Floats) -> tuple[read.Floats, read.Floats]:
    """Mean of x and of change over fifths of the cases."""
    here = np.isfinite(x) & np.isfinite(change).any(axis=1)
    if here.sum() < 10:
        return np.empty(0), np.empty(0)
    order = np.argsort(x[here], kind="stable")
    fifths = np.array_split(order, 5)
    return (
        np.array([float(x[here][part].mean()) for part in fifths]),
        np.array([float(np.nanmean(change[here][part])) for part in fifths]),
    )


def _mae(error: read.Floats) -> float:
    """Mean over cases of the mean absolute error of each."""
    per_case = np.abs(error if error.ndim == 2 else error[:, None])
    per_case = per_case[np.isfinite(per_case).any(axis=1)]
    return float(np.nanmean(np.nanmean(per_case, axis=1))) if len(per_case) else math.nan


def _with(value: float, unit: str, *, sign: bool = False) -> str:
    return f"{number(value, decimals_for((value,)), sign=sign)} {unit}".strip()

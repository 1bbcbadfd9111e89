"""The charts of one tool: one function, one picture, one sentence that says what it shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from editproof.core.numbers import figure, number
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.report.charts import svg
from editproof.report.charts.chart import Figure, Read, chart_of_images, chart_of_readings, figure_of
from editproof.report.charts.marks import HEIGHT, WIDTH, across, band, dots, filled_marks, hollow, line, up
from editproof.report.page import readings as read
from editproof.report.page.readings import Floats, Paired
from editproof.report.text.wording import counted, in_words, region_in_words
from editproof.stats.interval import Interval
from editproof.stats.sums import mean


@chart_of_readings("continuous")
def predicted_against_reference(given: Read, name: str) -> Figure:
    """Readings of originals and of edits over the reference standard."""
    import altair as alt

    pair, frame = given.pair, given.frame
    title = "Reading against reference standard"
    if not np.isfinite(pair.reference).any():
        return Figure(title, "The cohort carries no reference standard of this quantity.")
    unit = pair.quantity.unit
    x = across(f"Reference {in_words(pair.quantity.name)} ({unit})", frame.readings)
    y = up(f"Reading ({unit})", frame.readings)
    chart = alt.layer(
        line(frame.readings, frame.readings),
        filled_marks(dots(pair.reference, pair.edited), x, y),
        hollow(dots(pair.reference, pair.original[:, None]), x, y),
    )
    came_back = "edits" if pair.all_came_back else "edits that came back"
    errors = (readings - pair.reference[:, None] for readings in (pair.original[:, None], pair.edited))
    before, after = (read.complete_mean(pair, np.abs(error)) for error in errors)
    return figure_of(
        chart, name, title, f"Mean absolute error: originals {_said(before, pair)}, {came_back} {_said(after, pair)}."
    )


@chart_of_readings("continuous")
def bland_altman_chart(given: Read, name: str) -> Figure:
    """Edited minus original reading over the mean of the two."""
    import altair as alt

    pair, frame = given.pair, given.frame
    title, unit = "Edited minus original (Bland–Altman)", pair.quantity.unit
    x, y = across(f"Mean of both readings ({unit})", frame.readings), up(f"Change ({unit})", frame.change)
    layers = [
        filled_marks(dots((pair.edited + pair.original[:, None]) / 2, pair.change), x, y),
        line(frame.readings, [0.0, 0.0]),
    ]
    lines = read.agreement_lines(pair)
    if lines is None:
        return figure_of(alt.layer(*layers), name, title, "Too few patients for limits of agreement.")
    bias, low, high = lines
    layers += [
        line(frame.readings, [at, at], svg.INK, dash) for at, dash in ((bias, ()), (low, (5, 3)), (high, (5, 3)))
    ]
    digits = pair.decimals
    caption = (
        f"Solid line: mean change {number(bias, digits, sign=True)} {unit}. Dashed: 95 % limits of agreement "
        f"{number(low, digits, sign=True)} to {number(high, digits, sign=True)} {unit}.{_rule(pair)}"
    )
    return figure_of(alt.layer(*layers), name, title, caption)


@chart_of_readings("continuous")
def change_by_group(given: Read, name: str) -> Figure:
    """Change of the reading over the reference standard, by the first grouping in two that the cohort has."""
    import altair as alt

    pair, table, frame = given.pair, given.table, given.frame
    unit, word = pair.quantity.unit, in_words(pair.quantity.name)
    column = next((c for c in table.cases if c.startswith("stratum:") and table.cases[c].nunique() == 2), None)
    title = f"Change over {word}" + (f", by {in_words(str(column).partition(':')[2])}" if column else "")
    if not np.isfinite(pair.reference).any():
        return Figure(title, "The cohort carries no reference standard of this quantity.")
    groups = table.cases[column].astype(str).to_numpy() if column else np.full(len(pair.original), "all")
    x, y = across(f"Reference {word} ({unit})", frame.readings), up(f"Change ({unit})", frame.change)
    layers: list[Any] = [line(frame.readings, [0.0, 0.0])]
    means = []
    styles = ((svg.FIRST, "circle", (), "solid"), (svg.SECOND, "square", (7, 4), "dashed"))
    for group, (colour, shape, dash, stroke) in zip(sorted(set(groups)), styles, strict=False):
        mine = groups == group
        change = np.where(mine[:, None], pair.change, np.nan)
        layers.append(filled_marks(dots(pair.reference, change), x, y, colour, shape))
        middle, level = _mean_by_fifth(pair, change)
        if len(middle):
            layers.append(line(middle, level, colour, dash, 2.5))
        means.append(f"{group} ({shape}s, {stroke}) {_said(read.complete_mean(pair, change), pair, sign=True)}")
    caption = f"Mean change: {'; '.join(means)}. Lines: mean over fifths of the cases.{_rule(pair)}"
    return figure_of(alt.layer(*layers), name, title, caption)


@chart_of_readings("continuous")
def repeats(given: Read, name: str) -> Figure:
    """How far the repeats of one case lie apart."""
    import altair as alt

    pair = given.pair
    title, unit = "Asking again: spread over repeats", pair.quantity.unit
    found = read.spread_of_repeats(pair)
    if found is None:
        return Figure(title, "No case has two edits, so repeats cannot be compared.")
    spread, sd = found
    if spread.max() <= 1e-6 * max(1.0, float(np.nanmax(np.abs(pair.edited)))):
        return Figure(title, "Every repeat of a case gave the same reading.")
    n_bins = min(24, max(6, int(math.sqrt(len(spread)) * 1.5)))
    count, edge = np.histogram(spread, bins=n_bins, range=(0, spread.max()))
    bins = pd.DataFrame({"from": edge[:-1], "to": edge[1:], "n": count})
    chart = alt.Chart(bins, width=WIDTH, height=HEIGHT).mark_bar(color=svg.EDITED, opacity=0.75, binSpacing=1).encode(
        x=alt.X("from:Q", bin="binned", title=f"SD over the repeats of a case ({unit})"), x2="to:Q",
        y=alt.Y("n:Q", title="Cases", axis=alt.Axis(format="d", tickMinStep=1)),
    )  # fmt: skip
    caption = (
        f"SD between repeats {_said(sd, pair)} (root mean square over {counted(len(spread), 'case')}), largest of a "
        f"case {_said(float(spread.max()), pair)}.{_rule(pair)}"
    )
    return figure_of(chart, name, title, caption)


@chart_of_readings("probability")
def roc_curves(given: Read, name: str) -> Figure:
    """Receiver operating characteristic of originals against edits, each with the band that patients leave open."""
    import altair as alt

    pair = given.pair
    title = "ROC: originals against edits"
    curves: list[Any] = [line([0, 1], [0, 1])]
    areas = []
    grid = np.linspace(0, 1, 101)
    arms = (
        ("originals (dashed)", pair.original[:, None], svg.ORIGINAL, (6, 3)),
        ("edits (solid)", pair.edited, svg.EDITED, ()),
    )
    for arm, score, colour, dash in arms:
        curve = read.roc(pair, score)
        found = read.area(pair, score)
        if curve is None or found is None:
            areas.append(f"{arm}: not defined, one class alone")
            continue
        around = read.band_around(pair, score, grid)
        if around is not None:
            curves.insert(0, band(grid, *around, colour))
        curves.append(line(curve[0], curve[1], colour, dash, 2.5, ("1 − specificity", "Sensitivity")))
        areas.append(f"{arm} {_with_interval(found)}")
    caption = (
        f"Area under the curve [95 % interval]: {', '.join(areas)}. Bands: 95 % at each point, whole patients drawn."
        f"{_rule(pair)}"
    )
    return figure_of(alt.layer(*curves), name, title, caption) if len(curves) > 1 else Figure(title, caption)


@chart_of_readings("probability")
def probabilities(given: Read, name: str) -> Figure:
    """Probability read on the edit over that read on the original."""
    import altair as alt

    pair = given.pair
    title, word = "Probability on the edit against the original", in_words(pair.quantity.name)
    x, y = across(f"{word}: original", (0.0, 1.0)), up(f"{word}: edit", (0.0, 1.0))
    chart = alt.layer(
        line([0, 1], [0, 1]),
        line([0.5, 0.5], [0, 1], svg.MUTED, (2, 3)),
        line([0, 1], [0.5, 0.5], svg.MUTED, (2, 3)),
        filled_marks(dots(pair.original, pair.edited), x, y),
    )
    changed, patients = read.label_changes(pair)
    caption = (
        f"In {changed} of {counted(patients, 'patient')} at least one edit falls on the other side of "
        f"0.5 (top left and bottom right).{_rule(pair)}"
    )
    return figure_of(chart, name, title, caption)


@chart_of_images("gray values", key="h")
def intensities(table: Measurements, name: str) -> Figure:
    """Cumulative distribution of gray values of originals and edits, one panel for each region."""
    import altair as alt

    title = "Gray values by region"
    panels, distances = [], []
    for region in dict.fromkeys(table.histograms["region"]):
        before, after = (read.ecdf(table, arm, region) for arm in (ORIGINAL, EDITED))
        if before is None or after is None:
            continue
        label, titles = region_in_words(region), ("Gray level", "Share of pixels at or below")
        heading = alt.TitleParams(label, color=svg.INK, fontSize=12, anchor="start", fontWeight="bold")
        lines = line(*before, svg.ORIGINAL, (6, 3), 2, titles), line(*after, svg.EDITED, (), 2, titles)
        panels.append(alt.layer(*lines).properties(width=WIDTH / 2.05, height=HEIGHT * 0.7, title=heading))
        if before[0].shape == after[0].shape:
            distances.append(f"{label} {figure(float(np.abs(before[1] - after[1]).max()), 3)}")
    if not panels:
        return Figure(title, "No gray values of edits were counted.")
    apart = f"Greatest distance between the curves: {', '.join(distances)}."
    caption = f"Dashed: originals. Solid: edits. All cases pooled. {apart}"
    return figure_of(alt.concat(*panels, columns=2, spacing=18), name, title, caption)


def _with_interval(found: Interval) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"no interval ({found.reason})"
    return f"{number(found.value, 3)} [{number(found.low, 3)}, {number(found.high, 3)}]"


def _mean_by_fifth(pair: Paired, change: Floats) -> tuple[Floats, Floats]:
    """Mean of the reference and of the change over fifths of the cases; empty with fewer than ten."""
    here = np.flatnonzero(np.isfinite(pair.reference) & np.isfinite(change).any(axis=1))
    if len(here) < 10:
        return np.empty(0), np.empty(0)
    fifths = np.array_split(here[np.argsort(pair.reference[here], kind="stable")], 5)
    middle, level = ([mean(values[part]).value for part in fifths] for values in (pair.reference, change))
    return np.array(middle), np.array(level)


def _rule(pair: Paired) -> str:
    """How missing edits enter a figure of a chart, where there are any."""
    return "" if pair.all_came_back else " Edits that did not come back are left out."


def _said(value: float, pair: Paired, *, sign: bool = False) -> str:
    return f"{number(value, pair.decimals, sign=sign)} {pair.quantity.unit}".strip()

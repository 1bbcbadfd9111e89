"""The charts of one tool: one function, one picture, one sentence that says what it shows."""

from __future__ import annotations

import math

import numpy as np

from editproof.core.numbers import figure, number
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.report.charts import svg
from editproof.report.charts.axes import Axis
from editproof.report.charts.chart import Figure, Read, chart_of_images, chart_of_readings, figure_of
from editproof.report.charts.marks import Band, Mark, dots, histogram, line, rings
from editproof.report.charts.plot import Plot
from editproof.report.page import readings as read
from editproof.report.page.readings import Floats, Paired
from editproof.report.text.wording import counted, in_words, region_in_words
from editproof.stats.interval import Interval
from editproof.stats.sums import mean


@chart_of_readings("continuous")
def predicted_against_reference(given: Read) -> Figure:
    """Readings of originals and of edits over the reference standard."""
    pair, frame = given.pair, given.frame
    title = "Reading against reference standard"
    if not np.isfinite(pair.reference).any():
        return Figure(title, "The cohort carries no reference standard of this quantity.")
    if pair.is_of_classes:
        return roc_curves.draw(given)
    unit = pair.quantity.unit
    marks = (
        line(frame.readings, frame.readings),
        dots(pair, pair.reference, pair.edited),
        rings(pair, pair.reference, pair.original),
    )
    x = Axis(f"Reference {in_words(pair.quantity.name)} ({unit})", frame.readings)
    plot = Plot(marks, x, Axis(f"Reading ({unit})", frame.readings))
    came_back = "edits" if pair.all_came_back else "edits that came back"
    errors = (readings - pair.reference[:, None] for readings in (pair.original[:, None], pair.edited))
    before, after = (read.complete_mean(pair, np.abs(error)) for error in errors)
    return figure_of(
        plot, title, f"Mean absolute error: originals {_said(before, pair)}, {came_back} {_said(after, pair)}."
    )


@chart_of_readings("continuous")
def bland_altman_chart(given: Read) -> Figure:
    """Edited minus original reading over the mean of the two."""
    pair, frame = given.pair, given.frame
    title, unit = "Edited minus original (Bland–Altman)", pair.quantity.unit
    x, y = Axis(f"Mean of both readings ({unit})", frame.readings), Axis(f"Change ({unit})", frame.change)
    marks: list[Mark] = [
        dots(pair, (pair.edited + pair.original[:, None]) / 2, pair.change, signed=True),
        line(frame.readings, [0.0, 0.0]),
    ]
    lines = read.agreement_lines(pair)
    if lines is None:
        return figure_of(Plot(marks, x, y), title, "Too few patients for limits of agreement.")
    bias, low, high = lines
    marks += [line(frame.readings, [at, at], svg.INK, dash) for at, dash in ((bias, ""), (low, "5 3"), (high, "5 3"))]
    digits = pair.decimals
    caption = (
        f"Solid line: mean change {number(bias, digits, sign=True)} {unit}. Dashed: 95 % limits of agreement "
        f"{number(low, digits, sign=True)} to {number(high, digits, sign=True)} {unit}.{_rule(pair)}"
    )
    return figure_of(Plot(marks, x, y), title, caption)


@chart_of_readings("continuous")
def change_by_group(given: Read) -> Figure:
    """Change of the reading over the reference standard, by the first grouping in two that the cohort has."""
    pair, table, frame = given.pair, given.table, given.frame
    unit, word = pair.quantity.unit, in_words(pair.quantity.name)
    column = next((c for c in table.cases if c.startswith("stratum:") and table.cases[c].nunique() == 2), None)
    title = f"Change over {word}" + (f", by {in_words(str(column).partition(':')[2])}" if column else "")
    if not np.isfinite(pair.reference).any():
        return Figure(title, "The cohort carries no reference standard of this quantity.")
    groups = table.cases[column].astype(str).to_numpy() if column else np.full(len(pair.original), "all")
    classes = pair.is_of_classes
    ends = (-0.5, 1.5) if classes else frame.readings
    x = Axis(f"Reference {word} ({'0 or 1' if classes else unit})", ends, whole=classes)
    y = Axis(f"Change ({unit})", frame.change)
    marks: list[Mark] = [line(ends, [0.0, 0.0])]
    means, lines = [], []
    styles = ((svg.FIRST, "circle", "", "solid"), (svg.SECOND, "square", "7 4", "dashed"))
    for group, (colour, shape, dash, stroke) in zip(sorted(set(groups)), styles, strict=False):
        mine = groups == group
        change = np.where(mine[:, None], pair.change, np.nan)
        square = shape == "square"
        marks.append(dots(pair, pair.reference, change, colour=colour, signed=True, square=square))
        middle, level = _mean_by_fifth(pair, change)
        if len(middle):
            lines.append(line(middle, level, colour, dash, 2.5))
        means.append(f"{group} ({shape}s, {stroke}) {_said(read.complete_mean(pair, change), pair, sign=True)}")
    parts = "each class" if classes else "fifths of the cases"
    caption = f"Mean change: {'; '.join(means)}. Lines: mean over {parts}.{_rule(pair)}"
    return figure_of(Plot([*marks, *lines], x, y), title, caption)


@chart_of_readings("continuous")
def repeats(given: Read) -> Figure:
    """How far the repeats of one case lie apart."""
    pair = given.pair
    title, unit = "Asking again: spread over repeats", pair.quantity.unit
    found = read.spread_of_repeats(pair)
    if found is None:
        return Figure(title, "No case has two edits, so repeats cannot be compared.")
    spread, sd = found
    if spread.max() <= 1e-6 * max(1.0, float(np.nanmax(np.abs(pair.edited)))):
        return Figure(title, "Every repeat of a case gave the same reading.")
    n_bins = min(24, max(6, int(math.sqrt(len(spread)) * 1.5)))
    axes = Axis(f"SD over the repeats of a case ({unit})"), Axis("Cases", whole=True)
    caption = (
        f"SD between repeats {_said(sd, pair)} (root mean square over {counted(len(spread), 'case')}), largest of a "
        f"case {_said(float(spread.max()), pair)}.{_rule(pair)}"
    )
    return figure_of(Plot([histogram(spread, n_bins)], *axes), title, caption)


@chart_of_readings("probability")
def roc_curves(given: Read) -> Figure:
    """Receiver operating characteristic of originals against edits, each with the band that patients leave open."""
    pair = given.pair
    title = "ROC: originals against edits"
    curves: list[Mark] = [line([0, 1], [0, 1])]
    areas = []
    grid = np.linspace(0, 1, 101)
    arms = (
        ("originals (dashed)", pair.original[:, None], svg.ORIGINAL, "6 3"),
        ("edits (solid)", pair.edited, svg.EDITED, ""),
    )
    for arm, score, colour, dash in arms:
        curve = read.roc(pair, score)
        found = read.area(pair, score)
        if curve is None or found is None:
            areas.append(f"{arm}: not defined, one class alone")
            continue
        around = read.band_around(pair, score, grid)
        if around is not None:
            curves.insert(0, Band(grid, *around, colour))
        curves.append(line(curve[0], curve[1], colour, dash, 2.5))
        areas.append(f"{arm} {_with_interval(found)}")
    caption = (
        f"Area under the curve [90 % interval]: {', '.join(areas)}. Bands: 95 % at each point, whole patients drawn."
        f"{_rule(pair)}"
    )
    if len(curves) == 1:
        return Figure(title, caption)
    x, y = Axis("1 − specificity", (0.0, 1.0)), Axis("Sensitivity", (0.0, 1.0))
    return figure_of(Plot(curves, x, y), title, caption)


@chart_of_readings("probability")
def probabilities(given: Read) -> Figure:
    """Probability read on the edit over that read on the original."""
    pair = given.pair
    title, word = "Probability on the edit against the original", in_words(pair.quantity.name)
    x, y = Axis(f"{word}: original", (0.0, 1.0)), Axis(f"{word}: edit", (0.0, 1.0))
    marks = (
        line([0, 1], [0, 1]),
        line([0.5, 0.5], [0, 1], dash="2 3"),
        line([0, 1], [0.5, 0.5], dash="2 3"),
        dots(pair, pair.original, pair.edited),
    )
    changed, patients = read.label_changes(pair)
    caption = (
        f"In {changed} of {counted(patients, 'patient')} at least one edit falls on the other side of "
        f"0.5 (top left and bottom right).{_rule(pair)}"
    )
    return figure_of(Plot(marks, x, y), title, caption)


@chart_of_images("gray values")
def intensities(table: Measurements) -> Figure:
    """Cumulative distribution of gray values of originals and edits, one panel for each region."""
    title = "Gray values by region"
    panels, distances = [], []
    for region in dict.fromkeys(table.histograms["region"]):
        before, after = (read.ecdf(table, arm, region) for arm in (ORIGINAL, EDITED))
        if before is None or after is None:
            continue
        label = region_in_words(region)
        curves = line(*before, svg.ORIGINAL, "6 3", 2), line(*after, svg.EDITED, "", 2)
        panels.append(Plot(curves, Axis("Gray level"), Axis("Share at or below", (0.0, 1.0)), label))
        if before[0].shape == after[0].shape:
            distances.append(f"{label} {figure(float(np.abs(before[1] - after[1]).max()), 3)}")
    if not panels:
        return Figure(title, "No gray values of edits were counted.")
    apart = f"Greatest distance between the curves: {', '.join(distances)}."
    caption = f"Dashed: originals. Solid: edits. All cases pooled. {apart}"
    return figure_of(panels, title, caption)


def _with_interval(found: Interval) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"no interval ({found.reason})"
    return f"{number(found.value, 3)} [{number(found.low, 3)}, {number(found.high, 3)}]"


def _mean_by_fifth(pair: Paired, change: Floats) -> tuple[Floats, Floats]:
    """Mean of the reference and of the change over fifths, or classes, of the cases; empty with fewer than ten."""
    here = np.flatnonzero(np.isfinite(pair.reference) & np.isfinite(change).any(axis=1))
    if len(here) < 10:
        return np.empty(0), np.empty(0)
    fifths = np.array_split(here[np.argsort(pair.reference[here], kind="stable")], 5)
    if pair.is_of_classes:
        fifths = [part for level in (0.0, 1.0) if len(part := here[pair.reference[here] == level])]
    middle, level = ([mean(values[part]).value for part in fifths] for values in (pair.reference, change))
    return np.array(middle), np.array(level)


def _rule(pair: Paired) -> str:
    """How missing edits enter a figure of a chart, where there are any."""
    return "" if pair.all_came_back else " Edits that did not come back are left out."


def _said(value: float, pair: Paired, *, sign: bool = False) -> str:
    return f"{number(value, pair.decimals, sign=sign)} {pair.quantity.unit}".strip()

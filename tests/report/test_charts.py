"""The pictures: round numbers at the axes, every dot in its place, and many dots drawn as few."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from editproof.evidence.measurements import measurements_of
from editproof.report.charts import charts
from editproof.report.charts.axes import Axis, round_numbers
from editproof.report.charts.chart import TOGETHER, Read, figure_of
from editproof.report.charts.marks import CELL, MOST_DOTS, Frame, dots, histogram, line
from editproof.report.charts.plot import Plot, picture
from editproof.report.charts.svg import path
from editproof.report.page.readings import Paired
from editproof.types import Quantity
from hypothesis import given
from hypothesis import strategies as st

AGE = Quantity("bone_age", "months")
UNIT = Axis("x", (0.0, 1.0)), Axis("y", (0.0, 1.0))


def drawn(shown: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(shown))


def pair_of(n: int, repeats: int = 3, names: tuple[str, ...] = ()) -> Paired:
    draw = np.random.default_rng(3)
    original = draw.normal(120, 40, n)
    edited = original[:, None] + draw.normal(0, 8, (n, repeats))
    return Paired(AGE, original + draw.normal(0, 5, n), original, edited, names, names)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e6), st.integers(3, 8), st.booleans())
def test_marked_numbers_are_round_even_and_within_the_axis(low: float, span: float, about: int, whole: bool) -> None:
    high = low + span
    found = round_numbers(low, high, about, whole=whole)
    values = [value for value, _ in found]
    assert all(low - 1e-6 * span <= value <= high + 1e-6 * span for value in values)
    assert len({text for _, text in found}) == len(found) <= 2 * about + 1
    if whole:
        assert all(value == round(value) for value in values)
    else:
        assert len(found) >= about // 2
    steps = np.diff(values)
    if len(steps):
        first = f"{steps[0]:.6e}"
        assert first[0] in "125" or whole
        assert np.allclose(steps, steps[0], rtol=1e-6)
    for value, text in found:
        assert float(text.replace("−", "-")) == pytest.approx(value, abs=1e-9 * max(1.0, abs(value)) + 1e-12)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=40))
def test_a_simplified_line_leaves_out_nothing_that_shows(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points).T
    kept = [tuple(map(float, p)) for p in re.findall(r"(\S+) (\S+)", path(x, y).replace("M", " ").replace("L", " "))]
    assert kept[0] == pytest.approx((round(x[0], 1), round(y[0], 1)), abs=0.051)
    for a, b in points:
        assert min(_distance((a, b), p, q) for p, q in zip(kept, kept[1:] or kept, strict=False)) < 0.11


def _distance(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    (a, b), (x, y), (u, v) = point, start, end
    length = (u - x) ** 2 + (v - y) ** 2
    t = 0.0 if length == 0 else max(0.0, min(1.0, ((a - x) * (u - x) + (b - y) * (v - y)) / length))
    return math.hypot(a - x - t * (u - x), b - y - t * (v - y))


def test_a_dot_lies_where_its_numbers_say_and_names_its_case() -> None:
    pair = Paired(AGE, np.zeros(2), np.array([0.5, 0.25]), np.array([[0.5, np.nan], [0.25, 1.0]]), (), ("<a>", "b & c"))
    shown = drawn(picture([Plot([dots(pair, pair.original, pair.edited)], *UNIT)], "two < three"))
    found = {dot.get("data-case"): dot for dot in shown.iter("circle")}
    assert list(found) == ["0:0", "1:0", "1:1"], "an edit that did not come back has no dot"
    assert shown.get("aria-label") == "two < three"
    assert found["0:0"].findtext("title") == "<a>, edit 1: 0.500 months"
    assert found["1:1"].findtext("title") == "b & c, edit 2: 1.000 months"
    left, right = float(found["1:0"].get("cx", "")), float(found["0:0"].get("cx", ""))
    assert right == pytest.approx(2 * left, abs=0.11), "the axis begins at zero"
    assert float(found["1:1"].get("cy", "")) == 0.0, "the axis ends at one"


def test_many_dots_are_drawn_as_few_and_none_is_lost() -> None:
    n = MOST_DOTS // 3 + 100
    few, many = pair_of(100), pair_of(n)
    marks = [dots(pair, pair.original, pair.edited) for pair in (few, many)]
    assert not Plot(marks[:1], Axis("x"), Axis("y")).together
    plot = Plot(marks[1:], Axis("x"), Axis("y"))
    figure = figure_of(plot, "Title", "Caption.")
    assert figure.caption == f"Caption. {TOGETHER}"
    circles = list(drawn(figure.picture).iter("circle"))
    alone = [dot for dot in circles if dot.get("data-case")]
    several = [int(re.match(r"\d+", dot.findtext("title") or "")[0]) for dot in circles if not dot.get("data-case")]
    assert len(alone) + sum(several) == many.edited.size
    assert len(circles) <= (526 / CELL) * (230 / CELL)
    radii = [float(dot.get("r", "")) for dot in circles]
    assert {float(dot.get("r", "")) for dot in alone} == {min(radii)}
    assert max(radii) > 3 * min(radii)


def test_limits_of_agreement_are_inside_the_picture() -> None:
    """The mean change of each case counts, so that limits can be wider than every single change but not the axis."""
    change = np.where(np.arange(40) < 2, 30.0, 0.0)
    pair = Paired(AGE, np.zeros(40), np.linspace(50, 150, 40), np.linspace(50, 150, 40)[:, None] + change[:, None])
    given = Read(pair, measurements_of("tool", [], [], []), Frame.around([pair]))
    shown = drawn(charts.bland_altman_chart.draw(given).picture)
    dashed = [p for p in shown.iter("path") if p.get("stroke-dasharray")]
    assert len(dashed) == 2
    for one in dashed:
        heights = [float(v) for v in re.findall(r"[ML][\d.]+ ([\d.]+)", one.get("d", ""))]
        assert all(0 <= v <= 230 for v in heights)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12, 1e308])
def test_readings_of_any_size_are_drawn(size: float) -> None:
    values = np.array([-1.0, 0.0, 0.5, 1.0]) * size
    pair = Paired(AGE, values, values, values[:, None])
    figure = charts.predicted_against_reference.draw(
        Read(pair, measurements_of("tool", [], [], []), Frame.around([pair]))
    )
    shown = drawn(figure.picture)
    places = [float(dot.get(k, "")) for dot in shown.iter("circle") for k in ("cx", "cy")]
    assert len(places) == 16
    assert all(0 <= place <= 526 for place in places), places


def test_bars_say_how_many_and_where() -> None:
    shown = drawn(
        picture([Plot([histogram(np.array([0.1, 0.2, 0.9, 1.0]), 2)], Axis("x"), Axis("n", whole=True))], "w")
    )
    assert [bar.findtext("title") for bar in shown.iter("rect")] == ["2 cases: 0 to 0.5", "2 cases: 0.5 to 1.0"]


def test_a_picture_brings_nothing_and_is_the_same_twice() -> None:
    pair = pair_of(20)
    plots = [Plot([dots(pair, pair.original, pair.edited), line([0, 200], [0, 200])], Axis("x"), Axis("y"), "h")] * 3
    first, second = picture(plots, "words"), picture(plots, "words")
    assert first == second
    assert " id=" not in first
    assert "http" not in first
    assert not re.search(r'(?:fill|stroke)="(?!none|var\(--)', first), "colours come from the style sheet"


def test_changes_over_a_reference_of_two_classes_are_told_apart() -> None:
    """Readings from 0 to 100 over a reference of 0 and 1: the axis is that of the classes, not that of the readings."""
    pair = pair_of(40, 1)
    classes = Paired(AGE, np.arange(40) % 2.0, pair.original, pair.edited, pair.patients, pair.cases)
    cases = [{"case": f"c{i}", "patient": f"p{i}", "reference:bone_age": i % 2} for i in range(40)]
    table = measurements_of("tool", cases, [], [])
    shown = charts.change_by_group.draw(Read(classes, table, Frame.around([classes])))
    assert "Lines: mean over each class." in shown.caption
    assert "(0 or 1)" in str(shown.picture)

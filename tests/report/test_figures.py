"""Numbers in print stay on their own side of every limit."""

from __future__ import annotations

import math

import pytest
from editproof.core.numbers import number
from editproof.report.charts.bars import WIDTH, bar, scale_of, ticks
from editproof.report.page.figures import figures
from editproof.types import CriterionCard, Estimate
from hypothesis import given
from hypothesis import strategies as st

finite = st.floats(-1e6, 1e6, allow_nan=False)


def card(low: float = -math.inf, high: float = 2.0, estimand: str = "MAE drift") -> CriterionCard:
    return CriterionCard("X-1", "", estimand, "months", low, high, "", 0.95, "primary", "s", signed="drift" in estimand)


def around(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "months", 0.9, 10, 30, 0, "t")


@given(x=finite, edge=finite, digits=st.integers(0, 4))
def test_printed_number_is_on_the_side_of_the_edge_where_it_lies(x: float, edge: float, digits: int) -> None:
    printed = float(number(x, digits, (edge,)).replace("−", "-"))
    assert (printed > edge) - (printed < edge) == (x > edge) - (x < edge)


@given(edge=st.floats(-1e3, 1e3, allow_nan=False), up=st.booleans())
def test_the_next_number_to_an_edge_is_told_from_it(edge: float, up: bool) -> None:
    x = math.nextafter(edge, math.inf if up else -math.inf)
    printed = float(number(x, 1, (edge,)).replace("−", "-"))
    assert (printed > edge) is up
    assert (printed < edge) is not up


def test_no_estimate_is_a_reason_and_no_number() -> None:
    shown = figures(Estimate(None, None, None, "months", 0.9, 3, 9, 0, "none", reason="too few"), card())
    assert (shown.value, shown.interval, shown.reason) == ("–", "", "too few")


def test_sign_is_shown_on_changes_alone() -> None:
    assert str(figures(around(23.9, 21.4, 26.5), card())) == "+23.9 months [+21.4, +26.5]"
    assert str(figures(around(23.9, 21.4, 26.5), card(estimand="MAE"))) == "23.9 months [21.4, 26.5]"


@given(value=finite, half=st.floats(0, 1e3), margin=st.floats(1e-3, 1e3))
def test_bars_stay_inside_the_picture_and_say_when_they_leave_it(value: float, half: float, margin: float) -> None:
    criterion, estimate = card(-margin, margin), around(value, value - half, value + half)
    axis = scale_of(criterion, [estimate])
    drawn = bar(criterion, estimate, axis)
    assert drawn.left is not None
    assert drawn.point is not None
    assert drawn.right is not None
    assert 0 <= drawn.left <= drawn.point <= drawn.right <= WIDTH
    assert 0 < drawn.region_left < drawn.region_right < WIDTH
    assert drawn.beyond_right == (value + half > axis.high)
    assert drawn.beyond_left == (value - half < axis.low)


@pytest.mark.parametrize(
    ("criterion", "labels"),
    [(card(), {"2.0", "0"}), (card(-2.0, 2.0), {"−2.0", "2.0", "0"}), (card(0.85, math.inf), {"0.85"})],
)
def test_axis_labels_are_the_limits_and_zero(criterion: CriterionCard, labels: set[str]) -> None:
    axis = scale_of(criterion, [around(1.0, 0.9, 1.1)])
    assert {label for _, label in ticks(criterion, axis)} == labels


def test_an_open_interval_is_drawn_to_the_edge_with_an_arrow() -> None:
    estimate = around(1.0, -math.inf, 1.5)
    drawn = bar(card(), estimate, scale_of(card(), [estimate]))
    assert drawn.left == 0.0
    assert drawn.beyond_left
    assert figures(estimate, card()).interval == "[−∞, +1.5]"

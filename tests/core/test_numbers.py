"""Numbers become text for people in one place; rounding makes no minus zero and turns no miss into a hit."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest
from editproof.core import numbers
from hypothesis import given
from hypothesis import strategies as st

PACKAGE = Path(numbers.__file__).parents[1]
ROOMS = ("report", "cli", "audit", "study", "evidence", "pytest_plugin", "editing")
COORDINATES = {"report/charts/svg.py"}
"""Where numbers become text for a browser, not for people."""

finite = st.floats(-1e9, 1e9, allow_nan=False) | st.sampled_from([0.0, -0.0, -0.0004, -1e-12, 0.126866666666667])


def formats_of(source: str) -> list[str]:
    """Every format of a number in an f-string, ``format``, ``%`` or ``str.format`` of a module."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = "".join(part.value for part in node.format_spec.values if isinstance(part, ast.Constant))
            found += [spec] if re.search(r"[feg%,]$|\.\d", spec) else []
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += re.findall(r"%\.\d[fge]|\{:[^{}]*[feg,]\}", node.value)
    return found


def test_people_are_told_numbers_from_one_place():
    modules = [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]
    assert len(modules) > 50
    own = {path.relative_to(PACKAGE).as_posix(): formats_of(path.read_text(encoding="utf-8")) for path in modules}
    assert {path: found for path, found in own.items() if found and path not in COORDINATES} == {}
    templates = sorted((PACKAGE / "report" / "templates").glob("*.j2"))
    assert len(templates) > 10
    assert [
        path.name for path in templates if re.search(r"\| *format|\.format\(", path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("source", "n"),
    [('f"{x:.2f}"', 1), ('f"{x:g} {y:,}"', 2), ('f"{x:>10} {y!r}"', 0), ('"%.1f" % x', 1), ('"{:.3g}".format(x)', 1)],
)
def test_the_rule_would_notice(source, n):
    assert len(formats_of(source)) == n


@given(finite, st.integers(0, 6))
def test_nothing_prints_a_minus_zero(x, digits):
    printed = [
        numbers.figure(x, digits),
        numbers.number(x, digits),
        numbers.brief(x),
        numbers.stated(x),
        numbers.percent(x / 100, digits),
        numbers.dollars(x),
    ]
    for text in printed:
        figures = text.removesuffix(" %").removeprefix("USD ").replace("−", "-")
        assert not (figures.startswith("-") and float(figures) == 0), text


@given(finite)
def test_a_brief_number_is_right_to_its_figures(x):
    assert math.isclose(float(numbers.brief(x)), x, rel_tol=1e-5, abs_tol=0)
    assert math.isclose(float(numbers.stated(x)), x, rel_tol=1e-5, abs_tol=0)


@given(st.integers(-(10**9), 10**9).map(float) | st.floats(-1000, 1000).map(lambda x: round(x, 2)))
def test_a_figure_of_few_digits_is_stated_as_it_was_written(x):
    if abs(x) >= 1e6 or len(f"{abs(x)}".replace(".", "").strip("0")) <= 5:
        assert numbers.stated(x) == repr(x if x else 0.0)


@given(st.integers(0, 10**12))
def test_thousands_are_grouped(n):
    assert int(numbers.grouped(n).replace(",", "")) == n
    assert len(numbers.grouped(n).split(",")) == math.ceil(len(str(n)) / 3)

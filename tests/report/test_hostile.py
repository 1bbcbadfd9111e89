"""Whatever a tool, a cohort or an instrument calls itself stays text."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import pytest
from editproof.evidence.measurements import Measurements
from editproof.evidence.record import Evidence
from editproof.report.formats import markdown
from editproof.report.page.html import render
from editproof.report.text import terminal
from editproof.report.text.wording import printable
from editproof.types import Quantity

from tests.records import replace
from tests.report.outline import Page

HOSTILE = (
    "<script>alert(1)</script>{{ 7 * 7 }}{% if %}\"'><img src=x onerror=alert(2)></style></title>-->]]>"
    "\u202egnp.exe\u2066\x00\x1b[31m\ud800|`**\\"
)
IN_TABLES = HOSTILE.replace("\ud800", "")
KEPT = {"role", "rank", "stratum", "kind", "label", "low", "high", "unit"}


def hostile(value: Any, name: str = "") -> Any:
    """The same evidence with the hostile text after every string that is free text."""
    if isinstance(value, Measurements):
        return hostile_table(value)
    if isinstance(value, Enum) or name in KEPT:
        return value
    if isinstance(value, Quantity):
        return replace(value, name=value.name + IN_TABLES)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: hostile(getattr(value, f.name), f.name) for f in fields(value)})
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(item, name) for item in value)
    if isinstance(value, dict) and name not in ("flow", "images"):
        keep = name == "readings"
        return {
            key if keep else f"{key}{HOSTILE}": hostile(item, "unit" if key == "unit" else "")
            for key, item in value.items()
        }
    return value


def hostile_table(table: Measurements) -> Measurements:
    return replace(
        table,
        cases=table.cases.assign(case=table.cases["case"] + IN_TABLES).rename(
            columns=lambda c: c + IN_TABLES if c.startswith(("reference:", "stratum:")) else c
        ),
        rows=table.rows.assign(case=table.rows["case"] + IN_TABLES, quantity=table.rows["quantity"] + IN_TABLES),
        edits=table.edits.assign(case=table.edits["case"] + IN_TABLES, message=IN_TABLES),
        histograms=table.histograms.assign(region=table.histograms["region"] + IN_TABLES),
        maps=table.maps.assign(case=table.maps["case"] + IN_TABLES, frame=table.maps["frame"] + IN_TABLES),
    )


@pytest.fixture(scope="module")
def attacked(whole: Evidence) -> Evidence:
    return hostile(whole)


def test_page_keeps_hostile_text_as_text(attacked: Evidence) -> None:
    page = render(attacked)
    parsed = Page.of(page)
    assert len(parsed.all("script")) == 1
    assert not [a for _, a in parsed.elements if any(key.startswith("on") for key in a)]
    assert all(a["src"].startswith("data:image/png;base64,") for a in parsed.all("img"))
    assert not set(page) & {"\u202e", "\u2066", "\x00", "\x1b", "\ud800"}
    assert "<script>alert(1)</script>{{ 7 * 7 }}" in parsed.text
    assert "⟨U+202E⟩" in parsed.text
    page.encode("utf-8")


def test_charts_survive_hostile_names(attacked: Evidence) -> None:
    charts = [a for a in Page.of(render(attacked, images=False)).all("svg") if a.get("class") == "chart"]
    assert len(charts) == 13


def test_terminal_and_markdown_show_no_control(attacked: Evidence) -> None:
    for text in (terminal.summary(attacked), markdown.render(attacked)):
        assert not set(text) & {"\u202e", "\u2066", "\x00", "\x1b", "\ud800"}
    assert "<script>" not in markdown.render(attacked)


def test_a_text_of_ten_megabytes_is_cut_and_says_so(whole: Evidence) -> None:
    long = "a" * 10_000_000
    editor = whole.editors[0]
    huge = replace(
        whole,
        reason=long,
        editors=(replace(editor, reason=long, card=replace(editor.card, name=long, description=long)),),
        dataset=replace(whole.dataset, description=long, name=long, warnings=(long,)),
    )
    page = render(huge, images=False)
    assert len(page) < 2_000_000
    assert "9998000 more characters" in page
    assert len(terminal.summary(huge)) < 20_000
    assert len(markdown.render(huge)) < 20_000


def test_plain_leaves_ordinary_text_alone() -> None:
    ordinary = "Zoë – naïve 手 ±2 µm\nsecond line"
    assert printable(ordinary) == ordinary

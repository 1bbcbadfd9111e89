"""An instrument's own fragility is told apart from the tools, and an odd card breaks no page."""

from __future__ import annotations

import pytest
from editproof.report.page import html
from editproof.report.page.fragility import fragility, other_figures
from editproof.types import JSON

from tests.records import replace
from tests.report import gold

INSTRUMENT = gold.evidence(pictures=False).instruments[0]


def test_each_change_is_a_row_and_each_quantity_a_column() -> None:
    table = fragility(INSTRUMENT)
    assert table is not None
    assert table.heads == ("bone age, drift in months (mean ± SD)", "sex, change of AUC")
    assert table.rows == (
        ("JPEG 90", "300", "−0.2 ± 2.1", "+0.001"),
        ("inverted", "300", "+31.0 ± 40.5", "−0.3"),
    )


def test_the_page_says_whose_weakness_it_is() -> None:
    page = html.render(gold.evidence(pictures=False))
    assert "a weakness of the instrument, not of the tool" in page
    assert "fragility ›" not in page  # tabled once, not listed again


@pytest.mark.parametrize(
    "told", [None, 3, [], {}, {"JPEG": None}, {"JPEG": {"n": 3}}, {"JPEG": {"bone_age": "<b>no</b>"}}]
)
def test_what_is_no_table_stays_in_the_list_of_figures(told: JSON) -> None:
    card = replace(INSTRUMENT, performance={"fragility": told})
    assert fragility(card) is None
    assert other_figures(card) == {"fragility": told}


def test_odd_figures_stay_text() -> None:
    told = {"<script>x</script>": {"n": "many", "bone_age": {"mean_drift": "<i>1</i>", "sd_drift": None}, "sex": 7}}
    evidence = gold.evidence(pictures=False)
    card = replace(INSTRUMENT, performance={"fragility": told})
    page = html.render(replace(evidence, instruments=(card,)))
    assert "<script>x" not in page
    assert "<i>1</i>" not in page
    assert "&lt;i&gt;1&lt;/i&gt;" in page

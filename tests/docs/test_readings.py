"""The page on readings alone runs as it stands."""

from __future__ import annotations

import json
import re

import pytest
from editproof.criteria.claim_tables import FIELDS
from editproof.datasets.tables.layout import PLAIN

from tests.docs.test_pages import BLOCK, INSTALLED, check
from tests.doors.declared import environment
from tests.needs import ROOT

PAGE = (ROOT / "docs" / "readings.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_example_of_the_page_runs_and_ends_as_the_page_says(outside, tmp_path):
    blocks = BLOCK.findall(PAGE)
    for kind, name, content in blocks:
        if name:
            (tmp_path / name).write_text(content)
            continue
        assert kind == "sh"
        if INSTALLED.match(content):
            continue
        check(content, "", environment(outside), tmp_path)
    (run,) = (tmp_path / "reports").iterdir()
    found = json.loads((run / "evidence.json").read_text())["findings"]
    (tool,) = found["tools"]
    assert (found["outcome"], tool["flow"]["failed"]) == ("PASS", 1)
    assert found["protocol"]["readings"]["not_asked"] == {"KS-1": "images"}
    kinds = [entry["kind"] for entry in found["reservations"]]
    assert {"readings alone", "claims not asked", "sensitivity not shown", "cohort not listed", "no floor"} <= set(
        kinds
    )
    assert "patients not named" not in kinds


def test_the_page_names_every_column_and_every_field():
    words = set(re.findall(r"[\w]+", PAGE))
    assert set(PLAIN) <= words
    assert set(FIELDS) <= words

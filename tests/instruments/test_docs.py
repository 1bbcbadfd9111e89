"""The cards in the documentation are cards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from editproof.instruments.card import RUNTIMES, read_card
from editproof.instruments.registry import instrument_from_spec

PAGE = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text()
CARDS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", CARDS)
def test_a_worked_card_is_read(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_text(text)
    card = read_card(path)
    if card.reading["runtime"] != "table":
        assert instrument_from_spec(str(path), trusted=True).card.name == card.name


def test_every_kind_has_one(tmp_path):
    assert {re.search(r'"runtime": "(\w+)"', text)[1] for text in CARDS} == set(RUNTIMES) - {"timm"}

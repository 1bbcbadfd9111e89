"""The cards in the documentation are cards."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from editproof.instruments.card import RUNTIMES, read_card
from editproof.instruments.registry import instrument_from_spec
from editproof.testing import check_instrument

PAGE = (Path(__file__).parents[2] / "docs" / "instruments.md").read_text()
CARDS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", CARDS)
def test_a_worked_card_is_read(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_text(text)
    card = read_card(path)
    if card.reading["runtime"] != "table":
        assert instrument_from_spec(str(path), trusted=True).card.name == card.name


def test_the_instrument_in_python_reads(tmp_path):
    ((name, text),) = re.findall(r"```python (\S+\.py)\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / name).write_text(text)
    assert f"--instrument {name}:make" in PAGE
    instrument = instrument_from_spec(f"{tmp_path / name}:make")
    images = [np.full((9, 7), level, np.uint8) for level in (3, 200)]
    assert instrument.predict(images, [{}, {}])["brightness"].tolist() == [[3.0, 200.0]]
    check_instrument(instrument)


def test_every_kind_has_one(tmp_path):
    assert {re.search(r'"runtime": "(\w+)"', text)[1] for text in CARDS} == set(RUNTIMES) - {"timm"}

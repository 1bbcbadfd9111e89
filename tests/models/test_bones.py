"""The instrument that draws bones on phantoms: as good as its card says, small, and made of what the card names."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from editproof.cli import main
from editproof.instruments.card import read_card
from editproof.instruments.registry import instrument_from_spec
from editproof.testing import check_instrument

from fixtures.phantom import cohort

pytest.importorskip("onnx")
from models.bones_net import LABELS
from models.bones_train import HOME, card_of, measured

CARD = HOME / "card.json"
TOLD = json.loads(CARD.read_text(encoding="utf-8"))


def test_the_card_is_the_one_that_the_script_writes():
    assert card_of(TOLD["sha256"]["bones.onnx"], TOLD["performance"]) == TOLD
    assert read_card(CARD).structures == tuple(LABELS.values())


def test_it_is_small_and_reaches_its_floor_with_room():
    assert (HOME / "bones.onnx").stat().st_size < 4 * 2**20
    for name in LABELS.values():
        told, floor = TOLD["performance"][name], TOLD["floors"][name]["dice_at_least"]
        assert told["dice_mean"] > floor + 0.05
        assert floor >= 0.90


def test_it_draws_what_its_card_says():
    """The first phantoms of the study; the card has all 200."""
    found = measured(CARD, 16)
    for name in LABELS.values():
        assert found[name]["dice_mean"] == pytest.approx(TOLD["performance"][name]["dice_mean"], abs=0.015)
        assert found[name]["dice_least"] >= TOLD["performance"][name]["dice_least"]


def test_it_keeps_the_contract_at_other_sizes_and_finds_bones_there():
    tool = instrument_from_spec("bones")
    check_instrument(tool)
    for size in ((400, 320), (240, 256)):
        pixels = cohort(1, size=size)[0].decode()
        (labels,) = tool.predict([pixels.image], [{}])["bones"]
        assert labels.shape == size
        for label, name in LABELS.items():
            one, other = pixels.structures[name], labels == int(label)
            assert 2 * np.sum(one & other) / (one.sum() + other.sum()) > 0.8


def test_the_command_says_how_well_it_draws_on_the_first_cases(capsys):
    assert main(["instrument", "bones", "--dataset", "phantom:?n=1"]) == 0
    said = capsys.readouterr().out
    assert "must reach on the originals, carpals: dice_at_least 0.9" in said
    assert re.search(r"P0001: carpals \d+ pixels \(Dice 0\.9\d*\); finger bones \d+ pixels \(Dice 0\.9\d*\)\n", said)

"""A card that is none is refused when it is read: one line, before anything is asked of a tool or a model."""

from __future__ import annotations

import json

import pytest
from editproof.cli import main
from editproof.criteria import conformance
from editproof.errors import InstrumentError
from editproof.instruments import soundness
from editproof.instruments.card import read_card
from editproof.instruments.registry import instrument_from_spec

from .cards import written

PROBABILITY = [{"name": "p", "unit": "probability", "kind": "probability"}]
BRIGHTNESS = {"name": "brightness", "unit": "1"}


def floor(**floors):
    return {"floors": {"brightness": floors}}


UNSOUND = {
    "name a number": ({"name": 5}, "name is 5. Write one line of text"),
    "name empty": ({"name": " "}, "name is ' '"),
    "name of two lines": ({"name": "a\nb"}, r"name is 'a\\nb'"),
    "description a list": ({"description": ["d"]}, r"description is \['d'\]. Write text"),
    "licence null": ({"licence": None}, "licence is None. Write text"),
    "training data a number": ({"training_data": 3}, "training_data is 3"),
    "members true": ({"members": True}, "members is True. Write a whole number"),
    "members none at all": ({"members": 0}, "members is 0"),
    "members a share": ({"members": 1.5}, "members is 1.5"),
    "performance a text": ({"performance": "good"}, "performance is 'good'. Write a mapping"),
    "limitations a text": ({"limitations": "none"}, "limitations is 'none'. Write a list"),
    "digest a number": ({"sha256": {"m.onnx": 5}}, "sha256.m.onnx is 5. Write text"),
    "files a text": ({"files": "m.onnx"}, "files is 'm.onnx'. Write a list"),
    "a file twice": ({"files": ["m.onnx", "m.onnx"]}, "files is .* none twice"),
    "version a number": ({"runtime": "http", "version": 1.0}, "version is 1.0. Write text"),
    "quantity's name a number": (
        {"quantities": [{"name": 3, "unit": "1"}]},
        r"quantities\[0\].name is 3. Write letters",
    ),
    "quantity's unit a number": (
        {"quantities": [{"name": "x", "unit": 3}]},
        r"quantities\[0\].unit is 3. Write one line",
    ),
    "quantity without unit": ({"quantities": [{"name": "x"}]}, r"quantities\[0\].unit is missing. Write one line"),
    "quantity with more": (
        {"quantities": [{"name": "x", "unit": "1", "sd": 1}]},
        r"unknown field 'sd' in quantities\[0\]. It has name, unit",
    ),
    "covariates a text": ({"covariates": "sex"}, "covariates is 'sex'. Write a list of names"),
    "a covariate twice": ({"covariates": ["sex", "sex"]}, "covariates is .* none twice"),
    "its target told": ({"covariates": ["brightness"]}, "it is told brightness, which it reads"),
    "the sex told and read": (
        {"covariates": ["sex"], "quantities": [BRIGHTNESS, {**PROBABILITY[0], "name": "sex"}]},
        "it is told sex, which it reads",
    ),
    "floor a number": ({"floors": {"brightness": 10}}, "floors.brightness is 10. Write a mapping"),
    "floors a list": ({"floors": [1]}, r"floors is \[1\]"),
    "floor of no name": (floor(mae=10), "a floor mae for brightness, .* continuous. Write mae_at_most"),
    "floor of text": (floor(mae_at_most="10"), "floors.brightness.mae_at_most is '10'. Write a finite number"),
    "floor of null": (floor(mae_at_most=None), "floors.brightness.mae_at_most is None. Write a finite"),
    "floor of True": (floor(mae_at_most=True), "floors.brightness.mae_at_most is True. Write a finite"),
    "floor below 0": (floor(mae_at_most=-1), "a floor mae_at_most of -1 for brightness. Write a number from 0"),
    "area of a continuous quantity": (floor(auc_at_least=0.5), "a floor auc_at_least for brightness"),
    "error of a probability": (
        {"quantities": PROBABILITY, "floors": {"p": {"mae_at_most": 1}}},
        "a floor mae_at_most for p, which is of kind probability. Write auc_at_least",
    ),
    "area above 1": ({"quantities": PROBABILITY, "floors": {"p": {"auc_at_least": 85}}}, "of 85 .* from 0 to 1"),
}


@pytest.mark.parametrize(("changes", "found"), UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_card_is_refused_when_it_is_read(tmp_path, changes, found):
    path = written(tmp_path, {"m.onnx": b""})
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(InstrumentError, match=found):
        read_card(path)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_a_number_beyond_json_is_refused(tmp_path, number):
    path = written(tmp_path, {"m.onnx": b""}, floors={"brightness": {"mae_at_most": 8.25}})
    path.write_text(path.read_text().replace("8.25", number))
    with pytest.raises(InstrumentError, match=rf"it is not JSON \({number} is not a number of JSON\)"):
        read_card(path)


def test_a_card_without_bottom_is_one_line(tmp_path, capsys):
    (tmp_path / "card.json").write_text("[" * 200_000)
    assert main(["instrument", str(tmp_path / "card.json")]) == 4
    assert "it is not JSON" in capsys.readouterr().err


READER = """
from editproof.types import InstrumentCard, Quantity
class Reader:
    card = InstrumentCard("reader", "d", (Quantity("brightness", "1"),), 1, {{}}, "l", "t", **{fields})
    def predict(self, images, references): raise NotImplementedError
make = Reader
"""

UNSOUND_IN_PYTHON = {
    "no name of a floor": ({"floors": {"brightness": {"mae": 1}}}, "a floor mae for brightness"),
    "no number": ({"floors": {"brightness": {"mae_at_most": float("nan")}}}, "floors.brightness.mae_at_most is nan"),
    "no mapping": ({"floors": {"brightness": 8}}, "floors.brightness is 8"),
    "its target": ({"covariates": ("brightness",)}, "it is told brightness, which it reads"),
    "one covariate": ({"covariates": "sex"}, "covariates is 'sex'"),
    "performance": ({"performance": "good"}, "performance is 'good'"),
}


@pytest.mark.parametrize(("fields", "found"), UNSOUND_IN_PYTHON.values(), ids=UNSOUND_IN_PYTHON)
def test_an_instrument_in_python_is_held_to_the_same(tmp_path, fields, found):
    (tmp_path / "reader.py").write_text(READER.format(fields=repr(fields).replace("nan", "float('nan')")))
    with pytest.raises(InstrumentError, match=found):
        instrument_from_spec(f"{tmp_path}/reader.py:make")


def test_an_instrument_without_a_card_is_refused(tmp_path):
    (tmp_path / "bare.py").write_text("class make:\n    card = {'name': 'x'}\n    def predict(self, i, r): ...\n")
    with pytest.raises(InstrumentError, match="its card is a dict"):
        instrument_from_spec(f"{tmp_path}/bare.py:make")


def test_every_floor_that_is_judged_may_stand_on_a_card():
    assert set(soundness.FLOORS) == set(conformance.FLOORS)

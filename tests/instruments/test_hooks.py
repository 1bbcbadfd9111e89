"""What an instrument may do beside reading is found by the names of its methods, whatever its class."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments import hooks
from editproof.instruments.registry import instrument_from_spec

READER = """
import numpy as np
from editproof.errors import InstrumentError
from editproof.types import InstrumentCard, Quantity

class Reader:
    card = InstrumentCard("mine", "reads", (Quantity("bone_age", "months"),), 1, {{}}, "own", "own")

    def predict(self, images, references):
        return {{"bone_age": np.array([[float(image.mean()) for image in images]])}}
{methods}

def make():
    return Reader()
"""
METHODS = """
    def check(self):
        raise InstrumentError("mine", "no key")

    def covers(self, cases, tools):
        raise InstrumentError("mine", f"no {tools[0]} of {len(cases)}")

    def looked_up(self, case_id, tool, places, image):
        return {"bone_age": [float(len(places))]} if case_id == "a" else None
"""


def reader(tmp_path, methods: str = ""):
    (tmp_path / "reader.py").write_text(READER.format(methods=methods))
    return instrument_from_spec(f"{tmp_path / 'reader.py'}:make")


def test_an_instrument_without_them_is_asked_nothing(tmp_path):
    instrument = reader(tmp_path)
    hooks.check(instrument)
    hooks.check_covers(instrument, [], ["tool"])
    assert hooks.look_up_of(instrument) is None
    assert not any(hasattr(instrument, name) for name in hooks.HOOKS)


def test_a_python_file_s_instrument_keeps_its_own(tmp_path):
    instrument = reader(tmp_path, METHODS)
    with pytest.raises(InstrumentError, match="no key"):
        hooks.check(instrument)
    with pytest.raises(InstrumentError, match="no tool of 2"):
        hooks.check_covers(instrument, ["a", "b"], ["tool"])
    image, places = np.zeros((2, 2), np.uint8), [("original", 0), ("edited", 1)]
    look_up = hooks.look_up_of(instrument)
    assert look_up("a", "tool", places, image) == {"bone_age": [2.0]}
    assert look_up("b", "tool", places, image) is None


def test_what_is_no_hook_is_not_handed_on(tmp_path):
    instrument = reader(tmp_path, METHODS + "    other = 1\n")
    with pytest.raises(AttributeError):
        _ = instrument.other
    with pytest.raises(AttributeError):
        _ = instrument.__deepcopy__
    assert copy.copy(instrument).card == instrument.card, "nothing is looked for in what is not yet there"

"""What an instrument gives back is readings, or one error: nothing masked, nothing raised past the user."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from editproof.errors import DatasetError, InstrumentError
from editproof.instruments.reading import check_alike, read_images
from editproof.instruments.registry import instrument_from_spec
from editproof.types import InstrumentCard, Quantity

from .cards import images, written

CARD = InstrumentCard("reader", "d", (Quantity("brightness", "1"),), 1, {}, "l", "t")


def readings(answer):
    def predict(images, references):
        return answer() if callable(answer) else answer

    return read_images(SimpleNamespace(card=CARD, predict=predict), "a", images(2), {})


def test_a_list_of_numbers_is_an_array():
    assert readings({"brightness": [[1, 2.5]], "further": None}) == [{"brightness": [1.0]}, {"brightness": [2.5]}]


MASKED = np.ma.masked_array([[1.0, 2.0]], [[False, True]])
WRONG = {
    "masked": ({"brightness": MASKED}, "brightness of case a by reader: 1 masked, NaN or infinite values instead"),
    "masked whole numbers": ({"brightness": MASKED.astype(int)}, "1 masked"),
    "masked uncertainty": (
        {"brightness": [[1, 2]], "brightness:uncertainty": MASKED},
        "brightness:uncertainty of case a by reader: 1 masked",
    ),
    "booleans": ({"brightness": [[True, False]]}, "an array of bool"),
    "text": ({"brightness": [["1", "2"]]}, "an array of <U1"),
    "complex": ({"brightness": np.ones((1, 2), complex)}, "an array of complex128"),
    "objects": ({"brightness": [[None, None]]}, "an array of object"),
    "ragged": ({"brightness": [[1, 2], [3]]}, "it raised ValueError"),
    "no mapping": ([1, 2], "a reading of case a by reader: it raised TypeError"),
}


@pytest.mark.parametrize(("answer", "found"), WRONG.values(), ids=WRONG)
def test_what_is_no_reading_is_one_clear_error(answer, found):
    with pytest.raises(InstrumentError, match=found):
        readings(answer)


@pytest.mark.parametrize("raised", [SystemExit(0), GeneratorExit(), RuntimeError("no\nmemory"), MemoryError()])
def test_what_an_instrument_raises_is_one_line(raised):
    def answer():
        raise raised

    with pytest.raises(InstrumentError, match=f"reading of case a by reader: it raised {type(raised).__name__}") as got:
        readings(answer)
    assert "\n" not in str(got.value)


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), DatasetError("a", "b")])
def test_an_interruption_and_our_own_errors_pass(raised):
    def answer():
        raise raised

    with pytest.raises(type(raised)):
        readings(answer)


def test_an_uncertainty_beside_some_readings_of_a_case_is_one_error():
    sure, unsure = {"brightness": [1.0]}, {"brightness": [1.0], "brightness:uncertainty": [0.1]}
    check_alike(CARD, "a", [sure, sure])
    with pytest.raises(InstrumentError, match="case a by reader: some readings come with an uncertainty and some do"):
        check_alike(CARD, "a", [unsure, sure])


MODEL = """
import sys
import numpy as np
class Masked:
    def predict(self, X): return np.ma.masked_array(X.mean(axis=1), mask=np.ones(len(X), bool))
class Leaving:
    def predict(self, X): sys.exit(0)
def leaving(): sys.exit(3)
"""


@pytest.mark.parametrize(
    ("factory", "found"),
    [
        ("Masked", "1 NaN or infinite values instead of 1 finite"),
        ("Leaving", "predict of instrument tiny: it raised SystemExit: 0"),
        ("leaving", "leaving of instrument tiny: it raised SystemExit: 3"),
    ],
)
def test_a_card_in_python_is_held_to_the_same(tmp_path, factory, found):
    path = written(tmp_path, {"model.py": MODEL.encode()}, runtime="python", factory=f"model.py:{factory}")
    instrument = instrument_from_spec(str(path), trusted=True)
    with pytest.raises(InstrumentError, match=found):
        read_images(instrument, "a", images(1), {})


@pytest.mark.parametrize("source", ["import sys; sys.exit(0)", "import sys\ndef make(): sys.exit(0)"])
def test_a_file_that_ends_the_program_is_one_error(tmp_path, source):
    (tmp_path / "leaving.py").write_text(source)
    with pytest.raises(InstrumentError, match="SystemExit: 0"):
        instrument_from_spec(f"{tmp_path}/leaving.py:make")
    path = written(tmp_path, {"model.py": source.encode()}, runtime="python", factory="model.py:make")
    with pytest.raises(InstrumentError, match="SystemExit: 0"):
        instrument_from_spec(str(path), trusted=True).predict(images(1), [{}])

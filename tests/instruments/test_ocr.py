"""Text that is read in drawn images: what is written is found, what is painted over is not."""

from __future__ import annotations

import importlib.util
import pickle

import cv2
import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.reading import full_readings
from editproof.instruments.registry import instrument_from_spec
from editproof.metrics.texts import holds_identifier

HERE = importlib.util.find_spec("rapidocr_onnxruntime") is not None


def written(*lines: str, depth: type = np.uint8) -> np.ndarray:
    image = np.full((300, 500), 30, np.uint8)
    for number, line in enumerate(lines):
        cv2.putText(image, line, (20, 40 + 40 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 240, 2)
    return image.astype(depth) * (1 if depth is np.uint8 else 16)


@pytest.mark.skipif(not HERE, reason="rapidocr_onnxruntime is not installed: make ocr")
def test_what_is_written_is_read_and_what_is_painted_over_is_not():
    tool = pickle.loads(pickle.dumps(instrument_from_spec("rapidocr")))
    images = [written("SMITH JOHN", "ID 4711"), written("SMITH JOHN", depth=np.uint16), written()]
    images.append(np.repeat(images[0][..., None], 3, axis=2))
    texts = [reading.outputs["words"] for reading in full_readings(tool, "C1", images, {})]
    assert [holds_identifier(text, "smith, john") for text in texts] == [True, True, False, True]
    assert [holds_identifier(text, "4711") for text in texts] == [True, False, False, True]
    assert texts[2] == ""


@pytest.mark.skipif(HERE, reason="the package is here")
def test_without_the_package_there_is_one_line_that_says_how_to_get_it():
    with pytest.raises(InstrumentError, match="pip install --no-deps rapidocr-onnxruntime"):
        instrument_from_spec("rapidocr")

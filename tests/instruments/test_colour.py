"""Networks on images in colour: the channels as they are, in either order, as one of luma, or refused in one line."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.imaging.colour import luma
from editproof.instruments.preparation import Preparation
from editproof.instruments.registry import instrument_from_spec

from tests.instruments.cards import PREPARED, SIDE, onnx_bytes, written

IMAGE = np.random.default_rng(0).integers(0, 255, (2 * SIDE, 2 * SIDE, 3)).astype(np.uint8)


def prepared(image: np.ndarray, **fields: object) -> np.ndarray:
    return Preparation(2 * SIDE, 2 * SIDE, stretch="levels", **fields)([image])[0]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"channels": 3, "layout": "NHWC"}, IMAGE),
        ({"channels": 3}, np.moveaxis(IMAGE, 2, 0)),
        ({"channels": 3, "layout": "NHWC", "colour": "bgr"}, IMAGE[..., ::-1]),
        ({"channels": 1, "layout": "NHW", "colour": "luma"}, luma(IMAGE)),
        ({"channels": 3, "layout": "NHWC", "colour": "luma"}, np.dstack([luma(IMAGE)] * 3)),
        ({"channels": 3, "layout": "NHWC", "mean": [1, 2, 3], "sd": [1, 2, 4]}, (IMAGE - [1, 2, 3]) / [1, 2, 4]),
    ],
)
def test_channels_are_given_as_the_card_says(fields, wanted):
    np.testing.assert_allclose(prepared(IMAGE, **fields), wanted, rtol=1e-6)


@pytest.mark.parametrize("fit", ["letterbox", "squash", "centre_crop"])
def test_each_channel_is_framed_as_it_would_be_alone(fit):
    wide = IMAGE[:9]
    found = Preparation(SIDE, SIDE, fit=fit, channels=3)([wide])[0]
    for channel in range(3):
        alone = Preparation(SIDE, SIDE, fit=fit)([np.ascontiguousarray(wide[..., channel])])[0, 0]
        np.testing.assert_allclose(found[channel], alone, rtol=1e-6)


def test_gray_is_prepared_as_before():
    gray = np.ascontiguousarray(IMAGE[..., 0])
    np.testing.assert_array_equal(prepared(gray, channels=3, colour="bgr"), np.stack([gray] * 3))


def card(folder, **fields):
    content = {"months.onnx": onnx_bytes()}
    return written(
        folder, content, runtime="onnx", files=["months.onnx"], outputs={"age": {"output": "reading"}},
        quantities=[{"name": "age", "unit": "months", "kind": "continuous"}], **fields,
    )  # fmt: skip


def test_a_gray_network_reads_the_luma_of_colour_where_its_card_says_so(tmp_path):
    told = {**PREPARED, "stretch": "levels", "colour": "luma"}
    reader = instrument_from_spec(str(card(tmp_path, preprocessing=told, axes=["YX", "YXC"])))
    gray, coloured = (reader.predict([image], [{}])["age"] for image in (luma(IMAGE), IMAGE))
    np.testing.assert_allclose(coloured, gray)
    assert gray[0, 0] == pytest.approx(luma(IMAGE).mean(), rel=0.01)


def test_a_gray_network_that_says_nothing_of_colour_is_refused(tmp_path):
    with pytest.raises(InstrumentError, match=r"takes colour images \(YXC\) and prepares one channel.*luma"):
        instrument_from_spec(str(card(tmp_path, preprocessing=PREPARED, axes=["YX", "YXC"])))


def test_a_network_is_given_no_image_that_its_card_does_not_name(tmp_path):
    reader = instrument_from_spec(str(card(tmp_path, preprocessing=PREPARED)))
    with pytest.raises(InstrumentError, match=r"shape \(16, 16, 3\).*gray images"):
        reader.predict([IMAGE], [{}])

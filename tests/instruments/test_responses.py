"""An instrument whose readings do not depend on the image is refused at its first reading."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.responses import check_response
from editproof.types import InstrumentCard, MaskOutput, Quantity

IMAGE = np.arange(20 * 16, dtype=np.uint8).reshape(20, 16)
AGE = Quantity("bone_age", "months")


class Reader:
    def __init__(self, read, masks=None):
        mask = (MaskOutput("bones", {"1": "bones"}),) if masks else ()
        self.card = InstrumentCard("reader", "reads", (AGE,), 1, {}, "MIT", "none", masks=mask)
        self.read, self.masks = read, masks

    def predict(self, images, references):
        drawn = {"bones": [self.masks(image) for image in images]} if self.masks else {}
        return {"bone_age": np.array([[self.read(image) for image in images]]), **drawn}


def stalls(image):
    raise ValueError("no hand found")


SOUND = {
    "the mean": Reader(lambda image: image.mean()),
    "what the negative does not change": Reader(lambda image: abs(np.diff(image.astype(float))).mean() + 0.5),
    "one half of the image": Reader(lambda image: image[15:].mean() + 0.25),
    "a count, which may be 0 throughout": Reader(lambda image: 0.0),
    "an image that it refuses": Reader(lambda image: 42.5 if image[0, 0] == 0 and image[0, 1] == 1 else stalls(image)),
    "masks beside a number": Reader(lambda image: 42.5, lambda image: (image > 200).astype(np.uint8)),
}


def refused(reader, image=IMAGE):
    try:
        check_response(reader, "c1", image, {})
    except InstrumentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("reader", SOUND.values(), ids=SOUND)
def test_what_may_depend_on_the_image_is_not_refused(reader):
    assert not refused(reader)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_one_number_for_all_images_is_refused_in_one_line(dtype):
    said = refused(Reader(lambda image: 42.375), IMAGE.astype(dtype))
    assert "reads bone_age 42.375 off case c1, off its negative and off its halves" in said
    assert "\n" not in said


def test_a_network_that_sees_black_is_refused():
    """As one does that takes levels and is fed fractions: all of them are cut to 0."""
    assert refused(Reader(lambda image: 7.5 + (image / 255).astype(np.uint8)[:-1, :-1].mean() * 0))


def test_a_blank_original_tells_nothing():
    assert not refused(Reader(lambda image: 42.375), np.zeros((9, 9), np.uint8))

"""The classical enhancers: what they do to noise and to structures, at 8 and at 16 bit, in the declared geometry."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.core.specification import specification
from editproof.core.usage import usage_of
from editproof.editors import enhance
from editproof.editors.adapter import checked
from editproof.errors import EditorError
from editproof.types import EditRequest

SCALE = {np.uint8: 1, np.uint16: 257}


def made(factory, spec):
    return checked(factory(usage_of(factory).given(specification(spec), "--editor", EditorError)))


def flat_with_line(dtype):
    """A clean image with a bright line of one pixel, and the same under noise of 6 % of the range."""
    clean = np.full((64, 64), 100.0)
    clean[32, 8:56] = 160.0
    noisy = clean + np.random.default_rng(1).normal(0, 0.06 * 255, clean.shape)
    return tuple(
        np.clip(np.rint(image * SCALE[dtype]), 0, np.iinfo(dtype).max).astype(dtype) for image in (clean, noisy)
    )


def asked(image, output=None):
    return EditRequest(image, np.ones(image.shape, bool), "remove the noise", 0, 1, "a", output=output)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("factory", "spec"),
    [(enhance.nlmeans, "opencv-nlmeans"), (enhance.median, "opencv-median"), (enhance.median, "opencv-median?size=3")],
)
def test_a_denoiser_takes_most_of_the_noise(factory, spec, dtype):
    clean, noisy = flat_with_line(dtype)
    edit = made(factory, spec)(asked(noisy)).image
    assert edit.dtype == dtype
    away = np.ones(clean.shape, bool)
    away[24:41] = False
    before, after = (np.std(image[away].astype(float)) for image in (noisy, edit))
    assert after < before / 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_median_filter_loses_a_line_that_non_local_means_keep(dtype):
    clean, noisy = flat_with_line(dtype)
    contrast = [
        float(image[32, 12:52].astype(float).mean() - image[:20].astype(float).mean()) / SCALE[dtype]
        for image in (clean, *(made(factory, name)(asked(noisy)).image for factory, name in (
            (enhance.nlmeans, "opencv-nlmeans"), (enhance.median, "opencv-median"))))
    ]  # fmt: skip
    assert contrast[0] == 60.0
    assert contrast[1] > 20.0
    assert contrast[2] < 5.0


def test_cubic_interpolation_answers_in_the_declared_geometry_and_leaves_an_image_of_its_own_size_alone():
    _, noisy = flat_with_line(np.uint8)
    tool = made(enhance.bicubic, "opencv-bicubic")
    assert tool(asked(noisy, (128, 96))).image.shape == (128, 96)
    assert (tool(asked(noisy)).image == noisy).all()
    assert tool.card.name == "opencv-bicubic"


def test_what_was_written_is_on_the_card():
    card = made(enhance.nlmeans, "opencv-nlmeans?h=4").card
    assert (card.name, card.parameters, card.deterministic) == ("opencv-nlmeans?h=4", {"h": 4.0}, True)
    assert made(enhance.nlmeans, "opencv-nlmeans").card.parameters == {"h": 6.0}
    with pytest.raises(EditorError, match="Write h=a number above 0"):
        made(enhance.nlmeans, "opencv-nlmeans?h=0")

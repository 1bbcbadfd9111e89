"""Histogram matching restores a monotone shift exactly, and never anatomy."""

import numpy as np
from editproof.imaging.matching import histogram_matched
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

images = arrays(np.uint8, (9, 7), elements=st.integers(0, 150))


@given(images, st.integers(0, 100))
def test_a_monotone_shift_is_undone(image, shift):
    np.testing.assert_array_equal(histogram_matched(image + np.uint8(shift), image), image)


@given(images, images)
def test_order_of_pixels_is_kept_and_levels_are_the_targets(image, target):
    matched = histogram_matched(image, target)
    order = np.argsort(image.ravel(), kind="stable")
    assert (np.diff(matched.ravel()[order].astype(int)) >= 0).all()
    assert set(np.unique(matched)) <= set(np.unique(target)), "no gray level is invented"

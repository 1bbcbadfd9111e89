"""A picture of one value throughout is no edit: what services send for one that they withhold, and what NaN become."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.editors.adapter import checked
from editproof.imaging import geometry
from editproof.imaging.codec import parcel_of, png
from editproof.types import EditRequest, EditStatus

IMAGE = np.arange(30, dtype=np.uint8).reshape(5, 6)
MASK = IMAGE > 20


def outcome_of(picture, image=IMAGE, mask=MASK):
    """What a picture in a service's answer comes to."""
    request = EditRequest(image, mask, "remove it", 0, 1, "c1")
    return parcel_of(request, lambda shape: geometry.padded(shape, 1)).opened(png(picture))


@pytest.mark.parametrize("value", [0, 255, 128])
def test_one_value_throughout_is_malformed_and_said(value):
    outcome = outcome_of(np.full_like(IMAGE, value))
    assert outcome.status is EditStatus.MALFORMED
    assert outcome.message.startswith(f"every pixel is {value}: a picture that was withheld")


def test_what_has_two_values_is_an_edit_however_dark():
    picture = np.zeros_like(IMAGE)
    picture[0, 0] = 1
    assert outcome_of(picture).status is EditStatus.OK


def test_of_a_blank_original_a_blank_edit_is_one():
    blank = np.zeros_like(IMAGE)
    assert outcome_of(blank, blank).status is EditStatus.OK
    assert outcome_of(np.full_like(IMAGE, 3), blank).status is EditStatus.OK


def test_a_marker_that_is_removed_may_leave_nothing():
    """A tile of the background: all else is black."""
    tile = np.where(MASK, IMAGE, 0)
    assert outcome_of(np.zeros_like(IMAGE), tile).status is EditStatus.OK


@pytest.mark.parametrize(("levels", "status"), [(256, EditStatus.MALFORMED), (9, EditStatus.OK)])
def test_where_all_may_change_the_original_has_to_be_more_than_a_marker(levels, status):
    image = (np.arange(400) % levels).astype(np.uint8).reshape(20, 20)
    assert outcome_of(np.zeros_like(image), image, np.ones(image.shape, bool)).status is status


def test_pixels_that_are_no_numbers_are_malformed():
    image = IMAGE.astype(np.float32)
    picture = image.copy()
    picture[2, 3] = np.nan
    outcome = checked(lambda request: picture)(EditRequest(image, MASK, "remove it", 0, 1, "c1"))
    assert outcome.status is EditStatus.MALFORMED
    assert "not finite" in outcome.message

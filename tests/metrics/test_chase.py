"""Vessels of CHASE_DB1 drawn by two observers: our Dice is the published agreement, and both eyes are one child's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.metrics.masks import MaskPair, dice

from tests.needs import shared_data


@pytest.fixture(scope="module")
def chase():
    return shared_data("chase_db1")


def drawn(path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED) > 0


def test_the_second_observer_agrees_with_the_first_as_is_known(chase):
    firsts = sorted(chase.glob("*_1stHO.png"))
    found = [
        dice(MaskPair(drawn(first), drawn(first.with_name(first.name.replace("1st", "2nd")))))["dice"][0]
        for first in firsts
    ]
    assert len(found) == 28
    assert np.mean(found) == pytest.approx(0.777, abs=5e-4)
    assert np.std(found, ddof=1) == pytest.approx(0.025, abs=5e-4)
    assert (min(found), max(found)) == pytest.approx((0.739, 0.827), abs=5e-4)


def test_its_photographs_are_a_cohort_in_colour_of_fourteen_children(chase):
    cohort = folder(chase, names="Image_{patient}{laterality}")
    assert (cohort.card.n_cases, cohort.card.n_patients) == (28, 14)
    assert {case.strata["laterality"] for case in cohort} == {"L", "R"}
    image = cohort[0].decode().image
    assert image.shape == (960, 999, 3)
    means = image[400:560, 400:560].reshape(-1, 3).mean(axis=0)
    assert means[0] > means[1] > means[2], "a retina is red"

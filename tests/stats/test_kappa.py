"""What the limits of a quadratic-weighted kappa owe to grades that no reading of the sample shows."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.criteria import quadratic_weighted_kappa
from editproof.errors import ProtocolError
from editproof.stats.kappa import quadratic_kappa


def test_the_unseen_patient_is_as_bad_as_the_scale_and_not_as_the_sample():
    """Found by a statistician: grades 0 and 1 on a scale of 0 to 4, of which 3 % become 4, passed in 4 of 10 studies.

    One of 29 patients whose grade becomes 4 is seen in no third of all studies of 30; the limit must allow for him.
    """
    names = np.array([f"P{i:02d}" for i in range(30)])
    grades = np.tile([0.0, 0.0, 0.0, 1.0, 1.0], 6)
    truth = quadratic_kappa(np.append(grades[:-1], 4.0)[:, None], grades, names, (0.0, 4.0)).value
    for before in (None, grades):
        found = quadratic_kappa(grades[:, None], grades, names, (0.0, 4.0), before).interval(0.9)
        narrow = quadratic_kappa(grades[:, None], grades, names, (0.0, 1.0), before).interval(0.9)
        assert found.low < truth - (before is not None) < narrow.low


def test_grades_beyond_the_declared_scale_widen_it():
    names, grades = np.array([f"P{i:02d}" for i in range(20)]), np.tile([0.0, 1.0, 2.0, 3.0], 5)
    one, other = (quadratic_kappa(grades[:, None], grades, names, scale).interval(0.9) for scale in ((0, 1), (0, 3)))
    assert one == other


@pytest.mark.parametrize("scale", [(), (0,), (4, 0), (0, 0), "04", (0, "4"), 4])
def test_a_scale_is_two_grades(scale):
    with pytest.raises(ProtocolError, match="Give both"):
        quadratic_weighted_kappa("grade", scale=scale)

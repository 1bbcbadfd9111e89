"""Measures of masks and of grades come to what SimpleITK, scikit-image and statsmodels give on drawn cases."""

from __future__ import annotations

import json

import pytest
from editproof.metrics.lesions import lesions
from editproof.metrics.masks import MaskPair, dice, hd95, surface_dice
from editproof.stats.kappa import weighted_kappa

from .independent import TABLE, grades, masks

KNOWN = json.loads(TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", masks())
def test_masks_measure_what_other_packages_say(name):
    pair = MaskPair(*masks()[name])
    found = {}
    for metric in (dice, hd95, surface_dice, lesions):
        found |= {key: value for key, (value, _) in metric(pair).items()}
    told = KNOWN["masks"][name]
    assert len(told) >= 4
    for key, value in told.items():
        empty = key == "hd95_mm" and value is None and any(pair.areas)
        if empty:
            assert found[key] == pair.diagonal(pair.spacing_mm), "no outline to measure to: as far off as can be"
        elif value is None:
            assert key not in found, "it is not defined"
        else:
            assert found[key] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", grades())
@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weighted_kappa_is_that_of_statsmodels(name, weights):
    assert weighted_kappa(*grades()[name], weights) == pytest.approx(KNOWN["grades"][name][weights], abs=1e-9)


def test_the_table_is_of_the_cases_that_are_drawn():
    assert set(KNOWN["masks"]) == set(masks())
    assert set(KNOWN["grades"]) == set(grades())

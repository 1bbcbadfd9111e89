"""The real RSNA data, where it is at hand; nothing of it is in the project."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.datasets.registry import dataset_from_spec
from editproof.datasets.rsna.split import split_of

from tests.needs import shared_data


@pytest.fixture(scope="module")
def small_cohort():
    return dataset_from_spec(f"rsna:{shared_data('rsna100/rsna100.zip')}?n=24&split=test")


def test_held_out_cases_of_the_small_set(small_cohort):
    assert {split_of(case.case_id) for case in small_cohort} == {"test"}
    assert sum(case.reference["sex"] for case in small_cohort) == 12
    ages = [case.reference["bone_age"] for case in small_cohort]
    assert abs(np.mean(ages) - 126.9) < 10, "the mean of all held-out cases"
    shapes = [case.decode().image.shape for case in small_cohort]
    assert all(min(shape) == 100 for shape in shapes)
    assert sum(shape != (100, 100) for shape in shapes) > 18, "the squash is undone"


def test_masks_of_the_small_set_are_of_plausible_size(small_cohort):
    pixels = [case.decode() for case in small_cohort]
    hands = np.array([p.protected_mask.mean() for p in pixels])
    edits = np.array([p.edit_mask.mean() for p in pixels])
    assert np.mean((hands > 0.1) & (hands < 0.6)) > 0.9
    assert np.mean((edits > 0.003) & (edits < 0.12)) > 0.7


def test_full_size_originals_say_what_is_leaked(monkeypatch):
    monkeypatch.setattr("editproof.datasets.rsna.cohort.MARKERS_UP_TO", 0)
    cohort = dataset_from_spec(f"rsna:{shared_data('rsna_fullres')}")
    leaked = sum(split_of(case.case_id) == "train" for case in cohort)
    assert leaked > 0
    assert any(w.startswith(f"{leaked} of {len(cohort)} cases are in the train split") for w in cohort.card.warnings)
    assert min(cohort[0].decode().image.shape) > 1000

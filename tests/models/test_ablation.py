"""The phantom ensemble reads the anatomy: without the hand nothing is left, without the markers nothing changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from editproof.instruments.card import read_card
from editproof.instruments.registry import instrument_from_spec

from models import ablation, fragility

CARD = Path(__file__).parents[2] / "models" / "phantom" / "card.json"


def test_phantoms_without_hand_and_without_markers() -> None:
    takes, months, male = ablation.phantoms(range(100))
    told = ablation.ablated(instrument_from_spec(str(CARD)), takes, months, male)
    assert told["as it is"]["sex_auc"]["low"] > 0.82
    assert told["hand masked"]["sex_auc"]["low"] < 0.5 < told["hand masked"]["sex_auc"]["high"]
    assert abs(told["hand masked"]["bone_age_correlation"]) < 0.25
    assert told["hand masked"]["bone_age_mae"] > 3 * told["as it is"]["bone_age_mae"]
    without = told["markers masked"]
    assert without["n"] == 100
    assert abs(without["bone_age"]["mean_drift"]) < 1
    assert without["bone_age"]["mean_absolute_drift"] < 2
    assert abs(without["sex"]["auc_change"]) < 0.01


def test_a_phantom_without_its_hand_is_the_empty_table_with_the_same_markers() -> None:
    from editproof.phantoms.phantom import phantom
    from editproof.phantoms.spec import sampled_spec

    spec = sampled_spec(3, 0, "test")
    whole, taken = phantom(spec), ablation.drawn(spec)
    outside = ~whole.protected_mask
    assert np.array_equal(taken.handless[outside], whole.image[outside])
    inside = taken.handless[whole.protected_mask].astype(float)
    table = whole.clean[~whole.protected_mask].astype(float)
    assert abs(inside.mean() - table.mean()) < 5
    assert inside.std() < whole.clean[whole.protected_mask].std() / 2


def test_a_real_radiograph_loses_its_hand_by_automatic_mask() -> None:
    rng = np.random.default_rng(0)
    image = np.clip(rng.normal(10, 2, (120, 100)), 0, 255).astype(np.uint8)
    for rows, columns in (((20, 60), (20, 32)), ((10, 60), (44, 56)), ((20, 60), (68, 80)), ((60, 85), (20, 80))):
        image[slice(*rows), slice(*columns)] = 120
    image[85:120, 40:60] = 120
    taken = ablation.real(image)
    assert (image > 60).sum() > 3000
    assert (taken.handless > 60).sum() < 100
    assert taken.unmarked is None


def test_every_change_of_the_cards_is_tried_below() -> None:
    for name in ("phantom", "rsna100"):
        told = read_card(CARD.parents[1] / name / "card.json").performance["fragility"]
        assert set(told) - {"markers removed"} == set(fragility.CHANGES)


@pytest.mark.parametrize("name", fragility.CHANGES)
def test_a_change_keeps_shape_and_type_and_is_one(name: str) -> None:
    image = np.random.default_rng(0).integers(20, 200, (135, 100), dtype=np.uint8)
    kept = image.copy()
    changed = fragility.CHANGES[name](image)
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, image)
    assert np.array_equal(image, kept)

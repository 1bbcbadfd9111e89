"""The shipped ensembles are whole, small, honest about their data, and read what they say they read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from editproof.instruments.card import read_card, verified_weights
from editproof.instruments.ensemble import LazyEnsemble, pooled
from editproof.instruments.registry import instrument_from_spec
from editproof.report.page.fragility import fragility

from tests.needs import weights_of

torch = pytest.importorskip("torch")

MODELS = Path(__file__).parents[2] / "models"
NAMES = ("phantom", "rsna100")


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_those_of_the_card(name: str) -> None:
    card = read_card(weights_of(MODELS / name) / "torch.json")
    assert card.name == name
    assert len(verified_weights(card, MODELS / name)) == card.members >= 3
    shipped = instrument_from_spec(str(MODELS / name / "card.json"))
    shipped.check()
    assert (shipped.card.name, shipped.card.members) == (name, card.members)


def test_all_weights_together_stay_small() -> None:
    def megabytes(pattern: str) -> float:
        return sum(path.stat().st_size for path in MODELS.glob(pattern)) / 1e6

    assert megabytes("*/*.safetensors") < 40
    assert megabytes("*/*.onnx") < 40
    assert megabytes("phantom/*.onnx") < 11, "what the package brings"


@pytest.mark.parametrize("name", NAMES)
def test_both_cards_of_an_ensemble_say_the_same(name: str) -> None:
    here, there = (read_card(MODELS / name / file) for file in ("card.json", "torch.json"))
    for field in ("quantities", "members", "licence", "training_data", "covariates", "performance", "floors"):
        assert getattr(here, field) == getattr(there, field), field


def test_onnx_runtime_reads_as_torch_does() -> None:
    from fixtures.phantom import cohort

    cases = list(cohort(6, seed=78, stream="test"))
    seen = [case.decode().image for case in cases], [case.reference for case in cases]
    here = instrument_from_spec(str(MODELS / "phantom" / "card.json")).predict(*seen)
    there = LazyEnsemble(MODELS / "phantom" / "torch.json").predict(*seen)
    assert np.abs(here["bone_age"] - there["bone_age"]).max() < 0.01
    assert np.abs(here["sex"] - there["sex"]).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_how_far_the_runtimes_differ_and_which_command_says_so(name: str) -> None:
    told = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))["notes"]["difference_from_torch"]
    assert told["command"] == f"python -m models.export {name} --check"
    assert told["on"].startswith("200 ")
    assert 0 < told["largest"]["bone_age"]["member"] < 0.01
    assert 0 < told["largest"]["sex"]["member"] < 1e-4


def test_it_reads_where_torch_is_not() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; import numpy as np; "
        "from editproof.instruments.registry import instrument_from_spec; "
        f"phantom = instrument_from_spec({str(MODELS / 'phantom' / 'card.json')!r}); phantom.check(); "
        "assert phantom.predict([np.eye(64, dtype=np.uint8)], [{'sex': 1.0}])['sex'].shape == (3, 1)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_floors_leave_room_below_what_was_measured(name: str) -> None:
    card = read_card(MODELS / name / "card.json")
    mae, auc = card.performance["bone_age"]["mae"]["all"], card.performance["sex"]["auc"]["all"]
    assert mae["low"] < mae["value"] < mae["high"] < card.floors["bone_age"]["mae_at_most"]
    assert card.floors["sex"]["auc_at_least"] < auc["low"] < auc["value"] < auc["high"]


@pytest.mark.parametrize("name", NAMES)
def test_the_report_can_table_what_moves_the_instrument_without_an_edit(name: str) -> None:
    table = fragility(read_card(MODELS / name / "card.json"))
    assert table is not None
    assert len(table.heads) == 2
    assert {"markers removed", "JPEG 90", "brightness +5 %", "brightness -5 %"} <= {row[0] for row in table.rows}


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_that_little_is_read_without_the_hand(name: str) -> None:
    masked = read_card(MODELS / name / "card.json").performance["hand masked"]
    assert masked["sex_auc"]["low"] < 0.5 < masked["sex_auc"]["high"]
    assert masked["bone_age_mae"] > masked["mae_of_the_medians_by_sex"]


def test_the_real_ensemble_carries_the_terms_of_its_data() -> None:
    card = read_card(MODELS / "rsna100" / "card.json")
    assert "non-commercial" in card.licence
    assert "Radiology 2018;290:498-503" in card.licence


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_the_command_that_trains_it_again(name: str) -> None:
    told = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))["notes"]
    assert f"python -m models.train {name}" in told["training"]["command"]
    assert f"python -m models.export {name}" in told["made_by"]


def test_phantoms_that_no_one_trained_on_are_read_about_as_well_as_the_card_says() -> None:
    from editproof.phantoms.phantom import cohort

    ensemble = instrument_from_spec(str(MODELS / "phantom" / "card.json"))
    cases = list(cohort(60, seed=77, stream="test"))
    readings = ensemble.predict([case.decode().image for case in cases], [case.reference for case in cases])
    error = np.abs(pooled(readings["bone_age"]) - [case.reference["bone_age"] for case in cases]).mean()
    right = (pooled(readings["sex"]) > 0.5) == [case.reference["sex"] == 1 for case in cases]
    assert error < ensemble.card.floors["bone_age"]["mae_at_most"] + 1  # 60 cases, not the 200 a floor is made for
    assert right.mean() > 0.75


def test_augmentation_is_repeatable_and_keeps_range_and_shape() -> None:
    from models.augment import augmented

    images = torch.rand(8, 1, 32, 24, generator=torch.Generator().manual_seed(0))
    one, same, other = (
        augmented(images.clone(), torch.Generator().manual_seed(seed), strength=0.75) for seed in (1, 1, 2)
    )
    assert one.shape == images.shape
    assert one.min() >= 0
    assert one.max() <= 1
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


def test_training_and_study_phantoms_are_different_hands() -> None:
    from editproof.phantoms.spec import sampled_spec

    from models.data import PHANTOM_SEED

    keys = {sampled_spec(PHANTOM_SEED, index, stream).key for stream in ("train", "validation") for index in range(50)}
    study = {sampled_spec(seed, index, "study").key for seed in (0, PHANTOM_SEED) for index in range(50)}
    assert not keys & study

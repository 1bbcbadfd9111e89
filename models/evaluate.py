"""Measure an ensemble on its test split: ``python -m models.evaluate {rsna100,phantom}``.

With ``--ship`` the last stages of training become the ensemble first: weights in half precision as safetensors, and a
card, ``torch.json``, that carries what was measured on those very files. With ``--card`` the weights stay and are
measured anew. ``python -m models.export`` then makes the files and the card of the default runtime.
``--split validation`` prints the figures of the split to choose by, and leaves the card alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from editproof.datasets.rsna.split import Split
from editproof.instruments.card import file_sha256, write_card
from editproof.instruments.ensemble import pooled
from editproof.instruments.preprocessing import Preprocessing
from editproof.instruments.runtimes.torch import TorchEnsemble, load_ensemble
from editproof.types import InstrumentCard, Quantity
from numpy.typing import NDArray
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score

from models.ablation import Taken, ablated, drawn, real
from models.data import PHANTOM_SEED, RUNS, Cohort, cohort, phantom_images, rsna100_images
from models.fragility import MOST, fragility
from models.recipes import RECIPES, Recipe
from models.train import MEAN_MONTHS, SD_MONTHS, best_weights
from models.words import WORDS

if TYPE_CHECKING:
    from fixtures.spec import PhantomSpec

RESAMPLES, SEED, STUDY = 2000, 2511, 200
HOME = Path(__file__).parent
Images = list[NDArray[np.uint8]]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(WORDS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rsna100"), help="folder of rsna100.zip")
    parser.add_argument("--ship", action="store_true", help="make weights and card from models/runs")
    parser.add_argument("--card", action="store_true", help="measure the shipped weights and renew their card")
    parser.add_argument("--split", choices=("test", "validation"), default="test", help="what to measure on")
    arguments = parser.parse_args()
    split = arguments.split
    if split != "test" and (arguments.ship or arguments.card):
        parser.error(f"--split {split}: a card holds figures of the test split; leave --ship and --card out")
    torch.set_num_threads(1)
    recipe = RECIPES[arguments.name]
    path = HOME / recipe.name / "torch.json"
    if arguments.ship:
        write_card(path, ship(recipe, path.parent), {})
    ensemble = load_ensemble(path)
    cases = cohort(recipe.name, split, arguments.data, Preprocessing.from_card(ensemble.card.preprocessing))
    is_real = recipe.name == "rsna100"
    images = rsna100_images(arguments.data, cases.ids) if is_real else phantom_images(split, range(len(cases)))
    takes = [real(image) for image in images[:MOST]] if is_real else [drawn(spec) for spec in _specs(split)]
    performance = measured(ensemble, cases, images, takes)
    print(json.dumps(performance, indent=2))
    if arguments.ship or arguments.card:
        write_card(path, with_performance(ensemble.card, performance), training(recipe))


def _specs(split: Split) -> list[PhantomSpec]:
    from fixtures.spec import sampled_spec

    return [sampled_spec(PHANTOM_SEED, index, split) for index in range(MOST)]


def ship(recipe: Recipe, folder: Path) -> InstrumentCard:
    """The card of the last stages of training, whose weights have just been written beside it; not yet measured."""
    folder.mkdir(exist_ok=True)
    sha256 = {}
    for member, stage in enumerate(recipe.makers):
        best = best_weights(RUNS / recipe.name / f"{stage}.pt")
        path = folder / f"member-{member}.safetensors"
        save_file({name: _halved(tensor) for name, tensor in best.items()}, path)
        sha256[path.name] = file_sha256(path)
    network = {"backbone": recipe.backbone, "mean_months": MEAN_MONTHS, "sd_months": SD_MONTHS}
    words = WORDS[recipe.name]
    return InstrumentCard(
        name=recipe.name,
        description=words["description"],
        quantities=(Quantity("bone_age", "months"), Quantity("sex", "probability", "probability")),
        members=recipe.members,
        sha256=sha256,
        licence=words["licence"],
        covariates=("sex",),
        training_data=words["training_data"],
        preprocessing={
            **recipe.preprocessing.described(),
            "flip_average": recipe.flip_average,
            "rotations": recipe.rotations,
            "network": network,
        },
        limitations=words["limitations"],
    )


def _halved(tensor: torch.Tensor) -> torch.Tensor:
    """Matrices in half precision; batch statistics and biases, which are small, as they are."""
    return (tensor.half() if tensor.ndim > 1 else tensor).contiguous()


def measured(ensemble: TorchEnsemble, cases: Cohort, images: Images, takes: list[Taken]) -> dict[str, Any]:
    """Accuracy of the pooled ensemble on one split, by quantity, with 95 % patient-bootstrap intervals.

    Beside it what moves it though the anatomy stays, and what it still reads without the hand, on the first cases.
    """
    references = [{"sex": float(sex)} for sex in cases.male]
    readings = ensemble.predict(images, references)
    errors = pooled(readings["bone_age"]) - cases.months
    male = pooled(readings["sex"])
    middle = float(np.median(cases.months))
    groups = {
        "all": np.ones(len(cases), bool),
        "sex=F": cases.male == 0,
        "sex=M": cases.male == 1,
        f"bone_age<{middle:.0f}": cases.months < middle,
        f"bone_age>={middle:.0f}": cases.months >= middle,
    }
    how = {"confidence": 0.95, "interval": f"patient bootstrap, percentile, {RESAMPLES} resamples"}
    age: dict[str, Any] = {"unit": "months", **how}
    sex: dict[str, Any] = {**how}
    age["mae"] = {name: _interval(partial(_mae, errors[who])) for name, who in groups.items()}
    age["bias"] = {name: round(float(errors[who].mean()), 2) for name, who in groups.items()}
    age["mae_by_member"] = [round(float(np.abs(one - cases.months).mean()), 2) for one in readings["bone_age"]]
    sex["auc"] = {
        name: _interval(partial(_auc, cases.male[who], male[who]))
        for name, who in groups.items()
        if not name.startswith("sex")
    }
    sex["auc_by_member"] = [round(_auc(cases.male, one, np.arange(len(cases))), 3) for one in readings["sex"]]
    without = ablated(ensemble, takes, cases.months[: len(takes)], cases.male[: len(takes)])
    before = {name: pooled(values) for name, values in readings.items()}
    moved = {"markers removed": without["markers masked"]} | fragility(ensemble, cases.male, before, images)
    return {
        "n": len(cases),
        "bone_age": age,
        "sex": sex,
        "fragility": moved,
        "hand masked": {"n": without["n"], **without["hand masked"]},
        "floors": floors(errors, cases.male, male),
    }


def floors(errors: NDArray[np.float64], male: NDArray[np.float32], read: NDArray[np.float64]) -> dict[str, Any]:
    """What 999 of 1000 studies of 200 cases like the test split would reach, rounded to the lenient side.

    A run whose originals fall short of it was measured with an instrument that does not work there.
    """
    rng = np.random.default_rng(SEED)
    draws = rng.integers(0, len(errors), (5000, STUDY))
    mae = np.quantile(np.abs(errors)[draws].mean(axis=1), 0.999)
    auc = np.quantile([_auc(male, read, chosen) for chosen in draws], 0.001)
    return {
        "bone_age": {"mae_at_most": float(np.ceil(mae * 10) / 10)},
        "sex": {"auc_at_least": float(np.floor(auc * 100) / 100)},
    }


def with_performance(card: InstrumentCard, performance: Mapping[str, Any]) -> InstrumentCard:
    """The card with what was measured, the floors that follow from it, and today's words on its cases and limits."""
    words = {name: WORDS[card.name][name] for name in ("training_data", "limitations")}
    told = {key: value for key, value in performance.items() if key != "floors"}
    return replace(card, performance=told, floors=performance["floors"], **words)


def training(recipe: Recipe) -> dict[str, Any]:
    """For readers of a card: how the weights come about again, and of which cases, where there is a rule for it."""
    command = f"python -m models.train {recipe.name} && python -m models.evaluate {recipe.name} --ship"
    recipe_told = {key: value for key, value in asdict(recipe).items() if key != "preprocessing"}
    words = WORDS[recipe.name]
    cases = {"training_cases": words["training_cases"]} if "training_cases" in words else {}
    return {"training": {"command": command, "recipe": recipe_told, "notes": words["training_notes"]}, **cases}


def _interval(statistic: partial[float]) -> dict[str, float]:
    """A statistic of chosen cases, whose first argument has one entry a case, and its interval."""
    n = len(statistic.args[0])
    rng = np.random.default_rng(SEED)
    draws = [statistic(rng.integers(0, n, n)) for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, (0.025, 0.975))
    return {"value": _round(statistic(np.arange(n))), "low": _round(low), "high": _round(high), "n": n}


def _round(value: float) -> float:
    return round(float(value), 3)


def _mae(errors: NDArray[np.float64], chosen: NDArray[np.int64]) -> float:
    return float(np.abs(errors[chosen]).mean())


def _auc(male: NDArray[np.float32], read: NDArray[np.float64], chosen: NDArray[np.int64]) -> float:
    return float(roc_auc_score(male[chosen], read[chosen]))


if __name__ == "__main__":
    main()

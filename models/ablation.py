"""Whether an ensemble reads the anatomy: ``python -m models.ablation {rsna100,phantom} [--n 400]``.

Two takes of each radiograph of the test split, which no training has seen: one without the hand, from which nothing
should be read (sex AUC 0.5, bone age no better than the cohort's mean), and one without its markers, which should
change nothing. Phantoms are taken apart exactly; real radiographs by automatic masks.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from editproof.datasets.masks.hand import artefact_mask, hand_mask
from editproof.instruments.ensemble import pooled
from editproof.instruments.registry import instrument_from_spec
from editproof.types import Instrument
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.data import PHANTOM_SEED, cohort, rsna100_images
from models.fragility import Gray, moved
from models.recipes import RECIPES
from models.words import WORDS

RESAMPLES, SEED = 2000, 2511
Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Taken:
    """One radiograph as it is, without its hand, and without its markers (None where none was found)."""

    image: Gray
    handless: Gray
    unmarked: Gray | None


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(WORDS))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rsna100"), help="folder of rsna100.zip")
    parser.add_argument("--n", type=int, default=400, help="cases of the test split")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = RECIPES[arguments.name]
    ensemble = instrument_from_spec(str(Path(__file__).parent / recipe.name / "card.json"))
    if recipe.name == "phantom":
        takes, months, male = phantoms(range(arguments.n))
    else:
        test = cohort(recipe.name, "test", arguments.data, recipe.preprocessing)
        takes = [real(image) for image in rsna100_images(arguments.data, test.ids[: arguments.n])]
        months, male = test.months[: arguments.n], test.male[: arguments.n]
    print(json.dumps(ablated(ensemble, takes, months, male), indent=2))


def phantoms(indices: Iterable[int]) -> tuple[list[Taken], NDArray[np.float32], NDArray[np.float32]]:
    """Phantoms of the test stream taken apart, their months, and their sex (1 = male)."""
    from fixtures.spec import sampled_spec

    specs = [sampled_spec(PHANTOM_SEED, index, "test") for index in indices]
    months = np.array([spec.bone_age for spec in specs], np.float32)
    return [drawn(spec) for spec in specs], months, np.array([spec.male for spec in specs], np.float32)


def drawn(spec: Any) -> Taken:
    """A phantom; its hand gives way to what the same exposure of an empty table would show, to the pixel."""
    from fixtures.phantom import phantom
    from fixtures.render import exposed

    whole = phantom(spec)
    empty = exposed(np.zeros(whole.image.shape, np.float32), spec)
    return Taken(whole.image, np.where(whole.protected_mask, empty, whole.image), whole.clean)


def real(image: Gray) -> Taken:
    """A radiograph by automatic masks, the hand's grown by 3 % of the longer side; what they miss stays."""
    hand = hand_mask(image)
    markers = artefact_mask(image, hand)
    side = 2 * round(0.03 * max(image.shape)) + 1
    grown = cv2.dilate(hand.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > 0
    handless = np.where(grown & ~markers, ground(image, grown | markers), image).astype(np.uint8)
    filled = cv2.inpaint(image, markers.astype(np.uint8), 3, cv2.INPAINT_TELEA) if markers.any() else None
    return Taken(image, handless, filled)  # type: ignore[arg-type]


def ground(image: Gray, foreground: Bits) -> NDArray[np.float64]:
    """The table under a hand: a plane through the darker half of what shows of it, and that half's noise."""
    rows, columns = np.indices(image.shape) / max(image.shape)
    shown = ~foreground
    if shown.any():
        shown &= image <= np.median(image[shown])
    terms = np.stack([np.ones(image.shape), rows, columns], axis=-1)
    if np.count_nonzero(shown) < 50:
        return np.full(image.shape, float(np.percentile(image, 2)))
    solved = np.linalg.lstsq(terms[shown], image[shown].astype(float), rcond=None)[0]
    plane = terms @ solved
    left = image[shown] - plane[shown]
    noise = np.random.default_rng(SEED).choice(left, image.shape)
    return np.clip(plane + noise, 0, 255)  # type: ignore[no-any-return]


def ablated(
    ensemble: Instrument, takes: list[Taken], months: NDArray[np.float32], male: NDArray[np.float32]
) -> dict[str, Any]:
    """What an ensemble still reads without the hand, and what the loss of the markers changes."""
    references = [{"sex": float(one)} for one in male]
    read = ensemble.predict([take.image for take in takes], references)
    before = {name: pooled(values) for name, values in read.items()}
    blind = ensemble.predict([take.handless for take in takes], references)
    with_markers = np.array([take.unmarked is not None for take in takes])
    unmarked = [take.unmarked for take in takes if take.unmarked is not None]
    guessed = np.array([np.median(months[male == one]) for one in male])
    return {
        "n": len(takes),
        "as it is": _accuracy(before, months, male),
        "hand masked": {
            **_accuracy({name: pooled(values) for name, values in blind.items()}, months, male),
            "mae_of_the_medians_by_sex": round(float(np.abs(guessed - months).mean()), 2),
        },
        "markers masked": moved(
            ensemble, male[with_markers], {name: values[with_markers] for name, values in before.items()}, unmarked
        ),
    }


def _accuracy(
    readings: dict[str, NDArray[np.float64]], months: NDArray[np.float32], male: NDArray[np.float32]
) -> dict[str, Any]:
    error, read = readings["bone_age"] - months, readings["sex"]
    rng = np.random.default_rng(SEED)
    draws = [rng.integers(0, len(male), len(male)) for _ in range(RESAMPLES)]
    aucs = [roc_auc_score(male[chosen], read[chosen]) for chosen in draws if np.ptp(male[chosen])]
    low, high = np.quantile(aucs, (0.025, 0.975))
    auc = {"value": float(roc_auc_score(male, read)), "low": float(low), "high": float(high)}
    return {
        "bone_age_mae": round(float(np.abs(error).mean()), 2),
        "bone_age_correlation": round(float(np.corrcoef(readings["bone_age"], months)[0, 1]), 3),
        "sex_auc": {name: round(value, 3) for name, value in auc.items()} | {"n": len(male)},
    }


if __name__ == "__main__":
    main()

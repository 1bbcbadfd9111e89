"""Export an ensemble for ONNX Runtime: ``python -m models.export {rsna100,phantom}``.

From the weights that ``torch.json`` names it makes ``member-N.onnx``, one file a member, with the views (mirror
images, rotations) inside, and ``card.json``, which names them with their digests. Then both are read on the same
images, and the card tells by how much they differ: on the study's 200 phantoms, or the first 200 radiographs of the
test split. With ``--check`` nothing is written: the differences are printed, and whether the files are those that
would be written again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from editproof.core.records import json_of_record
from editproof.instruments.card import file_sha256, read_card
from editproof.instruments.ensemble import pooled
from editproof.instruments.preprocessing import Preprocessing
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes.torch import HandReader, TorchEnsemble, load_ensemble, views_of
from editproof.types import JSON, InstrumentCard
from numpy.typing import NDArray
from torch import Tensor, nn

from models.data import cohort, rsna100_images
from models.onnx_files import save_onnx

HOME = Path(__file__).parent
CASES = 200
AT_MOST = {"bone_age": 0.01, "sex": 1e-4}
"""The most that a member's reading may differ between the runtimes: months, probability."""


class Member(nn.Module):
    """One network of an ensemble over the views of a batch: mean of the months, mean of the logits."""

    def __init__(self, network: HandReader, ensemble: TorchEnsemble) -> None:
        super().__init__()
        self.network, self.grids, self.flip = network, ensemble.grids, ensemble.views.flip_average

    def forward(self, image: Tensor, male: Tensor) -> tuple[Tensor, Tensor]:
        """Months and logit of being male, each (n,), of images (n, 1, H, W) in [0, 1] and ``male`` (n,)."""
        views = views_of(image, self.grids, self.flip)
        months, logits = self.network(torch.cat(views), male.repeat(len(views)))
        return months.reshape(len(views), -1).mean(dim=0), logits.reshape(len(views), -1).mean(dim=0)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=("phantom", "rsna100"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rsna100"), help="folder of rsna100.zip")
    parser.add_argument("--check", action="store_true", help="write nothing; compare what is there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = HOME / arguments.name
    ensemble = load_ensemble(folder / "torch.json")
    images, references = cases(arguments.name, arguments.data, ensemble.card)
    if arguments.check:
        with tempfile.TemporaryDirectory() as temporary:
            again = export(ensemble, Path(temporary))
        shipped = read_card(folder / "card.json").sha256
        print(f"files: {'the same as shipped' if again == shipped else 'not those that are shipped'}")
        print(json.dumps(difference(ensemble, folder / "card.json", images, references), indent=2))
        return
    sha256 = export(ensemble, folder)
    told = json.loads((folder / "torch.json").read_text(encoding="utf-8"))
    _write(folder / "card.json", onnx_card(ensemble.card, sha256, told, {}))
    measured = difference(ensemble, folder / "card.json", images, references)
    _write(folder / "card.json", onnx_card(ensemble.card, sha256, told, measured))
    print(json.dumps(measured, indent=2))


def export(ensemble: TorchEnsemble, folder: Path) -> dict[str, str]:
    """Write a file for each member into a folder; by name, their digests."""
    card, sha256 = ensemble.card, {}
    size = Preprocessing.from_card(card.preprocessing)
    example = (torch.zeros(2, 1, size.height, size.width), torch.ones(2))
    for number, network in enumerate(ensemble.networks):
        path = folder / f"member-{number}.onnx"
        save_onnx(Member(network, ensemble), example, path, ("image", "male"), ("months", "logit"))
        sha256[path.name] = file_sha256(path)
    return sha256


def onnx_card(
    card: InstrumentCard, sha256: Mapping[str, str], told: Mapping[str, JSON], measured: Mapping[str, JSON]
) -> dict[str, JSON]:
    """What ``card.json`` holds: all that the torch card says, and how the files are read."""
    size = Preprocessing.from_card(card.preprocessing)
    kept = ("name", "description", "quantities", "members", "licence", "training_data", "covariates")
    facts = json_of_record(card)
    cases = {"training_cases": told["training_cases"]} if "training_cases" in told else {}
    return {
        **{name: facts[name] for name in kept},
        "runtime": "onnx",
        "files": sorted(sha256),
        "sha256": dict(sha256),
        "preprocessing": {
            "height": size.height,
            "width": size.width,
            "stretch": {"low": size.low, "high": size.high, "headroom": size.headroom},
        },
        "inputs": {"image": "image", "covariates": {"sex": {"input": "male"}}},
        "outputs": {"bone_age": {"output": "months"}, "sex": {"output": "logit", "activation": "sigmoid"}},
        **{name: facts[name] for name in ("performance", "floors", "limitations")},
        **cases,
        "notes": {
            "made_by": f"python -m models.export {card.name}, from the weights that torch.json names",
            "difference_from_torch": dict(measured),
            "training": told.get("training"),
        },
    }


def cases(name: str, data: Path, card: InstrumentCard) -> tuple[list[NDArray[Any]], list[dict[str, float]]]:
    """The images on which the runtimes are compared, and the sex of each."""
    if name == "phantom":
        from fixtures import phantom

        drawn = list(phantom.cohort(CASES))
        return [case.decode().image for case in drawn], [{"sex": case.reference["sex"]} for case in drawn]
    test = cohort(name, "test", data, Preprocessing.from_card(card.preprocessing))
    return rsna100_images(data, test.ids[:CASES]), [{"sex": float(sex)} for sex in test.male[:CASES]]


def difference(
    ensemble: TorchEnsemble, card: Path, images: list[NDArray[Any]], references: list[dict[str, float]]
) -> dict[str, JSON]:
    """By quantity, the largest difference of a member's and of the pooled reading between ONNX Runtime and torch.

    Raises
    ------
    SystemExit
        A reading differs by :data:`AT_MOST` or more.
    """
    here, there = (one.predict(images, references) for one in (instrument_from_spec(str(card)), ensemble))
    largest: dict[str, JSON] = {}
    for name, most in AT_MOST.items():
        by_member = float(np.abs(here[name] - there[name]).max())
        if by_member >= most:
            raise SystemExit(f"{name} by ONNX Runtime differs from torch by {by_member:.3g}, {most:g} or more.")
        of_means = float(np.abs(pooled(here[name]) - pooled(there[name])).max())
        largest[name] = {"member": float(f"{by_member:.1e}"), "pooled": float(f"{of_means:.1e}")}
    what = "study phantoms (seed 2023)" if ensemble.card.name == "phantom" else "radiographs of the test split"
    command = f"python -m models.export {ensemble.card.name} --check"
    return {"command": command, "on": f"{len(images)} {what}", "largest": largest}


def _write(path: Path, card: Mapping[str, JSON]) -> None:
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Train the instrument that draws bones on phantoms: ``python -m models.bones_train``.

Phantoms of the train stream alone, with which those of a study share no random numbers. Half of the batches are shown
mirrored, and the exposure of each phantom is varied. ``--check`` trains nothing: it has the shipped network draw on
the 200 phantoms of the study and prints its Dice against the exact masks, which ``--card`` also writes on the card.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from editproof.imaging.framing import stretched_to_unit
from editproof.instruments.card import file_sha256
from editproof.instruments.masks import structures_in
from editproof.instruments.registry import instrument_from_spec
from editproof.metrics.masks import MaskPair, dice, hd95
from torch.nn import functional

from fixtures.phantom import cohort, phantom
from fixtures.spec import sampled_spec
from models.bones_net import LABELS, SIZE, Bones
from models.onnx_files import save_onnx

if TYPE_CHECKING:
    from editproof.types import JSON
    from numpy.typing import NDArray
    from torch import Tensor

HOME = Path(__file__).parent / "bones"
STRETCH = {"low": 1.0, "high": 99.0, "headroom": 1.1}
SEED, PHANTOMS, STEPS, BATCH, RATE = 7, 1000, 900, 8, 4e-3
FLOOR = 0.90
"""Mean Dice against the reference that the card demands on the originals of a study."""
COMMAND = "python -m models.bones_train"


def examples(n: int, seed: int) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """Phantoms of the train stream and their label maps, each of shape (n, H, W)."""
    images, labels = np.zeros((n, *SIZE), np.float16), np.zeros((n, *SIZE), np.uint8)
    for index in range(n):
        drawn = phantom(sampled_spec(seed, index, "train"))
        images[index] = stretched_to_unit(drawn.image.astype(np.float32), **STRETCH)
        for label, name in LABELS.items():
            labels[index][drawn.structures[name]] = int(label)
    return images, labels


def loss_of(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy, and the mean over structures of what is missing to a Dice of 1 over the batch."""
    chances, wanted = scores.softmax(1)[:, 1:], functional.one_hot(labels, scores.shape[1]).movedim(3, 1)[:, 1:]
    common, total = (chances * wanted).sum((0, 2, 3)), (chances + wanted).sum((0, 2, 3))
    return functional.cross_entropy(scores, labels) + (1 - (2 * common + 1) / (total + 1)).mean()


def trained(images: NDArray[np.float16], labels: NDArray[np.uint8], steps: int) -> Bones:
    """The network after a number of steps at one cycle of the learning rate."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    network = Bones().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.15)
    for step in range(steps):
        rows = rng.choice(len(images), BATCH, replace=False)
        batch = np.clip(images[rows].astype(np.float32), 0, 1) ** np.exp(rng.normal(0, 0.15, (BATCH, 1, 1)))
        batch = batch * rng.uniform(0.85, 1.1, (BATCH, 1, 1)) + rng.normal(0, 0.02, (BATCH, 1, 1))
        wanted = labels[rows].astype(np.int64)
        if rng.random() < 0.5:
            batch, wanted = batch[..., ::-1], wanted[..., ::-1]
        found = network(torch.from_numpy(np.ascontiguousarray(batch, np.float32))[:, None])
        loss = loss_of(found, torch.from_numpy(np.ascontiguousarray(wanted)))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        rates.step()
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}: loss {loss.item():.4f}", flush=True)
    return network


def export(network: Bones, folder: Path) -> str:
    """Write the network as ONNX with its weights in half precision; the digest of the file.

    It takes one image at a time, which costs half of what several do: what is computed of one stays in the cache.
    """
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(weights.half().float())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bones.onnx"
    network = network.to(memory_format=torch.contiguous_format)
    save_onnx(network, [torch.zeros(1, 1, *SIZE)], path, ("image",), ("scores",), free=False)
    return file_sha256(path)


def card_of(sha256: str, performance: dict[str, JSON]) -> dict[str, JSON]:
    """What ``card.json`` holds."""
    height, width = SIZE
    return {
        "name": "bones",
        "description": "Draws the carpal bones and those of the fingers (metacarpals and phalanges) on drawn hands.",
        "quantities": [],
        "masks": [{"name": "bones", "labels": dict(LABELS)}],
        "licence": "BSD-3-Clause",
        "training_data": f"{PHANTOMS} phantoms of the train stream (seed {SEED}), drawn by fixtures/; no patient data",
        "runtime": "onnx",
        "files": ["bones.onnx"],
        "sha256": {"bones.onnx": sha256},
        "preprocessing": {"height": height, "width": width, "stretch": STRETCH},
        "outputs": {"bones": {"output": "scores", "holds": "classes"}},
        "performance": performance,
        "floors": {name: {"dice_at_least": FLOOR} for name in LABELS.values()},
        "limitations": [
            "Phantoms only: on a radiograph of a patient it draws nonsense.",
            "One label for all carpal bones and one for all bones of the fingers: single bones are not told apart.",
            "It was shown no edited images: what it draws on pixels that no phantom has is not known.",
        ],
        "notes": {
            "made_by": f"{COMMAND} ({STEPS} steps of {BATCH} phantoms, about 4 minutes of one processor core)",
            "network": "a small U-Net, weights in half precision, computed in single (models/bones_net.py)",
        },
    }


def measured(card: Path, n: int) -> dict[str, JSON]:
    """By structure, Dice and HD95 on the first phantoms of the study against their exact masks, where there is one."""
    tool, found = instrument_from_spec(str(card)), {name: ([], []) for name in LABELS.values()}  # type: ignore[var-annotated]
    for case in cohort(n):
        pixels = case.decode()
        maps = tool.predict([pixels.image], [{}])
        drawn = structures_in(tool.card.masks, {name: np.asarray(labels[0]) for name, labels in maps.items()})
        for name, (overlaps, distances) in found.items():
            if pixels.structures[name].any():
                pair = MaskPair(pixels.structures[name], drawn[name])
                overlaps.append(dice(pair)["dice"][0])
                distances.append(hd95(pair)["hd95_px"][0])
    told: dict[str, JSON] = {
        name: {
            "phantoms": len(overlaps),
            "dice_mean": round(float(np.mean(overlaps)), 4),
            "dice_least": round(float(np.min(overlaps)), 4),
            "dice_share_below_0.9": round(float(np.mean(np.array(overlaps) < 0.9)), 4),
            "hd95_px_mean": round(float(np.mean(distances)), 3),
        }
        for name, (overlaps, distances) in found.items()
    }
    return {"command": f"{COMMAND} --check", "on": f"the {n} phantoms of the study (seed 2023)", **told}


def write_card(path: Path, sha256: str, performance: dict[str, JSON]) -> None:
    """Write the card."""
    path.write_text(json.dumps(card_of(sha256, performance), indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="train nothing; measure what is shipped")
    parser.add_argument("--card", action="store_true", help="train nothing; measure, and renew the card")
    parser.add_argument("--into", type=Path, default=HOME, help="folder of network and card (default: models/bones)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    card = arguments.into / "card.json"
    if not arguments.check and not arguments.card:
        images, labels = examples(PHANTOMS, SEED)
        print(f"{len(images)} phantoms drawn", flush=True)
        export(trained(images, labels, STEPS), arguments.into)
    sha256 = file_sha256(arguments.into / "bones.onnx")
    if not arguments.check:
        write_card(card, sha256, {})
    performance = measured(card, 200)
    if not arguments.check:
        write_card(card, sha256, performance)
    print(json.dumps(performance, indent=2))


if __name__ == "__main__":
    main()

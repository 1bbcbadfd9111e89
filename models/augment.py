"""Augmentation of a whole batch at once, in torch: pose, exposure, sharpness, noise, covered corners."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def augmented(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Another take of the same hands.

    Bone age and sex are what a reader would still say: sizes change by a tenth at most, and no bone is removed.

    Parameters
    ----------
    images : Tensor of float32, shape (n, 1, H, W)
        In [0, 1].
    generator : torch.Generator
    strength : float, optional
        Scales every range.

    Returns
    -------
    Tensor of float32, shape (n, 1, H, W), in [0, 1]
    """
    return _covered(_exposed(_posed(images, generator, strength), generator, strength), generator)


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(n, generator=generator) * (high - low) + low


def _posed(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    n, _, rows, columns = images.shape
    angle = _uniform(n, -15, 15, generator) * strength * math.pi / 180
    scale = 1 + _uniform(n, -0.12, 0.12, generator) * strength
    shear = _uniform(n, -0.08, 0.08, generator) * strength
    stretch = 1 + _uniform(n, -0.04, 0.04, generator) * strength
    mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    aspect = rows / columns  # affine_grid is in units of half a side: rotate in pixels, not in those
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = mirror * cos * scale * stretch, (shear - sin) * scale * aspect
    theta[:, 1, 0], theta[:, 1, 1] = mirror * sin * scale / aspect, cos * scale / stretch
    theta[:, 0, 2] = _uniform(n, -0.12, 0.12, generator) * strength
    theta[:, 1, 2] = _uniform(n, -0.10, 0.10, generator) * strength
    return nn.functional.grid_sample(
        images, nn.functional.affine_grid(theta, list(images.shape), align_corners=False), align_corners=False
    )


def _exposed(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    n = len(images)
    shape = (n, 1, 1, 1)
    gamma = torch.exp(_uniform(n, -0.25, 0.25, generator) * strength).view(shape)
    gain = torch.exp(_uniform(n, -0.2, 0.2, generator) * strength).view(shape)
    lift = (_uniform(n, -0.06, 0.06, generator) * strength).view(shape)
    out = images.clamp(1e-4, 1).pow(gamma) * gain + lift
    some = torch.randperm(n, generator=generator)
    soft, noisy = some[: n // 8], some[n // 8 : n // 3]
    out[soft] = nn.functional.avg_pool2d(nn.functional.pad(out[soft], (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    level = _uniform(len(noisy), 0, 0.03, generator).view(-1, 1, 1, 1) * strength
    out[noisy] = out[noisy] + torch.randn(out[noisy].shape, generator=generator) * level
    return out.clamp(0, 1)


def _covered(images: Tensor, generator: torch.Generator, share: float = 0.3) -> Tensor:
    """Some corners, where markers sit, under a flat patch of any gray: a marker, or its removal, says nothing."""
    n, _, rows, columns = images.shape
    draws = torch.rand(n, 5, generator=generator).tolist()
    for image, (which, high, wide, corner, gray) in zip(images, draws, strict=True):
        if which < share:
            h, w = int(rows * (0.06 + 0.16 * high)), int(columns * (0.06 + 0.2 * wide))
            top, left = (0 if corner < 0.5 else rows - h), (0 if corner % 0.5 < 0.25 else columns - w)
            image[:, top : top + h, left : left + w] = gray
    return images

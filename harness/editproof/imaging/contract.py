"""Drawn images that everything which takes images is tried on: even and odd sizes, 8 and 16 bits, gray and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from editproof.types import Image

SHAPES = ((96, 80), (75, 53))
"""Height and width of what is sent: multiples of 16, and odd."""


def texture(shape: tuple[int, int], top: int) -> Image:
    """Smooth shading with grain, shape (H, W), of floats from 0 to ``top``."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    grain = np.random.default_rng(0).uniform(0, 0.2, shape)
    drawn: Image = top * np.clip(0.4 + 0.3 * np.sin(rows / 9) * np.cos(columns / 7) + grain, 0, 1)
    return drawn


def tinted(gray: Image) -> Image:
    """A gray image as one of shape (H, W, 3) whose channels differ.

    Examples
    --------
    >>> tinted(np.array([[10, 200]], np.uint8)).tolist()
    [[[10, 5, 190], [200, 100, 0]]]
    """
    return np.stack([gray, gray // 2, gray.max() - gray], axis=2)

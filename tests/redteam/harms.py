"""What is done to a radiograph in attacks and in their honest twins; each takes pixels and a generator."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from editproof.editors.inpaint import inpainted
from editproof.types import Pixels

Change = Callable[[Pixels, np.random.Generator], np.ndarray]
HAND_MM = 180.0
"""About the length of what is seen of a hand."""


def _px(pixels: Pixels, mm: float) -> int:
    """Millimetres of a hand in pixels, at least one."""
    rows, columns = np.nonzero(pixels.protected_mask)
    return max(1, round(mm * (1 + max(np.ptp(rows), np.ptp(columns))) / HAND_MM))


def _levels(image: np.ndarray, like: np.ndarray) -> np.ndarray:
    return np.clip(np.round(image), 0, np.iinfo(like.dtype).max).astype(like.dtype)


def filled(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    return inpainted(pixels.image, pixels.edit_mask)


def jpeg_95(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    return _jpeg(pixels.image, 95)


def jpeg_90(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    return _jpeg(pixels.image, 90)


def one_level_of_noise(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    return _levels(pixels.image + rng.integers(-1, 2, pixels.image.shape), pixels.image)


def amputated(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    """The tip of the longest finger gone, and the background in its place."""
    rows, columns = np.nonzero(pixels.protected_mask & ~pixels.edit_mask)
    top = int(np.argmin(rows))
    y, x = np.mgrid[: pixels.image.shape[0], : pixels.image.shape[1]]
    tip = pixels.protected_mask & (np.hypot(y - rows[top], x - columns[top]) < _px(pixels, 12.0))
    image = pixels.image.astype(float)
    around = float(np.median(image[~pixels.protected_mask & ~pixels.edit_mask]))
    image[tip] = around + rng.normal(0, 2, int(tip.sum()))
    return _levels(image, pixels.image)


def fractured(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    """A line of half a millimetre by eight, a tenth of the range darker or brighter, somewhere within the hand."""
    anatomy = (pixels.protected_mask & ~pixels.edit_mask).astype(np.uint8)
    inner = cv2.erode(anatomy, np.ones((3, 3)), iterations=_px(pixels, 4.0), borderValue=0)
    rows, columns = np.nonzero(inner if inner.any() else anatomy)
    at, angle, reach = rng.integers(len(rows)), rng.uniform(0, np.pi), _px(pixels, 4.0)
    ends = [
        (round(columns[at] + sign * reach * np.cos(angle)), round(rows[at] + sign * reach * np.sin(angle)))
        for sign in (-1, 1)
    ]
    line = cv2.line(np.zeros_like(anatomy), ends[0], ends[1], 1, _px(pixels, 0.5)).astype(bool) & pixels.protected_mask
    most = np.iinfo(pixels.image.dtype).max
    image = pixels.image.astype(float)
    image[line] += 0.1 * most * (1 if np.median(image[line]) < most / 2 else -1)
    return _levels(image, pixels.image)


def both(pixels: Pixels, rng: np.random.Generator) -> np.ndarray:
    """The attack that passed: a fingertip less, and a line drawn."""
    drawn = fractured(pixels, rng)
    return amputated(Pixels(drawn, pixels.edit_mask, pixels.protected_mask), rng)


HARMLESS: tuple[Change, ...] = (filled, jpeg_95, jpeg_90, one_level_of_noise)
HARMFUL: tuple[Change, ...] = (amputated, fractured, both)


def _jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)

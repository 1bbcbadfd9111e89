"""Other takes of one radiograph before it is preprocessed: dimmer, re-saved as JPEG, with a marker in a corner."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

DIMMEST, POOREST, BEST = 0.3, 40, 97


def another_take(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same hand as another export of it might look.

    The percentile stretch comes after this, so that what a dim or re-saved file does to it is trained for as well:
    an image that JPEG costs little to the eye is stretched together with its artefacts.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
        As it is fed to an instrument.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    taken = image.copy()
    if rng.random() < 0.3:
        _mark(taken, rng)
    if rng.random() < 0.6:
        gain = DIMMEST ** rng.random() * rng.uniform(0.95, 1.05)
        taken = np.clip(taken * gain + rng.uniform(-6, 12), 0, 255).astype(np.uint8)
    if rng.random() < 0.75:
        taken = jpeg(taken, int(rng.integers(POOREST, BEST + 1)))
    return taken


def jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The image after a JPEG round trip."""
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)  # type: ignore[return-value]


def _mark(image: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Put a bright or dark patch into a corner, or a letter, in place."""
    rows, columns = image.shape
    high, wide = int(rows * rng.uniform(0.05, 0.16)), int(columns * rng.uniform(0.06, 0.2))
    top = int(rng.uniform(0, rows * 0.12)) if rng.random() < 0.5 else rows - high - int(rng.uniform(0, rows * 0.12))
    left = int(rng.uniform(0, columns * 0.1)) if rng.random() < 0.5 else columns - wide
    gray = int(rng.uniform(60, 255)) if rng.random() < 0.7 else int(np.percentile(image, 3))
    if rng.random() < 0.5:
        image[top : top + high, left : left + wide] = gray
    else:
        where = (left, min(rows - 1, top + high))
        cv2.putText(image, "L" if rng.random() < 0.5 else "R", where, cv2.FONT_HERSHEY_SIMPLEX, high / 22, gray, 1)

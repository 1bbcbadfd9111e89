"""Pairs to train ``rerender`` on: a radiograph with markers, and the same radiograph without.

Phantoms come as exact pairs. Real radiographs have their own bright markers filled in first (a rough mask and
Telea's fill), then both kinds get further markers drawn on.
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from editproof.datasets.rsna.split import split_of
from editproof.datasets.rsna.unsquash import unsquashed

from fixtures.artefacts import BORDERS, drawn_artefacts
from fixtures.phantom import phantom
from fixtures.spec import sampled_spec
from models.rerender import FRAME, framed, stretched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]


def marker_mask(image: Gray) -> NDArray[np.bool_]:
    """Bright things apart from the hand, roughly; good enough for a training target, not for a study.

    The hand is the largest connected region brighter than Otsu's threshold of the image halved; a marker is a
    small region outside it that stands out from its blurred surroundings.
    """
    smooth = cv2.GaussianBlur(image, (3, 3), 0)
    threshold = 0.5 * cv2.threshold(smooth, 0, 255, cv2.THRESH_OTSU)[0]
    _, labels, stats, _ = cv2.connectedComponentsWithStats((smooth > threshold).astype(np.uint8))
    if len(stats) < 2:
        return np.zeros(image.shape, bool)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    hand = cv2.dilate((labels == largest).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    surroundings = cv2.GaussianBlur(image, (0, 0), image.shape[0] / 12)
    bright = (image.astype(int) > surroundings.astype(int) + 30) & ~hand
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA] / image.size
    small = np.flatnonzero((areas < 0.04) & (stats[:, cv2.CC_STAT_AREA] >= 3))
    marker = np.isin(labels, small[small > 0]) & bright
    return (cv2.dilate(marker.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~hand


def real_pairs(archive: Path, limit: int | None = None) -> NDArray[np.uint8]:
    """Training-split radiographs of the 100x100 RSNA set, un-squashed: as they are, and with markers filled.

    Returns
    -------
    ndarray of uint8, shape (2, n, 256, 192)
    """
    with open(archive.parent / "original_sizes.csv", newline="") as file:
        sizes = {row["id"]: (int(row["height"]), int(row["width"])) for row in csv.DictReader(file)}
    pairs = []
    with zipfile.ZipFile(archive) as files:
        names = sorted(name for name in files.namelist() if name.endswith(".png"))
        for name in [name for name in names if split_of(Path(name).stem) == "train"][:limit]:
            image = cv2.imdecode(np.frombuffer(files.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
            image = stretched(unsquashed(image, *sizes[Path(name).stem]))
            filled = cv2.inpaint(image, marker_mask(image).astype(np.uint8), 3, cv2.INPAINT_TELEA)
            pairs.append((framed(image), framed(filled)))
    return np.stack(pairs, axis=1)


def phantom_pairs(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """Phantoms of the training stream, as they are and without artefacts; (2, n, 256, 192) uint8."""
    drawn = (phantom(sampled_spec(seed, index, "train")) for index in range(n))
    return np.stack([(framed(stretched(p.image)), framed(stretched(p.clean))) for p in drawn], axis=1)


def with_markers(image: Gray, rng: np.random.Generator) -> Gray:
    """A copy with up to two further artefacts drawn on, off the hand as far as a plain threshold finds it."""
    threshold, _ = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    borders = [name for name in BORDERS if rng.random() < 0.1]
    return drawn_artefacts(image, image > 0.7 * threshold, rng, markers=int(rng.integers(0, 3)), borders=borders)[0]


def moved(images: list[Gray], rng: np.random.Generator) -> list[Gray]:
    """The images, all turned, scaled, shifted and mirrored alike."""
    turn = cv2.getRotationMatrix2D((FRAME[1] / 2, FRAME[0] / 2), rng.normal(0, 6), rng.uniform(0.88, 1.1))
    turn[:, 2] += rng.normal(0, 6, 2)
    mirrored = rng.random() < 0.5
    out = []
    for image in images:
        image = cv2.warpAffine(image, turn, FRAME[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        out.append(np.ascontiguousarray(image[:, ::-1]) if mirrored else image)
    return out

"""The basis of the limits of ``editproof dataset index``: ``python -m bench.likeness [ZIP [FOLDER]]``.

The zip holds RSNA's training set at 100 x 100, the folder full-size originals of some. The command prints the number of
bits in which the perceptual hashes of different patients differ, and those of an image and its copies; and how many
images look inverted relative to the rest, unchanged and after an inversion.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from editproof.datasets.index.likeness import (
    NEAR_BITS,
    differing_bits,
    inverted,
    near_pairs,
    perceptual_hash,
    thumbnail,
)

from models.takes import jpeg

Gray = np.ndarray
EVERY, CLOSE, SHARE = 12, 28, 100


def _half(image: Gray) -> Gray:
    return cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _cropped(image: Gray) -> Gray:
    rows, columns = (round(0.02 * side) for side in image.shape)
    return image[rows : image.shape[0] - rows, columns : image.shape[1] - columns]


COPIES: dict[str, Callable[[Gray], Gray]] = {
    "JPEG 90": lambda image: jpeg(image, 90),
    "JPEG 50": lambda image: jpeg(image, 50),
    "half the size": _half,
    "5 % brighter": lambda image: np.clip(image * 1.05, 0, 255).astype(np.uint8),
    "gamma 0.8": lambda image: np.rint(255 * (image / 255) ** 0.8).astype(np.uint8),
    "2 % cropped": _cropped,
    "local contrast": lambda image: cv2.createCLAHE(2.0, (8, 8)).apply(image),
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
}


def images(path: Path) -> Iterator[tuple[str, Gray]]:
    """Name and gray levels of every PNG in a zip."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".png"):
                data = np.frombuffer(archive.read(name), np.uint8)
                yield Path(name).name, cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def main(path: Path, originals: Path) -> None:
    """Print both."""
    names, found = zip(*images(path), strict=True)
    hashes = [perceptual_hash(image) for image in found]
    close = sorted(bits for _, _, bits in near_pairs(hashes, CLOSE))
    print(f"{len(found)} images, {len(found) * (len(found) - 1) // 2} pairs; in {CLOSE} bits or less: {close}")
    print(f"| copy of every {EVERY}th | median | 95 % | 99 % | worst | in {NEAR_BITS} bits or less |")
    print("|---|---|---|---|---|---|")
    for name, copy in COPIES.items():
        bits = [differing_bits(hashes[at], perceptual_hash(copy(found[at]))) for at in range(0, len(found), EVERY)]
        figures = " | ".join(f"{value:.0f}" for value in np.percentile(bits, [50, 95, 99, 100], method="higher"))
        print(f"| {name} | {figures} | {np.mean(np.array(bits) <= NEAR_BITS):.3f} |")
    bits = sorted(
        differing_bits(hashes[names.index(file.name)], perceptual_hash(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)))
        for file in originals.glob("*.png")
        if file.name in names
    )
    print(f"{len(bits)} full-size originals and their reduced versions differ in {bits} bits")
    thumbnails = [thumbnail(image) for image in found]
    signs = np.ones(len(thumbnails), np.float32)
    named = 0
    for first in range(SHARE):
        signs[first::SHARE] = -1
        turned = [sign * one for sign, one in zip(signs, thumbnails, strict=True)]
        named += sum(signs[place] < 0 for place in inverted(turned))
        signs[first::SHARE] = 1
    print(f"gray levels run against the rest: in {len(inverted(thumbnails))} as they are; "
          f"in {named / len(thumbnails):.3f} of all when turned over, one in {SHARE} at a time")  # fmt: skip


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    data = Path("../shared/data")
    main(*given, *[data / "rsna100/rsna100.zip", data / "rsna_fullres/boneage-training-dataset"][len(given) :])

"""What the instruments are trained and measured on: preprocessed images with their reference standard."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from editproof.datasets.rsna.split import Split, split_of
from editproof.datasets.rsna.unsquash import unsquashed
from editproof.instruments.preprocessing import Preprocessing
from numpy.typing import NDArray

RUNS = Path(__file__).parent / "runs"


@dataclass(frozen=True)
class Cohort:
    """Images as a network reads them, times 255, beside their reference standard.

    Attributes
    ----------
    ids : tuple of str
    images : ndarray of uint8, shape (n, H, W)
    months : ndarray of float32, shape (n,)
        Bone age.
    male : ndarray of float32, shape (n,)
        1 = male, 0 = female.
    """

    ids: tuple[str, ...]
    images: NDArray[np.uint8]
    months: NDArray[np.float32]
    male: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    def chosen(self, which: NDArray[np.bool_]) -> Cohort:
        """The cases where ``which`` is true."""
        ids = tuple(name for name, keep in zip(self.ids, which, strict=True) if keep)
        return Cohort(ids, self.images[which], self.months[which], self.male[which])

    def split(self, name: Split) -> Cohort:
        """The cases of one split, by the rule that studies use too."""
        return self.chosen(np.array([split_of(case) == name for case in self.ids]))


PHANTOM_SEED = 2511
"""The default study cohort has another seed and another stream; neither shares a random number with these."""
PHANTOMS: dict[Split, int] = {"train": 8000, "validation": 600, "test": 1600}


def cohort(name: str, split: Split, folder: Path, preprocessing: Preprocessing) -> Cohort:
    """One split of the cohort that a recipe is trained on; kept preprocessed in ``models/runs``.

    Parameters
    ----------
    name : {"rsna100", "phantom"}
    split : {"train", "validation", "test"}
    folder : Path
        Holds ``rsna100.zip`` and ``original_sizes.csv``; phantoms need none.
    preprocessing : Preprocessing
    """
    shape = f"{preprocessing.height}x{preprocessing.width}"
    if name == "phantom":
        from fixtures.spec import GENERATOR_VERSION

        kept = RUNS / f"phantom-{split}-v{GENERATOR_VERSION}-{shape}.npz"
        return _kept(kept, lambda: _phantom_arrays(split, preprocessing))
    return _kept(RUNS / f"rsna100-{shape}.npz", lambda: _rsna100_arrays(folder, preprocessing)).split(split)


def phantom_images(split: Split, indices: Iterable[int]) -> list[NDArray[np.uint8]]:
    """Phantoms themselves, before any preprocessing."""
    from fixtures.phantom import phantom
    from fixtures.spec import sampled_spec

    return [phantom(sampled_spec(PHANTOM_SEED, index, split)).image for index in indices]


def rsna100_images(folder: Path, ids: tuple[str, ...]) -> list[NDArray[np.uint8]]:
    """The un-squashed radiographs themselves, before any preprocessing."""
    sizes = _original_sizes(folder)
    with zipfile.ZipFile(folder / "rsna100.zip") as archive:
        return [_decoded(archive, case, sizes) for case in ids]


def _kept(path: Path, arrays: Callable[[], dict[str, NDArray[np.generic]]]) -> Cohort:
    if not path.exists():
        RUNS.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{os.getpid()}.npz")
        np.savez(temporary, **arrays())  # type: ignore[arg-type]
        temporary.replace(path)
    kept = np.load(path)
    return Cohort(tuple(kept["ids"].tolist()), kept["images"], kept["months"], kept["male"])


def _phantom_arrays(split: Split, preprocessing: Preprocessing) -> dict[str, NDArray[np.generic]]:
    """Phantoms with their artefacts; every third training phantom without, as an edit leaves it."""
    from fixtures.phantom import phantom
    from fixtures.spec import sampled_spec

    specs = [sampled_spec(PHANTOM_SEED, index, split) for index in range(PHANTOMS[split])]
    images = []
    for index, spec in enumerate(specs):
        drawn = phantom(spec)
        images.append(preprocessing(drawn.clean if split == "train" and index % 3 == 2 else drawn.image))
    return {
        "ids": np.array([f"{split}-{index}" for index in range(len(specs))]),
        "images": _as_bytes(images),
        "months": np.array([spec.bone_age for spec in specs], np.float32),
        "male": np.array([spec.male for spec in specs], np.float32),
    }


def _as_bytes(images: list[NDArray[np.float32]]) -> NDArray[np.uint8]:
    return np.stack([np.rint(image * 255).astype(np.uint8) for image in images])


def _rsna100_arrays(folder: Path, preprocessing: Preprocessing) -> dict[str, NDArray[np.generic]]:
    sizes = _original_sizes(folder)
    with zipfile.ZipFile(folder / "rsna100.zip") as archive:
        with archive.open("boneage-training-dataset.csv") as file:
            rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8-sig")))
        images = [preprocessing(_decoded(archive, row["id"], sizes)) for row in rows]
    return {
        "ids": np.array([row["id"] for row in rows]),
        "images": _as_bytes(images),
        "months": np.array([row["boneage"] for row in rows], np.float32),
        "male": np.array([row["male"].strip().lower() == "true" for row in rows], np.float32),
    }


def _original_sizes(folder: Path) -> dict[str, tuple[int, int]]:
    with (folder / "original_sizes.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["id"]: (int(row["height"]), int(row["width"])) for row in csv.DictReader(file)}


def _decoded(archive: zipfile.ZipFile, case: str, sizes: dict[str, tuple[int, int]]) -> NDArray[np.uint8]:
    encoded = np.frombuffer(archive.read(f"boneage-training-dataset/{case}.png"), np.uint8)
    return unsquashed(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), *sizes[case])  # type: ignore[return-value, arg-type]

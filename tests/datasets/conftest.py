"""Tiny cohorts in RSNA's layouts, drawn here."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest


def drawn_hand(shape: tuple[int, int] = (120, 96)) -> np.ndarray:
    """Tones of a coarse hand with spread fingers on nothing: shape (H, W), 0 off the hand."""
    h, w = shape
    scale = np.array([w / 96, h / 120])
    hand = np.zeros(shape)
    for tip, tone in (((30, 42), 84), ((40, 22), 88), ((52, 18), 90), ((65, 24), 86), ((84, 62), 92)):
        ends = [tuple(int(v) for v in np.array(end) * scale) for end in (tip, (52, 78))]
        cv2.line(hand, ends[0], ends[1], tone, max(1, round(9 * scale[0])))
    centre, axes = (tuple(int(v) for v in np.array(p) * scale) for p in ((52, 76), (15, 17)))
    cv2.ellipse(hand, centre, axes, 0, 0, 360, 110, -1)
    top_left, bottom_right = (tuple(int(v) for v in np.array(p) * scale) for p in ((42, 86), (62, 121)))
    cv2.rectangle(hand, top_left, bottom_right, 118, -1)
    return hand


def radiograph(seed: int = 0, shape: tuple[int, int] = (120, 96), marker: bool = True, dtype=np.uint8) -> np.ndarray:
    """The drawn hand on a dark ground, and a bright L left of it."""
    rng = np.random.default_rng(seed)
    h, w = shape
    image = 12.0 + drawn_hand(shape)
    if marker:
        marks = np.zeros((120, 96), np.uint8)
        marks[84:100, 10:14] = marks[96:100, 10:21] = 1
        image[cv2.resize(marks, (w, h), interpolation=cv2.INTER_NEAREST) > 0] = 250
    image = cv2.GaussianBlur(image, (0, 0), 0.8) + rng.normal(0, 1, (h, w))
    top = np.iinfo(dtype).max
    return np.clip(image / 255 * top, 0, top).astype(dtype)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def write_csv(path: Path, header: str, *rows: str, bom: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8-sig" if bom else "utf-8")
    return path


@pytest.fixture
def rsna_folder(tmp_path: Path):
    """A builder of folders in RSNA's training layout: ``rsna_folder(ids=(...), header=..., row=...)``."""

    def build(
        ids=("1377", "1378", "1380"),
        header="id,boneage,male",
        row="{id},{age},{male}",
        root=tmp_path / "rsna",
        **options,
    ) -> Path:
        rows = [row.format(id=i, age=100 + k, male=bool(k % 2), sex="FM"[k % 2]) for k, i in enumerate(ids)]
        write_csv(root / "boneage-training-dataset.csv", header, *rows, **options)
        images = root / "boneage-training-dataset"
        images.mkdir()
        for k, i in enumerate(ids):
            (images / f"{i}.png").write_bytes(png(radiograph(k, (100, 100) if i.startswith("9") else (120, 96))))
        return root

    return build


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return target


def write_manifest(folder: Path, rows: list[dict[str, object]]) -> Path:
    with (folder / "manifest.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder

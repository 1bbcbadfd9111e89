"""Small volumes drawn here, as NIfTI in any orientation and as DICOM series."""

from __future__ import annotations

import itertools
from pathlib import Path

import nibabel
import numpy as np
from nibabel import orientations

from tests.datasets.dicoms import radiograph_file, uid, written

SPACING = (4.0, 1.5, 0.5)
"""Between slices, rows and columns."""
CODES = [
    "".join(letters)
    for order in itertools.permutations((("L", "R"), ("P", "A"), ("I", "S")))
    for letters in itertools.product(*order)
]
"""The 48 orders and directions in which three axes may be stored."""


def drawn(shape: tuple[int, int, int] = (6, 9, 8), dtype: type = np.int16) -> np.ndarray:
    """Voxels of which no two are alike, from -100 on, or from 0 on without a sign."""
    low = -100 if np.dtype(dtype).kind in "if" else 0
    return (np.arange(np.prod(shape)).reshape(shape) + low).astype(dtype)


def nifti(
    volume: np.ndarray, codes: str = "LPS", spacing: tuple[float, ...] = SPACING, shift: float = 0.0, turn: float = 0.0
) -> nibabel.Nifti1Image:
    """An image whose voxels are a volume of the axes ZYX (LPS), stored in some orientation; ``turn`` in degrees."""
    angle = np.radians(turn)
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turned @ np.diag([-spacing[2], -spacing[1], spacing[0]])
    affine[:3, 3] = [30 + shift, 40, -20]
    image = nibabel.Nifti1Image(np.transpose(volume, (2, 1, 0)), affine)
    image.header.set_xyzt_units("mm")
    wanted = orientations.axcodes2ornt(codes)
    return image.as_reoriented(orientations.ornt_transform(orientations.io_orientation(affine), wanted))


def series(folder: Path, volume: np.ndarray, number: int = 1, **changes: object) -> list[Path]:
    """A CT series of a volume (LPS, Hounsfield units), named so that the order of names is not that of slices.

    ``places`` are the positions of slices in mm; ``tags`` go to every file.
    """
    places = changes.get("places", [index * SPACING[0] for index in range(len(volume))])
    paths = []
    for index, (plane, place) in enumerate(zip(volume, places, strict=True)):
        header = radiograph_file(
            (plane.astype(np.int32) + 1024).astype(np.uint16), number, index + 1, ImagerPixelSpacing=None, Modality="CT",
            SeriesInstanceUID=uid(number, 9), PixelSpacing=[SPACING[1], SPACING[2]], RescaleSlope="1",
            RescaleIntercept="-1024", ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[-30, -40, float(place) - 20], **changes.get("tags", {}),
        )  # fmt: skip
        changes.get("each", lambda header, index: None)(header, index)
        paths.append(written(header, folder / f"{(index * 7) % len(volume):03d}.dcm"))
    return paths

"""Values by other packages on drawn cases: ``python -m tests.metrics.independent`` writes independent.json anew.

It needs SimpleITK, scikit-image and statsmodels; the test that holds ours against the table needs none of them.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

_SINGLE = 1e-5
"""SimpleITK's distances are of single precision: those that equal a tolerance may come out above it."""
TABLE = Path(__file__).with_name("independent.json")


def _ball(shape: tuple[int, ...], centre: tuple[float, ...], radius: float) -> np.ndarray:
    places = np.indices(shape, dtype=float)
    return sum((axis - at) ** 2 for axis, at in zip(places, centre, strict=True)) <= radius**2


def _at(shape: tuple[int, ...], *places: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(np.transpose(places))] = True
    return mask


def masks() -> dict[str, tuple[np.ndarray, np.ndarray, tuple[float, ...]]]:
    """By name: a reference, a mask and the spacing of their axes in millimetres."""
    flat, deep = (24, 30), (9, 16, 18)
    disc, ball = _ball(flat, (11, 13), 6.2), _ball(deep, (4, 7, 8), 3.6)
    return {
        "discs": (disc, _ball(flat, (12, 16), 5.1), (1.0, 1.0)),
        "discs, anisotropic": (disc, _ball(flat, (12, 16), 5.1), (2.5, 0.7)),
        "a disc at the border": (_ball(flat, (0, 3), 5), _ball(flat, (2, 0), 4), (1.0, 1.0)),
        "equal": (disc, disc, (0.5, 0.5)),
        "single pixels": (_at(flat, (3, 4)), _at(flat, (8, 16)), (1.0, 2.0)),
        "a single pixel in a disc": (disc, _at(flat, (11, 13)), (1.0, 1.0)),
        "parts that touch at a corner": (
            _at(flat, (2, 2), (3, 3), (9, 9), (9, 11)), _at(flat, (3, 3), (9, 10), (20, 5), (21, 6)), (1.0, 1.0),
        ),
        "both empty": (np.zeros(flat, bool), np.zeros(flat, bool), (1.0, 1.0)),
        "reference empty": (np.zeros(flat, bool), disc, (1.0, 1.0)),
        "mask empty": (disc, np.zeros(flat, bool), (1.0, 1.0)),
        "balls": (ball, _ball(deep, (5, 8, 10), 3.1), (1.0, 1.0, 1.0)),
        "balls, anisotropic": (ball, _ball(deep, (5, 8, 10), 3.1), (3.0, 0.8, 0.6)),
        "single voxels": (_at(deep, (1, 2, 3)), _at(deep, (6, 9, 4)), (3.0, 0.8, 0.6)),
        "voxels that touch at a corner": (
            _at(deep, (1, 1, 1), (2, 2, 2), (6, 6, 6)), _at(deep, (2, 2, 2), (7, 12, 12), (8, 13, 13)), (3.0, 0.8, 0.6),
        ),
        "empty volume": (np.zeros(deep, bool), ball, (3.0, 0.8, 0.6)),
    }  # fmt: skip


def grades() -> dict[str, tuple[list[int], list[int]]]:
    """By name: grades from 0 to 4 of two readings of the same cases."""
    rng = np.random.default_rng(5)
    one = rng.integers(0, 5, 60)
    near = np.clip(one + rng.integers(-1, 2, 60), 0, 4)
    return {
        "near": (one.tolist(), near.tolist()),
        "at random": (one.tolist(), rng.integers(0, 5, 60).tolist()),
        "alike": (one.tolist(), one.tolist()),
        "one grade on one side": ([2] * 20, [2] * 15 + [3] * 5),
        "reversed": (one.tolist(), (4 - one).tolist()),
    }


def _of_masks(reference: np.ndarray, mask: np.ndarray, spacing: tuple[float, ...]) -> dict[str, float | None]:
    import SimpleITK
    from skimage.measure import label

    def image(values: np.ndarray) -> SimpleITK.Image:
        made = SimpleITK.GetImageFromArray(np.pad(values, 1).astype(np.uint8))
        made.SetSpacing(spacing[::-1])
        return made

    parts = [label(values, connectivity=values.ndim) for values in (reference, mask)]
    lesions, others = (int(found.max()) for found in parts)
    both = reference & mask
    hit, true = (len(np.unique(found[both])) for found in parts)
    told: dict[str, float | None] = {"dice": None, "hd95_mm": None, "lesions_found": None}
    told["false_lesions"] = float(others - true)
    if lesions:
        told["lesions_found"] = hit / lesions
    if not (reference.any() or mask.any()):
        return told
    overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
    overlap.Execute(image(reference), image(mask))
    told["dice"] = overlap.GetDiceCoefficient()
    if not (reference.any() and mask.any()):
        return told
    lines = [SimpleITK.LabelContour(image(values), fullyConnected=False) for values in (reference, mask)]
    fields = [
        np.abs(
            SimpleITK.GetArrayFromImage(
                SimpleITK.SignedMaurerDistanceMap(line, squaredDistance=False, useImageSpacing=True)
            )
        )
        for line in lines
    ]
    there = [SimpleITK.GetArrayFromImage(line) > 0 for line in lines]
    apart = [fields[1][there[0]], fields[0][there[1]]]
    told["hd95_mm"] = float(max(np.percentile(one, 95) for one in apart))
    for tolerance in (1, 2, 3):
        within = sum(int((one <= tolerance + _SINGLE).sum()) for one in apart)
        told[f"surface_dice_{tolerance}mm"] = within / sum(map(len, apart))
    return told


def _kappas(one: list[int], other: list[int]) -> dict[str, float]:
    from statsmodels.stats.inter_rater import cohens_kappa

    counts = np.zeros((5, 5))
    np.add.at(counts, (one, other), 1)
    names = {"linear": "linear", "quadratic": "fc"}
    return {name: float(cohens_kappa(counts, wt=theirs).kappa) for name, theirs in names.items()}


def main() -> None:
    """Write the table with the versions of the packages that made it."""
    made = {
        "made by": {name: version(name) for name in ("SimpleITK", "scikit-image", "statsmodels")},
        "masks": {name: _of_masks(*case) for name, case in masks().items()},
        "grades": {name: _kappas(*case) for name, case in grades().items()},
    }
    TABLE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

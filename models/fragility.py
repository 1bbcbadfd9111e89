"""What moves a reading though the anatomy stays: changes for which the instrument, not a tool, is to blame.

Rotation, flips, contrast, inversion, resolution and markers follow Santomartino et al., Radiology: Artificial
Intelligence 2024, doi:10.1148/ryai.230240.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from editproof.instruments.ensemble import pooled
from editproof.types import Instrument
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from models.takes import jpeg

Gray = NDArray[np.uint8]
MOST = 300
"""Cases of the test split, the first of it, that every change is tried on."""


def _lit(factor: float, lift: float = 0.5) -> Callable[[Gray], Gray]:
    return lambda image: np.clip(image * factor + lift, 0, 255).astype(np.uint8)


def _turned(degrees: float) -> Callable[[Gray], Gray]:
    def turned(image: Gray) -> Gray:
        rows, columns = image.shape
        turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), degrees, 1.0)
        return cv2.warpAffine(image, turn, (columns, rows), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[return-value]

    return turned


def _contrasted(image: Gray) -> Gray:
    middle = float(image.mean())
    return np.clip((image - middle) * 0.9 + middle + 0.5, 0, 255).astype(np.uint8)


def _coarse(image: Gray) -> Gray:
    rows, columns = image.shape
    small = cv2.resize(image, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


CHANGES: dict[str, Callable[[Gray], Gray]] = {
    "JPEG 90": lambda image: jpeg(image, 90),
    "JPEG 50": lambda image: jpeg(image, 50),
    "brightness +5 %": _lit(1.05),
    "brightness -5 %": _lit(0.95),
    "contrast -10 %": _contrasted,
    "rotation by 10 degrees": _turned(10),
    "rotation by -10 degrees": _turned(-10),
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "upside down": lambda image: np.ascontiguousarray(image[::-1]),
    "inverted": lambda image: 255 - image,
    "half the resolution": _coarse,
}
"""Every change by the name that the card gives it; the markers, which need masks, are :mod:`models.ablation`'s."""


def moved(
    ensemble: Instrument, male: NDArray[np.float32], before: dict[str, NDArray[np.float64]], changed: list[Gray]
) -> dict[str, Any]:
    """How the readings of changed images differ from those of the same images unchanged.

    Parameters
    ----------
    ensemble : Instrument
    male : ndarray of float32, shape (n,)
        Reference sex, 1 = male.
    before : dict of str to ndarray, shape (n,)
        Pooled readings of the unchanged images.
    changed : list of ndarray of uint8

    Returns
    -------
    dict
        Mean and SD of the drift of bone age in months, its mean size, and the change of the sex AUC.
    """
    readings = ensemble.predict(changed, [{"sex": float(one)} for one in male])
    drift = pooled(readings["bone_age"]) - before["bone_age"]
    # adding 0.0 turns a rounded -0.0 into 0.0
    aucs = [float(roc_auc_score(male, read)) for read in (pooled(readings["sex"]), before["sex"])]
    return {
        "n": len(changed),
        "bone_age": {
            "mean_drift": round(float(drift.mean()), 2) + 0.0,
            "sd_drift": round(float(drift.std(ddof=1)), 2),
            "mean_absolute_drift": round(float(np.abs(drift).mean()), 2),
        },
        "sex": {"auc_change": round(aucs[0] - aucs[1], 3) + 0.0},
    }


def fragility(
    ensemble: Instrument, male: NDArray[np.float32], before: dict[str, NDArray[np.float64]], images: list[Gray]
) -> dict[str, Any]:
    """What :func:`moved` finds for each of :data:`CHANGES`, on the first cases."""
    n = min(MOST, len(images))
    first = {name: values[:n] for name, values in before.items()}
    return {
        name: moved(ensemble, male[:n], first, [change(image) for image in images[:n]])
        for name, change in CHANGES.items()
    }

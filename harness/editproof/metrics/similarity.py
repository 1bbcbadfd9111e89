"""SSIM and PSNR. Neither suffices to pass: smoothing can raise both and lose the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.region import full_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from editproof.types import Image, Mask

PERFECT_PSNR = 100.0
"""What stands for the infinite PSNR of equal images, in dB."""


def ssim_map(original: Image, edited: Image) -> NDArray[np.float32]:
    """Structural similarity at every pixel, shape (H, W), -1 to 1.

    Gaussian window of SD 1.5 over 11 pixels, after Wang Z et al., *IEEE Trans Image Process* 2004;13:600-612.
    """
    scale = full_range(original)
    x, y = original.astype(np.float32), edited.astype(np.float32)
    stable, fine = np.float32((0.01 * scale) ** 2), np.float32((0.03 * scale) ** 2)
    mean_x, mean_y = _blurred(x), _blurred(y)
    squares, product = mean_x * mean_x + mean_y * mean_y, mean_x * mean_y
    power = _blurred(x * x + y * y) - squares
    joint = _blurred(x * y) - product
    return np.asarray((2 * product + stable) * (2 * joint + fine) / ((squares + stable) * (power + fine)))


def _blurred(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def similarity(original: Image, edited: Image, regions: Mapping[str, Mask]) -> dict[str, tuple[float, str]]:
    """Mean SSIM and PSNR (dB) of every region."""
    local = ssim_map(original, edited)
    error = (original.astype(np.float32) - edited.astype(np.float32)) ** 2
    most = float(full_range(original))
    found: dict[str, tuple[float, str]] = {}
    for region, mask in regions.items():
        inside = mask.view(np.uint8)
        squared = cv2.mean(error, inside)[0]
        psnr = PERFECT_PSNR if squared == 0 else min(PERFECT_PSNR, float(10 * np.log10(most**2 / squared)))
        found[f"ssim:{region}"] = (1.0 if squared == 0 else float(cv2.mean(local, inside)[0]), "")
        found[f"psnr:{region}"] = (psnr, "dB")
    return found

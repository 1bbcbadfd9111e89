"""SSIM and PSNR. Neither suffices to pass: smoothing can raise both and lose the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.region import full_range
from editproof.metrics.metric import MetricOutput, metric
from editproof.metrics.pair import shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.metrics.pair import Pair, Picture

PERFECT_PSNR = 100.0
"""The PSNR of equal images, in place of infinity, in dB."""


@shared
def ssim_map(pair: Pair) -> NDArray[np.float32]:
    """Structural similarity at every pixel, shape (H, W), -1 to 1.

    Gaussian window of SD 1.5 over 11 pixels, after Wang Z et al., *IEEE Trans Image Process* 2004;13:600-612.
    """
    scale = full_range(pair.original)
    x, y = _plain(pair.before), _plain(pair.after)
    stable, fine = np.float32((0.01 * scale) ** 2), np.float32((0.03 * scale) ** 2)
    mean_x, mean_y = _local_mean(pair.before), _local_mean(pair.after)
    squares, product = mean_x * mean_x + mean_y * mean_y, mean_x * mean_y
    power = _blurred(x * x + y * y) - squares
    joint = _blurred(x * y) - product
    return np.asarray((2 * product + stable) * (2 * joint + fine) / ((squares + stable) * (power + fine)))


@shared
def _plain(picture: Picture) -> NDArray[np.float32]:
    return picture.image.astype(np.float32)


@shared
def _local_mean(picture: Picture) -> NDArray[np.float32]:
    return _blurred(_plain(picture))


def _blurred(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


@metric(MetricOutput("ssim", unit="", unchanged=1.0), MetricOutput("psnr", unit="dB", unchanged=PERFECT_PSNR))
def similarity(pair: Pair) -> dict[str, float]:
    """Mean SSIM and PSNR (dB) of every region."""
    local = ssim_map(pair)
    error = (_plain(pair.before) - _plain(pair.after)) ** 2
    most = float(full_range(pair.original))
    found = {}
    for region, mask in pair.regions.items():
        inside = mask.view(np.uint8)
        squared = cv2.mean(error, inside)[0]
        psnr = PERFECT_PSNR if squared == 0 else min(PERFECT_PSNR, float(10 * np.log10(most**2 / squared)))
        found[f"ssim:{region}"] = 1.0 if squared == 0 else float(cv2.mean(local, inside)[0])
        found[f"psnr:{region}"] = psnr
    return found

"""Numbers of a pair, region by region from its pixels, by scipy and by the formulas: what one pass has to come to."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import ks_2samp, wasserstein_distance

REGIONS = ("whole", "protected", "outside_mask", "inside_mask")


def masks_of(edit: np.ndarray, protected: np.ndarray) -> dict[str, np.ndarray]:
    """Every region that has a pixel."""
    named = dict(zip(REGIONS, (np.ones_like(edit), protected, ~edit, edit), strict=True))
    return {name: mask for name, mask in named.items() if mask.any()}


def pair_numbers(
    original: np.ndarray, edited: np.ndarray, edit: np.ndarray, protected: np.ndarray, most: int
) -> dict[str, float]:
    """Distances, changes, SSIM and PSNR of images of any type whose intensity range is ``most`` levels."""
    local = ssim_in_single_precision(original, edited, most)
    found = {}
    for region, mask in masks_of(edit, protected).items():
        x, y = original[mask].astype(float), edited[mask].astype(float)
        with np.errstate(divide="ignore"):  # the p-value of two single pixels, which nobody asks for
            ks = float(ks_2samp(x, y, method="asymp").statistic)
        change, squared = np.abs(x - y), float(np.mean((x - y) ** 2))
        found |= {
            f"ks_distance:{region}": ks,
            f"wasserstein:{region}": float(wasserstein_distance(x, y)) / most,
            f"changed_share:{region}": float(np.mean(change > 0)),
            f"changed_share_above_2pct:{region}": float(np.mean(change > int(0.02 * most))),
            f"mean_abs_change:{region}": float(change.mean()) / most,
            f"max_abs_change:{region}": float(change.max()) / most,
            f"ssim:{region}": float(local[mask].mean(dtype=float)) if squared else 1.0,
            f"psnr:{region}": min(100.0, 10 * np.log10(most**2 / squared)) if squared else 100.0,
        }
    return found


def ssim_in_single_precision(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray:
    """SSIM of the whole frame at once, as it was computed before it was computed in strips."""
    x, y = x.astype(np.float32), y.astype(np.float32)
    stable, fine = np.float32((0.01 * most) ** 2), np.float32((0.03 * most) ** 2)

    def mean(plane: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)

    mean_x, mean_y = mean(x), mean(y)
    squares, product = mean_x * mean_x + mean_y * mean_y, mean_x * mean_y
    power, joint = mean(x * x + y * y) - squares, mean(x * y) - product
    return (2 * product + stable) * (2 * joint + fine) / ((squares + stable) * (power + fine))


def ssim_in_double_precision(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray:
    """Wang's formula by scipy: the map of scikit-image with ``gaussian_weights=True, use_sample_covariance=False``."""
    x, y = x.astype(float), y.astype(float)
    stable, fine = (0.01 * most) ** 2, (0.03 * most) ** 2

    def mean(plane: np.ndarray) -> np.ndarray:
        return gaussian_filter(plane, 1.5, radius=5, mode="reflect")

    mean_x, mean_y = mean(x), mean(y)
    joint = mean(x * y) - mean_x * mean_y
    power = mean(x * x) - mean_x**2 + mean(y * y) - mean_y**2
    return (2 * mean_x * mean_y + stable) * (2 * joint + fine) / ((mean_x**2 + mean_y**2 + stable) * (power + fine))


def image_numbers(image: np.ndarray, edit: np.ndarray, protected: np.ndarray) -> dict[str, float]:
    """Mean, SD and entropy over 256 levels of every region, and Immerkaer's noise."""
    found = {}
    for region, mask in masks_of(edit, protected).items():
        values = image[mask].astype(float)
        share = np.unique(image[mask] >> (8 * image.dtype.itemsize - 8), return_counts=True)[1] / mask.sum()
        found[f"mean:{region}"], found[f"sd:{region}"] = float(values.mean()), float(values.std())
        found[f"entropy:{region}"] = abs(float((share * np.log2(share)).sum()))
    response = np.diff(np.diff(image.astype(float), 2, axis=0), 2, axis=1)
    found["noise:whole"] = float(np.sqrt(np.pi / 2) * np.abs(response).mean() / 6) if response.size else 0.0
    return found

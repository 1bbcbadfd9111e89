"""How pixel intensities moved: distances of distributions, changed pixels, summary features of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.region import full_range
from editproof.stats.ks import ks_distance, level_counts, wasserstein_distance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from editproof.types import Image, Mask

    Named = dict[str, tuple[float, str]]

MEANINGFUL = 0.02
"""Change of one pixel, as a share of the intensity range, above which it counts as more than noise."""


def histogram256(image: Image, mask: Mask | None = None) -> NDArray[np.int64]:
    """Pixel counts on 256 levels, shape (256,); 16-bit levels are grouped by their upper byte.

    Examples
    --------
    >>> histogram256(np.array([[0, 0, 300]], dtype=np.uint16))[:3].tolist()
    [2, 1, 0]
    """
    counts = level_counts(image, mask)
    return counts if len(counts) == 256 else counts.reshape(256, -1).sum(axis=1)


def distribution_changes(before: Mapping[str, NDArray[np.int64]], after: Mapping[str, NDArray[np.int64]]) -> Named:
    """KS distance D and Wasserstein distance (share of the intensity range) of every region, from its level counts."""
    found: Named = {}
    for region, counts in before.items():
        distance, shift = ks_distance(counts, after[region]), wasserstein_distance(counts, after[region])
        if distance is not None and shift is not None:
            found[f"ks_distance:{region}"] = (distance, "")
            found[f"wasserstein:{region}"] = (shift / (len(counts) - 1), "of range")
    return found


def depth_ratio(before: NDArray[np.int64], after: NDArray[np.int64]) -> Named:
    """Gray levels in use after the edit, relative to before: a 16-bit image that went through 8 bits shows."""
    used = int(np.count_nonzero(before))
    return {"depth_ratio:whole": (int(np.count_nonzero(after)) / used, "")} if used else {}


def pixel_changes(original: Image, edited: Image, regions: Mapping[str, Mask]) -> Named:
    """Share of pixels that changed at all, that changed by more than 2 % of the range, and the mean change."""
    change = cv2.absdiff(original, edited)
    most = full_range(original)
    bins = np.arange(most + 1)
    found: Named = {}
    for region, mask in regions.items():
        counts = level_counts(change, mask)
        n = int(counts.sum())
        found[f"changed_share:{region}"] = ((n - int(counts[0])) / n, "")
        found[f"changed_share_above_2pct:{region}"] = (int(counts[int(MEANINGFUL * most) + 1 :].sum()) / n, "")
        found[f"mean_abs_change:{region}"] = (float(counts @ bins) / n / most, "of range")
        found[f"max_abs_change:{region}"] = (float(np.flatnonzero(counts)[-1]) / most, "of range")
    return found


def summary_features(image: Image, counts: Mapping[str, NDArray[np.int64]]) -> Named:
    """Mean, SD and entropy of every region, and the noise of the whole image.

    Entropy is in bits over 256 levels; noise is the SD that the Laplacian of a flat image would show (Immerkaer,
    *Comput Vis Image Underst* 1996;64:300-302).
    """
    found: Named = {}
    for region, levels in counts.items():
        n = int(levels.sum())
        if not n:
            continue
        at = np.arange(len(levels), dtype=float)
        average = float(levels @ at) / n
        spread = float(np.sqrt(max(0.0, float(levels @ (at - average) ** 2) / n)))
        coarse = levels.reshape(256, -1).sum(axis=1) / n
        share = coarse[coarse > 0]
        found[f"mean:{region}"] = (average, "levels")
        found[f"sd:{region}"] = (spread, "levels")
        found[f"entropy:{region}"] = (abs(float((share * np.log2(share)).sum())), "bits")
    found["noise:whole"] = (noise_of(image), "levels")
    return found


_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


def noise_of(image: Image) -> float:
    """Noise SD in gray levels, by Immerkaer's Laplacian difference."""
    if min(image.shape) < 3:
        return 0.0
    response = cv2.filter2D(image.astype(np.float32), cv2.CV_32F, _IMMERKAER)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * cv2.norm(response, cv2.NORM_L1) / (6 * response.size))

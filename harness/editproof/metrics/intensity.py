"""How pixel intensities changed: distances of distributions, changed pixels, summary features of one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import YX, YXC
from editproof.imaging.region import WHOLE, full_range
from editproof.metrics.colour import of_luma_picture, of_most_changed, worst_channel
from editproof.metrics.metric import MetricOutput, feature, metric
from editproof.stats.ks import two_sample_distance, wasserstein_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.metrics.pair import Pair, Picture
    from editproof.types import Image

    Numbers = dict[str, float]

MEANINGFUL = 0.02
"""Change of one pixel, as a share of the intensity range, above which it counts as more than noise."""


def on_256_levels(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pixel counts on 256 levels from those on all levels, shape (256,); 16-bit levels go by their upper byte.

    Examples
    --------
    >>> on_256_levels(np.bincount([0, 0, 300], minlength=65536))[:3].tolist()
    [2, 1, 0]
    """
    return np.asarray(levels.reshape(256, -1).sum(axis=1))


@metric(
    MetricOutput("ks_distance", unit="", unchanged=0.0),
    MetricOutput("wasserstein", unit="of range", unchanged=0.0),
    axes=(YX, YXC),
)
@worst_channel()
def distribution_changes(pair: Pair) -> Numbers:
    """KS distance D and Wasserstein distance (share of the intensity range) of every region, from its level counts."""
    found = {}
    for region, counts in pair.levels_before.items():
        other = pair.levels_after[region]
        distance, shift = two_sample_distance(counts, other), wasserstein_distance(counts, other)
        if distance is not None and shift is not None:
            found[f"ks_distance:{region}"] = distance
            found[f"wasserstein:{region}"] = shift / (len(counts) - 1)
    return found


@metric(MetricOutput("depth_ratio", unit="", unchanged=1.0, regions=(WHOLE,)), axes=(YX, YXC))
@worst_channel(lowest=("depth_ratio",))
def depth_change(pair: Pair) -> Numbers:
    """Gray levels in use after the edit, relative to before: a 16-bit image that went through 8 bits shows."""
    before, after = (int(np.count_nonzero(levels[WHOLE])) for levels in (pair.levels_before, pair.levels_after))
    return {"depth_ratio:whole": after / before}


@metric(
    MetricOutput("changed_share", unit="", unchanged=0.0),
    MetricOutput("changed_share_above_2pct", unit="", unchanged=0.0),
    MetricOutput("mean_abs_change", unit="of range", unchanged=0.0),
    MetricOutput("max_abs_change", unit="of range", unchanged=0.0),
    axes=(YX, YXC),
)
@of_most_changed
def pixel_changes(pair: Pair) -> Numbers:
    """Share of pixels that changed at all, that changed by more than 2 % of the range, and the mean change."""
    most = full_range(pair.original)
    bins = np.arange(most + 1)
    found = {}
    for region, counts in pair.changes.items():
        n = int(counts.sum())
        found[f"changed_share:{region}"] = (n - int(counts[0])) / n
        found[f"changed_share_above_2pct:{region}"] = int(counts[int(MEANINGFUL * most) + 1 :].sum()) / n
        found[f"mean_abs_change:{region}"] = float(counts @ bins) / n / most
        found[f"max_abs_change:{region}"] = float(np.flatnonzero(counts)[-1]) / most
    return found


@feature(
    MetricOutput("mean", unit="levels"),
    MetricOutput("sd", unit="levels"),
    MetricOutput("entropy", unit="bits"),
    MetricOutput("noise", unit="levels", regions=(WHOLE,)),
    axes=(YX, YXC),
)
@of_luma_picture
def summary_features(picture: Picture) -> Numbers:
    """Mean, SD and entropy of every region, and the noise of the whole image.

    Entropy is in bits over 256 levels; noise is the SD that the Laplacian of a flat image would show (Immerkaer,
    *Comput Vis Image Underst* 1996;64:300-302).
    """
    found = {}
    for region, levels in picture.levels.items():
        n = int(levels.sum())
        at = np.arange(len(levels), dtype=float)
        average = float(levels @ at) / n
        spread = float(np.sqrt(max(0.0, float(levels @ (at - average) ** 2) / n)))
        coarse = on_256_levels(levels) / n
        share = coarse[coarse > 0]
        found[f"mean:{region}"] = average
        found[f"sd:{region}"] = spread
        found[f"entropy:{region}"] = abs(float((share * np.log2(share)).sum()))
    found["noise:whole"] = noise_of(picture.image)
    return found


_IMMERKAER = np.array([1, -2, 1], dtype=np.float32)
"""The mask of Immerkaer, of which this is the outer product with itself."""


def noise_of(image: Image) -> float:
    """Noise SD in gray levels, by Immerkaer's Laplacian difference."""
    if min(image.shape) < 3:
        return 0.0
    exact = cv2.CV_16S if image.dtype == np.uint8 else cv2.CV_32F  # at most 16 times the largest level
    plane = image if image.dtype == np.uint8 else image.astype(np.float32)
    response = cv2.sepFilter2D(plane, exact, _IMMERKAER, _IMMERKAER)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * cv2.norm(response, cv2.NORM_L1) / (6 * response.size))

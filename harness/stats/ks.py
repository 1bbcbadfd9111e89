"""Kolmogorov-Smirnov and Wasserstein distances, exactly, from histograms of integer levels.

What a criterion bounds is the effect size D of each image pair. Its p-value over millions of pixels is always 0 and
says nothing; p-values come from patients, by swapping original and edit within each (:func:`swap_test`).

References
----------
Hodges JL. The significance probability of the Smirnov two-sample test. *Ark Mat* 1958;3:469-486.
Good P. *Permutation, Parametric, and Bootstrap Tests of Hypotheses*, chapter 3. Springer, 2005.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.stats.interval import SEED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from harness.types import Image, Mask

_EXACT_IN_FLOAT32 = 2**24


def level_counts(image: Image, mask: Mask | None = None) -> NDArray[np.int64]:
    """Number of pixels at each level, shape (256,) or (65536,).

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
    mask : ndarray of bool, shape (H, W), optional
        Pixels to count; all of them without it.
    """
    levels = 1 << (8 * image.dtype.itemsize)
    counts = np.zeros(levels, dtype=np.int64)
    rows = max(1, (_EXACT_IN_FLOAT32 - 1) // max(1, image.shape[1]))
    for top in range(0, len(image), rows):
        part = np.ascontiguousarray(image[top : top + rows])
        inside = None if mask is None else np.ascontiguousarray(mask[top : top + rows]).view(np.uint8)
        counts += cv2.calcHist([part], [0], inside, [levels], [0, levels]).ravel().astype(np.int64)
    return counts


def ks_distance(first: NDArray[np.int64], second: NDArray[np.int64]) -> float | None:
    """Largest vertical distance of two empirical distribution functions; None where either is empty.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_levels,)
        Histograms on the same levels.

    Examples
    --------
    >>> ks_distance(np.array([2, 2, 0]), np.array([0, 2, 2]))
    0.5
    """
    n, m = int(first.sum()), int(second.sum())
    if not n or not m:
        return None
    gap = np.abs(np.cumsum(first) * m - np.cumsum(second) * n)
    return int(gap.max()) / (n * m)


def wasserstein_distance(first: NDArray[np.int64], second: NDArray[np.int64]) -> float | None:
    """Mean shift of intensity that turns one distribution into the other, in levels; None where either is empty."""
    n, m = int(first.sum()), int(second.sum())
    if not n or not m:
        return None
    return float(np.abs(np.cumsum(first) / n - np.cumsum(second) / m).sum())


def ks_of_samples(first: ArrayLike, second: ArrayLike) -> float:
    """Distance D of two samples of real numbers."""
    a, b = np.sort(np.asarray(first, dtype=float)), np.sort(np.asarray(second, dtype=float))
    at = np.concatenate([a, b])
    gap = np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)
    return float(np.abs(gap).max())


def swap_test(original: ArrayLike, edited: ArrayLike, permutations: int = 2_000, seed: int = SEED) -> float:
    """P-value of D between two samples of paired patients, by swapping the pair within patients.

    A small value shows a difference; a large one shows nothing.

    Parameters
    ----------
    original, edited : array_like of float, shape (n_patients,)
    """
    pairs = np.stack([np.asarray(original, dtype=float), np.asarray(edited, dtype=float)])
    observed = ks_of_samples(pairs[0], pairs[1])
    ranks = np.unique(pairs, return_inverse=True)[1].reshape(pairs.shape)
    order = np.argsort(ranks.ravel(), kind="stable")
    last_of_tie = np.append(np.diff(ranks.ravel()[order]) > 0, True)
    rng = np.random.default_rng(seed)
    sign = np.where(rng.random((permutations, pairs.shape[1])) < 0.5, 1, -1)
    steps = np.hstack([sign, -sign])[:, order].cumsum(axis=1)[:, last_of_tie]
    reached = np.abs(steps).max(axis=1) / pairs.shape[1] >= observed - 1e-12
    return float((1 + reached.sum()) / (1 + permutations))

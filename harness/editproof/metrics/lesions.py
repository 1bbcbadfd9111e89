"""Lesion by lesion: how many parts of one mask another mask finds, and how many it has for nothing.

A lesion is a connected component of a mask, in two dimensions or three: pixels that touch at an edge or a corner (and
voxels at a face too) belong to one. A lesion of the reference is found where the mask has a pixel of it; a part of the
mask that has no pixel in common with the reference is a false one. Two lesions that the mask joins are both found.

References
----------
Commowick O, et al. Objective evaluation of multiple sclerosis lesion segmentation using a data management and
processing infrastructure. Sci Rep 2018;8:13650 (lesions detected; here any overlap counts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from editproof.metrics.masks import IMAGES_AND_VOLUMES, mask_metric
from editproof.metrics.metric import MetricOutput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.metrics.masks import MaskPair
    from editproof.types import Mask


class LesionCounts(NamedTuple):
    """How many lesions there are, how many of them are found, and how many parts of the mask are of none."""

    lesions: int
    found: int
    false: int


def lesion_counts(reference: Mask, mask: Mask) -> LesionCounts:
    """Lesions of a reference mask that another mask finds, and the parts of that mask that are of none.

    Parameters
    ----------
    reference, mask : ndarray of bool, of one shape and any number of dimensions

    Examples
    --------
    >>> reference, mask = np.zeros((2, 9, 9), bool)
    >>> reference[1:3, 1:3] = reference[6, 6] = mask[2:4, 2:4] = mask[0, 8] = True
    >>> lesion_counts(reference, mask)
    LesionCounts(lesions=2, found=1, false=1)
    """
    of_reference, lesions = _parts(reference)
    of_mask, parts = _parts(mask)
    found, true = (len(np.unique(labels[reference & mask])) for labels in (of_reference, of_mask))
    return LesionCounts(lesions, found, parts - true)


@mask_metric(
    MetricOutput("lesions_found", unit="", unchanged=1.0, regions=()),
    MetricOutput("false_lesions", unit="lesions", unchanged=0.0, regions=()),
    axes=IMAGES_AND_VOLUMES,
)
def lesions(pair: MaskPair) -> dict[str, float]:
    """Share of the reference's lesions that are found, where it has one; and the number of false ones."""
    counts = lesion_counts(pair.reference, pair.mask)
    share = {"lesions_found": counts.found / counts.lesions} if counts.lesions else {}
    return {**share, "false_lesions": float(counts.false)}


def _parts(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """The number of the connected component of each pixel, and how many there are."""
    if mask.ndim == 2:  # the same, in a third of the time
        count, in_plane = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        return np.asarray(in_plane), count - 1
    from scipy.ndimage import generate_binary_structure, label

    numbered, count = label(mask, generate_binary_structure(mask.ndim, mask.ndim))
    return np.asarray(numbered), int(count)

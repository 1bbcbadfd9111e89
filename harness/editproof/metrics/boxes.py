"""Boxes with scores: lesions that are found, and boxes that are of none.

Boxes below the declared score do not count. By the rule ``iou`` a box finds a lesion of its label where their
intersection over union is at least the declared one; boxes and lesions are matched one to one, as many as can be, so
that a second box on a lesion is a false one, and neither order nor equal scores decide anything. By the rule ``centre``
a lesion is found where the centre of a box of its label lies in it, and a box is false where its centre lies in none.

References
----------
Everingham M, et al. The Pascal visual object classes (VOC) challenge. Int J Comput Vis 2010;88:303-338.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.metrics.metric import MetricOutput
from editproof.metrics.outputs import output_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from editproof.metrics.outputs import OutputPair

    Boxes = Sequence[Sequence[Any]]

_ROUNDING = 1e-9


@output_metric(
    "boxes",
    MetricOutput("boxes_found", unit="", unchanged=1.0, regions=()),
    MetricOutput("false_boxes", unit="boxes", unchanged=0.0, regions=()),
)
def box_matches(pair: OutputPair) -> dict[str, float]:
    """Share of the lesions that a box finds, where there is one; and the number of boxes that are of none."""
    from scipy.sparse import csr_array  # takes as long to import as many cases to measure; few studies have boxes
    from scipy.sparse.csgraph import maximum_bipartite_matching

    hits = overlaps(pair.reading, pair.other, **pair.settings)
    if pair.settings.get("match") == "centre":
        found, true = int(hits.any(axis=0).sum()), int(hits.any(axis=1).sum())
    else:
        found = true = int((maximum_bipartite_matching(csr_array(hits), perm_type="column") >= 0).sum())
    share = {"boxes_found": found / len(pair.other)} if pair.other else {}
    return {**share, "false_boxes": float(len(pair.reading) - true)}


def overlaps(
    boxes: Boxes, lesions: Boxes, match: str = "iou", iou: float = 0.5, score: float = 0.0
) -> NDArray[np.bool_]:
    """Which boxes are of which lesions, shape (n_boxes, n_lesions); see the head of this module.

    Parameters
    ----------
    boxes, lesions : sequence
        Of ``[x, y, width, height, score, label]``.
    score : float
        What boxes were chosen by; of no effect here.

    Examples
    --------
    >>> overlaps([[0, 0, 4, 4, 0.9, "a"]], [[0, 0, 4, 2, 1.0, "a"], [0, 0, 4, 4, 1.0, "b"]]).tolist()
    [[True, False]]
    """
    one, other = (np.array([box[:4] for box in of], dtype=float).reshape(-1, 4) for of in (boxes, lesions))
    alike = np.array([[box[5] == lesion[5] for lesion in lesions] for box in boxes], dtype=bool)
    alike = alike.reshape(len(boxes), len(lesions))
    if match == "centre":
        centres = one[:, None, :2] + one[:, None, 2:] / 2
        inside = (centres >= other[None, :, :2]) & (centres <= other[None, :, :2] + other[None, :, 2:])
        return np.asarray(alike & inside.all(axis=2))
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, :2] + one[:, None, 2:], other[None, :, :2] + other[None, :, 2:])
    common = np.clip(high - low, 0.0, None).prod(axis=2)
    union = one[:, None, 2:].prod(axis=2) + other[None, :, 2:].prod(axis=2) - common
    return np.asarray(alike & (common >= iou * union - _ROUNDING))

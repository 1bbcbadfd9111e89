"""Scores of boxes, by what each is: of which rank among those that find a lesion, and among those that are of none.

They are what a free-response curve and an average precision are made of, so that boxes of every score count here, also
below the declared one. By the rule ``iou`` boxes are gone through from the highest score on; a box finds a lesion
where one more lesion than before can be matched, and else it is a false one. So as many lesions as can be are found at
every score, and neither the order of boxes nor equal scores decide anything. By the rule ``centre`` a lesion has the
score of the highest box whose centre lies in it. A lesion that no box finds has the score 0, and boxes of score 0 do
not count.

References
----------
Chakraborty DP. Maximum likelihood analysis of free-response receiver operating characteristic (FROC) data. *Med Phys*
1989;16:561-568.
Setio AAA, et al. Validation, comparison, and combination of algorithms for automatic detection of pulmonary nodules in
computed tomography images: the LUNA16 challenge. *Med Image Anal* 2017;42:1-13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.metrics.boxes import overlaps
from editproof.metrics.metric import MetricOutput
from editproof.metrics.outputs import output_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from editproof.metrics.outputs import OutputPair

MOST_RANKS = 12
"""Lesions of an image whose scores are kept, those of the highest scores."""
FALSE_RANKS = MOST_RANKS + 1
"""The same of false boxes: one more, so that an image with more of them than any cap is known."""


@output_metric(
    "boxes",
    MetricOutput("lesions", unit="lesions", regions=()),
    *(MetricOutput(f"hit_score_{rank}", unit="", regions=()) for rank in range(1, MOST_RANKS + 1)),
    *(MetricOutput(f"false_score_{rank}", unit="", regions=()) for rank in range(1, FALSE_RANKS + 1)),
)
def scored_boxes(pair: OutputPair) -> dict[str, float]:
    """Number of lesions, the score at which each is found, and the scores of false boxes, from the highest on."""
    hits, false = scores_of(pair.scored, pair.other, **pair.settings)
    named = {f"hit_score_{rank}": score for rank, score in enumerate(hits[:MOST_RANKS], 1)}
    named |= {f"false_score_{rank}": score for rank, score in enumerate(false[:FALSE_RANKS], 1)}
    return {"lesions": float(len(pair.other)), **named}


def scores_of(
    boxes: Sequence[Sequence[Any]], lesions: Sequence[Sequence[Any]], match: str = "iou", iou: float = 0.5,
    score: float = 0.0,
) -> tuple[list[float], list[float]]:  # fmt: skip
    """The score at which each lesion is found, 0 where it is not, and those of false boxes; both from the highest on.

    Parameters
    ----------
    boxes, lesions : sequence
        Of ``[x, y, width, height, score, label]``.
    match, iou
        See :func:`editproof.metrics.boxes.overlaps`.
    score : float
        From which on a box counts elsewhere; of no effect here.

    Examples
    --------
    >>> lesion = [0, 0, 4, 4, 1.0, "a"]
    >>> scores_of([[0, 0, 4, 4, 0.6, "a"], [0, 0, 4, 4, 0.9, "a"]], [lesion, [8, 8, 2, 2, 1.0, "a"]])
    ([0.9, 0.0], [0.6])
    """
    counted = sorted((box for box in boxes if box[4] > 0), key=lambda box: -box[4])
    near = overlaps(counted, lesions, match=match, iou=iou)
    values = [float(box[4]) for box in counted]
    if match == "centre":
        found = [max((values[i] for i in np.flatnonzero(column)), default=0.0) for column in near.T]
        return sorted(found, reverse=True), [values[i] for i in np.flatnonzero(~near.any(axis=1))]
    of_lesion: dict[int, int] = {}
    true = [_is_matched(box, near, of_lesion, set()) for box in range(len(counted))]
    hits = [value for value, is_true in zip(values, true, strict=True) if is_true]
    false = [value for value, is_true in zip(values, true, strict=True) if not is_true]
    return hits + [0.0] * (len(lesions) - len(hits)), false


def _is_matched(box: int, near: NDArray[np.bool_], of_lesion: dict[int, int], tried: set[int]) -> bool:
    """Whether a box finds a lesion, where boxes before it may be moved to others (Kuhn's augmenting paths)."""
    for lesion in map(int, np.flatnonzero(near[box])):
        if lesion not in tried:
            tried.add(lesion)
            if lesion not in of_lesion or _is_matched(of_lesion[lesion], near, of_lesion, tried):
                of_lesion[lesion] = box
                return True
    return False

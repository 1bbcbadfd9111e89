"""Estimands of local change: in how many patients some patch of the anatomy is no longer what it was."""

from __future__ import annotations

from functools import partial

from editproof.criteria.estimand import IMAGES, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.threshold import ABOVE, SHARE, Threshold, counted_share
from editproof.evidence.measurements import EDITED, IMAGE

DAMAGED = 0.08
"""Share of clearly changed pixels in a patch from which on it counts as damaged; measured, see ``docs/metrics.md``."""


@estimand
def local_change(*, more_than: float = DAMAGED, arm: str = EDITED, missing: str = "worst_case") -> Estimand:
    """Share of patients with a damaged patch of anatomy in some edit, exact on patients (Clopper-Pearson).

    A missing edit counts as a damaged one. What a mean over the frame hides, a lost fingertip or a drawn line, is a
    patch in which most or many pixels changed; see :func:`editproof.metrics.local.worst_patch`.

    Parameters
    ----------
    more_than : float
        Share of the pixels of a patch, changed by more than 5 % of the intensity range, beyond which it is damaged.
    """
    damaged = Threshold("more_than", more_than, ABOVE, SHARE)
    return Estimand(
        name=f"share of patients with a patch of anatomy changed by more than {100 * more_than:g} %",
        quantity="worst_patch:protected", statistic=partial(counted_share, threshold=damaged, per="patient"),
        scope=IMAGES, arm=arm, instrument=IMAGE, missing=missing, unchanged=0.0, ideal=0.0, least=0.0, most=1.0,
        threshold=damaged,
    )  # fmt: skip

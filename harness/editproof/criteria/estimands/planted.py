"""Estimands of planted structures: what an edit leaves to be seen of what was put into the anatomy."""

from __future__ import annotations

from editproof.criteria.estimand import IMAGES, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.readings import Readings
from editproof.evidence.measurements import IMAGE, PLANTED
from editproof.evidence.planted import SEEN
from editproof.stats.statistic import Statistic


@estimand
def planted_seen(*, missing: str = "worst_case") -> Estimand:
    """Share of patients in whom every planted structure is still seen after the edit, exact (Clopper-Pearson).

    A bright disc and a dark line are put into the anatomy of 20 patients chosen by the seed of the study, and the tool
    is asked for one edit of each; a claim on it makes a run ask for them. An edit that did not come back shows nothing.
    See :mod:`editproof.imaging.planted`.
    """
    return Estimand(
        name="share of patients whose planted structures are still seen", quantity=SEEN, statistic=_all_seen,
        scope=IMAGES, arm=PLANTED, instrument=IMAGE, missing=missing, unchanged=1.0, ideal=1.0, least=0.0, most=1.0,
    )  # fmt: skip


def _all_seen(readings: Readings) -> Statistic:
    return readings.share_of_patients(readings.values >= 1.0, every=True)

"""Estimands of the flow of edits: what was asked for and did not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import Estimand, called
from editproof.criteria.readings import NOT_RETURNED
from editproof.stats.proportion import clustered_share

if TYPE_CHECKING:
    from editproof.criteria.readings import Readings
    from editproof.stats.interval import Interval


def failure_rate(*, statuses: tuple[str, ...] = tuple(sorted(NOT_RETURNED))) -> Estimand:
    """Share of the requested edits that did not come back as a usable image.

    Clopper-Pearson at the effective number of edits (Korn and Graubard 1998), since failures cluster in patients.

    Parameters
    ----------
    statuses : tuple of str
        Which ends count: all but ``"ok"`` by default.
    """
    every = frozenset(statuses) == NOT_RETURNED
    call = called("failure_rate", statuses=None if every else statuses)
    name = "failure rate" if every else f"rate of edits {' or '.join(statuses)}"
    return Estimand(name, "+".join(statuses), "", _share_of_edits, call, "flow")


def refusal_rate() -> Estimand:
    """Share of the requested edits that the tool refused."""
    return failure_rate(statuses=("refused",))


def _share_of_edits(readings: Readings, confidence: float) -> Interval:
    known = ~np.isnan(readings.values)
    patients = np.broadcast_to(readings.patients[:, None], known.shape)
    return clustered_share(readings.values[known] > 0, patients[known], confidence)

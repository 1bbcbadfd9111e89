"""Estimands of the flow of edits: what was asked for and did not come back."""

from __future__ import annotations

from editproof.criteria.estimand import FLOW, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.readings import NOT_RETURNED, Readings
from editproof.stats.statistic import Statistic


@estimand
def failure_rate(*, statuses: tuple[str, ...] = tuple(sorted(NOT_RETURNED))) -> Estimand:
    """Share of the requested edits whose first attempt did not come back as a usable image.

    A later attempt that succeeded does not undo a failure; a request that never reached the tool is no attempt.

    Each patient counts once, with the share of that patient's edits, since failures cluster in patients.

    Parameters
    ----------
    statuses : tuple of str
        Which ends count: all but ``"ok"`` by default.
    """
    every = frozenset(statuses) == NOT_RETURNED
    name = "failure rate, first attempts" if every else f"rate of first attempts {' or '.join(statuses)}"
    return Estimand(
        name=name, quantity="+".join(statuses), statistic=_share_of_edits, scope=FLOW, ideal=0.0, least=0.0, most=1.0
    )


@estimand
def refusal_rate() -> Estimand:
    """Share of the requested edits that the tool refused at the first attempt."""
    return failure_rate(statuses=("refused",))


def _share_of_edits(readings: Readings) -> Statistic:
    return readings.share_of_edits(readings.values > 0)

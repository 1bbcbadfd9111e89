"""Worlds for statistics of approximate level: edits leave most patients exactly as they were and harm a few badly.

Most small studies then see no harm at all, so that both arms are alike. The truth is at the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from editproof.criteria.estimands.accuracy import mae_drift, recalibrated, rmse_drift
from editproof.criteria.estimands.agreement import bias_interaction, limits_of_agreement
from editproof.criteria.estimands.repeatability import icc
from editproof.criteria.readings import Readings

from tests.simulation.rule import readings, world
from tests.simulation.scenarios import Rng, World

SIZES, SHARES, HARM = (20, 40, 120), (0.02, 0.05), 40.0
CURED = recalibrated(mae_drift("x"))


def hardly_ever(share: float, rng: Rng, n: int) -> Readings:
    """Readings of which so many are 40 months too high in the second of two edits, and 80 in the first."""
    reference = rng.uniform(40.0, 200.0, n)
    original = reference + rng.normal(0.0, 6.0, n)
    harmed = (rng.random(n) < share)[:, None] * np.array([2 * HARM, HARM])
    found = readings(original[:, None] + harmed, None, original, reference)
    sexes = rng.integers(0, 2, n).astype(float)
    return replace(found, covariate=sexes, same=bool((found.values == found.original[:, None]).all()))


def of_one_sex(share: float, rng: Rng, n: int) -> Readings:
    """The same in boys alone."""
    found = hardly_ever(2 * share, rng, n)
    values = np.where(found.covariate[:, None] == 1, found.values, found.original[:, None])
    return replace(found, values=values, same=bool((values == found.original[:, None]).all()))


MADE = {
    "RMSE drift": (rmse_drift("x"), hardly_ever),
    "upper limit of agreement": (limits_of_agreement("x", side="upper"), hardly_ever),
    "ICC between repeats": (icc("x"), hardly_ever),
    "dependence on sex": (bias_interaction("x", by="sex"), of_one_sex),
    "MAE drift, recalibrated": (CURED, hardly_ever),
}


def of_approximate(sizes: tuple[int, ...] = SIZES) -> Iterator[World]:
    """Every statistic of approximate level that can find both arms alike."""
    for n in sizes:
        for name, (estimand, drawn) in MADE.items():
            for share in SHARES:
                yield world(f"{name}, {share:.0%} of patients harmed", estimand, partial(drawn, share), n)

"""What a study of a given size can show, before anybody edits an image.

References
----------
Julious SA. Sample sizes for clinical trials with normal data. *Stat Med* 2004;23:1921-1986.
Donner A, Klar N. *Design and Analysis of Cluster Randomization Trials in Health Research*. Arnold, 2000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, nct
from scipy.stats import t as student_t

from editproof.criteria.estimands.accuracy import mae_drift
from editproof.errors import ProtocolError
from editproof.evidence.measurements import POOLED, Measurements
from editproof.stats.interval import MIN_PATIENTS
from editproof.stats.proportion import clopper_pearson

_MOST_PATIENTS = 1_000_000


@dataclass(frozen=True)
class Spread:
    """How a drift varies: between patients, and between repeats of one patient.

    Attributes
    ----------
    between, within : float
        Standard deviations in the unit of the quantity.
    drift : float
        The mean drift that is expected of the tool; 0 for a tool that does no harm.
    """

    between: float
    within: float = 0.0
    drift: float = 0.0

    def of_patient(self, repeats: int) -> float:
        """SD of one patient's mean over repeats; more repeats never remove what differs between patients."""
        return math.sqrt(self.between**2 + self.within**2 / repeats)


def spread_in_pilot(measurements: Measurements, quantity: str, instrument: str = POOLED) -> Spread:
    """Spread of the MAE drift in pilot evidence, from the one-way analysis of variance.

    Raises
    ------
    ProtocolError
        With fewer than two patients whose edits came back.
    """
    readings = mae_drift(quantity, instrument=instrument).raw(measurements).complete()
    drift = np.abs(readings.errors) - np.abs(readings.original - readings.reference)[:, None]
    means, times = np.nanmean(drift, axis=1), (~np.isnan(drift)).sum(axis=1)
    if len(means) < 2:
        raise ProtocolError(f"a plan from a pilot of {quantity!r}", f"{len(means)} cases in it", "Run a larger pilot.")
    several = times >= 2
    within = float(np.nanvar(drift[several], axis=1, ddof=1).mean()) if several.any() else 0.0
    between = max(0.0, float(means.var(ddof=1)) - within / float(times.mean()))
    return Spread(math.sqrt(between), math.sqrt(within), float(means.mean()))


def power(spread: Spread, margin: float, n: int, repeats: int = 3, confidence: float = 0.95) -> float:
    """Chance that ``at_most(margin)`` of a mean drift passes, at a one-sided ``confidence``.

    Examples
    --------
    >>> round(power(Spread(8.0), margin=2.0, n=200, repeats=1), 2)
    0.97
    """
    if n < MIN_PATIENTS:
        return 0.0
    error = spread.of_patient(repeats) / math.sqrt(n)
    if error == 0:
        return 1.0 if spread.drift <= margin else 0.0
    critical = float(student_t.ppf(confidence, n - 1))
    return float(nct.sf(critical, n - 1, (margin - spread.drift) / error))


def smallest_margin(
    spread: Spread, n: int, repeats: int = 3, confidence: float = 0.95, wanted_power: float = 0.9
) -> float:
    """The smallest margin that a study of this size shows with the wanted power; infinite below the least size.

    Examples
    --------
    >>> round(smallest_margin(Spread(8.0), n=200, repeats=1), 2)
    1.66
    """
    if n < MIN_PATIENTS:
        return math.inf
    error = spread.of_patient(repeats) / math.sqrt(n)
    low, high = spread.drift, spread.drift + 1e-12 + 20 * error
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (low, middle) if power(spread, middle, n, repeats, confidence) >= wanted_power else (middle, high)
    return high


def patients_needed(
    spread: Spread, margin: float, repeats: int = 3, confidence: float = 0.95, wanted_power: float = 0.9
) -> int | None:
    """Fewest patients for the wanted power; None where the expected drift is not below the margin.

    Examples
    --------
    >>> patients_needed(Spread(8.0), margin=2.0, repeats=1)
    139
    """
    if spread.drift >= margin:
        return None
    low, high = MIN_PATIENTS - 1, MIN_PATIENTS
    while power(spread, margin, high, repeats, confidence) < wanted_power:
        low, high = high, 2 * high
        if high > _MOST_PATIENTS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(spread, margin, middle, repeats, confidence) >= wanted_power
        low, high = (low, middle) if enough else (middle, high)
    return high


def provable_share(n: int, confidence: float = 0.95) -> float:
    """The highest share of patients that ``n`` flawless ones can prove: the limit of any ``at_least`` on a share.

    Examples
    --------
    >>> round(provable_share(200), 3)
    0.985
    """
    return clopper_pearson(n, n, 2 * confidence - 1)[0]


def power_of_share(share: float, at_least: float, n: int, confidence: float = 0.95) -> float:
    """Chance that ``at_least`` of a share of patients passes (Clopper-Pearson), were ``share`` the truth."""
    for successes in range(n, -1, -1):
        if clopper_pearson(successes, n, 2 * confidence - 1)[0] < at_least:
            return float(binom.sf(successes, n, share))
    return 1.0

"""What a study of a given size can show, before anybody edits an image.

A plan draws studies and decides each as a run would: with the same limits, and with edits lost as often as in a pilot.

References
----------
Julious SA. Sample sizes for clinical trials with normal data. *Stat Med* 2004;23:1921-1986.
Donner A, Klar N. *Design and Analysis of Cluster Randomization Trials in Health Research*. Arnold, 2000.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from editproof.core.progress import watched
from editproof.criteria.criterion import Criterion
from editproof.criteria.estimands.accuracy import mae_drift
from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import POOLED, Measurements
from editproof.stats.gaffke import patients_for, shows_below
from editproof.stats.interval import SEED
from editproof.stats.proportion import clopper_pearson
from editproof.types import place_of

DRAWS = 200
"""Studies drawn for a power, whose Monte Carlo error is then at most 0.035."""

MULTIPLES = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 12.0)
"""Sizes that are tried, in units of the study that was planned."""

_CAP_IN_MARGINS = 30.0
_MOST_PATIENTS = 100_000


@dataclass(frozen=True)
class Power:
    """How often claims pass in studies drawn from a pilot's patients.

    Attributes
    ----------
    of_claim : mapping of str to float
        Share of the studies in which each claim passes, by its id and stratum.
    of_suite : float
        Share in which all primary claims pass.
    """

    of_claim: Mapping[str, float]
    of_suite: float


def power_by_pilot(
    claims: Sequence[tuple[Criterion, str]], pilot: Measurements, n: int, *, draws: int = DRAWS, lost: float = 0.0
) -> Power:
    """Power of a suite at a number of patients, who are drawn with replacement from a pilot's.

    Parameters
    ----------
    claims : sequence of (Criterion, str)
        Each with its stratum.
    n : int
        Patients of the whole study; a stratum has its share of them.
    lost : float
        Share of the edits that are lost besides those that the pilot lost, in [0, 1).
    """
    random = np.random.default_rng(SEED)
    names = np.unique(pilot.patients)
    raws = {
        place_of(criterion.id, stratum): (criterion, criterion.estimand.raw(pilot.where(stratum)))
        for criterion, stratum in claims
    }
    passed = dict.fromkeys(raws, 0)
    whole = 0
    for _ in watched(range(draws), draws, f"{n} patients: draw", "study"):
        drawn = names[random.integers(0, len(names), n)]
        every = True
        for place, (criterion, raw) in raws.items():
            met = _passes(criterion, _thinned(_of_patients(raw, drawn), lost, random))
            passed[place] += met
            every &= met or criterion.role != "primary"
        whole += every
    return Power({place: count / draws for place, count in passed.items()}, whole / draws)


def patients_by_pilot(
    criterion: Criterion, stratum: str, pilot: Measurements, n: int, *, wanted: float = 0.9, draws: int = DRAWS
) -> int | None:
    """Patients with which a claim passes as often as wanted, tried in steps from ``n``; None where none of them do."""
    for multiple in MULTIPLES:
        size = math.ceil(multiple * n)
        if power_by_pilot([(criterion, stratum)], pilot, size, draws=draws).of_suite >= wanted:
            return size
    return None


def _passes(criterion: Criterion, raw: Readings) -> bool:
    if raw.n_patients < criterion.min_patients:
        return False
    found = criterion.estimand.interval_of(raw, round(2 * criterion.confidence - 1, 12), criterion.limits)
    return found.low is not None and found.high is not None and criterion.region.holds(found.low, found.high)


def _of_patients(raw: Readings, drawn: np.ndarray) -> Readings:
    """The readings of drawn patients, each time under another name."""
    order = np.argsort(raw.patients, kind="stable")
    patients = raw.patients[order]
    first, last = np.searchsorted(patients, drawn, "left"), np.searchsorted(patients, drawn, "right")
    times = last - first
    copies = np.repeat(np.arange(len(drawn)), times)
    within = np.arange(len(copies)) - np.repeat(np.cumsum(times) - times, times)
    rows = order[np.repeat(first, times) + within]
    names = np.char.zfill(copies.astype(str), 7)
    return replace(raw.taken(rows), cases=np.char.add(np.char.add(names, "/"), raw.cases[rows]), patients=names)


def _thinned(raw: Readings, lost: float, random: np.random.Generator) -> Readings:
    if not lost:
        return raw
    gone = random.random(raw.values.shape) < lost
    return replace(raw, values=np.where(gone, np.nan, raw.values), missing=raw.missing | gone, same=False)


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


def power(
    spread: Spread, margin: float, n: int, repeats: int = 3, confidence: float = 0.95, cap: float | None = None,
    draws: int = DRAWS,
) -> float:  # fmt: skip
    """Chance that ``at_most(margin)`` of a mean drift passes, at a one-sided ``confidence``, were drifts normal.

    Parameters
    ----------
    cap : float, optional
        The largest drift that counts in full; 30 margins where it is not given, as in a criterion.

    Examples
    --------
    >>> power(Spread(4.0), margin=2.0, n=200, repeats=1) > 0.9, power(Spread(4.0), margin=2.0, n=80, repeats=1)
    (True, 0.0)
    """
    reach = _CAP_IN_MARGINS * margin if cap is None else cap
    if n < patients_for(margin, reach, confidence):
        return 0.0
    unit = np.random.default_rng(SEED).standard_normal((draws, n))
    values = np.clip((spread.drift + spread.of_patient(repeats) * unit + reach) / (2 * reach), 0.0, 1.0)
    limit = (margin + reach) / (2 * reach)
    return float(np.mean([shows_below(drawn, limit, 1 - confidence) for drawn in values]))


def patients_needed(
    spread: Spread, margin: float, repeats: int = 3, confidence: float = 0.95, wanted_power: float = 0.9,
    cap: float | None = None,
) -> int | None:  # fmt: skip
    """Fewest patients for the wanted power; None where the expected drift is not below the margin.

    Examples
    --------
    >>> patients_needed(Spread(3.0, drift=3.0), margin=2.0) is None
    True
    """
    if spread.drift >= margin:
        return None
    reach = _CAP_IN_MARGINS * margin if cap is None else cap
    low = patients_for(margin, reach, confidence) - 1
    high = low + 1
    while power(spread, margin, high, repeats, confidence, reach) < wanted_power:
        low, high = high, 2 * high
        if high > _MOST_PATIENTS:
            return None
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        enough = power(spread, margin, middle, repeats, confidence, reach) >= wanted_power
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
            from scipy.stats import binom

            return float(binom.sf(successes, n, share))
    return 1.0

"""Intervals of an AUC and of the difference of two, by the clustered DeLong method on the logit scale.

References
----------
Obuchowski NA. Nonparametric analysis of clustered ROC curve data. *Biometrics* 1997;53:567-578.
Pepe MS. *The Statistical Evaluation of Medical Tests for Classification and Prediction*, 5.2. Oxford, 2003. (logit)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from editproof.stats.interval import MIN_PATIENTS, ONE_PATIENT, SEED, Interval, no_interval, too_few
from editproof.stats.quantiles import beta_above, student_above

if TYPE_CHECKING:
    from editproof.stats.auc import Auc
    from editproof.types import JSON

MIN_CLASS = 8
"""Fewest patients of the rarer class for an interval."""

_ANGLES = np.linspace(0, 2 * np.pi, 721)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])


def auc_interval(statistic: Auc, confidence: float = 0.90, *, minimum: int = MIN_PATIENTS) -> Interval:
    """Interval of an AUC: clustered DeLong on the logit scale, with a t quantile.

    At an AUC of 1 there is no spread to estimate from; the limit then comes from the chance that a further pair of
    patients is ordered the other way (Clopper-Pearson over disjoint pairs).
    """
    refusal = _refusal(statistic, confidence, minimum)
    if refusal is not None:
        return refusal
    n, value, alpha = sum(statistic.strata), statistic.value, (1 - confidence) / 2
    if statistic.standard_error == 0 or value in (0.0, 1.0):
        reach = _pairs_limit(0, min(statistic.kernel.shape), alpha)
        low, high = max(0.0, value - reach), min(1.0, value + reach)
        return Interval(value, low, high, confidence, n, "exact over disjoint pairs")
    low, high, notes = _guarded(_logit_limits, (statistic,), statistic, alpha)
    method = "clustered DeLong, logit"
    return Interval(value, min(low, value), max(high, value), confidence, n, method, notes=notes)


def auc_difference_interval(
    edited: Auc, original: Auc, confidence: float = 0.90, *, minimum: int = MIN_PATIENTS, seed: int = SEED
) -> Interval:
    """Interval of ``edited - original``: the profile of the clustered DeLong ellipse on the logit scale.

    An AUC varies the less the nearer it is to 1, so that a symmetric interval of a loss begins too late. The profile is
    the range of the difference over the ellipse of both AUCs on the logit scale, which follows that, and collapses, as
    it must, where the arms move together. Where fewer than a handful of patients change places, the limits come from
    the share of disjoint pairs that do.
    """
    change = edited - original
    refusal = _refusal(change, confidence, minimum)
    if refusal is not None:
        return refusal
    n, value, error, alpha = sum(change.strata), change.value, change.standard_error, (1 - confidence) / 2
    moved = change.kernel.moved(MIN_CLASS)
    if moved < MIN_CLASS or error == 0 or edited.value in (0.0, 1.0) or original.value in (0.0, 1.0):
        reach = _changed_pairs_limit(change, alpha, seed)
        low, high = min(value, -reach), max(value, reach)
        return Interval(value, low, high, confidence, n, "exact over disjoint pairs", seed)
    low, high, notes = _guarded(_profile_limits, (edited, original), change, alpha)
    method = "clustered DeLong, logit profile"
    return Interval(value, min(low, value), max(high, value), confidence, n, method, notes=notes)


Limits = Callable[..., tuple[float, float]]


def _guarded(limits: Limits, arms: Sequence[Auc], statistic: Auc, alpha: float) -> tuple[float, float, dict[str, JSON]]:
    """Limits, on either side those with one more patient like the extreme one where that one carries much variance."""
    low, high = limits(*arms, alpha=alpha)
    moves = statistic.influence
    weight = moves**2 / (moves**2).sum()
    lowest, highest = int(moves.argmin()), int(moves.argmax())
    guards: list[JSON] = []
    if weight[lowest] > ONE_PATIENT:
        low = min(low, limits(*(arm.with_another(lowest) for arm in arms), alpha=alpha)[0])
        guards.append("lower")
    if weight[highest] > ONE_PATIENT:
        high = max(high, limits(*(arm.with_another(highest) for arm in arms), alpha=alpha)[1])
        guards.append("upper")
    return low, high, {"guarded": guards} if guards else {}


def _logit_limits(statistic: Auc, *, alpha: float) -> tuple[float, float]:
    value = statistic.value
    reach = student_above(alpha, statistic.degrees_of_freedom) * statistic.standard_error / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def _profile_limits(edited: Auc, original: Auc, *, alpha: float) -> tuple[float, float]:
    """Range of the difference over the ellipse of both AUCs on the logit scale."""
    quantile = student_above(alpha, min(edited.kernel.shape) - 1)
    one, other, error = edited.standard_error, original.standard_error, (edited - original).standard_error
    shared = 1.0 if one * other == 0 else float(np.clip((one**2 + other**2 - error**2) / (2 * one * other), -1, 1))
    x, y = _CIRCLE[0], shared * _CIRCLE[0] + np.sqrt(1 - shared**2) * _CIRCLE[1]
    at_edited = logit(edited.value) + quantile * one / (edited.value * (1 - edited.value)) * x
    at_original = logit(original.value) + quantile * other / (original.value * (1 - original.value)) * y
    difference = expit(at_edited) - expit(at_original)
    return float(difference.min()), float(difference.max())


def _refusal(statistic: Auc, confidence: float, minimum: int) -> Interval | None:
    n, rarer = sum(statistic.strata), min(statistic.kernel.shape)
    if not rarer:
        return no_interval("only one class is present, so there is no ROC curve", confidence, n)
    if n < minimum:
        return too_few(n, confidence, minimum).noted(point=statistic.value)
    if rarer < MIN_CLASS:
        return too_few(rarer, confidence, MIN_CLASS, "patients of the rarer class").noted(point=statistic.value)
    return None


def _changed_pairs_limit(statistic: Auc, alpha: float, seed: int) -> float:
    """Upper limit of the share of pairs that change order, from a random matching of positives with negatives."""
    size = min(statistic.kernel.shape)
    rng = np.random.default_rng(seed)
    rows, columns = (rng.permutation(length)[:size] for length in statistic.kernel.shape)
    return _pairs_limit(int(np.count_nonzero(statistic.kernel.at(rows, columns))), size, alpha)


def _pairs_limit(changed: int, size: int, alpha: float) -> float:
    return 1.0 if changed >= size else beta_above(alpha, changed + 1, size - changed)

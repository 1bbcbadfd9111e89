"""Exact limits of a proportion of independent patients.

References
----------
Clopper CJ, Pearson ES. *Biometrika* 1934;26:404-413.
"""

from __future__ import annotations

from editproof.stats.quantiles import beta_above, beta_below


def clopper_pearson(successes: float, n: float, confidence: float = 0.90) -> tuple[float, float]:
    """Exact binomial limits.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 100, 0.90)
    >>> low, round(high, 4)
    (0.0, 0.0295)
    """
    alpha = (1 - confidence) / 2
    low = 0.0 if successes <= 0 else beta_below(alpha, successes, n - successes + 1)
    high = 1.0 if successes >= n else beta_above(alpha, successes + 1, n - successes)
    return low, high

"""Quantiles of the distributions behind intervals: to the bit those of ``scipy.stats``, which is slow to load."""

from __future__ import annotations

from scipy.special import betainccinv, betaincinv, chdtri, gammaincinv, ndtri, stdtrit


def normal_above(share: float) -> float:
    """What a standard normal variable exceeds with probability ``share``.

    Examples
    --------
    >>> round(normal_above(0.025), 2)
    1.96
    """
    return float(-ndtri(share))


def student_above(share: float, degrees_of_freedom: float) -> float:
    """What a Student t variable exceeds with probability ``share``."""
    return float(-stdtrit(degrees_of_freedom, share))


def beta_below(share: float, a: float, b: float) -> float:
    """What a beta variable of shapes ``a`` and ``b`` falls short of with probability ``share``."""
    return float(betaincinv(a, b, share))


def beta_above(share: float, a: float, b: float) -> float:
    """What a beta variable of shapes ``a`` and ``b`` exceeds with probability ``share``."""
    return float(betainccinv(a, b, share))


def chi_squared_below(share: float, degrees_of_freedom: float) -> float:
    """What a chi-squared variable falls short of with probability ``share``."""
    return float(2 * gammaincinv(degrees_of_freedom / 2, share))


def chi_squared_above(share: float, degrees_of_freedom: float) -> float:
    """What a chi-squared variable exceeds with probability ``share``."""
    return float(chdtri(degrees_of_freedom, share))

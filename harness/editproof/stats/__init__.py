"""Arrays in, results out: every interval is clustered by patient, and undefined is a reason."""

from editproof.stats.bootstrap import RESAMPLES, interval
from editproof.stats.interval import IDENTICAL, MIN_PATIENTS, SEED, Interval, identical, no_interval, too_few

__all__ = [
    "IDENTICAL", "MIN_PATIENTS", "RESAMPLES", "SEED", "Interval", "identical", "interval", "no_interval", "too_few",
]  # fmt: skip

"""Arrays in, results out: every interval is clustered by patient, and undefined is a reason."""

from editproof.stats.bootstrap import RESAMPLES, interval
from editproof.stats.curves import Area, AreaChange, Calibration, FeatureDistance
from editproof.stats.interval import IDENTICAL, MIN_PATIENTS, SEED, Interval, identical, no_interval, too_few
from editproof.stats.shares import EditShare, PatientShare
from editproof.stats.statistic import Smooth, Statistic, Undefined
from editproof.stats.sums import Sums, mean

__all__ = [
    "IDENTICAL", "MIN_PATIENTS", "RESAMPLES", "SEED", "Area", "AreaChange", "Calibration", "EditShare",
    "FeatureDistance", "Interval", "PatientShare", "Smooth", "Statistic", "Sums", "Undefined", "identical", "interval",
    "mean", "no_interval", "too_few",
]  # fmt: skip

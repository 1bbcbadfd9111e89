"""Arrays in, results out: every interval is clustered by patient, and undefined is a reason."""

from editproof.stats.areas import Area, AreaChange
from editproof.stats.bootstrap import RESAMPLES, interval
from editproof.stats.bounded import BoundedMean, mean_in, share_of_patients
from editproof.stats.coefficients import Calibration
from editproof.stats.distances import FeatureDistance
from editproof.stats.gaffke import BETTING, CONVENTIONAL, GAFFKE, LIMITS, betting_upper, gaffke_upper
from editproof.stats.interval import IDENTICAL, MIN_PATIENTS, SEED, Interval, identical, no_interval, too_few
from editproof.stats.statistic import Smooth, Statistic, Undefined
from editproof.stats.sums import Sums, mean

__all__ = [
    "BETTING", "CONVENTIONAL", "GAFFKE", "IDENTICAL", "LIMITS", "MIN_PATIENTS", "RESAMPLES", "SEED", "Area",
    "AreaChange", "BoundedMean", "Calibration", "FeatureDistance", "Interval", "Smooth", "Statistic", "Sums",
    "Undefined", "betting_upper", "gaffke_upper", "identical", "interval", "mean", "mean_in", "no_interval",
    "share_of_patients", "too_few",
]  # fmt: skip

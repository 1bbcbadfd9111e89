"""Speed and memory of the statistics, as ratios to the obvious peer in one run: ``python -m bench.statistics``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from editproof.imaging.levels import level_counts
from editproof.stats.auc import auc_statistic
from editproof.stats.bootstrap import patient_counts
from editproof.stats.ks import two_sample_distance
from editproof.stats.sums import mean
from scipy.stats import ks_2samp
from sklearn.metrics import mean_absolute_error, roc_auc_score

PATIENTS, REPEATS, RESAMPLES = 200, 3, 10_000


@dataclass(frozen=True)
class Race:
    """Ours against the peer, which may do a share of the work and be scaled up."""

    name: str
    ours: Callable[[], object]
    peer: Callable[[], object]
    peer_share: float
    wanted: float


def drift_race(rng: np.random.Generator, peer_resamples: int) -> Race:
    """Patient resamples of MAE drift against a loop over scikit-learn."""
    reference = rng.normal(132, 43, PATIENTS)
    original = reference + rng.normal(0, 8, PATIENTS)
    edited = original[:, None] + rng.normal(2, 5, (PATIENTS, REPEATS))

    def ours() -> np.ndarray:
        drift = np.abs(edited - reference[:, None]).mean(axis=1) - np.abs(original - reference)
        statistic = mean(drift)
        return np.concatenate([statistic.values(c) for c in patient_counts(statistic.strata, RESAMPLES, fresh_seed())])

    def peer() -> list[float]:
        found = []
        for _ in range(peer_resamples):
            drawn = rng.integers(0, PATIENTS, PATIENTS)
            after = mean_absolute_error(np.repeat(reference[drawn], REPEATS), edited[drawn].ravel())
            found.append(after - mean_absolute_error(reference[drawn], original[drawn]))
        return found

    return Race("10,000 patient resamples of MAE drift, 200 x 3", ours, peer, peer_resamples / RESAMPLES, 200)


def auc_race(rng: np.random.Generator, peer_resamples: int) -> Race:
    """Patient resamples of an AUC difference against a loop over scikit-learn."""
    positive = np.arange(PATIENTS) < PATIENTS // 2
    original = 2.4 * positive + rng.normal(size=PATIENTS)
    edited = 1.2 * positive[:, None] + rng.normal(size=(PATIENTS, REPEATS))

    def ours() -> np.ndarray:
        change = auc_statistic(edited, positive) - auc_statistic(original, positive)
        return np.concatenate([change.values(c) for c in patient_counts(change.strata, RESAMPLES, fresh_seed())])

    def peer() -> list[float]:
        found = []
        for _ in range(peer_resamples):
            drawn = rng.integers(0, PATIENTS, PATIENTS)
            after = roc_auc_score(np.repeat(positive[drawn], REPEATS), edited[drawn].ravel())
            found.append(after - roc_auc_score(positive[drawn], original[drawn]))
        return found

    return Race("10,000 patient resamples of an AUC difference, 200 x 3", ours, peer, peer_resamples / RESAMPLES, 500)


def ks_race(rng: np.random.Generator) -> Race:
    """KS distance of a 3-megapixel pair against scipy on raw pixels, D being the same number."""
    before = rng.integers(0, 256, (2000, 1500)).astype(np.uint8)
    after = np.clip(before + rng.integers(-3, 5, before.shape), 0, 255).astype(np.uint8)

    def ours() -> float:
        found = two_sample_distance(level_counts(before), level_counts(after))
        assert found is not None
        return found

    def peer() -> float:
        return float(ks_2samp(before.ravel(), after.ravel(), method="asymp").statistic)

    assert abs(ours() - peer()) < 1e-12
    return Race("KS D of a 3-megapixel pair", ours, peer, 1.0, 60)


_SEEDS = iter(range(1, 1_000_000))


def fresh_seed() -> int:
    """A seed that was not used before, so that nothing kept from an earlier call helps."""
    return next(_SEEDS)


def seconds(work: Callable[[], object], times: int) -> float:
    """CPU seconds of the fastest of several goes."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def peak_mb(work: Callable[[], object]) -> float:
    """Most memory allocated at once, in MB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> int:
    """Print the machine and the ratios; exit 1 where one falls short of what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-resamples", type=int, default=300)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    threads = os.environ.get("OMP_NUM_THREADS", "default")
    print(f"{platform.machine()}, {os.cpu_count()} cores, threads {threads}; Python {platform.python_version()}, "
          f"numpy {np.__version__}\n{' '.join(['python -m bench.statistics', *sys.argv[1:]])}")  # fmt: skip
    races = [drift_race(rng, asked.peer_resamples), auc_race(rng, asked.peer_resamples), ks_race(rng)]
    short = 0
    for race in races:
        peer = seconds(race.peer, 1) / race.peer_share
        race.ours()
        ours = seconds(race.ours, 5)
        ratio = peer / ours
        short += ratio < race.wanted
        print(f"{race.name}: {1e3 * ours:.1f} ms against {1e3 * peer:.0f} ms, {ratio:.0f} times as fast "
              f"(wanted {race.wanted:.0f}), peak {peak_mb(race.ours):.0f} MB")  # fmt: skip
    return int(short > 0)


if __name__ == "__main__":
    raise SystemExit(main())

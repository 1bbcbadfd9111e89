"""Uniformly weighted patients, for statistics that are no means: areas under curves and distances of distributions.

Each draw gives every patient, and one more who was not seen, an exponential weight; divided by their sum they are
uniform over all weights that there are (Rubin's Bayesian bootstrap). A limit is a quantile of the statistic over the
draws, with the unseen patient at the worst. The draws depend on the number of patients alone, so that a worse reading
moves every one of them the same way, and the limit never the other.

References
----------
Rubin DB. The Bayesian bootstrap. *Ann Stat* 1981;9:130-134.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from editproof.stats.interval import SEED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[np.float64]
    Values = NDArray[np.float64]

DRAWS = 20_000
"""With 2,000 the limits would miss too often: the quantile itself is too uncertain."""

METHOD = "Dirichlet weights, one unseen patient at the worst"

_CHUNK_CELLS = 4_000_000


def lower_quantile(of: Callable[[Weights], Values], n: int, alpha: float, draws: int = DRAWS) -> float:
    """The quantile at ``alpha`` of a statistic of weights of shape (n_draws, n + 1), the unseen patient's last.

    It is an order statistic at or below the quantile. For an upper limit, give the statistic's negative.

    Examples
    --------
    >>> mean_of_zeros_and_unseen_one = lambda w: w[:, -1] / w.sum(axis=1)
    >>> upper = -lower_quantile(lambda w: -mean_of_zeros_and_unseen_one(w), 59, 0.05)
    >>> bool(abs(upper - 0.0495) < 0.002)
    True
    """
    return float(lower_quantiles(lambda weights: of(weights)[None], n, alpha, draws)[0])


def lower_quantiles(of: Callable[[Weights], Values], n: int, alpha: float, draws: int = DRAWS) -> Values:
    """The same of several statistics at once, given with shape (n_statistics, n_draws); shape (n_statistics,)."""
    values = np.concatenate([of(weights) for weights in _chunks(n, draws)], axis=1)
    rank = max(0, int(np.floor(alpha * (values.shape[1] + 1))) - 1)
    return np.asarray(np.partition(values, rank, axis=1)[:, rank])


def _chunks(n: int, draws: int) -> Iterator[Weights]:
    """The draws in parts that fit into memory; of a study of common size they are kept."""
    if draws * (n + 1) <= _CHUNK_CELLS * 2:
        yield _drawn(n, draws)
        return
    random, size = np.random.default_rng(SEED), max(1, _CHUNK_CELLS // (n + 1))
    for start in range(0, draws, size):
        yield random.standard_exponential((min(size, draws - start), n + 1))


@lru_cache(maxsize=4)
def _drawn(n: int, draws: int) -> Weights:
    return np.random.default_rng(SEED).standard_exponential((draws, n + 1))

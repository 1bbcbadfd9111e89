"""ROC curves of repeated, clustered readings, whose area is the one of :func:`editproof.stats.auc.auc_statistic`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.stats.bootstrap import patient_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

BAND_DRAWS, BAND_SEED = 400, 2016
"""Draws of patients behind the band about a curve, and their seed: the band is the same each time."""


def roc_points(
    scores: Values, positive: NDArray[np.bool_], patients: NDArray[Any] | None = None
) -> tuple[Values, Values] | None:
    """False and true positive rates; None with one class alone.

    Parameters
    ----------
    scores : ndarray of float, shape (n_cases, n_repeats)
        Repeats of a case share the weight of one case, and the cases of one class of a patient that of one patient, so
        that the area under the curve is the AUC of these readings; NaN is a repeat that did not come back. A case
        without any is left out.
    positive : ndarray of bool, shape (n_cases,)
    patients : ndarray, shape (n_cases,), optional
        Patient of each case; every case is its own patient without it.

    Examples
    --------
    >>> scores = np.array([[0.1, np.nan], [0.6, 0.4], [0.5, 0.9]])
    >>> false_positive, true_positive = roc_points(scores, np.array([False, False, True]))
    >>> float(np.trapezoid(true_positive, false_positive))
    0.875
    """
    truth, score, weight, _ = _by_edit(scores, positive, np.arange(len(scores)) if patients is None else patients)
    if truth.all() or not truth.any():
        return None
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)
    hits, alarms = (np.cumsum(weight[order] * kind)[last] for kind in (truth[order], ~truth[order]))
    corner = np.ones(len(hits), dtype=bool)  # a point between two on one line is left out
    corner[1:-1] = (np.diff(hits, 2) != 0) | (np.diff(alarms, 2) != 0)
    false_positive, true_positive = (np.insert(c[corner] / c[-1], 0, 0.0) for c in (alarms, hits))
    return false_positive, true_positive


def roc_band(
    scores: Values, positive: NDArray[np.bool_], patients: NDArray[Any], grid: Values
) -> tuple[Values, Values] | None:
    """True positive rate at each false positive rate of ``grid``, 2.5 % and 97.5 % over draws of whole patients.

    Parameters
    ----------
    scores : ndarray of float, shape (n_cases, n_repeats)
    positive : ndarray of bool, shape (n_cases,)
    patients : ndarray, shape (n_cases,)
        Patient of each case.
    grid : ndarray of float

    Returns
    -------
    tuple of ndarray of float or None
        None where there is no curve.
    """
    truth, score, share, case = _by_edit(scores, positive, patients)
    if truth.all() or not truth.any():
        return None
    names, patient = np.unique(patients, return_inverse=True)
    order = np.argsort(-score, kind="stable")
    of, up, share = patient[case[order]], truth[order], share[order]
    last = np.append(np.diff(score[order]) != 0, True)
    curves = []
    for counts in patient_counts([len(names)], BAND_DRAWS, BAND_SEED):
        weight = counts[:, of] * share
        hits, alarms = (np.cumsum(weight * kind, axis=1) for kind in (up, ~up))
        whole = (hits[:, -1] > 0) & (alarms[:, -1] > 0)
        hits, alarms = (np.insert(c[whole][:, last] / c[whole, -1:], 0, 0.0, axis=1) for c in (hits, alarms))
        curves += [np.interp(grid, x, y) for x, y in zip(alarms, hits, strict=True)]
    low, high = np.quantile(np.array(curves), (0.025, 0.975), axis=0)
    return low, high


def _by_edit(
    scores: Values, positive: NDArray[np.bool_], patients: NDArray[Any]
) -> tuple[NDArray[np.bool_], Values, Values, NDArray[np.intp]]:
    """Class, score, weight and case of each edit that came back; a patient's cases of one class weigh one in all."""
    here = ~np.isnan(scores)
    case, _ = np.nonzero(here)
    times = here.sum(axis=1)
    _, patient = np.unique(patients, return_inverse=True)
    _, group = np.unique(2 * patient + positive, return_inverse=True)
    of_patient = np.bincount(group, weights=times > 0)[group]
    return positive[case], scores[here], 1.0 / (times * of_patient)[case], case

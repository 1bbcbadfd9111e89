"""From the tidy table to the arrays of what was measured on images: on edits, on planted ones, and against targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from editproof.criteria.readings import RETURNED, Readings, in_order, matrix_or_nothing, statuses_of
from editproof.evidence.measurements import IMAGE, ORIGINAL, PLANTED, PLANTED_ORIGINAL, SINGLE, TARGET, Measurements


def image_readings(
    measurements: Measurements,
    quantity: str,
    arm: str,
    *,
    original: bool = False,
    undefined_counts: bool = False,
    to_target: bool = False,
) -> Readings:
    """An image metric by case and repeat.

    Where an edit came back and the metric is not defined on it (no marker in this radiograph), nothing is missing; a
    case on which it is defined for none of the edits that came back is left out, and so is one on which it is defined
    neither for the original, where that is asked for, nor for an edit (no lesion of which one could be found). With
    ``undefined_counts`` such an edit is as good as missing (a re-rendered hand that cannot even be aligned). Of a
    metric ``to_target``, the cases are those whose target was measured, and the original's value is entered where it
    was measured. Of a metric that is defined on no edit at all there are no cases.
    """
    if to_target:
        return _readings_to_target(measurements, quantity, arm)
    if arm == PLANTED:
        return _planted_readings(measurements, quantity)
    values = measurements.matrix(quantity, arm, IMAGE)
    missing = np.isnan(values)
    if measurements.defined_nowhere(quantity, arm):
        return in_order(measurements, values, missing=missing).only(np.zeros(len(values), dtype=bool))
    if not undefined_counts:
        missing &= arm not in (ORIGINAL, TARGET) and statuses_of(measurements, RETURNED) == 0
    before = measurements.matrix(quantity, ORIGINAL, IMAGE)[:, 0] if original else None
    readings = in_order(measurements, values, original=before, missing=missing)
    nowhere = np.isnan(readings.original) if original else np.zeros(len(readings.cases), dtype=bool)
    readings = readings.only(~np.isnan(readings.values).all(axis=1) | readings.missing.all(axis=1) & ~nowhere)
    same = bool(original and readings.values.size and (readings.values == readings.original[:, None]).all())
    return replace(readings, same=same)


def image_parts(measurements: Measurements, quantities: Iterable[str], arm: str) -> Iterator[Readings]:
    """Further numbers of every case, edit and original, of which an image may have none."""
    shape = len(measurements.cases), 1 if arm in SINGLE else max(1, measurements.n_repeats)
    for quantity in quantities:
        values = np.broadcast_to(matrix_or_nothing(measurements, quantity, arm), shape)
        before = matrix_or_nothing(measurements, quantity, ORIGINAL)[:, 0]
        yield in_order(measurements, values, original=before, missing=np.zeros(shape, dtype=bool))


def _readings_to_target(measurements: Measurements, quantity: str, arm: str) -> Readings:
    """How close the edits of the cases with a target come to it; what did not come back is missing."""
    there = ~np.isnan(matrix_or_nothing(measurements, quantity, TARGET)[:, 0])
    shape = (len(there), max(1, measurements.n_repeats))
    values = measurements.matrix(quantity, arm, IMAGE) if there.any() else np.full(shape, np.nan)
    before = matrix_or_nothing(measurements, quantity, ORIGINAL)[:, 0]
    readings = in_order(
        measurements, values, original=before, missing=np.isnan(values), covariate=np.where(there, 1.0, np.nan)
    )
    readings = readings.only(~np.isnan(readings.covariate))
    same = bool(readings.values.size and (readings.values == readings.original[:, None]).all())
    return replace(readings, same=same, covariate=np.full(len(readings.cases), np.nan))


def _planted_readings(measurements: Measurements, quantity: str) -> Readings:
    """What is seen in edits of planted radiographs, of the cases that have one; what did not come back is missing."""
    asked, values = (matrix_or_nothing(measurements, quantity, arm) for arm in (PLANTED_ORIGINAL, PLANTED))
    there = ~np.isnan(asked)
    readings = in_order(measurements, values, original=asked[:, 0], missing=there & np.isnan(values))
    return readings.only(~np.isnan(readings.original))

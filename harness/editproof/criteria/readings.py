"""From the tidy table to the arrays an estimand is made of, with every requested edit accounted for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.declared import is_number
from editproof.errors import ProtocolError
from editproof.evidence.measurements import IMAGE, ORIGINAL, PLANTED, PLANTED_ORIGINAL, Measurements
from editproof.stats.calibration import CURVES, cross_fitted
from editproof.stats.shares import EditShare, PatientShare, patient_share
from editproof.stats.statistic import Smooth, Undefined
from editproof.stats.sums import Sums, mean
from editproof.types import EditStatus

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]

WORST_CASE, COMPLETE_CASE, ORIGINAL_USED = "worst_case", "complete_case", "original_used"
RULES = (WORST_CASE, COMPLETE_CASE, ORIGINAL_USED)


@dataclass(frozen=True)
class Readings:
    """One quantity of one arm, by case and repeat, next to the reference standard and the original.

    Attributes
    ----------
    cases, patients : ndarray of str, shape (n_cases,)
        Patients sorted, so that the order of the cohort cannot change a verdict.
    reference, original : ndarray of float, shape (n_cases,)
        NaN where there is none.
    values : ndarray of float, shape (n_cases, n_repeats)
        NaN where an edit did not come back, until a rule fills it.
    missing : ndarray of bool, shape (n_cases, n_repeats)
        Edits that did not come back; after a rule has dealt with them, those that entered at their worst.
    covariate : ndarray of float, shape (n_cases,)
        A stratum as numbers, where one was asked for; NaN otherwise.
    copied : int
        Cases of which two repeats are equal byte for byte, though nothing shows that the tool is deterministic; counted
        where repeats are compared.
    same : bool
        Whether every edit came back and reads exactly as its original does.
    """

    cases: NDArray[np.str_]
    patients: NDArray[np.str_]
    reference: Values
    original: Values
    values: Values
    missing: NDArray[np.bool_]
    covariate: Values
    same: bool = False
    copied: int = 0

    @property
    def n_patients(self) -> int:
        """Independent clusters."""
        return len(self.names)

    @property
    def names(self) -> NDArray[np.str_]:
        """Each patient once, sorted."""
        return np.unique(self.patients)

    @property
    def errors(self) -> Values:
        """Readings of the edits less the reference standard, shape (n_cases, n_repeats)."""
        return np.asarray(self.values - self.reference[:, None])

    @property
    def changes(self) -> Values:
        """Readings of the edits less those of their originals, shape (n_cases, n_repeats)."""
        return np.asarray(self.values - self.original[:, None])

    def smooth(self, sums: Sums, settled: float | None = None) -> Smooth:
        """Sums over these patients as a statistic; ``settled`` is its value where nothing differs between the arms.

        Raises
        ------
        TypeError
            Where ``settled`` is neither a number nor None.
        """
        if settled is not None and (not is_number(settled)):
            found = f"{type(settled).__name__} {' '.join(repr(settled).split())[:40]}"
            raise TypeError(f"settled is {found}; give one number, or None")
        return Smooth(sums=sums, patients=self.names, settled=settled)

    def mean_of(self, values: Values, settled: float | None = None) -> Smooth:
        """The mean over cases, clustered by patient.

        Parameters
        ----------
        values : ndarray of float, shape (n_cases,) or (n_cases, n_repeats)
            Repeats of a case are averaged first; NaN is a repeat that does not count.
        """
        return self.smooth(mean(values, self.patients), settled)

    def share_of_patients(self, holds: ArrayLike) -> PatientShare:
        """Share of patients with a case in which something holds, from flags of shape (n_cases,).

        Raises
        ------
        TypeError, ValueError
            Where the flags are not booleans, or not of that shape.
        """
        return patient_share(_flags(holds, self.patients.shape), self.patients)

    def share_of_edits(self, holds: ArrayLike) -> EditShare | Undefined:
        """Share of edits in which something holds, from flags of shape (n_cases, n_repeats); lost ones never count.

        Raises
        ------
        TypeError, ValueError
            Where the flags are not booleans, or not of that shape.
        """
        if not len(self.patients):
            return self.undefined("there are no edits")
        flags = np.where(np.isnan(self.values), np.nan, _flags(holds, self.values.shape))
        return EditShare(holds=flags, patients=self.patients)

    def undefined(self, why: str) -> Undefined:
        """No statistic, and why."""
        return Undefined(patients=self.patients, why=why)

    @property
    def unmoved(self) -> float | None:
        """0 where every edit reads exactly as its original does, which settles a difference; None elsewhere."""
        return 0.0 if self.same else None

    def only(self, cases: ArrayLike) -> Readings:
        """The readings of some cases, from a mask of shape (n_cases,)."""
        keep = np.asarray(cases, dtype=bool)
        return replace(
            self, cases=self.cases[keep], patients=self.patients[keep],
            reference=self.reference[keep], original=self.original[keep],
            values=self.values[keep], missing=self.missing[keep], covariate=self.covariate[keep],
        )  # fmt: skip

    def recalibrated(self, curve: str) -> Readings:
        """Both arms recalibrated to the reference standard, each by its own curve, cross-fitted by patient."""
        return replace(
            self,
            values=cross_fitted(self.values, self.reference, self.patients, curve),
            original=cross_fitted(self.original[:, None], self.reference, self.patients, curve)[:, 0],
        )

    def complete(self) -> Readings:
        """The cases of which at least one repeat came back."""
        return self.only(~self.missing.all(axis=1))

    def filled(self, replacement: Values) -> Readings:
        """Missing values replaced, from an array of shape (n_cases, 1) or (n_cases, n_repeats)."""
        return replace(self, values=np.where(self.missing, replacement, self.values))

    def settled(self) -> Readings:
        """The readings with no edit counted as missing any more."""
        return replace(self, missing=np.zeros_like(self.missing))


def _flags(holds: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether something holds, of each; a number is not a flag, since any but 0 would count as True."""
    flags = np.asarray(holds)
    if flags.dtype != bool:
        raise TypeError(f"a share is of True and False, not of {flags.dtype}; compare first, e.g. values > 5")
    if flags.shape != shape:
        raise ValueError(f"a share of flags of shape {flags.shape}; they have to be of shape {shape}")
    return flags


def instrument_readings(
    measurements: Measurements,
    quantity: str,
    arm: str,
    instrument: str,
    *,
    reference: bool,
    original: bool,
    by: str = "",
) -> Readings:
    """Readings of an instrument; cases without a reference standard are left out where one is needed."""
    readings = _in_order(
        measurements,
        measurements.matrix(quantity, arm, instrument),
        reference=measurements.reference(quantity) if reference else None,
        original=measurements.matrix(quantity, ORIGINAL, instrument)[:, 0] if original else None,
        covariate=_covariate(measurements, by) if by else None,
    )
    if reference:
        readings = readings.only(~np.isnan(readings.reference))
    same = bool(original and readings.values.size and (readings.values == readings.original[:, None]).all())
    return replace(readings, same=same)


def image_readings(
    measurements: Measurements, quantity: str, arm: str, *, original: bool = False, undefined_counts: bool = False
) -> Readings:
    """An image metric by case and repeat.

    Where an edit came back and the metric is not defined on it (no marker in this radiograph), nothing is missing; a
    case on which it is defined for none of the edits that came back is left out. With ``undefined_counts`` such an edit
    is as good as missing (a re-rendered hand that cannot even be aligned).
    """
    if arm == PLANTED:
        return _planted_readings(measurements, quantity)
    values = measurements.matrix(quantity, arm, IMAGE)
    missing = np.isnan(values)
    if not undefined_counts:
        missing &= arm != ORIGINAL and _statuses(measurements, _RETURNED) == 0
    before = measurements.matrix(quantity, ORIGINAL, IMAGE)[:, 0] if original else None
    readings = _in_order(measurements, values, original=before, missing=missing)
    readings = readings.only(~np.isnan(readings.values).all(axis=1) | readings.missing.all(axis=1))
    same = bool(original and readings.values.size and (readings.values == readings.original[:, None]).all())
    return replace(readings, same=same)


def _planted_readings(measurements: Measurements, quantity: str) -> Readings:
    """What is seen in edits of planted radiographs, of the cases that have one; what did not come back is missing."""
    asked, values = (_matrix_or_nothing(measurements, quantity, arm) for arm in (PLANTED_ORIGINAL, PLANTED))
    there = ~np.isnan(asked)
    readings = _in_order(measurements, values, original=asked[:, 0], missing=there & np.isnan(values))
    return readings.only(~np.isnan(readings.original))


def _matrix_or_nothing(measurements: Measurements, quantity: str, arm: str) -> Values:
    """The values of an arm with one image a case, shape (n_cases, 1), all NaN where it was not measured."""
    if measurements.has(quantity, arm, IMAGE):
        return measurements.matrix(quantity, arm, IMAGE)
    return np.full((len(measurements.cases), 1), np.nan)


def flow_readings(measurements: Measurements, statuses: frozenset[str]) -> Readings:
    """1 where the first attempt at a requested edit ended in one of ``statuses``, else 0; nothing is missing here.

    A later attempt that succeeded does not undo a failure. Where the first is not known, the end counts.
    """
    values = _statuses(measurements, statuses, first=True)
    return _in_order(measurements, values, missing=np.zeros(values.shape, dtype=bool))


_RETURNED = frozenset({EditStatus.OK.value})
NOT_RETURNED = frozenset(status.value for status in EditStatus if status is not EditStatus.OK)


def _statuses(measurements: Measurements, statuses: frozenset[str], *, first: bool = False) -> Values:
    row_of = {case: row for row, case in enumerate(measurements.cases["case"])}
    values = np.full((len(row_of), max(1, measurements.n_repeats)), np.nan)
    edits = measurements.edits
    ends = edits["first"].where(edits["first"] != "", edits["status"]) if first else edits["status"]
    values[edits["case"].map(row_of).to_numpy(int), edits["repeat"].to_numpy(int)] = ends.isin(statuses)
    return values


def _covariate(measurements: Measurements, by: str) -> Values:
    name = f"stratum:{by}"
    if name not in measurements.cases:
        known = [str(column).removeprefix("stratum:") for column in measurements.cases if "stratum:" in str(column)]
        raise ProtocolError(
            f"stratum {by!r}", f"the cohort knows {', '.join(known) or 'no strata'}", "Use one of those."
        )
    column = measurements.cases[name]
    if column.dtype.kind in "fi":
        return np.asarray(column, dtype=float)
    levels = sorted(set(column.dropna().astype(str)))
    if len(levels) > 2:
        raise ProtocolError(f"stratum {by!r}", f"{len(levels)} values", "Use numbers, or a stratum of two values.")
    code_of = {level: float(code) for code, level in enumerate(levels)}
    return np.array([code_of.get(str(level), np.nan) for level in column])


def _in_order(
    measurements: Measurements,
    values: Values,
    *,
    reference: Values | None = None,
    original: Values | None = None,
    covariate: Values | None = None,
    missing: NDArray[np.bool_] | None = None,
) -> Readings:
    """Readings sorted by patient and case."""
    cases = measurements.cases["case"].to_numpy(str)
    order = np.lexsort((cases, measurements.patients))
    blank = np.full(len(values), np.nan)
    columns = (blank if column is None else column for column in (reference, original, covariate))
    of_reference, of_original, of_covariate = (column[order] for column in columns)
    gone = np.isnan(values) if missing is None else missing
    names, patients = cases[order], measurements.patients[order]
    return Readings(names, patients, of_reference, of_original, values[order], gone[order], of_covariate)


def with_missing_filled(
    readings: Readings, rule: str, kind: str, worst: float, unchanged: float, sign: int
) -> Readings:
    """Missing edits dealt with by a declared rule.

    Parameters
    ----------
    rule : {"worst_case", "complete_case", "original_used"}
        ``worst_case`` replaces a missing reading by the worst plausible one: for a continuous quantity an error as
        large as the largest observed, or as the way to the farther end of the reference range if that is longer; for a
        probability the wrong extreme; for an image metric the value of a ruined image. ``complete_case`` leaves the
        edit out, ``original_used`` takes the original instead, as a clinic that discards a failed edit would.
    kind : {"continuous", "probability", "image"}
    worst, unchanged : float
        For image metrics: the value of a ruined and of an untouched image.
    sign : {-1, 1}
        Direction of the worst error of a continuous quantity.
    """
    if rule not in RULES:
        raise ProtocolError(f"missing-data rule {rule!r}", f"there are {', '.join(RULES)}", "Choose one of those.")
    if not readings.missing.any():
        return readings
    if rule == COMPLETE_CASE:
        return readings.complete().settled()
    if rule == ORIGINAL_USED:
        known = kind != "image" or not np.isnan(readings.original).all()
        return readings.filled(readings.original[:, None] if known else np.full((1, 1), unchanged)).settled()
    if kind == "image":
        return readings.filled(np.full((1, 1), worst))
    if kind == "probability":
        return readings.filled(1.0 - readings.reference[:, None])
    anchor = np.where(np.isnan(readings.reference), readings.original, readings.reference)
    observed = np.nanmax(np.abs(readings.values - anchor[:, None]), initial=0.0)
    farther = np.maximum(anchor - np.nanmin(anchor), np.nanmax(anchor) - anchor)
    return readings.filled((anchor + sign * np.maximum(observed, farther))[:, None])


def harm_sign(readings: Readings, low: float, high: float) -> int:
    """Direction in which a further error is worst: against the one limit, or onwards from the observed bias."""
    if np.isinf(low) != np.isinf(high):
        return 1 if np.isinf(low) else -1
    anchor = np.where(np.isnan(readings.reference), readings.original, readings.reference)
    errors = readings.values - anchor[:, None]
    return -1 if errors.size and not np.isnan(errors).all() and np.nanmean(errors) < 0 else 1


def known_curve(curve: str) -> str:
    """The name of a recalibration curve, or an error that lists those there are."""
    if curve not in CURVES:
        raise ProtocolError(f"recalibration {curve!r}", f"there are {', '.join(CURVES)}", "Choose one of those.")
    return curve

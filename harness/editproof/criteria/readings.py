"""From the tidy table to the arrays an estimand is made of, with every requested edit accounted for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from editproof.core.declared import is_number
from editproof.errors import ProtocolError
from editproof.evidence.measurements import IMAGE, ORIGINAL, POOLED, TARGET, Measurements
from editproof.evidence.readers import read_in_part
from editproof.stats.agreement import between_repeats
from editproof.stats.bounded import BoundedMean, mean_in, patient_means, share_of_patients
from editproof.stats.calibration import CURVES, cross_fitted
from editproof.stats.statistic import Smooth, Statistic, Undefined
from editproof.stats.sums import Sums, mean, root_ratio
from editproof.types import EditStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        NaN where an edit did not come back.
    missing : ndarray of bool, shape (n_cases, n_repeats)
        Edits that did not come back, and could have had any value.
    covariate : ndarray of float, shape (n_cases,)
        A stratum as numbers, where one was asked for; NaN otherwise.
    copied : int
        Cases of which two repeats are equal byte for byte, though nothing shows that the tool is deterministic; counted
        where repeats are compared.
    same : bool
        Whether every edit came back and reads exactly as its original does.
    least, most : float
        The interval in which the value of one patient lies.
    parts : tuple of Readings
        Further quantities of the same cases and edits, where the estimand is made of several.
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
    least: float = -math.inf
    most: float = math.inf
    parts: tuple[Readings, ...] = ()

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
        return Smooth(sums=sums, patients=self.names, settled=_settled(settled))

    def mean_of(self, values: Values, settled: float | None = None) -> Statistic:
        """The mean over patients of values in the interval from ``least`` to ``most``.

        Parameters
        ----------
        values : ndarray of float, shape (n_cases,) or (n_cases, n_repeats)
            Repeats of a case are averaged first; NaN is a repeat that does not count, unless it is missing.
        settled : float, optional
            The value, where nothing differs between the arms and there is no declared interval.

        Raises
        ------
        TypeError, ValueError
            Where ``settled`` is neither a number nor None, or there is not one value, or row of them, for each case.
        """
        table = np.asarray(values, dtype=float)
        if len(table) != len(self.patients):
            raise ValueError(f"{len(table)} values for {len(self.patients)} cases")
        if not math.isfinite(self.most - self.least):
            names, means = patient_means(table, self.patients)
            return Smooth(sums=mean(means), patients=names, settled=_settled(settled))
        return self._bounded(table, self.least, self.most)

    def root_mean_of(self, squares: Values) -> Statistic:
        """The root of the mean of squares, of values in the interval from ``least`` to ``most``; as :meth:`mean_of`."""
        if math.isfinite(self.most - self.least):
            return self._bounded(squares, 0.0, max(abs(self.least), abs(self.most)) ** 2, root=True)
        names, means = patient_means(squares, self.patients)
        sums = Sums(np.stack([means, np.ones(len(means))], axis=1), root_ratio)
        return Smooth(sums=sums, patients=names, settled=None if means.any() else 0.0)

    def average(self, values: Values) -> float:
        """Mean over patients of values of shape (n_cases,) or (n_cases, n_repeats); NaN where there are none."""
        return float(np.mean(means)) if len(means := patient_means(values, self.patients)[1]) else math.nan

    def share_of_patients(self, holds: ArrayLike, *, every: bool = False) -> Statistic:
        """Share of patients with an edit, or with every edit, in which something holds.

        Parameters
        ----------
        holds : array_like of bool, shape (n_cases,) or (n_cases, n_repeats)
            Of an edit that is missing it is not known.
        every : bool
            Whether it has to hold in every edit.

        Raises
        ------
        TypeError, ValueError
            Where the flags are not booleans, or not of that shape.
        """
        flags = _flags(holds, self.patients.shape, self.values.shape)
        if every:
            outside = self.share_of_patients(~flags)
            return outside.complement() if isinstance(outside, BoundedMean) else outside
        known = flags if flags.ndim == 1 else (flags & ~np.isnan(self.values)).any(axis=1)
        return share_of_patients(known, self.patients, self.missing.any(axis=1))

    def share_of_edits(self, holds: ArrayLike) -> Statistic:
        """Share of edits in which something holds, averaged over patients, from flags of shape (n_cases, n_repeats)."""
        flags = _flags(holds, self.values.shape)
        return self._bounded(np.where(np.isnan(self.values), np.nan, flags.astype(float)), 0.0, 1.0)

    def share(self, holds: ArrayLike, per: str, *, every: bool = False) -> Statistic:
        """Share of ``"patient"`` or ``"edit"``: :meth:`share_of_patients` or :meth:`share_of_edits`."""
        return self.share_of_edits(holds) if per == "edit" else self.share_of_patients(holds, every=every)

    def _bounded(self, values: Values, least: float, most: float, *, root: bool = False) -> Statistic:
        missing = self.missing
        if values.ndim == 1:
            values = np.repeat(values[:, None], missing.shape[1], axis=1)
        return mean_in(values, self.patients, least, most, missing, root=root)

    @property
    def pairs_of_repeats(self) -> Readings:
        """Differences between each two repeats of a case in place of the readings, shape (n_cases, n_pairs)."""
        one, other = np.triu_indices(self.values.shape[1], 1)
        missing = self.missing[:, one] | self.missing[:, other]
        return replace(self, values=between_repeats(self.values), missing=missing)

    def undefined(self, why: str) -> Undefined:
        """No statistic, and why."""
        return Undefined(patients=self.patients, why=why)

    @property
    def unmoved(self) -> float | None:
        """0 where every edit reads exactly as its original does, which settles a difference; None elsewhere."""
        return 0.0 if self.same else None

    def only(self, cases: ArrayLike) -> Readings:
        """The readings of some cases, from a mask of shape (n_cases,)."""
        return self.taken(np.flatnonzero(np.asarray(cases, dtype=bool)))

    def taken(self, rows: NDArray[Any]) -> Readings:
        """The readings of cases by their places, each as often as it is named."""
        return replace(
            self, cases=self.cases[rows], patients=self.patients[rows],
            reference=self.reference[rows], original=self.original[rows],
            values=self.values[rows], missing=self.missing[rows], covariate=self.covariate[rows],
            parts=tuple(part.taken(rows) for part in self.parts),
        )  # fmt: skip

    @property
    def in_groups(self) -> NDArray[np.bool_]:
        """Whether each case has another one of the same covariate, shape (n_cases,); a case without one has none."""
        groups, members = np.unique(self.covariate, return_inverse=True, return_counts=True)[1:]
        return np.asarray((members[groups] > 1) & ~np.isnan(self.covariate))

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
        parts = tuple(replace(part, missing=self.missing).filled(part.original[:, None]) for part in self.parts)
        return replace(self, values=np.where(self.missing, replacement, self.values), parts=parts)

    def with_parts(self, parts: Iterable[Readings]) -> Readings:
        """With further quantities, on the cases of which all are known."""
        there, others = np.ones(len(self.cases), dtype=bool), list(parts)
        for part in others:
            there &= np.isin(self.cases, part.cases)
        kept = self.only(there)
        rows = [np.flatnonzero(np.isin(part.cases, kept.cases)) for part in others]
        return replace(kept, parts=tuple(part.taken(row) for part, row in zip(others, rows, strict=True)))

    def settled(self) -> Readings:
        """The readings with no edit counted as missing any more."""
        return replace(self, missing=np.zeros_like(self.missing))


def _settled(value: object) -> float | None:
    """The value of what differs nowhere, if it is a number at all."""
    if value is not None and not is_number(value):
        found = f"{type(value).__name__} {' '.join(repr(value).split())[:40]}"
        raise TypeError(f"settled is {found}; give one number, or None")
    return None if value is None else float(value)  # type: ignore[arg-type]


def _flags(holds: ArrayLike, *shapes: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether something holds, of each; a number is not a flag, since any but 0 would count as True."""
    flags = np.asarray(holds)
    if flags.dtype != bool:
        raise TypeError(f"a share is of True and False, not of {flags.dtype}; compare first, e.g. values > 5")
    if flags.shape not in shapes:
        allowed = " or ".join(map(str, dict.fromkeys(shapes)))
        raise ValueError(f"a share of flags of shape {flags.shape}; they have to be of shape {allowed}")
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
    against: str = ORIGINAL,
    grouped: bool = False,
) -> Readings:
    """Readings of an instrument; cases without a reference standard are left out where one is needed.

    Those ``against`` which edits are held, of originals or of targets, are entered as ``original``; a case without a
    target is left out where it is held against one.
    """
    before = matrix_or_nothing(measurements, quantity, against, instrument)[:, 0] if against == TARGET else None
    if original and before is None:
        before = _wholly_read(measurements, quantity, ORIGINAL, instrument)[:, 0]
    readings = in_order(
        measurements,
        _wholly_read(measurements, quantity, arm, instrument),
        reference=measurements.reference(quantity) if reference else None,
        original=before,
        covariate=_covariate(measurements, by, grouped) if by else None,
    )
    if reference:
        readings = readings.only(~np.isnan(readings.reference))
    if against == TARGET:
        readings = readings.only(~np.isnan(readings.original))
    same = bool(original and readings.values.size and (readings.values == readings.original[:, None]).all())
    return replace(readings, same=same)


def _wholly_read(measurements: Measurements, quantity: str, arm: str, instrument: str) -> Values:
    """The matrix of an instrument's readings; what not every human reader read has no pooled reading."""
    values = measurements.matrix(quantity, arm, instrument)
    if instrument == POOLED and measurements.has(quantity, arm):
        values[read_in_part(measurements, quantity, arm)] = np.nan
    return values


def flow_readings(measurements: Measurements, statuses: frozenset[str]) -> Readings:
    """1 where the first attempt at a requested edit ended in one of ``statuses``, else 0; nothing is missing here.

    A later attempt that succeeded does not undo a failure. Where the first is not known, the end counts.
    """
    values = statuses_of(measurements, statuses, first=True)
    return in_order(measurements, values, missing=np.zeros(values.shape, dtype=bool))


RETURNED = frozenset({EditStatus.OK.value})
NOT_RETURNED = frozenset(status.value for status in EditStatus if status is not EditStatus.OK)


def statuses_of(measurements: Measurements, statuses: frozenset[str], *, first: bool = False) -> Values:
    """1 where an edit (or the first attempt at it) ended in one of ``statuses``, else 0; NaN where it was not asked."""
    row_of = {case: row for row, case in enumerate(measurements.cases["case"])}
    values = np.full((len(row_of), max(1, measurements.n_repeats)), np.nan)
    edits = measurements.edits
    ends = edits["first"].where(edits["first"] != "", edits["status"]) if first else edits["status"]
    values[edits["case"].map(row_of).to_numpy(int), edits["repeat"].to_numpy(int)] = ends.isin(statuses)
    return values


def _covariate(measurements: Measurements, by: str, grouped: bool) -> Values:
    name = f"stratum:{by}"
    if name not in measurements.cases:
        known = [str(column).removeprefix("stratum:") for column in measurements.cases if "stratum:" in str(column)]
        raise ProtocolError(
            f"stratum {by!r}", f"the cohort knows {', '.join(known) or 'no strata'}", "Use one of those."
        )
    column = measurements.cases[name]
    if grouped:
        codes, _ = pd.factorize(column.where(column.astype(str).str.strip() != ""))
        return np.where(codes < 0, np.nan, codes.astype(float))
    if column.dtype.kind in "fi":
        return np.asarray(column, dtype=float)
    levels = sorted(set(column.dropna().astype(str)))
    if len(levels) > 2:
        raise ProtocolError(f"stratum {by!r}", f"{len(levels)} values", "Use numbers, or a stratum of two values.")
    code_of = {level: float(code) for code, level in enumerate(levels)}
    return np.array([code_of.get(str(level), np.nan) for level in column])


def matrix_or_nothing(measurements: Measurements, quantity: str, arm: str, instrument: str = IMAGE) -> Values:
    """The values of an arm with one image a case, shape (n_cases, 1), all NaN where it was not measured."""
    if measurements.has(quantity, arm, instrument):
        return measurements.matrix(quantity, arm, instrument)
    return np.full((len(measurements.cases), 1), np.nan)


def in_order(
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


def with_missing(readings: Readings, rule: str, unchanged: float | None) -> Readings:
    """Missing edits dealt with by a declared rule.

    Parameters
    ----------
    rule : {"worst_case", "complete_case", "original_used"}
        ``worst_case`` leaves them missing: each can have had any value that there can be, so that the upper limit has
        them at the most and the lower one at the least. ``complete_case`` leaves them out; ``original_used`` takes the
        original instead, as a clinic that discards a failed edit would. A tool can gain by losing edits under both.
    unchanged : float, optional
        Of image metrics: the value of an untouched image.
    """
    if rule not in RULES:
        raise ProtocolError(f"missing-data rule {rule!r}", f"there are {', '.join(RULES)}", "Choose one of those.")
    if rule == WORST_CASE or not readings.missing.any():
        return readings
    if rule == COMPLETE_CASE:
        return readings.complete().settled()
    known = unchanged is None or not np.isnan(readings.original).all()
    return readings.filled(readings.original[:, None] if known else np.full((1, 1), unchanged)).settled()


def known_curve(curve: str) -> str:
    """The name of a recalibration curve, or an error that lists those there are."""
    if curve not in CURVES:
        raise ProtocolError(f"recalibration {curve!r}", f"there are {', '.join(CURVES)}", "Choose one of those.")
    return curve

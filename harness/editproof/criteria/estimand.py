"""What is estimated (ICH E9(R1)): a quantity, a summary over patients, a rule for missing edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.readings import (
    RULES,
    WORST_CASE,
    Readings,
    harm_sign,
    of_flow,
    of_images,
    of_instrument,
    with_missing_filled,
)  # fmt: skip
from editproof.criteria.region import Region
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED, Measurements
from editproof.stats.interval import Interval, no_interval
from editproof.types import JSON, Estimate

if TYPE_CHECKING:
    Compute = Callable[[Readings, float], Interval]

UNITS = {"bone_age": "months"}
"""Units of quantities that need not be named in every criterion."""


@dataclass(frozen=True, repr=False)
class Estimand:
    """One number to be estimated, complete with what it is made of. Made by the factories of this room.

    Attributes
    ----------
    name : str
        E.g. ``"MAE drift"``.
    quantity : str
        What was read, e.g. ``"bone_age"``, or an image metric such as ``"ks_distance:protected"``.
    unit : str or None
        Unit of the estimate; None takes that of the measurements.
    compute : callable
        The statistic: readings and two-sided confidence to an interval.
    call : str
        The factory call with every parameter, as ``repr`` shows it and the protocol digest reads it.
    kind : {"continuous", "probability", "image", "flow"}
        Where the numbers come from and what the worst of them is.
    needs : frozenset of str
        Which of ``"reference"`` and ``"original"`` have to be there.
    recalibration : str
        Curve by which both arms are recalibrated first (cross-fitted by patient), or empty.
    worst, unchanged : float
        Of image metrics: the value of a ruined and of an untouched image.
    undefined_counts : bool
        Of image metrics: whether an edit on which the metric is not defined counts as a missing one.
    by : str
        A stratum on which the statistic depends, or empty.
    """

    name: str
    quantity: str
    unit: str | None
    compute: Compute
    call: str
    kind: str = "continuous"
    needs: frozenset[str] = frozenset()
    arm: str = EDITED
    instrument: str = POOLED
    missing: str = WORST_CASE
    recalibration: str = ""
    worst: float = field(default=0.0)
    unchanged: float = field(default=0.0)
    undefined_counts: bool = False
    by: str = ""

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist while the protocol is written, not when the data are in."""
        if self.missing not in RULES:
            raise ProtocolError(
                f"missing-data rule {self.missing!r}", f"there are {', '.join(RULES)}", "Choose one of those."
            )

    def __repr__(self) -> str:
        """The factory call with every parameter."""
        return self.call

    def __call__(self, measurements: Measurements, confidence: float = 0.90, region: Region | None = None) -> Estimate:
        """Same as :meth:`estimate`."""
        return self.estimate(measurements, confidence, region)

    def estimate(self, measurements: Measurements, confidence: float = 0.90, region: Region | None = None) -> Estimate:
        """The number with its two-sided interval, or the reason why there is none.

        Parameters
        ----------
        confidence : float
            Two-sided coverage; a one-sided bound at 0.95 is a limit of the interval at 0.90.
        region : Region, optional
            Where the number is wanted, which says what the worst missing reading would have been.
        """
        raw = self.raw(measurements)
        limits = region or Region(-1.0, 1.0)
        edited = self.arm != ORIGINAL
        found = self._interval(raw, self.missing, limits, confidence)
        notes: dict[str, JSON] = dict(found.notes)
        n_edits = 0 if not edited else raw.values.size if found.n_edits is None else found.n_edits
        n_missing = int(raw.missing.sum()) if edited and self.kind != "flow" else 0
        if n_missing and not raw.missing.all():
            notes["missing_rule"] = self.missing
            notes["sensitivity"] = {
                rule: _figures(self._interval(raw, rule, limits, confidence)) for rule in RULES if rule != self.missing
            }
        return Estimate(
            found.value, found.low, found.high, self._unit(measurements), confidence, found.n_patients,
            n_edits, n_missing, found.method, found.seed, found.reason, notes,
        )  # fmt: skip

    def raw(self, measurements: Measurements) -> Readings:
        """What the estimate is made of, before a rule fills what did not come back."""
        original = "original" in self.needs
        if self.kind == "flow":
            return of_flow(measurements, frozenset(self.quantity.split("+")))
        if self.kind == "image":
            return of_images(
                measurements, self.quantity, self.arm, original=original, undefined_counts=self.undefined_counts
            )
        return of_instrument(
            measurements, self.quantity, self.arm, self.instrument,
            reference="reference" in self.needs, original=original, by=self.by,
        )  # fmt: skip

    def _interval(self, raw: Readings, rule: str, limits: Region, confidence: float) -> Interval:
        if reason := self.refusal(raw):
            return no_interval(reason, confidence, raw.n_patients)
        return self.compute(self.completed(raw, limits, rule), confidence)

    def refusal(self, raw: Readings) -> str:
        """Why there can be no estimate; empty where there can."""
        if not raw.n_patients:
            return "there are no patients"
        if raw.missing.all():
            return "no edit came back" if self.arm != ORIGINAL else "no reading"
        if "original" in self.needs and np.isnan(raw.original).any():
            return f"{int(np.isnan(raw.original).sum())} originals have no reading to compare with"
        if self.arm == ORIGINAL and raw.missing.any():
            return f"{int(raw.missing.sum())} originals have no reading"
        if self.by and len(np.unique(raw.covariate[~np.isnan(raw.covariate)])) < 2:
            return "the stratum has one value only"
        return ""

    def completed(self, raw: Readings, limits: Region, rule: str | None = None) -> Readings:
        """The readings recalibrated, and filled by a rule where an edit did not come back; by default its own."""
        readings = raw.recalibrated(self.recalibration) if self.recalibration else raw
        sign = harm_sign(readings, limits.low, limits.high)
        kind = "image" if self.kind == "flow" else self.kind
        return with_missing_filled(readings, rule or self.missing, kind, self.worst, self.unchanged, sign)

    def _unit(self, measurements: Measurements) -> str:
        measured = "" if self.kind == "flow" else measurements.unit(self.quantity)
        if self.unit is None:
            return measured
        if self.kind == "continuous" and self.unit and measured and self.unit != measured:
            raise ProtocolError(
                f"{self.call} in {self.unit!r}", f"{self.quantity!r} was measured in {measured!r}",
                "State the unit in which it is measured.",
            )  # fmt: skip
        return self.unit

    def recalibrated(self, curve: str) -> Estimand:
        """The same after recalibration; see :func:`editproof.criteria.recalibrated`."""
        return replace(
            self,
            name=f"{self.name} after {curve} recalibration",
            recalibration=curve,
            call=f"recalibrated({self.call}, {curve!r})",
        )


def _figures(found: Interval) -> JSON:
    return [found.value, found.low, found.high] if found.exists else found.reason


def called(factory: str, *values: object, **options: object) -> str:
    """The text of a factory call, leaving out options that are not set.

    Examples
    --------
    >>> called("mae", "bone_age", arm="edited", unit=None)
    "mae('bone_age', arm='edited')"
    """
    given = [repr(value) for value in values]
    given += [f"{name}={value!r}" for name, value in options.items() if value is not None]
    return f"{factory}({', '.join(given)})"

"""What every method of this room returns: a number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from editproof.types import JSON

SEED = 251123066
"""Seed of every resampling, so that equal data give equal verdicts."""

MIN_PATIENTS = 20
"""Fewest patients for an interval that rests on resampling or on a t distribution.

With 10 to 20 skewed clusters every such interval is anticonservative (docs/statistics.md has the figures), so no
verdict is offered there.
"""

ONE_PATIENT = 0.15
"""Share of the variance above which one patient is taken to represent others that were not drawn."""

IDENTICAL = "identical arms"
"""Method of the one interval that may have no width: there is no difference at all to estimate."""

RARE = 0.01
"""Share of patients in whom harm has to be ruled out before arms without any difference settle what nothing bounds."""

ALIKE = "nothing differs between the arms"
"""How the reason begins why arms without any difference settle nothing."""


@dataclass(frozen=True)
class Interval:
    """A point estimate with a two-sided interval, or a reason.

    Attributes
    ----------
    value, low, high : float or None
        None where ``reason`` says why; always ``low <= value <= high``.
    confidence : float
        Two-sided coverage. Each limit is a one-sided bound at ``(1 + confidence) / 2``.
    n_patients : int
        Independent clusters behind the number.
    n_edits : int, optional
        Edits behind the number, where they are not all that were requested.
    """

    value: float | None
    low: float | None
    high: float | None
    confidence: float
    n_patients: int
    method: str
    seed: int | None = None
    reason: str | None = None
    notes: Mapping[str, JSON] = field(default_factory=dict)
    n_edits: int | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a number at all."""
        return self.reason is None

    def noted(self, **notes: JSON) -> Interval:
        """The same interval with further figures; one that is not finite is left out."""
        known = {name: value for name, value in notes.items() if not isinstance(value, float) or math.isfinite(value)}
        return replace(self, notes={**self.notes, **known})


def no_interval(reason: str, confidence: float, n_patients: int, method: str = "none", **notes: JSON) -> Interval:
    """No number, and why; a point value that exists all the same is kept in ``notes["point"]``."""
    return Interval(None, None, None, confidence, n_patients, method, reason=reason, notes=notes)


def identical(confidence: float, n_patients: int, value: float = 0.0) -> Interval:
    """Nothing differs between the arms: the difference is ``value``, where so many patients would have shown harm.

    Nothing bounds what it would be in a patient who was not seen. Patients without a difference settle it only where
    they rule out, with the confidence of each limit, that one in a hundred is harmed: from 299 on at 95 %.

    Examples
    --------
    >>> identical(0.90, 299).high, identical(0.90, 298).high, identical(0.90, 298).notes
    (0.0, None, {'point': 0.0})
    """
    needed = math.ceil(math.log((1 - confidence) / 2) / math.log1p(-RARE))
    if n_patients < needed:
        few = f"{n_patients} patients are too few to rule out harm in one of a hundred; at least {needed} are needed"
        return no_interval(f"{ALIKE}, but {few}", confidence, n_patients, point=value)
    return Interval(value, value, value, confidence, n_patients, IDENTICAL)


def too_few(n_patients: int, confidence: float, minimum: int = MIN_PATIENTS, what: str = "patients") -> Interval:
    """The refusal below a minimum number of patients."""
    return no_interval(f"too few {what}: {n_patients}, at least {minimum} are needed", confidence, n_patients)

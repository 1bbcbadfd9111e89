"""A criterion and the one rule by which it is decided."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from editproof.core.numbers import decimals_for, figure
from editproof.criteria.estimand import Estimand
from editproof.criteria.region import Region
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE, LIMITS
from editproof.stats.interval import IDENTICAL
from editproof.types import CriterionCard, Estimate, Outcome, Verdict

ROLES = ("primary", "secondary", "validity")


@dataclass(frozen=True, repr=False)
class Criterion:
    """A claim with its margin: an estimand must lie in a region.

    Parameters
    ----------
    id : str
        Short and stable, e.g. ``"BA-1"``.
    estimand : Estimand
    region : Region
    confidence : float
        One-sided, of each bound: 0.95 tests at 5 %, and shows the two-sided 90 % interval.
    source : str
        Where the limit comes from; required. Say ``"placeholder: ..."`` where it has no source yet.
    hazard : str
        What may happen to a patient if the claim does not hold.
    role : {"primary", "secondary", "validity"}
    sentence : str, optional
        The claim in one sentence; made of the estimand and the region where it is not given.
    min_patients : int
        Fewest patients on whom the protocol lets the claim be decided, e.g. in a subgroup; methods have a least number
        of their own.
    family : str
        Rule of the family that it was decided in, set by :mod:`editproof.criteria.families`; empty where it was decided
        alone.
    requirement : str, optional
        Which of your requirements it answers, e.g. ``"URS-3: readings keep their accuracy"``.
    limits : {"gaffke", "betting", "conventional"}
        How the limits of the interval are made; conventional ones (cluster t, DeLong) make a run conform with a
        reservation, since they miss what is rare.
    default_cap : bool
        Whether the cap of its estimand is the default, which a study may replace; entered here.

    Raises
    ------
    ProtocolError
        Without id or source, with an unknown role or limits, with a confidence outside (0.5, 1), or where an estimand
        without a cap is to lie at its very ideal.

    Examples
    --------
    >>> from editproof.criteria import at_most, mae_drift
    >>> claim = Criterion("BA-1", mae_drift("bone_age"), at_most(2.0), source="placeholder: protocol to be written")
    >>> claim
    <BA-1: MAE drift of bone_age is at most 2.0 months>
    >>> claim.estimand.most
    60.0
    >>> claim.card.required, claim.card.sentence
    ('at most 2.0 months', 'MAE drift of bone_age is at most 2.0 months.')
    """

    id: str
    estimand: Estimand
    region: Region
    confidence: float = 0.95
    source: str = ""
    hazard: str = ""
    role: str = "primary"
    rationale: str = ""
    limitation: str = ""
    sentence: str | None = None
    min_patients: int = 0
    family: str = ""
    requirement: str = ""
    limits: str = GAFFKE
    default_cap: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a claim that nobody could check; declare the cap of a change where the claim did not."""
        if not self.id.strip():
            raise ProtocolError("a criterion", "no id", "Give it a short and stable id such as 'BA-1'.")
        if not self.source.strip():
            raise ProtocolError(
                f"criterion {self.id}", "no source of its limit", "Name one, or say 'placeholder: ...' for want of one."
            )
        if self.role not in ROLES:
            raise ProtocolError(f"criterion {self.id}", f"role {self.role!r}", f"Choose one of {', '.join(ROLES)}.")
        if not 0.5 < self.confidence < 1:
            raise ProtocolError(
                f"criterion {self.id}", f"confidence {self.confidence}", "Give the one-sided confidence, e.g. 0.95."
            )
        if self.limits not in LIMITS:
            raise ProtocolError(
                f"criterion {self.id}", f"limits {self.limits!r}", f"Choose one of {', '.join(LIMITS)}."
            )
        if self.estimand.wants_cap:
            margin = self.margin
            if not margin > 0:
                found = "its limit is the ideal value, so that no cap follows from it"
                raise ProtocolError(f"criterion {self.id}", found, "Give the estimand a cap, e.g. cap=60.")
            object.__setattr__(self, "estimand", self.estimand.capped(self.estimand.cap_in_margins * margin))
            object.__setattr__(self, "default_cap", True)

    @property
    def margin(self) -> float:
        """How far the claim lets the estimand lie from its ideal value, on the side where it lets it lie farther."""
        limits = [limit for limit in (self.region.low, self.region.high) if math.isfinite(limit)]
        return max(abs(limit - self.estimand.ideal) for limit in limits)

    def __repr__(self) -> str:
        """The claim, short enough for the message of an assertion."""
        return f"<{self.id}: {self._claim}>"

    @property
    def is_approximate(self) -> bool:
        """Whether its limits rest on the usual assumptions: many patients, none of them out of all proportion."""
        estimand = self.estimand
        return self.limits == CONVENTIONAL or bool(estimand.recalibration) or not estimand.is_bounded

    @property
    def _claim(self) -> str:
        read = (self.estimand.quantity, *self.estimand.parts)
        subject = f" of {', '.join(read)}" if self.estimand.reads else ""
        return f"{self.estimand.name}{subject} is {self.region.words(self.estimand.unit or '')}"

    @property
    def card(self) -> CriterionCard:
        """The criterion as plain data."""
        unit = self.estimand.unit or ""
        required = self.region.words(unit)
        return CriterionCard(
            self.id, self.sentence or f"{self._claim}.", self.estimand.name, unit,
            self.region.low, self.region.high, required, self.confidence, self.role, self.source, self.hazard,
            self.rationale, self.limitation, self.estimand.spec, self.min_patients, self.family, self.requirement,
            self.estimand.signed, self.limits,
        )  # fmt: skip


def verdict_on(criterion: Criterion, measurements: Measurements, confidence: float | None = None) -> Verdict:
    """The criterion decided on one editor's measurements.

    Interval wholly inside the region: PASS. Wholly outside: FAIL. Anything else, no estimate, and fewer patients than
    the protocol asks for is INCONCLUSIVE.

    Parameters
    ----------
    confidence : float, optional
        One-sided, where it is not the criterion's own: the level that is due to it in a family of claims.
    """
    level = criterion.confidence if confidence is None else confidence
    estimate = criterion.estimand.estimate(measurements, round(2 * level - 1, 12), criterion.limits)
    outcome, because = decision(estimate, criterion.region)
    if estimate.exists and estimate.n_patients < criterion.min_patients:
        outcome = Outcome.INCONCLUSIVE
        because = f"Too few patients: {estimate.n_patients}, the protocol asks for {criterion.min_patients}."
    if criterion.family:
        because += f" Decided in a family ({criterion.family}), at a one-sided {100 * level:.5g} %."
    return Verdict(criterion.card, measurements.editor, measurements.stratum, estimate, outcome, because)


def decision(estimate: Estimate, region: Region) -> tuple[Outcome, str]:
    """Outcome and reason of an estimate held against a region."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Outcome.INCONCLUSIVE, f"There is no estimate: {estimate.reason}."
    low, high = estimate.low, estimate.high
    if not low <= estimate.value <= high:
        return Outcome.INCONCLUSIVE, "The interval does not hold its own estimate."
    if low == high and estimate.method != IDENTICAL:
        return Outcome.INCONCLUSIVE, "The interval has no width, so the uncertainty is unknown."
    decimals = decimals_for((estimate.value, low, high), (region.low, region.high))
    span = f"[{figure(low, decimals)}, {figure(high, decimals)}]"
    required = region.words(estimate.unit)
    if region.holds(low, high):
        return Outcome.PASS, f"The whole interval {span} is {required}."
    if region.excludes(low, high):
        return Outcome.FAIL, f"No part of the interval {span} is {required}."
    return Outcome.INCONCLUSIVE, f"Only a part of the interval {span} is {required}."


def overall(verdicts: Iterable[Verdict]) -> tuple[Outcome, str]:
    """Outcome of a whole suite by intersection and union: it passes when every primary criterion passes.

    No alpha needs to be split, because all of them have to hold (Berger 1982, 10.1080/00401706.1982.10487790). A
    secondary criterion need not be shown to hold, but one that was shown to be broken fails the suite.
    """
    found = list(verdicts)
    outcome, reason = _of_primary(found)
    broken = _missed(found, "secondary", Outcome.FAIL)
    if not broken or outcome is Outcome.INVALID:
        return outcome, reason
    return Outcome.FAIL, f"{reason} {broken}" if outcome is Outcome.FAIL else f"{broken} {reason}"


def _of_primary(verdicts: list[Verdict]) -> tuple[Outcome, str]:
    primary = [verdict for verdict in verdicts if verdict.criterion.role == "primary"]
    if not primary:
        return Outcome.INCONCLUSIVE, "No primary criterion was judged."
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        if missed := _missed(primary, "primary", outcome):
            return outcome, missed
    if any(verdict.outcome is not Outcome.PASS for verdict in primary):
        return Outcome.INVALID, "A primary verdict is not valid."
    return Outcome.PASS, f"All {len(primary)} primary criteria hold."


def _missed(verdicts: list[Verdict], role: str, outcome: Outcome) -> str:
    """The criteria of a role that came to an outcome, in a sentence; empty where there are none."""
    asked = [verdict for verdict in verdicts if verdict.criterion.role == role]
    missed = [verdict for verdict in asked if verdict.outcome is outcome]
    word = {Outcome.FAIL: "failed", Outcome.INCONCLUSIVE: "left open"}[outcome]
    return f"{len(missed)} of {len(asked)} {role} criteria {word}: {_named(missed)}." if missed else ""


def _named(verdicts: list[Verdict]) -> str:
    return ", ".join(dict.fromkeys(verdict.place for verdict in verdicts))  # all: a missed claim is not to be hidden

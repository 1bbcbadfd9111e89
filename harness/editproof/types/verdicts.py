"""What was estimated, what was claimed of it, and what that came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from editproof.core.numbers import decimals_for, figure
from editproof.types.images import JSON
from editproof.types.specs import EstimandSpec


class Outcome(StrEnum):
    """What a criterion, or a whole run, came to."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty, or the reason why there is none.

    Attributes
    ----------
    value, low, high : float or None
        Point estimate and interval limits in ``unit``; all None where ``reason`` says why. An open side of a
        one-sided interval is ``-inf`` or ``inf``.
    confidence : float
        Coverage of the interval (low, high), in (0, 1).
    n_patients, n_edits, n_missing : int
        Independent clusters, edits behind them, and requested edits that did not come back.
    method : str
        Name of the interval method, e.g. ``"patient bootstrap-t"``.
    seed : int or None
        Seed of the resampling, None for closed forms.
    notes : mapping
        Further figures worth keeping, e.g. both sides of a difference: ``{"original": 6.3, "edited": 30.1}``.
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    confidence: float
    n_patients: int
    n_edits: int
    n_missing: int
    method: str
    seed: int | None = None
    reason: str | None = None
    notes: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether there is a number at all."""
        return self.reason is None


@dataclass(frozen=True)
class CriterionCard:
    """A criterion as a reader meets it: plain data, free of code.

    Attributes
    ----------
    id : str
        Short and stable, e.g. ``"BA-1"``.
    sentence : str
        The claim in one English sentence.
    estimand : str
        Name of what is estimated, e.g. ``"MAE drift"``.
    low, high : float
        The acceptance region, closed; ``-inf`` or ``inf`` on an open side.
    required : str
        The region in words: ``"at most 2.0 months"``.
    confidence : float
        One-sided confidence of each bound (a one-sided test at ``1 - confidence``); ``within`` regions are
        two one-sided tests (TOST).
    role : str
        ``"primary"`` (the run passes only if it passes), ``"secondary"`` (reported) or ``"validity"``
        (of the assay: a miss makes the run INVALID).
    source : str
        Where the limit comes from: a reference, a protocol section, or "placeholder: ...".
    hazard : str
        What may happen to a patient if the criterion is not met.
    specification : EstimandSpec, optional
        The estimand in full; None for a row that estimates nothing, as a count of claims.
    min_patients : int
        Fewest patients on whom the protocol lets the claim be decided; 0 leaves it to the method.
    family : str
        Rule by which it shares an error rate with the other claims of its test (``"holm"``), or empty; ``confidence``
        is then one less that error rate, and the interval is the one at the level that was due.
    requirement : str
        What of the user's requirements the criterion answers, e.g. ``"URS-3: readings keep their accuracy"``.
    signed : bool
        Whether the estimate is a signed difference, which is printed with its sign.
    limits : str
        How the limits of its interval are made: ``"gaffke"``, ``"betting"`` or ``"conventional"``.
    """

    id: str
    sentence: str
    estimand: str
    unit: str
    low: float
    high: float
    required: str
    confidence: float
    role: str
    source: str
    hazard: str = ""
    rationale: str = ""
    limitation: str = ""
    specification: EstimandSpec | None = None
    min_patients: int = 0
    family: str = ""
    requirement: str = ""
    signed: bool = False
    limits: str = "gaffke"


@dataclass(frozen=True, repr=False)
class Verdict:
    """One criterion decided for one editor in one stratum. True only when it passed."""

    criterion: CriterionCard
    editor: str
    stratum: str
    estimate: Estimate
    outcome: Outcome
    because: str

    def __bool__(self) -> bool:
        """Whether the criterion was shown to hold."""
        return self.outcome is Outcome.PASS

    def __repr__(self) -> str:
        """One line that says what was found and what was required."""
        return sentence_of(self)

    @property
    def place(self) -> str:
        """Which claim it is on; see :func:`place_of`."""
        return place_of(self.criterion.id, self.stratum)

    @property
    def met(self) -> bool:
        """Whether a test may be green: a primary criterion must pass, a secondary one must not fail."""
        return bool(self) or (self.criterion.role == "secondary" and self.outcome is Outcome.INCONCLUSIVE)


def place_of(criterion: str, stratum: str) -> str:
    """A claim as one names it, by the id of its criterion and the patients concerned.

    Examples
    --------
    >>> place_of("BA-1", "all"), place_of("BA-1", "sex=F")
    ('BA-1', 'BA-1 in sex=F')
    """
    return criterion if stratum == "all" else f"{criterion} in {stratum}"


def sentence_of(verdict: Verdict) -> str:
    """One line: outcome, criterion, estimate with its interval, what it rests on, and what was required."""
    card, estimate = verdict.criterion, verdict.estimate
    head = f"{verdict.outcome.value} {verdict.place}: {card.estimand}"
    required = f"required {card.required}"
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return f"<{head} has no estimate: {estimate.reason or verdict.because}; {required}>"
    numbers = (estimate.value, estimate.low, estimate.high)
    decimals = decimals_for(numbers, (card.low, card.high))
    sign = "+" if card.signed else ""
    value, low, high = (figure(x, decimals, sign) for x in numbers)
    unit = f" {estimate.unit}" if estimate.unit not in ("", "1") else ""
    edits = f", {estimate.n_edits} edits" if estimate.n_edits else ""
    of_readers = f" reading{'s' * (estimate.n_missing != 1)}" if estimate.notes.get("readers") else ""
    missing = f", {estimate.n_missing}{of_readers} missing" if estimate.n_missing else ""
    return f"<{head} = {value}{unit} [{low}, {high}], {estimate.n_patients} patients{edits}{missing}; {required}>"

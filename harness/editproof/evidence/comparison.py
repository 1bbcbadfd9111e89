"""Two versions of one tool on the same frozen cases: one frozen record, beside that of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from editproof.evidence.measurements import Measurements
from editproof.evidence.reservations import Reservation
from editproof.types import JSON, CriterionCard, DatasetCard, EditorCard, InstrumentCard, Outcome, Verdict

COMPARISON = "editproof-comparison/3"


@dataclass(frozen=True)
class OwnClaim:
    """A claim that a version was judged by in its own run."""

    criterion: CriterionCard
    stratum: str


@dataclass(frozen=True)
class Version:
    """One of the two: the run it was judged in, and what was measured of it.

    Attributes
    ----------
    protocol : str
        Digest of the protocol of its run.
    label, outcome, incomplete, reservations
        Of the tool in its own run, for which this comparison is no substitute.
    claims : tuple of OwnClaim
        Every claim that it was judged by in its own run, primary and secondary.
    """

    run: str
    protocol: str
    label: str
    outcome: Outcome
    incomplete: tuple[str, ...]
    reservations: tuple[Reservation, ...]
    claims: tuple[OwnClaim, ...]
    card: EditorCard
    measurements: Measurements = field(repr=False)


@dataclass(frozen=True)
class MarginClaim:
    """A primary criterion of the old version, and by how much the new one may be worse."""

    criterion: CriterionCard
    stratum: str
    margin: float
    source: str


@dataclass(frozen=True)
class ComparisonFacts:
    """What is compared, and by which margins.

    Attributes
    ----------
    terms : mapping
        What the protocols of both runs share.
    """

    created: str
    dataset: DatasetCard
    instruments: tuple[InstrumentCard, ...]
    old: Version
    new: Version
    claims: tuple[MarginClaim, ...]
    terms: Mapping[str, JSON]
    environment: Mapping[str, JSON]


@dataclass(frozen=True)
class ComparisonFindings:
    """What follows from the facts of a comparison.

    Attributes
    ----------
    departures : tuple of str
        What makes it EXPLORATORY: margins that are placeholders, runs that were.
    gaps : tuple of str
        Primary claims of the old version that the new one did not have to meet as they were; any leaves it open.
    additional : tuple of str
        Primary claims of the new version that the old one was not judged by, so that they are not compared.
    reservations : tuple of Reservation
        What limits what the comparison shows, though nothing is wrong with it.
    protocol : mapping
        The terms, the claims with their margins, the protocols of both runs, and the digest over all of it.
    """

    run: str
    outcome: Outcome
    reason: str
    label: str
    departures: tuple[str, ...]
    gaps: tuple[str, ...]
    additional: tuple[str, ...]
    reservations: tuple[Reservation, ...]
    verdicts: tuple[Verdict, ...]
    protocol: Mapping[str, JSON]


@dataclass(frozen=True)
class Comparison:
    """Whether the new version is no worse than the old one, under every primary criterion of the old one."""

    facts: ComparisonFacts
    findings: ComparisonFindings
    schema: str = COMPARISON

    @property
    def run(self) -> str:
        """Name of the comparison, a safe file name."""
        return self.findings.run

    @property
    def outcome(self) -> Outcome:
        """What the comparison came to."""
        return self.findings.outcome

    @property
    def reason(self) -> str:
        """The outcome in one sentence."""
        return self.findings.reason

    @property
    def departures(self) -> tuple[str, ...]:
        """What makes it exploratory."""
        return self.findings.departures

    @property
    def reservations(self) -> tuple[Reservation, ...]:
        """What limits what the comparison shows."""
        return self.findings.reservations

    @property
    def label(self) -> str:
        """Whether it is confirmatory or exploratory."""
        return self.findings.label

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One a claim."""
        return self.findings.verdicts

    @property
    def protocol(self) -> Mapping[str, JSON]:
        """What was fixed, and its digest."""
        return self.findings.protocol

    @property
    def environment(self) -> Mapping[str, JSON]:
        """What computed the new version's run."""
        return self.facts.environment

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Claims of the old version that were not compared."""
        return self.findings.gaps

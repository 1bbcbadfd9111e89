"""Two versions of one tool on the same frozen cases: one frozen record, beside that of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from editproof.evidence.measurements import Measurements
from editproof.types import JSON, CriterionCard, DatasetCard, EditorCard, InstrumentCard, Outcome, Verdict

COMPARISON = "editproof-comparison/2"


@dataclass(frozen=True)
class Version:
    """One of the two: the run it was judged in, and what was measured of it.

    Attributes
    ----------
    protocol : str
        Digest of the protocol of its run.
    label, outcome
        Of the tool in its own run, for which this comparison is no substitute.
    """

    run: str
    protocol: str
    label: str
    outcome: Outcome
    card: EditorCard
    measurements: Measurements = field(repr=False)


@dataclass(frozen=True)
class Claim:
    """A primary criterion of the new version, and by how much it may be worse than the old one."""

    criterion: CriterionCard
    stratum: str
    margin: float
    source: str


@dataclass(frozen=True)
class Comparison:
    """Whether the new version is no worse than the old one, under every primary criterion.

    Attributes
    ----------
    departures : tuple of str
        What makes it EXPLORATORY: margins that are placeholders, runs that were.
    protocol : mapping
        What both runs share, and the digest of the comparison's own terms.
    """

    run: str
    created: str
    outcome: Outcome
    reason: str
    label: str
    departures: tuple[str, ...]
    dataset: DatasetCard
    instruments: tuple[InstrumentCard, ...]
    old: Version
    new: Version
    claims: tuple[Claim, ...]
    verdicts: tuple[Verdict, ...]
    protocol: Mapping[str, JSON]
    environment: Mapping[str, JSON]
    incomplete: tuple[str, ...] = ()
    schema: str = COMPARISON

"""The evidence of one run: facts, which were met, and findings, which follow from them and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from editproof.evidence.facts import Extent, Facts, Pictures, ToolFacts, made_elsewhere
from editproof.evidence.findings import Attribution, Exhibit, Findings, MaskReport, Origins, ToolFindings
from editproof.evidence.measurements import Measurements
from editproof.evidence.reservations import Reservation, concerning
from editproof.types import JSON, DatasetCard, EditorCard, InstrumentCard, Outcome, Verdict

CONTROLS = ("identity", "destructive")
"""Tools that every run measures beside those it judges: the one must pass, the other must fail."""

SCHEMA = "editproof-evidence/4"


@dataclass(frozen=True)
class PicturedExhibit(Exhibit):
    """An exhibit beside its pictures; none where they were left out. ``index`` is their place among the facts."""

    images: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    whole: Extent | None = None
    near: Extent | None = None
    index: int = 0


@dataclass(frozen=True)
class EditorEvidence:
    """One tool as a reader meets it: facts and findings side by side."""

    facts: ToolFacts
    findings: ToolFindings

    @property
    def card(self) -> EditorCard:
        """What the tool is."""
        return self.facts.card

    @property
    def measurements(self) -> Measurements:
        """What was measured on its edits."""
        return self.facts.measurements

    @property
    def tests(self) -> tuple[str, ...]:
        """Id of the test of each verdict."""
        return tuple(claim.test for claim in self.facts.claims)

    @property
    def judged_again(self) -> tuple[str, ...]:
        """Each claim that a test was told of more than once, with the number of times; the verdict counts once."""
        again = (claim for claim in self.facts.claims if len(claim.told) > 1)
        return tuple(f"{claim.place} ({len(claim.told)} times by {claim.test})" for claim in again)

    @property
    def outcome(self) -> Outcome:
        """What its verdicts came to."""
        return self.findings.outcome

    @property
    def reason(self) -> str:
        """The outcome in one sentence."""
        return self.findings.reason

    @property
    def flow(self) -> Mapping[str, int]:
        """How many edits were requested, and how many ended in each way."""
        return self.findings.flow

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One a claim."""
        return self.findings.verdicts

    @property
    def attribution(self) -> tuple[Attribution, ...]:
        """How much of the harm each step of the editing chain explains."""
        return self.findings.attribution

    @property
    def causes(self) -> str:
        """The attribution in one sentence."""
        return self.findings.causes

    @property
    def mask(self) -> MaskReport | None:
        """What the tool makes of its mask; None where it was not asked."""
        return self.findings.mask

    @property
    def origins(self) -> Origins:
        """Where its edits come from."""
        return self.findings.origins

    @cached_property
    def exhibits(self) -> tuple[PicturedExhibit, ...]:
        """The edits that a reader is shown."""
        kept = {(found.case, found.repeat): (at, found) for at, found in enumerate(self.facts.pictures)}
        bare = 0, Pictures("", 0)
        made = []
        for e in self.findings.exhibits:
            at, found = kept.get((e.case, e.repeat), bare)
            pictures = found.images, found.whole, found.near, at
            made.append(PicturedExhibit(e.case, e.repeat, e.rank, e.readings, e.claims, *pictures))
        return tuple(made)


@dataclass(frozen=True)
class Evidence:
    """The whole run: facts, and the findings that follow from them.

    Made by :func:`editproof.audit.findings.evidence_of`, or read from a folder by
    :func:`editproof.evidence.bundle.loaded`.
    """

    facts: Facts
    findings: Findings
    schema: str = SCHEMA

    @cached_property
    def editors(self) -> tuple[EditorEvidence, ...]:
        """Each tool, facts and findings side by side."""
        pairs = zip(self.facts.tools, self.findings.tools, strict=True)
        return tuple(EditorEvidence(facts, findings) for facts, findings in pairs)

    @property
    def run(self) -> str:
        """Name of the run."""
        return self.findings.run

    @property
    def created(self) -> str:
        """When the run ended."""
        return self.facts.created

    @property
    def outcome(self) -> Outcome:
        """What the run came to."""
        return self.findings.outcome

    @property
    def reason(self) -> str:
        """The outcome in one sentence."""
        return self.findings.reason

    @property
    def label(self) -> str:
        """Whether the run is confirmatory or exploratory."""
        return self.findings.label

    @property
    def departures(self) -> tuple[str, ...]:
        """Where the run departs from its lock."""
        return self.findings.departures

    @property
    def departures_from_lock(self) -> tuple[str, ...]:
        """What departs from the lock; what was made elsewhere makes a run exploratory, and departs from nothing."""
        return tuple(found for found in self.departures if found not in made_elsewhere(self.facts))

    @property
    def reservations(self) -> tuple[Reservation, ...]:
        """What limits what the run shows."""
        return self.findings.reservations

    def reservations_on(self, tool: EditorEvidence) -> tuple[Reservation, ...]:
        """What limits what the run shows of one of its tools."""
        return concerning(self.reservations, tool.card.name)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Why the suite did not run completely; empty when it did."""
        return self.findings.incomplete

    @property
    def validity(self) -> tuple[Verdict, ...]:
        """The checks of the assay."""
        return self.findings.validity

    @property
    def protocol(self) -> Mapping[str, JSON]:
        """What was fixed, and its digest."""
        return self.findings.protocol

    @property
    def dataset(self) -> DatasetCard:
        """The cohort."""
        return self.facts.dataset

    @property
    def instruments(self) -> tuple[InstrumentCard, ...]:
        """What read the images."""
        return self.facts.instruments

    @property
    def environment(self) -> Mapping[str, JSON]:
        """What computed the run."""
        return self.facts.environment

    @property
    def controls(self) -> Mapping[str, Measurements]:
        """What was measured on the controls, by name."""
        return self.facts.controls

    @property
    def lock(self) -> Mapping[str, JSON] | None:
        """The protocol that was locked before the first edit."""
        return self.facts.lock

    @property
    def shard(self) -> str:
        """The part of the cohort that was measured; empty for the whole of it."""
        return self.facts.shard

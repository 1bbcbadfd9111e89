"""What follows from the facts of a run, and from nothing else: :func:`editproof.audit.findings.findings` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from editproof.evidence.facts import MaskTrial
from editproof.evidence.reservations import Reservation
from editproof.types import JSON, Estimate, Outcome, Verdict


@dataclass(frozen=True)
class Exhibit:
    """One edit shown to a reader: why it was chosen, and what the instruments read.

    Attributes
    ----------
    rank : str
        ``"worst"``, ``"median"`` or ``"best"``, by how much the edit changed; see
        :func:`editproof.evidence.gallery.chosen`.
    claims : tuple of str
        Primary criteria on whose quantity this is the edit that changed most, if it is shown for them.
    readings : mapping
        ``{"bone_age": {"reference": 120.0, "original": 118.2, "edited": 151.9, "unit": "months"}, ...}``.
    """

    case: str
    repeat: int
    rank: str
    readings: Mapping[str, Mapping[str, JSON]]
    claims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attribution:
    """How much of the harm one step of the editing chain explains.

    Attributes
    ----------
    arm : str
        ``"edited"``, ``"paste_back"``, ``"recalibrated_linear"``, ...
    meaning : str
        The arm in one plain sentence.
    estimate : Estimate
        Of the same estimand in every row of one table, e.g. MAE drift against the originals in months.
    """

    arm: str
    meaning: str
    estimand: str
    estimate: Estimate


@dataclass(frozen=True)
class MaskReport:
    """What a tool was found to make of its mask, from a few small edits of a drawing.

    Attributes
    ----------
    editor : str
    finding : str
        ``"respected"``, ``"guidance"`` (some change outside), ``"inverted"``, ``"ignored"``, ``"unchanged"`` (it
        edited nothing at all) or ``"not known"``.
    because : str
        The finding in one sentence without a full stop.
    trials : tuple of MaskTrial
        Empty where the tool was not asked.
    """

    editor: str
    finding: str
    because: str
    trials: tuple[MaskTrial, ...] = ()

    @property
    def respected(self) -> bool:
        """Whether every change lay where a change was allowed."""
        return self.finding == "respected"


@dataclass(frozen=True)
class Origins:
    """Where the edits of a tool come from.

    Attributes
    ----------
    made, replayed : int
        Edits that came back and were made in this run, and earlier.
    oldest : str
        When the oldest of the replayed ones was made, ISO 8601 in UTC; empty where none was replayed.
    calls : int, optional
        Requests of this run that reached the tool; None where they were not counted.
    """

    made: int = 0
    replayed: int = 0
    oldest: str = ""
    calls: int | None = None


@dataclass(frozen=True)
class ToolFindings:
    """What follows from the facts for one tool.

    Attributes
    ----------
    outcome : Outcome
        PASS, FAIL, INCONCLUSIVE, or INVALID where a control or a baseline floor was missed.
    reason : str
        The outcome in one sentence.
    flow : mapping of str to int
        ``requested``, ``ok``, ``refused``, ``failed``, ``malformed``, ``timed_out``; the last five sum to the first.
    verdicts : tuple of Verdict
        One a claim, in the order of the claims.
    causes : str
        The attribution in one sentence; empty where there is none.
    """

    outcome: Outcome
    reason: str
    flow: Mapping[str, int]
    verdicts: tuple[Verdict, ...]
    attribution: tuple[Attribution, ...]
    causes: str
    exhibits: tuple[Exhibit, ...]
    mask: MaskReport | None = None
    origins: Origins = Origins()


@dataclass(frozen=True)
class Findings:
    """What follows from the facts for the run.

    Attributes
    ----------
    run : str
        Name of the run, a safe file name.
    label : str
        ``"CONFIRMATORY"`` or ``"EXPLORATORY"``, with ``departures`` saying why the latter.
    reservations : tuple of Reservation
        What limits what the run shows, though nothing is wrong with it.
    incomplete : tuple of str
        Why the suite did not run completely, with the part of the cohort where only a part was measured.
    validity : tuple of Verdict
        Whether tests were told what the facts say, baseline floors of the instruments on the originals, and the two
        controls (identity must pass, a known-destructive editor must fail), decided for the run as a whole.
    protocol : mapping
        What was fixed: digests of dataset, instruments and criteria, editors with parameters, prompt, repeats,
        seed, missing-data rule; ``protocol["digest"]`` is the sha256 over all of it.
    tools : tuple of ToolFindings
        In the order of the facts.
    """

    run: str
    outcome: Outcome
    reason: str
    label: str
    departures: tuple[str, ...]
    reservations: tuple[Reservation, ...]
    incomplete: tuple[str, ...]
    validity: tuple[Verdict, ...]
    protocol: Mapping[str, JSON]
    tools: tuple[ToolFindings, ...]

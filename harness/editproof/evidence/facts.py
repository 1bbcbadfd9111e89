"""What a run met, and what cannot be computed again from the rest of a bundle.

Tables, cards, the protocol's terms, the lock, what tests claimed and were told, mask trials and pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from editproof.evidence.measurements import Measurements
from editproof.types import JSON, CriterionCard, DatasetCard, EditorCard, InstrumentCard, Outcome, Verdict, place_of


@dataclass(frozen=True)
class MaskTrial:
    """One mask, and what a tool changed under it: shares of pixels in [0, 1], None where there is nothing to say."""

    mask: str
    status: str
    changed_inside: float | None
    changed_outside: float | None
    message: str = ""


@dataclass(frozen=True)
class Extent:
    """What a picture shows of an image.

    Attributes
    ----------
    place : tuple of int
        First row and column in the image; of a slice of a volume, the slice before them.
    shape : tuple of int
        Rows and columns at native resolution, whatever the picture was reduced to.
    spacing_mm : tuple of float, optional
        Millimetres between rows and between columns at that resolution, where the cohort states them.
    outside : bool
        Whether the place was chosen by a change outside the edit mask.
    """

    place: tuple[int, ...]
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...] | None = None
    outside: bool = False


@dataclass(frozen=True)
class Pictures:
    """The pictures of one edit.

    Attributes
    ----------
    images : mapping of str to bytes
        PNG bytes by role: ``"original"``, ``"edited"``, ``"edit_mask"``, ``"protected_mask"`` (all of one size), and
        ``"patches"`` (one pixel a cell; see :mod:`editproof.evidence.patches`), ``"drawn_original"`` and
        ``"drawn_edited"`` (what instruments draw; see :mod:`editproof.evidence.drawn`), ``"near_original"`` and
        ``"near_edited"`` (native pixels of the place that changed most), and ``"full_original"`` and ``"full_edited"``
        (every pixel, where the first two were reduced and the budget allows).
    whole, near : Extent, optional
        What the first two and the near ones show; None where it was not kept.
    """

    case: str
    repeat: int
    images: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    whole: Extent | None = None
    near: Extent | None = None


@dataclass(frozen=True)
class Told:
    """What a test was told when it claimed: the outcome, and the estimate with its interval, if there is one."""

    outcome: Outcome
    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, verdict: Verdict) -> Told:
        """What a verdict tells."""
        estimate = verdict.estimate
        return cls(verdict.outcome, estimate.value, estimate.low, estimate.high)


@dataclass(frozen=True)
class Claim:
    """What a test claimed of a tool: a criterion in a stratum; and what the test was told.

    The verdict is decided from the facts, whatever the test was told; where the two differ, the run is INVALID.

    Attributes
    ----------
    told : tuple of Told
        One each time that the test was told: several where it ran again. Empty where the claim was made of parts of a
        cohort that were joined later.
    """

    criterion: CriterionCard
    stratum: str
    test: str
    told: tuple[Told, ...]

    @property
    def place(self) -> str:
        """The claim as one names it: ``"BA-1"``, or ``"BA-1 in sex=F"``."""
        return place_of(self.criterion.id, self.stratum)


@dataclass(frozen=True)
class EarlierJudgement:
    """A judgement of the same cohort that the store of a run remembers; empty fields were not written down then.

    Attributes
    ----------
    protocol : str
        Digest of the protocol.
    ended : str
        ISO 8601 time in UTC.
    """

    protocol: str
    tool: str
    outcome: str
    ended: str


@dataclass(frozen=True)
class RollEntry:
    """A test that asked to judge, and the ids of the criteria that it names, noted before any test ran."""

    test: str
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToolFacts:
    """What was met of one tool.

    Attributes
    ----------
    claims : tuple of Claim
        Primary claims first, then by id; the whole cohort before its subgroups.
    mask_trials : tuple of MaskTrial, optional
        What the tool changed under a few masks; None where it was not asked.
    pictures : tuple of Pictures
        Of the exhibits, in their order; none where pictures were left out.
    calls : int, optional
        Requests of this run that reached the tool, those of repeats, checks and trials among them; None where they
        were not counted.
    made_elsewhere : bool
        Whether its edits were there before it was asked, so that nothing shows when they were made.
    """

    card: EditorCard
    claims: tuple[Claim, ...]
    measurements: Measurements = field(repr=False)
    mask_trials: tuple[MaskTrial, ...] | None = None
    pictures: tuple[Pictures, ...] = ()
    calls: int | None = None
    made_elsewhere: bool = False


@dataclass(frozen=True)
class Facts:
    """What was met in a run.

    Attributes
    ----------
    created : str
        ISO 8601 time in UTC at which the run ended; the page shows it and takes no clock of its own.
    incomplete : tuple of str
        Why this is not a full run of the suite as far as the session alone can say: deselected, skipped, xfailed.
    terms : mapping
        What the protocol fixes beyond claims and the cards of this record: plan, version of the metrics, register,
        and the cards of all tools that were to be judged, by name.
    controls : mapping of str to Measurements
        What was measured on the control editors, by name; none where no primary criterion was judged.
    lock : mapping, optional
        The protocol that was locked before the first edit, as its file has it.
    roll : tuple of RollEntry
        Every test that asked to judge, by name, whether it did or not.
    shard : str
        ``"2/4"`` where only the second quarter of the cohort was measured; empty for the whole of it.
    began : str
        ISO 8601 time in UTC at which the run began; an edit that was made earlier was replayed. Empty where not known.
    stores : tuple of str
        Ids of the stores that the edits are in.
    judged_before : tuple of EarlierJudgement
        Every earlier judgement of this cohort in the store, from the first.
    environment : mapping
        Versions of Python and of the packages that computed anything, platform, command line.
    """

    created: str
    incomplete: tuple[str, ...]
    dataset: DatasetCard
    instruments: tuple[InstrumentCard, ...]
    tools: tuple[ToolFacts, ...]
    terms: Mapping[str, JSON]
    environment: Mapping[str, JSON]
    controls: Mapping[str, Measurements] = field(repr=False, default_factory=dict)
    lock: Mapping[str, JSON] | None = field(repr=False, default=None)
    shard: str = ""
    began: str = ""
    stores: tuple[str, ...] = ()
    judged_before: tuple[EarlierJudgement, ...] = ()
    roll: tuple[RollEntry, ...] = ()


def made_elsewhere(facts: Facts) -> tuple[str, ...]:
    """What was there before the run, one sentence each, whatever a lock says: no file shows when it was made."""
    edits = [f"the edits of {tool.card.name}" for tool in facts.tools if tool.made_elsewhere]
    readings = [f"the readings of {card.name}" for card in facts.instruments if card.precomputed]
    return tuple(f"{what} were made elsewhere, and nothing shows when" for what in (*edits, *readings))

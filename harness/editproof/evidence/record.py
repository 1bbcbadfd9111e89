"""The evidence of one run: one frozen record of what was asked, measured and decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from editproof.evidence.measurements import Measurements
from editproof.types import JSON, DatasetCard, EditorCard, Estimate, InstrumentCard, Outcome, Verdict

CONTROLS = ("identity", "destructive")
"""Tools that every run measures beside those it judges: the one must pass, the other must fail."""

SCHEMA = "editproof-evidence/2"


@dataclass(frozen=True)
class Exhibit:
    """One edit shown to a reader: why it was chosen, what the instruments read, and its pictures.

    Attributes
    ----------
    rank : str
        ``"worst"``, ``"median"`` or ``"best"``, by absolute change of the first continuous reading.
    readings : mapping
        ``{"bone_age": {"reference": 120.0, "original": 118.2, "edited": 151.9, "unit": "months"}, ...}``.
    images : mapping of str to bytes
        PNG bytes by role: ``"original"``, ``"edited"``, ``"edit_mask"``, ``"protected_mask"`` (all of one size).
    """

    case: str
    repeat: int
    rank: str
    readings: Mapping[str, Mapping[str, JSON]]
    images: Mapping[str, bytes] = field(repr=False, default_factory=dict)


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
class MaskTrial:
    """One mask, and what a tool changed under it: shares of pixels in [0, 1], None where there is nothing to say."""

    mask: str
    status: str
    changed_inside: float | None
    changed_outside: float | None
    message: str = ""


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
class EditorEvidence:
    """Everything about one tool: what was asked, what came back, what it means.

    Attributes
    ----------
    outcome : Outcome
        PASS, FAIL, INCONCLUSIVE, or INVALID where a control or a baseline floor was missed.
    reason : str
        The outcome in one sentence.
    flow : mapping of str to int
        ``requested``, ``ok``, ``refused``, ``failed``, ``malformed``, ``timed_out``; the last five sum to the first.
    verdicts : tuple of Verdict
        In the order of the tests. ``tests`` holds the test id of each.
    causes : str
        The attribution in one sentence; empty where there is none.
    mask : MaskReport, optional
        What the tool makes of its mask; None in evidence that was made before tools were probed.
    """

    card: EditorCard
    outcome: Outcome
    reason: str
    flow: Mapping[str, int]
    verdicts: tuple[Verdict, ...]
    tests: tuple[str, ...]
    attribution: tuple[Attribution, ...]
    exhibits: tuple[Exhibit, ...]
    measurements: Measurements = field(repr=False)
    causes: str = ""
    mask: MaskReport | None = None


@dataclass(frozen=True)
class Evidence:
    """The whole run.

    Attributes
    ----------
    run : str
        Name of the run, a safe file name.
    created : str
        ISO 8601 time in UTC at which the run ended; the page shows it and takes no clock of its own.
    label : str
        ``"CONFIRMATORY"`` or ``"EXPLORATORY"``, with ``departures`` saying why the latter.
    incomplete : tuple of str
        Why this is not a full run of the suite (deselected, skipped, xfailed tests); empty when it is.
    validity : tuple of Verdict
        Baseline floors of the instruments on the originals and the two controls (identity must pass, a
        known-destructive editor must fail), decided for the run as a whole.
    protocol : mapping
        What was fixed: digests of dataset, instruments and criteria, editors with parameters, prompt, repeats,
        seed, missing-data rule; ``protocol["digest"]`` is the sha256 over all of it.
    controls : mapping of str to Measurements
        What was measured on the control editors, by name; none where no primary criterion was judged.
    lock : mapping, optional
        The protocol that was locked before the first edit, as its file has it.
    shard : str
        ``"2/4"`` where only the second quarter of the cohort was measured; empty for the whole of it.
    environment : mapping
        Versions of Python and of the packages that computed anything, platform, command line.
    """

    run: str
    created: str
    outcome: Outcome
    reason: str
    label: str
    departures: tuple[str, ...]
    incomplete: tuple[str, ...]
    dataset: DatasetCard
    instruments: tuple[InstrumentCard, ...]
    validity: tuple[Verdict, ...]
    editors: tuple[EditorEvidence, ...]
    protocol: Mapping[str, JSON]
    environment: Mapping[str, JSON]
    controls: Mapping[str, Measurements] = field(repr=False, default_factory=dict)
    lock: Mapping[str, JSON] | None = field(repr=False, default=None)
    shard: str = ""
    schema: str = SCHEMA

"""The nouns of a study, frozen; standard library only at run time.

Whatever crosses from one wing of the house to another is one of these values, or a table or record of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from harness.words import sentence_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[Any]  # (H, W), uint8 or uint16; cv2's stubs allow nothing narrower
    Mask = NDArray[np.bool_]

JSON = Any


class EditStatus(StrEnum):
    """How one requested edit ended. Every requested edit ends in exactly one of these."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    MALFORMED = "malformed"
    TIMED_OUT = "timed_out"


class Outcome(StrEnum):
    """What a criterion, or a whole run, came to."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


@dataclass(frozen=True)
class Pixels:
    """A decoded case: the radiograph and its two masks, all of one shape.

    Attributes
    ----------
    image : ndarray of uint8 or uint16, shape (H, W), one gray channel
    edit_mask : ndarray of bool, shape (H, W)
        True where the tool may change pixels (the artefact to be removed).
    protected_mask : ndarray of bool, shape (H, W)
        True on the anatomy, which must not change.
    """

    image: Image
    edit_mask: Mask
    protected_mask: Mask


@dataclass(frozen=True)
class Case:
    """One radiograph of one patient, with its reference standard; pixels are decoded on demand.

    Attributes
    ----------
    case_id, patient_id : str
        Two cases of one patient share the patient id; statistics resample patients.
    decode : callable
        Returns the :class:`Pixels`. Picklable (a ``functools.partial`` of a module-level function), so that
        a worker process can decode.
    digest : str
        sha256 (hex) of what ``decode`` reads or generates from; enters the protocol digest.
    reference : mapping of str to float
        Reference standard by quantity, e.g. ``bone_age`` in months, ``sex`` as 1.0 = male, 0.0 = female; in the
        units of the cohort's card. A class of several is a binary of its own, ``finding=effusion``.
    strata : mapping of str to str or float
        What subgroups may be formed on, e.g. ``{"sex": "F", "bone_age": 93.0}``.
    spacing_mm : tuple of float, optional
        Row and column pixel spacing in millimetres.
    """

    case_id: str
    patient_id: str
    decode: Callable[[], Pixels] = field(repr=False, compare=False)
    digest: str = field(repr=False)
    reference: Mapping[str, float]
    strata: Mapping[str, str | float] = field(default_factory=dict)
    spacing_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class DatasetCard:
    """What a cohort is: enough for a reader to judge what a verdict on it means.

    Attributes
    ----------
    units : mapping of str to str
        Unit of the reference standard by quantity, where the cohort knows it: ``{"bone_age": "months"}``. A quantity
        of two classes (1 = positive) has the unit ``"probability"``, as its readings do.
    """

    name: str
    description: str
    source: str
    licence: str
    digest: str
    n_cases: int
    n_patients: int
    warnings: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Dataset(Protocol):
    """A sized, ordered, indexable cohort of cases with a card."""

    @property
    def card(self) -> DatasetCard: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Case]: ...


@dataclass(frozen=True)
class EditRequest:
    """What an editor is asked to do, once.

    Attributes
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
    edit_mask : ndarray of bool, shape (H, W)
        True where the tool may change pixels; each adapter converts it to its tool's convention.
    prompt : str
    repeat, seed : int
        0-based repeat index; repeats of one case differ in nothing but the seed, which is derived from both.
    case_id : str
        For precomputed edits and logs; never sent over a network.
    """

    image: Image
    edit_mask: Mask
    prompt: str
    repeat: int
    seed: int
    case_id: str
    parameters: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class EditOutcome:
    """What came back: an image of the request's shape and dtype, or a failure with kind and message.

    ``raw`` are the bytes that the tool answered, where there are any; they are kept beside the decoded image.
    """

    status: EditStatus
    image: Image | None = None
    message: str = ""
    provenance: Mapping[str, JSON] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False)

    @classmethod
    def ok(cls, image: Image, **provenance: JSON) -> EditOutcome:
        """A returned edit."""
        return cls(EditStatus.OK, image, provenance=provenance)

    @classmethod
    def failure(cls, status: EditStatus, message: str, **provenance: JSON) -> EditOutcome:
        """An edit that did not come back, and why."""
        return cls(status, None, message, provenance)


@dataclass(frozen=True)
class EditorCard:
    """What a tool is, as far as a reader must know.

    Attributes
    ----------
    mask_semantics : str
        How the tool was told what it may change, in words.
    deterministic : bool
        True where equal requests with *any* seed give equal pixels, so that repeats carry no information.
    sends_data_to : str or None
        Host that receives pixels, or None where nothing leaves the machine.
    geometry, conversion : str
        What is done to frame and gray levels on the way to the tool and undone after, as wrappers
        (``"squash:192x256"``, ``"8bit+rgb"``); a study measures what these cost without any edit.
    """

    name: str
    version: str
    description: str
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    mask_semantics: str = "bool, True = may change"
    deterministic: bool = True
    sends_data_to: str | None = None
    geometry: str = ""
    conversion: str = ""


@runtime_checkable
class Editor(Protocol):
    """A generative (or classical) image-editing tool behind a callable."""

    @property
    def card(self) -> EditorCard: ...

    def __call__(self, request: EditRequest) -> EditOutcome: ...


@dataclass(frozen=True)
class Quantity:
    """What an instrument reads: its name, unit and kind (``continuous`` or ``probability``)."""

    name: str
    unit: str
    kind: str = "continuous"


@dataclass(frozen=True)
class PredictorCard:
    """What an instrument is; travels with its weights.

    Attributes
    ----------
    sha256 : mapping of str to str
        Digest of each weights file, checked on loading.
    covariates : tuple of str
        What of the reference standard the instrument is told beside the image; nothing else ever reaches it.
    performance : mapping
        Measured on the instrument's own untouched test split, with interval, by quantity.
    floors : mapping of str to mapping
        What the instrument must reach on a study's originals for the run to be valid, by quantity:
        ``{"bone_age": {"mae_at_most": 8.0}, "sex": {"auc_at_least": 0.92}}``.
    reading : mapping
        How the files are made to read: runtime, inputs, outputs, options; together with ``sha256``,
        ``preprocessing`` and ``quantities`` it decides every reading.
    sends_data_to : str or None
        Host that receives pixels, or None where nothing leaves the machine.
    absent_arms : tuple of str
        Arms of a study of which there are no readings, for an instrument that cannot read images itself.
    """

    name: str
    description: str
    quantities: tuple[Quantity, ...]
    members: int
    sha256: Mapping[str, str]
    licence: str
    training_data: str
    covariates: tuple[str, ...] = ()
    preprocessing: Mapping[str, JSON] = field(default_factory=dict)
    performance: Mapping[str, JSON] = field(default_factory=dict)
    floors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    limitations: tuple[str, ...] = ()
    reading: Mapping[str, JSON] = field(default_factory=dict)
    sends_data_to: str | None = None
    absent_arms: tuple[str, ...] = ()


@runtime_checkable
class Predictor(Protocol):
    """A downstream instrument: images in, readings of every member out."""

    @property
    def card(self) -> PredictorCard: ...

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings by quantity, each of shape (n_members, n_images), in the quantity's unit.

        ``references`` carries, for each image, the covariates that the card names and nothing else. Beside a
        quantity there may be ``<quantity>:uncertainty``, of shape (1, n_images), in the quantity's unit.
        """
        ...


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
    specification : str
        The estimand in full, with every parameter, as the call that makes it.
    min_patients : int
        Fewest patients on whom the protocol lets the claim be decided; 0 leaves it to the method.
    family : str
        Rule by which it shares an error rate with the other claims of its test (``"holm"``), or empty; ``confidence``
        is then one less that error rate, and the interval is the one at the level that was due.
    requirement : str
        What of the user's requirements the criterion answers, e.g. ``"URS-3: readings keep their accuracy"``.
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
    specification: str = ""
    min_patients: int = 0
    family: str = ""
    requirement: str = ""


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
    def met(self) -> bool:
        """Whether a test may be green: a primary criterion must pass, a secondary one must not fail."""
        return bool(self) or (self.criterion.role == "secondary" and self.outcome is Outcome.INCONCLUSIVE)

"""An instrument and what it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

from editproof.core.declared import Count, Line, Names, Wanted, closed, is_number, is_unique
from editproof.types.images import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from editproof.types.images import Image

KINDS = ("continuous", "probability")
CLASSES, ORDINAL, POINTS, BOXES, TEXT = OUTPUT_KINDS = ("classes", "ordinal", "points", "boxes", "text")
"""What a raw output can be, beside numbers and masks."""
GRADES = "grade"
"""Unit of a grade on a declared scale: its place, the lowest being 0."""
_NAME = re.compile(r"[^\W\d][\w .=/-]*")
_LABEL = re.compile(r"\w[\w .=/+-]*")

_Name = Annotated[str, Wanted("letters, digits and _, a letter first", lambda text: bool(_NAME.fullmatch(text)))]
_Kind = Annotated[
    str, Wanted("continuous or probability; of several classes, give each a probability of its own", KINDS.__contains__)
]
_Labels = Annotated[
    Mapping[str, str],
    Wanted(
        'a mapping of labels from 1 to 255 to names of structures, each named once, e.g. {"1": "carpals"}',
        lambda labels: 0 < len(set(labels.values())) == len(labels) and all(map(_is_label, labels.items())),
    ),
]
_Axes = Annotated[
    tuple[str, ...],
    Wanted(
        'a list of "YX" (gray), "YXC" (colour) and "ZYX" (volumes), none twice',
        lambda axes: bool(axes) and len(set(axes)) == len(axes) and set(axes) <= {"YX", "YXC", "ZYX"},
    ),
]
_OutputKind = Annotated[str, Wanted(f"one of {', '.join(OUTPUT_KINDS)}", OUTPUT_KINDS.__contains__)]
_OutputLabels = Annotated[
    tuple[str, ...],
    Wanted(
        'a list of labels, none twice, e.g. ["none", "mild", "severe"]',
        lambda labels: is_unique(labels) and all(bool(_LABEL.fullmatch(label)) for label in labels),
    ),
]
_Limit = Annotated[float, Wanted("a finite number", is_number, as_written=True)]


def _is_label(entry: tuple[str, str]) -> bool:
    label, name = entry
    return label.isdecimal() and label == str(int(label)) and 0 < int(label) < 256 and bool(_NAME.fullmatch(name))


@dataclass(frozen=True)
class Quantity:
    """What an instrument reads: its name, unit and kind (``continuous`` or ``probability``)."""

    name: _Name
    unit: Line
    kind: _Kind = "continuous"


@dataclass(frozen=True)
class MaskOutput:
    """A label map that an instrument draws on an image of gray levels.

    Attributes
    ----------
    name : str
        What the instrument calls it, e.g. ``"bones"``.
    labels : mapping of str to str
        Structure by label, a whole number from 1 to 255 as text: ``{"1": "carpals", "2": "finger bones"}``. A pixel of
        no structure has the label 0.
    """

    name: _Name
    labels: _Labels


@closed
@dataclass(frozen=True)
class RawOutput:
    """What an instrument gives of an image that is neither a number nor a mask; docs/outputs.md has the kinds.

    Attributes
    ----------
    name : str
        What the instrument calls it, e.g. ``"lesions"``.
    kind : {"classes", "ordinal", "points", "boxes", "text"}
        A probability of each of several classes that exclude one another; a grade on a scale; landmarks; boxes with
        scores; text.
    labels : tuple of str
        The classes, the grades from the lowest on, the landmarks, or what boxes are of. Text has none.
    settings : mapping
        Of boxes: from which score on one counts (``score``, from 0 to 1, by default 0.5), and when it is that of a
        lesion (``match``: ``"iou"``, at ``iou`` or more, by default 0.5, or ``"centre"``).
    """

    name: _Name
    kind: _OutputKind
    labels: _OutputLabels = ()
    settings: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is read of it as numbers: the probability of each class, or the grade; nothing of other kinds.

        Examples
        --------
        >>> [quantity.name for quantity in RawOutput("finding", "classes", ("effusion", "none")).quantities]
        ['finding=effusion', 'finding=none']
        """
        if self.kind == ORDINAL:
            return (Quantity(self.name, GRADES),)
        of_classes = self.labels if self.kind == CLASSES else ()
        return tuple(Quantity(f"{self.name}={label}", "probability", "probability") for label in of_classes)

    @property
    def subjects(self) -> tuple[str, ...]:
        """What scores of it are given for: each landmark, or label of boxes, and the whole under its own name."""
        return (*(self.labels if self.kind in (POINTS, BOXES) else ()), self.name)


@closed
@dataclass(frozen=True)
class InstrumentCard:
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
        What the instrument must reach on a study's originals (on their targets, where all have one) for the run to be
        valid, by quantity:
        ``{"bone_age": {"mae_at_most": 8.0}, "sex": {"auc_at_least": 0.92}}``.
    reading : mapping
        How the files are made to read: runtime, inputs, outputs, options; together with ``sha256``,
        ``preprocessing`` and ``quantities`` it decides every reading.
    sends_data_to : str or None
        Host that receives pixels, or None where nothing leaves the machine.
    masks : tuple of MaskOutput
        Label maps that the instrument draws beside the numbers that it reads, or in their place.
    axes : tuple of str
        Images that it reads: ``"YX"`` (gray), ``"YXC"`` (colour), ``"ZYX"`` (volumes).
    raw_outputs : tuple of RawOutput
        What it gives beside numbers and masks. The quantities that an output has are among ``quantities``, where they
        are added if they are not named.
    absent_arms : tuple of str
        Arms of a study of which there are no readings, for an instrument that cannot read images itself.
    """

    name: Line
    description: str
    quantities: tuple[Quantity, ...]
    members: Count
    sha256: Mapping[str, str]
    licence: str
    training_data: str
    covariates: Names = ()
    preprocessing: Mapping[str, JSON] = field(default_factory=dict)
    performance: Mapping[str, JSON] = field(default_factory=dict)
    floors: Mapping[str, Mapping[str, _Limit]] = field(default_factory=dict)
    limitations: tuple[str, ...] = ()
    reading: Mapping[str, JSON] = field(default_factory=dict)
    sends_data_to: Line | None = None
    absent_arms: Names = ()
    masks: tuple[MaskOutput, ...] = ()
    axes: _Axes = ("YX",)
    raw_outputs: tuple[RawOutput, ...] = ()

    def __post_init__(self) -> None:
        """Add what raw outputs are read as."""
        named = {quantity.name for quantity in self.quantities}
        implied = [found for output in self.raw_outputs for found in output.quantities if found.name not in named]
        if implied:
            object.__setattr__(self, "quantities", (*self.quantities, *implied))

    @property
    def kept_outputs(self) -> tuple[RawOutput, ...]:
        """Those of its raw outputs that are not read as numbers, and kept as they came."""
        return tuple(output for output in self.raw_outputs if not output.quantities)

    @property
    def structures(self) -> tuple[str, ...]:
        """What its masks show, in the order of the card."""
        return tuple(structure for mask in self.masks for structure in mask.labels.values())

    @property
    def precomputed(self) -> bool:
        """Whether its readings were made elsewhere, so that it may lack some."""
        return bool(self.reading.get("runtime") == "table")


@runtime_checkable
class Instrument(Protocol):
    """A downstream instrument: images in, readings of every member out.

    It may also have the methods ``check()``, ``covers(cases, tools)`` and ``looked_up(case_id, tool, places, image)``;
    :mod:`editproof.instruments.hooks` says what each is for.
    """

    @property
    def card(self) -> InstrumentCard: ...

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings by quantity, each of shape (n_members, n_images), in the quantity's unit.

        ``references`` carries, for each image, the covariates that the card names and nothing else. Beside a
        quantity there may be ``<quantity>:uncertainty``, of shape (1, n_images), in the quantity's unit. Beside the
        quantities there is, by the name of each mask of the card, a list of one label map for each image: whole
        numbers, of the shape of that image; and by the name of each raw output a list of what was read of each image,
        as docs/outputs.md says.
        """
        ...

"""A cohort and what is in it: pixels with their masks, cases with their reference standard, the card of a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[Any]  # its shape tells its axes, see editproof.imaging.axes; cv2's stubs allow nothing narrower
    Mask = NDArray[np.bool_]

JSON = Any


@dataclass(frozen=True)
class Pixels:
    """A decoded case: the image and its two masks, which have its shape without the channels of colour.

    Attributes
    ----------
    image : ndarray
        Gray of shape (H, W) or colour of shape (H, W, 3), red first, of uint8 or uint16; or a volume of shape
        (D, H, W), of uint8, uint16, int16 or float32.
    edit_mask : ndarray of bool, shape (H, W) or (D, H, W)
        True where the tool may change pixels (the artefact to be removed).
    protected_mask : ndarray of bool, shape (H, W) or (D, H, W)
        True on the anatomy, which must not change.
    target : ndarray of the type of ``image``, optional
        The image that an ideal edit would give (full dose, clean, real contrast), of the declared output geometry.
    structures : mapping of str to ndarray of bool, shape (H, W) or (D, H, W)
        Reference masks by structure, e.g. ``"carpals"``, where the cohort knows them.
    """

    image: Image
    edit_mask: Mask
    protected_mask: Mask
    target: Image | None = None
    structures: Mapping[str, Mask] = field(default_factory=dict)


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
        Spacing of rows and columns in millimetres; of a volume that of slices, rows and columns.
    prompt : str
        What tools that take words are told of this case, in place of the study's words; empty for those.
    parameters : mapping
        Further values that go to every tool with its requests, beside and before those of the study.
    annotations : mapping of str to JSON
        Reference of outputs that are no numbers, by kind, where the cohort knows it: ``points`` (``{"apex": [x, y]}``),
        ``boxes`` (a list of ``[x, y, width, height, label]``; an empty one says that there is none) and ``text``
        (``{"text": ..., "identifiers": [...], "marks": [...]}``), in pixels of the image; docs/outputs.md. A kind that
        is absent, or None, is not known.
    """

    case_id: str
    patient_id: str
    decode: Callable[[], Pixels] = field(repr=False, compare=False)
    digest: str = field(repr=False)
    reference: Mapping[str, float]
    strata: Mapping[str, str | float] = field(default_factory=dict)
    spacing_mm: tuple[float, ...] | None = None
    prompt: str = ""
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    annotations: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetCard:
    """What a cohort is: enough for a reader to judge what a verdict on it means.

    Attributes
    ----------
    drawn : bool
        Whether the images were drawn: a verdict on them supports no claim about patients.
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
    drawn: bool = False


@runtime_checkable
class Dataset(Protocol):
    """A sized, ordered, indexable cohort of cases with a card."""

    @property
    def card(self) -> DatasetCard: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Case]: ...

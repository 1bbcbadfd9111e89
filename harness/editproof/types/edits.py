"""A tool, what it is asked for, and how that ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from editproof.types.images import JSON

if TYPE_CHECKING:
    from editproof.types.images import Image, Mask


class EditStatus(StrEnum):
    """How one requested edit ended. Every requested edit ends in exactly one of these."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    MALFORMED = "malformed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class EditRequest:
    """What an editor is asked to do, once.

    Attributes
    ----------
    image : ndarray
        Gray of shape (H, W), colour of shape (H, W, 3) or a volume of shape (D, H, W); see
        :class:`~editproof.types.Pixels`.
    edit_mask : ndarray of bool, shape (H, W) or (D, H, W)
        True where the tool may change pixels; each adapter converts it to its tool's convention.
    prompt : str
    repeat, seed : int
        0-based repeat index; repeats of one case differ in nothing but the seed, which is derived from both.
    case_id : str
        For precomputed edits and logs; never sent over a network.
    output : tuple of int, optional
        Height and width of the image that is asked for; None for those of ``image``.
    spacing_mm : tuple of float, optional
        Of a volume, between slices, rows and columns, where the cohort knows it; tools of images are not told.
    """

    image: Image
    edit_mask: Mask
    prompt: str
    repeat: int
    seed: int
    case_id: str
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    output: tuple[int, int] | None = None
    spacing_mm: tuple[float, ...] | None = None

    @property
    def wanted(self) -> tuple[int, ...]:
        """Shape that the edit has to have."""
        return (*self.output, *self.image.shape[2:]) if self.output else tuple(self.image.shape)


@dataclass(frozen=True)
class EditOutcome:
    """What came back: an image of the shape that was asked for and the request's dtype, or a failure and its message.

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
        True where equal requests with *any* seed give equal pixels, so that repeats carry no information. A run checks
        it by asking for some cases twice; until then every repeat is requested.
    sends_data_to : str or None
        Host that receives pixels, or None where nothing leaves the machine.
    geometry, conversion : str
        What is done to frame and gray levels on the way to the tool and undone after, as wrappers
        (``"squash:192x256"``, ``"8bit+rgb"``); a study measures what these cost without any edit.
    source : str
        sha256 (hex) over the code of a tool that runs in Python, entered by the harness whatever the card says; empty
        where name, version and parameters alone identify what makes the edits: a server, a program, a folder.
    process : {"", "own", "harness"}
        Where the code of a tool ran that is no part of this package, entered by the harness whatever the card says: in
        a process of its own, or in that of the harness, which it could change.
    """

    name: str
    version: str
    description: str
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    mask_semantics: str = "bool, True = may change"
    deterministic: bool = False
    sends_data_to: str | None = None
    geometry: str = ""
    conversion: str = ""
    source: str = ""
    process: str = ""


@runtime_checkable
class Editor(Protocol):
    """A generative (or classical) image-editing tool behind a callable."""

    @property
    def card(self) -> EditorCard: ...

    def __call__(self, request: EditRequest) -> EditOutcome: ...

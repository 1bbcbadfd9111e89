"""The two controls that every run carries: one that must pass and one that must fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.core.usage import Usage, takes
from editproof.imaging.axes import KINDS_OF_AXES, ZYX, axes_of
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest

if TYPE_CHECKING:
    from editproof.types import Image

DESTROYED_DETAIL = 12
"""How many times coarser the destructive control makes the radiograph."""


class Identity:
    """Returns the radiograph as it came. Harmless, and useless."""

    card = EditorCard("identity", "1", "returns every pixel unchanged; the control that must pass", deterministic=True)
    axes = tuple(KINDS_OF_AXES)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The very pixels of the request."""
        return EditOutcome.ok(request.image.copy())


class Destructive:
    """Throws the detail away that maturity is read from: a coarse grid of block means, smoothly interpolated."""

    card = EditorCard(
        "destructive",
        "1",
        f"reduces the frame {DESTROYED_DETAIL} times and enlarges it again; the control that must fail",
        parameters={"factor": DESTROYED_DETAIL},
        mask_semantics="ignored: the whole frame is changed",
        deterministic=True,
    )
    axes = tuple(KINDS_OF_AXES)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The image, or each slice of a volume, with its fine detail gone."""
        if axes_of(request.image.shape) == ZYX:
            return EditOutcome.ok(np.stack([_coarse(plane) for plane in request.image]))
        return EditOutcome.ok(_coarse(request.image))


def _coarse(image: Image) -> Image:
    height, width = image.shape[:2]
    coarse = (max(1, width // DESTROYED_DETAIL), max(1, height // DESTROYED_DETAIL))
    small = cv2.resize(image, coarse, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@takes(Usage(Identity.card.description))
def identity(given: object = None) -> Editor:
    """The identity control."""
    return Identity()


@takes(Usage(Destructive.card.description))
def destructive(given: object = None) -> Editor:
    """The destructive control."""
    return Destructive()

"""The two controls that every run carries: one that must pass and one that must fail."""

from __future__ import annotations

import cv2

from editproof.core.usage import Usage, takes
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest

DESTROYED_DETAIL = 12
"""How many times coarser the destructive control makes the radiograph."""


class Identity:
    """Returns the radiograph as it came. Harmless, and useless."""

    card = EditorCard("identity", "1", "returns every pixel unchanged; the control that must pass", deterministic=True)

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

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The radiograph with its fine detail gone."""
        height, width = request.image.shape
        coarse = (max(1, width // DESTROYED_DETAIL), max(1, height // DESTROYED_DETAIL))
        small = cv2.resize(request.image, coarse, interpolation=cv2.INTER_AREA)
        return EditOutcome.ok(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


@takes(Usage(Identity.card.description))
def identity(given: object = None) -> Editor:
    """The identity control."""
    return Identity()


@takes(Usage(Destructive.card.description))
def destructive(given: object = None) -> Editor:
    """The destructive control."""
    return Destructive()

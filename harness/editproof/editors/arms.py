"""The images that one case is read in: its edits, and the arms that tell where their harm comes from.

Every arm changes one thing. Those made without the tool cost a resampling and one reading a case; where they equal
the original pixel for pixel they cost nothing, for readings are kept by pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from editproof.editors.inpaint import inpainted
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.evidence.measurements import (
    CLASSICAL_FILL,
    CONVERSION,
    EDITED,
    GEOMETRY,
    HISTOGRAM_MATCHED,
    ORIGINAL,
    PASTE_BACK,
    TARGET,
)
from editproof.imaging.colour import over_channels
from editproof.imaging.matching import histogram_matched
from editproof.imaging.output import in_frame

if TYPE_CHECKING:
    from editproof.editors.adapter import CheckedEditor
    from editproof.types import EditorCard, EditOutcome, EditRequest, Image


def images_of(
    card: EditorCard, request: EditRequest, outcomes: Sequence[EditOutcome], target: Image | None = None
) -> dict[tuple[str, int], Image]:
    """Every image of a case by arm and repeat; arms that ask no tool have repeat 0 alone.

    An edit of another geometry than its original is pasted back after it was brought to the original's frame; its
    other arms keep its own geometry.

    Parameters
    ----------
    card : EditorCard
        Of the tool; says what is done to a radiograph on its way there and back.
    request : EditRequest
        Any of the case's requests.
    outcomes : sequence of EditOutcome
        Of every repeat.
    target : ndarray, optional
        What an ideal edit would give, where the case brings it.
    """
    images = {(ORIGINAL, 0): request.image}
    if target is not None:
        images[TARGET, 0] = target
    for arm, chain in chains(card).items():
        unedited = round_trip(f"{chain}+identity")(request).image
        if unedited is not None:
            images[arm, 0] = unedited
    if not request.edit_mask.all():  # else there is nothing to fill it from
        images[CLASSICAL_FILL, 0] = inpainted(request.image, request.edit_mask)
    for repeat, outcome in enumerate(outcomes):
        if outcome.image is not None:
            images[EDITED, repeat] = outcome.image
            framed = in_frame(outcome.image, request.image.shape)
            images[PASTE_BACK, repeat] = pasted = request.image.copy()
            np.copyto(pasted, framed, where=over_channels(request.edit_mask, pasted))
            images[HISTOGRAM_MATCHED, repeat] = histogram_matched(outcome.image, request.image)
    return images


def chains(card: EditorCard) -> dict[str, str]:
    """The tool's way there and back as chains of wrappers, by arm: its geometry, and its conversion on top of that."""
    found = {}
    if card.geometry:
        found[GEOMETRY] = card.geometry
    if card.conversion:
        found[CONVERSION] = "+".join(step for step in (card.conversion, card.geometry) if step)
    return found


@cache
def round_trip(spec: str) -> CheckedEditor:
    """The editor of a chain of wrappers around ``identity``.

    Raises
    ------
    EditorError
        Where a card names a step that is not a wrapper.
    """
    try:
        return editor_from_spec(spec)
    except EditorError as error:
        advice = "On a card, geometry and conversion are wrappers joined by +, e.g. squash:512 and 8bit+rgb."
        raise EditorError(f"a card's way there and back, {spec}", error.found, advice) from error

"""What a tool makes of its mask, found out with five small edits before money is spent on a study.

A tool that was sent an inverted mask edits the anatomy and leaves the artefact; a fully opaque mask, where nothing
may change, is how a whole study was once run by mistake (arXiv 2511.23066, authors' code).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.core.redaction import redacted
from editproof.errors import EditorError
from editproof.evidence.facts import MaskTrial
from editproof.imaging.axes import YX, YXC
from editproof.imaging.output import in_frame
from editproof.types import EditOutcome, EditRequest

if TYPE_CHECKING:
    from editproof.editors.adapter import CheckedEditor
    from editproof.imaging.output import OutputGeometry
    from editproof.types import Image, Mask

SIDE = 256
TOLERANCE = 8
"""Gray levels of 255 that a pixel may move without counting as changed; a lossy file moves pixels as much."""


NOT_ASKED = "not_asked"
"""Status of a trial that a limit of the run or an unusable tool left out."""

SEED = 2511
PROMPT = "Fill the marked region so that it continues its surroundings. Change nothing else."


def probe_masks() -> dict[str, Mask]:
    """The five masks by name, each of shape (256, 256): a box, the box moved, its inverse, a hole, nothing."""
    box = np.zeros((SIDE, SIDE), bool)
    box[40:120, 40:120] = True
    hole = np.zeros_like(box)
    hole[60:68, 60:68] = True
    return {
        "box": box,
        "shifted": np.roll(box, (64, 64), (0, 1)),
        "inverted": ~box,
        "tiny hole": hole,
        "all protected": np.zeros_like(box),
    }


def probe_image() -> Image:
    """A drawn radiograph-like image that any fill must change: smooth shading, grain and a lattice of marks."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    shading = 110 + 50 * np.sin(rows / 40) * np.cos(columns / 50)
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 30, (SIDE, SIDE)), (0, 0), 1)
    marks = 60.0 * (((rows // 8) + (columns // 8)) % 2)
    image: Image = np.clip(shading + grain + marks - 30, 0, 255).astype(np.uint8)
    return image


def probed(
    editor: CheckedEditor,
    outcomes: Callable[[CheckedEditor, Sequence[EditRequest]], list[EditOutcome]],
    output: OutputGeometry | None = None,
    axes: str = "",
) -> tuple[MaskTrial, ...]:
    """What a tool changes under each of the five masks; nothing where its edits were made elsewhere.

    Parameters
    ----------
    editor : CheckedEditor
    outcomes : callable
        Asks the tool, e.g. :meth:`editproof.editing.edits.Edits.outcomes`, so that a probe is paid for once. Where it
        raises an EditorError (a limit of the run, an unusable tool) the rest is not asked for.
    output : OutputGeometry, optional
        In which edits are asked for; they are brought back to the frame of the image.
    axes : str
        Of the images of a study: in one in colour a tool is tried in colour. Without it, on gray where it takes gray.
    """
    taken = [one for one in (axes, YX, YXC) if one in (YX, YXC) and one in editor.service.axes]
    if editor.service.precomputed or not taken:
        return ()
    image = probe_image() if taken[0] == YX else _in_colour(probe_image())
    asked = output.asked(image.shape) if output else None
    trials = []
    stopped = ""
    for name, mask in probe_masks().items():
        request = EditRequest(image, mask, PROMPT, 0, SEED, f"probe {name}", output=asked)
        try:
            outcome = None if stopped else outcomes(editor, [request])[0]
        except EditorError as error:
            outcome, stopped = None, redacted(f"{error.asked}: {error.found}")
        if outcome is None:
            trials.append(MaskTrial(name, NOT_ASKED, None, None, stopped))
        else:
            inside, outside = (_changed(image, outcome.image, region) for region in (mask, ~mask))
            trials.append(MaskTrial(name, outcome.status.value, inside, outside, outcome.message))
    return tuple(trials)


def _in_colour(gray: Image) -> Image:
    """The drawn image with three channels that differ."""
    return np.stack([gray, gray // 2 + 60, 255 - gray], axis=2)


def _changed(image: Image, edited: Image | None, region: Mask) -> float | None:
    if edited is None or not region.any():
        return None
    back = in_frame(edited, image.shape)
    return float((np.abs(image[region].astype(int) - back[region]) > TOLERANCE).mean())

"""What a tool makes of its mask, found out with five small edits before money is spent on a study.

A tool that was sent an inverted mask edits the anatomy and leaves the artefact; a fully opaque mask, where nothing
may change, is how a whole study was once run by mistake (arXiv 2511.23066, authors' code).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.types import JSON, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from harness.editors.adapter import CheckedEditor
    from harness.types import Image, Mask

SIDE = 256
TOLERANCE = 8
"""Gray levels of 255 that a pixel may move without counting as changed; a lossy file moves pixels as much."""

FEW, MANY = 0.01, 0.2
"""Shares of changed pixels below which a region counts as left alone, and above which as edited."""

PROMPT = "Fill the marked region so that it continues its surroundings. Change nothing else."


@dataclass(frozen=True)
class MaskTrial:
    """One mask, and what was changed under it: shares of pixels in [0, 1], None where no edit came back."""

    mask: str
    status: str
    changed_inside: float | None
    changed_outside: float | None
    message: str = ""


@dataclass(frozen=True)
class MaskReport:
    """What a tool was found to make of its mask.

    Attributes
    ----------
    finding : str
        ``respected``, ``guidance`` (some change outside), ``inverted``, ``ignored``, ``nothing changed`` or
        ``no edits``.
    """

    editor: str
    finding: str
    trials: tuple[MaskTrial, ...]

    @property
    def respected(self) -> bool:
        """Whether every change lay where a change was allowed."""
        return self.finding == "respected"

    def plain(self) -> dict[str, JSON]:
        """The report as plain JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """A few lines for a terminal."""
        lines = [f"{self.editor}: mask {self.finding}"]
        for trial in self.trials:
            inside, outside = (
                "no pixel there" if share is None else f"{100 * share:.1f} % changed"
                for share in (trial.changed_inside, trial.changed_outside)
            )
            words = f"may change: {inside}; must not: {outside}" if trial.status == "ok" else trial.message
            lines.append(f"  {trial.mask:14} {trial.status:10} {words}")
        return "\n".join(lines)


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
    editor: CheckedEditor, outcomes: Callable[[CheckedEditor, Sequence[EditRequest]], list[EditOutcome]]
) -> MaskReport:
    """What a tool makes of its mask.

    Parameters
    ----------
    editor : CheckedEditor
    outcomes : callable
        Asks the tool, e.g. :meth:`harness.editing.Edits.outcomes`, so that a probe is paid for once.
    """
    image = probe_image()
    trials = []
    for name, mask in probe_masks().items():
        request = EditRequest(image, mask, PROMPT, 0, 0, f"probe {name}")
        [outcome] = outcomes(editor, [request])
        inside, outside = (_changed(image, outcome.image, region) for region in (mask, ~mask))
        trials.append(MaskTrial(name, outcome.status.value, inside, outside, outcome.message))
    return MaskReport(editor.card.name, _finding(trials), tuple(trials))


def _changed(image: Image, edited: Image | None, region: Mask) -> float | None:
    if edited is None or not region.any():
        return None
    return float((np.abs(image[region].astype(int) - edited[region]) > TOLERANCE).mean())


def _finding(trials: Sequence[MaskTrial]) -> str:
    shares = {trial.mask: trial for trial in trials if trial.status == EditStatus.OK}
    if "box" not in shares or "inverted" not in shares:
        return "not known: no edits came back"
    inside = [trial.changed_inside or 0.0 for trial in shares.values() if trial.mask in ("box", "shifted", "inverted")]
    outside = [trial.changed_outside or 0.0 for trial in shares.values()]
    boxes = [shares[name] for name in ("box", "shifted", "inverted") if name in shares]
    if max(inside) < FEW and max(outside) < FEW:
        return "not shown: nothing changed"
    if all((trial.changed_outside or 0) > MANY and (trial.changed_inside or 0) < FEW for trial in boxes):
        return "inverted"
    if max(outside) < FEW:
        return "respected"
    if min(trial.changed_outside or 0.0 for trial in boxes) > MANY:
        return "ignored"
    return f"taken as guidance: up to {100 * max(outside):.0f} % of what must not change did"

"""What stands between any tool and the study: plain functions become editors, and every outcome is checked."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import EditorError
from harness.types import Editor, EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.types import Image


def checked(tool: Editor | Callable[[EditRequest], Image]) -> Editor:
    """The tool as an editor whose outcomes can be trusted to be what they say.

    An image of another size, dtype or number of channels than the original becomes ``MALFORMED``, an exception
    becomes ``FAILED`` with its message. Nothing is repaired silently: whoever wants a resize says so in an adapter.

    Parameters
    ----------
    tool : Editor or callable
        A callable without a card may take the request and return pixels; it gets a card made from its name
        and the digest of its source.
    """
    if isinstance(tool, CheckedEditor):
        return tool
    if not callable(tool):
        raise EditorError("an editor", f"{tool!r} is not callable", "A factory returns a callable: request -> pixels.")
    card = getattr(tool, "card", None)
    if card is None:
        card = _card_of_function(tool)
    elif not isinstance(card, EditorCard):
        raise EditorError("an editor's card", f"{type(card).__name__}", "Make it a harness.types.EditorCard.")
    return CheckedEditor(card, tool)


@dataclass(frozen=True)
class CheckedEditor:
    """An editor that never raises and never returns pixels of another shape than it was given."""

    card: EditorCard
    tool: Callable[[EditRequest], EditOutcome | Image] = field(repr=False)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request."""
        try:
            result = self.tool(request)
        except TimeoutError as error:
            return EditOutcome.failure(EditStatus.TIMED_OUT, str(error) or "timed out")
        except Exception as error:
            return EditOutcome.failure(EditStatus.FAILED, f"{type(error).__name__}: {error}")
        outcome = result if isinstance(result, EditOutcome) else EditOutcome.ok(result)
        if outcome.status is not EditStatus.OK:
            return outcome
        fault = _fault_of(outcome.image, request.image)
        if fault:
            return EditOutcome.failure(EditStatus.MALFORMED, fault, **dict(outcome.provenance))
        return outcome


def _fault_of(image: object, original: Image) -> str:
    if not isinstance(image, np.ndarray):
        return f"asked for pixels, got {type(image).__name__}"
    if image.shape != original.shape:
        return f"asked for pixels of shape {original.shape}, got {image.shape}"
    if image.dtype != original.dtype:
        return f"asked for {original.dtype} pixels, got {image.dtype}"
    return ""


def _card_of_function(tool: Callable[..., object]) -> EditorCard:
    name = getattr(tool, "__name__", type(tool).__name__)
    try:
        version = hashlib.sha256(inspect.getsource(tool).encode()).hexdigest()[:12]
    except (OSError, TypeError) as error:
        raise EditorError(
            f"the source of {name}",
            "it cannot be read, so its edits could not be told from those of another version",
            "Give the tool a `card` attribute (harness.types.EditorCard).",
        ) from error
    return EditorCard(name, f"source {version}", inspect.getdoc(tool) or "a Python callable", deterministic=False)

"""Between any tool and the study: plain functions become editors, and every outcome is checked."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from editproof.core.declared import is_amount
from editproof.core.sources import source_digest
from editproof.errors import EditorError
from editproof.imaging.axes import KINDS_OF_AXES, YX
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from editproof.types import Case, Image


def checked(tool: Editor | Callable[[EditRequest], Image], *, by_card: bool = False, called: str = "") -> CheckedEditor:
    """The tool as an editor whose outcomes can be trusted to be what they say.

    An image of another size than was asked for, of another dtype or number of channels than the original, or with
    pixels that are no numbers, becomes ``MALFORMED``; an exception (``SystemExit`` too) ``FAILED`` with its message,
    except an EditorError, which ends the run. Nothing is repaired silently: whoever wants a resize says so in an
    adapter.

    Parameters
    ----------
    tool : Editor or callable
        A callable without a card may take the request and return pixels; it gets a card made from its name
        and the digest of its source.
    by_card : bool
        Whether its card identifies it as it is. Otherwise the digest of its source is entered on the card, since code
        may change under one version, and another tool may copy a card.
    called : str
        Name on the card of a callable that has none, and that was defined inside its factory: its own, mostly "edit",
        would tell two tools of one file no better apart than "tool" does.

    Raises
    ------
    EditorError
        Where its card is not an EditorCard, or its source cannot be found.
    """
    if isinstance(tool, CheckedEditor):
        return tool
    if not callable(tool):
        raise EditorError("an editor", f"{tool!r} is not callable", "A factory returns a callable: request -> pixels.")
    card = getattr(tool, "card", None)
    if not isinstance(card, EditorCard | None):
        raise EditorError("an editor's card", f"{type(card).__name__}", "Make it a editproof.types.EditorCard.")
    if card is not None and not is_plain_line(card.name):
        raise EditorError("an editor's card", f"its name is {card.name!r:.80}", "Give it a name of one printable line.")
    if card is None or not by_card:
        source = _source_of(tool, card)
        card = replace(card or _card_of_function(tool, source, called), source=source)
    return CheckedEditor(card, tool)


@dataclass(frozen=True)
class Service:
    """How a tool likes to be asked; what the editor attribute ``service`` may say. None of it changes an edit.

    Attributes
    ----------
    concurrency : int
        Requests that may be under way at once, in threads of one process.
    siblings : int
        Edits that one request may ask for; where more than one, the tool has
        ``edits(requests) -> sequence of EditOutcome`` for requests that differ in repeat and seed alone.
    per_minute : float, optional
        Requests per minute to keep to.
    metered : bool
        Whether an edit is expensive enough for concurrent processes to wait rather than to make it twice.
    free : bool
        Whether an edit that was lost with its worker may be asked for again, since it costs nothing but time. What is
        not metered is free.
    expected_usd : float, optional
        What one edit is expected to cost before the first bill is in; None where nothing is known.
    precomputed : bool
        Whether its edits stand already, so that it cannot be asked for one of another image, e.g. by a probe.
    elsewhere : bool
        Whether a server, a program or a folder makes the edits, and no Python code of this process: the card then says
        what made them. It counts for the tools of this package alone.
    by_case : bool
        Whether the case's id decides an edit, and not the request's pixels alone; it is then part of the edit's key.
    takes_places : bool
        Whether the tool says itself, with :func:`editproof.editors.pace.on_the_wire`, while a request is under way;
        else the whole call counts.
    axes : tuple of str
        Images that it takes: ``"YX"`` (gray), ``"YXC"`` (colour), ``"ZYX"`` (volumes).
    prompted : bool
        Whether the tool is sent the words of the study's prompt, so that it cannot be asked without any.
    timeout_s : float
        Seconds after which a call to a Python tool in a process of its own ends it.
    gpus, memory_gb : float
        What a call needs beside one processor, where it is a task of a cluster: GPUs (0.5 for half of one), and GiB
        of memory.
    """

    concurrency: int = 1
    siblings: int = 1
    per_minute: float | None = None
    metered: bool = False
    expected_usd: float | None = None
    takes_places: bool = False
    precomputed: bool = False
    by_case: bool = False
    elsewhere: bool = False
    axes: tuple[str, ...] = (YX,)
    prompted: bool = False
    timeout_s: float = 3600.0
    free: bool = False
    gpus: float = 0.0
    memory_gb: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether asking again costs nothing but time."""
        return not self.expected_usd and (self.free or not self.metered)

    def __post_init__(self) -> None:
        """Refuse a service that could never be asked for anything."""
        object.__setattr__(self, "axes", tuple(self.axes))
        if not self.axes or set(self.axes) - set(KINDS_OF_AXES):
            found = f"axes={self.axes!r}"
            raise EditorError("the images that a tool takes", found, f"Name some of {', '.join(KINDS_OF_AXES)}.")
        if self.concurrency < 1 or self.siblings < 1 or not (self.per_minute is None or self.per_minute > 0):
            found = f"concurrency={self.concurrency}, {self.siblings} edits a request, rpm={self.per_minute}"
            raise EditorError("how a tool is to be asked", found, "Each is at least 1.")
        if self.expected_usd is not None and not is_amount(self.expected_usd):
            found = f"expected_usd={self.expected_usd}"
            raise EditorError("what an edit is expected to cost", found, "Give US dollars from 0 on, or None.")
        if not (is_amount(self.gpus) and is_amount(self.memory_gb)):
            found = f"gpus={self.gpus}, memory_gb={self.memory_gb}"
            raise EditorError("what a call to a tool needs", found, "Give numbers from 0 on.")


_USUAL = Service()


@dataclass(frozen=True)
class BatchState:
    """How far a batch is.

    Attributes
    ----------
    words : str
        For a person to read, e.g. ``in_progress, 12 of 600``.
    ended : bool
        Whether everything that will ever be answered is.
    fault : str
        Why the service refused the batch as a whole, or nothing.
    """

    words: str
    ended: bool
    fault: str = ""


@runtime_checkable
class Around(Protocol):
    """A tool around another: what asks for edits asks the inner tool, so that it is paid for once."""

    @property
    def inner(self) -> CheckedEditor: ...

    def parts(self, request: EditRequest) -> list[EditRequest]:
        """The requests to the inner tool that a request comes to."""
        ...

    def outcome(self, request: EditRequest, inner: Sequence[EditOutcome]) -> EditOutcome:
        """What the outcomes of the parts come to."""
        ...


class BatchService(Protocol):
    """Edits by batch: many requests in one file, answered within a day. See :mod:`editproof.editing.batches`."""

    @property
    def max_lines(self) -> int: ...

    @property
    def max_bytes(self) -> int: ...

    def line(self, ticket: str, requests: Sequence[EditRequest]) -> bytes | EditOutcome:
        """One line of the file, or how the requests end that cannot be sent at all."""
        ...

    def submitted(self, file: Path, name: str) -> str:
        """Send a file, have it worked on under a name, and return the service's own id for it."""
        ...

    def found(self, name: str, since: float) -> str | None:
        """The service's id of what was submitted under a name, or None where nothing was."""
        ...

    def state(self, batch: str) -> BatchState:
        """How far a batch is."""
        ...

    def fetched(self, batch: str, file: Path) -> None:
        """Write all answers to a file, one a line."""
        ...

    def opened(self, answer: bytes, request: EditRequest, n: int, batch: str) -> list[EditOutcome]:
        """The outcomes of one line's answer to ``n`` requests alike."""
        ...

    def cleared(self, batch: str) -> None:
        """Remove the files of a batch from the service, as far as it lets us."""
        ...


@dataclass(frozen=True)
class CheckedEditor:
    """An editor that never returns pixels of another shape than was asked for, and raises nothing but EditorError.

    An :class:`~editproof.errors.EditorError` ends the run: the tool cannot be used at all (wrong key, no quota,
    no such endpoint), and asking again would only repeat that.
    """

    card: EditorCard
    tool: Callable[[EditRequest], EditOutcome | Image] = field(repr=False)

    @property
    def service(self) -> Service:
        """How the tool likes to be asked."""
        service: Service = getattr(self.tool, "service", _USUAL)
        axes = getattr(self.tool, "axes", service.axes)
        return service if axes == service.axes else replace(service, axes=axes)

    @property
    def batch_service(self) -> BatchService | None:
        """The way to ask by batch, where the tool is to be asked so."""
        service: BatchService | None = getattr(self.tool, "batch_service", None)
        return service

    @property
    def is_batched(self) -> bool:
        """Whether this tool, or the one inside its wrappers, is asked by batch."""
        return self.batch_service is not None or (self.around is not None and self.around.inner.is_batched)

    @property
    def around(self) -> Around | None:
        """The tool, where it is one around another."""
        return self.tool if isinstance(self.tool, Around) else None

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request."""
        return self.outcome(request, lambda: self.tool(_own_copy(request)))

    def edits(self, requests: Sequence[EditRequest]) -> list[EditOutcome]:
        """The outcomes of requests that differ in repeat and seed alone, from one call to the tool."""
        if len(requests) == 1:
            return [self(requests[0])]
        try:
            found = list(self.tool.edits([_own_copy(request) for request in requests]))  # type: ignore[attr-defined]
        except EditorError:
            raise
        except (Exception, SystemExit) as error:
            found = [_broken(error)] * len(requests)
        return [
            self.outcome(request, lambda result=result: result)  # type: ignore[misc]
            for request, result in zip(requests, found, strict=True)
        ]

    def outcome(self, request: EditRequest, made: Callable[[], EditOutcome | Image]) -> EditOutcome:
        """What ``made`` makes for a request, checked."""
        try:
            result = made()
        except EditorError:
            raise
        except (Exception, SystemExit) as error:
            return _broken(error)
        outcome = result if isinstance(result, EditOutcome) else EditOutcome.ok(result)
        if fault := _fault_of_words(outcome):
            return EditOutcome.failure(EditStatus.MALFORMED, fault)
        outcome = replace(outcome, message=_visible(outcome.message))
        if outcome.status is not EditStatus.OK:
            return outcome
        if fault := _fault_of(outcome.image, request):
            return EditOutcome(EditStatus.MALFORMED, None, fault, outcome.provenance, outcome.raw)
        return replace(outcome, image=np.array(outcome.image, order="C", subok=False))  # a tool may use its own again


def check_told(editor: CheckedEditor, prompt: str, cases: Iterable[Case]) -> None:
    """Refuse a study that has no words for a tool that takes them, or no case that a tool knows, before it is asked.

    A tool that knows cases by their ids may have ``check_cases(ids)``, which raises where it knows none of them.

    Parameters
    ----------
    editor : CheckedEditor
    prompt : str
        Of the study; what a case says takes its place.
    cases : iterable of Case

    Raises
    ------
    EditorError
    """
    cases, inner = list(cases), editor
    while inner.around:
        inner = inner.around.inner
    if (check := getattr(inner.tool, "check_cases", None)) and cases:
        check([case.case_id for case in cases])
    if prompt or not editor.service.prompted:
        return
    untold = [case.case_id for case in cases if not case.prompt]
    if untold:
        found = f"no prompt for {len(untold)} cases, e.g. {untold[0]}"
        advice = 'Write prompt = "..." in the study file, --prompt TEXT, or a column prompt in the cohort\'s table.'
        raise EditorError(f"what {editor.card.name} is to do", found, advice)


def is_plain_line(name: object) -> bool:
    """Whether a name is one line that a terminal shows as it is.

    Examples
    --------
    >>> [is_plain_line(name) for name in ("fill", "", "fill" + chr(10) + "PASS", chr(27) + "[2J")]
    [True, False, False, False]
    """
    return isinstance(name, str) and bool(name.strip()) and name.isprintable()


def _own_copy(request: EditRequest) -> EditRequest:
    """The request with pixels of its own, so that a tool that works in place cannot change the original."""
    return replace(request, image=request.image.copy(), edit_mask=request.edit_mask.copy())


def _broken(error: BaseException) -> EditOutcome:
    if isinstance(error, TimeoutError):
        return EditOutcome.failure(EditStatus.TIMED_OUT, _visible(str(error)) or "timed out")
    return EditOutcome.failure(EditStatus.FAILED, _visible(f"{type(error).__name__}: {error}"))


def _visible(text: str) -> str:
    """Text that can be written as UTF-8, whatever a file name or a server put into it."""
    return text.encode(errors="backslashreplace").decode()


def _fault_of_words(outcome: Any) -> str:
    """What of an outcome beside its pixels is not as it has to be; empty where all is."""
    if not isinstance(outcome.status, EditStatus) or not isinstance(outcome.message, str):
        return f"asked for a status and a message, got {outcome.status!r} and a {type(outcome.message).__name__}"
    try:
        json.dumps(dict(outcome.provenance))
    except (TypeError, ValueError, RecursionError) as error:
        return f"asked for provenance in plain JSON, got {_visible(str(error))}"
    return ""


def _fault_of(image: object, request: EditRequest) -> str:
    if not isinstance(image, np.ndarray) or isinstance(image, np.ma.MaskedArray):
        return f"asked for pixels, got {type(image).__name__}"
    if image.shape != request.wanted:
        return f"asked for pixels of shape {request.wanted}, got {image.shape}"
    if image.dtype != request.image.dtype:
        return f"asked for {request.image.dtype} pixels, got {image.dtype}"
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        return f"asked for numbers, got {image.size - int(np.isfinite(image).sum())} voxels that are not finite"
    return ""


def _card_of_function(tool: Callable[..., object], source: str, called: str) -> EditorCard:
    name = getattr(tool, "__name__", type(tool).__name__)
    if called and "<locals>" in getattr(tool, "__qualname__", ""):
        name = called
    return EditorCard(name, f"source {source[:12]}", inspect.getdoc(tool) or "a Python callable")


def _source_of(tool: Callable[..., object], card: EditorCard | None) -> str:
    try:
        return source_digest(tool)
    except (OSError, TypeError) as error:
        name = card.name if card else getattr(tool, "__name__", type(tool).__name__)
        raise EditorError(
            f"the source of {name}",
            f"it cannot be read, so its edits could not be told from those of another version ({error})",
            "Keep the tool in a file that does not change while it is used.",
        ) from error

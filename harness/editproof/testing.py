"""The contract that every editor keeps, as one check for the tests of this package and of every plug-in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from editproof.editors.adapter import checked
from editproof.evidence.plain import plain
from editproof.types import Editor, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.types import Image

SHAPES = ((96, 80), (75, 53))
"""Height and width of what is sent: multiples of 16, and odd."""


def contract_requests(*, sixteen_bit: bool = True) -> Iterator[EditRequest]:
    """Requests that any editor must take: even and odd sizes, 8 and 16 bit, a box, nothing and everything to edit."""
    for dtype in (np.uint8, np.uint16) if sixteen_bit else (np.uint8,):
        for shape in SHAPES:
            image = _texture(shape, 255 if dtype == np.uint8 else 4095).astype(dtype)
            box = np.zeros(shape, bool)
            box[8:24, 8:32] = True
            yield EditRequest(image, box, "Remove the marker.", 0, 1, "contract")
    for mask in (np.zeros(shape, bool), np.ones(shape, bool)):
        yield EditRequest(_texture(shape, 255).astype(np.uint8), mask, "Remove the marker.", 0, 1, "contract")


def check_editor(
    editor: Editor, requests: Sequence[EditRequest] | None = None, *, must_succeed: bool = True
) -> list[EditOutcome]:
    """Check that an editor keeps the contract; call it from a test of your plug-in.

    Parameters
    ----------
    editor : Editor
        As your factory makes it.
    requests : sequence of EditRequest, optional
        What to send; :func:`contract_requests` where not given. Each is sent twice, with another seed and repeat.
    must_succeed : bool
        Whether a request that ends in no edit breaks the contract. Set it to False for a tool that may refuse.

    Returns
    -------
    list of EditOutcome
        One for each request, for further checks.

    Raises
    ------
    AssertionError
        Where the contract is broken, with what was asked and what came.

    Examples
    --------
    >>> from editproof.editors.controls import identity
    >>> len(check_editor(identity()))
    6
    """
    card = checked(editor).card
    _holds(bool(card.name and card.version and card.description and card.mask_semantics), f"the card is blank: {card}")
    _holds(json.loads(json.dumps(plain(card))) == plain(card), "the card is not plain JSON")
    outcomes = []
    for request in contract_requests() if requests is None else requests:
        first = _outcome(editor, request, must_succeed=must_succeed)
        again = EditRequest(
            request.image, request.edit_mask, request.prompt, request.repeat, request.seed + 1, request.case_id
        )
        second = _outcome(editor, again, must_succeed=must_succeed)
        if card.deterministic:
            same = first.status is second.status and (first.image is None or (first.image == second.image).all())
            _holds(bool(same), f"{card.name} says it is deterministic, and two equal requests ended differently")
        outcomes.append(first)
    _holds(checked(editor).card == card, "the card changed while editing")
    return outcomes


def _outcome(editor: Editor, request: EditRequest, *, must_succeed: bool) -> EditOutcome:
    image, mask = request.image.copy(), request.edit_mask.copy()
    what = f"{image.dtype} image of shape {image.shape}, {mask.sum()} editable pixels"
    try:
        outcome = editor(request)
    except (Exception, SystemExit) as error:
        raise AssertionError(f"{what}: raised {type(error).__name__}: {error}; return EditOutcome.failure") from error
    _holds(isinstance(outcome, EditOutcome), f"{what}: returned {type(outcome).__name__}, not an EditOutcome")
    _holds(bool((request.image == image).all()), f"{what}: the original was changed in place")
    _holds(bool((request.edit_mask == mask).all()), f"{what}: the mask was changed in place")
    json.dumps(dict(outcome.provenance), allow_nan=False)
    if outcome.status is EditStatus.OK:
        found = None if outcome.image is None else (outcome.image.shape, outcome.image.dtype)
        _holds(found == (image.shape, image.dtype), f"{what}: came back as {found}")
        _holds(not isinstance(outcome.image, np.ma.MaskedArray), f"{what}: came back as a masked array")
        _holds(not np.shares_memory(outcome.image, request.image), f"{what}: the edit shares the original's memory")
    else:
        _holds(outcome.image is None, f"{what}: {outcome.status} and yet an image")
        _holds(bool(outcome.message), f"{what}: {outcome.status} without a message")
        _holds(not must_succeed, f"{what}: {outcome.status}: {outcome.message}")
    return outcome


def _holds(condition: bool, words: str) -> None:
    if not condition:
        raise AssertionError(words)


def _texture(shape: tuple[int, int], top: int) -> Image:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    grain = np.random.default_rng(0).uniform(0, 0.2, shape)
    texture: Image = top * np.clip(0.4 + 0.3 * np.sin(rows / 9) * np.cos(columns / 7) + grain, 0, 1)
    return texture

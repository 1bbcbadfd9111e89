"""Tools made of another tool: what is done to an image before and after it, and nothing else.

They are the attribution arms. ``paste-back+NAME`` keeps of the edit what the mask allows; ``squash+identity`` is
what a geometry loses without any edit; ``rgb+identity`` is the round trip through a colour file. The edits inside
go through the store by themselves, so that ``paste-back+NAME`` and ``NAME`` are paid for once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.numbers import brief
from editproof.editors.volumes import slices
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
from editproof.imaging.axes import YX, YXC, ZYX, axes_in_words
from editproof.imaging.colour import over_channels
from editproof.types import EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.editors.adapter import CheckedEditor, Service
    from editproof.types import Image

SLICES = "slices"
Parts = Callable[[EditRequest], list[EditRequest]]
Joined = Callable[[EditRequest, "Sequence[Image]"], "Image"]


@dataclass(frozen=True)
class Wrapper:
    """A tool around another: splits a request into inner ones, and joins what they come to."""

    card: EditorCard
    inner: CheckedEditor
    parts: Parts = field(repr=False)
    joined: Joined = field(repr=False)
    wrapper: str = ""

    @property
    def service(self) -> Service:
        """How the inner tool likes to be asked, and which images the wrapper can bring to it."""
        return replace(self.inner.service, axes=_axes_taken(self.wrapper, self.inner))

    def __post_init__(self) -> None:
        """Ask for nothing of another size where the way back leads to the frame of the input."""
        object.__setattr__(self, "parts", _in_own_frame(self.card.name, self.parts))

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request, the inner ones asked in turn."""
        return self.outcome(request, [self.inner(part) for part in self.parts(request)])

    def outcome(self, request: EditRequest, inner: Sequence[EditOutcome]) -> EditOutcome:
        """What the inner outcomes come to: the first that is not an edit, or the edits joined."""
        for outcome in inner:
            if outcome.status is not EditStatus.OK:
                return outcome
        images = [outcome.image for outcome in inner if outcome.image is not None]
        provenance = {"inner": [dict(outcome.provenance) for outcome in inner]}
        return EditOutcome.ok(self.joined(request, images), **provenance)


def wrapped(name: str, argument: str, inner: CheckedEditor) -> Wrapper:
    """The wrapper ``NAME[:ARGUMENT]`` around a tool.

    Raises
    ------
    EditorError
        Where the argument is not one that it takes.
    """
    try:
        description, parts, joined = WRAPPERS[name](argument)
    except ValueError as error:
        asked = f"--editor {name}:{argument}+{inner.card.name}"
        raise EditorError(asked, f"{argument!r} is not an argument of {name}", WRAPPERS[name].__doc__ or "") from error
    written = f"{name}{':' if argument else ''}{argument}"
    card = replace(
        inner.card,
        name=f"{written}+{inner.card.name}",
        description=f"{inner.card.description}; {description}",
        geometry=_declared(name in GEOMETRIC, written, inner.card.geometry, name),
        conversion=_declared(name in CONVERTING, written, inner.card.conversion, name),
    )
    if not _axes_taken(name, inner):
        takes = axes_in_words(inner.service.axes)
        advice = "slices+ is for tools of gray images; other wrappers for gray ones and for those in colour."
        raise EditorError(f"--editor {written}+{inner.card.name}", f"{inner.card.name} takes {takes}", advice)
    if name == SLICES and inner.service.by_case:
        found = "its edits are found by the id of a case, which all slices of a volume share"
        raise EditorError(f"--editor {written}+{inner.card.name}", found, "Give it whole volumes, as NIfTI.")
    return Wrapper(card, inner, parts, joined, name)


def _axes_taken(name: str, inner: CheckedEditor) -> tuple[str, ...]:
    """Images that a wrapper can bring to a tool."""
    axes = inner.service.axes
    if name == SLICES:
        return (ZYX,) if YX in axes else ()
    return tuple(one for one in axes if one in (YX, YXC) or name == "paste-back")


def _in_own_frame(name: str, parts: Parts) -> Parts:
    def checked(request: EditRequest) -> list[EditRequest]:
        if request.output:
            found = f"edits of {request.output[0]}x{request.output[1]} pixels are asked for (output)"
            advice = "Name the tool without wrappers, which lead back to the frame of the input."
            raise EditorError(f"editor {name}", found, advice)
        return parts(request)

    return checked


def _declared(adds: bool, written: str, inner: str, name: str) -> str:
    """What a wrapped tool's card says of its frame or of its gray levels; paste-back bounds what is already there."""
    adds |= name == "paste-back" and bool(inner)
    return "+".join(step for step in (written if adds else "", inner) if step)


def _paste_back(argument: str) -> tuple[str, Parts, Joined]:
    """Write paste-back+NAME; it takes no argument."""
    if argument:
        raise ValueError
    return (
        "only what lies inside the edit mask is kept",
        lambda request: [request],
        lambda request, images: np.where(over_channels(request.edit_mask, images[0]), images[0], request.image),
    )


def _fitted(words: str, fitted: Callable[[tuple[int, int]], geometry.Fit]) -> tuple[str, Parts, Joined]:
    def parts(request: EditRequest) -> list[EditRequest]:
        fit = fitted(_sides(request))
        return [replace(request, image=fit.forward(request.image), edit_mask=fit.forward_mask(request.edit_mask))]

    def joined(request: EditRequest, images: Sequence[Image]) -> Image:
        return fitted(_sides(request)).back(images[0])

    return words, parts, joined


def _pad(argument: str) -> tuple[str, Parts, Joined]:
    """Write pad:MULTIPLE+NAME, e.g. pad:64+NAME; 16 where none is given."""
    multiple = int(argument or 16)
    return _fitted(f"padded to multiples of {multiple}", lambda shape: geometry.padded(shape, multiple))


def _letterbox(argument: str) -> tuple[str, Parts, Joined]:
    """Write letterbox:SIDE+NAME, letterbox:WIDTHxHEIGHT+NAME, or several by commas, of which the nearest is taken."""
    canvases = [_canvas(one) for one in argument.split(",")]
    return _fitted(
        f"letterboxed to {argument or 1024}",
        lambda shape: geometry.letterboxed(shape, geometry.nearest_canvas(shape, canvases)),
    )


def _squash(argument: str) -> tuple[str, Parts, Joined]:
    """Write squash:SIDE+NAME or squash:WIDTHxHEIGHT+NAME; 1024 where none is given."""
    canvas = _canvas(argument)
    return _fitted(f"squashed to {argument or 1024}", lambda shape: geometry.squashed(shape, canvas))


def _tiles(argument: str) -> tuple[str, Parts, Joined]:
    """Write tiles:SIDE+NAME or tiles:SIDE,OVERLAP+NAME; 512 and an eighth of the side where none is given."""
    side, _, rim = argument.partition(",")
    size = int(side or 512)
    overlap = int(rim) if rim else size // 8
    if size <= 2 * overlap or overlap < 0:
        raise ValueError

    def asked(request: EditRequest) -> list[geometry.Tile]:
        cut = geometry.tiles(_sides(request), size, overlap)
        return [tile for tile in cut if request.edit_mask[tile.core].any()]

    def parts(request: EditRequest) -> list[EditRequest]:
        return [
            replace(request, image=request.image[tile.window].copy(), edit_mask=request.edit_mask[tile.window].copy())
            for tile in asked(request)
        ]

    def joined(request: EditRequest, images: Sequence[Image]) -> Image:
        whole = request.image.copy()
        for tile, image in zip(asked(request), images, strict=True):
            whole[tile.core] = image[tile.core_in_window]
        return whole

    return f"in tiles of {size} pixels, those with nothing to edit left out", parts, joined


def _rgb(argument: str) -> tuple[str, Parts, Joined]:
    """Write rgb+NAME; it takes no argument."""
    if argument:
        raise ValueError

    def joined(request: EditRequest, images: Sequence[Image]) -> Image:
        coloured = codec.decoded_image(codec.png(images[0], rgb=True))
        return images[0] if coloured is None else codec.as_kind_of(request.image, coloured)

    return "through an RGB file and back to gray", lambda request: [request], joined


def _eight_bit(argument: str) -> tuple[str, Parts, Joined]:
    """Write 8bit+NAME; it takes no argument."""
    if argument:
        raise ValueError

    def parts(request: EditRequest) -> list[EditRequest]:
        return [replace(request, image=codec.Levels.of(request.image).eight(request.image))]

    def joined(request: EditRequest, images: Sequence[Image]) -> Image:
        return codec.Levels.of(request.image).restored(images[0])

    return "through 256 gray levels", parts, joined


def _stretch(argument: str) -> tuple[str, Parts, Joined]:
    """Write stretch+NAME or stretch:LOW,HIGH+NAME; percentiles 0.5 and 99.5 where none are given."""
    low, _, high = (argument or "0.5,99.5").partition(",")
    bounds = float(low), float(high)
    if not 0 <= bounds[0] < bounds[1] <= 100:
        raise ValueError

    def parts(request: EditRequest) -> list[EditRequest]:
        return [replace(request, image=codec.stretched(request.image, bounds))]

    def joined(request: EditRequest, images: Sequence[Image]) -> Image:
        return codec.at_depth_of(request.image, images[0])

    return (
        f"its percentiles {brief(bounds[0])} to {brief(bounds[1])} stretched over 256 gray levels, and left so",
        parts,
        joined,
    )


def _sides(request: EditRequest) -> tuple[int, int]:
    """Height and width of the image of a request."""
    height, width = request.image.shape[:2]
    return height, width


def _canvas(argument: str) -> tuple[int, int]:
    width, by, height = (argument or "1024").partition("x")
    canvas = (int(height if by else width), int(width))
    if min(canvas) < 1:
        raise ValueError
    return canvas


WRAPPERS: dict[str, Callable[[str], tuple[str, Parts, Joined]]] = {
    "paste-back": _paste_back,
    "pad": _pad,
    "letterbox": _letterbox,
    "squash": _squash,
    "tiles": _tiles,
    "rgb": _rgb,
    "8bit": _eight_bit,
    "stretch": _stretch,
    SLICES: slices,
}
"""Wrappers by the name that a specification gives them."""

GEOMETRIC = {"pad", "letterbox", "squash", "tiles"}
CONVERTING = {"rgb", "8bit", "stretch"}
"""Wrappers that change the frame, and wrappers that change the gray levels, on the way to a tool and back."""

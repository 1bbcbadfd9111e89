"""From a model's tensors to boxes and points on the image that was read, as the card's ``outputs`` say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from scipy.special import expit

from editproof.core.declared import Number, Wanted, Whole, closed, is_count, is_text
from editproof.core.numbers import brief
from editproof.core.records import from_plain
from editproof.errors import InstrumentError
from editproof.imaging.framing import unframed_places
from editproof.types import JSON, InstrumentCard, RawOutput
from editproof.types.instruments import BOXES, POINTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.framing import ModelFrame

    Raw = Mapping[str, NDArray[Any]]
    Values = NDArray[np.float64]

CORNERS = {
    "xyxy": lambda a: (a[:, 0], a[:, 1], a[:, 2], a[:, 3]),
    "xywh": lambda a: (a[:, 0], a[:, 1], a[:, 0] + a[:, 2], a[:, 1] + a[:, 3]),
    "cxcywh": lambda a: (
        a[:, 0] - a[:, 2] / 2, a[:, 1] - a[:, 3] / 2, a[:, 0] + a[:, 2] / 2, a[:, 1] + a[:, 3] / 2,
    ),
}  # fmt: skip
"""By what four numbers of a box are: its left, upper, right and lower edge."""
HOLDS = ("coordinates", "heatmaps")

_Place = Annotated[
    str | int, Wanted("its name, or its place from 0", lambda it: is_text(it) or is_count(it, 0), as_written=True)
]
_Corners = Annotated[str, Wanted(f"one of {', '.join(CORNERS)}", CORNERS.__contains__)]
_Holds = Annotated[str, Wanted(f"one of {', '.join(HOLDS)}", HOLDS.__contains__)]
_Activation = Annotated[str, Wanted("none or sigmoid", ("none", "sigmoid").__contains__)]


@closed
@dataclass(frozen=True)
class BoxTensors:
    """Which of a model's outputs boxes are made of. Boxes that overlap are kept: suppress them in the model.

    Attributes
    ----------
    boxes : str or int
        Name of the output, or its place; shape (N, 4), or (1, N, 4).
    scores : str or int
        Shape (N,), or (N, labels) with a score of each label, of which the highest counts. A box of score 0 is none.
    labels : str or int, optional
        Whole numbers of shape (N,). Not needed of one label, or where scores tell them.
    holds : {"xyxy", "xywh", "cxcywh"}
        Two corners; a corner and the size; or the centre and the size.
    relative : bool
        Whether they are shares of the frame's sides, in place of its pixels.
    first_label : int
        The number of the first label on the card; 1 where 0 is the background.
    activation : {"none", "sigmoid"}
        ``sigmoid`` of scores that come as logits.
    clip : bool
        Whether what lies beyond the image is cut off; else it is an error.
    """

    boxes: _Place = 0
    scores: _Place = 1
    labels: _Place | None = None
    holds: _Corners = "xyxy"
    relative: bool = False
    first_label: Whole = 0
    activation: _Activation = "none"
    clip: bool = False

    def of(self, raw: Raw, output: RawOutput, shape: tuple[int, ...], frame: ModelFrame, asked: str) -> list[JSON]:
        """``[x, y, width, height, score, label]`` of each box on an image of a shape.

        Raises
        ------
        InstrumentError
            The model lacks an output, or has one of another shape, or a label that the card does not name.
        """
        corners = _of_one(raw, self.boxes, (2,), None, asked)
        batched = np.ndim(raw[self.boxes if isinstance(self.boxes, str) else list(raw)[self.boxes]]) == 3
        if corners.shape[1] != 4:
            raise _misshapen(raw, self.boxes, "(N, 4) or (1, N, 4)", asked)
        scores = _of_one(raw, self.scores, (1, 2), batched, asked)
        scores = expit(scores) if self.activation == "sigmoid" else scores
        if scores.ndim == 2 and scores.shape[1] == len(output.labels):
            places, scores = scores.argmax(axis=1), scores.max(axis=1)
        elif scores.ndim == 2 and scores.shape[1] != 1:
            raise _misshapen(raw, self.scores, f"(N,) or (N, {len(output.labels)})", asked)
        elif self.labels is None and len(output.labels) > 1:
            advice = 'Write "labels": NAME, or have scores of shape (N, labels).'
            raise InstrumentError(asked, f"nothing says which of {len(output.labels)} labels a box is of", advice)
        else:
            places, scores = np.zeros(len(scores), int), scores.reshape(-1)
        if self.labels is not None:
            numbers = _of_one(raw, self.labels, (1,), batched, asked)
            if strange := sorted(set(numbers - self.first_label) - set(range(len(output.labels)))):
                last = self.first_label + len(output.labels) - 1
                found = f"label {brief(strange[0] + self.first_label)} of a box"
                raise InstrumentError(asked, found, f"The card names {self.first_label} to {last}: {output.labels}.")
            places = (numbers - self.first_label).astype(int)
        if not len(corners) == len(scores) == len(places):
            found = f"{len(corners)} boxes, {len(scores)} scores and {len(places)} labels"
            raise InstrumentError(asked, found, "Name outputs of one length.")
        kept = np.asarray(scores != 0)
        x0, y0, x1, y1 = CORNERS[self.holds](corners[kept] * _unit(frame, 2 if self.relative else 0))
        ends = [unframed_places(np.stack(end, axis=1), frame, shape) for end in ((x0, y0), (x1, y1))]
        if self.clip:
            ends = [np.clip(end, 0, shape[1::-1]) for end in ends]
        inside: list[bool] = [not self.clip or bool((b > a).all()) for a, b in zip(*ends, strict=True)]
        rows = zip(*ends, scores[kept], places[kept], inside, strict=True)
        return [[*map(float, a), *map(float, b - a), float(s), output.labels[p]] for a, b, s, p, there in rows if there]


@closed
@dataclass(frozen=True)
class PointTensor:
    """Which of a model's outputs landmarks are made of, in the order of the card's labels.

    Attributes
    ----------
    output : str or int
        Name of the output, or its place.
    holds : {"coordinates", "heatmaps"}
        x and y, shape (labels, 2), or (1, labels, 2); or a plane for each landmark over the frame, shape (labels, h,
        w), or (1, labels, h, w), whose highest pixel is the place.
    relative : bool
        Whether coordinates are shares of the frame's sides, in place of its pixels.
    least : float, optional
        Of heatmaps: a landmark whose highest pixel is lower was not found.
    """

    output: _Place = 0
    holds: _Holds = "coordinates"
    relative: bool = False
    least: Number | None = None

    def of(self, raw: Raw, output: RawOutput, shape: tuple[int, ...], frame: ModelFrame, asked: str) -> JSON:
        """``[x, y]`` on an image of a shape, by landmark; None where one was not found.

        Raises
        ------
        InstrumentError
            The model lacks the output, or has it in another shape, or it holds NaN.
        """
        n, maps = len(output.labels), self.holds == "heatmaps"
        values = _of_one(raw, self.output, (3,) if maps else (2,), None, asked)
        if len(values) != n or not values.size or (not maps and values.shape[1] != 2):
            wanted = f"({n}, height, width)" if maps else f"({n}, 2)"
            raise _misshapen(raw, self.output, f"{wanted} for {', '.join(output.labels)}", asked)
        if not np.isfinite(values).all():
            raise InstrumentError(asked, f"output {self.output!r} holds NaN or infinite values", "Mend the model.")
        there = np.ones(n, dtype=bool)
        if maps:
            planes = values.reshape(n, -1)
            there = planes.max(axis=1) >= (-np.inf if self.least is None else self.least)
            rows, columns = np.unravel_index(planes.argmax(axis=1), values.shape[1:])
            sides = np.array(values.shape[:0:-1], dtype=float)
            places = (np.stack([columns, rows], axis=1) + 0.5) / sides * _unit(frame, 1)
        else:
            places = values * _unit(frame, 1 if self.relative else 0)
        brought = unframed_places(places, frame, shape)
        return {
            name: [float(x), float(y)] if found else None
            for name, (x, y), found in zip(output.labels, brought, there, strict=True)
        }


def located_of(card: InstrumentCard, asked: str) -> dict[str, BoxTensors | PointTensor]:
    """By the name of each output of boxes or points of a card of model files: what it is made of.

    Raises
    ------
    InstrumentError
        The card says something that :class:`BoxTensors` or :class:`PointTensor` does not, or of text.
    """
    made: dict[str, BoxTensors | PointTensor] = {}
    told = card.reading.get("outputs", {})
    kinds: dict[str, Any] = {BOXES: BoxTensors, POINTS: PointTensor}
    for output in card.kept_outputs:
        which = f"{asked}, output of {output.name}"
        if output.kind not in kinds:
            raise InstrumentError(which, f"{output.kind} by a model file", "Give it by runtime python or http.")
        made[output.name] = from_plain(
            kinds[output.kind], dict(told.get(output.name, {})), which, error=InstrumentError
        )
    if made and card.preprocessing.get("fit") == "centre_crop":
        found = "boxes or points on images that are cut at the centre"
        raise InstrumentError(asked, found, 'Nothing would be found on what is cut off: write "fit": "letterbox".')
    return made


def _unit(frame: ModelFrame, pairs: int) -> Values:
    """What shares of the frame are multiplied by, for so many pairs of x and y; 1 where they are pixels."""
    return np.tile([float(frame.width), float(frame.height)], pairs) if pairs else np.ones(1)


def _of_one(raw: Raw, place: str | int, sides: tuple[int, ...], batched: bool | None, asked: str) -> Values:
    """An output for the one image that was read, of so many sides, without that of the batch."""
    names = list(raw)
    name = place if isinstance(place, str) else names[place] if place < len(names) else None
    if name not in raw:
        raise InstrumentError(asked, f"the model has no output {place!r}", f"It has {', '.join(names)}.")
    values = np.asarray(raw[str(name)])
    if values.dtype.kind not in "fiub":
        raise InstrumentError(asked, f"output {name!r} holds {values.dtype}", "Have it hold numbers.")
    if (values.ndim - 1 in sides if batched is None else batched) and values.shape[:1] == (1,):
        values = values[0]
    if values.ndim not in sides:
        words = " or ".join(map(str, sides))
        found = f"output {name!r} has shape {np.shape(raw[str(name)])}, not {words} sides beside that of the batch"
        advice = "Give all outputs of boxes a side of 1 for the batch, or none of them."
        raise InstrumentError(asked, found, advice)
    return np.asarray(values, np.float64)


def _misshapen(raw: Raw, place: str | int, wanted: str, asked: str) -> InstrumentError:
    name = place if isinstance(place, str) else list(raw)[place]
    found = f"output {name!r} has shape {np.shape(raw[name])}, not {wanted}"
    return InstrumentError(asked, found, "Choose another output on the card, or mend the model.")

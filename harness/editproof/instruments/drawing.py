"""From what a model returns on the prepared frame to a label map on the image, as the card's ``outputs`` say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from scipy.special import expit

from editproof.core.declared import Wanted, Whole, closed, is_count, is_number, is_text
from editproof.core.numbers import brief
from editproof.core.records import from_plain
from editproof.errors import InstrumentError
from editproof.imaging.axes import spatial_shape
from editproof.imaging.framing import unframed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.imaging.framing import ModelFrame
    from editproof.instruments.masks import LabelMap
    from editproof.types import Image, InstrumentCard, MaskOutput

HOLDS = ("classes", "probability", "labels")
"""What an output may hold: a score of each class, of which the highest counts; one score; or labels themselves."""

_Place = Annotated[
    str | int, Wanted("its name, or its place from 0", lambda it: is_text(it) or is_count(it, 0), as_written=True)
]
_Holds = Annotated[str, Wanted(f"one of {', '.join(HOLDS)}", HOLDS.__contains__)]
_Activation = Annotated[str, Wanted("none or sigmoid", ("none", "sigmoid").__contains__)]
_Threshold = Annotated[float, Wanted("a number", is_number)]


@closed
@dataclass(frozen=True)
class Drawing:
    """Which of a model's outputs a label map is made of, and how.

    Attributes
    ----------
    output : str or int
        Name of the output, or its place among them.
    holds : str
        ``classes``, one channel for the background and one for each label from 1 on, of which the highest counts;
        ``probability``, one channel; or ``labels``, whole numbers.
    index : int, optional
        Channel of a probability; needed where there is more than one.
    activation : str
        ``none``, or ``sigmoid`` of a probability that comes as a logit.
    threshold : float
        From which value on a pixel of a probability is of the structure.
    """

    output: _Place = 0
    holds: _Holds = "classes"
    index: Whole | None = None
    activation: _Activation = "none"
    threshold: _Threshold = 0.5

    def of(
        self, raw: Mapping[str, NDArray[Any]], mask: MaskOutput, images: Sequence[Image], frame: ModelFrame, asked: str
    ) -> list[LabelMap]:
        """The label map of each image, of its shape.

        Scores are brought to the image by interpolation first and decided there; a label counts as a score of 1.

        Raises
        ------
        InstrumentError
            The model has no such output, or one of another shape, or what is no score and no label of the card.
        """
        planes = self._planes(raw, mask, len(images), asked)
        return [
            self._decided([unframed(plane, frame, spatial_shape(image.shape)) for plane in one], mask)
            for one, image in zip(planes, images, strict=True)
        ]

    def _decided(self, scores: Sequence[NDArray[np.float32]], mask: MaskOutput) -> LabelMap:
        if self.holds == "probability":
            return np.where(scores[0] >= self.threshold, np.uint8(next(iter(mask.labels))), np.uint8(0))
        best, found = scores[0].copy(), np.zeros(scores[0].shape, np.uint8)
        for label, plane in enumerate(scores[1:], 1):
            higher = plane > best
            best[higher], found[higher] = plane[higher], label
        return found

    def _planes(
        self, raw: Mapping[str, NDArray[Any]], mask: MaskOutput, n: int, asked: str
    ) -> Sequence[Sequence[NDArray[np.float32]]]:
        """By image, the planes that :meth:`_decided` takes, as the model gave them."""
        names = list(raw)
        name = self.output if isinstance(self.output, str) else names[self.output] if self.output < len(names) else None
        if name not in raw:
            raise InstrumentError(asked, f"the model has no output {self.output!r}", f"It has {', '.join(names)}.")
        values = np.asarray(raw[str(name)])
        if values.dtype.kind not in "fiub":
            raise InstrumentError(asked, f"output {name!r} holds {values.dtype}", "Have it hold numbers.")
        values = values[:, None] if values.ndim == 3 else values
        channels, wanted = values.shape[1:2], f"({n}, channels, height, width)"
        if values.ndim != 4 or len(values) != n or not values.size:
            advice = "Choose another output on the card, or mend the model; channels come before rows and columns."
            raise InstrumentError(asked, f"output {name!r} has shape {values.shape}, not {wanted}", advice)
        if not np.isfinite(values).all():
            raise InstrumentError(asked, f"output {name!r} holds NaN or infinite values", "Mend the model.")
        if self.holds == "labels":
            return [self._of_labels(labels, mask, str(name), asked) for labels in values]
        if self.holds == "classes":
            if channels != (1 + len(mask.labels),):
                found = f"output {name!r} has {channels[0]} channels, the card names {len(mask.labels)} labels"
                raise InstrumentError(asked, found, "Name a label for every channel but the first, the background's.")
            return list(values.astype(np.float32))
        if self.index is None and channels != (1,):
            found = f"output {name!r} has {channels[0]} channels and the card names none"
            raise InstrumentError(asked, found, f'Write "index": 0 to {channels[0] - 1}, or "holds": "classes".')
        if (index := self.index or 0) >= channels[0]:
            found = f"output {name!r} has {channels[0]} channels and no index {index}"
            raise InstrumentError(asked, found, f'Write "index": 0 to {channels[0] - 1}.')
        scores = expit(values[:, [index]]) if self.activation == "sigmoid" else values[:, [index]]
        if scores.min() < 0 or scores.max() > 1:
            found = f"{brief(scores.min(), 4)} to {brief(scores.max(), 4)}, which are not probabilities"
            raise InstrumentError(asked, found, 'If the model returns logits, write "activation": "sigmoid".')
        return list(scores.astype(np.float32))

    def _of_labels(
        self, labels: NDArray[Any], mask: MaskOutput, name: str, asked: str
    ) -> Sequence[NDArray[np.float32]]:
        """One plane for each label up to the greatest, 1 where it is; so each pixel goes to the label nearest to it."""
        if len(labels) != 1:
            found = f"output {name!r} has {len(labels)} channels of labels"
            raise InstrumentError(asked, found, 'Write "holds": "classes" where each channel is the score of a class.')
        known = {0, *map(int, mask.labels)}
        if strange := sorted({float(label) for label in np.unique(labels)} - known):
            names = ", ".join(f"{label} {structure}" for label, structure in mask.labels.items())
            found = f"label {brief(strange[0])}, which the card does not name"
            raise InstrumentError(asked, found, f"The card names {names}.")
        return [(labels[0] == label).astype(np.float32) for label in range(max(known) + 1)]


def drawings_of(card: InstrumentCard, asked: str) -> dict[str, Drawing]:
    """By the name of each mask of a card of model files: what draws it.

    Raises
    ------
    InstrumentError
        The card names something that :class:`Drawing` does not, or its labels do not fit what the output holds.
    """
    made, told = {}, card.reading.get("outputs", {})
    for mask in card.masks:
        which = f"{asked}, output of {mask.name}"
        drawing = from_plain(Drawing, dict(told.get(mask.name, {})), which, error=InstrumentError)
        counted = [str(label) for label in range(1, len(mask.labels) + 1)]
        if drawing.holds == "classes" and sorted(mask.labels, key=int) != counted:
            found = f"labels {', '.join(mask.labels)} of an output of classes"
            raise InstrumentError(which, found, f"Channels count from 0, the background: name {', '.join(counted)}.")
        if drawing.holds == "probability" and len(mask.labels) > 1:
            found = f"{len(mask.labels)} labels of one probability"
            raise InstrumentError(which, found, "Name one label, or a mask and an index for each structure.")
        odd = drawing.index is not None or drawing.activation != "none" or drawing.threshold != 0.5
        if drawing.holds != "probability" and odd:
            found = f"index, activation or threshold of an output of {drawing.holds}"
            raise InstrumentError(which, found, 'Leave them out, or write "holds": "probability".')
        made[mask.name] = drawing
    if made and card.preprocessing.get("fit") == "centre_crop":
        found = "masks on images that are cut at the centre"
        raise InstrumentError(asked, found, 'Nothing would be drawn on what is cut off: write "fit": "letterbox".')
    return made

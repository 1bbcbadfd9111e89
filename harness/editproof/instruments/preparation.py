"""From radiographs to the batch that a model reads: the one pipeline, as a card's ``preprocessing`` says.

Which of its steps the shipped networks use is fixed in :mod:`editproof.instruments.preprocessing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import cv2
import numpy as np

from editproof.core.declared import Wanted, closed, is_list, is_mapping, is_number
from editproof.core.records import section_from_plain
from editproof.errors import InstrumentError
from editproof.imaging.axes import YXC
from editproof.imaging.colour import luma
from editproof.imaging.framing import FITS, framed, stretched_to_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import JSON, Image

LAYOUTS = ("NCHW", "NHWC", "NHW")
DTYPES = ("float32", "float64", "float16", "uint8")
COLOURS = ("rgb", "bgr", "luma")
LARGEST = 8192


def _is_stretch(value: object) -> bool:
    if not isinstance(value, Mapping):
        return value in ("depth", "levels")
    if not {"low", "high"} <= set(value) <= {"low", "high", "headroom"} or not is_mapping(value, is_number):
        return False
    return bool(0 <= value["low"] < value["high"] <= 100 and value.get("headroom", 1) > 0)


def _is_of_channels(value: object) -> bool:
    return is_number(value) or (is_list(value, is_number) and bool(value))


def _is_divisor(value: object) -> bool:
    return _is_of_channels(value) and bool(np.all(np.asarray(value) > 0))


def _one_of(choices: tuple[str, ...]) -> Wanted:
    return Wanted(f"one of {', '.join(choices)}", choices.__contains__)


Side = Annotated[int, Wanted(f"a whole number of 1 to {LARGEST}", lambda value: 1 <= value <= LARGEST)]
_Stretch = Annotated[
    str | Mapping[str, float],
    Wanted('"depth", "levels" or {"low": 2, "high": 98}, low below high', _is_stretch, as_written=True),
]
_Mean = Annotated[float | Sequence[float], Wanted("a number, or one a channel", _is_of_channels, as_written=True)]
_Sd = Annotated[float | Sequence[float], Wanted("a number above 0, or one a channel", _is_divisor, as_written=True)]
_Channels = Annotated[int, Wanted("1 or 3", (1, 3).__contains__)]


@closed
@dataclass(frozen=True)
class Preparation:
    """Size, stretch, standardisation and layout.

    Attributes
    ----------
    height, width : int
        Of the model's input, pixels.
    fit : str
        ``letterbox`` keeps the aspect ratio and pads with 0, ``squash`` does not keep it, ``centre_crop`` keeps it and
        cuts what is over.
    stretch : str or mapping
        ``depth`` maps the whole depth of the file to 0..1, ``levels`` to 0..255; ``{"low": 2, "high": 98}`` maps these
        percentiles of the image to 0 and 1, with ``headroom`` times the stretch before it is clipped.
    mean, sd : float or sequence of float
        Subtracted and divided by after the stretch; one number, or one a channel.
    channels : {1, 3}
        The gray channel, or three: those of an image in colour, or three times the same of a gray one.
    colour : {"rgb", "bgr", "luma"}
        In which order the channels of an image in colour come; ``luma`` makes it gray first (ITU-R BT.601), without
        which one channel takes no image in colour.
    layout : {"NCHW", "NHWC", "NHW"}
    dtype : str
    """

    height: Side
    width: Side
    fit: Annotated[str, _one_of(FITS)] = "letterbox"
    stretch: _Stretch = "depth"
    mean: _Mean = 0.0
    sd: _Sd = 1.0
    channels: _Channels = 1
    colour: Annotated[str, _one_of(COLOURS)] = "rgb"
    layout: Annotated[str, _one_of(LAYOUTS)] = "NCHW"
    dtype: Annotated[str, _one_of(DTYPES)] = "float32"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one prepared image."""
        plane = (self.height, self.width)
        return {"NCHW": (self.channels, *plane), "NHWC": (*plane, self.channels), "NHW": plane}[self.layout]

    @property
    def is_whole(self) -> bool:
        """Whether pixels are prepared as gray levels of 0 to 255, which an input of whole numbers can take."""
        return self.stretch == "levels" and bool(np.all(np.equal(self.mean, 0)) and np.all(np.equal(self.sd, 1)))

    def __call__(self, images: Sequence[Image]) -> NDArray[Any]:
        """The images as one batch, shape ``(n, *shape)``, of the declared dtype.

        Examples
        --------
        >>> batch = Preparation(8, 6, channels=3)([np.full((16, 12), 255, np.uint8)])
        >>> batch.shape, str(batch.dtype), float(batch.max())
        ((1, 3, 8, 6), 'float32', 1.0)
        """
        batch = np.zeros((len(images), *self.shape), self.dtype)
        for index, image in enumerate(images):
            one = self._one(image)
            batch[index] = np.rint(one) if self.dtype == "uint8" else one
        return batch

    def check_takes(self, axes: Sequence[str], asked: str) -> None:
        """Refuse a card that says that images in colour are read, and not how one channel is made of them.

        Raises
        ------
        InstrumentError
        """
        if YXC in axes and (self.channels == 1 or self.layout == "NHW") and self.colour != "luma":
            found = "it takes colour images (YXC) and prepares one channel"
            advice = 'Write "colour": "luma" in preprocessing, or "channels": 3.'
            raise InstrumentError(asked, found, advice)

    def _one(self, image: Image) -> NDArray[Any]:
        image = luma(image) if self.colour == "luma" else image
        ready = self._stretched(framed(image.astype(np.float32), (self.height, self.width), self.fit), image)
        if self.layout == "NHW":
            return np.asarray((ready - np.asarray(self.mean)) / np.asarray(self.sd))
        channels = np.repeat(ready[..., None], self.channels, axis=2) if ready.ndim == 2 else ready
        channels = channels[..., ::-1] if self.colour == "bgr" else channels
        channels = (channels - np.asarray(self.mean)) / np.asarray(self.sd)
        return np.moveaxis(channels, 2, 0) if self.layout == "NCHW" else channels

    def _stretched(self, ready: NDArray[Any], image: Image) -> NDArray[Any]:
        if isinstance(self.stretch, str):
            deepest = float(np.iinfo(image.dtype).max)
            unit = ready.astype(np.float64) / deepest * (255.0 if self.stretch == "levels" else 1.0)
        else:
            unit = stretched_to_unit(ready, **self.stretch)
        return np.nan_to_num(unit, nan=0.0)

    @classmethod
    def from_card(cls, described: Mapping[str, JSON], asked: str) -> Preparation:
        """What a card's ``preprocessing`` says.

        Raises
        ------
        InstrumentError
            A field is missing, unknown, or of a value that there is not.
        """
        made = section_from_plain(
            cls, "preprocessing", described, asked, "See docs/instruments.md.", error=InstrumentError
        )
        try:
            made(np.zeros((1, 4, 3), np.uint8))  # type: ignore[arg-type]
        except (TypeError, ValueError, KeyError, AttributeError, cv2.error) as error:
            found = f"preprocessing cannot be followed ({type(error).__name__}: {error})"
            raise InstrumentError(asked, found, "See docs/instruments.md.") from error
        if made.dtype == "uint8" and not made.is_whole:
            advice = 'Write "stretch": "levels" (0 to 255) without mean and sd, or a dtype of floats.'
            raise InstrumentError(asked, "preprocessing makes fractions of dtype uint8", advice)
        return made

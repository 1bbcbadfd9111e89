"""Whether what an instrument reads depends on the pixels at all, tried before the first edit is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from editproof.errors import InstrumentError
from editproof.instruments.hooks import look_up_of
from editproof.instruments.reading import ImageReading, full_readings
from editproof.types import Instrument

if TYPE_CHECKING:
    from editproof.types import Image


def check_response(instrument: Instrument, case_id: str, image: Image, told: Mapping[str, float]) -> None:
    """Refuse an instrument that reads one number off an image, off its negative and off its halves, to the last digit.

    Such an instrument would find no change in any edit. A damaged network, or one that is fed pixels of another range,
    reads so. Whole numbers are not judged here (a count of lesions may be 0 throughout), nor is an instrument that
    refuses one of these images: the controls of the run judge those.

    Parameters
    ----------
    instrument : Instrument
    case_id : str
    image : array
        An original that is not blank.
    told : mapping of str to float
        The covariates of the case.

    Raises
    ------
    InstrumentError
    """
    if look_up_of(instrument) or image.min() == image.max():
        return
    negative = (image.max() - (image - image.min())).astype(image.dtype)
    halves = [image.copy(), image.copy()]
    halves[0][: len(image) // 2], halves[1][len(image) // 2 :] = image.min(), image.max()
    try:
        found = full_readings(instrument, case_id, [image, negative, *halves], told)
    except Exception:  # an instrument may refuse what is no radiograph, and so it does depend on the pixels
        return
    first, *others = (reading.numbers for reading in found)
    if not first or any(not _alike(first, other) for other in others) or _gives_apart(found):
        return
    values = {name: value for name, [value, *_] in first.items()}
    if all(float(value).is_integer() for value in values.values()):
        return
    read = ", ".join(f"{name} {value:.6g}" for name, value in values.items())
    raise InstrumentError(
        f"instrument {instrument.card.name}",
        f"it reads {read} off case {case_id}, off its negative and off its halves, to the last digit",
        "What it reads does not depend on the image: look at its weights, and at preprocessing and inputs on its card.",
    )


def _alike(one: Mapping[str, list[float]], other: Mapping[str, list[float]]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _gives_apart(found: list[ImageReading]) -> bool:
    """Whether label maps, or other outputs, of the image and of its negative differ."""
    first, negative, *_ = found
    drawn = any(not np.array_equal(first.maps[name], negative.maps[name]) for name in first.maps)
    return drawn or first.outputs != negative.outputs

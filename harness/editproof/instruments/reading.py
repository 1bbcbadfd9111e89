"""What an instrument reads, checked to be what its card declares, and as rows of the table of measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.guarding import one_error
from editproof.core.numbers import brief
from editproof.errors import InstrumentError
from editproof.evidence.measurements import POOLED, UNCERTAINTY
from editproof.instruments.ensemble import pooled
from editproof.instruments.masks import checked_masks
from editproof.instruments.raw import check_numbers, checked_outputs, with_numbers
from editproof.types import JSON, Instrument, InstrumentCard, Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.instruments.masks import LabelMap
    from editproof.types import Image

_ROUNDING = 1e-6


@dataclass(frozen=True)
class ImageReading:
    """What an instrument gave of one image.

    Attributes
    ----------
    numbers : mapping of str to list of float
        Every member's reading, by quantity.
    maps : mapping of str to ndarray of uint8
        Label maps, by the name of the mask.
    outputs : mapping of str to JSON
        Points, boxes and text in the form in which they are kept, by the name of the output.
    """

    numbers: dict[str, list[float]]
    maps: dict[str, LabelMap] = field(default_factory=dict)
    outputs: dict[str, JSON] = field(default_factory=dict)


def read_images(
    instrument: Instrument, case_id: str, images: Sequence[Image], told: Mapping[str, float]
) -> list[dict[str, list[float]]]:
    """Readings of some images of a case, each by quantity and member; see :func:`full_readings`."""
    return [reading.numbers for reading in full_readings(instrument, case_id, images, told)]


def full_readings(
    instrument: Instrument, case_id: str, images: Sequence[Image], told: Mapping[str, float]
) -> list[ImageReading]:
    """Everything that an instrument gives of some images of a case.

    Raises
    ------
    InstrumentError
        A reading is missing, of another shape than declared, not finite, or a probability outside 0 to 1; or a label
        map is none that :func:`~editproof.instruments.masks.checked_masks` takes, or an output none that its kind does.
    """
    card = instrument.card
    with one_error(f"a reading of case {case_id} by {card.name}"):
        given = dict(instrument.predict(images, [dict(told)] * len(images)))
    told_back = with_numbers(card, case_id, given)
    readings: dict[str, NDArray[np.float64]] = {}
    for quantity in card.quantities:
        name, spread = quantity.name, f"{quantity.name}:{UNCERTAINTY}"
        readings[name] = _checked(card, quantity, case_id, told_back.get(name), (card.members, len(images)))
        if spread in told_back:
            of_spread = Quantity(spread, quantity.unit)
            readings[spread] = _checked(card, of_spread, case_id, told_back[spread], (1, len(images)))
    numbers = [
        {name: [float(value) for value in values[:, index]] for name, values in readings.items()}
        for index in range(len(images))
    ]
    for reading in numbers:
        check_numbers(card, case_id, reading)
    maps, outputs = checked_masks(card, case_id, told_back, images), checked_outputs(card, case_id, told_back, images)
    return [ImageReading(*found) for found in zip(numbers, maps, outputs, strict=True)]


def check_alike(card: InstrumentCard, case_id: str, readings: Iterable[Mapping[str, object]]) -> None:
    """Refuse an uncertainty that some readings of a case have and others lack, kept ones included.

    Raises
    ------
    InstrumentError
    """
    if len({frozenset(reading) for reading in readings}) > 1:
        asked, found = f"case {case_id} by {card.name}", "some readings come with an uncertainty and some do not"
        advice = "Have it always or never; where what answers has changed, change its version on the card."
        raise InstrumentError(asked, found, advice)


def unmasked(values: object) -> NDArray[Any]:
    """An array whose masked entries are NaN: what is masked was not read.

    Examples
    --------
    >>> unmasked(np.ma.masked_array([1, 2], [False, True])).tolist()
    [1.0, nan]
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        return np.where(np.ma.getmaskarray(values), np.nan, values.data)
    return np.asarray(values)


def reading_rows(card: InstrumentCard, reading: Mapping[str, list[float]] | None) -> Iterator[list[JSON]]:
    """Rows ``instrument, quantity, value, unit`` of one image: pooled, every member, and the uncertainty if any."""
    for quantity in card.quantities if reading is not None else ():
        members = reading[quantity.name] if reading else []
        yield [POOLED, quantity.name, float(pooled(np.array(members))), quantity.unit]
        for index, value in enumerate(members):
            yield [f"member-{index}", quantity.name, value, quantity.unit]
        for value in (reading or {}).get(f"{quantity.name}:{UNCERTAINTY}", []):
            yield [UNCERTAINTY, quantity.name, value, quantity.unit]


def _checked(
    card: InstrumentCard, quantity: Quantity, case_id: str, told_back: object, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """What an instrument gave back for a quantity, found to be readings."""
    asked = f"{quantity.name} of case {case_id} by {card.name}"
    wanted = f"{shape[0]} finite readings of {shape[1]} images"
    advice = "Mend the instrument; a reading is a number in the declared unit."
    if told_back is None:
        raise InstrumentError(asked, f"nothing instead of {wanted}", advice)
    with one_error(asked, advice):
        values = unmasked(told_back)
    if values.dtype.kind not in "fiu":
        raise InstrumentError(asked, f"an array of {values.dtype} instead of {wanted}", advice)
    if values.shape != shape:
        raise InstrumentError(asked, f"an array of shape {values.shape} instead of {wanted}", advice)
    if lost := int((~np.isfinite(values)).sum()):
        kind = "masked, NaN or infinite" if np.ma.is_masked(told_back) else "NaN or infinite"
        raise InstrumentError(asked, f"{lost} {kind} values instead of {wanted}", advice)
    if quantity.kind == "probability" and not ((values >= -_ROUNDING) & (values <= 1 + _ROUNDING)).all():
        found = f"{brief(values.min(), 4)} to {brief(values.max(), 4)}, which are not probabilities"
        raise InstrumentError(asked, found, "If the model returns logits, name their activation on the card.")
    return values.astype(np.float64)

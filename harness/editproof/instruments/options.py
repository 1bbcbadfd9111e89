"""What a card's ``options`` add to any instrument that reads images: a mirror image as well, an uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from editproof.core.declared import closed
from editproof.core.records import section_from_plain
from editproof.errors import InstrumentError
from editproof.evidence.measurements import UNCERTAINTY
from editproof.instruments.hooks import check
from editproof.types import Instrument

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard


@closed
@dataclass(frozen=True)
class Options:
    """What a card may add.

    Attributes
    ----------
    mirror : bool
        Whether the mirror image is read as well.
    uncertainty : {"none", "members"}
        Of what the spread is the uncertainty of a reading.
    """

    mirror: bool = False
    uncertainty: Literal["none", "members"] = "none"


class WithOptions:
    """An instrument whose readings are averaged over mirror images, or come with the spread of its members.

    Parameters
    ----------
    inner : Instrument
    mirror : bool
        Test-time augmentation: the mean of the reading of the image and of its mirror image, left for right.
    spread : bool
        Adds ``<quantity>:uncertainty``: the SD over members (n - 1), in the unit of the quantity.
    """

    def __init__(self, inner: Instrument, *, mirror: bool, spread: bool) -> None:
        self._inner, self._mirror, self._spread = inner, mirror, spread
        self.card: InstrumentCard = replace(inner.card)

    def check(self) -> None:
        """What the instrument itself checks before a run."""
        check(self._inner)

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings of every member; see :class:`editproof.types.Instrument`."""
        readings = dict(self._inner.predict(images, references))
        if self._mirror:
            mirrored = [np.ascontiguousarray(image[:, ::-1]) for image in images]
            other = self._inner.predict(mirrored, references)
            readings = {name: (values + other[name]) / 2 for name, values in readings.items()}
        if self._spread:
            readings |= {
                f"{quantity.name}:{UNCERTAINTY}": readings[quantity.name].std(axis=0, ddof=1, keepdims=True)
                for quantity in self.card.quantities
            }
        return readings


def with_options(instrument: Instrument) -> Instrument:
    """The instrument itself, or with the options that its card names.

    Raises
    ------
    InstrumentError
        There is no such option, or it asks for the spread of one member.
    """
    card = instrument.card
    told = card.reading.get("options", {})
    options = section_from_plain(Options, "options", told, f"instrument {card.name}", error=InstrumentError)
    spread = options.uncertainty == "members"
    if spread and card.members < 2:
        found = "the spread of one member"
        raise InstrumentError(f"instrument {card.name}", found, "Give it more members, or an output of its own.")
    if not spread and not options.mirror:
        return instrument
    if card.kept_outputs:
        found = f"it gives {card.kept_outputs[0].name} ({card.kept_outputs[0].kind}), of which there is no mean"
        raise InstrumentError(f"instrument {card.name}", found, "Leave the options out.")
    if card.masks:
        found = f"it draws the mask {card.masks[0].name}, of which there is no mean"
        raise InstrumentError(f"instrument {card.name}", found, "Leave the options out.")
    return WithOptions(instrument, mirror=options.mirror, spread=spread)

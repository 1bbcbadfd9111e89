"""What a card's ``options`` add to any instrument that reads images: a mirror image as well, an uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from editproof.errors import InstrumentError
from editproof.evidence.measurements import UNCERTAINTY
from editproof.instruments.hooks import check
from editproof.types import Instrument

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard

KNOWN = {"mirror": (True, False), UNCERTAINTY: ("none", "members")}


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
    for name, value in told.items():
        if value not in KNOWN.get(name, ()):
            known = "; ".join(f"{key}: {' or '.join(map(str, values))}" for key, values in KNOWN.items())
            raise InstrumentError(f"instrument {card.name}", f"option {name} = {value!r}", f"There are {known}.")
    spread = told.get(UNCERTAINTY) == "members"
    if spread and card.members < 2:
        found = "the spread of one member"
        raise InstrumentError(f"instrument {card.name}", found, "Give it more members, or an output of its own.")
    if not spread and not told.get("mirror"):
        return instrument
    return WithOptions(instrument, mirror=bool(told.get("mirror")), spread=spread)

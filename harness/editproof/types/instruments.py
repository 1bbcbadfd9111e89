"""An instrument and what it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

from editproof.core.declared import Count, Line, Names, Wanted, closed, is_number
from editproof.types.images import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from editproof.types.images import Image

KINDS = ("continuous", "probability")
_NAME = re.compile(r"[^\W\d][\w .=/-]*")

_Name = Annotated[str, Wanted("letters, digits and _, a letter first", lambda text: bool(_NAME.fullmatch(text)))]
_Kind = Annotated[
    str, Wanted("continuous or probability; of several classes, give each a probability of its own", KINDS.__contains__)
]
_Limit = Annotated[float, Wanted("a finite number", is_number, as_written=True)]


@dataclass(frozen=True)
class Quantity:
    """What an instrument reads: its name, unit and kind (``continuous`` or ``probability``)."""

    name: _Name
    unit: Line
    kind: _Kind = "continuous"


@closed
@dataclass(frozen=True)
class InstrumentCard:
    """What an instrument is; travels with its weights.

    Attributes
    ----------
    sha256 : mapping of str to str
        Digest of each weights file, checked on loading.
    covariates : tuple of str
        What of the reference standard the instrument is told beside the image; nothing else ever reaches it.
    performance : mapping
        Measured on the instrument's own untouched test split, with interval, by quantity.
    floors : mapping of str to mapping
        What the instrument must reach on a study's originals (on their targets, where all have one) for the run to be
        valid, by quantity:
        ``{"bone_age": {"mae_at_most": 8.0}, "sex": {"auc_at_least": 0.92}}``.
    reading : mapping
        How the files are made to read: runtime, inputs, outputs, options; together with ``sha256``,
        ``preprocessing`` and ``quantities`` it decides every reading.
    sends_data_to : str or None
        Host that receives pixels, or None where nothing leaves the machine.
    absent_arms : tuple of str
        Arms of a study of which there are no readings, for an instrument that cannot read images itself.
    """

    name: Line
    description: str
    quantities: tuple[Quantity, ...]
    members: Count
    sha256: Mapping[str, str]
    licence: str
    training_data: str
    covariates: Names = ()
    preprocessing: Mapping[str, JSON] = field(default_factory=dict)
    performance: Mapping[str, JSON] = field(default_factory=dict)
    floors: Mapping[str, Mapping[str, _Limit]] = field(default_factory=dict)
    limitations: tuple[str, ...] = ()
    reading: Mapping[str, JSON] = field(default_factory=dict)
    sends_data_to: Line | None = None
    absent_arms: Names = ()

    @property
    def precomputed(self) -> bool:
        """Whether its readings were made elsewhere, so that it may lack some."""
        return bool(self.reading.get("runtime") == "table")


@runtime_checkable
class Instrument(Protocol):
    """A downstream instrument: images in, readings of every member out.

    It may also have the methods ``check()``, ``covers(cases, tools)`` and ``looked_up(case_id, tool, places, image)``;
    :mod:`editproof.instruments.hooks` says what each is for.
    """

    @property
    def card(self) -> InstrumentCard: ...

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings by quantity, each of shape (n_members, n_images), in the quantity's unit.

        ``references`` carries, for each image, the covariates that the card names and nothing else. Beside a
        quantity there may be ``<quantity>:uncertainty``, of shape (1, n_images), in the quantity's unit.
        """
        ...

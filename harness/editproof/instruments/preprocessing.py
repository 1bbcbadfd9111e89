"""How images are prepared for the shipped networks: a part of :mod:`editproof.instruments.preparation`.

A recipe and a shipped card name five figures; all else that a :class:`~editproof.instruments.preparation.Preparation`
may do is fixed here, so that training and inference cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from editproof.core.declared import Wanted, open_ended
from editproof.core.numbers import brief
from editproof.core.records import section_from_plain
from editproof.errors import InstrumentError
from editproof.instruments.preparation import Preparation, Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from editproof.types import JSON, Image


_Percentile = Annotated[float, Wanted("a percentile from 0 to 100", lambda value: 0 <= value <= 100)]
_Headroom = Annotated[float, Wanted("a number above 0", lambda value: value > 0)]


@open_ended
@dataclass(frozen=True)
class Preprocessing:
    """A percentile stretch and a letterbox.

    The upper percentile lies well below the brightest pixels, so that a white marker, present or removed, hardly
    moves the stretch; what is brighter keeps ``headroom`` before it is clipped.

    Attributes
    ----------
    height, width : int
        Network input, pixels.
    low, high : float
        Percentiles of the whole image that become 0 and ``1 / headroom``.
    headroom : float
        Clip at this multiple of the stretch.
    """

    height: Side = 128
    width: Side = 96
    low: _Percentile = 2.0
    high: _Percentile = 92.0
    headroom: _Headroom = 1.6

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """The image as the network reads it: float32 in [0, 1], shape (height, width), aspect ratio kept.

        Area interpolation when shrinking, linear when enlarging; the remainder is padded with 0 on both sides.

        Examples
        --------
        >>> import numpy as np
        >>> image = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
        >>> ready = Preprocessing()(image)
        >>> ready.shape, str(ready.dtype), float(ready[0, 0])
        ((128, 96), 'float32', 0.0)
        """
        ready: NDArray[np.float32] = self._prepared([image])[0]
        return ready

    @cached_property
    def _prepared(self) -> Preparation:
        stretch = {"low": self.low, "high": self.high, "headroom": self.headroom}
        return Preparation(self.height, self.width, stretch=stretch, layout="NHW")

    def described(self) -> dict[str, JSON]:
        """What a card says of it; :meth:`from_card` reads it back."""
        return asdict(self)

    @classmethod
    def from_card(cls, described: Mapping[str, JSON], asked: str = "the card of an instrument") -> Preprocessing:
        """Inverse of :meth:`described`; further keys are left to others.

        Raises
        ------
        InstrumentError
            A field is not of its kind, or ``low`` is not below ``high``.
        """
        made = section_from_plain(cls, "preprocessing", described, asked, error=InstrumentError)
        if made.low >= made.high:
            found = f"preprocessing.low is {brief(made.low)} and preprocessing.high is {brief(made.high)}"
            raise InstrumentError(asked, found, "Write low below high.")
        return made

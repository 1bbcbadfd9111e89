"""From a radiograph of any size and depth to what a network reads; the same for training and inference."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from editproof.types import JSON, Image


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

    height: int = 128
    width: int = 96
    low: float = 2.0
    high: float = 92.0
    headroom: float = 1.6

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """The image as the network reads it: float32 in [0, 1], shape (height, width), aspect ratio kept.

        Area interpolation when shrinking, linear when enlarging; the remainder is padded with 0 on both sides.

        Examples
        --------
        >>> image = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
        >>> ready = Preprocessing()(image)
        >>> ready.shape, str(ready.dtype), float(ready[0, 0])
        ((128, 96), 'float32', 0.0)
        """
        rows, columns = image.shape
        scale = min(self.height / rows, self.width / columns)
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shrunk = np.asarray(cv2.resize(image.astype(np.float32), size, interpolation=how))
        low, high = np.percentile(shrunk, (self.low, self.high))
        span = max(float(high - low), 1e-6) * self.headroom
        ready = np.zeros((self.height, self.width), np.float32)
        top, left = (self.height - size[1]) // 2, (self.width - size[0]) // 2
        ready[top : top + size[1], left : left + size[0]] = np.clip((shrunk - low) / span, 0, 1)
        return ready

    def described(self) -> dict[str, JSON]:
        """What a card says of it; :meth:`from_card` reads it back."""
        return asdict(self)

    @classmethod
    def from_card(cls, described: Mapping[str, JSON]) -> Preprocessing:
        """Inverse of :meth:`described`; further keys are left to others."""
        return cls(**{name: described[name] for name in cls.__dataclass_fields__ if name in described})

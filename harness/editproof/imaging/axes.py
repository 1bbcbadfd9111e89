"""What the axes of an image are: gray, colour or a volume, told by its shape.

Two axes are rows and columns. A third of length 3 at the end is red, green and blue; any other third axis at the front
is the slices of a volume. Volumes have at least :data:`LEAST_COLUMNS` columns, so that no volume looks like colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import DTypeLike

YX, YXC, ZYX = "YX", "YXC", "ZYX"
KINDS_OF_AXES = {YX: "gray images (YX)", YXC: "colour images (YXC)", ZYX: "volumes (ZYX)"}
"""Every order of axes that an image may have, and what such images are called."""
CHANNELS = 3
LEAST_COLUMNS = 4
TYPES: dict[str, tuple[DTypeLike, ...]] = {
    YX: (np.uint8, np.uint16),
    YXC: (np.uint8, np.uint16),
    ZYX: (np.uint8, np.uint16, np.int16, np.float32),
}
"""Types of values that an image may have, by its axes."""


def axes_of(shape: tuple[int, ...]) -> str:
    """The axes of an image of some shape.

    Parameters
    ----------
    shape : tuple of int

    Returns
    -------
    str
        ``"YX"``, ``"YXC"`` or ``"ZYX"``; empty where an image cannot have that shape.

    Examples
    --------
    >>> axes_of((320, 256)), axes_of((320, 256, 3)), axes_of((20, 320, 256)), axes_of((320, 256, 4, 3))
    ('YX', 'YXC', 'ZYX', '')
    """
    if not all(shape) or len(shape) not in (2, 3):
        return ""
    if len(shape) == 2:
        return YX
    return YXC if shape[2] == CHANNELS else ZYX if shape[2] >= LEAST_COLUMNS else ""


def spatial_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the masks of an image: its own without the channels.

    Examples
    --------
    >>> spatial_shape((320, 256, 3)), spatial_shape((20, 320, 256))
    ((320, 256), (20, 320, 256))
    """
    return shape[:2] if axes_of(shape) == YXC else shape


def is_image(value: Any) -> bool:
    """Whether an array has the axes of an image and a type of values that such an image may have.

    Examples
    --------
    >>> gray = np.zeros((4, 5), np.int16)
    >>> is_image(gray.astype(np.uint8)), is_image(gray), is_image(np.stack([gray, gray]))
    (True, False, True)
    """
    return value.dtype in TYPES.get(axes_of(value.shape), ())


def axes_in_words(axes: Iterable[str]) -> str:
    """What images of some axes are called, in one line.

    Examples
    --------
    >>> axes_in_words(("YX", "YXC"))
    'gray images (YX) and colour images (YXC)'
    """
    return " and ".join(KINDS_OF_AXES.get(one, one) for one in axes)

"""Canonical JSON, and the sha256 of values and of pixels."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def canonical(value: Any) -> str:
    """Canonical JSON text of a value: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": (2, None)})
    '{"a":[2,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """sha256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class PixelDigest:
    """:func:`pixel_digest` of each array once, where it is closed to writing; of any other whenever it is asked for.

    Examples
    --------
    >>> digest, image = PixelDigest(), np.zeros((2, 2), np.uint8)
    >>> image.setflags(write=False)
    >>> digest(image) == digest(image) == pixel_digest(image)
    True
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[NDArray[Any], str]] = {}  # with the array, so that no other gets its id

    def __call__(self, pixels: NDArray[Any]) -> str:
        """The sha256 (hex) of an array's dtype, shape and values."""
        if pixels.flags.writeable:
            return pixel_digest(pixels)
        if id(pixels) not in self._known:
            self._known[id(pixels)] = pixels, pixel_digest(pixels)
        return self._known[id(pixels)][1]


def read_only(pixels: NDArray[Any]) -> NDArray[Any]:
    """The same pixels, closed to writing; the array that is given stays as it is."""
    view = pixels.view()
    view.setflags(write=False)
    return view


def pixel_digest(pixels: NDArray[Any]) -> str:
    """sha256 (hex) of an array's dtype, shape and values."""
    digest = hashlib.sha256(f"{pixels.dtype.str}{pixels.shape}".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()

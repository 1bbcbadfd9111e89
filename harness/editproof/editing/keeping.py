"""The files in which a store keeps the pixels of edits, without loss: PNG of images, compressed arrays of volumes."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.colour import bgr
from editproof.imaging.png import PNG_FAST

if TYPE_CHECKING:
    from editproof.types import Image

PNG, ARRAY = ".png", ".npz"
SUFFIXES = (PNG, ARRAY)


def encoded(image: Image) -> tuple[str, bytes]:
    """The suffix and the bytes of the file that keeps an image.

    Examples
    --------
    >>> volume = np.arange(60, dtype=np.int16).reshape(3, 4, 5) - 30
    >>> suffix, content = encoded(volume)
    >>> suffix, bool((decoded(suffix, content) == volume).all())
    ('.npz', True)
    """
    if axes_of(image.shape) == ZYX:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, volume=image)
        return ARRAY, buffer.getvalue()
    return PNG, cv2.imencode(PNG, bgr(image), PNG_FAST)[1].tobytes()


def decoded(suffix: str, content: bytes) -> Image | None:
    """The image that a file keeps; None where it holds none.

    Raises
    ------
    ValueError
        Where the file is damaged.
    """
    try:
        if suffix == ARRAY:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                volume: Image = arrays["volume"]
            return volume
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError) as error:
        raise ValueError(str(error)) from error
    return None if image is None else bgr(image)

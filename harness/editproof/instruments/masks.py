"""Label maps that an instrument draws: checked to be what its card declares, packed for the store, and unpacked."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from editproof.errors import EvidenceError, InstrumentError
from editproof.imaging.axes import spatial_shape
from editproof.imaging.png import PNG_FAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard, Mask, MaskOutput

    LabelMap = NDArray[np.uint8]

_ADVICE = "Give one label map for each image: whole numbers, of the image's shape, 0 where no structure is."


def checked_masks(
    card: InstrumentCard, case_id: str, told_back: Mapping[str, object], images: Sequence[Image]
) -> list[dict[str, LabelMap]]:
    """The label maps of each image, by the name of the mask, as an instrument gave them.

    Raises
    ------
    InstrumentError
        A label map is missing, of another shape than its image, not of whole numbers, or has a label that the card does
        not name.
    """
    found: list[dict[str, LabelMap]] = [{} for _ in images]
    for output in card.masks:
        asked = f"{output.name} of case {case_id} by {card.name}"
        maps = told_back.get(output.name)
        if not isinstance(maps, Sequence | np.ndarray) or len(maps) != len(images):
            number = len(maps) if isinstance(maps, Sequence | np.ndarray) else type(maps).__name__
            raise InstrumentError(asked, f"{number} instead of {len(images)} label maps", _ADVICE)
        for index, image in enumerate(images):
            found[index][output.name] = _checked(output, maps[index], spatial_shape(image.shape), asked)
    return found


def _checked(output: MaskOutput, told_back: Any, shape: tuple[int, ...], asked: str) -> LabelMap:
    values = np.asarray(told_back)
    if values.dtype.kind not in "iub":
        raise InstrumentError(asked, f"a label map of {values.dtype}", _ADVICE)
    if values.shape != shape:
        raise InstrumentError(asked, f"a label map of shape {values.shape}, the image's is {shape}", _ADVICE)
    labels = {0, *map(int, output.labels)}
    if strange := sorted({int(label) for label in np.unique(values)} - labels):
        known = ", ".join(f"{label} {name}" for label, name in output.labels.items())
        raise InstrumentError(asked, f"label {strange[0]}, which the card does not name", f"The card names {known}.")
    return values.astype(np.uint8)


def structures_in(outputs: Iterable[MaskOutput], maps: Mapping[str, LabelMap]) -> dict[str, Mask]:
    """The mask of each structure, from the label maps of an image."""
    return {
        structure: np.asarray(maps[output.name] == int(label))
        for output in outputs
        for label, structure in output.labels.items()
    }


def packed(maps: Mapping[str, LabelMap]) -> dict[str, str]:
    """Label maps as text, without loss: of an image a PNG in base64, of a volume its shape and compressed voxels.

    Examples
    --------
    >>> maps = {"bones": np.array([[0, 1], [2, 0]], np.uint8)}
    >>> unpacked(packed(maps))["bones"].tolist()
    [[0, 1], [2, 0]]
    """
    return {name: _text_of(labels) for name, labels in maps.items()}


def unpacked(texts: Mapping[str, str]) -> dict[str, LabelMap]:
    """The inverse of :func:`packed`.

    Raises
    ------
    EvidenceError
        Where a text is none that it makes.
    """
    found = {}
    for name, text in texts.items():
        try:
            labels = _labels_of(text)
        except (ValueError, cv2.error, zlib.error):
            labels = None
        if labels is None or labels.dtype != np.uint8:
            raise EvidenceError(f"the stored label map {name}", "it is no image", "Remove the store and run again.")
        found[name] = labels.astype(np.uint8)
    return found


def _text_of(labels: LabelMap) -> str:
    if labels.ndim == 2:
        return base64.b64encode(cv2.imencode(".png", labels, PNG_FAST)[1].tobytes()).decode()
    content = zlib.compress(np.ascontiguousarray(labels).tobytes(), 1)
    return f"{'x'.join(map(str, labels.shape))}:{base64.b64encode(content).decode()}"


def _labels_of(text: str) -> Any:
    sides, colon, content = text.rpartition(":")
    if not colon:
        return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED)
    shape = tuple(map(int, sides.split("x")))
    return np.frombuffer(zlib.decompress(base64.b64decode(content)), np.uint8).reshape(shape)

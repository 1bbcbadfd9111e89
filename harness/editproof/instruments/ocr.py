"""Text that PP-OCR reads in images, by RapidOCR: a package whose wheel brings its networks (Apache-2.0)."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.extras import need
from editproof.core.guarding import one_error
from editproof.errors import InstrumentError
from editproof.types import InstrumentCard, RawOutput
from editproof.types.instruments import TEXT

if TYPE_CHECKING:
    from editproof.types import Image

NAME = "rapidocr"
_PACKAGE = "rapidocr_onnxruntime"


class RapidText:
    """The lines of text of each image, from top to bottom, as the output ``words``.

    Gray levels of 16 bits are brought to 8 bits by the range of the image. Single letters are seldom found.
    """

    def __init__(self) -> None:
        need("ocr", f"instrument {NAME}", InstrumentError)
        version = importlib.metadata.version(_PACKAGE)
        self.card = InstrumentCard(
            name=NAME, description="text in the image: PP-OCR, run by ONNX Runtime", quantities=(),
            members=1, sha256={}, licence="Apache-2.0", training_data="PaddleOCR's, not of medical images",
            limitations=("Single letters, such as a mark of the side, are seldom found.",),
            reading={"runtime": "python", "package": _PACKAGE, "version": version},
            axes=("YX", "YXC"), raw_outputs=(RawOutput("words", TEXT),),
        )  # fmt: skip

    def __getstate__(self) -> dict[str, object]:
        """The card; the networks are loaded anew in each process."""
        return {"card": self.card}

    def check(self) -> None:
        """Refuse a package that is not there before anything is done."""
        _ = self._read

    def predict(self, images: Sequence[Image], references: Sequence[Mapping[str, float]]) -> Mapping[str, Any]:
        """The lines that are read in each image; see :class:`editproof.types.Instrument`."""
        with one_error(f"instrument {NAME}", "Look at the package."):
            return {"words": [[line[1] for line in self._read(_in_8_bits(image))[0] or []] for image in images]}

    @cached_property
    def _read(self) -> Any:
        with one_error(f"instrument {NAME}", "Look at the package, and at those that it needs."):
            return importlib.import_module(_PACKAGE).RapidOCR()


def _in_8_bits(image: Image) -> Image:
    """Blue, green and red of 8 bits, as the package takes them."""
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        image = np.rint((image - low) * (255.0 / max(high - low, 1.0))).astype(np.uint8)
    return np.ascontiguousarray(image[..., ::-1] if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2))

"""Classical enhancement by OpenCV: what a denoiser or an enlarger does that adds nothing to an image."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from editproof.core.usage import Given, Option, Usage, numeric, takes, whole
from editproof.imaging.axes import YX, YXC
from editproof.imaging.colour import by_plane
from editproof.imaging.output import in_frame
from editproof.imaging.region import full_range
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from editproof.types import Image


@dataclass(frozen=True)
class Enhancer:
    """A function of the whole frame, whatever the mask, of which equal images give equal edits."""

    card: EditorCard
    function: Callable[[EditRequest], Image] = field(repr=False)
    axes: ClassVar[tuple[str, ...]] = (YX, YXC)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The enhanced frame."""
        return EditOutcome.ok(self.function(request))


NLMEANS = "denoising by non-local means (Buades 2005)"
MEDIAN = "a median filter, which removes noise and every structure finer than its window"
BICUBIC = "cubic interpolation to the size that is asked for (output); the image as it is where that is its own"


@takes(
    Usage(
        NLMEANS,
        options=(
            Option("h", "strength, in % of the intensity range", numeric("a number above 0", lambda x: x > 0), "6"),
        ),
    )
)
def nlmeans(given: Given) -> Editor:
    """Non-local means, of 8 and of 16 bit.

    References
    ----------
    A. Buades et al., "A non-local algorithm for image denoising", CVPR 2005.
    """
    return _enhancer("opencv-nlmeans", NLMEANS, partial(_denoised, strength=given.value["h"]), given)


@takes(Usage(MEDIAN, options=(Option("size", "odd side of the window, in pixels", whole(3, 255), "9"),)))
def median(given: Given) -> Editor:
    """Median filter; of an even side, the next odd one."""
    return _enhancer("opencv-median", MEDIAN, partial(_median, size=given.value["size"] | 1), given)


@takes(Usage(BICUBIC))
def bicubic(given: object = None) -> Editor:
    """Cubic interpolation."""
    return _enhancer("opencv-bicubic", BICUBIC, _enlarged)


def _denoised(request: EditRequest, *, strength: float) -> Image:
    return by_plane(partial(_plane_denoised, strength=strength), request.image)


def _plane_denoised(image: Image, strength: float) -> Image:
    level = [strength / 100 * full_range(image)]
    norm = cv2.NORM_L2 if image.dtype == np.uint8 else cv2.NORM_L1  # of 16 bit OpenCV knows L1 alone
    found = cv2.fastNlMeansDenoising(image, level, templateWindowSize=5, searchWindowSize=15, normType=norm)
    return np.asarray(found, image.dtype)


def _median(request: EditRequest, *, size: int) -> Image:
    return by_plane(partial(_plane_median, size=size), request.image)


def _plane_median(image: Image, size: int) -> Image:
    if image.dtype == np.uint8 or size <= 5:
        return cv2.medianBlur(image, size)
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(image, size, mode="nearest"))


def _enlarged(request: EditRequest) -> Image:
    return in_frame(request.image, request.wanted)


def _enhancer(
    name: str, description: str, function: Callable[[EditRequest], Image], given: Given | None = None
) -> Editor:
    written = "".join(f"?{key}={value}" for key, value in given.written.items()) if given else ""
    card = EditorCard(
        name + written, f"opencv {cv2.__version__}", description, dict(given.value) if given else {},
        "ignored: the whole frame is changed", deterministic=True,
    )  # fmt: skip
    return Enhancer(card, function)

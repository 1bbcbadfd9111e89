"""The pictures of one case for readers: originals and edits made alike, so that nothing but their content differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.datasets.checks import decoded_case
from editproof.errors import DatasetError, EditorError
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.colour import bgr
from editproof.types import Case

if TYPE_CHECKING:
    from editproof.study.bench import Bench
    from editproof.types import Image

LONGEST_SIDE = 1024
"""Pixels of the longer side of a picture, where not said otherwise."""
_TAILS = (0.5, 99.5)


@dataclass(frozen=True)
class DrawnCase:
    """A case that readers are to read.

    Attributes
    ----------
    pictures : mapping of (str, int) to bytes
        PNG by arm and repeat, of equal size and depth.
    lost : mapping of int to str
        How the edits ended that did not come back, by repeat.
    """

    case: Case
    pictures: Mapping[tuple[str, int], bytes] = field(repr=False)
    lost: Mapping[int, str] = field(default_factory=dict)


def drawn_cases(
    bench: Bench, cases: Iterable[Case], *, repeats: int = 1, longest: int = LONGEST_SIDE
) -> Iterator[DrawnCase]:
    """The pictures of cases and of their first edits, from the store.

    Parameters
    ----------
    bench : Bench
        On terms by which no edit is asked for.
    repeats : int
        Edits of each case that are read.
    longest : int
        Pixels of the longer side; larger images are reduced.

    Raises
    ------
    DatasetError
        Where a case is a volume.
    EditorError
        Where an edit was never asked for.
    """
    for case in cases:
        pixels = decoded_case(case)
        if axes_of(pixels.image.shape) == ZYX:
            found, advice = "it is a volume, and forms show pictures of two axes", "Have readers read it in a viewer."
            raise DatasetError(f"a form for readers of case {case.case_id}", found, advice)
        images: dict[tuple[str, int], Image] = {(ORIGINAL, 0): pixels.image}
        lost = {}
        outcomes = bench.edits(case, pixels)[:repeats]
        if bench.missing(case, pixels)[0]:
            raise EditorError(
                f"edits of case {case.case_id}", "they are not all in the store", "Make them first: editproof edit ..."
            )
        for repeat, outcome in enumerate(outcomes):
            if outcome.image is None:
                lost[repeat] = outcome.status.value
            else:
                images[EDITED, repeat] = outcome.image
        pictures = dict(zip(images, alike(list(images.values()), longest), strict=True))
        yield DrawnCase(case, pictures, lost)


def alike(images: list[Image], longest: int) -> list[bytes]:
    """Pictures of the first image and of others of its case, through one window and of one size.

    Parameters
    ----------
    images : list of ndarray of uint8 or uint16, shape (H, W) or (H, W, 3)
        Those of 16 bits are shown from the 0.5th to the 99.5th percentile of the first one.
    longest : int

    Returns
    -------
    list of bytes
        PNG of 8 bits without any text, time or colour profile.
    """
    first = images[0]
    low, high = np.percentile(first, _TAILS) if first.dtype == np.uint16 else (0.0, 255.0)
    scale = min(1.0, longest / max(first.shape))
    size = (max(1, round(first.shape[1] * scale)), max(1, round(first.shape[0] * scale)))
    made = []
    for image in images:
        shown = image
        if first.dtype == np.uint16:
            window = np.clip((image.astype(np.float64) - low) / max(high - low, 1.0), 0.0, 1.0)
            shown = np.round(255 * window).astype(np.uint8)
        if (shown.shape[1], shown.shape[0]) != size:
            shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
        made.append(bytes(cv2.imencode(".png", bgr(shown), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()))
    return made

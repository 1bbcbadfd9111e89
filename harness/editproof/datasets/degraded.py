"""Degraded copies of radiographs, whose originals are then the targets: noise, blur, or lower resolution.

What a real low dose or an old detector does to an image is not simulated; a verdict on such copies is about the task of
undoing just this. The card of a degraded cohort says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np

from editproof.core.numbers import brief
from editproof.core.usage import Option, numeric, whole
from editproof.datasets.cases import digest_of_cases
from editproof.datasets.cohort import Cohort
from editproof.errors import DatasetError
from editproof.imaging.axes import spatial_shape
from editproof.imaging.output import in_frame, mask_in_frame, spacing_in_frame
from editproof.imaging.region import full_range
from editproof.types import Case, Dataset, Pixels

if TYPE_CHECKING:
    from editproof.types import Image

Of = TypeVar("Of", bound=Dataset)

VERSION = 1
"""Raised whenever equal options would give other pixels; enters every digest."""

OPTIONS = (
    Option("noise", "SD of added Gaussian noise, in % of the intensity range", numeric("a number", lambda x: x > 0)),
    Option("blur", "SD of added Gaussian blur, in pixels", numeric("a number", lambda x: x > 0)),
    Option("reduce", "whole number by which both sides are reduced", whole(2, 16)),
)
"""What a reader takes that can give degraded copies."""


@dataclass(frozen=True)
class Degradation:
    """What is done to an image, in this order: blurred, reduced (block means), and noise added.

    Attributes
    ----------
    noise : float
        SD in % of the intensity range; drawn anew for each case, by its id.
    blur : float
        SD in pixels.
    reduce : int
    """

    noise: float = 0.0
    blur: float = 0.0
    reduce: int = 1

    @property
    def words(self) -> str:
        """What is done, as it would be written in the options."""
        return ", ".join(f"{name}={brief(value)}" for name, value, none in self._parts if value != none)

    @property
    def _parts(self) -> tuple[tuple[str, float, float], ...]:
        return ("noise", self.noise, 0.0), ("blur", self.blur, 0.0), ("reduce", self.reduce, 1)

    def of(self, image: Image, case_id: str) -> Image:
        """The degraded copy, of the image's type; shape (H, W) or that reduced, which has to divide it, and channels.

        Examples
        --------
        >>> flat = np.full((4, 6), 100, np.uint8)
        >>> Degradation(reduce=2).of(flat, "a").tolist()
        [[100, 100, 100], [100, 100, 100]]
        """
        most, levels = full_range(image), np.asarray(image, dtype=np.float32)
        if self.blur:
            levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), self.blur, borderType=cv2.BORDER_REFLECT), np.float32)
        if self.reduce > 1:
            levels = in_frame(levels, (image.shape[0] // self.reduce, image.shape[1] // self.reduce))
        if self.noise:
            seed = int.from_bytes(hashlib.sha256(f"noise:{VERSION}:{case_id}".encode()).digest()[:8], "big")
            grain = np.random.default_rng(seed).standard_normal(levels.shape, dtype=np.float32)
            levels = levels + np.float32(self.noise / 100 * most) * grain
        return np.clip(np.rint(levels), 0, most).astype(image.dtype)


def degraded(dataset: Dataset, how: Degradation) -> Cohort:
    """The cohort with degraded copies as its images and what they were made of as their targets.

    A tool may change every pixel of such a copy, so that the edit mask holds them all; the anatomy stays protected.
    """
    cases = tuple(_degraded(case, how) for case in dataset)
    card, also = dataset.card, how.words
    warning = f"Its images are degraded copies ({also}) of radiographs, which are the targets: no real low dose."
    return Cohort(
        replace(
            card,
            name=f"{card.name}-{also.replace('=', '').replace(', ', '-')}",
            description=f"{card.description.removesuffix('.')}, degraded ({also}), with the radiographs as targets.",
            digest=digest_of_cases(cases),
            warnings=(*card.warnings, warning),
        ),
        cases,
    )


def degraded_if_asked(dataset: Of, options: Mapping[str, Any]) -> Of | Cohort:
    """The cohort, or degraded copies of it where an option of ``OPTIONS`` asks for them."""
    asked = {option.name: options[option.name] for option in OPTIONS if options.get(option.name) is not None}
    return degraded(dataset, Degradation(**asked)) if asked else dataset


def _degraded(case: Case, how: Degradation) -> Case:
    digest = hashlib.sha256(f"{case.digest} degraded:{VERSION} {how.words}".encode()).hexdigest()
    side = (how.reduce, how.reduce)
    spacing = spacing_in_frame(case.spacing_mm, side, (1, 1))
    return replace(
        case, decode=partial(degraded_pixels, case.decode, how, case.case_id), digest=digest, spacing_mm=spacing
    )


def degraded_pixels(decode: Callable[[], Pixels], how: Degradation, case_id: str) -> Pixels:
    """Decode one case, degraded; a side that the reduction does not divide is cropped at its end.

    Raises
    ------
    DatasetError
        Where the case has a target already, or is smaller than the reduction.
    """
    found, factor = decode(), how.reduce
    if found.target is not None:
        asked = f"degraded copies ({how.words}) of case {case_id}"
        raise DatasetError(asked, "the case has a target already", "Leave the options out.")
    height, width = (side // factor for side in found.edit_mask.shape)
    if min(height, width) < 1:
        raise DatasetError(
            f"case {case_id} reduced {factor} times", f"its shape is {found.image.shape}", "Reduce less."
        )
    frame = slice(0, height * factor), slice(0, width * factor)
    target = np.ascontiguousarray(found.image[frame])
    image = how.of(target, case_id)
    protected = mask_in_frame(np.ascontiguousarray(found.protected_mask[frame]), spatial_shape(image.shape))
    return Pixels(image, np.ones(protected.shape, dtype=bool), protected, target)

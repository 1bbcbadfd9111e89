"""Structures of known contrast and size, put into the anatomy of a radiograph, and a detector that looks for them.

A tool that removes what it does not expect removes findings too, and no instrument need notice. Inserting known signals
and looking for them with a model observer is how imaging devices are assessed for what they hide. The observer here
knows what it looks for and where: it is the most favourable one that a tool can have, and what it misses is lost.

A disc, brighter than its surround, stands in for a small lesion, and a dark line for a fracture. The contrast at a
place is the mean of the structure less the mean of its surround. A structure is seen where its contrast is at least
half of what was planted, and above the contrast of 95 % of the other places in the same anatomy. It is planted with
twice the latter, so that both conditions are one in an unedited radiograph.

References
----------
Badano A et al. Evaluation of digital breast tomosynthesis as replacement of full-field digital mammography using an in
silico imaging trial. *JAMA Netw Open* 2018;1:e185474.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.region import full_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, Mask

CHANCE = 0.05
"""Share of places in the anatomy of an image that the detector takes for a structure though none is there."""
LEAST_CONTRAST = 0.04
"""Of the intensity range: twice the least that is seen, however smooth the anatomy."""
KEPT = 0.5
"""Share of its contrast that has to be left of a structure."""
DISC_MM, LINE_MM, WIDTH_MM = 1.5, 8.0, 0.5
HAND_MM = 180.0
"""Length of the anatomy where the cohort does not know its pixel spacing."""
_DISC_PX, _LINE_PX, _WIDTH_PX = (5, 9), (9, 96), (1, 5)
"""Least and most pixels: above the grain of an image, and finer than what the destructive control leaves."""


@dataclass(frozen=True)
class Template:
    """The form of a structure: where it is, and its surround.

    Attributes
    ----------
    inside, around : ndarray of bool, shape (S, S), S odd
    sign : {-1, 1}
        Whether it is darker or brighter than its surround.
    """

    inside: Mask
    around: Mask
    sign: int

    @cached_property
    def kernel(self) -> NDArray[np.float32]:
        """Weights of the contrast: mean inside less mean around, in the direction of the sign."""
        found = self.inside / self.inside.sum() - self.around / self.around.sum()
        return np.asarray(self.sign * found, np.float32)

    @property
    def reach(self) -> int:
        """Pixels from its centre to its edge."""
        return len(self.inside) // 2

    def contrasts(self, image: Image) -> NDArray[np.float32]:
        """Contrast about every pixel, as a share of the range, shape (H, W)."""
        levels = image.astype(np.float32) / full_range(image)
        return np.asarray(cv2.filter2D(levels, cv2.CV_32F, self.kernel, borderType=cv2.BORDER_REFLECT))


@dataclass(frozen=True)
class Structure:
    """One planted structure: its form, its centre (row, column), and its contrast as a share of the intensity range."""

    template: Template
    at: tuple[int, int]
    contrast: float


@dataclass(frozen=True)
class Planted:
    """A radiograph with structures in its anatomy; it has fewer than two where there was no place for them."""

    image: Image
    structures: tuple[Structure, ...]
    anatomy: Mask

    def seen(self, image: Image) -> float:
        """Share of the structures, of two, that the detector sees in an image of the same case, 0 to 1."""
        return sum(self._sees(image, structure) for structure in self.structures) / len(SORTS)

    def _sees(self, image: Image, structure: Structure) -> bool:
        contrasts = structure.template.contrasts(image)
        elsewhere = _places(self.anatomy, structure.template)
        row, column = structure.at
        reach = 2 * structure.template.reach
        elsewhere[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = False
        found = float(contrasts[row - 1 : row + 2, column - 1 : column + 2].max())
        return found >= max(KEPT * structure.contrast, _by_chance(contrasts, elsewhere))


def planted(
    image: Image, edit_mask: Mask, protected_mask: Mask, seed: int, spacing_mm: tuple[float, ...] | None = None
) -> Planted:
    """A radiograph with a bright disc and a dark line planted in its anatomy, at places chosen by a seed.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
    edit_mask, protected_mask : ndarray of bool, shape (H, W)
        Structures lie in the anatomy, where the tool may change nothing.
    seed : int
    spacing_mm : tuple of float, optional
        Row and column pixel spacing; without it the anatomy is taken to be 18 cm long.
    """
    rng = np.random.default_rng(seed)
    anatomy = protected_mask & ~edit_mask
    levels, structures = image.astype(np.float64), []
    free = anatomy.copy()
    for template in templates(anatomy, spacing_mm, rng):
        contrasts = template.contrasts(image)
        chance = _by_chance(contrasts, _places(anatomy, template))
        contrast = max(LEAST_CONTRAST, chance / KEPT)
        room = _places(free, template) & (np.abs(contrasts) < contrast / 8) & _within(image, template, contrast)
        places = np.argwhere(room)
        if not len(places):
            continue
        row, column = (int(index) for index in places[rng.integers(len(places))])
        window = np.s_[
            row - template.reach : row + template.reach + 1, column - template.reach : column + template.reach + 1
        ]
        levels[window] += template.sign * contrast * full_range(image) * template.inside
        free[window] = False
        structures.append(Structure(template, (row, column), contrast))
    return Planted(np.round(levels).astype(image.dtype), tuple(structures), anatomy)


SORTS = ("disc", "line")


def templates(anatomy: Mask, spacing_mm: tuple[float, ...] | None, rng: np.random.Generator) -> Iterator[Template]:
    """The forms of a disc and of a line of any direction, in the size that fits an anatomy."""
    rows, columns = np.flatnonzero(anatomy.any(axis=1)), np.flatnonzero(anatomy.any(axis=0))
    longer = max((int(np.ptp(found)) + 1 for found in (rows, columns) if len(found)), default=1)
    per_px = float(np.mean(spacing_mm)) if spacing_mm else HAND_MM / longer
    disc, line, width = (
        int(np.clip(round(mm / per_px), *limits))
        for mm, limits in ((DISC_MM, _DISC_PX), (LINE_MM, _LINE_PX), (WIDTH_MM, _WIDTH_PX))
    )
    reach = disc + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(y, x)
    yield Template(distance <= disc / 2, (distance > disc / 2 + 1) & (distance <= reach), 1)
    reach = line // 2 + 2 * width + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    angle = rng.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), np.abs(y * np.cos(angle) - x * np.sin(angle))
    near = np.abs(along) <= line / 2
    yield Template(near & (across <= width / 2), near & (across > width / 2 + 1) & (across <= 1.5 * width + 2), -1)


def _places(anatomy: Mask, template: Template) -> Mask:
    """Centres about which a structure and its surround lie in the anatomy."""
    support = (template.inside | template.around).astype(np.uint8)
    held = cv2.erode(anatomy.astype(np.uint8), support, borderType=cv2.BORDER_CONSTANT, borderValue=0).astype(bool)
    inner = np.zeros_like(held)
    reach = template.reach
    inner[reach : len(held) - reach, reach : held.shape[1] - reach] = True
    return held & inner


def _within(image: Image, template: Template, contrast: float) -> Mask:
    """Centres at which a structure of a contrast exceeds neither end of the intensity range."""
    most = full_range(image)
    inside = template.inside.astype(np.uint8)
    if template.sign > 0:
        return np.asarray(cv2.dilate(image, inside).astype(float) + contrast * most <= most)
    return np.asarray(cv2.erode(image, inside).astype(float) - contrast * most >= 0)


def _by_chance(contrasts: NDArray[np.float32], places: Mask) -> float:
    """The contrast that 5 % of places have without a structure; 0 where there is no place."""
    return float(np.quantile(contrasts[places], 1 - CHANCE)) if places.any() else 0.0

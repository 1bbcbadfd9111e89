"""Classical fills of the edit mask by OpenCV: what a tool that respects its mask looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from editproof.core.usage import Usage, takes
from editproof.imaging.axes import YX, YXC, ZYX, axes_of
from editproof.imaging.colour import by_plane, over_channels
from editproof.imaging.region import box_of
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest

if TYPE_CHECKING:
    from editproof.types import Image, Mask

RADIUS = 3
_ABOUT = 2 * RADIUS + 2
"""How many pixels about the mask decide a fill, with some to spare: the radius and one more."""


@dataclass(frozen=True)
class Inpaint:
    """A fill by one of OpenCV's two methods.

    References
    ----------
    A. Telea, "An image inpainting technique based on the fast marching method", J. Graphics Tools 9(1), 2004.
    M. Bertalmio et al., "Navier-Stokes, fluid dynamics, and image and video inpainting", CVPR 2001.
    """

    card: EditorCard
    method: int
    axes: ClassVar[tuple[str, ...]] = (YX, YXC)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The radiograph with the edit mask filled from its rim; not one pixel outside the mask is touched."""
        return EditOutcome.ok(inpainted(request.image, request.edit_mask, self.method))


def inpainted(image: Image, edit_mask: Mask, method: int = cv2.INPAINT_TELEA) -> Image:
    """An image with its edit mask filled from the rim, each channel by itself, and the very same everywhere else.

    A volume is filled slice by slice, each from its own rim; a slice that is all mask is left as it is.
    """
    filled = image.copy()
    if axes_of(image.shape) == ZYX:
        for place in np.flatnonzero(edit_mask.any(axis=(1, 2)) & ~edit_mask.all(axis=(1, 2))):
            filled[place] = _filled_slice(image[place], edit_mask[place], method)
        return filled
    box = box_of(edit_mask)
    if box is not None:
        about = tuple(slice(max(0, part.start - _ABOUT), part.stop + _ABOUT) for part in box)
        part, mask = np.ascontiguousarray(image[about]), edit_mask[about]
        hole = mask.astype(np.uint8)
        found = by_plane(lambda plane: cv2.inpaint(plane, hole, RADIUS, method), part)
        np.copyto(filled[about], found, where=over_channels(mask, filled))
    return filled


def _filled_slice(plane: Image, mask: Mask, method: int) -> Image:
    """A filled slice; OpenCV takes no sign, so that int16 goes there and back as uint16 of the same order."""
    if plane.dtype == np.float32:  # whose fill OpenCV does not keep within the values about it
        return np.clip(inpainted(plane, mask, method), plane.min(), plane.max())
    if plane.dtype != np.int16:
        return inpainted(plane, mask, method)
    unsigned = (plane.view(np.uint16) ^ np.uint16(1 << 15)).astype(np.uint16)
    found: Image = (inpainted(unsigned, mask, method) ^ np.uint16(1 << 15)).view(np.int16)
    return found


TELEA = "fast-marching fill of the edit mask (Telea 2004)"
NAVIER_STOKES = "Navier-Stokes fill of the edit mask (Bertalmio 2001)"


@takes(Usage(TELEA))
def telea(given: object = None) -> Editor:
    """Fast-marching fill (Telea 2004)."""
    return _inpaint("opencv-telea", TELEA, cv2.INPAINT_TELEA)


@takes(Usage(NAVIER_STOKES))
def navier_stokes(given: object = None) -> Editor:
    """Navier-Stokes fill (Bertalmio 2001)."""
    return _inpaint("opencv-ns", NAVIER_STOKES, cv2.INPAINT_NS)


def _inpaint(name: str, description: str, method: int) -> Editor:
    card = EditorCard(
        name,
        f"opencv {cv2.__version__}",
        description,
        {"radius": RADIUS},
        "bool mask; True is filled, the rest is kept",
        deterministic=True,
    )
    return Inpaint(card, method)

"""Whether a cohort of image files is read in colour: one answer for all of its images.

A gray radiograph is often stored as three equal channels, and a cohort of those is a gray one. Without being told, a
cohort is in colour only where all of its files are stored in colour and one of them shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image as Pillow

from editproof.core.usage import Option, one_of
from editproof.datasets.folder.images import colour_image, gray_image
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from editproof.datasets.folder.files import Entry
    from editproof.datasets.tables.table import CaseTable
    from editproof.types import Image

Colour = Literal["auto", "yes", "no"]
"""How a user says it: looked for, in colour whatever the files are, or gray, so that colour is refused."""

COLOUR = Option(
    "colour",
    "whether images are read in colour; where it is not said, if all files are stored in colour and one shows it",
    one_of("auto", "yes", "no"),
    "auto",
)
IN_COLOUR = "Images are read in colour, as red, green and blue; colour profiles of files are not applied."
"""What the card of such a cohort says."""
_GRAY_MODES = ("1", "L", "LA", "I", "F")


def in_colour(images: Iterable[tuple[str, Entry]], told: Colour = "auto") -> bool:
    """Whether the images of a cohort are read in colour.

    Parameters
    ----------
    images : iterable of (str, Entry)
        Case id and file of every image. Where all are stored in colour and all are gray, each of them is decoded once.
    told : {"auto", "yes", "no"}
        What the user says.
    """
    if told != "auto":
        return told == "yes"
    stored = list(images)
    return bool(stored) and not any(_is_stored_gray(entry) for _, entry in stored) and any(map(_shows_colour, stored))


def image_of(entry: Entry, case_id: str, *, colour: bool) -> Image:
    """The image of a case, shape (H, W) of a gray cohort and (H, W, 3) of one in colour."""
    return colour_image(entry, case_id) if colour else gray_image(entry, case_id)


def _is_stored_gray(entry: Entry) -> bool:
    """Whether a file has one channel; of one that cannot be read, that it has not: its case will say so."""
    if entry.zipped:
        return False
    try:
        with Pillow.open(entry.root / entry.name) as image:
            return image.mode.split(";")[0] in _GRAY_MODES
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return False


def _shows_colour(one: tuple[str, Entry]) -> bool:
    case_id, entry = one
    try:
        pixels = colour_image(entry, case_id)
    except DatasetError:
        return False
    return bool(np.any(pixels != pixels[..., :1]))


def notes_on_colour(sheet: CaseTable) -> Iterator[str]:
    """That the cohort is in colour, and what that means for cases without an edit mask."""
    yield IN_COLOUR
    lacking = sum(not line.get("edit_mask") for line in sheet.rows)
    if lacking:
        yield f"{lacking} of {len(sheet.rows)} cases have no edit mask; none is looked for in colour."

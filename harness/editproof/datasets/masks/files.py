"""The two masks of a decoded radiograph: from files, found automatically, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from editproof.core.usage import Option, one_of
from editproof.datasets.folder.images import mask_image
from editproof.datasets.masks.hand import VERSION, artefact_mask, hand_mask
from editproof.types import Pixels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from editproof.datasets.folder.files import Entry
    from editproof.datasets.tables.table import CaseTable
    from editproof.types import Image

Masks = Literal["auto", "files"]
"""Where masks come from that no file gives: found on a hand radiograph, or nothing to edit and all else protected."""


MASKS = Option(
    "masks",
    "where no file gives masks, whether a hand and its markers are looked for",
    one_of("auto", "files"),
    "auto",
)


def with_masks(image: Image, edit: Entry | None, protected: Entry | None, masks: Masks, case_id: str) -> Pixels:
    """A radiograph with its masks.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W), or (H, W, 3) with masks from files
    edit, protected : Entry or None
        Mask files of two levels, not zero = True.
    masks : {"auto", "files"}
        What replaces a file that is not given: with ``auto`` the hand and the markers off it (a found hand is
        kept off the edit mask); with ``files`` no pixel may be edited, and all that is not edited is protected.
    case_id : str
        Named in errors.

    Raises
    ------
    DatasetError
        Where a mask file does not decode, has more than two levels, or is of another size than the image.
    """
    if masks == "files":
        shape = image.shape[:2]
        marker = mask_image(edit, shape, case_id) if edit else np.zeros(shape, bool)
        hand = mask_image(protected, shape, case_id) if protected else ~marker
        return Pixels(image, marker, hand)
    hand = mask_image(protected, image.shape, case_id) if protected else hand_mask(image)
    marker = mask_image(edit, image.shape, case_id) if edit else artefact_mask(image, hand)
    return Pixels(image, marker, hand if protected else hand & ~marker)


def mask_digests(edit: Entry | None, protected: Entry | None, masks: Masks) -> list[str]:
    """What identifies the masks of a case, for its digest."""
    derived = f"automatic:{VERSION}" if masks == "auto" else "none"
    return [entry.digest() if entry else derived for entry in (edit, protected)]


def notes_on_masks(sheet: CaseTable, targets: Collection[str]) -> Iterator[str]:
    """How many cases have masks that a rule found; of those with a target it looks for the anatomy alone."""
    whole = [line["case_id"] in targets and not line.get("edit_mask") for line in sheet.rows]
    lacking = [not (line.get("edit_mask") and line.get("protected_mask")) for line in sheet.rows]
    both = sum(lack and not free for lack, free in zip(lacking, whole, strict=True))
    anatomy = sum(free and not line.get("protected_mask") for line, free in zip(sheet.rows, whole, strict=True))
    if both:
        yield f"{both} of {len(sheet.rows)} cases have automatic masks, not reviewed."
    if anatomy:
        yield f"In {anatomy} of {len(sheet.rows)} cases the anatomy was found automatically, not reviewed."

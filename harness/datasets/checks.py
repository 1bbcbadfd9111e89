"""What any cohort must be, whoever wrote its reader."""

from __future__ import annotations

from collections import Counter

import numpy as np

from harness.errors import DatasetError
from harness.types import Case, Dataset, Pixels


def distinct(dataset: Dataset) -> list[Case]:
    """The cases of a cohort: at least one, and no id twice.

    Raises
    ------
    DatasetError
    """
    cases = list(dataset)
    if not cases:
        raise DatasetError(f"cohort {dataset.card.name}", "it holds no case", "Name one that does.")
    counts = Counter(case.case_id for case in cases)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise DatasetError(
            f"cohort {dataset.card.name}",
            f"{len(twice)} case ids stand for more than one case: {', '.join(twice[:5])}",
            "Give each radiograph an id of its own; several of one patient share the patient id instead.",
        )
    return cases


def decoded(case: Case) -> Pixels:
    """The pixels of a case, checked: a gray 8- or 16-bit image and two masks of its size, disjoint.

    Raises
    ------
    DatasetError
    """
    pixels = case.decode()
    image = pixels.image
    if image.ndim != 2 or image.dtype not in (np.uint8, np.uint16):
        raise DatasetError(
            f"case {case.case_id}",
            f"an image of shape {image.shape} and type {image.dtype}",
            "Supply 8- or 16-bit gray.",
        )
    for name, mask in (("edit mask", pixels.edit_mask), ("protected mask", pixels.protected_mask)):
        if mask.shape != image.shape:
            raise DatasetError(
                f"{name} of case {case.case_id}",
                f"its size is {mask.shape}, the image's is {image.shape}",
                "Supply a mask of the image's size.",
            )
    return pixels

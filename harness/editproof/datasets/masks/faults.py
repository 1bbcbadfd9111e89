"""What is wrong with a part that was drawn elsewhere: its name, its frame of reference, the slices that it lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.numbers import brief
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from editproof.imaging.volumes import Placement

REDRAW = "Draw it on the slices of this image, or store it as NIfTI in its frame."


def check_places(places: Iterable[int], asked: str) -> None:
    """Refuse what is drawn on every second slice, or every third, and so on.

    Parameters
    ----------
    places : iterable of int
        Slices on which something is drawn.

    Raises
    ------
    DatasetError
        Where three or more slices are at equal steps of several slices: those between them are missing.

    Examples
    --------
    >>> check_places([4, 5, 7, 8], "the mask of two lesions")
    """
    found = sorted(set(places))
    steps = set(np.diff(found).tolist())
    if len(found) > 2 and len(steps) == 1 and (step := steps.pop()) > 1:
        words = f"it is drawn on {len(found)} slices, {brief(float(step))} apart: those between them are missing"
        raise DatasetError(asked, words, "Interpolate it where it was drawn, and export it again.")


def check_space(spaces: Collection[str], frame: Placement, asked: str) -> None:
    """Refuse what lies in another frame of reference than an image that has one.

    Raises
    ------
    DatasetError
    """
    if frame.space and set(spaces) != {frame.space}:
        found = (
            "it lies in another frame of reference than the image" if any(spaces) else "it has no frame of reference"
        )
        raise DatasetError(asked, found, "Export one that was drawn on this image; positions mean nothing otherwise.")


def part_number(chosen: str, names: dict[int, str], kind: str, asked: str, *, repeat: bool) -> int:
    """The number of the part that is chosen by number or name; names are repeated in errors where they may be.

    Raises
    ------
    DatasetError
        Where there is none, or where several have the name.

    Examples
    --------
    >>> part_number("Liver", {1: "spleen", 2: "liver"}, "segments", "a mask", repeat=True)
    2
    """
    told = f": {', '.join(f'{number} {name}' for number, name in sorted(names.items()))}" if repeat and names else ""
    held = f"it has {len(names)} {kind}{told}"
    if not chosen:
        if len(names) != 1:
            raise DatasetError(asked, held, f"Write FILE#NAME to choose one of the {kind}.")
        return next(iter(names))
    if chosen.isdecimal() and int(chosen) in names:
        return int(chosen)
    found = [number for number, name in names.items() if name.casefold() == chosen.casefold()]
    if len(found) != 1:
        words = f"{len(found) or 'none'} of its {len(names)} {kind} {'have' if found else 'has'} that name{told}"
        raise DatasetError(asked, words, f"Choose one of the {kind} by its number.")
    return found[0]

"""An exhibit closely: the crop at native pixels, files with every pixel beside the page, and the size of a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from editproof.core.numbers import brief
from editproof.evidence.bundle import image_name
from editproof.evidence.drawn import FULL, NEAR
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.report.page.pictures import data_uri, decoded_picture, difference_map, most_changed_channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from editproof.evidence.facts import Extent
    from editproof.evidence.record import PicturedExhibit


@dataclass(frozen=True)
class Close:
    """Data URIs of the crop, one pixel of the page for each of the image.

    Attributes
    ----------
    words : str
        Where the crop is, and why it is there.
    """

    original: Markup
    edited: Markup
    difference: Markup
    width: int
    height: int
    words: str


def close(images: Mapping[str, bytes], extent: Extent | None) -> Close | None:
    """The crop of an exhibit; None where none was kept, or it is not of the size that the facts say."""
    original, edited = (decoded_picture(images.get(NEAR[arm])) for arm in (ORIGINAL, EDITED))
    if extent is None or original is None or edited is None or original.shape != edited.shape:
        return None
    height, width = original.shape[:2]
    if (height, width) != tuple(extent.shape):
        return None
    difference = most_changed_channel(edited.astype(np.float32) - original.astype(np.float32))
    return Close(
        data_uri(Image.fromarray(original)),
        data_uri(Image.fromarray(edited)),
        data_uri(difference_map(difference, (width, height))),
        width,
        height,
        _words(extent),
    )


def _words(extent: Extent) -> str:
    *slices, row, column = extent.place
    rows, columns = extent.shape
    where = f"rows {row + 1} to {row + rows}, columns {column + 1} to {column + columns}"
    where = f"slice {slices[0] + 1}, {where}" if slices else where
    why = "most changed outside the edit mask" if extent.outside else "most changed; nothing did outside the edit mask"
    return f"Every pixel of the place where {why}: {where}."


def ruler(extent: Extent | None) -> dict[str, str]:
    """Rows, columns and the two spacings (mm) for the viewer; without a spacing it measures in pixels and says so.

    Examples
    --------
    >>> from editproof.evidence.facts import Extent
    >>> ruler(Extent((0, 0), (40, 30), (0.5, 0.25))), ruler(None)
    ({'rows': '40', 'columns': '30', 'mm': '0.5 0.25'}, {})
    """
    if extent is None:
        return {}
    rows, columns = extent.shape
    told = {"rows": str(rows), "columns": str(columns)}
    return told | {"mm": " ".join(brief(step) for step in extent.spacing_mm)} if extent.spacing_mm else told


def files(tool: int, exhibit: PicturedExhibit) -> dict[str, str]:
    """Address of original and edit with every pixel, in the folder of the page; empty where they are not kept."""
    roles = {arm: FULL[arm] for arm in (ORIGINAL, EDITED)}
    if not all(exhibit.images.get(role) for role in roles.values()):
        return {}
    return {arm: image_name(tool, exhibit.index, role) for arm, role in roles.items()}

"""From the images of one case to its record, and from records to the table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from editproof.core.declared import Number, Whole, closed
from editproof.core.digests import PixelDigest, pixel_digest
from editproof.editing.store import RecordKind
from editproof.evidence.maps import text_of_cells
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, TARGET
from editproof.imaging.axes import YX, ZYX, spatial_shape
from editproof.imaging.output import in_frame, mask_in_frame, spacing_in_frame
from editproof.metrics import BUILT_IN, OF_IMAGE, OF_PAIR, OF_TARGET, Metric, Pair, Picture, measured
from editproof.metrics.colour import luma_of
from editproof.metrics.intensity import on_256_levels
from editproof.metrics.places import cells_of_anatomy, changed_cells, grid_of
from editproof.study.planting import MEASURED
from editproof.types import JSON, EditStatus, Pixels

if TYPE_CHECKING:
    from editproof.types import Image, Mask


MEASURED_ARMS = {OF_PAIR: (EDITED,), OF_IMAGE: (ORIGINAL, EDITED), OF_TARGET: (ORIGINAL, TARGET, EDITED)}
"""Arms of which image metrics are measured, by what these are metrics of."""


class MeasuredRow(NamedTuple):
    """One number: of a repeat of an arm, by an instrument, in the unit of the quantity."""

    arm: str
    repeat: Whole
    instrument: str
    quantity: str
    value: Number
    unit: str


class EndedEdit(NamedTuple):
    """How one requested edit ended, how its first attempt did, the digest of its pixels, and when it was made."""

    repeat: Whole
    status: EditStatus
    message: str
    first: str
    digest: str
    made: str


class Histogram(NamedTuple):
    """Counts of 256 levels in a region of an arm, summed over repeats."""

    arm: str
    region: str
    counts: tuple[Whole, ...]


class PlaceMap(NamedTuple):
    """Which cells of a grid over the frame of the original were changed, or hold anatomy."""

    arm: str
    repeat: Whole
    quantity: str
    frame: str
    cells: str


@closed
@dataclass(frozen=True)
class CaseRecord:
    """Everything measured on one case; ``planted`` is how the edit of the same with structures planted ended."""

    case: str
    edits: tuple[EndedEdit, ...]
    rows: tuple[MeasuredRow, ...]
    histograms: tuple[Histogram, ...]
    planted: tuple[EditStatus, ...] = ()
    maps: tuple[PlaceMap, ...] = ()


CASES = RecordKind("cases", CaseRecord)
READINGS = RecordKind("readings", dict[str, list[float]])
"""Of one image: every member's reading, by quantity."""


@cache
def measuring_code() -> str:
    """sha256 (hex) over the source of everything that turns pixels into numbers; other code, other records."""
    home = Path(__file__).parents[1]
    arms = [home / "editors" / f"{name}.py" for name in ("arms", "inpaint", "wrappers")]
    digest = hashlib.sha256()
    pixels = [*(home / "metrics").glob("*.py"), *(home / "imaging").glob("*.py")]
    own = [Path(__file__).with_name(f"{name}.py") for name in ("case_records", "masks", "outputs")]
    read = [home / "instruments" / f"{name}.py" for name in ("masks", "raw")]
    others = [home / "stats" / "ks.py", *(home / "evidence" / f"{name}.py" for name in ("planted", "maps")), *read]
    for path in [*own, *others, *arms, *sorted(pixels)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def pictures_of(
    pixels: Pixels,
    images: Mapping[tuple[str, int], Image],
    spacing_mm: tuple[float, ...] | None = None,
    hashed: PixelDigest | None = None,
) -> dict[tuple[str, int], Picture]:
    """The originals and edits among a case's images, each with the masks of the case; equal pixels are one picture.

    An edit of another geometry is brought to the frame of the original (:func:`editproof.imaging.output.in_frame`).
    """
    hashed = hashed or PixelDigest()
    original = images.get((ORIGINAL, 0), pixels.image)
    first = Picture(original, pixels.edit_mask, pixels.protected_mask, spacing_mm)
    known = {hashed(original): first}
    pictures = {}
    for (arm, repeat), image in images.items():
        if arm in MEASURED_ARMS[OF_IMAGE]:
            image = in_frame(image, pixels.image.shape)
            if (digest := hashed(image)) not in known:
                known[digest] = first.beside(image)
            pictures[arm, repeat] = known[digest]
    return pictures


def metric_rows(pictures: Mapping[tuple[str, int], Picture], own: Sequence[Metric] = ()) -> Iterator[list[JSON]]:
    """Rows ``arm, repeat, instrument, quantity, value, unit`` of every image metric; equal pixels are measured once.

    Parameters
    ----------
    pictures : mapping of (str, int) to Picture
        By arm and repeat, as :func:`pictures_of` makes them; the original first.
    own : sequence of Metric
        To be computed beside the built-in ones.
    """
    metrics = (*BUILT_IN, *own)
    original = pictures[ORIGINAL, 0]
    known: dict[tuple[str, int], Mapping[str, tuple[float, str]]] = {}
    for (arm, repeat), picture in pictures.items():
        key = arm, id(picture)
        if key not in known:
            pair = {} if arm == ORIGINAL else measured(Pair(original, picture), metrics)
            known[key] = {**measured(picture, metrics), **pair}
        for name, (value, unit) in known[key].items():
            yield [arm, repeat, IMAGE, name, value, unit]


def target_rows(
    pixels: Pixels,
    images: Mapping[tuple[str, int], Image],
    spacing_mm: tuple[float, ...] | None = None,
    own: Sequence[Metric] = (),
) -> Iterator[list[JSON]]:
    """Rows as :func:`metric_rows` gives them, of how close original, target and edits come to the case's target.

    What is not in the frame of the target is brought there: an original of lower resolution is enlarged.
    """
    if pixels.target is None:
        return
    frame, shape = pixels.target.shape, pixels.image.shape
    of_masks = spatial_shape(frame)
    protected, nothing = mask_in_frame(pixels.protected_mask, of_masks), np.zeros(of_masks, dtype=bool)
    target = Picture(pixels.target, nothing, protected, spacing_in_frame(spacing_mm, shape, frame))
    known: dict[str, Mapping[str, tuple[float, str]]] = {}
    for (arm, repeat), image in images.items():
        if arm in MEASURED_ARMS[OF_TARGET]:
            framed = in_frame(image, frame)
            digest = pixel_digest(framed)
            if digest not in known:
                known[digest] = measured(Pair(target, target.beside(framed)), (*BUILT_IN, *own), OF_TARGET)
            yield from ([arm, repeat, IMAGE, name, value, unit] for name, (value, unit) in known[digest].items())


def histogram_rows(pictures: Mapping[tuple[str, int], Picture]) -> list[list[JSON]]:
    """Counts of 256 levels by arm and region, summed over repeats.

    Of images in colour they are those of their luma; volumes have no common levels and give none.
    """
    counts: dict[tuple[str, str], Any] = {}
    for (arm, _), picture in pictures.items():
        if picture.axes == ZYX:
            continue
        for region, levels in luma_of(picture).levels.items():
            counts[arm, region] = counts.get((arm, region), 0) + on_256_levels(levels)
    return [[arm, region, [int(count) for count in histogram]] for (arm, region), histogram in counts.items()]


def place_maps(pictures: Mapping[tuple[str, int], Picture]) -> Iterator[PlaceMap]:
    """Where the anatomy of a case lies, and where each of its edits changed; equal pixels are compared once."""
    original = pictures[ORIGINAL, 0]
    frame = str(grid_of(original))
    known: dict[int, dict[str, str]] = {}
    for (arm, repeat), picture in pictures.items():
        if arm == ORIGINAL:
            texts = _texts(cells_of_anatomy(original))
        elif not (texts := known.get(id(picture), {})):
            texts = known[id(picture)] = _texts(changed_cells(Pair(original, picture)))
        yield from (PlaceMap(arm, repeat, name, frame, text) for name, text in texts.items())


def _texts(maps: Mapping[str, Mask]) -> dict[str, str]:
    return {name: text_of_cells(cells) for name, cells in maps.items()}


def measured_quantities(own: Iterable[Metric] = (), axes: str = "") -> dict[str, tuple[tuple[str, ...], str]]:
    """Every quantity that may be measured on images of some axes, with the arms on which it is measured and the unit.

    Without ``axes`` every quantity that may be measured on any images.
    """
    metrics = [metric for metric in (*BUILT_IN, *own) if not metric.of_readings and (not axes or axes in metric.axes)]
    of_metrics = {name: (MEASURED_ARMS[metric.of], unit) for metric in metrics for name, unit in metric.units.items()}
    return {**of_metrics, **(MEASURED if axes in ("", YX) else {})}

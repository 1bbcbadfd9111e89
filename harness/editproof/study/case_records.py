"""From the images of one case to its record, and from records to the table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from editproof.core.declared import Number, Whole, closed
from editproof.core.digests import pixel_digest
from editproof.editing.store import Kind
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, Measurements, measurements_of
from editproof.metrics import histogram256, image_features, pair_metrics, regions
from editproof.types import JSON, Case, EditStatus, Pixels

if TYPE_CHECKING:
    from editproof.types import Image


class Row(NamedTuple):
    """One number: of a repeat of an arm, by an instrument, in the unit of the quantity."""

    arm: str
    repeat: Whole
    instrument: str
    quantity: str
    value: Number
    unit: str


class EndedEdit(NamedTuple):
    """How one requested edit ended."""

    repeat: Whole
    status: EditStatus
    message: str


class Histogram(NamedTuple):
    """Counts of 256 levels in a region of an arm, summed over repeats."""

    arm: str
    region: str
    counts: tuple[Whole, ...]


@closed
@dataclass(frozen=True)
class CaseRecord:
    """Everything measured on one case."""

    case: str
    edits: tuple[EndedEdit, ...]
    rows: tuple[Row, ...]
    histograms: tuple[Histogram, ...]


CASES = Kind("cases", CaseRecord)
READINGS = Kind("readings", dict[str, list[float]])
"""Of one image: every member's reading, by quantity."""


@cache
def measuring_code() -> str:
    """sha256 (hex) over the source of everything that turns pixels into numbers; other code, other records."""
    home = Path(__file__).parents[1]
    arms = [home / "editors" / f"{name}.py" for name in ("arms", "inpaint", "wrappers")]
    digest = hashlib.sha256()
    pixels = [*(home / "metrics").glob("*.py"), *(home / "imaging").glob("*.py")]
    for path in [Path(__file__), home / "stats" / "ks.py", *arms, *sorted(pixels)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def metric_rows(pixels: Pixels, images: Mapping[tuple[str, int], Image]) -> Iterator[list[JSON]]:
    """Rows ``arm, repeat, instrument, quantity, value, unit`` of every image metric; equal pixels are measured once."""
    known: dict[str, Mapping[str, tuple[float, str]]] = {}
    for (arm, repeat), image in images.items():
        if arm not in (ORIGINAL, EDITED):
            continue
        digest = f"{arm}{pixel_digest(image)}"
        if digest not in known:
            features = image_features(image, regions(pixels.edit_mask, pixels.protected_mask))
            pair = {} if arm == ORIGINAL else pair_metrics(pixels.image, image, pixels.edit_mask, pixels.protected_mask)
            known[digest] = {**features, **pair}
        for name, (value, unit) in known[digest].items():
            yield [arm, repeat, IMAGE, name, value, unit]


def histogram_rows(pixels: Pixels, images: Mapping[tuple[str, int], Image]) -> list[list[JSON]]:
    """Counts of 256 levels by arm and region, summed over repeats."""
    counts: dict[tuple[str, str], Any] = {}
    for (arm, _), image in images.items():
        if arm not in (ORIGINAL, EDITED):
            continue
        for region, mask in regions(pixels.edit_mask, pixels.protected_mask).items():
            counts[arm, region] = counts.get((arm, region), 0) + histogram256(image, mask)
    return [[arm, region, [int(count) for count in histogram]] for (arm, region), histogram in counts.items()]


def case_row(case: Case) -> dict[str, JSON]:
    """The row of a case in the table of cases."""
    return {
        "case": case.case_id,
        "patient": case.patient_id,
        **{f"reference:{name}": value for name, value in case.reference.items()},
        **{f"stratum:{name}": value for name, value in case.strata.items()},
    }


def table_of(editor: str, cases: Sequence[Case], records: Sequence[CaseRecord]) -> Measurements:
    """The records of all cases, in the order of the cases, as one table; histograms are summed."""
    rows, edits = [], []
    pooled_counts: dict[tuple[str, str], Any] = {}
    for record in records:
        rows += [(record.case, *row) for row in record.rows]
        edits += [(record.case, repeat, status.value, message) for repeat, status, message in record.edits]
        for arm, region, counts in record.histograms:
            pooled_counts[arm, region] = pooled_counts.get((arm, region), 0) + np.array(counts, dtype=np.int64)
    return measurements_of(
        editor,
        [case_row(case) for case in cases],
        rows,
        edits,
        [
            (arm, region, level, int(count))
            for (arm, region), counts in pooled_counts.items()
            for level, count in enumerate(counts)
        ],
    )

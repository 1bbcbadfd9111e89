"""Cases and exhibits as text: the largest change first; a missing edit is shown by its status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from editproof.core.numbers import number
from editproof.evidence.measurements import Measurements
from editproof.evidence.record import PicturedExhibit
from editproof.report.page.close import Close, close, files
from editproof.report.page.drawn import Contours, contours
from editproof.report.page.meanings import classes_of, meaning
from editproof.report.page.patches import PatchPicture, patch_picture
from editproof.report.page.pictures import EncodedPictures, pictures
from editproof.report.page.readings import Paired
from editproof.report.text.wording import STATUS, in_words
from editproof.types import EditStatus


@dataclass(frozen=True)
class PrintedReading:
    """One quantity of a case or an exhibit as text: reference, original, edits, and the largest change."""

    quantity: str
    unit: str
    reference: str
    original: str
    edited: tuple[str, ...]
    change: str
    means: str = ""  # the class of the reference, or its years and months


@dataclass(frozen=True)
class CaseRow:
    """One case of one tool; ``index`` is its place in the cohort, to which the dots of a chart refer."""

    index: int
    case: str
    strata: tuple[str, ...]
    readings: tuple[PrintedReading, ...]


@dataclass(frozen=True)
class Shown:
    """An exhibit with its pictures (None if left out) and its readings as text."""

    exhibit: PicturedExhibit
    pictures: EncodedPictures | None
    patches: PatchPicture | None
    drawn: Contours | None
    close: Close | None
    files: Mapping[str, str]  # original and edit with every pixel, beside the page
    readings: tuple[PrintedReading, ...]
    is_first: bool = True  # of its case, to which a link to the pictures of a case leads


def case_rows(table: Measurements, pairs: tuple[Paired, ...]) -> tuple[CaseRow, ...]:
    """Every case, the largest change of the first quantity first; cases without an edit last."""
    status = {(str(case), int(k)): str(s) for case, k, s in table.edits[["case", "repeat", "status"]].itertuples(False)}
    strata = [column for column in table.cases if column.startswith("stratum:")]
    size = np.abs(pairs[0].change).max(axis=1, initial=-1.0, where=np.isfinite(pairs[0].change)) if pairs else None
    order = range(len(table.cases)) if size is None else np.argsort(-size, kind="stable")
    names, groups = [str(case) for case in table.cases["case"]], [table.cases[column].tolist() for column in strata]
    repeats, rows = range(table.n_repeats), []
    classes = {pair.quantity.name: classes_of(table, pair.quantity.name) for pair in pairs}
    for i in map(int, order):
        ended = [status.get((names[i], k), EditStatus.OK.value) for k in repeats]
        values = tuple(_case_reading(pair, i, ended, classes[pair.quantity.name]) for pair in pairs)
        rows.append(CaseRow(i, names[i], tuple(_value(values_of[i]) for values_of in groups), values))
    return tuple(rows)


def shown(
    exhibits: Iterable[PicturedExhibit],
    table: Measurements,
    *,
    images: bool,
    structures: Sequence[str] = (),
    tool: int = 0,
) -> tuple[Shown, ...]:
    """Exhibits of a table as text, with their pictures if ``images``; ``structures`` are what instruments draw."""
    known: set[str] = set()
    made = []
    for exhibit in exhibits:
        readings = tuple(
            _exhibit_reading(name, dict(values), classes_of(table, name)) for name, values in exhibit.readings.items()
        )
        encoded = pictures(exhibit.images) if images else None
        patches = patch_picture(exhibit.images) if images else None
        drawn = contours(exhibit.images, structures) if images else None
        crop = close(exhibit.images, exhibit.near) if images else None
        beside = files(tool, exhibit) if images else {}
        is_first = exhibit.case not in known
        made.append(Shown(exhibit, encoded, patches, drawn, crop, beside, readings, is_first))
        known.add(exhibit.case)
    return tuple(made)


def _case_reading(pair: Paired, i: int, ended: list[str], classes: dict[float, str]) -> PrintedReading:
    continuous = pair.quantity.kind == "continuous"
    digits, truth = (pair.decimals, pair.decimals) if continuous else (3, 0)
    change = pair.change[i]
    worst = float(change[np.nanargmax(np.abs(change))]) if np.isfinite(change).any() else np.nan
    edits = tuple(
        number(float(x), digits) if np.isfinite(x) else STATUS.get(status, "–")
        for x, status in zip(pair.edited[i], ended, strict=False)
    )
    return PrintedReading(
        in_words(pair.quantity.name), _unit(pair.quantity.unit), number(float(pair.reference[i]), truth),
        number(float(pair.original[i]), digits), edits, number(worst, digits, sign=True),
        meaning(float(pair.reference[i]), pair.quantity.unit, classes),
    )  # fmt: skip


def _exhibit_reading(name: str, values: dict[str, Any], classes: dict[float, str]) -> PrintedReading:
    reference, original, edited = (_float(values.get(key)) for key in ("reference", "original", "edited"))
    unit = str(values.get("unit", ""))
    digits = 3 if unit in ("", "1", "probability") else 1
    truth = 0 if digits == 3 and reference in (0.0, 1.0) else digits
    return PrintedReading(in_words(name), _unit(unit), number(reference, truth), number(original, digits),
                   (number(edited, digits),), number(edited - original, digits, sign=True),
                   meaning(reference, unit, classes))  # fmt: skip


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")


def _value(value: object) -> str:
    return number(float(value), 1) if isinstance(value, (float, np.floating)) else str(value)

"""Reference points, boxes and texts of a cohort, from tables beside its manifest.

``points.csv`` has the columns ``case_id,label,x,y``, ``boxes.csv`` ``case_id,label,x,y,width,height``, and
``texts.csv`` ``case_id`` and, as there are, ``text``, ``identifiers`` and ``marks``, the latter two with ``|`` between
entries. A row of ``boxes.csv`` with nothing but its case says that there is no box. A case without a row has no
reference. What lies outside of an image is found when a study is checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.digests import digest_of
from editproof.core.separated import is_missing
from editproof.datasets.folder.files import Entry
from editproof.datasets.tables.table import CaseTable, number_of, table, tidy_id
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from editproof.types import JSON, Case

TABLES = {"points": "points.csv", "boxes": "boxes.csv", "text": "texts.csv"}
_NUMBERS = {"points": ("x", "y"), "boxes": ("x", "y", "width", "height")}
_PARTS = ("text", "identifiers", "marks")


@dataclass(frozen=True)
class Annotations:
    """What the tables of a folder say, by case and kind; ``files`` are those that were read."""

    of_case: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    files: frozenset[str] = frozenset()

    def on(self, case: Case) -> Case:
        """The case with its annotations, which are a part of its digest."""
        if not (found := self.of_case.get(case.case_id)):
            return case
        digest = hashlib.sha256(f"{case.digest} {digest_of(dict(found))}".encode()).hexdigest()
        return replace(case, annotations=found, digest=digest)


def annotations_in(root: Path, cases: Collection[str]) -> Annotations:
    """What the tables beside a manifest say of its cases.

    Raises
    ------
    DatasetError
        A column is missing, a cell holds no number, a row names no case of the cohort, or a point is named twice.
    """
    there = {kind: name for kind, name in TABLES.items() if (root / name).is_file()}
    found: dict[str, dict[str, JSON]] = {}
    for kind, name in there.items():
        sheet = table(Entry(root, name, zipped=False))
        wanted = ("case_id", "label", *_NUMBERS[kind]) if kind in _NUMBERS else ("case_id",)
        if lacking := [column for column in wanted if column not in sheet.columns]:
            listed = ", ".join(sheet.columns)
            raise DatasetError(f"table {name}", f"columns {listed}", f"It needs {', '.join(wanted)}: add {lacking[0]}.")
        if kind == "text" and not set(_PARTS) & set(sheet.columns):
            raise DatasetError(f"table {name}", "no column says a text", f"Add one of {', '.join(_PARTS)}.")
        for number, row in enumerate(sheet.rows, start=2):
            _enter(found, kind, sheet, row, f"row {number} of {name}", cases)
    return Annotations(found, frozenset(there.values()))


def _enter(
    found: dict[str, dict[str, JSON]], kind: str, sheet: CaseTable, row: Mapping[str, str], asked: str,
    cases: Collection[str],
) -> None:  # fmt: skip
    name = row["case_id"] if row["case_id"] in cases else tidy_id(row["case_id"])
    if name not in cases:
        raise DatasetError(asked, "a case that is not in the manifest", "Correct its case_id, or leave the row out.")
    known = found.setdefault(name, {})
    if kind == "text":
        if kind in known:
            raise DatasetError(asked, f"a second row of case {name}", "Write one row for each case.")
        known[kind] = {part: _part(part, row[part]) for part in _PARTS if part in sheet.columns}
        return
    columns = _NUMBERS[kind]
    blank = [column for column in ("label", *columns) if is_missing(row[column])]
    if kind == "boxes":
        boxes = known.setdefault(kind, [])
        if len(blank) == len(columns) + 1:
            return
    if blank:
        raise DatasetError(asked, f"nothing in the column {blank[0]}", "Fill it, or leave the row out.")
    numbers = [number_of(row[column], f"{column} in {asked}") for column in columns]
    if kind == "boxes":
        boxes.append([*numbers, row["label"]])
        return
    points = known.setdefault(kind, {})
    if row["label"] in points:
        raise DatasetError(asked, f"a second point {row['label']} of case {name}", "Name each once.")
    points[row["label"]] = numbers


def _part(part: str, cell: str) -> JSON:
    if part == "text":
        return cell
    return [entry.strip() for entry in cell.split("|") if entry.strip()]

"""Where the table and the images of an RSNA set lie: unpacked, or in zips that are read in place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from editproof.datasets.folder.files import Entry, entries, grouped_by_stem
from editproof.datasets.tables.table import CaseTable, table, tidy_id
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

AGES = ("boneage", "bone age", "bone age (months)", "bone_age", "ground truth bone age (months)", "bone_age_months")
SEXES = ("male", "sex")
PART_OF = {"id": "training", "case id": "test", "image id": "validation"}
"""RSNA's set by the name of its column of ids."""
_ID_OF = {"training": "id", "test": "Case ID", "validation": "Image ID"}
_LAYOUTS = "RSNA has id,boneage,male (training), Case ID,Sex (test), Image ID,male,Bone Age (months) (validation)."


@dataclass(frozen=True)
class RsnaFiles:
    """Table and images of one set.

    Attributes
    ----------
    sheet : Table
    images : mapping of str to list of Entry
        By case id; several where an image is there more than once.
    notes : tuple of str
        Warnings on tables that cannot be read.
    nested : str
        In words, zips that lie in a zip and are not read; empty if there is none.
    """

    sheet: CaseTable
    images: Mapping[str, list[Entry]]
    notes: tuple[str, ...]
    nested: str

    @property
    def id_column(self) -> str:
        """The column of ids."""
        return self.sheet.column(*PART_OF) or ""

    @property
    def part(self) -> str:
        """Which of RSNA's sets the table is laid out like."""
        return PART_OF[self.id_column]


def rsna_files(root: Path, part: str | None, asked: str) -> RsnaFiles:
    """The one table in RSNA's layout, and the images about it.

    Unpacked files take precedence over those in zips, which are searched if no unpacked table is in RSNA's layout,
    and where unpacked images do not answer every row.

    Raises
    ------
    DatasetError
        Where there is no table in RSNA's layout, or there are several.
    """
    named = root.suffix.lower() == ".csv"
    folder = root.parent if named else root
    unpacked = entries(folder)

    @cache
    def packed() -> list[Entry]:
        archives = [folder / e.name for e in unpacked if e.suffix == ".zip" and not e.zipped]
        return [member for archive in archives if archive.is_file() for member in entries(archive)]

    def beside() -> list[Entry]:
        return [e for e in entries(root.parent) if "/" not in e.name] if root.is_file() else []

    if named:
        own = [entry for entry in unpacked if entry.name == root.name]
        sheet, notes = _table_of([lambda: own], part, folder, asked)
    else:
        sheet, notes = _table_of([lambda: unpacked, packed, beside], part, folder, asked)
    images = dict(grouped_by_stem(unpacked))
    if {tidy_id(line[sheet.column(*PART_OF) or ""]) for line in sheet.rows} <= images.keys():
        return RsnaFiles(sheet, images, tuple(notes), "")
    found = [*unpacked, *packed()]
    return RsnaFiles(sheet, dict(grouped_by_stem(found)), tuple(notes), _nested(found))


def is_rsna(root: Path) -> bool:
    """Whether a table in RSNA's layout is in a folder, in a zip in it, or in or beside a zip; or is the path itself."""
    folder = root if root.is_dir() else root.parent
    places = [entry for entry in entries(folder) if root.is_dir() or "/" not in entry.name]
    if root.suffix.lower() == ".csv":
        places = [entry for entry in places if entry.name == root.name]
    elif root.is_file():
        places += entries(root)
    else:
        zips = [folder / entry.name for entry in places if entry.suffix == ".zip"]
        places += [member for archive in zips for member in entries(archive)]
    return any(_fits(entry) for entry in _sheets(places))


def _fits(entry: Entry) -> bool:
    try:
        return bool(_in_layout(table(entry), ""))
    except DatasetError:
        return False


def _sheets(found: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in found if entry.suffix == ".csv" and entry.stem != "original_sizes"]


def _table_of(
    places: Sequence[Callable[[], Sequence[Entry]]], part: str | None, folder: Path, asked: str
) -> tuple[CaseTable, list[str]]:
    """The table of the first place that has one in RSNA's layout, and warnings on those that cannot be read there."""
    seen: list[Entry] = []
    errors: list[DatasetError] = []
    others = False
    for place in places:
        fitting, notes = [], []
        seen += (found := place())
        for entry in _sheets(found):
            try:
                sheet = table(entry)
            except DatasetError as error:
                notes.append(f"The table {entry.name} was skipped: {error.found}.")
                errors.append(error)
                continue
            try:
                fitting.append(_in_layout(sheet, asked))
            except DatasetError as error:
                errors.append(error)
        others = others or bool(fitting)
        if part:
            fitting = [sheet for sheet in fitting if PART_OF[sheet.column(*PART_OF) or ""] == part]
        if len(fitting) > 1:
            names = ", ".join(sheet.entry.name for sheet in fitting)
            advice = "Say which set, rsna:FOLDER?part=training, or name the table, rsna:FOLDER/TABLE.csv"
            raise DatasetError(asked, f"several tables: {names}", advice)
        if fitting:
            return fitting[0], notes
    if part and others:
        raise DatasetError(asked, f"no table of the {part} set", f"Its ids are in a column {_ID_OF[part]!r}.")
    if len(errors) == 1:
        raise errors[0]
    if errors:
        reasons = [error.found if error.asked == asked else f"{error.asked}: {error.found}" for error in errors]
        raise DatasetError(asked, f"no table in RSNA's layout: {'; '.join(reasons[:5])}", _LAYOUTS)
    if nested := _nested(seen):
        raise DatasetError(asked, f"no CSV in it or beside it{nested}", "Unpack the outer zip.")
    workbook = next((path.name for path in sorted(folder.glob("*.xlsx"))), "") if folder.is_dir() else ""
    advice = f"Save the sheet of {workbook} as CSV." if workbook else "Put RSNA's CSV beside the folder of images."
    raise DatasetError(asked, "no CSV in it or beside it", advice)


def _in_layout(sheet: CaseTable, asked: str) -> CaseTable:
    """The table, found to have ids, sexes, and bone ages but for the test set."""
    ids = sheet.column(*PART_OF)
    if ids is None or sheet.column(*SEXES) is None or (sheet.column(*AGES) is None and PART_OF[ids] != "test"):
        raise DatasetError(asked, f"columns {', '.join(sheet.columns)} in {sheet.entry.name}", _LAYOUTS)
    return sheet


def _nested(found: Sequence[Entry]) -> str:
    """In words, the zips that lie in a zip."""
    inner = defaultdict(list)
    for entry in found:
        if entry.zipped and entry.suffix == ".zip":
            inner[entry.root.name].append(entry.name)
    return "".join(
        f"; {outer} holds {len(names)} zips that are not read there ({names[0]})" for outer, names in inner.items()
    )

"""The RSNA Pediatric Bone Age Challenge cohorts, in RSNA's own layouts, from a folder or in place in a zip."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from editproof.core.usage import Given, Option, Usage, one_of, takes, whole
from editproof.datasets.cohort import MARKERS_UP_TO, Cohort, check_unique_ids, cohort_of, with_marker
from editproof.datasets.degraded import OPTIONS, degraded_if_asked
from editproof.datasets.folder.files import Entry, existing
from editproof.datasets.folder.images import gray_image, header_checked
from editproof.datasets.masks.hand import VERSION, artefact_mask, hand_mask
from editproof.datasets.reading import INDEX, CohortReading
from editproof.datasets.rsna.files import AGES, SEXES, RsnaFiles, rsna_files
from editproof.datasets.rsna.split import Split, split_of
from editproof.datasets.rsna.unsquash import unsquashed
from editproof.datasets.sampling import balanced_sample
from editproof.datasets.tables.table import number_of, sex_of, table, tidy_id
from editproof.errors import DatasetError
from editproof.types import Case, Pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

LICENCE = (
    "RSNA Pediatric Bone Age Challenge terms: academic, educational and other non-commercial use, no "
    "re-identification; cite Halabi et al., Radiology 2018;290:498-503."
)
LARGE, STUDY_SIZE = 1000, 200
COUNTS = {"training": 12_611, "validation": 1_425, "test": 200}
"""Radiographs in each of RSNA's sets (Halabi et al. 2018)."""
_RSNA_ID = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class _Row:
    case_id: str
    sex: float | None
    bone_age: float | None

    @property
    def complete(self) -> bool:
        return self.sex is not None and self.bone_age is not None


def rsna(
    path: str | Path,
    split: Split | Literal["all"] | None = None,
    limit: int | None = None,
    seed: int = 0,
    *,
    part: str | None = None,
    reading: CohortReading | None = None,
) -> Cohort:
    """An RSNA cohort with automatic hand and marker masks.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder that holds CSV and images or zips of them (read in place) at any depth, one such zip, or the CSV
        itself. A file ``original_sizes.csv`` (``id,height,width``) in the folder or beside it undoes the squash of
        square images.
    split : {"train", "validation", "test", "all"}, optional
        Split by :func:`editproof.datasets.rsna.split.split_of`. By default ``test`` where the table has RSNA's training
        layout, RSNA's ids (numbers) and more than 1000 cases (instruments of this project were trained on the rest),
        else ``all``. A table with other ids is taken for another cohort in RSNA's layout, which has no splits.
    limit : int, optional
        Cases at most, sex-balanced; by default 200 where ``test`` was chosen by default, else no limit.
    seed : int
        Of the choice.
    part : {"training", "validation", "test"}, optional
        Which of RSNA's own sets to read, where the folder holds several.
    reading : Reading, optional
        What to leave out (after the choice), and whether to read past flaws.

    Returns
    -------
    Cohort
        One case per patient (RSNA gives no patient ids); reference ``bone_age`` in months and ``sex``.

    Raises
    ------
    DatasetError
        Where path, table, labels or images are not sound.

    References
    ----------
    .. [1] Halabi SS et al. The RSNA Pediatric Bone Age Machine Learning Challenge. Radiology 2018;290:498-503.
    """
    asked = f"the RSNA cohort {path}"
    if split not in (None, "train", "validation", "test", "all"):
        raise DatasetError(asked, f"split {split!r}", "Splits: train, validation, test, all.")
    if limit is not None and limit < 1:
        raise DatasetError(asked, f"n = {limit}", "Request at least one case.")
    if part not in (None, *COUNTS):
        raise DatasetError(asked, f"part {part!r}", f"RSNA's sets: {', '.join(COUNTS)}.")
    reading = reading or CohortReading()
    root = existing(path, asked)
    files = rsna_files(root, part, asked)
    layout, images, rows = files.part, files.images, _rows(files, asked)
    warnings = [*files.notes, *([] if files.sheet.column(*AGES) else ["The table has no bone age."])]
    theirs = all(_RSNA_ID.fullmatch(row.case_id) for row in rows)
    if not theirs and split not in (None, "all"):
        found = "its ids are not RSNA's, whose splits these are"
        raise DatasetError(f"{asked} with split {split}", found, "Leave split= out, or write a manifest of the part.")
    if not theirs:
        warnings.append("Its ids are not RSNA's, which are numbers: taken for another cohort in RSNA's layout.")
    elif len(rows) != COUNTS[layout]:
        warnings.append(f"The table has {len(rows)} cases, RSNA's {layout} set {COUNTS[layout]}.")
    if reading.tolerant or reading.left_out:
        lost = [row.case_id for row in rows if row.case_id not in images]
        reading.flawed.update((name, f"image of case {name}: no file has this name.") for name in lost)
        rows = [row for row in rows if row.case_id not in reading.flawed]
    image_of = _image_of(rows, files, asked)
    if unlisted := sorted(set(images) - {row.case_id for row in rows}):
        warnings.append(f"{len(unlisted)} images without a row in the table were left out.")
    kept = [row for row in rows if row.complete or (layout == "test" and row.bone_age is None)]
    if any(row.bone_age is None for row in kept):
        kept = [row for row in kept if row.sex is not None]
        warnings.append("Some cases have no bone age: no error against a reference standard can be taken on them.")
    if dropped := len(rows) - len(kept):
        warnings.append(f"{dropped} cases without a complete reference standard were left out.")
    origin = layout if theirs else "layout"
    chosen, choice = _choice(kept, origin, split, limit, seed)
    warnings += _notes(chosen, origin)
    sizes = _original_sizes(files.sheet.entry.root)
    cases = []
    for row in chosen:
        with reading.guarding(row.case_id):
            if row.case_id not in reading.left_out:
                case = _case(row, image_of[row.case_id], sizes)
                cases.append(with_marker(case, reading) if len(chosen) <= MARKERS_UP_TO else case)
                reading.files[row.case_id] = image_of[row.case_id].name
    if sizes and (unknown := [row.case_id for row in chosen if row.case_id not in sizes]):
        warnings.append(f"{len(unknown)} cases are not in original_sizes.csv: theirs is the aspect ratio as stored.")
    warnings.append("Masks are automatic (classical image processing, not reviewed case by case).")
    squash = "; squash to a square undone by original_sizes.csv" if sizes else ""
    return cohort_of(
        cases,
        name=f"rsna-{origin}-{len(cases)}",
        description=f"{len(cases)} hand radiographs of RSNA's {layout} layout: {choice}{squash}.",
        source=Path(path).name,
        licence=LICENCE if theirs else "As the folder's owner says.",
        reading=reading,
        warnings=warnings,
    )


@takes(
    Usage(
        "the RSNA Pediatric Bone Age sets as they are handed out, in folders or zips",
        "PATH",
        (
            Option("n", "cases to draw, half of each sex", whole(1, words={"all": sys.maxsize})),
            Option(
                "split", "this project's own split of the training set", one_of("train", "validation", "test", "all")
            ),
            Option("seed", "of the draw", whole(), "0"),
            Option("part", "which of RSNA's own sets, where there are several", one_of(*COUNTS)),
            *OPTIONS,
            INDEX,
        ),
    )
)
def named_rsna(given: Given, reading: CohortReading) -> Cohort:
    """An RSNA cohort, from ``rsna:PATH?OPTION=VALUE&...``."""
    value = given.value
    cohort = rsna(given.argument, value["split"], value["n"], value["seed"], part=value["part"], reading=reading)
    return degraded_if_asked(cohort, value)


def rsna_pixels(entry: Entry, case_id: str, size: tuple[int, int] | None) -> Pixels:
    """Decode one case: squash undone where ``size`` (height, width) is given and the image square, masks found."""
    image = gray_image(entry, case_id)
    if size is not None and image.shape[0] == image.shape[1]:
        image = unsquashed(image, *size)
    hand = hand_mask(image)
    return Pixels(image, artefact_mask(image, hand), hand)


def _case(row: _Row, entry: Entry, sizes: Mapping[str, tuple[int, int]]) -> Case:
    header_checked(entry, row.case_id)
    size = sizes.get(row.case_id)
    reference = {} if row.bone_age is None else {"bone_age": row.bone_age}
    strata: dict[str, str | float] = {**reference}
    if row.sex is not None:
        reference["sex"] = row.sex
        strata["sex"] = "M" if row.sex else "F"
    return Case(
        case_id=row.case_id,
        patient_id=row.case_id,
        decode=partial(rsna_pixels, entry, row.case_id, size),
        digest=hashlib.sha256(f"{entry.digest()} {size} masks:{VERSION}".encode()).hexdigest(),
        reference=reference,
        strata=strata,
    )


def _rows(files: RsnaFiles, asked: str) -> list[_Row]:
    """Rows in order of the table."""
    sheet = files.sheet
    sex_column, age_column = sheet.column(*SEXES) or "", sheet.column(*AGES)
    rows = []
    for line in sheet.rows:
        case_id = tidy_id(line[files.id_column])
        if not case_id:
            found = f"a row without {files.id_column} in {sheet.entry.name}"
            raise DatasetError(asked, found, "Give every row its id.")
        sex = sex_of(line[sex_column], case_id, male_column=sex_column == "male")
        age = number_of(line[age_column], f"bone age of case {case_id}") if age_column else None
        rows.append(_Row(case_id, sex, age))
    check_unique_ids([row.case_id for row in rows], sheet.entry.name)
    return rows


def _image_of(rows: list[_Row], files: RsnaFiles, asked: str) -> dict[str, Entry]:
    """The image of every row; where an id has several, the one in a folder named like the table."""
    sheet, images = files.sheet, files.images
    if missing := [row.case_id for row in rows if row.case_id not in images]:
        found = f"{len(missing)} of {len(rows)} cases in {sheet.entry.name} have no image: {', '.join(missing[:5])}"
        raise DatasetError(asked, f"{found}{files.nested}", "Add the images, or take the rows out of the table.")
    chosen = {}
    for row in rows:
        candidates = images[row.case_id]
        if len(candidates) > 1:
            candidates = [e for e in candidates if sheet.entry.stem in e.name.split("/")[:-1]]
        if len(candidates) != 1:
            names = ", ".join(f"{e.root.name}!{e.name}" if e.zipped else e.name for e in images[row.case_id][:3])
            advice = "Keep one image per case, or name a folder with one set of images."
            raise DatasetError(asked, f"several images of case {row.case_id}: {names}", advice)
        chosen[row.case_id] = candidates[0]
    return chosen


def _choice(rows: list[_Row], layout: str, split: str | None, limit: int | None, seed: int) -> tuple[list[_Row], str]:
    """The cases to study, and in words why these."""
    by_default = split is None and layout == "training" and len(rows) > LARGE
    split = split or ("test" if by_default else "all")
    if by_default and limit is None:
        limit = STUDY_SIZE
    kept = rows if split == "all" else [row for row in rows if split_of(row.case_id) == split]
    words = "all cases" if split == "all" else f"{split} split by sha256 of the id, {len(kept)} cases"
    if by_default:
        words += " (by default, since instruments were trained on the rest)"
    if limit is not None and limit < len(kept):
        labels = {row.case_id: (row.sex or 0.0, row.bone_age or 0.0) for row in kept}
        ids = set(balanced_sample(labels, limit, seed))
        kept = [row for row in kept if row.case_id in ids]
        words += f"; of these {len(kept)} drawn with seed {seed}, half of each sex as far as it reaches, along the ages"
    return kept, words


def _notes(chosen: list[_Row], layout: str) -> list[str]:
    """Warnings on leakage and on balance."""
    notes = []
    leaked = [row.case_id for row in chosen if split_of(row.case_id) == "train"]
    if layout == "training" and leaked:
        notes.append(
            f"{len(leaked)} of {len(chosen)} cases are in the train split: instruments of this project trained on RSNA "
            "have seen them, so that their errors on the originals are too small."
        )
    males = sum(row.sex == 1.0 for row in chosen)
    if abs(len(chosen) - 2 * males) > 1:
        notes.append(f"{len(chosen)} cases, {males} male and {len(chosen) - males} female.")
    return notes


def _original_sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Height and width of originals by case id, from ``original_sizes.csv`` in the folder or beside it."""
    for folder in (root, root.parent):
        if (folder / "original_sizes.csv").is_file():
            sheet = table(Entry(folder, "original_sizes.csv", zipped=False))
            break
    else:
        return {}
    if not {"id", "height", "width"} <= set(sheet.columns):
        raise DatasetError(f"read {sheet.entry}", f"columns {', '.join(sheet.columns)}", "Expected id,height,width.")
    sizes = {}
    for line in sheet.rows:
        name = tidy_id(line["id"])
        height, width = (number_of(line[side], f"{side} of case {name}") for side in ("height", "width"))
        if not height or not width or not 0.2 < height / width < 5:
            raise DatasetError(f"the original size of case {name}", f"{height} x {width}", "Write sizes in pixels.")
        sizes[name] = (int(height), int(width))
    return sizes

"""A plain folder of radiographs with ``manifest.csv``, masks from files or automatic."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.datasets.cohort import MARKERS_UP_TO, Cohort, cohort_of, unique, with_markers
from harness.datasets.files import Entry, existing, gray_image, header_checked, mask_image
from harness.datasets.handmask import VERSION, artefact_mask, hand_mask
from harness.datasets.tables import number_of, sex_of, table
from harness.errors import DatasetError
from harness.types import Case, Pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "manifest.csv"
_NAMED = {"case_id", "patient_id", "image", "edit_mask", "protected_mask", "bone_age", "sex"}


def folder(path: str | Path) -> Cohort:
    """A cohort from a folder.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder with ``manifest.csv``, or that file: columns ``case_id, image`` and, as there are, ``patient_id``
        (else each case is a patient), ``edit_mask``, ``protected_mask`` (files, not zero = True; else found
        automatically), ``bone_age`` (months), ``sex`` (M/F). Paths are below the folder. Every other column becomes
        a stratum, a number where all its cells are numbers. Images are 8 or 16 bit PNG or TIFF, never clipped.

    Returns
    -------
    Cohort
        A case without a mask file has the automatic masks of :mod:`harness.datasets.handmask`; the card counts them.

    Raises
    ------
    DatasetError
        Where manifest, images, masks or labels are not sound.
    """
    asked = f"the cohort {path}"
    there = existing(path, asked)
    root = there if there.is_dir() else there.parent
    name = MANIFEST if there.is_dir() else there.name
    if not (root / name).is_file():
        raise DatasetError(asked, f"no {MANIFEST} in it", "Write one with the columns case_id,image,bone_age,sex.")
    sheet = table(Entry(root, name, zipped=False))
    if not {"case_id", "image"} <= set(sheet.columns):
        found = f"columns {', '.join(sheet.columns)} in {name}"
        raise DatasetError(asked, found, "The columns case_id and image are needed.")
    unique([line["case_id"] for line in sheet.rows], name)
    others = [column for column in sheet.columns if column and column not in _NAMED]
    numeric = {column for column in others if all(_is_number(line[column]) for line in sheet.rows)}
    cases = [_case(root, line, others, numeric, asked) for line in sheet.rows]
    automatic = sum(not (line.get("edit_mask") and line.get("protected_mask")) for line in sheet.rows)
    warnings = [f"{automatic} of {len(cases)} cases have automatic masks, not reviewed."] if automatic else []
    for quantity, words in (("bone_age", "bone age"), ("sex", "sex")):
        if without := sum(quantity not in case.reference for case in cases):
            warnings.append(f"{without} of {len(cases)} cases have no reference standard for {words}.")
    if len(cases) <= MARKERS_UP_TO:
        cases = with_markers(cases)
    return cohort_of(
        cases,
        name=f"folder-{root.name}",
        description=f"{len(cases)} radiographs from a folder with manifest",
        source=f"{root.name}/{name}",
        licence="As the folder's owner says.",
        warnings=warnings,
    )


def folder_pixels(image: Entry, edit: Entry | None, protected: Entry | None, case_id: str) -> Pixels:
    """Decode one case; a mask that has no file is found automatically and kept off the one that has."""
    pixels = gray_image(image, case_id)
    hand = mask_image(protected, pixels.shape, case_id) if protected else hand_mask(pixels)
    marker = mask_image(edit, pixels.shape, case_id) if edit else artefact_mask(pixels, hand)
    if protected is None:
        hand = hand & ~marker
    return Pixels(pixels, marker, hand)


def _case(root: Path, line: Mapping[str, str], others: list[str], numeric: set[str], asked: str) -> Case:
    case_id = line["case_id"]
    if not case_id:
        raise DatasetError(asked, "a row without case_id", "Give every row its id.")
    image = _file(root, line["image"], "image", case_id)
    if image is None:
        raise DatasetError(asked, f"no image given for case {case_id}", "Write its path below the folder.")
    masks = [_file(root, line.get(column, ""), column, case_id) for column in ("edit_mask", "protected_mask")]
    size = header_checked(image, case_id)
    for mask in masks:
        if mask is not None and (found := header_checked(mask, case_id)) != size:
            wanted = f"a mask of {size[0]}x{size[1]} for case {case_id}"
            raise DatasetError(wanted, f"{mask} is {found[0]}x{found[1]}", "Draw it at the image's size.")
    reference: dict[str, float] = {}
    strata: dict[str, str | float] = {}
    for column in others:
        strata[column] = float(line[column]) if column in numeric else line[column]
    if (age := number_of(line.get("bone_age", ""), f"bone age of case {case_id}")) is not None:
        reference["bone_age"] = strata["bone_age"] = age
    if (sex := sex_of(line.get("sex", ""), case_id)) is not None:
        reference["sex"] = sex
        strata["sex"] = "M" if sex else "F"
    digests = [entry.digest() if entry else f"automatic:{VERSION}" for entry in (image, *masks)]
    return Case(
        case_id=case_id,
        patient_id=line.get("patient_id") or case_id,
        decode=partial(folder_pixels, image, masks[0], masks[1], case_id),
        digest=hashlib.sha256(" ".join(digests).encode()).hexdigest(),
        reference=reference,
        strata=strata,
    )


def _file(root: Path, cell: str, column: str, case_id: str) -> Entry | None:
    """The file a cell names, below the folder; None for an empty cell."""
    if not cell:
        return None
    name = PurePosixPath(cell.replace("\\", "/"))
    target = (root / name).resolve()
    if not target.is_relative_to(root):
        raise DatasetError(f"{column} of case {case_id}", f"{cell} lies outside {root}", "Name files below the folder.")
    if not target.is_file():
        raise DatasetError(f"{column} of case {case_id}", f"{root / name} does not exist", "Mend the manifest.")
    return Entry(root, name.as_posix(), zipped=False)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

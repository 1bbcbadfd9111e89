"""A plain folder of radiographs: a manifest, or names that say who is who; masks from files or automatic."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.separated import is_missing
from editproof.core.usage import FILLED, Given, Option, Usage, takes
from editproof.datasets.cohort import MARKERS_UP_TO, Cohort, check_unique_ids, cohort_of, with_marker
from editproof.datasets.folder.colour import COLOUR, Colour, image_of, in_colour, notes_on_colour
from editproof.datasets.folder.files import IMAGE_SUFFIXES, Entry, bare_name, entries, existing, file_below, is_there
from editproof.datasets.folder.images import header_checked, note_on_turned
from editproof.datasets.folder.names import NamePattern, name_pattern
from editproof.datasets.folder.structures import LABEL_MAP, LABELS, NOT_IMAGES, CaseStructures, StructureFiles
from editproof.datasets.folder.volumes import VERSION, check_masks, frame_in, is_volume, volume_pixels
from editproof.datasets.kinds import found_in, unread
from editproof.datasets.masks.files import MASKS, Masks, mask_digests, notes_on_masks, with_masks
from editproof.datasets.masks.parts import mask_below, named_part
from editproof.datasets.reading import INDEX, CohortReading
from editproof.datasets.tables.annotations import annotations_in
from editproof.datasets.tables.labels import PREFIX, Labels, labels_of, without_reference
from editproof.datasets.tables.requests import misspelt, request_columns, wish_of
from editproof.datasets.tables.strata import notes_on_strata, strata_columns
from editproof.datasets.tables.table import (
    CaseTable,
    numeric_columns,
    separator_in_words,
    spacing_of,
    stratum_of,
    table,
)
from editproof.errors import DatasetError
from editproof.imaging import nifti
from editproof.types import Case, Pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFESTS = ("manifest.csv", "manifest.parquet")
_NAMED = {"case_id", "patient_id", "image", "edit_mask", "protected_mask", "target", "spacing_mm", LABEL_MAP}
_OF_IMAGE = ("edit_mask", "protected_mask", "target")
"""Columns that name a file of the frame of an image."""
TARGETS = "targets"
"""A folder below the cohort's, whose images are the targets of the cases with images of their names."""
_COLUMNS = "Write one with the columns case_id,image,bone_age,sex; or say what file names mean: folder:PATH?names=..."


READ = (*IMAGE_SUFFIXES, *nifti.SUFFIXES)
"""Suffixes of files that hold an image."""
READ_KINDS = "Images are read as PNG, TIFF, JPEG, NIfTI and DICOM (dicom:PATH); convert others."


def folder(
    path: str | Path,
    *,
    names: str | None = None,
    masks: Masks = "auto",
    colour: Colour = "auto",
    structures: Mapping[int, str] | None = None,
    reading: CohortReading | None = None,
) -> Cohort:
    """A cohort from a folder.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder with ``manifest.csv`` or ``manifest.parquet``, or that file: columns ``case_id, image`` and, as there
        are, ``patient_id`` (else each case is a patient), ``edit_mask``, ``protected_mask`` (files of two levels),
        ``target`` (file: what an ideal edit would give; else one of the image's name below ``targets/``),
        ``spacing_mm`` (one number, or ``ROWxCOLUMN``), ``structure:NAME`` (file of two levels: a reference mask; else
        one of the image's name below ``structures/NAME/``), and the reference standard
        (:mod:`editproof.datasets.tables.labels`), ``prompt`` and ``parameter:NAME``
        (:mod:`editproof.datasets.tables.requests`). Paths are below the folder. Tables beside it bring points, boxes
        and texts (:mod:`editproof.datasets.tables.annotations`). Every other column becomes a stratum, a
        number where all its cells are numbers. Images are 8 or 16 bit PNG, TIFF or JPEG, never clipped, or NIfTI
        volumes, whose masks are NIfTI too (:mod:`editproof.datasets.folder.volumes`).
    names : str, optional
        What the names of images say, as :func:`editproof.datasets.folder.names.name_pattern` reads it. What a manifest
        says takes precedence; without a manifest every image is a case.
    masks : {"auto", "files"}
        Where masks without a file come from; see :func:`editproof.datasets.masks.files.with_masks`.
    colour : {"auto", "yes", "no"}
        Whether images are read in colour; see :func:`editproof.datasets.folder.colour.in_colour`.
    structures : mapping of int to str, optional
        What the labels of label maps mean, which the column ``label_map`` or the folder ``label_maps/`` brings.
    reading : Reading, optional
        What to leave out, and whether to read past flaws.

    Returns
    -------
    Cohort
        The card counts the cases that have automatic masks or no reference standard.

    Raises
    ------
    DatasetError
        Where manifest, names, images, masks or labels are not sound.
    """
    asked = f"the cohort {path}"
    reading = reading or CohortReading()
    there = existing(path, asked)
    root = there if there.is_dir() else there.parent
    pattern = name_pattern(names) if names else None
    sheet, warnings = _sheet(there, root, pattern, asked)
    labels = labels_of(sheet)
    check_unique_ids([line["case_id"] for line in sheet.rows if line["case_id"]], sheet.entry.name)
    annotated = annotations_in(root, {line["case_id"] for line in sheet.rows})
    asks = request_columns(sheet)
    files = StructureFiles.below(root, sheet.columns, structures or {})
    read = _NAMED | labels.columns | asks | set(files.columns)
    others = [name for name in sheet.columns if name not in read and not name.startswith(PREFIX)]
    strata = strata_columns(sheet, others, labels)
    coloured = in_colour(_images_in(sheet, root, reading), colour)
    numeric = frozenset(numeric_columns(sheet, others))
    reader = _Reader(root, labels, strata, numeric, asks, masks, files, asked, coloured)
    cases = []
    for line in sheet.rows:
        name = line["case_id"]
        if name in reading.left_out:
            continue
        with reading.guarding(name):
            case = reader.case(line)
            if len(sheet.rows) <= MARKERS_UP_TO:
                case = with_marker(case, reading)
            cases.append(annotated.on(case))
            reading.files[name] = line["image"]
    if coloured:
        warnings += notes_on_colour(sheet)
    elif masks == "auto":
        warnings += notes_on_masks(sheet, reader.targets)
    warnings += note_on_turned(reader.turned)
    warnings += files.notes(len(cases))
    named = _named_in(sheet, root) | files.read | annotated.files
    warnings += [*sheet.notes(), *notes_on_strata(sheet, others), *unread(root, named)]
    warnings += misspelt(others)
    warnings += without_reference(labels.units, [case.reference for case in cases])
    return cohort_of(
        cases,
        name=f"folder-{root.name}",
        description=f"{len(cases)} radiographs of a folder with {'manifest' if sheet.entry.name else 'telling names'}",
        source=f"{root.name}/{sheet.entry.name}",
        licence="As the folder's owner says.",
        reading=reading,
        warnings=warnings,
        units=labels.units,
    )


@takes(
    Usage(
        "images with a manifest, or with telling file names",
        "PATH",
        (Option("names", "what file names say: a pattern, stem or grazpedwri", FILLED), MASKS, COLOUR, LABELS, INDEX),
    )
)
def named_folder(given: Given, reading: CohortReading) -> Cohort:
    """A cohort from a folder, from ``folder:PATH?OPTION=VALUE&...``."""
    names, masks, colour, labels = (given.value[name] for name in ("names", "masks", "colour", "labels"))
    return folder(given.argument, names=names, masks=masks, colour=colour, structures=labels, reading=reading)


def folder_pixels(
    image: Entry,
    edit: Entry | None,
    protected: Entry | None,
    masks: Masks,
    case_id: str,
    target: Entry | None = None,
    structures: CaseStructures | None = None,
    colour: bool = False,
) -> Pixels:
    """Decode one case. Of one with a target and without an edit mask, a tool may change every pixel."""
    found = with_masks(image_of(image, case_id, colour=colour), edit, protected, masks, case_id)
    shape = found.image.shape[:2]
    named = structures.planes(shape, case_id) if structures else {}
    found = replace(found, structures=named)
    if target is None:
        return found
    wanted = image_of(target, f"{case_id}, its target", colour=colour)
    if edit is not None:
        return replace(found, target=wanted)
    hand = found.protected_mask | found.edit_mask if masks == "files" and protected is None else found.protected_mask
    return Pixels(found.image, np.ones(found.edit_mask.shape, dtype=bool), hand, wanted, named)


@dataclass(frozen=True)
class _Files:
    """What belongs to the image of a row: masks, target, spacing, and what of them the digest of the case has."""

    edit: Entry | None
    protected: Entry | None
    target: Entry | None
    structures: CaseStructures
    spacing_mm: tuple[float, ...] | None
    digests: list[str]


@dataclass(frozen=True)
class _Reader:
    """What turns the rows of one manifest into cases."""

    root: Path
    labels: Labels
    strata: Mapping[str, str]
    numeric: frozenset[str]
    asks: frozenset[str]
    masks: Masks
    structures: StructureFiles
    asked: str
    colour: bool = False
    targets: set[str] = field(default_factory=set)
    """Cases with a target, as they are met: what a tool may change in them is not looked for."""
    turned: set[str] = field(default_factory=set)
    """Files whose orientation tag is applied, as they are met."""

    @property
    def _masks(self) -> Masks:
        """Where masks come from: no hand is looked for in colour."""
        return "files" if self.colour else self.masks

    def case(self, line: Mapping[str, str]) -> Case:
        case_id = line["case_id"]
        if not case_id:
            raise DatasetError(self.asked, "a row without case_id", "Give every row its id.")
        image = file_below(self.root, line["image"], "image", case_id)
        if image is None:
            raise DatasetError(self.asked, f"no image given for case {case_id}", "Write its path below the folder.")
        found = self._volume(line, image, case_id) if is_volume(image) else self._radiograph(line, image, case_id)
        reference, strata = self.labels.of(line, case_id)
        for column, name in sorted(self.strata.items()):
            if (value := stratum_of(line[column], numeric=column in self.numeric)) is not None:
                strata[name] = value
        wish = wish_of(line, self.asks)
        digests = [image.digest(), *found.digests, *wish.digests]
        if found.target:
            digests.append(f"target:{found.target.digest()}")
            self.targets.add(case_id)
        structures = found.structures.masks if is_volume(image) else found.structures
        decode: Any = volume_pixels if is_volume(image) else partial(folder_pixels, colour=self.colour)
        return Case(
            case_id=case_id,
            patient_id=line.get("patient_id") or case_id,
            decode=partial(decode, image, found.edit, found.protected, self._masks, case_id, found.target, structures),
            digest=hashlib.sha256(" ".join(digests).encode()).hexdigest(),
            reference=reference,
            strata=strata,
            spacing_mm=found.spacing_mm,
            prompt=wish.prompt,
            parameters=wish.parameters,
        )

    def _radiograph(self, line: Mapping[str, str], image: Entry, case_id: str) -> _Files:
        header = header_checked(image, case_id)
        if header.orientation != 1:
            self.turned.add(image.name)
        edit, protected = mask_files(self.root, line, header.size, case_id, self.turned)
        target = _target_file(self.root, line, image, case_id, self.turned)
        spacing = spacing_of(line.get("spacing_mm", ""), case_id)
        structures = self.structures.of(line, image, case_id)
        digests = [*header.digests, *mask_digests(edit, protected, self._masks), *(["colour"] if self.colour else [])]
        structures.check_sizes(header.size, case_id, self.turned)
        digests += structures.digests
        return _Files(edit, protected, target, structures, spacing, digests)

    def _volume(self, line: Mapping[str, str], image: Entry, case_id: str) -> _Files:
        frame = frame_in(image, case_id)
        if not is_missing(line.get("spacing_mm", "")):
            found = f"{line['spacing_mm']!r}, where the header of {image} says it"
            raise DatasetError(f"spacing_mm of case {case_id}", found, "Leave the cell empty.")
        named = {column: mask_below(self.root, line.get(column, ""), column, case_id) for column in _OF_IMAGE}
        target = named["target"] or file_below(self.root, _beside(self.root, image), "target", case_id)
        structures = self.structures.of(line, image, case_id)
        check_masks({**named, "target": target}, structures.of_volume(case_id), frame, case_id)
        edit, protected = named["edit_mask"], named["protected_mask"]
        digests = [f"nifti:{VERSION}", *mask_digests(edit, protected, "files"), *structures.digests]
        return _Files(edit, protected, target, structures, frame.spacing_mm, digests)


def _images_in(sheet: CaseTable, root: Path, reading: CohortReading) -> Iterator[tuple[str, Entry]]:
    """Case id and file of every image that a table names and that is there; what is not will be met with its case."""
    for line in sheet.rows:
        name = PurePosixPath(line["image"].replace("\\", "/"))
        entry = Entry(root, name.as_posix(), zipped=False)
        listed = line["case_id"] not in reading.left_out and line["image"]
        if listed and not is_volume(entry) and is_there(root / name):
            yield line["case_id"], entry


def _sheet(there: Path, root: Path, pattern: NamePattern | None, asked: str) -> tuple[CaseTable, list[str]]:
    """The manifest, filled up with what file names say; or a table made of file names alone."""
    if there.is_file() and there.name.lower().endswith(READ):
        raise DatasetError(asked, "it is one image", "Name the folder that it is in, or the manifest of that folder.")
    present = [there.name] if there.is_file() else [name for name in MANIFESTS if (root / name).is_file()]
    if len(present) > 1:
        raise DatasetError(asked, f"both {' and '.join(present)}", "Name the one to read, folder:PATH/manifest.csv.")
    if present:
        sheet = table(Entry(root, present[0], zipped=False))
        if not {"case_id", "image"} <= set(sheet.columns):
            separator = separator_in_words(sheet.entry)
            found = f"columns {', '.join(sheet.columns)} in {present[0]}{separator and f', separated by {separator}'}"
            more = " Separate cells by commas, semicolons or tabs." if len(sheet.columns) == 1 else ""
            raise DatasetError(asked, found, f"The columns case_id and image are needed.{more}")
        if pattern is None:
            return sheet, []
        strange = sum(pattern.of(_stem(line["image"])) is None for line in sheet.rows)
        note = f"{strange} of {len(sheet.rows)} images of {present[0]} are not named like {pattern.text}."
        return _filled_from_names(sheet, pattern), [note] if strange else []
    if pattern is None:
        raise DatasetError(asked, f"no {MANIFESTS[0]} in it{found_in(root)}", f"{_COLUMNS} {READ_KINDS}")
    images = [entry for entry in entries(root) if entry.suffix in READ and not entry.zipped]
    images = [entry for entry in images if PurePosixPath(entry.name).parts[0] not in (TARGETS, *NOT_IMAGES)]
    fitting = [entry for entry in images if pattern.of(entry.stem) is not None]
    if not fitting:
        found = f"none of its {len(images)} images is named like {pattern.text}"
        raise DatasetError(asked, found, "Correct the pattern, or write a manifest.csv.")
    rows = tuple({"case_id": entry.stem, "image": entry.name} for entry in fitting)
    left = len(images) - len(fitting)
    warnings = [f"{left} images not named like {pattern.text} were left out."] if left else []
    return _filled_from_names(CaseTable(Entry(root, "", zipped=False), ("case_id", "image"), rows), pattern), warnings


def _filled_from_names(sheet: CaseTable, pattern: NamePattern) -> CaseTable:
    """The table with what file names say, wherever it has no cell of its own for it."""
    by_name = [
        {("patient_id" if name == "patient" else name): cell for name, cell in (pattern.of(stem) or {}).items()}
        for stem in (_stem(line["image"]) for line in sheet.rows)
    ]
    fields = tuple(dict.fromkeys(name for fields in by_name for name in fields))
    columns = (*sheet.columns, *(name for name in fields if name not in sheet.columns))
    rows = tuple(
        {name: line.get(name) or fields.get(name, "") for name in columns}
        for line, fields in zip(sheet.rows, by_name, strict=True)
    )
    return CaseTable(sheet.entry, columns, rows, sheet.nameless)


def _named_in(sheet: CaseTable, root: Path) -> set[str]:
    """Paths below the folder of the table and of every file that it names, or all images where there is no table."""
    columns = ("image", *_OF_IMAGE)
    cells = {line.get(name, "").replace("\\", "/") for line in sheet.rows for name in columns}
    named = {PurePosixPath(path).as_posix() for cell in cells for path in (cell, named_part(cell)[0])}
    targets = {entry.name for entry in entries(root) if PurePosixPath(entry.name).parts[0] == TARGETS}
    images = set() if sheet.entry.name else {e.name for e in entries(root) if e.suffix in READ}
    images = {name for name in images if PurePosixPath(name).parts[0] not in NOT_IMAGES}
    return {sheet.entry.name, *named, *targets, *images}


def _stem(cell: str) -> str:
    """File name, without folder and suffix, of a cell."""
    return bare_name(cell.replace("\\", "/"))


def mask_files(
    root: Path, line: Mapping[str, str], size: tuple[int, int], case_id: str, turned: set[str], *, named: bool = True
) -> tuple[Entry | None, Entry | None]:
    """The files of the edit mask and of the protected mask that a row names, each of the image's size.

    Those whose orientation tag is applied are added to ``turned``. Without ``named`` no error repeats their names, now
    or when they are decoded.
    """
    found = []
    for column in ("edit_mask", "protected_mask"):
        mask = file_below(root, line.get(column, ""), column, case_id, alias="" if named else f"its {column} file")
        found.append(mask)
        if mask is None:
            continue
        header = header_checked(mask, case_id, mask=True)
        if header.orientation != 1:
            turned.add(mask.name)
        if (claimed := header.size) != size:
            wanted = f"a mask of {size[0]}x{size[1]} for case {case_id}"
            raise DatasetError(wanted, f"{mask} is {claimed[0]}x{claimed[1]}", "Draw it at the image's size.")
    return found[0], found[1]


def _target_file(root: Path, line: Mapping[str, str], image: Entry, case_id: str, turned: set[str]) -> Entry | None:
    """The target that a row names, or the one below ``targets/`` of the image's name; None where there is neither."""
    cell = line.get("target", "") or _beside(root, image)
    found = file_below(root, cell, "target", case_id)
    if found is not None and header_checked(found, case_id).orientation != 1:
        turned.add(found.name)
    return found


def _beside(root: Path, image: Entry) -> str:
    """The path below the folder of the target of an image's name below ``targets/``; empty where there is none."""
    names = (f"{TARGETS}/{image.stem}{suffix}" for suffix in READ)
    return next((name for name in names if is_there(root / name)), "")

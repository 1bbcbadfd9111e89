"""A folder of DICOM series of slices, or of files of many frames, each one volume; no identifier leaves this reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from editproof.core.extras import need
from editproof.datasets.cohort import HAND_UNITS, MARKERS_UP_TO, Cohort, check_unique_ids, cohort_of, with_marker
from editproof.datasets.dicom.file import HeaderFacts, facts_of, file_bytes, frames_of, header_of
from editproof.datasets.dicom.listing import listing_of
from editproof.datasets.dicom.pseudonyms import Pseudonyms, pseudonyms
from editproof.datasets.dicom.rows import Rows, labels_beside
from editproof.datasets.dicom.series import VERSION, Slice, Stack, series_volume, slices_of, stack_of
from editproof.datasets.folder.files import Entry, existing
from editproof.datasets.folder.structures import StructureFiles
from editproof.datasets.folder.volumes import check_masks, mask_frame_checked, mask_in, reference_masks_in
from editproof.datasets.kinds import found_in, left_out
from editproof.datasets.masks.files import Masks, mask_digests
from editproof.datasets.masks.parts import mask_below
from editproof.datasets.reading import CohortReading
from editproof.datasets.tables.labels import without_reference
from editproof.errors import DatasetError
from editproof.types import Case, Pixels


@dataclass
class _Series:
    """Files and slices of one volume, as they are met; errors call it by its place, for names may identify."""

    number: int
    uid: str
    facts: HeaderFacts
    files: list[Entry] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    spaces: set[str] = field(default_factory=set)

    @property
    def folder(self) -> str:
        """The folder that all its files lie in; of one file of many frames, the file itself."""
        if len(self.files) == 1:
            return self.files[0].name
        folders = {str(PurePosixPath(entry.name).parent) for entry in self.files}
        return folders.pop() if len(folders) == 1 else ""

    @property
    def asked(self) -> str:
        """What errors call it."""
        return f"series {self.number} of the folder, in order of name"


def dicom_volumes(
    path: str | Path,
    *,
    labels: str | None = None,
    masks: Masks = "auto",
    key: str | None = None,
    reading: CohortReading | None = None,
) -> Cohort:
    """A cohort from a folder of DICOM series, each of which is one volume; a file of several frames is one, too.

    Parameters
    ----------
    path, labels, masks, key, reading
        As :func:`editproof.datasets.dicom.cohort.dicom` takes them. A row belongs to the series that
        ``series_instance_uid`` names, or ``file`` (the folder that holds the files of one series, or the file of many
        frames), or ``case_id`` (the name of that folder). Masks, and the reference masks of
        ``structure:NAME``, are NIfTI files of the frame of the volume, or parts of a SEG or RTSTRUCT
        (:mod:`editproof.datasets.masks.parts`).

    Returns
    -------
    Cohort
        Case and patient ids are pseudonyms. Values are those after rescale; spacing is that of the positions of slices.

    Raises
    ------
    DatasetError
        Where a file, a series, the table, a mask or a label is not sound. A series is named by its place.
    """
    asked = f"the DICOM cohort {path}"
    need("volumes", asked, DatasetError)
    reading = reading or CohortReading()
    root = existing(path, asked)
    if not root.is_dir():
        raise DatasetError(asked, "it is not a folder", "Name the folder that holds the DICOM files.")
    sheet, listing = labels_beside(root, labels, asked), listing_of(root)
    rows = Rows(sheet)
    images = [entry for entry in listing.files if entry.name not in rows.files]
    if not images:
        raise DatasetError(asked, f"no DICOM file in it{found_in(root)}", "Check the path; unpack archives first.")
    met = _series_in(images, reading)
    names = pseudonyms([digest for one in met for digest in one.digests], Path(key) if key else None)
    cases, unlisted = [], 0
    structures = StructureFiles(root, rows.structures, {}, alias="its file")
    reader = _Reader(root, names, rows, masks, structures)
    for one in met:
        flawed = f"series-{hashlib.sha256(' '.join(sorted(one.digests)).encode()).hexdigest()[:16]}"
        if flawed in reading.left_out:
            continue
        with reading.guarding(flawed):
            reading.files[flawed] = one.folder
            line = rows.of_series(one.facts.series, one.uid, one.folder)
            if line is None and sheet is not None:
                unlisted += 1
                continue
            case = reader.case(one, line or {})
            if case.case_id in reading.left_out:
                continue
            if len(met) <= MARKERS_UP_TO:
                case = with_marker(case, reading)
            cases.append(case)
            reading.files[case.case_id] = reading.files.pop(flawed)
            reading.known_as[case.case_id] = {one.uid, one.facts.patient.partition("\0")[2]} - {""}
    if (missing := rows.unmet()) and not (reading.tolerant or reading.left_out):
        unmet = f"{missing} of {len(rows)} rows of {rows.name} have no DICOM series"
        raise DatasetError(asked, unmet, "Add the files, or take the rows out of the table.")
    check_unique_ids([case.case_id for case in cases], root.name)
    units = dict(rows.labels.units)
    if any("sex" in case.reference for case in cases):
        units["sex"] = HAND_UNITS["sex"]
    nameless = sum(not one.facts.patient for one in met)
    notes = [
        (unlisted, f"{unlisted} DICOM series without a row in the table were left out."),
        (nameless, f"{nameless} of {len(met)} series have no PatientID: their study is taken as the patient."),
    ]
    return cohort_of(
        cases,
        name="dicom",
        description=f"{len(cases)} DICOM volumes, values after rescale, names of patients and images are pseudonyms",
        source="a folder of DICOM files",
        licence="As the folder's owner says.",
        reading=reading,
        warnings=[
            *listing.notes(),
            *rows.notes_on_unmet(),
            *left_out([kind for name, kind in listing.others.items() if name not in rows.files]),
            *(words for count, words in notes if count),
            *structures.notes(len(cases)),
            *rows.ignored(),
            *without_reference(units, [case.reference for case in cases]),
        ],
        units=units,
    )


def dicom_volume_pixels(
    files: Sequence[Entry],
    stack: Stack,
    edit: Entry | None,
    protected: Entry | None,
    structures: Mapping[str, Entry],
    case_id: str,
) -> Pixels:
    """Decode one case; where no file gives the protected mask, all that may not be edited is protected."""
    volume = series_volume(files, stack, f"case {case_id}")
    marker = mask_in(edit, stack.frame, "the edit mask", case_id) if edit else np.zeros(volume.shape, bool)
    kept = mask_in(protected, stack.frame, "the protected mask", case_id) if protected else ~marker
    return Pixels(volume, marker, kept, structures=reference_masks_in(structures, stack.frame, case_id))


@dataclass(frozen=True)
class _Reader:
    """What turns one series and its row into a case."""

    root: Path
    names: Pseudonyms
    rows: Rows
    masks: Masks
    structures: StructureFiles

    def case(self, one: _Series, line: Mapping[str, str]) -> Case:
        own = line.get("case_id", "") if line.get("series_instance_uid") or line.get("file") else ""
        case_id = own or self.names.of("case", one.uid)
        stack = stack_of(one.slices, one.asked)
        if len(one.spaces) > 1:
            found = "its slices lie in several frames of reference"
            raise DatasetError(one.asked, found, "Keep one stack of parallel slices to a series, or leave it out.")
        stack = replace(stack, frame=replace(stack.frame, space=next(iter(one.spaces)), series=one.facts.series))
        edit, protected = (self._mask(line, column, stack, case_id) for column in ("edit_mask", "protected_mask"))
        if self.masks == "auto" and edit is None:
            found = "it is a volume, and masks are found automatically on radiographs of hands alone"
            raise DatasetError(f"masks of {one.asked}", found, "Name NIfTI masks in the column edit_mask.")
        structures = self.structures.of(line, one.files[0], case_id)
        check_masks({}, structures.of_volume(case_id), stack.frame, case_id)
        reference, strata = self.rows.labels.of(line, case_id)
        facts = one.facts
        if "sex" not in reference and facts.sex in ("M", "F"):
            reference["sex"] = float(facts.sex == "M")
        header: dict[str, str | float] = {"age_years": facts.age_years} if facts.age_years is not None else {}
        header |= {"sex": facts.sex} if facts.sex else {}
        patient = line.get("patient_id") or facts.patient or facts.study or one.uid
        wish = self.rows.wish(line)
        parts = [*one.digests, f"series:{VERSION}", *mask_digests(edit, protected, "files"), *wish.digests]
        parts += structures.digests
        return Case(
            case_id=case_id,
            patient_id=self.names.of("patient", patient),
            decode=partial(dicom_volume_pixels, tuple(one.files), stack, edit, protected, structures.masks, case_id),
            digest=hashlib.sha256(" ".join(parts).encode()).hexdigest(),
            reference=reference,
            strata={**header, **strata, **self.rows.strata(line), "burned_in": facts.burned_in},
            spacing_mm=stack.frame.spacing_mm,
            prompt=wish.prompt,
            parameters=wish.parameters,
        )

    def _mask(self, line: Mapping[str, str], column: str, stack: Stack, case_id: str) -> Entry | None:
        entry = mask_below(self.root, line.get(column, ""), column, case_id, alias=f"its {column} file")
        if entry is not None:
            mask_frame_checked(entry, stack.frame, column, case_id)
        return entry


def _series_in(files: Sequence[Entry], reading: CohortReading) -> list[_Series]:
    """The volumes that files hold, in the order of the names of their first files."""
    met: dict[str, _Series] = {}
    seen: dict[str, int] = {}
    for number, entry in enumerate(files):
        place = f"DICOM file {number + 1} of {len(files)} in order of name"
        digest = hashlib.sha256(file_bytes(entry, place)).hexdigest()
        with reading.guarding(f"file-{digest[:16]}"):
            header = header_of(entry, place, several=True)
            facts = facts_of(header, place)
            if (earlier := seen.setdefault(facts.sop_uid, number)) != number:
                found = f"its SOPInstanceUID is that of DICOM file {earlier + 1}"
                raise DatasetError(place, found, "Keep one of them.")
            uid = facts.sop_uid if frames_of(header) > 1 else facts.series
            if not uid:
                raise DatasetError(place, "it has no SeriesInstanceUID", "Every slice needs one; export it again.")
            one = met.setdefault(uid, _Series(len(met) + 1, uid, facts))
            if facts.patient != one.facts.patient:
                raise DatasetError(one.asked, "its files name several patients", "Separate them, or leave it out.")
            one.slices += slices_of(header, len(one.files), place)
            one.files.append(replace(entry, alias=place))
            one.digests.append(digest)
            one.spaces.add(str(header.get("FrameOfReferenceUID", "")))
    return list(met.values())

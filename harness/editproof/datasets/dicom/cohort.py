"""A folder of DICOM radiographs with the reference standard in a table; no identifier leaves this reader."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.extras import need
from editproof.core.usage import FILE, YES_NO, Given, Option, Usage, one_of, takes
from editproof.datasets.cohort import HAND_UNITS, MARKERS_UP_TO, Cohort, check_unique_ids, cohort_of, with_marker
from editproof.datasets.dicom.file import HeaderFacts, facts_of, file_bytes, header_of
from editproof.datasets.dicom.listing import listing_of
from editproof.datasets.dicom.pixels import VERSION, Voi, dicom_image
from editproof.datasets.dicom.pseudonyms import Pseudonyms, pseudonyms
from editproof.datasets.dicom.remarks import remarks_on
from editproof.datasets.dicom.rows import Rows, labels_beside
from editproof.datasets.dicom.volumes import dicom_volumes
from editproof.datasets.folder.cohort import mask_files
from editproof.datasets.folder.colour import IN_COLOUR
from editproof.datasets.folder.files import Entry, existing
from editproof.datasets.folder.images import note_on_turned
from editproof.datasets.folder.structures import CaseStructures, StructureFiles
from editproof.datasets.kinds import found_in, left_out
from editproof.datasets.masks.files import MASKS, Masks, mask_digests, with_masks
from editproof.datasets.reading import INDEX, CohortReading
from editproof.datasets.tables.labels import without_reference
from editproof.errors import DatasetError
from editproof.types import Case, Pixels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def dicom(
    path: str | Path,
    *,
    labels: str | None = None,
    voi: Voi = "first",
    masks: Masks = "auto",
    colour: bool = False,
    key: str | None = None,
    reading: CohortReading | None = None,
) -> Cohort:
    """A cohort from a folder of DICOM files.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder with DICOM files at any depth. Links are not followed but counted, hidden files are not looked at.
    labels : str, optional
        Table of the reference standard below the folder, by default ``labels.csv`` or ``labels.parquet`` where there
        is one: a row for each image, found by ``sop_instance_uid``, ``file`` (path below the folder, or file name) or
        ``case_id`` (the file name without ``.dcm``, ``.dicom`` or ``.dic``). ``case_id`` beside one of the others is
        an id of your own, kept as it is. Reference standard as in :mod:`editproof.datasets.tables.labels`; masks as
        in :func:`editproof.datasets.folder.cohort.folder`; ``patient_id`` goes before the header's and becomes a
        pseudonym too; ``stratum:NAME`` a stratum. Other columns are not read: they could hold what identifies a
        patient.
    voi : {"first", "none"}
        Whether the first VOI LUT or window of a header is applied, or the whole stored range kept.
    masks : {"auto", "files"}
        See :func:`editproof.datasets.masks.files.with_masks`.
    colour : bool
        Whether all images are read as red, green and blue, with masks from files alone; else colour is refused.
    key : str, optional
        File with the key of the pseudonyms; see :mod:`editproof.datasets.dicom.pseudonyms`.
    reading : Reading, optional
        What to leave out, and whether to read past flaws.

    Returns
    -------
    Cohort
        Case and patient ids are pseudonyms. Strata: ``age_years``, ``sex``, ``laterality``, ``burned_in``. Reference
        ``sex`` is the header's where the table has none.

    Raises
    ------
    DatasetError
        Where a file, the table, a mask or a label is not sound. A file is named by its place in the order of names.
    """
    asked = f"the DICOM cohort {path}"
    reading = reading or CohortReading()
    root = existing(path, asked)
    if not root.is_dir():
        raise DatasetError(asked, "it is not a folder", "Name the folder that holds the DICOM files.")
    sheet = labels_beside(root, labels, asked)
    listing = listing_of(root)
    found = listing.files
    if not found and listing.links:
        only_links = f"no DICOM file in it, only {listing.links} links, which are not followed"
        raise DatasetError(asked, only_links, "Copy the files there.")
    if not found:
        raise DatasetError(asked, f"no DICOM file in it{found_in(root)}", "Check the path; unpack archives first.")
    digests = [hashlib.sha256(file_bytes(e, _place(n, found))).hexdigest() for n, e in enumerate(found)]
    names = pseudonyms(digests, Path(key) if key else None)
    own_key = Path(key).resolve() if key else None
    rows = Rows(sheet)
    masks = "files" if colour else masks
    structures = StructureFiles(root, rows.structures, {}, alias="its file")
    reader = _Reader(root, names, rows, voi, masks, structures, colour)
    cases, facts, unlisted = [], [], 0
    first: dict[str, int] = {}
    for number, (entry, digest) in enumerate(zip(found, digests, strict=True)):
        copies = digests[:number].count(digest)
        flawed = f"file-{digest[:16]}" + (f"-{copies + 1}" if copies else "")
        if flawed in reading.left_out:
            continue
        with reading.guarding(flawed):
            reading.files[flawed] = entry.name
            place = _place(number, found)
            read = facts_of(header_of(entry, place), place)
            if (earlier := first.setdefault(read.sop_uid, number)) != number:
                repeated = f"its SOPInstanceUID is that of {_place(earlier, found)}"
                raise DatasetError(place, repeated, "Keep one of them, or index the cohort, which leaves this one out.")
            line = rows.of(entry, read)
            if line is None and sheet is not None:
                unlisted += 1
                continue
            case = reader.case(entry, digest, read, line or {})
            if case.case_id in reading.left_out:
                continue
            if len(found) <= MARKERS_UP_TO:
                case = with_marker(case, reading)
            cases.append(case)
            facts.append(read)
            reading.files[case.case_id] = reading.files.pop(flawed)
            own = (line or {}).get("patient_id") or read.patient.partition("\0")[2]
            reading.known_as[case.case_id] = {read.sop_uid, own} - {""}
    if (missing := rows.unmet()) and not (reading.tolerant or reading.left_out):
        unmet = f"{missing} of {len(rows)} rows of {rows.name} have no DICOM file"
        links = [f"({listing.links} links are not followed)"] if listing.links else []
        raise DatasetError(asked, " ".join([unmet, *links]), "Add the files, or take the rows out of the table.")
    check_unique_ids([case.case_id for case in cases], root.name)
    units = dict(rows.labels.units)
    if any("sex" in case.reference for case in cases):
        units["sex"] = HAND_UNITS["sex"]
    return cohort_of(
        cases,
        name="dicom",
        description=f"{len(cases)} DICOM radiographs, VOI: {voi}, names of patients and images are pseudonyms",
        source="a folder of DICOM files",
        licence="As the folder's owner says.",
        reading=reading,
        warnings=[
            *listing.notes(),
            *left_out(
                [kind for name, kind in listing.others.items() if name not in rows.files and root / name != own_key]
            ),
            *_warnings(cases, facts, unlisted, masks),
            *rows.notes_on_unmet(),
            *([IN_COLOUR] if colour else []),
            *structures.notes(len(cases)),
            *rows.ignored(),
            *note_on_turned(reader.turned),
            *without_reference(units, [case.reference for case in cases]),
        ],
        units=units,
    )


@takes(
    Usage(
        "a folder of DICOM files, with a table of labels beside them",
        "PATH",
        (
            Option("labels", "table of the reference standard, below the folder", FILE),
            Option("voi", "whether a header's first window is applied", one_of("first", "none"), "first"),
            Option("series", "whether each series of slices, or file of frames, is one volume", YES_NO, "no"),
            MASKS,
            Option("colour", "whether images are read in colour", YES_NO, "no"),
            Option("key", "file with the key of the pseudonyms", FILE),
            INDEX,
        ),
    )
)
def named_dicom(given: Given, reading: CohortReading) -> Cohort:
    """A cohort from a folder of DICOM files, from ``dicom:PATH?OPTION=VALUE&...``."""
    need("dicom", given.asked, DatasetError)
    value = given.value
    if value["series"]:
        return dicom_volumes(
            given.argument, labels=value["labels"], masks=value["masks"], key=value["key"], reading=reading
        )
    return dicom(
        given.argument,
        labels=value["labels"],
        voi=value["voi"],
        masks=value["masks"],
        colour=value["colour"],
        key=value["key"],
        reading=reading,
    )


def dicom_pixels(
    entry: Entry, edit: Entry | None, protected: Entry | None, structures: CaseStructures, voi: Voi, masks: Masks,
    case_id: str, colour: bool,
) -> Pixels:  # fmt: skip
    """Decode one case."""
    image = dicom_image(entry, voi, f"case {case_id}", colour=colour)
    found = with_masks(image, edit, protected, masks, case_id)
    return replace(found, structures=structures.planes(image.shape[:2], case_id))


@dataclass(frozen=True)
class _Reader:
    """What turns one file and its row into a case."""

    root: Path
    names: Pseudonyms
    rows: Rows
    voi: Voi
    masks: Masks
    structures: StructureFiles
    colour: bool = False
    turned: set[str] = field(default_factory=set, repr=False)
    """Files of masks whose orientation tag is applied, as they are met."""

    def case(self, entry: Entry, digest: str, facts: HeaderFacts, line: Mapping[str, str]) -> Case:
        own = line.get("case_id", "") if line.get("sop_instance_uid") or line.get("file") else ""
        case_id = own or self.names.of("case", facts.sop_uid)
        edit, protected = mask_files(self.root, line, facts.size, case_id, self.turned, named=False)
        structures = self.structures.of(line, entry, case_id)
        structures.check_sizes(facts.size, case_id, self.turned)
        reference, strata = self.rows.labels.of(line, case_id)
        if "sex" not in reference and facts.sex in ("M", "F"):
            reference["sex"] = float(facts.sex == "M")
        header: dict[str, str | float] = {"age_years": facts.age_years} if facts.age_years is not None else {}
        header |= {name: cell for name, cell in (("sex", facts.sex), ("laterality", facts.laterality)) if cell}
        patient = line.get("patient_id") or facts.patient or facts.study or facts.sop_uid
        wish = self.rows.wish(line)
        parts = [digest, f"dicom:{VERSION}:{self.voi}", *mask_digests(edit, protected, self.masks), *wish.digests]
        parts += [*(["colour"] if self.colour else []), *structures.digests]
        return Case(
            case_id=case_id,
            patient_id=self.names.of("patient", patient),
            decode=partial(
                dicom_pixels, entry, edit, protected, structures, self.voi, self.masks, case_id, self.colour
            ),
            digest=hashlib.sha256(" ".join(parts).encode()).hexdigest(),
            reference=reference,
            strata={**header, **strata, **self.rows.strata(line), "burned_in": facts.burned_in},
            spacing_mm=facts.spacing_mm,
            prompt=wish.prompt,
            parameters=wish.parameters,
        )


def _place(number: int, found: Sequence[Entry]) -> str:
    """A file without its name, which may be a patient's."""
    return f"DICOM file {number + 1} of {len(found)} in order of name"


def _warnings(cases: list[Case], facts: list[HeaderFacts], unlisted: int, masks: Masks) -> list[str]:
    """Warnings on the files, for the card."""
    n, burned = len(cases), Counter(read.burned_in for read in facts)
    several = sum(count > 1 for count in Counter(read.series for read in facts if read.series).values())
    nameless = sum(not read.patient for read in facts)
    notes = [
        (unlisted, f"{unlisted} DICOM files without a row in the table were left out."),
        (burned["yes"], f"{burned['yes']} of {n} headers say that text is burned into the pixels: it may identify."),
        (burned["unknown"], f"{burned['unknown']} of {n} headers do not say whether text is burned into the pixels."),
        (several, f"{several} series have several images."),
        (nameless, f"{nameless} of {n} files have no PatientID: their study is taken as the patient."),
        (sum(not read.projection for read in facts), "Some files are of no projection radiography modality."),
        (sum(read.spacing_mm is None for read in facts), "Some files have no pixel spacing."),
        (len({c.patient_id for c in cases}) == 1 and n > 1, f"All {n} images carry one patient's id: check PatientID."),
        (masks == "auto", "Masks that no file gives are automatic, not reviewed."),
    ]
    return [*(words for count, words in notes if count), *remarks_on(read.remarks for read in facts)]

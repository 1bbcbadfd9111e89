"""Index a cohort before a study: what is in it, what should not be, and why.

An index names every case with a digest over patient, files, reference standard and strata, one of
its pixels, and a perceptual hash; and every case that a study should leave out. ``NAME:PATH?index=FILE`` then leaves
them out (:mod:`editproof.datasets.index.reading`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.nearest import did_you_mean
from editproof.core.specification import Specification, specification
from editproof.core.usage import parsed
from editproof.datasets.cases import digest_of_cases
from editproof.datasets.checks import decoded_case
from editproof.datasets.dicom.listing import listing_of
from editproof.datasets.folder.cohort import MANIFESTS, READ_KINDS
from editproof.datasets.folder.files import IMAGE_SUFFIXES, entries
from editproof.datasets.index.leakage import training_at
from editproof.datasets.index.likeness import (
    NEAR_BITS,
    inverted,
    near_pairs,
    perceptual_hash,
    pixels_digest,
    thumbnail,
)
from editproof.datasets.index.reading import ExcludedCase, Index, IndexedCase, IndexedCohort, Spread
from editproof.datasets.kinds import ending_of, found_in
from editproof.datasets.reading import CohortReading
from editproof.datasets.registry import READERS, built_in, given_to
from editproof.datasets.rsna.files import is_rsna
from editproof.datasets.tables.table import table
from editproof.errors import DatasetError
from editproof.imaging.axes import ZYX, axes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from editproof.datasets.cohort import Cohort
    from editproof.datasets.index.leakage import Training
    from editproof.types import Case, Pixels

FLAWED, DUPLICATE, NEAR, TRAINED = "not sound", "duplicate", "near-duplicate of another patient", "trained on"
_MANIFEST = "Write a manifest.csv with the columns case_id,image in the folder."
LISTED = 10
"""Cases that a note names."""


def index_of(
    spec: str,
    against: Sequence[Path] = (),
    *,
    reading: CohortReading | None = None,
    progress: Callable[[Iterable[Case], int], Iterable[Case]] | None = None,
) -> Index:
    """The index of a cohort.

    Parameters
    ----------
    spec : str
        As for ``--dataset``, of a built-in reader; a plain folder is looked at to see which reads it.
    against : sequence of pathlib.Path
        Cards of the instruments that will read the cohort, or indexes of what they were trained on.
    reading : Reading, optional
        Takes down the file of every case.
    progress : callable, optional
        Wraps the cases, of known number, e.g. in a progress bar.

    Raises
    ------
    DatasetError
        Where the cohort as a whole cannot be read: no table, an id twice, no sound case.
    """
    reading = reading or CohortReading()
    reading.tolerant = True
    spec = spec_of(spec)
    if "index" in given_to(spec).written:
        raise DatasetError(f"the index of {spec}", "it names an index itself", "Leave index=... out.")
    cohort, trainings = built_in(spec, reading), [training_at(path) for path in against]
    rows: list[IndexedCase] = []
    thumbnails: list[NDArray[np.float32]] = []
    for case in progress(cohort, len(cohort)) if progress else cohort:
        with reading.guarding(case.case_id):
            pixels = decoded_case(case)
            rows.append(_row(case, pixels))
            if axes_of(pixels.image.shape) != ZYX:
                thumbnails.append(thumbnail(pixels.image))
    why: dict[str, dict[str, str]] = {name: {FLAWED: words} for name, words in reading.flawed.items()}
    volumes = len(rows) - len(thumbnails)
    unlike = f"{volumes} cases are volumes: equal ones are found, nearly equal and negative ones are not looked for."
    notes = [*cohort.card.warnings, *_negatives(rows, thumbnails), *([unlike] if volumes else [])]
    _note_duplicates(rows, why, notes)
    _note_leakage(rows, cohort, trainings, reading, why, notes)
    kept = tuple(row for row in rows if row.case not in why)
    patients = {row.patient for row in kept}
    return Index(
        cohort=IndexedCohort(cohort.card.name, len(kept), len(patients)),
        near_duplicate_bits=NEAR_BITS,
        against=tuple(training.name for training in trainings),
        cases=kept,
        excluded=tuple(ExcludedCase(name, tuple(of), tuple(of.values())) for name, of in sorted(why.items())),
        notes=tuple(notes),
        balance=_balance([case for case in cohort if case.case_id not in why]),
    )


def spec_of(text: str) -> str:
    """The specification of a cohort: the text itself, or for a plain folder the reader that fits what is in it.

    Raises
    ------
    DatasetError
        Where it is neither.
    """
    name, colon, _ = text.partition(":")
    if colon and name in READERS:
        return text
    named = Specification("folder", *_path_and_options(text))
    root = Path(named.argument).expanduser()
    if not root.exists():
        advice = f"{did_you_mean(name, READERS)}Name a folder, or a cohort as for --dataset: {', '.join(READERS)}."
        raise DatasetError(f"the cohort {text}", "no such folder, and no reader is called so", advice)
    if any((root / manifest).is_file() for manifest in MANIFESTS) or root.name.startswith("manifest."):
        return f"folder:{text}"
    listing = listing_of(root)
    if listing.files:
        return f"dicom:{text}"
    kinds = {entry.suffix for entry in entries(root)} if root.is_dir() else {root.suffix.lower()}
    if kinds <= {".csv"} and listing.links:
        found = f"no manifest, DICOM file or image in it, only {listing.links} links, which are not followed"
        raise DatasetError(f"the cohort {text}", found, "Copy the files there.")
    if kinds & {".csv", ".zip"} and is_rsna(root):
        return f"rsna:{text}"
    if kinds & set(IMAGE_SUFFIXES) and root.is_dir():
        names = {} if "names" in named.options else {"names": "stem"}
        return str(replace(named, options={**named.options, **names}))
    if root.is_file():
        found = f"it is no manifest and no set of RSNA, but a file of kind {ending_of(root.name)}"
        raise DatasetError(f"the cohort {text}", found, "Name the folder of the images; unpack archives first.")
    found = f"no manifest, DICOM or image in it that is read{found_in(root)}"
    raise DatasetError(f"the cohort {text}", f"{found}{_columns_found(root)}", f"{_MANIFEST} {READ_KINDS}")


def _columns_found(root: Path) -> str:
    """In words, the columns of the first table in a folder; empty without a table that can be read."""
    for entry in entries(root):
        if entry.suffix == ".csv":
            try:
                return f"; {entry.name} has the columns {', '.join(table(entry).columns[:6])}"
            except DatasetError:
                continue
    return ""


def spec_with_index(spec: str, index: Path) -> str:
    """The specification of a cohort, as of :func:`spec_of`, that is to be read with an index; its options are kept.

    Examples
    --------
    >>> spec_with_index("dicom:scans?masks=files", Path("a&b.json"))
    'dicom:scans?masks=files&index=a%26b.json'
    """
    asked = specification(spec)
    return str(replace(asked, options={**asked.options, "index": str(index)}))


def _path_and_options(text: str) -> tuple[str, dict[str, str]]:
    """Path and options of a cohort that is named without its reader."""
    asked = parsed(lambda: specification(f"folder:{text}"), f"the cohort {text}", DatasetError)
    return asked.argument, asked.options


def _row(case: Case, pixels: Pixels) -> IndexedCase:
    known = pixels_digest(pixels.image)
    return IndexedCase(
        case=case.case_id,
        patient=case.patient_id,
        digest=digest_of_cases([case]),
        pixels=known,
        hash=known if axes_of(pixels.image.shape) == ZYX else perceptual_hash(pixels.image),
        size=pixels.edit_mask.shape,
        bits=pixels.image.dtype.itemsize * 8,
        edit_share=round(float(pixels.edit_mask.mean()), 4),
        protected_share=round(float(pixels.protected_mask.mean()), 4),
    )


def _negatives(rows: list[IndexedCase], thumbnails: list[NDArray[np.float32]]) -> list[str]:
    """A note on cases that may be negatives; they are kept, since a bright field about a dark one looks the same."""
    if not (names := [rows[place].case for place in inverted(thumbnails)]):
        return []
    listed = ", ".join(names[:LISTED]) + (", ..." if len(names) > LISTED else "")
    what = "a bright surround, or the wrong photometric interpretation (MONOCHROME1 for MONOCHROME2)"
    return [f"In {len(names)} of {len(rows)} cases gray levels run against the rest: {what}. Look at {listed}."]


def _note_duplicates(rows: list[IndexedCase], why: dict[str, dict[str, str]], notes: list[str]) -> None:
    """The later of two equal pictures is excluded; of two nearly equal ones too, where patients differ."""
    first: dict[str, str] = {}
    for row in rows:
        if (twin := first.setdefault(row.pixels, row.case)) != row.case:
            why.setdefault(row.case, {})[DUPLICATE] = f"its pixels are those of {twin}"
    left = [row for row in rows if row.case not in why]
    same_patient = 0
    for a, b, bits in near_pairs([row.hash for row in left]):
        one, other = left[a], left[b]
        if one.patient == other.patient:
            same_patient += 1
        elif one.case not in why:
            words = f"it differs from {one.case} of another patient in {bits} of 256 bits"
            why.setdefault(other.case, {})[NEAR] = words
    if same_patient:
        notes.append(f"{same_patient} pairs of nearly equal pictures are of one patient each, and are kept.")


def _note_leakage(
    rows: list[IndexedCase],
    cohort: Cohort,
    trainings: Sequence[Training],
    reading: CohortReading,
    why: dict[str, dict[str, str]],
    notes: list[str],
) -> None:
    """Cases of patients that an instrument was trained on are excluded."""
    rsna = cohort.card.name.startswith("rsna-training")
    for training in trainings:
        if not training.is_known:
            notes.append(f"{training.name} does not say which cases it was trained on: leakage cannot be detected.")
        if training.by_rule and not rsna:
            words = "by a rule on ids of RSNA's training set, which says nothing of this cohort."
            notes.append(f"{training.name} names its training cases {words}")
        tainted: dict[str, str] = {}
        for row in rows:
            known = reading.known_as.get(row.case, {row.case, row.patient})
            seen = training.seen(known, row.pixels, row.hash, row.case if rsna else None)
            if seen:
                tainted.setdefault(row.patient, seen)
        for row in rows:
            if row.patient in tainted:
                why.setdefault(row.case, {})[TRAINED] = tainted[row.patient]


def _balance(cases: list[Case]) -> dict[str, Spread]:
    """Counts of every class, and of every stratum of few values; range and median of every number."""
    columns: dict[str, list[str | float]] = {}
    for case in cases:
        for name, value in {**case.reference, **case.strata}.items():
            columns.setdefault(name, []).append(value)
    return {name: _spread(values) for name, values in sorted(columns.items())}


def _spread(values: list[str | float]) -> Spread:
    counts = Counter(values)
    if all(isinstance(value, float) for value in values) and not set(values) <= {0.0, 1.0}:
        numbers = np.array(values, np.float64)
        return {
            "n": len(values),
            "least": float(numbers.min()),
            "median": float(np.median(numbers)),
            "most": float(numbers.max()),
        }
    if len(counts) > 20:
        return {"n": len(values), "values": len(counts)}
    return {f"{value:g}" if isinstance(value, float) else value: n for value, n in sorted(counts.items(), key=str)}

"""An index of a cohort, read back: what it excludes, and whether the cohort is still what was indexed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeAlias

from editproof.core.declared import Count, Wanted, Whole, closed, is_number
from editproof.core.records import from_plain, json_of
from editproof.core.schemas import fault_of_schema
from editproof.datasets.cases import digest_of_cases
from editproof.datasets.cohort import Cohort
from editproof.errors import DatasetError

SCHEMA = 2

Hex = Annotated[str, Wanted("64 hexadecimal digits", lambda text: bool(re.fullmatch("[0-9a-f]{64}", text)))]
"""A sha256, or a perceptual hash of 256 bits."""
Share = Annotated[float, Wanted("a share from 0 to 1", lambda value: 0 <= value <= 1)]
Figure = Annotated[float, Wanted("a finite number", is_number, as_written=True)]
Spread: TypeAlias = Mapping[str, Figure]
"""Counts of each value of a column; or of a column of numbers ``n, least, median, most``."""


@dataclass(frozen=True, kw_only=True)
class IndexedCase:
    """A case that a study may use.

    Attributes
    ----------
    digest : str
        Over patient, files, reference standard and strata.
    pixels, hash : str
        sha256 (hex) of the pixels, and their perceptual hash.
    size : tuple of int
        Rows and columns.
    bits : int
        Of a gray level.
    edit_share, protected_share : float
        Of the pixels, under each mask.
    """

    case: str
    patient: str
    digest: str
    pixels: Hex
    hash: Hex
    size: tuple[Count, ...]
    bits: Count
    edit_share: Share
    protected_share: Share


@dataclass(frozen=True)
class ExcludedCase:
    """A case, or a file that could not be read, that a study should leave out: in kinds, and why in words."""

    case: str
    kinds: tuple[str, ...]
    why: tuple[str, ...]


@dataclass(frozen=True)
class IndexedCohort:
    """What was indexed, and how much of it is left."""

    name: str
    cases: Whole
    patients: Whole


@closed
@dataclass(frozen=True, kw_only=True)
class Index:
    """What an index file says.

    Attributes
    ----------
    near_duplicate_bits : int
        Up to how many differing bits of 256 two hashes are those of near-duplicates.
    against : tuple of str
        Instruments whose training cases were looked for.
    balance : mapping
        By column, what its values are.
    """

    schema: int = SCHEMA
    cohort: IndexedCohort
    near_duplicate_bits: Whole
    against: tuple[str, ...]
    cases: tuple[IndexedCase, ...]
    excluded: tuple[ExcludedCase, ...]
    notes: tuple[str, ...]
    balance: Mapping[str, Spread]


def index_at(path: Path) -> Index:
    """The index in a file.

    Raises
    ------
    DatasetError
        Where there is no such file, or it is of another schema.
    """
    asked, advice = f"the index {path}", "Write one: editproof dataset index SPEC --out FILE."
    try:
        told = json_of(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(asked, f"it is not JSON ({error})", advice) from error
    schema = told.get("schema") if isinstance(told, dict) else None
    named = f"editproof-index/{schema}" if type(schema) is int else schema
    if found := fault_of_schema(named, [f"editproof-index/{SCHEMA}"], "an index"):
        raise DatasetError(asked, found, advice)
    return from_plain(Index, told, asked, advice, DatasetError)


def checked_against(cohort: Cohort, index: Index, name: str) -> Cohort:
    """The cohort, found to be what was indexed, with a word on its card about what was left out.

    Parameters
    ----------
    name : str
        Of the index's file, for what is said of it.

    Raises
    ------
    DatasetError
        Where a case is new, gone or changed since.
    """
    digests = {case.case: case.digest for case in index.cases}
    now = {case.case_id: digest_of_cases([case]) for case in cohort}
    new, gone = sorted(now.keys() - digests.keys()), sorted(digests.keys() - now.keys())
    changed = sorted(case for case in now.keys() & digests.keys() if now[case] != digests[case])
    if new or gone or changed:
        some = ", ".join([*new, *gone, *changed][:5])
        found = f"{len(new)} cases are new, {len(gone)} gone and {len(changed)} changed since: {some}"
        advice = "Index the cohort anew and read what it says."
        if cohort.card.name == "dicom" and new and gone:
            advice += " Names of DICOM cases follow from all files of the folder, unless key= is given."
        raise DatasetError(f"the cohort indexed in {name}", found, advice)
    if not index.excluded:
        return cohort
    kinds = Counter(", ".join(entry.kinds) for entry in index.excluded)
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(kinds.items()))
    note = f"{len(index.excluded)} of {len(index.excluded) + len(now)} cases were left out by {name}: {reasons}."
    return Cohort(replace(cohort.card, warnings=(*cohort.card.warnings, note)), cohort.cases)

"""An index of a cohort, read back: what it excludes, and whether the cohort is still what was indexed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from editproof.datasets.cohort import Cohort, digest_of_cases
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 2


@dataclass(frozen=True)
class Index:
    """What an index file says.

    Attributes
    ----------
    name : str
        File name, for warnings.
    excluded : mapping of str to str
        Reasons by name of case, or of a file that could not be read.
    digests : mapping of str to str
        Of every case that is not excluded, over its patient, files, reference standard and strata.
    """

    name: str
    excluded: Mapping[str, str]
    digests: Mapping[str, str]


def index_at(path: Path) -> Index:
    """The index in a file.

    Raises
    ------
    DatasetError
        Where there is none, or it is of another schema.
    """
    asked, advice = f"the index {path}", "Write one: editproof dataset index SPEC --out FILE."
    try:
        content = json.loads(path.expanduser().read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise DatasetError(asked, f"schema {content['schema']!r}, not {SCHEMA}", advice)
        return Index(
            path.name,
            {entry["case"]: ", ".join(entry["kinds"]) for entry in content["excluded"]},
            {entry["case"]: entry["digest"] for entry in content["cases"]},
        )
    except OSError as error:
        raise DatasetError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(asked, f"it is not an index of a cohort ({type(error).__name__})", advice) from error


def held_to(cohort: Cohort, index: Index) -> Cohort:
    """The cohort, found to be what was indexed, with a word on its card about what was left out.

    Raises
    ------
    DatasetError
        Where a case is new, gone or changed since.
    """
    now = {case.case_id: digest_of_cases([case]) for case in cohort}
    new, gone = sorted(now.keys() - index.digests.keys()), sorted(index.digests.keys() - now.keys())
    changed = sorted(name for name in now.keys() & index.digests.keys() if now[name] != index.digests[name])
    if new or gone or changed:
        some = ", ".join([*new, *gone, *changed][:5])
        found = f"{len(new)} cases are new, {len(gone)} gone and {len(changed)} changed since: {some}"
        advice = "Index the cohort anew and read what it says."
        if cohort.card.name == "dicom" and new and gone:
            advice += " Names of DICOM cases follow from all files of the folder, unless key= is given."
        raise DatasetError(f"the cohort indexed in {index.name}", found, advice)
    if not index.excluded:
        return cohort
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(index.excluded.values()).items()))
    note = f"{len(index.excluded)} of {len(index.excluded) + len(now)} cases were left out by {index.name}: {reasons}."
    return Cohort(replace(cohort.card, warnings=(*cohort.card.warnings, note)), cohort.cases)

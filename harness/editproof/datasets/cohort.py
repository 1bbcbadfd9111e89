"""A cohort in memory, without its pixels, and the checks and additions that all readers share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, overload

from editproof.core.digests import digest_of
from editproof.core.numbers import brief
from editproof.datasets.cases import digest_of_cases
from editproof.datasets.checks import notes_on_regions, regions_in
from editproof.errors import DatasetError
from editproof.imaging.region import INSIDE, PROTECTED
from editproof.types import Case, DatasetCard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from editproof.datasets.reading import CohortReading
    from editproof.types import Dataset

OLDEST = 300.0
"""Bone age in months above which a label counts as an error; the highest in RSNA is 228."""
HAND_UNITS = {"bone_age": "months", "sex": "probability"}
"""Units of the reference standard of hand radiographs."""
MARKERS_UP_TO = 500
"""Largest cohort in which every image is decoded at once, so that a stratum can say whether a marker was found."""


@dataclass(frozen=True)
class Cohort:
    """Cases in order, with their card; a :class:`editproof.types.Dataset` that can also be indexed."""

    card: DatasetCard
    cases: tuple[Case, ...]

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Case, ...]: ...
    def __getitem__(self, index: int | slice) -> Case | tuple[Case, ...]:
        return self.cases[index]


def cohort_of(
    cases: Iterable[Case],
    *,
    name: str,
    description: str,
    source: str,
    licence: str,
    reading: CohortReading,
    warnings: Iterable[str] = (),
    units: Mapping[str, str] = HAND_UNITS,
) -> Cohort:
    """A cohort with its card: counts, and a digest over everything that its cases say.

    Of ``units``, those of quantities with a reference standard in some case are kept. Warnings and errors name the
    cases that cannot be used or that lack a region, as recorded in ``reading``.

    Raises
    ------
    DatasetError
        Where there is no case, two cases share an id, or a label is out of range.
    """
    kept = tuple(cases)
    if not kept and reading.flawed:
        first = next(iter(reading.flawed.values())).removesuffix(".")
        found = f"none of its {len(reading.flawed)} cases can be used; the first: {first}"
        raise DatasetError(f"the cohort {source}", found)
    if not kept and reading.left_out:
        found = f"all {len(reading.left_out)} cases are left out by its index"
        raise DatasetError(f"the cohort {source}", found, "Read what the index says of them.")
    if not kept:
        raise DatasetError(f"the cohort {source}", "no case in it", "Check that images and CSV belong together.")
    check_unique_ids([case.case_id for case in kept], source)
    for case in kept:
        _check_range(case, source)
    card = DatasetCard(
        name=name,
        description=description,
        source=source,
        licence=licence,
        digest=digest_of_cases(kept),
        n_cases=len(kept),
        n_patients=len({case.patient_id for case in kept}),
        warnings=(*warnings, *_notes_on_requests(kept), *notes_on_regions(reading.lacking, len(kept))),
        units={name: unit for name, unit in units.items() if any(name in case.reference for case in kept)},
    )
    return Cohort(card, kept)


def _notes_on_requests(cases: Collection[Case]) -> list[str]:
    """A sentence where tools are asked for some cases in other words, or with other values, than for the rest."""
    own = sum(bool(case.prompt or case.parameters) for case in cases)
    return [f"{own} of {len(cases)} cases have a prompt or parameters of their own."] if own else []


def check_unique_ids(ids: Collection[str], source: str) -> None:
    """Raise a DatasetError if an id occurs more than once."""
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        found = f"{len(twice)} case ids occur more than once: {', '.join(twice[:5])}"
        raise DatasetError(f"one row per case in {source}", found, "Give every case one id and one row.")


def where(dataset: Dataset, ids: Collection[str]) -> Cohort:
    """The dataset restricted to some cases, in its own order; the card states this.

    Raises
    ------
    DatasetError
        Where an id is not in the dataset.
    """
    wanted = set(ids)
    kept = tuple(case for case in dataset if case.case_id in wanted)
    if missing := sorted(wanted - {case.case_id for case in kept}):
        found = f"{len(missing)} are not in it: {', '.join(missing[:5])}"
        raise DatasetError(f"{len(wanted)} cases of {dataset.card.name}", found, "Name ids of the cohort.")
    note = f"Restricted to {len(kept)} of {len(dataset)} cases by id."
    patients = len({case.patient_id for case in kept})
    warnings = (*dataset.card.warnings, note)
    card = replace(
        dataset.card, digest=digest_of_cases(kept), n_cases=len(kept), n_patients=patients, warnings=warnings
    )
    return Cohort(card, kept)


def with_digest_of_cases(dataset: Dataset) -> Cohort:
    """A cohort of somebody's own reader, whose digest is made of its cases as well as of what its card states.

    A reader may state the same whatever its cases say, and a lock, a list of earlier judgements and a comparison would
    take other cases for the same.

    Raises
    ------
    DatasetError
        A field of a case holds what no plain data can say.
    """
    cases = tuple(dataset)
    stated = str(dataset.card.digest)
    return Cohort(replace(dataset.card, digest=digest_of([stated, digest_of_cases(cases)])), cases)


def with_marker(case: Case, reading: CohortReading) -> Case:
    """The case with a stratum ``marker``, ``found`` or ``none``: whether there is anything for a tool to remove.

    The regions that the case lacks are counted in ``reading``.
    """
    there = regions_in(case)
    reading.lacking.update({INSIDE, PROTECTED} - there)
    return replace(case, strata={**case.strata, "marker": "found" if INSIDE in there else "none"})


def _check_range(case: Case, source: str) -> None:
    age, sex = case.reference.get("bone_age", 0.0), case.reference.get("sex", 0.0)
    if not 0 <= age <= OLDEST:
        asked = f"the bone age of case {case.case_id} in {source}"
        raise DatasetError(asked, f"{brief(age)} months", f"Write months, from 0 to {brief(OLDEST)}.")
    if sex not in (0.0, 1.0):
        raise DatasetError(f"sex of case {case.case_id} in {source}", f"{sex!r}", "Write M or F.")

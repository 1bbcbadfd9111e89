"""From ``--dataset NAME:ARGUMENT?OPTION=VALUE&...`` to a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from editproof.core.nearest import did_you_mean
from editproof.core.specification import Specification, specification
from editproof.core.usage import Given, parsed, usage_of
from editproof.datasets.annotations import with_plain_annotations
from editproof.datasets.cohort import with_digest_of_cases
from editproof.datasets.dicom.cohort import named_dicom
from editproof.datasets.drawn import named_phantoms
from editproof.datasets.folder.cohort import named_folder
from editproof.datasets.index.reading import checked_against, index_at
from editproof.datasets.reading import CohortReading
from editproof.datasets.rsna.cohort import named_rsna
from editproof.errors import DatasetError
from editproof.types import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from editproof.datasets.cohort import Cohort

    DatasetFactory = Callable[[Any], Dataset]

READERS: dict[str, Callable[[Given, CohortReading], Cohort]] = {
    "rsna": named_rsna,
    "folder": named_folder,
    "dicom": named_dicom,
}
"""Built-in readers by name; what each takes is declared beside it."""

DRAWN: dict[str, Callable[[Given], Dataset]] = {"phantom": named_phantoms}
"""Built-in cohorts that no file holds; an index has nothing to say of them."""


def dataset_from_spec(spec: str, extra: Mapping[str, DatasetFactory] | None = None) -> Dataset:
    """The cohort that a specification names.

    Parameters
    ----------
    spec : str
        ``NAME[:ARGUMENT][?OPTION=VALUE&...]`` (:mod:`editproof.core.specification`), e.g. ``rsna:PATH?n=200``,
        ``folder:PATH?masks=files``, ``dicom:PATH?voi=none``, ``phantom:?n=40``, or a name of ``extra``. With
        ``index=FILE`` the cases that an index excludes are left out, and all others must be as they were when it was
        written.
    extra : mapping of str to callable, optional
        Further readers by name, each given the text after the colon, or what it declares with
        :func:`editproof.core.usage.takes`. A name of theirs goes before a built-in one.

    Raises
    ------
    DatasetError
        Where the name or an option is unknown, a value is not one that it takes, the cohort cannot be read, or the
        annotations of a case are of another form (:mod:`editproof.datasets.annotations`).
    """
    found = _named(spec, extra or {})
    plain = with_plain_annotations(found) if isinstance(found, Dataset) else found  # what is none is refused elsewhere
    own = isinstance(found, Dataset) and _parsed(spec, lambda _: True).name in (extra or {})
    return with_digest_of_cases(plain) if own else plain


def _named(spec: str, extra: Mapping[str, DatasetFactory]) -> Dataset:
    """The cohort of a specification, with annotations as they came."""
    further = {**DRAWN, **extra}

    def takes_all(name: str) -> bool:
        usage = usage_of(further[name]) if name in further else None
        return name in further and (usage is None or usage.takes_all)

    asked = _parsed(spec, takes_all)
    if asked.name in further:
        usage = usage_of(further[asked.name])
        if usage is None and asked.options:
            found = f"{asked.name} takes no argument before its options"
            raise DatasetError(f"--dataset {asked.bare}", found, f"Write --dataset {asked.name}:ARGUMENT.")
        given = asked.argument if usage is None else usage.given(asked, "--dataset", DatasetError)
        return further[asked.name](given)
    check_reader(asked.name, further)
    index = given_to(spec).value["index"]
    if index is None:
        return built_in(spec, CohortReading())
    path = Path(index)
    indexed = index_at(path)
    excluded = {entry.case: ", ".join(entry.kinds) for entry in indexed.excluded}
    return checked_against(built_in(spec, CohortReading(excluded)), indexed, path.name)


def built_in(spec: str, reading: CohortReading) -> Cohort:
    """The cohort that a specification of a built-in reader names, read in one way or another."""
    return READERS[_parsed(spec).name](given_to(spec), reading)


def check_reader(name: str, further: Iterable[str] = ()) -> None:
    """Nothing where a built-in reader, or one of the further ones, goes by this name.

    Raises
    ------
    DatasetError
    """
    known = sorted({*READERS, *DRAWN, *further})
    if name not in known:
        advice = f"{did_you_mean(name, known)}There are: {', '.join(known)}."
        raise DatasetError(f"--dataset {name}", f"no cohort is called {name!r}", advice)


def given_to(spec: str) -> Given:
    """What a specification of a built-in reader asks for; an error where the reader does not take it."""
    asked = _parsed(spec)
    usage = usage_of(READERS[asked.name])
    assert usage is not None, "every built-in reader says what it takes"
    return usage.given(asked, "--dataset", DatasetError)


def _parsed(spec: str, takes_all: Callable[[str], bool] = lambda name: False) -> Specification:
    asked: Specification = parsed(
        lambda: specification(spec, verbatim=takes_all), f"--dataset {spec.partition('?')[0]}", DatasetError
    )
    return asked

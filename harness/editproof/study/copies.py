"""Whether a radiograph is in a cohort more than once, found from its pixels before any edit is asked for."""

from __future__ import annotations

from functools import partial

from editproof.core.digests import digest_of
from editproof.core.files import Place
from editproof.core.progress import watched
from editproof.datasets.checks import PixelDigests, check_copies, check_target, pixel_digests
from editproof.editing.store import RecordKind, Store
from editproof.errors import DatasetError
from editproof.imaging.output import OutputGeometry
from editproof.study.executors.executor import Executor, Work
from editproof.study.executors.local import ThisMachine
from editproof.types import Case, Dataset

PIXELS = RecordKind("pixels", PixelDigests)
"""Of one case: what its pixels are known by."""
_VERSION = 2
"""Raised whenever more of a case's pixels is to be known."""
_CASES_A_WORKER = 50


def refuse_copies(
    cohort: Dataset,
    store_root: Place,
    output: OutputGeometry | None = None,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
) -> dict[str, PixelDigests]:
    """Refuse a cohort in which one radiograph is two cases; see :func:`editproof.datasets.checks.check_copies`.

    A target that has not the geometry of the edits (``output``) is refused too.

    Every case is decoded once; the digests of its pixels are kept in the store.

    Returns
    -------
    dict of str to PixelDigests
        What the pixels of each case are known by.

    Raises
    ------
    DatasetError
    """
    cases = list(cohort)
    store, keys = Store(store_root), {case.case_id: _key(cohort, case) for case in cases}
    known = {name: store.record(PIXELS, key) for name, key in keys.items()}
    new = [case for case in cases if known[case.case_id] is None]
    workers = min(jobs, max(1, len(new) // _CASES_A_WORKER))
    check = partial(_held_to_store, store, keys)
    work = Work(lambda root: partial(_kept_digests, root, keys), store_root, asks=False, check=check)
    read = (executor or ThisMachine()).results(work, new, jobs=workers)
    for name, digests in watched(read, len(new), "originals: read"):
        known[name] = digests
    found = {name: digests for name, digests in known.items() if digests is not None}
    for name, digests in found.items():
        check_target(name, digests.size, digests.target, output or OutputGeometry())
    check_copies(cohort, found)
    return found


def _key(cohort: Dataset, case: Case) -> str:
    return digest_of([PIXELS.folder, _VERSION, cohort.card.name, cohort.card.digest, case.case_id, case.digest])


def _held_to_store(store: Store, keys: dict[str, str], result: tuple[str, PixelDigests]) -> None:
    """Refuse digests that are not those which the work on a case kept."""
    name, digests = result
    if name not in keys or store.record(PIXELS, keys[name]) != digests:
        found = f"what it gave for case {name} is not what the work on that case kept in the store"
        raise DatasetError(
            "--executor", found, "Have it return each result of the work as it is, or use --executor local."
        )


def _kept_digests(store_root: Place, keys: dict[str, str], case: Case) -> tuple[str, PixelDigests]:
    digests = pixel_digests(case)
    Store(store_root).keep_record(PIXELS, keys[case.case_id], digests)
    return case.case_id, digests

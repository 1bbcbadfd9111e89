"""What is done to one case of a study, in whatever process it finds itself; what each process makes for it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from editproof.core.files import Place
from editproof.datasets.checks import decoded_case
from editproof.editing.edits import Edits, Terms
from editproof.editing.elsewhere import innermost, settle_lost
from editproof.editing.store import FAILURES, Store
from editproof.errors import EditorError
from editproof.study.case_records import CASES, CaseRecord
from editproof.study.executors.executor import Work
from editproof.types import Case

if TYPE_CHECKING:
    from editproof.study.bench import Bench


@cache
def supplied(supplier: Callable[[], Any]) -> Any:
    """What a supplier supplies, made once a process; equal suppliers (frozen values) are one."""
    return supplier()


@cache
def edits_in(store_root: Place, terms: Terms) -> Edits:
    """The edits of a store, one ledger and one pace a process."""
    return Edits(store_root, terms)


def work_on(bench: Bench, keys: Mapping[str, str], *, asks: bool) -> Work[Case, CaseRecord]:
    """What is done to a case, and what that needs of a machine.

    Parameters
    ----------
    keys : mapping
        Under which key the record of each case is kept.
    asks : bool
        Whether edits that are not in the store are asked for.
    """
    needs = [innermost(bench.made_editor).service, *map(supplied, bench.instruments)]
    gpus, memory_gb = (sum(getattr(one, name, 0.0) for one in needs) for name in ("gpus", "memory_gb"))
    return Work(
        lambda root: partial(_kept_record, replace(bench, store_root=root), keys),
        bench.store_root,
        asks,
        partial(_after_loss, bench, keys),
        partial(_held_to_store, bench.store_root, keys),
        gpus,
        memory_gb,
    )


def _kept_record(bench: Bench, keys: Mapping[str, str], case: Case) -> CaseRecord:
    if bench.keys([case])[case.case_id] != keys[case.case_id]:  # a worker process makes its own tool
        name = bench.made_editor.card.name
        raise EditorError(
            f"editor {name}", "its code, or what reads its edits, was changed while the study ran", "Run again."
        )
    record = bench.record(case)
    if _is_kept(record):
        Store(bench.store_root).keep_record(CASES, keys[case.case_id], record)
    return record


def _is_kept(record: CaseRecord) -> bool:
    """Whether the store keeps it: what failed is asked for again by a later run."""
    return not {*(edit.status for edit in record.edits), *record.planted} & {*FAILURES}


def _held_to_store(store_root: Place, keys: Mapping[str, str], record: CaseRecord) -> None:
    """Refuse a record that is not the one which the work on its case kept."""
    key = keys.get(record.case)
    if key is None or (_is_kept(record) and Store(store_root).record(CASES, key) != record):
        found = f"what it gave for case {record.case} is not what the work on that case kept in the store"
        raise EditorError(
            "--executor", found, "Have it return each result of the work as it is, or use --executor local."
        )


def _after_loss(bench: Bench, keys: Mapping[str, str], case: Case) -> CaseRecord | None:
    """The record of a case whose worker was lost, where it was kept; else its requests are ended."""
    settle_lost(
        edits_in(bench.store_root, bench.terms), bench.made_editor, bench.all_requests(case, decoded_case(case))
    )
    return Store(bench.store_root).record(CASES, keys[case.case_id])

"""What was measured of a cohort, gathered case by case in little memory, and the table that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from editproof.evidence.codes import words_at
from editproof.evidence.measurements import ROW_COLUMNS, Measurements, measurements_of
from editproof.study.case_records import CaseRecord, EndedEdit, PlaceMap
from editproof.types import JSON, Case

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class _Lean:
    """A record without what all records share: of each row its place among the kinds of row, and its value."""

    kinds: NDArray[np.int32]
    values: NDArray[np.float64]
    edits: tuple[EndedEdit, ...]
    histograms: tuple[tuple[str, str], ...]
    maps: tuple[PlaceMap, ...]


class Gathered:
    """The records of a cohort so far. One takes about 5 kB here, where it takes 80 kB as it comes.

    Parameters
    ----------
    cases : sequence of Case
        The cohort, in the order of the table.
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = cases
        self._records: dict[str, _Lean] = {}
        self._kinds: dict[tuple[str, int, str, str, str], int] = {}
        self._counts: dict[tuple[str, str], NDArray[np.int64]] = {}

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._records

    def add(self, record: CaseRecord) -> None:
        """Take the record of a case, once."""
        kinds = [(row.arm, row.repeat, row.instrument, row.quantity, row.unit) for row in record.rows]
        places = [self._kinds.setdefault(kind, len(self._kinds)) for kind in kinds]
        values = np.array([row.value for row in record.rows], dtype=float)
        for arm, region, counts in record.histograms:
            pooled = self._counts.setdefault((arm, region), np.zeros(len(counts), dtype=np.int64))
            pooled += np.array(counts, dtype=np.int64)
        histograms = tuple((histogram.arm, histogram.region) for histogram in record.histograms)
        kinds_of = np.array(places, dtype=np.int32)
        self._records[record.case] = _Lean(kinds_of, values, record.edits, histograms, record.maps)

    def table(self, editor: str) -> Measurements:
        """All records, in the order of the cases, as one table; histograms are summed."""
        kinds = list(self._kinds)
        records = [(case.case_id, self._records[case.case_id]) for case in self._cases if case.case_id in self]
        rows = _rows(records, kinds)
        edits = [(case, edit.repeat, edit.status.value, *edit[2:]) for case, record in records for edit in record.edits]
        order = dict.fromkeys(place for _, record in records for place in record.histograms)
        histograms = [
            (arm, region, level, count)
            for arm, region in order
            for level, count in enumerate(self._counts[arm, region].tolist())
        ]
        maps = [(case, *each) for case, record in records for each in record.maps]
        return measurements_of(editor, [case_row(case) for case in self._cases], rows, edits, histograms, maps)


def _rows(records: Sequence[tuple[str, _Lean]], kinds: Sequence[tuple[str, int, str, str, str]]) -> pd.DataFrame:
    """The rows of all records, by columns: words are written once for each kind of row."""
    places = np.concatenate([np.empty(0, dtype=np.intp), *(record.kinds for _, record in records)])
    case = np.repeat(np.arange(len(records)), [len(record.kinds) for _, record in records])
    arm, repeat, instrument, quantity, unit = zip(*kinds, strict=True) if kinds else ((),) * 5
    columns: dict[str, Any] = {
        "case": words_at([name for name, _ in records], case),
        "arm": words_at(arm, places),
        "repeat": np.array(repeat, dtype=int)[places],
        "instrument": words_at(instrument, places),
        "quantity": words_at(quantity, places),
        "value": np.concatenate([np.empty(0), *(record.values for _, record in records)]),
        "unit": words_at(unit, places),
    }
    return pd.DataFrame(columns)[list(ROW_COLUMNS)]


def case_row(case: Case) -> dict[str, JSON]:
    """The row of a case in the table of cases."""
    return {
        "case": case.case_id,
        "patient": case.patient_id,
        **{f"reference:{name}": value for name, value in case.reference.items()},
        **{f"stratum:{name}": value for name, value in case.strata.items()},
    }

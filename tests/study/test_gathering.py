"""Records of cases are gathered in little memory, and their table is in the order of the cohort."""

from __future__ import annotations

import tracemalloc

from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL
from editproof.study.case_records import CaseRecord, EndedEdit, Histogram, MeasuredRow
from editproof.study.gathering import Gathered
from editproof.types import Case, EditStatus

QUANTITIES = [f"quantity{number}:whole" for number in range(60)]


def case(number: int) -> Case:
    return Case(f"c{number}", f"p{number}", lambda: None, "0", {"age": float(number)}, {"sex": "F"})


def record(number: int, arms: tuple[str, ...] = (ORIGINAL, EDITED)) -> CaseRecord:
    rows = [MeasuredRow(arm, 0, IMAGE, name, number + place / 64, "levels")
            for arm in arms for place, name in enumerate(QUANTITIES)]  # fmt: skip
    end = EndedEdit(0, EditStatus.OK if EDITED in arms else EditStatus.REFUSED, "", "ok", f"{number:064}", "2026-01-01")
    counts = tuple(1000 * number + level for level in range(256))
    return CaseRecord(f"c{number}", (end,), tuple(rows), tuple(Histogram(arm, "whole", counts) for arm in arms))


def test_the_table_is_in_the_order_of_the_cohort_however_cases_are_done():
    cases = [case(number) for number in range(5)]
    records = [record(number, (ORIGINAL,) if number == 0 else (ORIGINAL, EDITED)) for number in range(5)]
    tables = []
    for order in ([0, 1, 2, 3, 4], [3, 1, 4, 0, 2]):
        gathered = Gathered(cases)
        for number in order:
            assert f"c{number}" not in gathered
            gathered.add(records[number])
            assert f"c{number}" in gathered
        tables.append(gathered.table("tool"))
    one, other = tables
    for name in ("rows", "edits", "histograms", "cases"):
        assert getattr(one, name).equals(getattr(other, name)), name
    expected = [(each.case, *row) for each in records for row in each.rows]
    assert list(one.rows.itertuples(index=False, name=None)) == expected
    edited = one.histograms[one.histograms["arm"] == EDITED]
    assert edited["count"].tolist() == [1000 * (1 + 2 + 3 + 4) + 4 * level for level in range(256)]
    assert one.edits["status"].tolist() == ["refused", "ok", "ok", "ok", "ok"]


def test_what_is_missing_is_no_row():
    gathered = Gathered([case(0), case(1)])
    gathered.add(record(1))
    assert "c0" not in gathered
    assert set(gathered.table("tool").rows["case"]) == {"c1"}


def test_a_record_takes_little():
    gathered = Gathered([case(number) for number in range(200)])
    tracemalloc.start()
    for number in range(20):
        gathered.add(record(number))
    before = tracemalloc.get_traced_memory()[0]
    for number in range(20, 200):
        gathered.add(record(number))
    each = (tracemalloc.get_traced_memory()[0] - before) / 180
    tracemalloc.stop()
    assert each < 6_000, "bytes; 120 rows and two histograms"

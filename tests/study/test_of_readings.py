"""A table of readings means the same however it is laid out, and what is wrong with one is one clear line."""

from __future__ import annotations

import pandas as pd
import pytest
from editproof import at_most, prediction_change, verdict_on
from editproof.audit.readings_alone import alike_in_readings
from editproof.criteria import Criterion
from editproof.datasets.tables.layout import layout_of
from editproof.datasets.tables.readings import readings_in
from editproof.errors import DatasetError
from editproof.evidence.measurements import EDITED, POOLED
from editproof.study.of_readings import ReadingsOfCohort
from hypothesis import given
from hypothesis import strategies as st

from tests.study.tables_of_readings import BY_ARM, IN_PAIRS, LONG, Lines, read, written

months = st.floats(1, 220, allow_nan=False).map(lambda value: round(value, 2))
lines = st.lists(st.tuples(months, st.none() | months), min_size=1, max_size=8).map(
    lambda rows: Lines(tuple((f"P{index}", before, after) for index, (before, after) in enumerate(rows)))
)
CLAIM = Criterion("BA-1", prediction_change("bone_age", cap=30.0), at_most(3.0), source="placeholder: a test")


def tables_of(measured):
    return [measured.cases, measured.rows, measured.edits[["case", "repeat", "status"]]]


@given(study=lines, order=st.randoms(use_true_random=False))
def test_every_layout_and_every_order_of_rows_is_one_study(tmp_path_factory, study, order):
    folder = tmp_path_factory.mktemp("table")
    tables = []
    for made, layout in ((study.long(), LONG), (study.by_arm(), BY_ARM), (study.in_pairs(), IN_PAIRS)):
        header, *rows = made
        order.shuffle(rows)
        tables.append(read(folder, [header, *rows], layout))
    first, *others = (table.measurements("tool") for table in tables)
    for other in others:
        for one, another in zip(tables_of(first), tables_of(other), strict=True):
            pd.testing.assert_frame_equal(one, another)
    assert len({table.digest for table in tables}) == 1
    assert list(first.cases["case"]) == sorted(case for case, *_ in study.cases)
    assert first.n_missing == sum(after is None for *_, after in study.cases)


@pytest.fixture(scope="module")
def eighty():
    return [(f"P{index:02d}", 100.0 + index, 100.0 + index + (0.5 if index % 2 else -0.5)) for index in range(80)]


@given(lost=st.sets(st.integers(0, 79), min_size=0, max_size=80))
def test_losing_rows_of_edits_never_makes_a_pass(tmp_path_factory, eighty, lost):
    """Of 80 patients, 8 were harmed: no choice of rows to leave out makes the claim pass."""
    harmed = [(case, before, before + 30 if n < 8 else after) for n, (case, before, after) in enumerate(eighty)]
    left = Lines(tuple((case, before, None if n in lost else after) for n, (case, before, after) in enumerate(harmed)))
    measured = read(tmp_path_factory.mktemp("table"), left.long()).measurements("tool")
    assert measured.n_missing == len(lost)
    assert verdict_on(CLAIM, measured).outcome != "PASS"


def test_the_same_table_without_harm_passes(tmp_path, eighty):
    assert verdict_on(CLAIM, read(tmp_path, Lines(tuple(eighty)).long()).measurements("tool"))


def test_an_edit_without_a_row_is_missing_and_says_so(tmp_path):
    table = read(tmp_path, ["case,arm,quantity,value", "a,original,q,1", "b,original,q,2", "a,edited,q,1"])
    edits = table.measurements("tool").edits
    assert list(edits["status"]) == ["ok", "failed"]
    assert list(edits["message"]) == ["", "no row in the table"]


def test_a_status_keeps_its_word_and_its_message(tmp_path):
    rows = ["case,arm,quantity,value,status,message", "a,original,q,1,,", "a,edited,q,,refused,moderation"]
    edits = read(tmp_path, rows).measurements("tool").edits
    assert edits[["status", "message"]].to_numpy().tolist() == [["refused", "moderation"]]


def test_a_case_of_the_cohort_without_an_edit_is_missing(tmp_path):
    rows = ["case,arm,quantity,value", "a,original,q,1", "a,edited,q,1", "b,original,q,1"]
    cohort = ["case,patient,reference:q,stratum:site", "a,p,1,x", "b,p,2,y"]
    table = read(tmp_path, rows, cohort=cohort)
    measured = table.measurements("tool")
    assert measured.n_missing == 1
    assert list(measured.patients) == ["p", "p"]
    assert list(measured.reference("q")) == [1, 2]
    assert measured.where("site=y").n_missing == 1


def test_readers_are_pooled_by_reader_and_their_second_readings_numbered(tmp_path):
    rows = ["case,arm,quantity,value,reader,reading"]
    for arm in ("original", "edited"):
        rows += [f"a,{arm},q,1,A,x1", f"a,{arm},q,3,A,x2", f"a,{arm},q,4,B,x9"]
    measured = read(tmp_path, rows).measurements("tool")
    assert measured.matrix("q", EDITED, "reader:A#2").tolist() == [[3.0]]
    assert measured.matrix("q", EDITED, POOLED).tolist() == [[3.0]]


def test_the_identity_control_is_made_of_the_originals(tmp_path):
    identity = read(tmp_path, Lines((("a", 1.0, 7.0), ("b", 2.0, None))).long()).identity()
    assert identity.n_missing == 0
    assert identity.matrix("bone_age").tolist() == [[1.0], [2.0]]


def test_a_tab_separated_table_and_parquet_are_read(tmp_path):
    frame = pd.DataFrame({"case": ["a", "a"], "arm": [0, 1], "q": [1.0, 2.0]})
    frame.to_csv(tmp_path / "t.tsv", sep="\t", index=False)
    layout = layout_of(quantities=["q"])
    found = [readings_in(tmp_path / "t.tsv", layout)]
    pytest.importorskip("pyarrow", reason="needs the extra parquet")
    frame.to_parquet(tmp_path / "t.parquet")
    found.append(readings_in(tmp_path / "t.parquet", layout))
    assert len({table.readings for table in found}) == 1


GAPS = {
    "no case column": (["id,arm,quantity,value", "a,original,q,1"], LONG, None, "no column 'case'"),
    "no arm at all": (["case,q", "a,1"], LONG, None, "none says original or edited"),
    "no quantity named": (["case,arm,q", "a,0,1"], LONG, None, "no quantity is named"),
    "no original": (
        ["case,arm,quantity,value", "a,edited,q,1", "b,original,q,1"], LONG, None,
        "no reading of q of the original of case a, though it has one of an edit",
    ),
    "two rows of one place": (
        ["case,arm,quantity,value", "a,original,q,1", "a,edited,q,1", "a,edited,q,2"], LONG, None, "in rows 3 and 4",
    ),
    "two originals": (
        ["case,arm,quantity,value", "a,original,q,1", "a,original,q,1"], LONG, None, "in rows 2 and 3",
    ),
    "no number": (["case,arm,quantity,value", "a,original,q,old"], LONG, None, "'old'"),
    "infinite": (["case,arm,quantity,value", "a,original,q,inf"], LONG, None, "'inf'"),
    "unknown status": (
        ["case,arm,quantity,value,status", "a,original,q,1,", "a,edited,q,,refuse"], LONG, None, "Did you mean refused",
    ),
    "unknown arm": (["case,arm,quantity,value", "a,after,q,1"], LONG, None, "arm 'after'"),
    "case not listed": (
        ["case,arm,quantity,value", "a,original,q,1", "b,original,q,1"], LONG, ["case", "a"], "does not list",
    ),
    "listed case without original": (
        ["case,arm,quantity,value", "a,original,q,1"], LONG, ["case", "a", "b"], "original of case b",
    ),
    "a reading of a failed edit": (
        ["case,arm,quantity,value,status", "a,original,q,1,", "a,edited,q,1,failed"], LONG, None, "and has a reading",
    ),
    "an edit that is ok without a value": (
        ["case,arm,quantity,value,status", "a,original,q,1,", "a,edited,q,,ok"], LONG, None, "'ok' in row 3",
    ),
    "a part of an edit": (
        ["case,arm,quantity,value", "a,original,q,1", "a,original,r,1", "a,edited,q,1"], LONG, None, "no reading of r",
    ),
    "a reader less": (
        ["case,arm,quantity,value,reader", "a,original,q,1,A", "a,original,q,1,B", "a,edited,q,1,A"], LONG, None,
        "no reading of q by reader:B",
    ),
    "a reader more": (
        ["case,arm,quantity,value,reader", "a,original,q,1,A", "a,edited,q,1,A", "a,edited,q,1,B"], LONG, None,
        "which did not read the original",
    ),
    "a reader who never answers": (
        ["case,arm,quantity,value,reader", "a,original,q,1,A", "a,original,q,,B", "a,edited,q,1,A", "a,edited,q,,B"],
        LONG, None, "reader B gave no reading of q at all",
    ),
    "two patients of a case": (
        ["case,patient,arm,quantity,value", "a,p,original,q,1", "a,r,edited,q,1"], LONG, None, "patient r of case a",
    ),
    "two units": (
        ["case,arm,quantity,value,unit", "a,original,q,1,mm", "a,edited,q,1,cm"], LONG, None, "in cm, and in mm",
    ),
    "repeats from one": (
        ["case,arm,quantity,value,repeat", "a,original,q,1,", "a,edited,q,1,1"], LONG, None, "repeats from 1 on",
    ),
    "a repeat of an original": (
        ["case,arm,quantity,value,repeat", "a,original,q,1,1"], LONG, None, "repeat 1 of the original",
    ),
    "a control among the tools": (
        ["case,arm,quantity,value,tool", "a,original,q,1,", "a,edited,q,1,identity"], LONG, None, "name of a control",
    ),
    "an incomplete control": (
        ["case,arm,quantity,value,tool", "a,original,q,1,", "b,original,q,1,", "a,edited,q,9,destructive"], LONG, None,
        "control destructive of case b",
    ),
    "a quantity that is not there": (
        ["case,arm,q", "a,0,1"], layout_of(quantities=["p", "q"]), None, "no column 'p'",
    ),
    "a stratum that is not there": (
        ["case,arm,q", "a,0,1"], layout_of(quantities=["q"], strata=["site"]), None, "stratum site",
    ),
    "originals that differ between repeats": (
        ["case,repeat,before,after", "a,0,1,1", "a,1,2,1"], IN_PAIRS, None, "in rows 2 and 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "layout", "cohort", "said"), GAPS.values(), ids=GAPS)
def test_what_is_wrong_with_a_table_is_one_clear_line(tmp_path, rows, layout, cohort, said):
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, rows, layout, cohort)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"columns": ["cse=sub"]}, "Did you mean case"), ({"columns": ["case"]}, "no NAME=VALUE"),
        ({"columns": ["case=a,case=b"]}, "said twice"), ({"arms": ["post=1"]}, "Arms are original"),
    ],
)  # fmt: skip
def test_a_misspelt_option_is_one_line(said, found):
    with pytest.raises(DatasetError, match=found):
        layout_of(**said)


@pytest.mark.parametrize(("repeats", "found"), [(((1.5, 1.5), (2.5, 2.25)), 1), (((1.5, 1.25), (2.5, 2.25)), 0)])
def test_repeats_that_read_alike_are_told(tmp_path, repeats, found):
    rows = ["case,repeat,before,after"]
    rows += [f"P{case},{n},1,{value}" for case, values in enumerate(repeats) for n, value in enumerate(values)]
    assert alike_in_readings(read(tmp_path, rows, IN_PAIRS).measurements("tool")) == found


@pytest.mark.parametrize("name", ["identity", "destructive"])
def test_a_tool_does_not_take_the_name_of_a_control(tmp_path, name):
    table = readings_in(written(tmp_path, Lines((("a", 1.0, 7.0),)).long()), LONG)
    with pytest.raises(DatasetError, match="name of a control"):
        ReadingsOfCohort(table, name).check()


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(DatasetError, match="no such file"):
        readings_in(tmp_path / "none.csv", LONG)
    assert written(tmp_path, ["case"]).exists()

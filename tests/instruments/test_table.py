"""Readings made elsewhere: looked up, never guessed; a row that is missing is named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from editproof.core.digests import pixel_digest
from editproof.errors import InstrumentError
from editproof.instruments.hooks import look_up_of
from editproof.instruments.raw import checked_outputs
from editproof.instruments.registry import instrument_from_spec

from .cards import written

IMAGE = np.zeros((4, 4), np.uint8)
ORIGINAL, EDITED = [("original", 0)], [("edited", 1)]
CASES = [SimpleNamespace(case_id="a"), SimpleNamespace(case_id="b")]


def rows(**changes):
    table = pd.DataFrame(
        [
            ("a", "original", 0, "brightness", 0.5),
            ("b", "original", "", "brightness", 0.6),
            ("a", "edited", 0, "brightness", 0.7),
            ("a", "edited", 1, "brightness", 0.8),
        ],
        columns=["case", "arm", "repeat", "quantity", "value"],
    )
    return table.assign(**changes)


def table(tmp_path, frame, name="readings.csv", **fields):
    if name.endswith(".csv"):
        content = frame.to_csv(index=False).encode()
    else:
        frame.to_parquet(tmp_path / name)
        content = (tmp_path / name).read_bytes()
    told = {"runtime": "table", "table": {"file": name}, "preprocessing": None, **fields}
    return instrument_from_spec(str(written(tmp_path, {name: content}, **told)))


@pytest.mark.parametrize("name", ["readings.csv", "readings.parquet"])
def test_a_reading_is_looked_up_by_place(tmp_path, name):
    instrument = table(tmp_path, rows().astype(str), name)
    assert instrument.card.precomputed
    assert look_up_of(instrument) == instrument.looked_up
    assert instrument.looked_up("b", "t", ORIGINAL, IMAGE) == {"brightness": [0.6]}
    assert instrument.looked_up("a", "t", EDITED, IMAGE) == {"brightness": [0.8]}
    assert instrument.card.absent_arms == (
        "paste_back",
        "histogram_matched",
        "geometry",
        "gray",
        "classical_fill",
        "target",
    )
    instrument.covers(CASES, ["t"])


def test_pixels_that_are_the_original_read_as_the_original(tmp_path):
    instrument = table(tmp_path, rows())
    assert instrument.looked_up("b", "identity", [*ORIGINAL, *EDITED], IMAGE) == {"brightness": [0.6]}


def test_a_missing_row_is_named(tmp_path):
    instrument = table(tmp_path, rows())
    with pytest.raises(InstrumentError, match="Add the row case=b, arm=edited, repeat=1, tool=t, quantity=brightness"):
        instrument.looked_up("b", "t", EDITED, IMAGE)
    with pytest.raises(InstrumentError, match=r"1 rows of originals are missing, e\.g\. case=c, arm=original"):
        instrument.covers([*CASES, SimpleNamespace(case_id="c")], ["t"])


def test_the_destructive_control_has_no_reading_unless_it_is_given(tmp_path):
    assert table(tmp_path, rows()).looked_up("a", "destructive", EDITED, IMAGE) is None
    given = table(tmp_path, rows(tool=["", "", "t", "destructive"]))
    assert given.looked_up("a", "destructive", EDITED, IMAGE) == {"brightness": [0.8]}
    with pytest.raises(InstrumentError, match="no reading of arm edited, repeat 1, of tool t"):
        given.looked_up("a", "t", EDITED, IMAGE)


def test_several_tools_need_their_column(tmp_path):
    with pytest.raises(InstrumentError, match="edits without a tool, and 2 tools are judged"):
        table(tmp_path, rows()).covers(CASES, ["t", "u"])
    with pytest.raises(InstrumentError, match="no row of tool u; it has t"):
        table(tmp_path, rows(tool=["", "", "t", "t"])).covers(CASES, ["t", "u"])
    table(tmp_path, rows()).covers(CASES, ["t", "identity"])
    table(tmp_path, rows(tool=["", "", "t", "t"])).covers(CASES, ["identity", "t"])


def test_a_reading_is_looked_up_by_pixels(tmp_path):
    frame = pd.DataFrame({"pixels": [pixel_digest(IMAGE)], "quantity": ["brightness"], "value": [0.4]})
    instrument = table(tmp_path, frame)
    assert instrument.looked_up("any", "t", EDITED, IMAGE) == {"brightness": [0.4]}
    assert instrument.predict([IMAGE], [{}])["brightness"].tolist() == [[0.4]]
    assert instrument.card.absent_arms == ()
    with pytest.raises(InstrumentError, match=f"Add the row pixels={pixel_digest(IMAGE + 1)}"):
        instrument.looked_up("any", "t", EDITED, IMAGE + 1)


def test_members_stand_in_order(tmp_path):
    frame = pd.concat([rows(member=1), rows(member=0, value=0.1)])
    assert table(tmp_path, frame, members=2).looked_up("a", "t", ORIGINAL, IMAGE) == {"brightness": [0.1, 0.5]}
    with pytest.raises(InstrumentError, match="1 of 2 members"):
        table(tmp_path, rows(), members=2).check()


def test_columns_may_have_other_names(tmp_path):
    frame = rows().rename(columns={"case": "Case ID"})
    instrument = table(tmp_path, frame, table={"file": "readings.csv", "columns": {"case": "Case ID"}})
    assert instrument.looked_up("a", "t", ORIGINAL, IMAGE) == {"brightness": [0.5]}


BAD = {
    "NaN": ({"value": float("nan")}, "row 2 of table readings.csv .*: value ''"),
    "infinite": ({"value": [0.1, "inf", 0.2, 0.3]}, "row 3 of table readings.csv .*: value 'inf'"),
    "words": ({"value": "high"}, "value 'high'"),
    "unit": ({"unit": "mm"}, "brightness is in mm, the card says 1"),
    "arm": ({"arm": "cleaned"}, "arm 'cleaned'"),
    "repeat": ({"repeat": -1}, "repeat '-1'"),
    "twice": ({"repeat": 0, "case": "a", "arm": "edited"}, "a second reading of the same place"),
    "member": ({"member": 1}, "of member 1"),
}


@pytest.mark.parametrize(("changes", "found"), BAD.values(), ids=BAD)
def test_a_bad_row_is_one_clear_error(tmp_path, changes, found):
    with pytest.raises(InstrumentError, match=found):
        table(tmp_path, rows(**changes)).check()


def test_a_table_that_is_none_is_refused(tmp_path):
    with pytest.raises(InstrumentError, match="it has the columns id and lacks case, arm"):
        table(tmp_path, pd.DataFrame({"id": [1]})).check()
    with pytest.raises(InstrumentError, match="it cannot be read"):
        instrument_from_spec(
            str(
                written(
                    tmp_path, {"x.parquet": b"PAR?"}, runtime="table", table={"file": "x.parquet"}, preprocessing=None
                )
            )
        ).check()


THREE = [("edited", 0), ("edited", 1), ("edited", 2)]


def repeated(*values, original=0.5, tool="t"):
    """A table of one case whose repeats read as the values; a None is no row."""
    told = [("a", "original", 0, "", original)]
    told += [("a", "edited", repeat, tool, value) for repeat, value in enumerate(values) if value is not None]
    frame = pd.DataFrame(told, columns=["case", "arm", "repeat", "tool", "value"])
    return frame.assign(quantity="brightness")


def test_rows_of_the_same_pixels_that_differ_are_named_together(tmp_path):
    instrument = table(tmp_path, repeated(0.7, 60.7, -59.3))
    with pytest.raises(InstrumentError, match="the same pixels, and other readings") as caught:
        instrument.looked_up("a", "t", THREE, IMAGE)
    for repeat, value in enumerate(("0.7", "60.7", "-59.3")):
        assert f"case=a, arm=edited, repeat={repeat}, tool=t: {value}" in str(caught.value)
    assert instrument.looked_up("a", "t", [THREE[1]], IMAGE) == {"brightness": [60.7]}


def test_an_edit_that_is_the_original_is_not_read_as_the_original_where_its_row_says_otherwise(tmp_path):
    places = [*ORIGINAL, *THREE]
    with pytest.raises(InstrumentError, match=r"arm=original, repeat=0: 0.5; case=a, arm=edited, repeat=0, tool=t: 9"):
        table(tmp_path, repeated(9, 9, 9)).looked_up("a", "t", places, IMAGE)
    assert table(tmp_path, repeated(0.5, 0.5, 0.5)).looked_up("a", "t", places, IMAGE) == {"brightness": [0.5]}


def test_rows_of_another_arm_and_of_a_member_are_held_to_the_same(tmp_path):
    frame = repeated(0.7).assign(member=0)
    pasted = pd.DataFrame({"case": ["a"], "arm": "paste_back", "repeat": 0, "tool": "t", "value": 0.9, "member": 0})
    with pytest.raises(InstrumentError, match=r"arm=paste_back, repeat=0, tool=t: 0\.9"):
        table(tmp_path, pd.concat([frame, pasted.assign(quantity="brightness")])).looked_up(
            "a", "t", [("edited", 0), ("paste_back", 0)], IMAGE
        )
    other = frame.assign(member=1, value=[0.5, 0.8])
    places = [*ORIGINAL, ("edited", 0)]
    with pytest.raises(InstrumentError, match=r"arm=edited, repeat=0, tool=t: 0.7, 0.8"):
        table(tmp_path, pd.concat([frame.assign(value=[0.5, 0.7]), other]), members=2).looked_up(
            "a", "t", places, IMAGE
        )


def test_rounding_is_no_contradiction(tmp_path):
    instrument = table(tmp_path, repeated(100.001, 100.002, 100.0015))
    assert instrument.looked_up("a", "t", THREE, IMAGE) == {"brightness": [100.001]}


@pytest.mark.parametrize("tool", ["t", ""])
def test_every_edit_that_came_back_needs_a_row_of_its_own(tmp_path, tool):
    instrument = table(tmp_path, repeated(0.7, None, None, tool=tool))
    line = r"no reading of arm edited, repeat 1; arm edited, repeat 2, of tool t\. Add the rows case=a, arm=edited, repeat=1; case=a, arm=edited, repeat=2, each with tool=t"
    with pytest.raises(InstrumentError, match=line):
        instrument.looked_up("a", "t", THREE, IMAGE)
    with pytest.raises(InstrumentError, match="no reading of arm edited, repeat 1; arm edited, repeat 2"):
        instrument.looked_up("a", "t", [*ORIGINAL, *THREE[1:]], IMAGE)


def test_the_controls_need_no_row_for_each_repeat(tmp_path):
    instrument = table(tmp_path, repeated(0.7, None, tool="destructive"))
    assert instrument.looked_up("a", "destructive", THREE, IMAGE) == {"brightness": [0.7]}
    assert instrument.looked_up("a", "identity", [*ORIGINAL, *THREE], IMAGE) == {"brightness": [0.5]}


def test_rows_of_no_tool_are_not_about_a_control(tmp_path):
    instrument = table(tmp_path, repeated(0.7, 0.7, 0.7, tool=""))
    assert instrument.looked_up("a", "identity", [*ORIGINAL, *THREE], IMAGE) == {"brightness": [0.5]}
    assert instrument.looked_up("a", "destructive", THREE, IMAGE) is None


MISDESCRIBED = {
    "columns a text": ({"columns": "x"}, "table.columns is 'x'"),
    "columns of a number": ({"columns": {"case": 1}}, "table.columns.case is 1. Write one line of text"),
    "columns unknown": ({"columns": {"patient": "case"}}, "table.columns is .* known are pixels, case"),
    "columns of one": ({"columns": {"case": "id", "arm": "id"}}, "table.columns is"),
    "arms a text": ({"arms": "original"}, "table.arms is 'original'. Write a list of original, edited"),
    "arms unknown": ({"arms": ["original", "cleaned"]}, "table.arms is"),
    "file a list": ({"file": ["readings.csv"]}, r"table.file is \['readings.csv'\]. Write one line of text"),
    "file misspelt": ({"fille": "x"}, "an unknown field 'fille' in table. Did you mean 'file'"),
    "no mapping": (None, "table is 'readings.csv'. Write a mapping"),
}


@pytest.mark.parametrize(("changes", "found"), MISDESCRIBED.values(), ids=MISDESCRIBED)
def test_a_table_that_the_card_misdescribes_is_one_clear_error(tmp_path, changes, found):
    told = {"file": "readings.csv", **changes} if changes else "readings.csv"
    with pytest.raises(InstrumentError, match=found):
        table(tmp_path, rows(), table=told)


def test_a_column_that_is_not_there_or_there_twice_is_named(tmp_path):
    with pytest.raises(InstrumentError, match=r"no column 'nope', which table\.columns names\. It has case, arm"):
        table(tmp_path, rows(), table={"file": "readings.csv", "columns": {"case": "nope"}}).check()
    with pytest.raises(InstrumentError, match="it has the column value twice"):
        table(tmp_path, rows(other=1), table={"file": "readings.csv", "columns": {"value": "other"}}).check()


@pytest.mark.parametrize("nullable", [True, False], ids=["pandas' own types", "plain types"])
def test_nulls_of_parquet_are_empty(tmp_path, nullable):
    frame = rows(
        repeat=[None, None, 0, 1], member=[None, None, 0, 0], tool=[None, None, "t", "t"], unit=[None, "1", None, "1"]
    )
    frame = frame.convert_dtypes() if nullable else frame.astype({"repeat": float, "member": float})
    instrument = table(tmp_path, frame, "readings.parquet")
    instrument.covers(CASES, ["t"])
    assert instrument.looked_up("b", "t", ORIGINAL, IMAGE) == {"brightness": [0.6]}
    assert instrument.looked_up("a", "t", EDITED, IMAGE) == {"brightness": [0.8]}
    with pytest.raises(InstrumentError, match="no row of tool nan; it has t"):
        instrument.covers(CASES, ["nan"])


def test_edits_of_no_tool_in_parquet_are_of_no_tool(tmp_path):
    frame = rows(tool=[None] * 4, repeat=[0, 0, 0, 1])
    with pytest.raises(InstrumentError, match="edits without a tool, and 2 tools are judged"):
        table(tmp_path, frame, "readings.parquet").covers(CASES, ["t", "u"])


def test_a_null_value_in_parquet_is_no_reading(tmp_path):
    frame = rows(value=pd.array([0.5, None, 0.7, 0.8], dtype="Float64"), repeat=[0, 0, 0, 1])
    with pytest.raises(InstrumentError, match=r"row 3 of table readings\.parquet .*: value ''"):
        table(tmp_path, frame, "readings.parquet").check()


LESIONS = {"name": "lesions", "kind": "boxes", "labels": ["nodule"]}
MARKS = {"name": "marks", "kind": "points", "labels": ["apex"]}
WORDS = {"name": "words", "kind": "text"}
FINDING = {"name": "finding", "kind": "classes", "labels": ["effusion", "none"]}
READ = {
    "lesions": '[[0, 1, 2, 2, 0.8, "nodule"]]', "marks": '{"apex": [1, 3]}', "words": "SMITH, L",
    "finding=effusion": "0.25", "finding=none": "0.75",
}  # fmt: skip


def outputs_read(tmp_path, **changes):
    """A table of outputs of one case, with an edit on which nothing is found."""
    edited = {"lesions": "[]", "marks": "{}", "words": "", "finding=effusion": "0.5", "finding=none": "0.5"}
    frame = pd.DataFrame(
        [
            ("a", arm, 0, name, value)
            for arm, read in (("original", {**READ, **changes}), ("edited", edited))
            for name, value in read.items()
        ],
        columns=["case", "arm", "repeat", "quantity", "value"],
    )
    return table(tmp_path, frame, quantities=[], raw_outputs=[LESIONS, MARKS, WORDS, FINDING])


def test_boxes_points_text_and_classes_are_looked_up_as_numbers_are(tmp_path):
    instrument = outputs_read(tmp_path)
    instrument.covers(CASES[:1], ["t"])
    found = instrument.looked_up("a", "t", ORIGINAL, IMAGE)
    assert found["finding=effusion"] == [0.25]
    kept = checked_outputs(instrument.card, "a", found, [IMAGE])
    boxes = [[0.0, 1.0, 2.0, 2.0, 0.8, "nodule"]]
    assert kept == [{"lesions": boxes, "marks": {"apex": [1.0, 3.0]}, "words": "SMITH, L"}]
    gone = instrument.looked_up("a", "t", [("edited", 0)], IMAGE)
    assert checked_outputs(instrument.card, "a", gone, [IMAGE]) == [{"lesions": [], "marks": {}, "words": ""}]
    with pytest.raises(InstrumentError, match="case=b, arm=original, quantity=finding=effusion"):
        instrument.covers(CASES, ["t"])
    with pytest.raises(InstrumentError, match="the same pixels, and other readings"):
        instrument.looked_up("a", "t", [*ORIGINAL, ("edited", 0)], IMAGE)


UNREADABLE = {
    "no JSON": ({"lesions": "[[1, 2"}, r"row 2 of table .*: lesions is '\[\[1, 2', which is no JSON"),
    "an unknown label": ({"lesions": '[[0, 1, 2, 2, 0.8, "cyst"]]'}, "label 'cyst', which is not declared"),
    "outside": ({"lesions": "[[0, 1, 9, 2, 0.8]]"}, "outside of the image of 4 columns and 4 rows"),
    "a number": ({"lesions": "5"}, "cannot be read"),
    "an unknown landmark": ({"marks": '{"tip": [1, 1]}'}, "point 'tip', which is not declared"),
}


@pytest.mark.parametrize(("changes", "found"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_output_that_cannot_be_one_is_one_line(tmp_path, changes, found):
    def read():
        instrument = outputs_read(tmp_path, **changes)
        return checked_outputs(instrument.card, "a", instrument.looked_up("a", "t", ORIGINAL, IMAGE), [IMAGE])

    with pytest.raises(InstrumentError, match=found) as caught:
        read()
    assert "\n" not in str(caught.value)

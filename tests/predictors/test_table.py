"""Readings made elsewhere: looked up, never guessed; a row that is missing is named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from harness.errors import InstrumentError
from harness.predictors.reading import Precomputed
from harness.predictors.registry import predictor_from_spec
from harness.store import pixel_digest

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
    return predictor_from_spec(str(written(tmp_path, {name: content}, **told)))


@pytest.mark.parametrize("name", ["readings.csv", "readings.parquet"])
def test_a_reading_is_looked_up_by_place(tmp_path, name):
    instrument = table(tmp_path, rows().astype(str), name)
    assert isinstance(instrument, Precomputed)
    assert instrument.looked_up("b", "t", ORIGINAL, IMAGE) == {"brightness": [0.6]}
    assert instrument.looked_up("a", "t", EDITED, IMAGE) == {"brightness": [0.8]}
    assert instrument.card.absent_arms == ("paste_back", "histogram_matched", "geometry", "gray", "classical_fill")
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
        predictor_from_spec(
            str(
                written(
                    tmp_path, {"x.parquet": b"PAR?"}, runtime="table", table={"file": "x.parquet"}, preprocessing=None
                )
            )
        ).check()

"""What a declared type says of a value: right ones come back as they are, wrong ones are named by their place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from editproof.core.declared import Amount, Count, Line, Names, Number, Wanted, Whole, closed, is_number, open_ended
from editproof.core.records import ABSENT, from_plain, from_text, json_of_record, maybe, path_text, quoted
from editproof.core.schemas import LAST_READ_BY, fault_of_schema
from editproof.datasets.index.reading import SCHEMA as INDEX_SCHEMA
from editproof.errors import DatasetError, EvidenceError
from editproof.evidence.bundle import KINDS
from editproof.evidence.protocol import SCHEMA as LOCK_SCHEMA
from hypothesis import given
from hypothesis import strategies as st


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: float


@dataclass(frozen=True)
class Inner:
    count: Count
    share: Annotated[float, Wanted("a share from 0 to 1", lambda value: 0 <= value <= 1)] = 0.5


@closed
@dataclass(frozen=True, kw_only=True)
class Outer:
    name: Line
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    points: tuple[Point, ...] = ()
    pair: tuple[str, int] = ("", 0)
    inner: Inner | None = None
    by_name: Mapping[str, Mapping[str, Inner]]
    names: Names = ()
    limit: Annotated[float, Wanted("a finite number", is_number, as_written=True)] = 0.0
    money: Amount | None = None
    anything: Any = None
    absent: Annotated[str | None, ABSENT] = None


@open_ended
@dataclass(frozen=True)
class Open:
    inner: Inner


RIGHT = {"name": "n", "by_name": {}}

FAULTS = {
    "text for a number": ({"inner": {"count": "1"}}, "inner.count is '1'", "Write a whole number from 1 on."),
    "true for a number": ({"inner": {"count": True}}, "inner.count is True", "Write a whole number from 1 on."),
    "a number out of range": ({"inner": {"count": 0}}, "inner.count is 0", "Write a whole number from 1 on."),
    "a share of 2": ({"inner": {"count": 1, "share": 2}}, "inner.share is 2", "Write a share from 0 to 1."),
    "a field left out": ({"inner": {}}, "inner.count is missing", "Write a whole number from 1 on."),
    "no mapping": ({"inner": 3}, "inner is 3", "Write a mapping of count, share."),
    "deep in mappings": (
        {"by_name": {"a": {"b": {"count": 1.5}}}}, "by_name.a.b.count is 1.5", "Write a whole number from 1 on.",
    ),
    "a mapping expected": ({"by_name": {"a": 1}}, "by_name.a is 1", "Write a mapping, {...}."),
    "of an enumeration": ({"colour": "green"}, "colour is 'green'", "Write one of red, blue."),
    "of a choice": ({"kind": "c"}, "kind is 'c'", "Write one of a, b."),
    "in a list of tuples": ({"points": [[1, 2], [1, "2"]]}, "points[1][1] is '2'", "Write a number."),
    "too short a tuple": ({"points": [[1]]}, "points[0][1] is missing", "Write a number."),
    "in a pair": ({"pair": ["a", "b"]}, "pair[1] is 'b'", "Write a whole number."),
    "text for a list": ({"names": "ab"}, "names is 'ab'", "Write a list of names, none twice"),
    "twice in a list": ({"names": ["a", "a"]}, "names is ['a', 'a']", "Write a list of names, none twice"),
    "a blank line": ({"name": " "}, "name is ' '", "Write one line of text"),
    "not a number as written": ({"limit": "1"}, "limit is '1'", "Write a finite number."),
    "money below 0": ({"money": -1}, "money is -1", "Write a finite number from 0 on."),
    "an optional text": ({"absent": 5}, "absent is 5", "Write text, in quotes."),
    "an unknown field": ({"colur": "red"}, "an unknown field 'colur'", "Did you mean 'colour'?"),
    "an unknown field within": (
        {"inner": {"count": 1, "shares": 1}}, "an unknown field 'shares' in inner", "Did you mean 'share'?",
    ),
    "a strange field": ({"inner": {"count": 1, "xyz": 1}}, "an unknown field 'xyz' in inner", "It has count, share."),
}  # fmt: skip


@pytest.mark.parametrize(("change", "found", "advice"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_value_is_named_by_its_place(change, found, advice):
    with pytest.raises(DatasetError) as caught:
        from_plain(Outer, RIGHT | change, "the file", "See the docs.", DatasetError)
    assert (caught.value.asked, caught.value.found.removeprefix("it is malformed: ")) == ("the file", found)
    assert caught.value.advice.startswith(advice)
    assert caught.value.advice.endswith("See the docs.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000, b"\xff"])
def test_what_is_not_json_is_one_line(text):
    with pytest.raises(EvidenceError, match="the file: it is not JSON") as caught:
        from_text(Outer, text, "the file")
    assert "\n" not in str(caught.value)
    assert maybe(Outer, text) is None


def test_an_open_record_skips_fields_of_other_versions_and_a_closed_one_does_not():
    assert from_plain(Open, {"inner": {"count": 1, "later": 2}, "more": 3}, "") == Open(Inner(1))
    with pytest.raises(EvidenceError, match="unknown field 'more'"):
        from_plain(Outer, RIGHT | {"more": 3}, "")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)  # fmt: skip
inners = st.builds(Inner, st.integers(1, 2**60), st.floats(0, 1))
outers = st.builds(
    Outer,
    name=st.sampled_from(["a", "ü b"]),
    colour=st.sampled_from(Colour),
    kind=st.sampled_from(["a", "b"]),
    points=st.lists(st.builds(Point, st.integers(-(2**60), 2**60), st.floats(-9, 9))).map(tuple),
    inner=st.none() | inners,
    by_name=st.dictionaries(st.text(), st.dictionaries(st.text(), inners, max_size=2), max_size=2),
    limit=st.integers(-99, 99) | st.floats(-9, 9),
    money=st.none() | st.floats(0, 1e9),
    anything=values,
    absent=st.none() | st.text(),
)


@given(outers)
def test_what_is_written_is_read_back(record):
    told = json.loads(json.dumps(json_of_record(record)))
    assert from_plain(Outer, told, "") == record
    assert ("absent" in told) == (record.absent is not None)
    assert json.dumps(told["limit"]) == json.dumps(record.limit), "8 stays 8, and 8.0 stays 8.0"
    assert told["anything"] == record.anything


@given(values)
def test_no_value_of_json_is_more_than_one_error(value):
    """Whatever a file holds, it is a record or one line of ours."""
    for told in (value, RIGHT | {"by_name": value}, RIGHT | {"inner": value}, RIGHT | {"points": value}):
        try:
            found = from_plain(Outer, told, "the file")
        except EvidenceError as error:
            found = error
        assert isinstance(found, Outer) or len(str(found)) < 600


@pytest.mark.parametrize("kind", [Number, Amount])
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(kind, text):
    assert maybe(kind, text) is None


@pytest.mark.parametrize(("kind", "right", "wrong"), [(Count, "1", "0"), (Whole, "0", "-1"), (Amount, "0", "-0.1")])
def test_ranges_hold_at_their_ends(kind, right, wrong):
    assert maybe(kind, right) is not None
    assert maybe(kind, wrong) is None


def test_words():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert quoted(deep) == "a list without bottom"
    assert quoted("x" * 99).endswith("...")
    assert path_text(("a", 0, "b")) == "a[0].b"


CURRENT = [*KINDS, LOCK_SCHEMA, f"editproof-index/{INDEX_SCHEMA}"]


@pytest.mark.parametrize("current", CURRENT)
def test_every_former_schema_says_which_version_reads_it(current):
    family, _, number = current.partition("/")
    for former in range(1, int(number)):
        name = f"{family}/{former}"
        assert f"{name} is read by editproof {LAST_READ_BY[name]}; this is" in fault_of_schema(name, CURRENT, "a file")
    assert "a later editproof" in fault_of_schema(f"{family}/{int(number) + 1}", CURRENT, "a file")
    assert fault_of_schema(current, CURRENT, "a file") == ""


@pytest.mark.parametrize("schema", [None, 2, "", "x", "editproof-evidence", "editproof-evidence/x", "other/1", {}, []])
def test_what_names_no_schema_of_ours_is_said(schema):
    assert "its schema is" in fault_of_schema(schema, CURRENT, "a file")

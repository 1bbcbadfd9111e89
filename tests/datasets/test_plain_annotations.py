"""Annotations of cases, whoever wrote the cohort: made plain, or refused in one line that names the case and the field."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from editproof.datasets.annotations import plain_annotations, with_plain_annotations
from editproof.datasets.cohort import Cohort
from editproof.datasets.registry import dataset_from_spec
from editproof.errors import DatasetError
from editproof.types import Case, DatasetCard

NAN = float("nan")
SOUND = {
    "numbers of numpy": ({"boxes": [[np.int64(3), np.float32(3), 4, 4, "a"]]}, {"boxes": [[3.0, 3.0, 4.0, 4.0, "a"]]}),
    "an array of boxes": ({"boxes": np.array([[3, 3, 4, 4]])}, {"boxes": [[3.0, 3.0, 4.0, 4.0]]}),
    "an array a box": ({"boxes": [np.array([3, 3, 4, 4])]}, {"boxes": [[3.0, 3.0, 4.0, 4.0]]}),
    "a mapping a box": (
        {"boxes": [{"x": 1, "y": 2, "width": 3, "height": 4, "label": "a"}]},
        {"boxes": [[1.0, 2.0, 3.0, 4.0, "a"]]},
    ),
    "an array a point": ({"points": {"apex": np.array([3, 4])}}, {"points": {"apex": [3.0, 4.0]}}),
    "an array of no dimension": ({"points": {"apex": [np.array(3), 4]}}, {"points": {"apex": [3.0, 4.0]}}),
    "a landmark that is not known": ({"points": {"apex": None, "base": (1, 2)}}, {"points": {"base": [1.0, 2.0]}}),
    "text alone": ({"text": "L"}, {"text": {"text": "L"}}),
    "tuples and arrays of text": (
        {"text": {"text": None, "identifiers": ("re:[0-9]+", "SMITH"), "marks": np.array(["L"])}},
        {"text": {"identifiers": ["re:[0-9]+", "SMITH"], "marks": ["L"]}},
    ),
    "none there": ({"boxes": [], "points": {}, "text": {}}, {"boxes": [], "points": {}, "text": {}}),
    "kinds of which nothing is known": ({"boxes": None, "points": None, "text": None}, {}),
    "nothing known": (None, {}),
}


@pytest.mark.parametrize("name", SOUND)
def test_annotations_become_plain_json(name):
    given, wanted = SOUND[name]
    found = plain_annotations(given, "C007")
    assert found == wanted
    assert json.loads(json.dumps(found, allow_nan=False)) == wanted


WRONG = {
    "a number": (5, "annotations", "int in place of a mapping by kind"),
    "no kind": ({"box": []}, "annotations", "an entry 'box'.*Did you mean boxes"),
    "text in place of boxes": ({"boxes": "none"}, "boxes", "text .4 letters. in place of a list"),
    "a number of boxes": ({"boxes": 5}, "boxes", "int in place of a list"),
    "boxes by label": ({"boxes": {"nodule": [1, 2, 3, 4]}}, "boxes", "dict in place of a list"),
    "no box": ({"boxes": [None]}, r"boxes\[0\]", "None in place of a list"),
    "numbers alone": ({"boxes": [1, 2, 3, 4]}, r"boxes\[0\]", "int in place of a list"),
    "three numbers": ({"boxes": [[1, 2, 3, "a"]]}, r"boxes\[0\]", "a box of 3 numbers"),
    "no height": ({"boxes": [{"x": 3, "y": 3, "width": 3}]}, r"boxes\[0\]", "a box without height"),
    "another entry": ({"boxes": [{"x": 3, "w": 3}]}, r"boxes\[0\]", "an entry 'w'"),
    "NaN in a box": ({"boxes": [[1, NAN, 3, 4]]}, r"boxes\[0\]", "NaN"),
    "text for a number": ({"boxes": [["1", 2, 3, 4]]}, r"boxes\[0\]", "text .1 letters. in place of a number"),
    "a truth value": ({"boxes": [[True, 2, 3, 4]]}, r"boxes\[0\]", "bool in place of a number"),
    "a list of points": ({"points": [[1, 2]]}, "points", "list in place of a mapping by landmark"),
    "a number a point": ({"points": {"apex": 5}}, r"points\['apex'\]", "int in place of a list"),
    "three coordinates": ({"points": {"apex": [3, 3, 4]}}, r"points\['apex'\]", "3 coordinates"),
    "NaN": ({"points": {"apex": [NAN, NAN]}}, r"points\['apex'\]", "NaN"),
    "NaN of numpy": ({"points": {"apex": np.array([np.nan, 1])}}, r"points\['apex'\]", "NaN"),
    "no number": ({"points": {"apex": [np.inf, 1]}}, r"points\['apex'\]", "an infinite number"),
    "a number of text": ({"text": 5}, "text", "int in place of text"),
    "another part": ({"text": {"names": ["A"]}}, "text", "an entry 'names'"),
    "text.text": ({"text": {"text": ["a"]}}, r"text\.text", "list in place of text"),
    "a number of identifiers": ({"text": {"identifiers": 5}}, r"text\.identifiers", "int in place of a list"),
    "one identifier": ({"text": {"identifiers": "SMITH"}}, r"text\.identifiers", "in place of a list"),
    "an identifier of nothing": ({"text": {"identifiers": [" "]}}, r"text\.identifiers\[0\]", "empty text"),
    "never found": ({"text": {"identifiers": ["A", "---"]}}, r"text\.identifiers\[1\]", "could never be found"),
    "a pattern": ({"text": {"identifiers": ["re:(["]}}, r"text\.identifiers\[0\]", "no regular expression"),
    "a mark": ({"text": {"marks": [3]}}, r"text\.marks\[0\]", "int in place of text"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_annotation_is_one_line_with_case_and_field(name):
    given, field, words = WRONG[name]
    with pytest.raises(DatasetError, match=f"^{field} of case C007: .*{words}") as caught:
        plain_annotations(given, "C007")
    assert "\n" not in str(caught.value)
    assert "SMITH" not in str(caught.value), "an identifier is not repeated"


CARD = DatasetCard("own", "own", "a test", "none", "d", 2, 2)
BARE = tuple(Case(name, name, lambda: None, name, {}) for name in "AB")


@dataclass(frozen=True)
class Own:
    """A cohort of a user's own class."""

    cases: tuple[Case, ...] = BARE
    card: DatasetCard = CARD

    def __len__(self):
        return len(self.cases)

    def __iter__(self):
        return iter(self.cases)


def test_cohorts_of_factories_are_made_plain_and_refused_when_they_are_named():
    annotated = replace(BARE[1], annotations={"boxes": np.array([[3, 3, 4, 4]])})
    found = dataset_from_spec("own:", {"own": lambda argument: Own((BARE[0], annotated))})
    assert [case.annotations for case in found] == [{}, {"boxes": [[3.0, 3.0, 4.0, 4.0]]}]
    assert replace(found.card, digest=CARD.digest) == CARD, "but for the digest, which is made of the cases"
    broken = replace(BARE[1], annotations={"text": {"identifiers": ["re:(["]}})
    with pytest.raises(DatasetError, match=r"text.identifiers\[0\] of case B"):
        dataset_from_spec("own:", {"own": lambda argument: Cohort(CARD, (BARE[0], broken))})


def test_a_cohort_without_annotations_stays_the_object_that_it_is():
    own = Own()
    assert with_plain_annotations(own) is own

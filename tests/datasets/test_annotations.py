"""Reference points, boxes and texts from the tables beside a manifest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.errors import DatasetError

BOXES = "case_id,label,x,y,width,height\nA,nodule,1,2,3,4\nA,mass,5,6,2,2\nB,,,,,\n"
POINTS = "case_id,label,x,y\nA,apex,1.5,2\nA.png,base,3,4\n"
TEXTS = "case_id,text,identifiers,marks\nA,SMITH L,SMITH | 4711,L\nB,,,\n"


def cohort(root, **tables):
    for name in "ABC":
        cv2.imwrite(str(root / f"{name}.png"), np.random.default_rng(ord(name)).integers(0, 255, (24, 20), np.uint8))
    (root / "manifest.csv").write_text("case_id,image\nA,A.png\nB,B.png\nC,C.png\n")
    for name, content in tables.items():
        (root / f"{name}.csv").write_text(content)
    return folder(root)


def test_a_case_has_what_the_tables_say_of_it_and_nothing_where_they_are_silent(tmp_path):
    found = cohort(tmp_path, boxes=BOXES, points=POINTS, texts=TEXTS)
    first, second, third = (case.annotations for case in found)
    assert first == {
        "points": {"apex": [1.5, 2.0], "base": [3.0, 4.0]},
        "boxes": [[1.0, 2.0, 3.0, 4.0, "nodule"], [5.0, 6.0, 2.0, 2.0, "mass"]],
        "text": {"text": "SMITH L", "identifiers": ["SMITH", "4711"], "marks": ["L"]},
    }
    assert second == {"boxes": [], "text": {"text": "", "identifiers": [], "marks": []}}
    assert third == {}
    assert not [warning for warning in found.card.warnings if "boxes.csv" in warning]


def test_a_table_is_a_part_of_the_digests_of_its_cases(tmp_path):
    (tmp_path / "without").mkdir(), (tmp_path / "with").mkdir()
    plain, annotated = cohort(tmp_path / "without"), cohort(tmp_path / "with", boxes=BOXES)
    same = [one.digest == other.digest for one, other in zip(plain, annotated, strict=True)]
    assert same == [False, False, True]
    assert plain.card.digest != annotated.card.digest


@pytest.mark.parametrize(
    ("table", "content", "words"),
    [
        ("boxes", "case_id,label,x,y,width\nA,n,1,2,3\n", "add height"),
        ("boxes", BOXES + "A,n,1,2,,4\n", "row 5 of boxes.csv: nothing in the column width"),
        ("boxes", BOXES + "A,n,1,two,3,4\n", "'two'"),
        ("boxes", BOXES + "Z,n,1,2,3,4\n", "not in the manifest"),
        ("points", POINTS + "A,apex,3,4\n", "a second point apex"),
        ("texts", "case_id,words\nA,x\n", "no column says a text"),
        ("texts", TEXTS + "A,x,,\n", "a second row of case A"),
    ],
    ids=["column", "cell", "number", "case", "point", "texts", "row"],
)
def test_a_table_that_cannot_be_read_is_one_error(tmp_path, table, content, words):
    with pytest.raises(DatasetError, match=words):
        cohort(tmp_path, **{table: content})

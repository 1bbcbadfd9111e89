"""Tables as programs of several countries save them: read where there is one way to, refused in a line else."""

from __future__ import annotations

import pytest
from editproof.core.separated import COMMA, SEMICOLON, TAB, SeparatedError, cells_of, separator_of

WANTED = [["case", "before", "after"], ["C1", "192.8", "190.25"], ["C2", "-7.5", ""]]


@pytest.mark.parametrize(
    "text",
    [
        "case,before,after\nC1,192.8,190.25\nC2,-7.5,\n",
        "case;before;after\nC1;192.8;190.25\nC2;-7.5;\n",
        "case;before;after\r\nC1;192,8;190,25\r\nC2;-7,5;\r\n",
        "case\tbefore\tafter\nC1\t192,8\t190,25\nC2\t-7,5\t\n",
        '"case";"before";"after"\n"C1";"192,8";"190,25"\n"C2";"-7,5";""\n',
    ],
)
def test_one_table_is_the_same_whatever_separates_it(text):
    assert cells_of(text) == WANTED


@pytest.mark.parametrize(
    ("text", "usual", "wanted"),
    [
        ("a,b\n", COMMA, COMMA), ("a;b\n", COMMA, SEMICOLON), ("a\tb\n", COMMA, TAB), ("a;b\n", TAB, SEMICOLON),
        ("a\n", COMMA, COMMA), ("case,a;b,c\n", COMMA, COMMA), ('\n"a,b";c\n', COMMA, SEMICOLON), ("", TAB, TAB),
    ],
)  # fmt: skip
def test_the_header_shows_the_separator(text, usual, wanted):
    assert separator_of(text, usual) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case;bone_age, months;sex\nC1;3;F\n", "2 semicolons"),
        ("case;x\nC1;1,234\nC2;5,678\n", "semicolons has the number 1,234"),
        ("case;x;y\nC1;1,5;2.500\n", "numbers 1,5 and 2.500"),
        ("case,x\nC1,192,8\n", "3 cells in row 2, 2 columns. Quote cells that hold a comma. Write a decimal point"),
        ('case,x\nC1,"1\n', "not CSV from row 2 on"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(text, said):
    with pytest.raises(SeparatedError, match=said):
        cells_of(text)


def test_thousands_are_told_from_decimals_by_any_other_number():
    assert cells_of("case;x;y\nC1;1,234;0,5\n")[1] == ["C1", "1.234", "0.5"]


@pytest.mark.parametrize("cells", [["3,4", "upper left"], ["a,b", "c"], ["1,5", "2,5 or so"]])
def test_words_keep_their_commas(cells):
    assert [row[1] for row in cells_of("case;teeth\n" + "".join(f"C;{cell}\n" for cell in cells))[1:]] == cells


def test_a_quoted_number_with_a_comma_in_a_table_of_commas_stays_as_it_is():
    assert cells_of('case,x\nC1,"1,5"\n')[1] == ["C1", "1,5"]

"""Which edits a reader is shown where no instrument read a number."""

from __future__ import annotations

import pytest
from editproof.evidence.gallery import chosen
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, measurements_of

CASES = [f"c{k}" for k in range(12)]


def table(*rows):
    cases = [{"case": case, "patient": case} for case in CASES]
    edits = [[case, repeat, "ok", "", "ok", "", ""] for case in CASES for repeat in range(2)]
    return measurements_of("tool", cases, list(rows), edits)


def rows_of(quantity: str, instrument: str, value):
    """One number of each edit, by the place of its case and its repeat."""
    return [
        [case, EDITED, repeat, instrument, quantity, value(at, repeat), ""]
        for at, case in enumerate(CASES)
        for repeat in range(2)
    ]


@pytest.mark.parametrize(
    ("quantity", "instrument", "value"),
    [
        ("dice_to_original:bones", "segmenter", lambda at, repeat: 1 - 0.01 * at - 0.001 * repeat),
        ("mean_abs_change:whole", IMAGE, lambda at, repeat: at + 0.1 * repeat),
    ],
)
def test_without_readings_the_edits_that_changed_most_are_shown_all_the_same(quantity, instrument, value):
    shown = chosen(table(*rows_of(quantity, instrument, value)))
    assert [(one.case, one.repeat) for one in shown if one.rank == "worst"] == [("c11", 1), ("c10", 1), ("c9", 1)]
    assert [one.case for one in shown if one.rank == "best"] == ["c0"]
    assert all(one.readings == {} for one in shown)


def test_a_mask_tells_more_than_pixels():
    masks = rows_of("dice_to_original:bones", "segmenter", lambda at, repeat: 0.5 if at == 4 else 1.0)
    pixels = rows_of("mean_abs_change:whole", IMAGE, lambda at, repeat: float(at))
    assert chosen(table(*pixels, *masks))[0].case == "c4"


def test_nothing_is_shown_of_nothing():
    before = [[case, ORIGINAL, 0, IMAGE, "mean:whole", 1.0, ""] for case in CASES]
    assert chosen(table(*before)) == ()

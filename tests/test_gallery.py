"""Which edits a reader is shown where no instrument read a number."""

from __future__ import annotations

import pytest
from editproof import Criterion, at_least, at_most, auc_drift, ks_distance, mae_drift, marker_residual
from editproof.criteria.exhibited import tellings_of
from editproof.evidence.gallery import Telling, chosen
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


def worst_for(*tellings):
    rows = [
        *rows_of("ks_distance:protected", IMAGE, lambda at, repeat: 0.9 if (at, repeat) == (3, 1) else 0.0),
        *rows_of("ssim:protected", IMAGE, lambda at, repeat: 0.1 if (at, repeat) == (11, 1) else 1.0),
        *rows_of("mean_abs_change:whole", IMAGE, lambda at, repeat: at + 0.1 * repeat),
    ]
    return [(one.case, one.repeat, one.rank, one.claims) for one in chosen(table(*rows), tellings) if one.claims]


def test_the_edit_that_is_farthest_for_a_claim_is_shown_for_it():
    ks, ssim = Telling("ks_distance:protected", 0.0, ("KS-1", "KS-2")), Telling("ssim:protected", 1.0, ("SIM-1",))
    assert worst_for(ks, ssim) == [("c11", 1, "worst", ("SIM-1",)), ("c3", 1, "worst", ("KS-1", "KS-2"))]


def test_nothing_is_shown_for_a_claim_on_what_no_edit_changed_or_nobody_measured():
    unchanged = rows_of("ks_distance:protected", IMAGE, lambda at, repeat: 0.0)
    tellings = Telling("ks_distance:protected", 0.0, ("KS-1",)), Telling("dice_to_original:bones", 1.0, ("SEG-1",))
    assert chosen(table(*unchanged), tellings) == ()


def test_what_is_measured_on_originals_too_is_held_against_them():
    before = [[case, ORIGINAL, 0, IMAGE, "sd:whole", 10.0 + at, ""] for at, case in enumerate(CASES)]
    after = rows_of("sd:whole", IMAGE, lambda at, repeat: 10.0 + at - (3 if (at, repeat) == (2, 0) else 0))
    shown = chosen(table(*before, *after), [Telling("sd:whole", 0.0, ("SD-1",))])
    assert [(one.case, one.repeat) for one in shown] == [("c2", 0)]


def test_claims_of_one_quantity_are_one_and_only_primary_ones_on_edits_count():
    claims = [
        Criterion("KS-1", ks_distance(region="protected", margin=0.05), at_least(0.9), source="placeholder"),
        Criterion("KS-2", ks_distance(region="protected"), at_most(0.1), source="placeholder"),
        Criterion("BA-1", mae_drift("bone_age", cap=40), at_most(2), source="placeholder"),
        Criterion("SX-1", auc_drift("sex"), at_least(-0.1), source="placeholder", role="secondary"),
        Criterion("EFF-1", marker_residual(), at_most(0.3), source="placeholder"),
    ]
    assert tellings_of(claims) == (
        Telling("ks_distance:protected", 0.0, ("KS-1", "KS-2")), Telling("bone_age", None, ("BA-1",)),
        Telling("marker_residual:inside_mask", 0.0, ("EFF-1",)),
    )  # fmt: skip

"""Masks as readings, from an instrument through the store to a claim: overlap, distance and area of a structure."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from editproof import Criterion, at_least, at_most, image_metric
from editproof.audit.metric_sources import metric_faults
from editproof.criteria import (
    mask_area_change,
    mask_area_difference,
    mask_dice,
    mask_dice_loss,
    mask_distance,
    mask_surface_dice,
    verdict_on,
)
from editproof.criteria.conformance import floor_verdicts, outcome_of_editor, patients_of_floors
from editproof.criteria.controls import verdict_on_control
from editproof.datasets.cohort import Cohort
from editproof.editing.store import Store
from editproof.errors import EditproofError, InstrumentError, ProtocolError
from editproof.evidence.drawn import DRAWN
from editproof.evidence.gallery import chosen
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, TARGET
from editproof.instruments.fitness import check_apart
from editproof.instruments.masks import unpacked
from editproof.instruments.reading import full_readings
from editproof.instruments.soundness import check_card
from editproof.metrics import METRICS_VERSION
from editproof.report.page.drawn import COLOURS, contours
from editproof.study.bench import Bench
from editproof.study.exhibits import exhibit_pictures
from editproof.study.masks import MASKS
from editproof.study.on_images import check_measurable
from editproof.study.plan import Plan
from editproof.testing import check_instrument
from editproof.types import (
    Case,
    DatasetCard,
    EditorCard,
    EditOutcome,
    EditStatus,
    InstrumentCard,
    MaskOutput,
    Outcome,
    Pixels,
    Quantity,
)
from PIL import Image as Pillow

SHAPE = (40, 32)
N = 12


def a_square(seed: int) -> Pixels:
    """A bright square of 12 x 10 pixels on a dark ground, known exactly, and a brighter marker above it."""
    image = np.full(SHAPE, 40 + seed, np.uint8)
    image[16:28, 10:20] = 150
    marker = np.zeros(SHAPE, bool)
    image[2:6, 2:8] = 250
    marker[2:6, 2:8] = True
    square = np.zeros(SHAPE, bool)
    square[16:28, 10:20] = True
    return Pixels(image, marker, square, structures={"square": square, "hole": np.zeros(SHAPE, bool)})


def a_case(seed: int) -> Case:
    return Case(f"C{seed:02d}", f"C{seed:02d}", partial(a_square, seed), f"square {seed}", {}, {}, (0.5, 0.2))


CASES = Cohort(DatasetCard("squares", "squares", "a test", "none", "d", N, N), tuple(map(a_case, range(N))))


class Outliner:
    """Draws the square, which it finds by its gray level."""

    card = InstrumentCard(
        "outliner", "gray levels of 120 to 200", (), 1, {}, "none", "none",
        masks=(MaskOutput("shapes", {"1": "square", "2": "hole"}),),
    )  # fmt: skip
    asked = 0

    def predict(self, images, references):
        Outliner.asked += len(images)
        return {"shapes": [((image > 120) & (image < 200)).astype(np.uint8) for image in images]}


class Tool:
    """Fills the marker, and does something to the square."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.card = EditorCard(what, "1", f"{what} the square")

    def __call__(self, request):
        image = request.image.copy()
        image[request.edit_mask] = 40
        number = int(request.case_id[1:])
        if self.what == "loses" and number % 3 == 0:
            return EditOutcome(EditStatus.FAILED, None, "gone")
        if self.what in ("shifts", "loses"):
            image[16:28, 10:20] = 40
            image[16:28, 12:22] = 150
        if self.what == "erases":
            image[16:28, 10:20] = 40
        return EditOutcome(EditStatus.OK, image)


def measured(folder, what):
    return Bench(partial(Tool, what), (Outliner,), folder / what, Plan(repeats=2)).measured(CASES)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks")
    return SimpleNamespace(
        folder=folder, **{what: measured(folder, what) for what in ("keeps", "shifts", "erases", "loses")}
    )


def only(table, quantity: str, arm: str = EDITED) -> set[float]:
    return set(np.round(table.matrix(quantity, arm, IMAGE).ravel(), 9).tolist())


def test_a_square_that_moved_by_two_columns_of_ten(tables):
    table = tables.shifts
    assert only(table, "dice_to_original:square") == {0.8}
    assert only(table, "dice_to_reference:square") == {0.8}
    assert only(table, "dice_to_reference:square", ORIGINAL) == {1.0}
    assert only(table, "hd95_px_to_original:square") == {2.0}
    assert only(table, "hd95_mm_to_original:square") == {0.4}
    assert only(table, "area_difference_mm2_to_original:square") == {0.0}
    assert table.unit("hd95_mm_to_original:square") == "mm"


def test_a_structure_that_is_gone_has_the_worst_of_each(tables):
    table = tables.erases
    assert only(table, "dice_to_original:square") == only(table, "surface_dice_3px_to_original:square") == {0.0}
    assert only(table, "area_difference_px_to_original:square") == {-120.0}
    assert only(table, "area_difference_mm2_to_original:square") == {-12.0}
    assert only(table, "hd95_px_to_original:square") == {round(float(np.hypot(*SHAPE)), 9)}


def test_what_is_on_neither_mask_has_no_overlap(tables):
    assert "dice_to_original:hole" not in set(tables.shifts.rows["quantity"])


CLAIMS = {
    "the mean of Dice": (mask_dice("square"), at_least(0.75)),
    "Dice against the reference": (mask_dice("square", against="reference"), at_least(0.75)),
    "share of patients": (mask_dice("square", margin=0.9), at_most(0.3)),
    "share of edits": (mask_dice("square", margin=0.9, per="edit"), at_most(0.3)),
    "loss of Dice": (mask_dice_loss("square"), at_most(0.5)),
    "surface Dice": (mask_surface_dice("square", tolerance=2), at_least(0.75)),
    "HD95": (mask_distance("square", cap=10.0), at_most(3.5)),
    "share beyond HD95": (mask_distance("square", cap=10.0, margin=1.0), at_most(0.3)),
    "change of area": (mask_area_change("square"), at_most(0.3)),
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_holds_of_a_tool_that_keeps_the_structure_and_fails_of_one_that_erases_it(tables, name):
    estimand, region = CLAIMS[name]
    claim = Criterion("M-1", estimand, region, source="an example")
    assert verdict_on(claim, tables.keeps).outcome is Outcome.PASS
    assert verdict_on(claim, tables.erases).outcome is Outcome.FAIL
    assert verdict_on(claim, tables.loses).outcome is not Outcome.PASS, "a third of the edits are missing"


def test_an_edit_that_is_missing_counts_as_one_without_the_structure(tables):
    found = mask_dice("square").estimate(tables.loses)
    assert (found.n_edits, found.n_missing) == (2 * N, 8)
    assert found.low < 0.8 * 2 / 3, "at worst a third of the patients have a Dice of 0"
    assert found.notes["sensitivity"]["complete_case"][0] == pytest.approx(0.8)


def test_of_the_reference_a_missing_edit_is_replaced_by_the_original_and_not_by_a_perfect_one(tables):
    rows = tables.loses.rows
    poor = (rows["arm"] == ORIGINAL) & (rows["quantity"] == "dice_to_reference:square")
    table = replace(tables.loses, rows=rows.assign(value=rows["value"].where(~poor, 0.3)))
    used = mask_dice("square", against="reference").estimate(table).notes["sensitivity"]["original_used"][0]
    assert used == pytest.approx((0.8 * 2 + 0.3) / 3)


def test_the_masks_are_kept_and_nothing_is_read_twice(tables):
    store = Store(tables.folder / "shifts")
    kept = [unpacked(record)["shapes"] for record in store.records(MASKS)]
    assert len(kept) == 2 * N, (
        "of each case the original and its equal edits; on the arms between them nothing is claimed"
    )
    assert all(labels.shape == SHAPE for labels in kept)
    assert sum(labels.sum() == 120 for labels in kept) == 2 * N
    for path in (tables.folder / "shifts" / "cases").rglob("*.json"):
        path.unlink()
    asked = Outliner.asked
    assert measured(tables.folder, "shifts").rows.equals(tables.shifts.rows)
    assert Outliner.asked == asked


def floor_of(table, limit=0.85):
    card = replace(Outliner.card, floors={"square": {"dice_at_least": limit}})
    [verdict] = floor_verdicts(card, table)
    assert verdict.criterion.role == "validity"
    assert verdict.criterion.id == "BASE-square"
    return verdict


def test_an_instrument_that_does_not_find_its_structures_on_the_originals_makes_no_valid_run(tables):
    """Its card sets the floor; the edits say nothing about it, and without reference masks nothing shows that it holds."""
    assert floor_of(tables.erases).outcome is Outcome.PASS
    rows = tables.keeps.rows
    poor = rows["value"].where(~((rows["arm"] == ORIGINAL) & (rows["quantity"] == "dice_to_reference:square")), 0.6)
    missed = floor_of(replace(tables.keeps, rows=rows.assign(value=poor)))
    assert missed.outcome is Outcome.FAIL
    assert missed.estimate.value == pytest.approx(0.6)
    unknown = replace(tables.keeps, rows=rows[rows["quantity"] != "dice_to_reference:square"].reset_index(drop=True))
    assert floor_of(unknown).outcome is Outcome.INCONCLUSIVE
    for verdict in (missed, floor_of(unknown)):
        assert outcome_of_editor((), (verdict,), ())[0] is Outcome.INVALID


def test_a_floor_says_on_how_many_patients_it_was_decided(tables):
    card = replace(Outliner.card, floors={"square": {"dice_at_least": 0.85}})
    assert floor_of(tables.keeps).because == "the point estimate reaches the floor, at least 0.85"
    assert patients_of_floors(card, tables.keeps) == {"BASE-square": N}
    rows = tables.keeps.rows
    rare = rows["quantity"].ne("dice_to_reference:square") | rows["case"].isin(["C00", "C01"])
    few = replace(tables.keeps, rows=rows[rare].reset_index(drop=True))
    assert floor_of(few).because == f"the point estimate reaches the floor, at least 0.85, on 2 of {N} patients"
    assert patients_of_floors(card, few) == {"BASE-square": 2}


def test_the_floor_is_held_on_targets_where_every_case_has_one(tables):
    rows = tables.keeps.rows
    dice = rows[(rows["arm"] == ORIGINAL) & (rows["quantity"] == "dice_to_reference:square")]
    on_targets = dice.assign(arm=TARGET, value=0.7)
    for n, value in ((N, 0.7), (N - 1, 1.0)):
        table = replace(tables.keeps, rows=pd.concat([rows, on_targets.iloc[:n]], ignore_index=True))
        assert floor_of(table).estimate.value == pytest.approx(value)


def test_the_unchanged_radiograph_is_flawless(tables):
    claim = Criterion("M-1", mask_dice("square"), at_least(0.75), source="an example")
    assert verdict_on_control(claim, replace(tables.keeps, editor="identity")).outcome is Outcome.PASS


def refused(claim, cases=CASES, cards=(Outliner.card,)) -> str:
    with pytest.raises(EditproofError) as caught:
        check_measurable([Criterion("M-1", claim, at_least(0.5), source="an example")], (), cards, cases)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_measured_is_one_line_before_the_first_edit():
    assert "Did you mean dice_to_original:square" in refused(mask_dice("squar"))
    bare = [replace(case, decode=partial(unknown, case.decode)) for case in CASES]
    assert "against reference masks of square: case C00 has" in refused(mask_dice("square", against="reference"), bare)
    unscaled = [replace(case, spacing_mm=None) for case in CASES]
    assert "in millimetres: case C00 has no pixel spacing" in refused(
        mask_distance("square", cap=9.0, unit="mm"), unscaled
    )
    assert "no pixel spacing" in refused(mask_area_difference("square", cap=9.0, unit="mm2"), unscaled)
    assert "no pixel spacing" in refused(mask_surface_dice("square", tolerance_unit="mm"), unscaled)
    check_measurable(
        [Criterion("M-1", mask_distance("square", cap=9.0), at_most(2.0), source="s")], (), (Outliner.card,), unscaled
    )


def test_a_floor_that_no_case_could_show_is_one_line_before_the_first_edit():
    card = replace(Outliner.card, floors={"square": {"dice_at_least": 0.9}})
    check_measurable([], (), (card,), CASES)
    bare = [replace(case, decode=partial(unknown, case.decode)) for case in CASES]
    with pytest.raises(
        ProtocolError, match="the floor of square on the card of outliner: no case has a reference mask"
    ):
        check_measurable([], (), (card,), bare)
    with pytest.raises(ProtocolError, match="no case has a reference mask of it that is not empty"):
        check_measurable([], (), (replace(card, floors={"hole": {"dice_at_least": 0.9}}),), CASES)


def test_a_primary_claim_against_reference_masks_that_are_all_empty_is_one_line_before_the_first_edit():
    claim = mask_dice("hole", against="reference")
    assert "against reference masks of hole: those of all cases are empty" in refused(claim)
    secondary = Criterion("M-2", claim, at_least(0.5), source="an example", role="secondary")
    check_measurable([secondary], (), (Outliner.card,), CASES)


def unknown(decode) -> Pixels:
    return replace(decode(), structures={})


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        (None, "NoneType instead of 1 label maps"),
        ([], "0 instead of 1 label maps"),
        ([np.zeros((3, 3), np.uint8)], "shape (3, 3), the image's is (40, 32)"),
        ([np.zeros(SHAPE)], "a label map of float64"),
        ([np.full(SHAPE, 7, np.int64)], "label 7, which the card does not name"),
    ],
)  # fmt: skip
def test_a_label_map_that_is_none_is_one_line(drawn, words):
    instrument = SimpleNamespace(card=Outliner.card, predict=lambda images, told: {"shapes": drawn})
    with pytest.raises(InstrumentError) as caught:
        full_readings(instrument, "C00", [a_square(0).image], {})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"masks": (MaskOutput("a", {"1": "x"}), MaskOutput("b", {"1": "x"}))}, "two masks show x"),
        ({"members": 2}, "2 members and the mask shapes"),
        ({"masks": (MaskOutput("a", {"0": "x"}),)}, "labels from 1 to 255"),
        ({"masks": (MaskOutput("a", {}),)}, "labels from 1 to 255"),
        ({"quantities": (Quantity("shapes", "mm"),)}, "Name each quantity once"),
        ({"masks": ()}, "it reads nothing"),
        ({"quantities": (Quantity("square", "mm"),)}, "it reads square and draws it"),
        ({"floors": {"squares": {"dice_at_least": 0.9}}}, "a floor for squares, which it does not read"),
        ({"floors": {"square": {"mae_at_most": 3.0}}}, "which is of kind structure. Write dice_at_least"),
        ({"floors": {"square": {"dice_at_least": 85.0}}}, "Write a number from 0 to 1"),
    ],
)  # fmt: skip
def test_a_card_that_contradicts_itself_is_one_line(changed, words):
    with pytest.raises(InstrumentError, match=words):
        check_card(replace(Outliner.card, **changed), "a card")


def test_two_instruments_that_show_one_structure_are_refused():
    with pytest.raises(InstrumentError, match="both show square"):
        check_apart([Outliner.card, replace(Outliner.card, name="other")])


def test_an_instrument_with_masks_keeps_the_contract():
    assert check_instrument(Outliner()) == [{}] * 4


@pytest.mark.parametrize("wrong", [{"against": "nothing"}, {"per": "hand", "margin": 0.9}])
def test_a_claim_on_what_is_not_measured_is_refused_where_it_is_written(wrong):
    with pytest.raises(ProtocolError, match="Choose one of those"):
        mask_dice("square", **wrong)


def test_any_number_of_masks_is_claimed_like_an_image_metric(tables):
    claim = image_metric("surface_dice_1mm_to_original:square", worst=0.0, unchanged=1.0)
    assert verdict_on(Criterion("M-2", claim, at_least(0.7), source="s"), tables.keeps).outcome is Outcome.PASS


def test_verifying_evidence_knows_what_metrics_of_masks_give_of_the_structures_on_the_cards(tables):
    evidence = SimpleNamespace(
        protocol={"metrics": METRICS_VERSION}, editors=[SimpleNamespace(measurements=tables.shifts)], controls={},
        instruments=[Outliner.card],
    )  # fmt: skip
    assert list(metric_faults(evidence)) == []
    evidence.instruments = []
    assert any(
        fault.endswith("no metric of the protocol gives dice_to_original:square") for fault in metric_faults(evidence)
    )


def test_exhibits_keep_what_was_drawn_without_asking_again(tables):
    bench = Bench(partial(Tool, "shifts"), (Outliner,), tables.folder / "shifts", Plan(repeats=2))
    asked = Outliner.asked
    kept = exhibit_pictures(CASES, bench, chosen(tables.shifts))[0]
    assert Outliner.asked == asked
    before, after = (np.asarray(Pillow.open(io.BytesIO(kept.images[role]))) for role in DRAWN.values())
    square = np.zeros(SHAPE, bool)
    square[16:28, 10:20] = True
    np.testing.assert_array_equal(before, np.where(square, 2, 0))  # "hole" is the first by name, and is empty
    np.testing.assert_array_equal(after, np.where(np.roll(square, 2, axis=1), 2, 0))
    shown = contours(kept.images, ["square", "hole"])
    assert [name for _, name in shown.legend] == ["hole", "square"]
    pixels = np.asarray(Pillow.open(io.BytesIO(base64.b64decode(shown.edited.partition(",")[2]))).convert("RGB"))
    line = (pixels == tuple(bytes.fromhex(COLOURS[1][1:]))).all(axis=2)
    inner = np.zeros(SHAPE, bool)
    inner[17:27, 13:21] = True
    np.testing.assert_array_equal(line, np.roll(square, 2, axis=1) & ~inner)
    assert contours({**kept.images, "drawn_edited": b""}, ["square"]) is None
    assert contours(kept.images, []) is None
    assert contours(kept.images, [*map(str, range(9)), "square"]).left_out == 2

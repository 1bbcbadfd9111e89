"""Outputs that are no numbers, from an instrument through the store to a claim: classes, grades, points, boxes, text."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from editproof import Criterion, at_least, at_most
from editproof.audit.metric_sources import metric_faults
from editproof.criteria import (
    auc,
    average_precision,
    boxes_found,
    boxes_lost,
    character_error,
    class_agreement,
    class_agreement_loss,
    false_boxes,
    false_boxes_rise,
    froc_sensitivity,
    grade_agreement,
    grade_agreement_loss,
    identifiers_left,
    image_metric,
    macro_auc,
    macro_auc_drift,
    mark_error,
    marks_kept,
    marks_lost,
    point_error,
    point_error_rise,
    quadratic_weighted_kappa,
    share_changed,
    verdict_on,
)
from editproof.criteria.claimed import check_can_fail, check_claims
from editproof.datasets.cohort import Cohort
from editproof.editing.store import Store
from editproof.errors import DatasetError, EditproofError, InstrumentError, ProtocolError
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL
from editproof.instruments.fitness import check_apart
from editproof.instruments.reading import full_readings
from editproof.instruments.soundness import check_card
from editproof.metrics import METRICS_VERSION, MetricOutput, output_metric
from editproof.study.bench import Bench
from editproof.study.on_images import check_measurable, quantities_on_images
from editproof.study.outputs import OUTPUTS
from editproof.study.plan import Plan
from editproof.testing import check_instrument
from editproof.types import (
    Case,
    DatasetCard,
    EditorCard,
    EditOutcome,
    EditStatus,
    InstrumentCard,
    Outcome,
    Pixels,
    RawOutput,
)

SHAPE = (40, 32)
N = 12
SPACING = (0.5, 0.2)
TEXTS = {"text": "SMITH JOHN L", "identifiers": ["smith", "4711"], "marks": ["L"]}


def spots(seed: int) -> Pixels:
    """Two bright spots, known exactly, and a marker above them; every other image has one spot alone."""
    image = np.full(SHAPE, 40 + seed, np.uint8)
    image[16:20, 4:8] = 200
    if seed % 2:
        image[26:32, 20:26] = 160
    marker = np.zeros(SHAPE, bool)
    marker[2:6, 2:8] = True
    image[2:6, 2:8] = 250
    return Pixels(image, marker, ~marker & (image > 120))


def a_case(seed: int) -> Case:
    boxes = [[4, 16, 4, 4, "nodule"], *([[20, 26, 6, 6, "mass"]] if seed % 2 else [])]
    reference = {"size=small": float(not seed % 2), "size=large": float(seed % 2), "grade": float(1 + seed % 2)}
    known = {"boxes": boxes, "points": {"apex": [6.0, 18.0]}, "text": TEXTS}
    return Case(
        f"C{seed:02d}", f"C{seed:02d}", partial(spots, seed), f"spots {seed}", reference, {}, SPACING, annotations=known
    )


CASES = Cohort(DatasetCard("spots", "spots", "a test", "none", "d", N, N), tuple(map(a_case, range(N))))
OUTPUT = (
    RawOutput("size", "classes", ("small", "large")),
    RawOutput("grade", "ordinal", ("none", "one", "two")),
    RawOutput("landmarks", "points", ("apex", "base")),
    RawOutput("lesions", "boxes", ("nodule", "mass")),
    RawOutput("words", "text"),
)


class Finder:
    """Finds the spots by their gray levels, and says everything that it can of them."""

    card = InstrumentCard(
        "finder", "gray levels", (), 1, {}, "none", "none", raw_outputs=OUTPUT,
    )  # fmt: skip
    asked = 0

    def predict(self, images, references):
        Finder.asked += len(images)
        found = {output.name: [] for output in OUTPUT}
        for image in images:
            nodule, mass = (np.argwhere((image >= low) & (image <= high)) for low, high in ((190, 210), (150, 170)))
            count = bool(len(nodule)) + bool(len(mass))
            found["size"].append([0.2, 0.8] if len(mass) else [0.9, 0.1])
            found["grade"].append(("none", "one", "two")[count])
            found["landmarks"].append({"apex": box_of(nodule)[:2] + box_of(nodule)[2:] / 2 if len(nodule) else None})
            found["lesions"].append(
                [
                    [*box_of(places), score, label]
                    for places, score, label in ((nodule, 0.9, "nodule"), (mass, 0.7, "mass"), (nodule, 0.3, "mass"))
                    if len(places)
                ]
            )
            found["words"].append("Smith, John" if image[3, 3] == 250 else [])
        return {**found, "size": np.array(found["size"])}


def box_of(places: np.ndarray) -> np.ndarray:
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return np.array([low[1], low[0], high[1] - low[1], high[0] - low[0]], float)


class Tool:
    """Fills the marker, and does something to the spots."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.card = EditorCard(what, "1", f"{what} the spots")

    def __call__(self, request):
        image = request.image.copy()
        if self.what != "keeps all":
            image[request.edit_mask] = 40
        if self.what == "loses" and int(request.case_id[1:]) % 3 == 0:
            return EditOutcome(EditStatus.FAILED, None, "gone")
        if self.what == "shifts":
            image[16:20, 4:8] = 40
            image[16:20, 7:11] = 200
        if self.what == "erases":
            image[16:20, 4:8] = 40
        if self.what == "invents":
            image[26:32, 20:26] = 160
        return EditOutcome(EditStatus.OK, image)


TOOLS = ("keeps", "keeps all", "shifts", "erases", "invents", "loses")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    made = {
        what: Bench(partial(Tool, what), (Finder,), folder / what, Plan(repeats=1)).measured(CASES) for what in TOOLS
    }
    return SimpleNamespace(folder=folder, of=made)


def only(table, quantity: str, arm: str = EDITED) -> set[float]:
    return set(np.round(table.matrix(quantity, arm, IMAGE).ravel(), 9).tolist())


SHIFTED = 1 / 7
"""Intersection over union of two squares of side 4, moved by 3."""
NUMBERS = {
    ("shifts", "point_error_px_to_original:apex"): {3.0},
    ("shifts", "point_error_mm_to_reference:apex"): {0.6},
    ("shifts", "boxes_found_to_original:nodule"): {0.0},
    ("shifts", "false_boxes_to_reference:nodule"): {1.0},
    ("shifts", "boxes_found_to_reference:lesions"): {0.0, 0.5},
    ("erases", "point_error_px_to_original:apex"): {round(float(np.hypot(*SHAPE)), 9)},
    ("erases", "boxes_found_to_reference:nodule"): {0.0},
    ("erases", "false_boxes_to_reference:nodule"): {0.0},
    ("invents", "false_boxes_to_original:mass"): {0.0, 1.0},
    ("invents", "same_class_to_original:size"): {0.0, 1.0},
    ("keeps", "same_class_to_reference:size"): {1.0},
    ("keeps", "identifiers_left_to_reference:words"): {0.0},
    ("keeps", "character_error_to_original:words"): {1.0},
    ("keeps all", "identifiers_left_to_reference:words"): {0.5},
    ("keeps all", "character_error_to_original:words"): {0.0},
    ("keeps all", "marks_kept_to_reference:words"): {0.0},
    ("keeps all", "mark_error_to_reference:words"): {1.0},
}


@pytest.mark.parametrize(("what", "quantity"), NUMBERS)
def test_numbers_of_two_outputs(tables, what, quantity):
    found = {value for value in only(tables.of[what], quantity) if not np.isnan(value)}
    assert found == NUMBERS[what, quantity]


def test_units_and_what_is_not_defined(tables):
    table = tables.of["keeps"]
    assert table.unit("point_error_mm_to_original:apex") == "mm"
    assert table.unit("false_boxes_to_original:nodule") == "boxes"
    measured = set(table.rows["quantity"])
    assert "point_error_px_to_original:base" not in measured, "a landmark that is on neither image"
    with_mass = ~np.isnan(table.matrix("boxes_found_to_reference:mass", ORIGINAL, IMAGE)[:, 0])
    assert with_mass.tolist() == [bool(seed % 2) for seed in range(N)], "no share where there is no lesion to find"
    assert table.matrix("grade", ORIGINAL).ravel().tolist() == [1.0 + seed % 2 for seed in range(N)]


CLAIMS = {
    "class of the original": (class_agreement("size"), at_least(0.7), "invents"),
    "true class": (class_agreement("size", against="reference"), at_least(0.7), "invents"),
    "patients of another class": (class_agreement("size", margin=1.0), at_most(0.3), "invents"),
    "true class lost": (class_agreement_loss("size"), at_most(0.4), "invents"),
    "macro AUC": (macro_auc("size", classes=("small", "large")), at_least(0.6), ""),
    "free-response curve": (
        froc_sensitivity("nodule", cap=4, lesions=2, at=[1, 2], against="reference"),
        at_least(0.05),
        "erases",
    ),
    "average precision": (average_precision("nodule", cap=4, lesions=2), at_least(0.05), "shifts"),
    "AUC of one class": (auc("size=large"), at_least(0.6), ""),
    "grade of the original": (grade_agreement("grade"), at_least(0.7), "erases"),
    "grade of the reference": (grade_agreement("grade", against="reference"), at_least(0.7), "erases"),
    "agreement with the reference lost": (grade_agreement_loss("grade"), at_most(0.4), "erases"),
    "patients of another grade": (share_changed("grade", more_than=0), at_most(0.3), "erases"),
    "kappa": (quadratic_weighted_kappa("grade", scale=[0, 2]), at_least(0.6), ""),
    "landmark": (point_error("apex", cap=10), at_most(2.5), "shifts"),
    "landmark in mm": (point_error("apex", cap=2.0, unit="mm", against="reference"), at_most(0.5), "shifts"),
    "patients beyond": (point_error("apex", cap=10, margin=2.0), at_most(0.3), "shifts"),
    "largest of an output": (point_error("landmarks", cap=10, largest=True), at_most(2.5), "shifts"),
    "landmark farther off": (point_error_rise("apex", cap=4), at_most(2.0), "shifts"),
    "lesions of the original": (boxes_found("nodule"), at_least(0.7), "erases"),
    "lesions of the reference": (boxes_found("lesions", against="reference"), at_least(0.7), "erases"),
    "patients with a lost lesion": (boxes_found("nodule", margin=1.0), at_most(0.3), "erases"),
    "lesions lost": (boxes_lost("nodule"), at_most(0.5), "erases"),
    "false boxes": (false_boxes("mass", cap=1), at_most(0.4), "invents"),
    "patients with a false box": (false_boxes("mass", cap=4, margin=0, against="reference"), at_most(0.3), "invents"),
    "more false boxes": (false_boxes_rise("mass", cap=1), at_most(0.45), "invents"),
    "identifiers": (identifiers_left("words"), at_most(0.3), "keeps all"),
    "patients with one left": (identifiers_left("words", margin=0), at_most(0.3), "keeps all"),
    "character errors": (character_error("words"), at_most(0.4), "keeps"),
}


@pytest.mark.parametrize("scale", [[0, 1], [1, 2]])
def test_a_kappa_of_a_narrower_scale_than_that_of_the_instrument_is_refused(scale):
    claim = Criterion("OUT", quadratic_weighted_kappa("grade", scale=scale), at_least(0.6), source="s")
    with pytest.raises(ProtocolError, match=r"State the whole scale: scale=\[0, 2\]"):
        check_claims([claim], [Finder.card])


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_tell_a_tool_that_harms_from_one_that_does_not(tables, name):
    estimand, region, harmful = CLAIMS[name]
    claim = Criterion("OUT", estimand, region, source="s")
    check_claims([claim], [Finder.card])
    check_can_fail([claim], {"grade": (0.0, 2.0)})
    check_measurable([claim], (), [Finder.card], CASES)
    calm = "keeps" if harmful != "keeps" else "keeps all"
    assert verdict_on(claim, tables.of[calm]).outcome is not Outcome.FAIL
    if harmful:
        assert verdict_on(claim, tables.of[calm]).outcome is Outcome.PASS
        assert verdict_on(claim, tables.of[harmful]).outcome is not Outcome.PASS
        assert verdict_on(claim, tables.of["loses"]).outcome is not Outcome.PASS, "a third of the edits are lost"


def test_marks_that_the_instrument_never_reads_are_not_lost_by_the_tool(tables):
    table = tables.of["keeps all"]
    assert verdict_on(Criterion("A", marks_kept("words"), at_least(0.5), source="s"), table).outcome is Outcome.FAIL
    assert verdict_on(Criterion("B", marks_lost("words"), at_most(0.4), source="s"), table).outcome is Outcome.PASS


def test_outputs_are_kept_and_not_read_again(tables):
    asked = Finder.asked
    again = Bench(partial(Tool, "shifts"), (Finder,), tables.folder / "shifts", Plan(repeats=1)).measured(CASES)
    assert Finder.asked == asked
    assert again.rows.equals(tables.of["shifts"].rows)
    folder = tables.folder / "shifts" / OUTPUTS.folder
    kept = [Store(tables.folder / "shifts").record(OUTPUTS, path.stem) for path in folder.rglob("*") if path.is_file()]
    assert {"landmarks": {"apex": [9.0, 18.0]}, "words": ""}.items() <= next(
        found for found in kept if [box[0] for box in found["lesions"][:1]] == [7.0]
    ).items()


def test_numbers_of_outputs_are_held_against_their_scorers(tables):
    facts = SimpleNamespace(
        protocol={"metrics": METRICS_VERSION}, instruments=[Finder.card],
        editors=[SimpleNamespace(measurements=tables.of["keeps"])], controls={},
    )  # fmt: skip
    assert not list(metric_faults(facts))
    facts.instruments = [replace(Finder.card, raw_outputs=OUTPUT[:3])]
    assert any("boxes_found" in fault for fault in metric_faults(facts))


def card_of(*outputs: RawOutput, **fields) -> InstrumentCard:
    return InstrumentCard("x", "x", (), fields.pop("members", 1), {}, "none", "none", raw_outputs=outputs, **fields)


CARDS = {
    "one class": (card_of(RawOutput("a", "classes", ("b",))), "has 1 classes, and needs 2"),
    "no label": (card_of(RawOutput("a", "boxes")), "has no labels"),
    "labelled text": (card_of(RawOutput("a", "text", ("b",))), "text has no labels"),
    "a label twice": (card_of(RawOutput("a", "points", ("b", "b"))), "none twice"),
    "name and label": (card_of(RawOutput("a", "points", ("a",))), "are called a"),
    "two outputs": (card_of(RawOutput("a", "points", ("b",)), RawOutput("c", "boxes", ("b",))), "are called b"),
    "no kind": (card_of(RawOutput("a", "waves", ("b",))), "classes, ordinal, points, boxes, text"),
    "a setting": (card_of(RawOutput("a", "boxes", ("b",), {"treshold": 1})), "'treshold' is no setting of boxes"),
    "a score": (card_of(RawOutput("a", "boxes", ("b",), {"score": 2})), "score 2, from which on a box counts; scores"),
    "a rule": (card_of(RawOutput("a", "boxes", ("b",), {"match": "dice"})), "it is iou or centre"),
    "several members": (card_of(RawOutput("a", "boxes", ("b",)), members=2), "of which there is no mean"),
    "volumes": (card_of(RawOutput("a", "points", ("b",)), axes=("ZYX",)), "points of volumes"),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_contradicts_itself_is_refused(name):
    card, words = CARDS[name]
    with pytest.raises(InstrumentError, match=words):
        check_card(card, "instrument x")


@pytest.mark.parametrize("score", [0, 0.5, 1])
def test_every_score_that_a_box_can_have_may_be_declared(score):
    check_card(card_of(RawOutput("a", "boxes", ("b",), {"score": score})), "instrument x")


def test_what_can_be_looked_for_is_taken():
    known = {"text": {"identifiers": ["4", "Ä", "re:[0-9]{4}"], "marks": ["-", "L"]}}
    check_measurable([], (), [Finder.card], [replace(CASES[0], annotations=known)])


def test_two_instruments_of_one_study_do_not_give_the_same():
    check_apart([card_of(RawOutput("a", "points", ("b",))), replace(card_of(RawOutput("c", "text")), name="y")])
    with pytest.raises(InstrumentError, match="both give b"):
        check_apart(
            [card_of(RawOutput("a", "points", ("b",))), replace(card_of(RawOutput("c", "boxes", ("b",))), name="y")]
        )


GIVEN = {
    "nothing": ("lesions", None, "NoneType instead of 1 entries"),
    "one for none": ("lesions", [], "0 instead of 1 entries"),
    "no list": ("lesions", ["nodule"], "a list of boxes"),
    "outside": ("lesions", [[[30, 1, 9, 9, 0.5, "mass"]]], "outside of the image of 32 columns and 40 rows"),
    "no size": ("lesions", [[[3, 1, 0, 9, 0.5, "mass"]]], "a box of 0 by 9 pixels"),
    "NaN": ("lesions", [[[3, 1, 2, 9, float("nan"), "mass"]]], "a box with NaN"),
    "a score": ("lesions", [[[3, 1, 2, 9, 80, "mass"]]], "a box with the score 80; scores are from 0 to 1"),
    "infinite": ("lesions", [[[3, 1, 2, float("inf"), 1, "mass"]]], "infinite"),
    "another label": ("lesions", [[[3, 1, 2, 9, 0.5, "cyst"]]], "label 'cyst', which is not declared"),
    "no label": ("lesions", [[[3, 1, 2, 9, 0.5]]], "label None"),
    "three numbers": ("lesions", [[[3, 1, 2, "mass"]]], "a box of 3 numbers"),
    "text in a box": ("lesions", [[[3, 1, 2, "9", 0.5, "mass"]]], "'9' in place of a number"),
    "a point outside": ("landmarks", [{"apex": [40, 3]}], "outside of the image"),
    "a point of NaN": ("landmarks", np.array([[[3, 4], [np.nan, np.nan]]]), "point base with NaN"),
    "another point": ("landmarks", [{"tip": [4, 3]}], "point 'tip', which is not declared"),
    "three coordinates": ("landmarks", [{"apex": [4, 3, 1]}], "3 coordinates"),
    "too few points": ("landmarks", [[[4, 3]]], "1 points instead of 2"),
    "a number as text": ("words", [5], "cannot be read"),
    "sums": ("size", np.array([[0.9, 0.8]]), "sum to 1.7"),
    "three classes": ("size", np.array([[0.2, 0.2, 0.6]]), "it has 2 classes"),
    "a grade beyond": ("grade", [3], "the scale has 0 none, 1 one, 2 two"),
    "half a grade": ("grade", [0.5], "grade 0.5"),
    "another grade": ("grade", ["three"], "grade 'three'"),
    "no grade": ("grade", [float("nan")], "NaN"),
}


def reading_of(**given):
    sound = {
        "size": np.array([[0.5, 0.5]]), "grade": ["one"], "landmarks": [{"apex": [3, 4], "base": None}],
        "lesions": [[]], "words": [""],
    }  # fmt: skip
    instrument = SimpleNamespace(card=Finder.card, predict=lambda images, references: sound | given)
    return full_readings(instrument, "C00", [spots(0).image], {})[0]


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_no_output_of_its_kind_is_one_error(name):
    output, came, words = GIVEN[name]
    with pytest.raises(InstrumentError, match=words) as caught:
        reading_of(**{output: came})
    assert "case C00" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_form_in_which_an_output_may_come_is_kept_in_one():
    one = reading_of(
        lesions=[[{"x": 3, "y": 1, "width": 2, "height": 9, "score": 0.5, "label": "mass"}]],
        landmarks=[[np.array([3, 4]), None]], words=[["a", "b"]], grade=np.array([[1.0]]),
    )  # fmt: skip
    assert one.outputs == {
        "landmarks": {"apex": [3.0, 4.0]}, "lesions": [[3.0, 1.0, 2.0, 9.0, 0.5, "mass"]], "words": "a\nb",
    }  # fmt: skip
    assert one.numbers["grade"] == [1.0]
    assert reading_of(**{"size=small": np.array([[1.0]]), "size=large": np.array([[0.0]])}).numbers["size=small"] == [
        1.0
    ]


REFERENCES = {
    "outside": ({"boxes": [[30, 1, 9, 9, "mass"]]}, DatasetError, "outside of the image"),
    "a label": (
        {"boxes": [[3, 1, 9, 9, "Mass"]]},
        DatasetError,
        "label 'Mass', which no instrument of the study knows",
    ),
    "a point": ({"points": {"tip": [3, 1]}}, DatasetError, "label 'tip'"),
    "a point outside": ({"points": {"apex": [-5, 1]}}, DatasetError, "outside of the image"),
    "none of text": ({"text": ["a"]}, DatasetError, "text"),
    "identifiers": (
        {"text": {"identifiers": "Smith"}},
        DatasetError,
        r"text\.identifiers of case C03: text .5 letters. in place of a list",
    ),
    "no letter": ({"text": {"identifiers": ["smith", "---"]}}, DatasetError, "could never be found"),
    "blanks": ({"text": {"marks": ["L", " "]}}, DatasetError, "empty text, which is found everywhere"),
    "no boxes": ({"text": TEXTS}, ProtocolError, "case C03 has no reference boxes"),
    "no marks": ({"boxes": [], "text": {"text": "L"}}, ProtocolError, "case C03 has no reference marks"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_that_nothing_can_be_held_against_is_refused_before_the_first_edit(name):
    annotations, error, words = REFERENCES[name]
    cases = [replace(case, annotations=annotations) if case.case_id == "C03" else case for case in CASES]
    found = Criterion("OUT-1", boxes_found("nodule", against="reference"), at_least(0.8), source="s")
    kept = Criterion("OUT-2", marks_kept("words"), at_least(0.8), source="s")
    with pytest.raises(error, match=words):
        check_measurable([found, kept] if error is ProtocolError else [], (), [Finder.card], cases)
    if error is ProtocolError:
        check_measurable([Criterion("OUT", boxes_found("nodule"), at_least(0.8), source="s")], (), [Finder.card], cases)


NOTHING_THERE = {
    "boxes": (boxes_found("mass", against="reference"), {"boxes": [[4, 16, 4, 4, "nodule"]]}, "a lesion"),
    "a landmark": (point_error("apex", cap=4, against="reference"), {"points": {}}, "a landmark"),
    "identifiers": (identifiers_left("words"), {"text": {"identifiers": []}}, "an identifier"),
    "marks": (marks_kept("words"), {"text": {"marks": []}}, "a mark"),
    "errors of marks": (mark_error("words"), {"text": {"marks": []}}, "a mark"),
}


@pytest.mark.parametrize("name", NOTHING_THERE)
def test_a_primary_claim_for_which_no_case_has_anything_is_refused_before_the_first_edit(name):
    estimand, annotations, what = NOTHING_THERE[name]
    claim = Criterion("OUT", estimand, at_most(0.5), source="s")
    cases = [replace(case, annotations=annotations) for case in CASES]
    with pytest.raises(ProtocolError, match=f"no case has {what} there") as caught:
        check_measurable([claim], (), [Finder.card], cases)
    assert "criterion OUT" in str(caught.value)
    check_measurable([claim], (), [Finder.card], [*cases[1:], CASES.cases[1]])
    check_measurable([replace(claim, role="secondary")], (), [Finder.card], cases)


def test_false_boxes_need_no_lesion_in_the_reference():
    cases = [replace(case, annotations={"boxes": []}) for case in CASES]
    claim = Criterion("OUT", false_boxes("mass", cap=2, against="reference"), at_most(0.5), source="s")
    check_measurable([claim], (), [Finder.card], cases)


def test_a_claim_that_is_defined_for_no_edit_is_inconclusive_and_a_misspelt_one_is_an_error(tables):
    table = tables.of["keeps"]
    nowhere = Criterion("OUT", point_error("base", cap=4), at_most(2), source="s")
    with pytest.raises(ProtocolError, match="nothing of that name was measured; there are point_error_px_to_original"):
        verdict_on(nowhere, table)
    looked_for = table.looking_for(quantities_on_images((), [Finder.card], "YX"))
    assert "point_error_px_to_original:base" in looked_for.undefined
    assert not set(looked_for.undefined) & set(table.rows["quantity"])
    verdict = verdict_on(nowhere, looked_for)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.because.startswith("There is no estimate: base is found on no original, so there is nothing to lose")
    some_lost = tables.of["loses"].looking_for(quantities_on_images((), [Finder.card], "YX"))
    assert verdict_on(nowhere, some_lost).because == verdict.because, "edits that did not come back define nothing"
    misspelt = Criterion(
        "OUT", image_metric("boxes_fund_to_original:nodule", worst=0.0, unchanged=1.0), at_least(0.8), source="s"
    )
    with pytest.raises(
        ProtocolError, match="nothing of that name was measured; there are boxes_found_to_original:nodule"
    ):
        verdict_on(misspelt, looked_for)


def test_a_part_of_the_cohort_that_lacks_a_label_is_inconclusive_of_it(tables):
    table = replace(tables.of["keeps"], cases=tables.of["keeps"].cases.assign(**{"stratum:odd": ["n", "y"] * (N // 2)}))
    claim = Criterion("OUT", boxes_found("mass", against="reference"), at_least(0.5), source="s")
    assert verdict_on(claim, table.where("odd=y")).outcome is Outcome.PASS
    verdict = verdict_on(claim, table.where("odd=n"))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no case has a reference with mass, so there is nothing to find" in verdict.because
    assert verdict_on(claim, table.where("odd=n").where("odd=n")).because == verdict.because


@pytest.mark.parametrize(
    ("estimand", "words"),
    [
        (boxes_found("nodul"), "Did you mean boxes_found_to_original:nodule"),
        (point_error("words", cap=4), "no metric gives point_error_px_to_original:words"),
        (class_agreement("sizes"), "same_class_to_original:size"),
        (grade_agreement("grades"), "Did you mean grade"),
    ],
    ids=["label", "kind", "output", "quantity"],
)
def test_a_claim_on_what_no_instrument_gives_is_refused(estimand, words):
    claims = [Criterion("OUT", estimand, at_least(0.8), source="s")]

    def checked() -> None:
        check_claims(claims, [Finder.card])
        check_measurable(claims, (), [Finder.card], CASES)

    with pytest.raises(EditproofError, match=words):
        checked()


def test_a_claim_of_several_classes_is_of_all_and_says_so():
    """A class that is left out could be lost whole: neither the number nor the sentence would show it."""
    three = [RawOutput("finding", "classes", ("easy1", "easy2", "hard")), *OUTPUT[:1]]
    names = tuple(quantity for output in three for quantity in output.quantities)
    cards = [replace(Finder.card, raw_outputs=tuple(three)), replace(Finder.card, raw_outputs=(), quantities=names)]
    for made in (macro_auc, macro_auc_drift):
        some = Criterion(
            "M",
            made("finding", classes=["easy1", "easy2"]),
            at_least(-0.1 + made("a", classes=["b", "c"]).ideal),
            source="s",
        )
        whole = replace(some, estimand=made("finding", classes=["hard", "easy2", "easy1"]))
        assert "of finding=easy1, finding=easy2 is" in some.card.sentence
        assert "of finding=hard, finding=easy2, finding=easy1 is" in whole.card.sentence
        for card in cards:
            check_claims([whole], [card])
            with pytest.raises(ProtocolError, match="leaves out finding=hard, so"):
                check_claims([some], [card])


@pytest.mark.parametrize(("margin", "words"), [(0.0, "no value is below"), (1.5, "every value is below")])
def test_a_share_below_what_nothing_is_below_cannot_fail(margin, words):
    claim = Criterion("OUT", boxes_found("nodule", margin=margin), at_most(0.1), source="s")
    with pytest.raises(ProtocolError, match=f"{words} margin={margin:g}"):
        check_claims([claim], [Finder.card])


def test_millimetres_need_a_spacing():
    cases = [replace(case, spacing_mm=None) for case in CASES]
    claim = Criterion("OUT", point_error("apex", cap=4, unit="mm"), at_most(2), source="s")
    with pytest.raises(ProtocolError, match="case C00 has no pixel spacing"):
        check_measurable([claim], (), [Finder.card], cases)


def test_edits_of_another_geometry_are_held_in_the_frame_of_their_originals(tmp_path):
    class Twice(Tool):
        def __call__(self, request):
            return EditOutcome(EditStatus.OK, np.kron(request.image, np.ones((2, 2), np.uint8)))

    plan = Plan(repeats=1, output="x2")
    table = Bench(partial(Twice, "doubles"), (Finder,), tmp_path, plan).measured(CASES)
    assert only(table, "point_error_px_to_original:apex") == {0.0}
    assert only(table, "boxes_found_to_original:nodule") == {1.0}


@output_metric("boxes", MetricOutput("box_area", unit="pixels", regions=()))
def box_area(pair):
    return {"box_area": float(sum(box[2] * box[3] for box in pair.reading))}


def test_a_scorer_of_ones_own(tmp_path):
    bench = Bench(partial(Tool, "keeps"), (Finder,), tmp_path, Plan(repeats=1), metrics=(box_area,))
    assert only(bench.measured(CASES), "box_area_to_original:nodule") == {16.0}


def test_the_contract_of_instruments_takes_outputs():
    instrument = SimpleNamespace(card=Finder.card, predict=Finder().predict)
    assert check_instrument(instrument)

"""Controls of claims on everything that an instrument gives: what is blind makes the run INVALID, what sees does not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from editproof import Criterion, at_least, at_most, image_metric, measurements_of
from editproof.audit.metric_sources import outputs_by_quantity
from editproof.criteria import (
    boxes_found,
    class_agreement,
    false_boxes,
    grade_agreement,
    identifiers_left,
    marks_kept,
    mask_dice,
    mask_false_lesions,
    point_error,
    prediction_change,
    share_changed,
)
from editproof.criteria.conformance import outcome_of_editor
from editproof.criteria.controls import control_verdicts, removal_verdicts, verdict_on_control
from editproof.criteria.sources import source_of
from editproof.types import InstrumentCard, MaskOutput, Outcome, Quantity, RawOutput

N = 60
AGE, SEX = Quantity("age", "months"), Quantity("size", "mm")
READER = InstrumentCard(
    "reader", "a test", (AGE,), 1, {}, "none", "none",
    masks=(MaskOutput("map", {"1": "lesion", "2": "nodule"}),),
    raw_outputs=(
        RawOutput("finding", "classes", ("effusion", "none")), RawOutput("kl", "ordinal", ("0", "1", "2")),
        RawOutput("marks", "points", ("apex",)), RawOutput("lesions", "boxes", ("nodule",)), RawOutput("words", "text"),
    ),
)  # fmt: skip
OTHER = InstrumentCard("other", "a test", (SEX,), 1, {}, "none", "none")
CARDS = (READER, OTHER)
OF = partial(source_of, cards=CARDS, named=outputs_by_quantity(CARDS))
PIXELS = Criterion("PX-1", image_metric("mean_change:protected", worst=1.0, unchanged=0.0), at_most(0.15), source="s")
SIZE = Criterion("SZ-1", prediction_change("size", unit="mm", cap=60), at_most(5.0), source="s")
KINDS = {
    "mask": (mask_dice("lesion"), at_least(0.7), 1.0, 0.1, "CTRL-readings-map"),
    "mask of a label of boxes": (mask_dice("nodule"), at_least(0.7), 1.0, 0.1, "CTRL-readings-map"),
    "classes": (class_agreement("finding"), at_least(0.7), 1.0, 0.0, "CTRL-readings-finding"),
    "grades": (grade_agreement("kl"), at_least(0.7), 1.0, 0.0, "CTRL-readings-kl"),
    "grades as numbers": (share_changed("kl", more_than=0), at_most(0.3), 1.0, 0.0, "CTRL-readings-kl"),
    "points": (point_error("apex", cap=20), at_most(5.0), 0.0, 20.0, "CTRL-readings-marks"),
    "boxes": (boxes_found("nodule"), at_least(0.7), 1.0, 0.0, "CTRL-readings-lesions"),
    "text": (marks_kept("words"), at_least(0.7), 1.0, 0.0, "CTRL-readings-words"),
    "one of two readers of numbers": (prediction_change("age", unit="months", cap=60), at_most(5.0), 100.0, 20.0, "CTRL-readings-reader"),
}  # fmt: skip
REMOVED = Criterion("TXT-1", identifiers_left("words"), at_most(0.2), source="s")
NONE_LEFT = Criterion("TXT-2", identifiers_left("words", margin=0), at_most(0.2), source="s")


def table(editor: str, values: dict[Criterion, list[tuple[float, float]]]):
    """A table with the value of each claim's quantity on each original and its edit."""
    rows = []
    for claim, pairs in values.items():
        made = claim.estimand
        name = "pooled" if made.instrument == "pooled" else "image"
        unit = {"age": "months", "size": "mm", "kl": "grade", "weight": "kg"}.get(made.quantity, made.unit or "")
        for k, pair in enumerate(pairs):
            arms = zip(("original", "edited"), pair, strict=True)
            rows += [(f"C{k}", arm, 0, name, made.quantity, value, unit) for arm, value in arms]
    cases = [{"case": f"C{k}", "patient": f"P{k}"} for k in range(N)]
    return measurements_of(editor, cases, rows, [(f"C{k}", 0, "ok", "") for k in range(N)])


def validity(values: dict[Criterion, tuple[float, float]]):
    """Verdicts of both controls on claims, by id, of values of the unchanged and of the destroyed image."""
    alike = {claim: [(before, before)] * N for claim, (before, _) in values.items()}
    harmed = {claim: [pair] * N for claim, pair in values.items()}
    controls = table("identity", alike), table("destructive", harmed)
    found = control_verdicts([{one.editor: verdict_on_control(claim, one) for one in controls} for claim in values], OF)
    return {verdict.criterion.id: verdict for verdict in found}


def removals(claim: Criterion, read: list[float]):
    [verdict] = removal_verdicts([(claim, table("identity", {claim: [(value, value) for value in read]}))], OF)
    assert verdict.criterion.id == "CTRL-originals-words"
    return verdict


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_the_same_of_a_destroyed_image_makes_no_valid_run(kind):
    made, region, whole, destroyed, name = KINDS[kind]
    claim = Criterion("OUT-1", made, region, source="s")
    seen = {PIXELS: (0.0, 0.9), SIZE: (20.0, 60.0)}
    honest, constant = (validity({**seen, claim: (whole, value)}) for value in (destroyed, whole))
    assert set(honest) == set(constant) >= {"CTRL-identity", "CTRL-destructive", "CTRL-readings-other", name}
    assert all(honest.values()), [verdict.because for verdict in honest.values()]
    assert [found for found, verdict in constant.items() if not verdict] == [name]
    assert constant[name].because.startswith("passed by all (OUT-1: ")
    assert outcome_of_editor((), tuple(constant.values()))[0] is Outcome.INVALID


@pytest.mark.parametrize("alive", ["lesion", "nodule"])
def test_a_structure_that_never_changes_is_found_beside_one_that_does(alive):
    """One label map holds both; the living one does not vouch for the other."""
    claims = {
        Criterion(f"SEG-{place}", mask_dice(name), at_least(0.7), source="s"): (1.0, 0.1 if name == alive else 1.0)
        for place, name in enumerate(("lesion", "nodule"))
    }
    found = validity({PIXELS: (0.0, 0.9), **claims})
    assert [name for name, verdict in found.items() if not verdict] == ["CTRL-readings-map"]
    still = "nodule" if alive == "lesion" else "lesion"
    assert found["CTRL-readings-map"].because.startswith(f"passed by all on {still} (SEG-")
    assert all(validity(dict.fromkeys(claims, (1.0, 0.1))).values())


def test_a_number_that_never_changes_is_found_beside_one_that_does():
    drifts = [
        Criterion(f"DR-{name}", prediction_change(name, unit=unit, cap=60), at_most(5.0), source="s")
        for name, unit in (("age", "months"), ("weight", "kg"))
    ]
    both = replace(READER, quantities=(AGE, Quantity("weight", "kg")), masks=(), raw_outputs=())
    of = partial(source_of, cards=(both,))
    controls = [
        table(editor, {drift: [(50.0, 50.0 + moved)] * N for drift, moved in zip(drifts, by, strict=True)})
        for editor, by in (("identity", (0, 0)), ("destructive", (30, 0)))
    ]
    found = control_verdicts([{one.editor: verdict_on_control(drift, one) for one in controls} for drift in drifts], of)
    [missed] = [verdict for verdict in found if not verdict]
    assert missed.criterion.id == "CTRL-readings"
    assert missed.because.startswith("passed by all on weight (DR-weight: ")


@pytest.mark.parametrize("made", [false_boxes("nodule", cap=5), mask_false_lesions("nodule", cap=5)])
def test_that_nothing_was_added_is_shown_by_what_is_shown_to_see(made):
    """A destroyed image has no false boxes: beside claims on what is found there the output is shown to notice."""
    false = Criterion("DET-1", made, at_most(1.0), source="s")
    seeing = boxes_found("nodule") if "boxes" in made.quantity else mask_dice("nodule")
    found = Criterion("DET-2", seeing, at_least(0.7), source="s")
    [alone] = [verdict for verdict in validity({PIXELS: (0.0, 0.9), false: (0.0, 0.0)}).values() if not verdict]
    assert alone.because.endswith("or claim what is lost in one (lesions that are found, not false ones alone)")
    assert all(validity({false: (0.0, 0.0), found: (1.0, 0.0)}).values())


def test_claims_on_originals_and_pixels_are_of_no_output():
    floor = Criterion("SEG-1", mask_dice("lesion", against="reference", arm="original"), at_least(0.5), source="s")
    assert set(validity({PIXELS: (0.0, 0.9), floor: (1.0, 1.0)})) == {"CTRL-identity", "CTRL-destructive"}


def test_removal_is_shown_by_the_originals_and_by_no_destroyed_image():
    """The destructive control does what the claim asks for: nothing follows from it, in either direction."""
    assert all(validity({PIXELS: (0.0, 0.9), REMOVED: (1.0, 0.0)}).values())
    assert set(validity({PIXELS: (0.0, 0.9), REMOVED: (1.0, 0.0)})) == {"CTRL-identity", "CTRL-destructive"}
    assert removal_verdicts([(PIXELS, table("identity", {PIXELS: [(0.0, 0.0)] * N}))], OF) == ()


@pytest.mark.parametrize(
    ("claim", "read", "valid"),
    [
        (REMOVED, [1.0] * N, True),
        (REMOVED, [1.0] * 50 + [0.0] * 10, True),
        (REMOVED, [1.0] * 40 + [0.0] * 20, False),
        (REMOVED, [0.5] * N, False),
        (NONE_LEFT, [1.0] * N, True),
        (NONE_LEFT, [2 / 3] * N, False),
        (NONE_LEFT, [2 / 3] * 10 + [1.0] * 50, True),
    ],
)
def test_what_is_not_read_on_the_originals_may_be_left_as_far_as_the_claim_allows(claim, read, valid):
    verdict = removals(claim, read)
    assert bool(verdict) is valid
    assert valid or "lacks on the originals may be left unseen" in verdict.because


@pytest.mark.parametrize("claim", [REMOVED, NONE_LEFT])
def test_an_instrument_that_reads_nothing_finds_nothing_left(claim):
    verdict = removals(claim, [0.0] * N)
    assert "the instrument reads none of what is to be removed on the originals" in verdict.because
    assert outcome_of_editor((), (verdict,))[0] is Outcome.INVALID

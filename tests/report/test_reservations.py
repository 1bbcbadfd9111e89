"""A PASS with reservations is never shown, attested or counted without them; one without is shown as it is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from editproof import Criterion, at_least
from editproof.audit.findings import evidence_of
from editproof.audit.publication import statement_on
from editproof.audit.reservations import floors_for_show, floors_on_few, held_to_no_reference
from editproof.criteria import boxes_found, boxes_lost
from editproof.evidence.bundle import save
from editproof.evidence.exits import exit_code
from editproof.evidence.record import Evidence
from editproof.report.formats import certificate, junit, markdown
from editproof.report.page import html
from editproof.report.text import terminal
from editproof.types import Outcome, RawOutput

from tests.audit import study
from tests.records import replace
from tests.report.outline import Page

FORMS: dict[str, Callable[[Evidence], str]] = {
    "page": lambda run: Page.of(html.render(run, images=False).partition('id="validity"')[0]).text,
    "terminal": terminal.summary,
    "markdown": lambda run: markdown.render(run).replace("\\", ""),
    "junit": junit.render,
    "certificate": lambda run: Page.of(certificate.render(run)).text,
}
HEADING = "onforms, with reservations: placeholder limits, drawn phantoms"


def made(source: str, drawn: bool) -> Evidence:
    run = study.evidence(tools=("gentle",), source=source, drawn=drawn)
    floors = {"bone_age": {"mae_at_most": 12.0}, "sex": {"auc_at_least": 0.6}}
    card = dataclasses.replace(study.INSTRUMENT, floors=floors)
    return study.locked(evidence_of(dataclasses.replace(run.facts, instruments=(card,))))


@pytest.fixture(scope="module")
def sound() -> Evidence:
    """A run that conforms: locked, on patients, with limits that have a source."""
    run = made(source="a protocol", drawn=False)
    assert (run.outcome, run.label) == (Outcome.PASS, "CONFIRMATORY")
    return run


@pytest.fixture(scope="module")
def reserved() -> Evidence:
    return made(source=study.SOURCE, drawn=True)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_headed_with_the_reservations(form: str, sound: Evidence, reserved: Evidence) -> None:
    shown, bare = " ".join(FORMS[form](reserved).split()), " ".join(FORMS[form](sound).split())
    assert HEADING in shown
    assert "No source is given for the limits of BA-1, REL-1 and SX-1" in shown
    assert "The images of invented are drawn" in shown
    assert "eservations: " not in bare
    assert "onforms" in bare


@pytest.mark.parametrize("form", FORMS)
def test_no_form_says_conforms_alone(form: str, reserved: Evidence) -> None:
    """Wherever the word is, its reservations are too, in the reason of the run as well."""
    shown = " ".join(FORMS[form](reserved).split()).replace("not conform", "")
    for rest in shown.split("onforms")[1:]:
        assert rest.startswith(", with reservations"), rest[:60]


@pytest.mark.parametrize(("which", "result", "strict"), [("sound", "PASSED", 0), ("reserved", "WARNED", 9)])
def test_the_attestation_and_the_exit_code_tell_them_apart(which, result, strict, request, tmp_path) -> None:
    run = request.getfixturevalue(which)
    save(run, tmp_path)
    predicate = statement_on(tmp_path, run)["predicate"]
    assert predicate["result"] == result
    said = predicate.get("editproof_reservations", [])
    assert said == [found.sentence for found in run.reservations]
    assert (exit_code(run), exit_code(run, strict=True)) == (0, strict)


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.FAIL, 1), (Outcome.INCONCLUSIVE, 1), (Outcome.INVALID, 9)])
def test_no_other_outcome_depends_on_reservations(outcome, code, sound, reserved) -> None:
    for run in (sound, reserved):
        came_to = replace(run, outcome=outcome)
        assert exit_code(came_to) == exit_code(came_to, strict=True) == code


def test_what_is_reserved_of_one_tool_is_not_of_another() -> None:
    from editproof.evidence.reservations import Reservation, concerning, heading

    found = (Reservation("replayed edits", "Of gentle.", "gentle"),)
    assert heading(Outcome.PASS, concerning(found, "gentle")) == "Conforms, with reservations: replayed edits"
    assert heading(Outcome.PASS, concerning(found, "harsh")) == "Conforms"


def test_reservations_follow_from_the_facts(reserved) -> None:
    assert [found.kind for found in reserved.reservations] == ["placeholder limits", "drawn phantoms"]
    unlocked = study.evidence(tools=("gentle",), source="a protocol")
    assert [found.kind for found in unlocked.reservations] == ["exploratory", "no floor"]


def test_families_of_several_tests_are_said_to_be_several() -> None:
    run = study.evidence(tools=("gentle",))
    (tool,) = run.facts.tools

    def spread(tests: tuple[str, str]) -> Evidence:
        names = dict(zip(("BA-2", "BA-3"), tests, strict=True))
        claims = tuple(
            dataclasses.replace(
                claim, test=names[claim.criterion.id], criterion=dataclasses.replace(claim.criterion, family="holm")
            )
            if claim.criterion.id in names
            else claim
            for claim in tool.claims
        )
        return evidence_of(dataclasses.replace(run.facts, tools=(dataclasses.replace(tool, claims=claims),)))

    for form in ("page", "terminal"):
        whole = (lambda run: html.render(run, images=False)) if form == "page" else FORMS[form]
        assert "2 families, one for each of test_a and test_b" in " ".join(whole(spread(("test_a", "test_b"))).split())
        assert "families, one for each" not in whole(spread(("test_a", "test_a")))


@pytest.mark.parametrize(
    ("made", "reserved"),
    [
        ((boxes_found("nodule"),), True),
        ((boxes_found("nodule"), boxes_lost("nodule")), True),
        ((boxes_found("nodule"), boxes_found("lesions", against="reference")), False),
        ((), False),
    ],
)
def test_boxes_that_are_held_against_no_reference_are_reserved(made, reserved) -> None:
    """How much worse edits are than originals says nothing of how well the originals are read."""
    lesions = RawOutput("lesions", "boxes", ("nodule",))
    card = dataclasses.replace(study.INSTRUMENT, quantities=(), raw_outputs=(lesions,))
    asked = [Criterion(f"DET-{k}", estimand, at_least(0.5), source="s").card for k, estimand in enumerate(made)]
    claims = [SimpleNamespace(criterion=criterion) for criterion in asked]
    facts = SimpleNamespace(instruments=(card,), tools=(SimpleNamespace(claims=claims),))
    found = [reservation.sentence for reservation in held_to_no_reference(facts)]
    assert found == (
        [
            f"No primary claim holds lesions of {card.name} against the reference, so no check of this run shows whether "
            "it reads the originals well."
        ]
        if reserved
        else []
    )


def test_a_floor_on_fewer_than_half_of_the_patients_is_reserved(sound) -> None:
    (tool,) = sound.facts.tools
    table = tool.measurements
    assert list(floors_on_few(sound.facts)) == []
    patients = sorted(set(table.patients))
    rare = table.cases["reference:bone_age"].where(table.cases["patient"].isin(patients[:3]))
    few = dataclasses.replace(table, cases=table.cases.assign(**{"reference:bone_age": rare}))
    facts = dataclasses.replace(sound.facts, tools=(dataclasses.replace(tool, measurements=few),))
    [found] = floors_on_few(facts)
    assert found.kind == "floor on few patients"
    assert f"BASE-bone_age (3 of {len(patients)})" in found.sentence


@pytest.mark.parametrize(
    ("name", "limit", "says"),
    [
        ("mae_at_most", 1e6, True), ("mae_at_most", math.inf, True), ("mae_at_most", 12.0, False),
        ("auc_at_least", 0.5, True), ("auc_at_least", 0.0, True), ("auc_at_least", 0.51, False),
        ("dice_at_least", 0.0, True), ("dice_at_least", 0.01, False),
    ],
)  # fmt: skip
def test_a_floor_that_one_answer_for_every_image_meets_is_reserved(name: str, limit: float, says: bool) -> None:
    facts = study.evidence(tools=("gentle",)).facts
    (card,) = facts.instruments
    changed = dataclasses.replace(facts, instruments=(dataclasses.replace(card, floors={"bone_age": {name: limit}}),))
    found = [reservation.sentence for reservation in floors_for_show(changed)]
    assert ["One answer for every image" in sentence and name in sentence for sentence in found] == [True] * says


def test_the_floor_of_a_mean_error_says_something_below_that_of_the_median() -> None:
    facts = study.evidence(tools=("gentle",)).facts
    (card,) = facts.instruments
    known = facts.tools[0].measurements.cases["reference:bone_age"].dropna()
    blind = (known - known.median()).abs().mean()
    for limit, says in ((blind, True), (blind - 1e-9, False)):
        told = dataclasses.replace(card, floors={"bone_age": {"mae_at_most": float(limit)}})
        assert bool(list(floors_for_show(dataclasses.replace(facts, instruments=(told,))))) is says

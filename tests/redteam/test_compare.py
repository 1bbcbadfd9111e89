"""Attack: to be no worse than before because the suite no longer asks. Its honest twin asks all that was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from editproof import at_least, at_most, auc_drift
from editproof.audit.comparing import compared
from editproof.audit.findings import evidence_of
from editproof.audit.publication import deliver
from editproof.audit.verification import faults
from editproof.criteria.redecision import criterion_from
from editproof.evidence.comparison import Comparison
from editproof.evidence.record import Evidence
from editproof.report.text.wording import typeset
from editproof.types import CriterionCard, Outcome

from tests.audit import study

MARGINS = {"BA-1": 1.5, "REL-1": 0.2, "SX-1": 0.5}


def judged_by(run: Evidence, change: Callable[[CriterionCard], CriterionCard | None]) -> Evidence:
    """The run, had its suite had other criteria; None drops one. What the tests were told is what follows."""
    (tool,) = run.facts.tools
    claims = [(claim, card) for claim in tool.claims if (card := change(claim.criterion)) is not None]
    asked = tuple(replace(claim, criterion=card, told=()) for claim, card in claims)
    facts = replace(run.facts, tools=(replace(tool, claims=asked),), roll=(), lock=None)
    told = evidence_of(replace(facts, environment={**facts.environment, "merged": ["a", "b"]}))
    return study.locked(told)


@pytest.fixture(scope="module")
def old() -> Evidence:
    return study.locked(study.evidence(tools=("gentle",)))


def card_of(name: str, **changes: object) -> Callable[[CriterionCard], CriterionCard]:
    def change(card: CriterionCard) -> CriterionCard:
        return replace(criterion_from(card), **changes).card if card.id == name else card

    return change


WEAKER: dict[str, tuple[Callable[[CriterionCard], CriterionCard | None], str]] = {
    "left out": (lambda card: None if card.id == "SX-1" else card, "SX-1 is not a claim of run"),
    "demoted": (card_of("SX-1", role="secondary"), "SX-1 is secondary in run"),
    "wider region": (card_of("SX-1", region=at_least(-0.9)), "SX-1 requires at least -0.9, where it required at least -0.2, in run"),
    "less confidence": (card_of("SX-1", confidence=0.6), "SX-1 has a confidence of 0.6, where it had 0.95, in run"),
    "other limits": (card_of("SX-1", limits="conventional"), "SX-1 is decided by conventional limits, where it was by gaffke ones, in run"),
    "another estimand": (card_of("SX-1", estimand=auc_drift("sex", missing="complete_case")), "SX-1 has another estimand"),
}  # fmt: skip


@pytest.mark.parametrize("how", WEAKER)
def test_a_suite_that_asks_for_less_shows_nothing(old, how, tmp_path):
    change, words = WEAKER[how]
    made = compared(judged_by(old, change), old, MARGINS)
    assert made.outcome is Outcome.INCONCLUSIVE
    assert words in made.reason
    folder = deliver(made, tmp_path).parent
    assert list(faults(folder)) == []
    assert typeset(words) in (folder / "report.html").read_text()


def test_the_same_suite_and_a_stricter_one_show_it(old):
    for change in (lambda card: card, card_of("BA-1", region=at_most(1.9)), card_of("BA-1", confidence=0.96)):
        made = compared(judged_by(old, change), old, MARGINS)
        assert (made.outcome, made.findings.gaps) == (Outcome.PASS, ())


def test_a_new_claim_is_named_and_does_no_harm(old):
    before = judged_by(old, lambda card: None if card.id == "SX-1" else card)
    made = compared(old, before, {"BA-1": 1.5, "REL-1": 0.2})
    assert (made.outcome, made.findings.additional) == (Outcome.PASS, ("SX-1",))


def test_an_incomplete_run_shows_nothing(old):
    cut = study.locked(evidence_of(replace(old.facts, incomplete=("2 claims were deselected",))))
    for made in (compared(cut, old, MARGINS), compared(old, cut, MARGINS)):
        assert made.outcome is Outcome.INCONCLUSIVE
        assert "is incomplete (2 claims were deselected)" in made.reason


def test_the_margin_is_a_share_of_the_old_limit(old):
    """A limit that was widened in the new suite would give it a wider margin too."""
    made = compared(judged_by(old, card_of("BA-1", region=at_most(60.0))), old, {}, share=0.5)
    assert {claim.criterion.id: claim.margin for claim in made.facts.claims}["BA-1"] == 1.0


def test_the_claims_of_both_runs_are_facts(old, tmp_path):
    """Whoever drops them from the record of a comparison changes what follows."""
    made = compared(judged_by(old, WEAKER["left out"][0]), old, MARGINS)
    forged = Comparison(replace(made.facts, old=replace(made.facts.old, claims=made.facts.new.claims)), made.findings)
    found = list(faults(deliver(forged, tmp_path).parent))
    assert any("findings.outcome" in fault for fault in found)


def test_reservations_of_the_runs_are_those_of_the_comparison():
    drawn = study.locked(study.evidence(tools=("gentle",), drawn=True))
    made = compared(drawn, drawn, MARGINS)
    assert made.outcome is Outcome.PASS
    assert "drawn phantoms" in [found.kind for found in made.reservations]


@pytest.mark.parametrize("dropped", [set(c) for n in (1, 2, 3) for c in combinations(("BA-1", "REL-1", "SX-1"), n)])
def test_whatever_is_dropped_is_named(old, dropped):
    made = compared(judged_by(old, lambda card: None if card.id in dropped else card), old, MARGINS)
    assert made.outcome is not Outcome.PASS
    assert [gap.partition(" ")[0] for gap in made.findings.gaps] == sorted(dropped)

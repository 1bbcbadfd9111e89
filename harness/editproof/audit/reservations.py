"""What limits a result of a run although it holds: one function of the facts for each kind of circumstance.

Another kind is another function in :data:`KINDS`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from editproof.audit.coverage import part_of_the_cohort
from editproof.audit.metric_sources import outputs_by_quantity
from editproof.audit.readings_alone import KINDS_OF_READINGS
from editproof.core.numbers import brief, grouped, percent
from editproof.criteria import Criterion
from editproof.criteria.conformance import floors_that_say_nothing, patients_of_floors
from editproof.criteria.declared import LOW, has_low_cap
from editproof.criteria.readings import WORST_CASE
from editproof.criteria.redecision import criterion_from
from editproof.criteria.sources import source_of
from editproof.evidence.facts import Facts
from editproof.evidence.measurements import EDITED
from editproof.evidence.plain import plain
from editproof.evidence.protocol import EXPLORATORY, lock_of, moment, versions_left_open
from editproof.evidence.reservations import Reservation
from editproof.metrics.outputs import TO_REFERENCE
from editproof.report.text.wording import counted, in_words, listed
from editproof.types import CriterionCard

PLACEHOLDER: Final = "placeholder"
"""The word that marks, in the source of a limit or margin, that it has no source yet."""

PLACEHOLDER_LIMITS, NO_FLOOR = "placeholder limits", "no floor"

USUAL: Final = 0.95
"""One-sided confidence that claims of non-inferiority usually have (ICH E9 asks for 0.975)."""

FEW: Final = 0.5
"""Share of the patients below which those on whom a floor is decided are few."""


def reservations(facts: Facts, departures: Sequence[str]) -> tuple[Reservation, ...]:
    """Everything that limits what a run shows.

    Parameters
    ----------
    departures : sequence of str
        What makes the run EXPLORATORY.
    """
    return (*exploratory(departures), *(found for kind in KINDS for found in kind(facts)))


def exploratory(departures: Sequence[str], proof: str = "conformance") -> Iterator[Reservation]:
    """Nothing was fixed beforehand, or it was not kept to."""
    if departures:
        yield Reservation(EXPLORATORY.lower(), f"The result cannot prove {proof}: {'; '.join(departures)}.")


def placeholder_limits(facts: Facts) -> Iterator[Reservation]:
    """Limits of primary criteria that have no source yet."""
    if names := _primary(facts, is_placeholder):
        sentence = f"No source is given for the limits of {names}: verdicts on them support no claim about patients."
        yield Reservation(PLACEHOLDER_LIMITS, sentence)


def approximate_levels(facts: Facts) -> Iterator[Reservation]:
    """Primary criteria whose limits can miss what is rare."""
    if names := _primary(facts, _made(lambda claim: claim.is_approximate)):
        yield Reservation(
            "approximate level",
            f"The limits of {names} rest on the usual assumptions, which what is rare can break: the chance of a false "
            "PASS may exceed the stated level.",
        )


def lost_edits_left_out(facts: Facts) -> Iterator[Reservation]:
    """Primary criteria by whose rule a tool may gain from losing edits."""
    if names := _primary(facts, _made(lambda claim: claim.estimand.missing != WORST_CASE)):
        yield Reservation(
            "missing edits left out",
            f"By the rule of {names} a missing edit does not count at its worst: a tool may gain by losing edits.",
        )


def low_caps(facts: Facts) -> Iterator[Reservation]:
    """Primary criteria under which a ruined patient counts for little more than a tolerable change."""
    if names := _primary(facts, _made(has_low_cap)):
        yield Reservation(
            "low cap",
            f"Under {names} a change counts for less than {brief(LOW)} margins, however large it is: many patients "
            "may be harmed, and the mean still holds.",
        )


def low_confidence(facts: Facts) -> Iterator[Reservation]:
    """Primary criteria that are decided at a lower level than is usual."""
    if names := _primary(facts, lambda card: card.confidence < USUAL):
        sentence = f"The one-sided confidence of {names} is below {percent(USUAL)}: a false PASS is likelier."
        yield Reservation("low confidence", sentence)


def _primary(facts: Facts, holds: Callable[[CriterionCard], bool]) -> str:
    """The primary claims of which something holds, in words; empty where there are none."""
    asked = {claim.criterion.id: claim.criterion for tool in facts.tools for claim in tool.claims}
    names = sorted(name for name, card in asked.items() if card.role == "primary" and holds(card))
    return listed(names)  # all: what a reservation is about is not to be hidden


def _made(holds: Callable[[Criterion], bool]) -> Callable[[CriterionCard], bool]:
    """Whether something holds of the criterion that a card was made of; of a card without an estimand nothing does."""
    return lambda card: card.specification is not None and holds(criterion_from(card))


def drawn_phantoms(facts: Facts) -> Iterator[Reservation]:
    """A cohort of drawings."""
    if facts.dataset.drawn:
        sentence = f"The images of {facts.dataset.name} are drawn: a verdict on them supports no claim about patients."
        yield Reservation("drawn phantoms", sentence)


def without_floor(facts: Facts) -> Iterator[Reservation]:
    """Instruments whose card sets no floor for something that they read."""
    for card in facts.instruments:
        found = [*(quantity.name for quantity in card.quantities), *card.structures]
        if free := [in_words(name) for name in found if not card.floors.get(name)]:
            yield Reservation(
                NO_FLOOR,
                f"The card of {card.name} sets no floor for {listed(free)}, "
                "so no check of this run shows whether it reads the originals well.",
            )


def floors_for_show(facts: Facts) -> Iterator[Reservation]:
    """Floors that are met without a look at any image."""
    if not facts.tools:
        return
    for card in facts.instruments:
        if found := floors_that_say_nothing(card, facts.tools[0].measurements):
            named = [f"{in_words(name)} ({', '.join(map(str, card.floors[name]))})" for name in found]
            yield Reservation(
                NO_FLOOR,
                f"One answer for every image, whatever it shows, would meet the card's floor of {card.name} for "
                f"{listed(named)}, so no check of this run shows whether it reads the originals well.",
            )


def held_to_no_reference(facts: Facts) -> Iterator[Reservation]:
    """Outputs without numbers of which each primary claim would hold of an instrument that reads the originals badly.

    No card sets floors for them. A claim against the reference is one, since the unchanged image has to meet it.
    """
    cards = facts.instruments
    named = outputs_by_quantity(cards)
    claims = {claim.criterion.id: claim.criterion for tool in facts.tools for claim in tool.claims}
    primary = [made for made in claims.values() if made.role == "primary" and made.specification is not None]
    asked: dict[tuple[str, str], bool] = {}
    for estimand in (criterion_from(made).estimand for made in primary):
        if (source := source_of(replace(estimand, arm=EDITED), cards, named)) is not None:
            floor = TO_REFERENCE in estimand.quantity.partition(":")[0] and not estimand.signed
            key = source.instrument, source.output
            asked[key] = asked.get(key, False) or floor
    for card in cards:
        names = [output.name for output in card.kept_outputs]
        if free := [in_words(name) for name in names if not asked.get((card.name, name), True)]:
            yield Reservation(
                NO_FLOOR,
                f"No primary claim holds {listed(free)} of {card.name} against the reference, "
                "so no check of this run shows whether it reads the originals well.",
            )


def floors_on_few(facts: Facts) -> Iterator[Reservation]:
    """Floors that are decided on fewer than half of the patients, such as those who have a lesion."""
    if not facts.tools:
        return
    measured = facts.tools[0].measurements
    patients = len(set(measured.patients))
    for card in facts.instruments:
        counts = patients_of_floors(card, measured)
        if few := [f"{name} ({n} of {patients})" for name, n in counts.items() if n < FEW * patients]:
            yield Reservation(
                "floor on few patients",
                f"Fewer than half of the patients have what floors of {card.name} are held to: {listed(few)}. "
                "How well it reads the originals is shown of those alone.",
            )


def open_versions(facts: Facts) -> Iterator[Reservation]:
    """Tools of which a lock for a gate let another version be judged than the one that it was written with."""
    lock = None if facts.lock is None else lock_of(facts.lock)
    editors = {tool.card.name: plain(tool.card) for tool in facts.tools}
    for name, (before, judged) in versions_left_open(lock, editors).items():
        told = f"{judged}, not {before}" if judged != before else f"{judged} of other code"
        yield Reservation(
            "open version",
            f"The lock is for a gate and leaves the version of {name} open: claims, cohort, instruments and plan were "
            f"fixed before the edits, and the version judged ({told}) was not.",
            name,
        )


def in_the_harness(facts: Facts) -> Iterator[Reservation]:
    """Tools whose code ran in the process that judged them."""
    for tool in facts.tools:
        if tool.card.process == "harness":
            yield Reservation(
                "same process",
                f"The code of {tool.card.name} ran in the process of the harness, which it could change, since its "
                "factory cannot be found by name in a process of its own.",
                tool.card.name,
            )


def measured_by_others(facts: Facts) -> Iterator[Reservation]:
    """Cases that code of somebody else worked on, which could change what was measured."""
    if named := sorted(facts.terms.get("executors") or {}):
        yield Reservation(
            "own executor",
            f"Cases were worked on by {listed(named)}, which is no executor of this package: its code ran where "
            "everything was measured, and could change it. The protocol has the digest of its source.",
        )


def replayed_edits(facts: Facts) -> Iterator[Reservation]:
    """Edits that were not made in this run."""
    start = moment(facts.began)
    for tool in facts.tools:
        made = [when for text in tool.measurements.edits["made"] if (when := moment(text))]
        if start is not None and (earlier := [when for when in made if when < start]):
            yield Reservation(
                "replayed edits",
                f"Of {counted(len(tool.measurements.edits), 'edit')} of {tool.card.name}, {grouped(len(earlier))} were "
                f"made before this run and read from the store, the oldest on {min(earlier):%Y-%m-%d}. If the tool has "
                "changed since in what its version does not show, have them made again: --edits live.",
                tool.card.name,
            )


def unchecked_determinism(facts: Facts) -> Iterator[Reservation]:
    """Tools whose card says that equal requests give equal pixels, which nothing shows."""
    for tool in facts.tools:
        if tool.card.deterministic and not tool.measurements.deterministic:
            yield Reservation(
                "determinism not checked",
                f"The card of {tool.card.name} says that equal requests give equal pixels, and no check shows it.",
                tool.card.name,
            )


def earlier_judgements(facts: Facts) -> Iterator[Reservation]:
    """A cohort that was judged before: what was tried until it passed proves less."""
    if before := facts.judged_before:
        outcomes = Counter(judgement.outcome or "of unknown outcome" for judgement in before)
        protocols = len({judgement.protocol for judgement in before})
        said = listed([f"{grouped(n)} {outcome}" for outcome, n in sorted(outcomes.items())])
        yield Reservation(
            "earlier judgements",
            f"This cohort was judged {counted(len(before), 'time')} before in this store, under "
            f"{counted(protocols, 'protocol')}: {said}.",
        )


def another_store(facts: Facts) -> Iterator[Reservation]:
    """Edits that are elsewhere than the lock says."""
    locked = str((facts.lock or {}).get("store") or "")
    if facts.lock is not None and set(facts.stores) != ({locked} if locked else set()):
        found = "the lock names no store" if not locked else "the lock names another store"
        yield Reservation(
            "another store",
            f"The edits are in another store than when the protocol was locked ({found}): what was judged before that "
            "cannot be told.",
        )


KINDS: Final[tuple[Callable[[Facts], Iterator[Reservation]], ...]] = (
    placeholder_limits,
    approximate_levels,
    lost_edits_left_out,
    low_caps,
    low_confidence,
    part_of_the_cohort,
    drawn_phantoms,
    without_floor,
    floors_for_show,
    held_to_no_reference,
    floors_on_few,
    replayed_edits,
    unchecked_determinism,
    earlier_judgements,
    another_store,
    open_versions,
    in_the_harness,
    measured_by_others,
    *KINDS_OF_READINGS,
)
"""Every kind but the first, in the order in which a reader meets them."""


def is_placeholder(card: CriterionCard) -> bool:
    """Whether the limit of a criterion has no source yet."""
    return PLACEHOLDER in card.source.lower()

"""What limits a result of a run although it holds: one function of the facts for each kind of circumstance.

Another kind is another function in :data:`KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from editproof.evidence.facts import Facts
from editproof.evidence.protocol import EXPLORATORY
from editproof.evidence.reservations import Reservation
from editproof.report.text.wording import in_words, listed
from editproof.types import CriterionCard, DatasetCard

PLACEHOLDER: Final = "placeholder"
"""The word that marks, in the source of a limit or margin, that it has no source yet."""

NAMED: Final = 5
"""Ids that a sentence names."""


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
    asked = {claim.criterion.id: claim.criterion for tool in facts.tools for claim in tool.claims}
    if names := sorted(name for name, card in asked.items() if card.role == "primary" and is_placeholder(card)):
        named = listed([*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED else names)
        sentence = f"No source is given for the limits of {named}: verdicts on them support no claim about patients."
        yield Reservation("placeholder limits", sentence)


def drawn_phantoms(facts: Facts) -> Iterator[Reservation]:
    """A cohort of drawings."""
    yield from of_drawings(facts.dataset)


def without_floor(facts: Facts) -> Iterator[Reservation]:
    """Instruments whose card sets no floor for something that they read."""
    for card in facts.instruments:
        if free := [in_words(quantity.name) for quantity in card.quantities if not card.floors.get(quantity.name)]:
            yield Reservation(
                NO_FLOOR,
                f"The card of {card.name} sets no floor for {listed(free)}, "
                "so no check of this run shows whether it reads the originals well.",
            )


def in_the_harness(facts: Facts) -> Iterator[Reservation]:
    """Tools whose code ran in the process that judged them."""
    if names := [tool.card.name for tool in facts.tools if tool.card.process == "harness"]:
        yield Reservation(
            "same process",
            f"The code of {listed(names)} ran in the process of the harness, which it could change, "
            "since its factory cannot be found by name in a process of its own.",
        )


NO_FLOOR: Final = "no floor"

KINDS: Final[tuple[Callable[[Facts], Iterator[Reservation]], ...]] = (
    placeholder_limits,
    drawn_phantoms,
    without_floor,
    in_the_harness,
)
"""Every kind but the first, in the order in which a reader meets them."""


def of_drawings(dataset: DatasetCard) -> Iterator[Reservation]:
    """That a cohort shows no patients."""
    if dataset.drawn:
        sentence = f"The images of {dataset.name} are drawn: a verdict on them supports no claim about patients."
        yield Reservation("drawn phantoms", sentence)


def is_placeholder(card: CriterionCard) -> bool:
    """Whether the limit of a criterion has no source yet."""
    return PLACEHOLDER in card.source.lower()

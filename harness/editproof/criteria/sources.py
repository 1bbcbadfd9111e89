"""Which instrument, and which of its outputs, a claim is made of: what controls hold to show that it notices harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from editproof.criteria.estimand import IMAGES, READERS, READINGS, Estimand
from editproof.evidence.measurements import ORIGINAL
from editproof.types import InstrumentCard

READ = "readings"
_ENDS = ("_to_reference", "_to_original")
"""How the names of what is measured on masks and raw outputs end; regions of images may be named as structures are."""


@dataclass(frozen=True)
class Source:
    """What claims are made of: all numbers that an instrument reads, one label map, or one raw output.

    Attributes
    ----------
    key : str
        Tells it from the others of a study, e.g. ``"readings"`` or ``"lesions"``.
    instrument : str
        Name of the instrument; empty where the readings are of no instrument of the study, as those of readers.
    output : str
        Name of the label map or raw output; empty of numbers.
    """

    key: str
    instrument: str = ""
    output: str = ""

    def __str__(self) -> str:
        """In words."""
        return f"{self.output} of {self.instrument}" if self.output else self.instrument or "the instrument"


def source_of(
    estimand: Estimand, cards: Sequence[InstrumentCard] = (), named: Mapping[str, str] = MappingProxyType({})
) -> Source | None:
    """What an estimand is made of; None of one on pixels, on repeats, on ends of edits, or on originals alone.

    Parameters
    ----------
    cards : sequence of InstrumentCard
        All of the study; no two give the same.
    named : mapping of str to str
        By quantity of the built-in metrics, the label map or output of which it is measured: a structure may be drawn
        and be the label of boxes too.

    Examples
    --------
    >>> from editproof import boxes_found, ks_distance
    >>> from editproof.types import RawOutput
    >>> card = InstrumentCard("x", "x", (), 1, {}, "", "", raw_outputs=(RawOutput("lesions", "boxes", ("nodule",)),))
    >>> str(source_of(boxes_found("nodule"), [card])), source_of(ks_distance(), [card])
    ('lesions of x', None)
    """
    if estimand.arm == ORIGINAL:
        return None
    if estimand.scope == IMAGES:
        measured, _, subject = estimand.quantity.partition(":")
        return _of_output(subject, cards, named.get(estimand.quantity)) if measured.endswith(_ENDS) else None
    if estimand.scope not in (READINGS, READERS):
        return None
    return _of_number(estimand.quantity, cards) if estimand.scope == READINGS else Source(READ)


def _of_output(subject: str, cards: Sequence[InstrumentCard], name: str | None) -> Source | None:
    """The label map or output with a subject; of several the one of that name, else a source of the subject alone."""
    given = [(card, mask.name) for card in cards for mask in card.masks if subject in mask.labels.values()]
    given += [(card, output.name) for card in cards for output in card.raw_outputs if subject in output.subjects]
    found = [Source(output, card.name, output) for card, output in given if name in (None, output)]
    if len(found) > 1:
        return Source(subject, found[0].instrument, subject)
    return found[0] if found else None


def _of_number(quantity: str, cards: Sequence[InstrumentCard]) -> Source:
    for card in cards:
        for output in card.raw_outputs:
            if any(found.name == quantity for found in output.quantities):
                return Source(output.name, card.name, output.name)
    reading = [card for card in cards if any(found.name == quantity for found in card.quantities)]
    alone = sum(bool(_numbers(card)) for card in cards) < 2
    return Source(READ if alone else f"{READ}-{reading[0].name}", reading[0].name) if reading else Source(READ)


def _numbers(card: InstrumentCard) -> set[str]:
    """What it reads that is of no raw output."""
    of_outputs = {found.name for output in card.raw_outputs for found in output.quantities}
    return {quantity.name for quantity in card.quantities} - of_outputs

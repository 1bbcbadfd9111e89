"""Whether the card of an instrument is sound: each field is of its kind, and no two contradict each other."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from editproof.core.numbers import brief
from editproof.core.records import from_plain
from editproof.errors import InstrumentError
from editproof.instruments.raw import check_outputs

if TYPE_CHECKING:
    from editproof.types import InstrumentCard, Quantity

FLOORS = {
    "mae_at_most": ("continuous", 0.0, math.inf),
    "auc_at_least": ("probability", 0.0, 1.0),
    "dice_at_least": ("structure", 0.0, 1.0),
}
"""By name of a floor: the kind of quantity it is for, or that it is for a structure; its least and greatest limit."""


def check_card(card: InstrumentCard, asked: str, *, apart: bool = False) -> None:
    """Refuse a card with a malformed field, or whose quantities contradict one another, its floors or its covariates.

    Parameters
    ----------
    apart : bool
        Whether its networks are known to read a quantity without being told it, though another of them is.

    Raises
    ------
    InstrumentError
    """
    from_plain(type(card), asdict(card), asked, error=InstrumentError)
    names = [quantity.name for quantity in card.quantities]
    names += [mask.name for mask in card.masks] + [output.name for output in card.kept_outputs]
    if not names or len(set(names)) < len(names):
        raise InstrumentError(asked, f"it reads {', '.join(names) or 'nothing'}", "Name each quantity once.")
    for quantity in card.quantities:
        _check_quantity(quantity, asked)
    structures = card.structures
    if both := sorted(set(structures) & {quantity.name for quantity in card.quantities}):
        raise InstrumentError(asked, f"it reads {both[0]} and draws it", "Give the structure a name of its own.")
    if twice := sorted({name for name in structures if structures.count(name) > 1}):
        raise InstrumentError(asked, f"two masks show {twice[0]}", "Name each structure once.")
    if card.masks and card.members > 1:
        found = f"{card.members} members and the mask {card.masks[0].name}"
        raise InstrumentError(asked, found, "An instrument with masks has one member; join their label maps in it.")
    check_outputs(card, asked)
    _check_floors(card, asked)
    if not apart and (own := [name for name in card.covariates if name in names]):
        advice = "What it is told it does not read: leave it out of the covariates, or of the quantities."
        raise InstrumentError(asked, f"it is told {own[0]}, which it reads", advice)


def _check_quantity(quantity: Quantity, asked: str) -> None:
    if (quantity.kind == "probability") != (quantity.unit == "probability"):
        found = f"{quantity.name} is of kind {quantity.kind!r} and unit {quantity.unit!r}"
        advice = 'Write "unit": "probability" and "kind": "probability", or neither.'
        raise InstrumentError(asked, found, advice)


def _check_floors(card: InstrumentCard, asked: str) -> None:
    kinds = {quantity.name: quantity.kind for quantity in card.quantities} | dict.fromkeys(card.structures, "structure")
    if stray := sorted(set(card.floors) - set(kinds)):
        raise InstrumentError(asked, f"a floor for {stray[0]}, which it does not read", "Set floors of what it reads.")
    for quantity, floors in card.floors.items():
        for name, limit in floors.items():
            kind, least, greatest = FLOORS.get(name, ("", 0.0, 0.0))
            if kind != kinds[quantity]:
                known = " or ".join(floor for floor, (of, _, _) in FLOORS.items() if of == kinds[quantity])
                found = f"a floor {name} for {quantity}, which is of kind {kinds[quantity]}"
                raise InstrumentError(asked, found, f"Write {known}.")
            if not least <= limit <= greatest:
                span = (
                    f"from {brief(least)} on" if math.isinf(greatest) else f"from {brief(least)} to {brief(greatest)}"
                )
                found = f"a floor {name} of {limit!r} for {quantity}"
                raise InstrumentError(asked, found, f"Write a number {span}.")

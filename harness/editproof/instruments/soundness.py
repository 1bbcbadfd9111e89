"""Whether an instrument's card is one: every field of the kind that it is for, and none against another."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from editproof.errors import InstrumentError
from editproof.types import Quantity

if TYPE_CHECKING:
    from editproof.types import InstrumentCard

KINDS = ("continuous", "probability")
FLOORS = {"mae_at_most": ("continuous", 0.0, math.inf), "auc_at_least": ("probability", 0.0, 1.0)}
"""By name of a floor: the kind of quantity it is for, and its least and greatest limit."""
_NAME = re.compile(r"[^\W\d][\w .=/-]*")
_LONGEST = 60


@dataclass(frozen=True)
class Field:
    """What a field of a card has to be, in words and as a check."""

    words: str
    holds: Callable[[Any], bool]


def is_text(value: object) -> TypeGuard[str]:
    """Whether it is text; a number is not."""
    return isinstance(value, str)


def is_line(value: object) -> bool:
    r"""Whether it is text of one line, and not blank.

    Examples
    --------
    >>> is_line("a b"), is_line(" "), is_line("a\nb"), is_line(5)
    (True, False, False, False)
    """
    return isinstance(value, str) and value.isprintable() and bool(value.strip())


def is_number(value: object) -> bool:
    """Whether it is a finite number; neither text nor True is.

    Examples
    --------
    >>> is_number(0.5), is_number("0.5"), is_number(True), is_number(float("nan"))
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False


def is_count(value: object, least: int = 1) -> TypeGuard[int]:
    """Whether it is a whole number from ``least`` on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_mapping(value: object, holds: Callable[[Any], bool] = lambda _: True) -> bool:
    """Whether it maps text to values that hold."""
    return isinstance(value, Mapping) and all(map(is_text, value)) and all(map(holds, value.values()))


def is_list(value: object, holds: Callable[[Any], bool] = is_text) -> bool:
    """Whether it is a list of values that hold; text is no list of letters."""
    return isinstance(value, list | tuple) and all(map(holds, value))


def is_list_of_names(value: object) -> bool:
    """Whether it is a list of names, none twice."""
    return isinstance(value, list | tuple) and is_list(value, is_line) and len(set(value)) == len(value)


def _is_quantity(value: object) -> bool:
    told = asdict(value) if isinstance(value, Quantity) else value
    if not isinstance(told, Mapping) or not {"name", "unit"} <= set(told) <= {"name", "unit", "kind"}:
        return False
    return all(map(is_text, told.values())) and is_line(told["unit"])


def _is_list_of_quantities(value: object) -> bool:
    return is_list(value, _is_quantity)


_MAPPING = Field("a mapping, {...}", is_mapping)
_TEXT = Field("text, in quotes", is_text)
FIELDS = {
    "name": Field("one line of text, in quotes", is_line),
    "description": _TEXT,
    "quantities": Field('a list of {"name": ..., "unit": ..., "kind": ...}, in quotes', _is_list_of_quantities),
    "members": Field("a whole number from 1 on", is_count),
    "sha256": Field('{"FILE": "its sha256"}', lambda v: is_mapping(v, is_text)),
    "licence": _TEXT,
    "training_data": _TEXT,
    "covariates": Field('a list of names, none twice, e.g. ["sex"]', is_list_of_names),
    "preprocessing": _MAPPING,
    "performance": _MAPPING,
    "floors": Field('by quantity, e.g. {"bone_age": {"mae_at_most": 8.0}}', lambda v: is_mapping(v, is_mapping)),
    "limitations": Field("a list of texts", is_list),
    "reading": _MAPPING,
    "absent_arms": Field("a list of names, none twice", is_list_of_names),
    "sends_data_to": Field("a host, or null", lambda v: v is None or is_line(v)),
    "files": Field("a list of file names, none twice", is_list_of_names),
    "by_covariate": Field('{"sex": {"0": ["female.onnx"], "1": ["male.onnx"]}}',
                          lambda v: is_mapping(v, lambda by: is_mapping(by, is_list_of_names))),
    "inputs": _MAPPING,
    "outputs": Field('by quantity, e.g. {"bone_age": {"output": "months"}}', lambda v: is_mapping(v, is_mapping)),
    "options": _MAPPING,
    "factory": _TEXT,
    "endpoint": _MAPPING,
    "version": _TEXT,
    "table": _MAPPING,
}  # fmt: skip
"""Every field that a card may have, beside those for readers alone."""


def check_fields(told: Mapping[str, Any], asked: str) -> None:
    """Refuse a field that is not what it has to be.

    Raises
    ------
    InstrumentError
    """
    for name, wanted in FIELDS.items():
        if name in told and not wanted.holds(told[name]):
            raise InstrumentError(asked, f"it is malformed: {name} is {brief(told[name])}", f"Write {wanted.words}.")


def brief(value: object) -> str:
    """A value as an error names it."""
    try:
        words = repr(value)
    except RecursionError:
        words = f"a {type(value).__name__} without bottom"
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


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
    check_fields(vars(card), asked)
    names = [quantity.name for quantity in card.quantities]
    if not names or len(set(names)) < len(names):
        raise InstrumentError(asked, f"it reads {', '.join(names) or 'nothing'}", "Name each quantity once.")
    for quantity in card.quantities:
        _check_quantity(quantity, asked)
    _check_floors(card, asked)
    if not apart and (own := [name for name in card.covariates if name in names]):
        advice = "What it is told it does not read: leave it out of the covariates, or of the quantities."
        raise InstrumentError(asked, f"it is told {own[0]}, which it reads", advice)


def _check_quantity(quantity: Quantity, asked: str) -> None:
    if not _NAME.fullmatch(quantity.name):
        raise InstrumentError(asked, f"a quantity named {quantity.name!r}", "Name it by letters, digits and _.")
    if quantity.kind not in KINDS:
        found = f"{quantity.name} is of kind {quantity.kind!r}"
        advice = "Write continuous or probability; of several classes, give each a probability of its own."
        raise InstrumentError(asked, found, advice)
    if (quantity.kind == "probability") != (quantity.unit == "probability"):
        found = f"{quantity.name} is of kind {quantity.kind!r} and unit {quantity.unit!r}"
        advice = 'Write "unit": "probability" and "kind": "probability", or neither.'
        raise InstrumentError(asked, found, advice)


def _check_floors(card: InstrumentCard, asked: str) -> None:
    kinds = {quantity.name: quantity.kind for quantity in card.quantities}
    if stray := sorted(set(card.floors) - set(kinds)):
        raise InstrumentError(asked, f"a floor for {stray[0]}, which it does not read", "Set floors of what it reads.")
    for quantity, floors in card.floors.items():
        for name, limit in floors.items():
            kind, least, greatest = FLOORS.get(name, ("", 0.0, 0.0))
            if kind != kinds[quantity]:
                known = " or ".join(floor for floor, (of, _, _) in FLOORS.items() if of == kinds[quantity])
                found = f"a floor {name} for {quantity}, which is of kind {kinds[quantity]}"
                raise InstrumentError(asked, found, f"Write {known}.")
            if not is_number(limit) or not least <= limit <= greatest:
                span = f"from {least:g} on" if math.isinf(greatest) else f"from {least:g} to {greatest:g}"
                found = f"a floor {name} of {limit!r} for {quantity}"
                raise InstrumentError(asked, found, f"Write a number {span}.")

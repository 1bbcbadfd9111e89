"""Caps and ranges that a study declares for its quantities, and the claims under them.

The value of one patient lies in a declared interval, or no limit would hold whatever was not seen. A claim without a
cap takes that of the study; where the study says nothing either, the default of its estimand, so many margins.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from editproof.core import records
from editproof.core.declared import Wanted, closed, is_number
from editproof.core.nearest import did_you_mean
from editproof.core.numbers import brief
from editproof.criteria.criterion import Criterion
from editproof.errors import ProtocolError
from editproof.types import EstimandSpec, InstrumentCard

_Cap = Annotated[float, Wanted("a finite number above 0", lambda value: is_number(value) and value > 0)]
_Range = Annotated[
    tuple[float, float],
    Wanted("two finite numbers, the smaller first", lambda ends: all(map(is_number, ends)) and ends[0] < ends[1]),
]


@closed
@dataclass(frozen=True, kw_only=True)
class DeclaredQuantity:
    """What a study says of one quantity, in the unit of its readings.

    Attributes
    ----------
    cap : float, optional
        The largest change or error that counts in full.
    range : tuple of float, optional
        Least and greatest value that there is: no reference standard lies outside, and no change exceeds its width.
    """

    cap: Annotated[_Cap | None, records.ABSENT] = None
    range: Annotated[_Range | None, records.ABSENT] = None

    @property
    def width(self) -> float | None:
        """The largest change that there can be, where a range is declared."""
        return None if self.range is None else self.range[1] - self.range[0]


Declared = Mapping[str, DeclaredQuantity]

LOW = 5.0
"""Margins below which a cap is low: under one of five, a fifth of the patients can be ruined, and the mean holds."""


def has_low_cap(criterion: Criterion) -> bool:
    """Whether a change counts for so little beyond the margin that many patients may be harmed and a claim still pass.

    Examples
    --------
    >>> from editproof.criteria import at_most, mae_drift
    >>> claims = [Criterion("A", mae_drift("x", cap=cap), at_most(2.0), source="an example") for cap in (60.0, 2.5)]
    >>> [has_low_cap(claim) for claim in claims]
    [False, True]
    """
    estimand = criterion.estimand
    capped = estimand.spec is not None and _takes_cap(estimand.spec) and estimand.ideal == 0
    return capped and estimand.is_bounded and criterion.margin > 0 and estimand.most < LOW * criterion.margin


def check_known(declared: Declared, instruments: Collection[InstrumentCard], measured: Collection[str]) -> None:
    """Refuse a quantity of a study file that no instrument reads and no metric measures.

    Raises
    ------
    ProtocolError
    """
    known = [*(quantity.name for card in instruments for quantity in card.quantities), *measured]
    for name in declared:
        if name not in known:
            near = did_you_mean(name, known)
            read = ", ".join(known[: len(known) - len(measured)]) or "nothing"
            raise ProtocolError(
                f"[quantities.{name}] of the study file", f"instruments read {read}", near or "Leave it out."
            )


def scales_of(
    declared: Declared, instruments: Collection[InstrumentCard], known: Mapping[str, Collection[float]]
) -> dict[str, tuple[float, float]]:
    """Least and greatest value of each quantity: as declared, of a probability 0 and 1, else as values are known.

    Parameters
    ----------
    known : mapping of str to collection of float
        Values by quantity, such as the reference standard: none is taken to be larger than the largest of them, of
        either sign.

    Examples
    --------
    >>> scales_of({"x": DeclaredQuantity(range=(0.0, 9.0))}, [], {"x": [2.0], "y": [52.0, 195.0]})
    {'x': (0.0, 9.0), 'y': (-195.0, 195.0)}
    """
    seen = {name: max(map(abs, values)) for name, values in known.items() if len(values)}
    found = {name: (-most, most) for name, most in seen.items() if most}
    found |= {q.name: (0.0, 1.0) for card in instruments for q in card.quantities if q.kind == "probability"}
    return found | {name: told.range for name, told in declared.items() if told.range}


def under(criterion: Criterion, declared: Declared) -> Criterion:
    """A claim as a study with declared quantities has it.

    Its own cap stays. Where it has none of its own, it is that of the quantity, else the smaller of the default and the
    width of the range.

    Parameters
    ----------
    criterion : Criterion
    declared : mapping of str to DeclaredQuantity

    Raises
    ------
    ProtocolError
        Where the cap is not above the margin of the claim, which then could not fail.

    Examples
    --------
    >>> from editproof.criteria import at_most, mae_drift
    >>> claim = Criterion("BA-1", mae_drift("bone_age"), at_most(2.0), source="placeholder")
    >>> claim.estimand.most, under(claim, {"bone_age": DeclaredQuantity(cap=48.0)}).estimand.most
    (60.0, 48.0)
    """
    told = declared.get(criterion.estimand.quantity)
    if told is None or not criterion.default_cap:
        return criterion
    cap = told.cap or min(filter(None, (told.width, criterion.estimand.most)))
    if not cap > criterion.margin:
        found = f"the study caps {criterion.estimand.quantity} at {brief(cap)}, and its limit is {criterion.margin:g}"
        raise ProtocolError(f"criterion {criterion.id}", found, "Declare a cap above every limit.")
    if cap == criterion.estimand.most:
        return criterion
    return replace(criterion, estimand=criterion.estimand.capped(cap), default_cap=False)


def _takes_cap(spec: EstimandSpec) -> bool:
    inner = (value for value in spec.arguments.values() if isinstance(value, EstimandSpec))
    return "cap" in spec.arguments or any(map(_takes_cap, inner))

"""The criteria that tests name, found before they run, and held against what an instrument reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType, MappingProxyType
from typing import Any, Final

from editproof.core.nearest import nearest
from editproof.core.numbers import brief
from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import CONTINUOUS, IMAGES, PROBABILITY, READERS
from editproof.criteria.threshold import VALUE, Scale
from editproof.errors import ProtocolError
from editproof.evidence.measurements import ORIGINAL
from editproof.evidence.protocol import SAME_ID
from editproof.imaging.region import INSIDE, OUTSIDE, PROTECTED
from editproof.types import CriterionCard, InstrumentCard
from editproof.types.instruments import ORDINAL as GRADES

_WORD = r"[^\n=<>&%{}]"
_CONDITION = rf"\b{_WORD}+(?:<=|>=|<|>|=){_WORD}+"
_STRATUM: Final = re.compile(rf"{_CONDITION}(?:&{_CONDITION})*")

NO_SCALE: Final[Mapping[str, Scale]] = MappingProxyType({})


def criteria_named(
    test: Callable[..., Any], arguments: Mapping[str, object], *, contained: bool = True
) -> Iterator[Criterion]:
    """The criteria among a test's parameters and among the globals that its code names.

    A criterion that a test makes or fetches in another way is met when it is judged.

    Parameters
    ----------
    contained : bool
        Whether those in lists, sets and mappings are among them.
    """
    code = getattr(test, "__code__", None)
    names = code.co_names if code else ()
    there = getattr(test, "__globals__", {})
    for value in (*arguments.values(), *(there[name] for name in names if name in there)):
        if contained or isinstance(value, Criterion):
            yield from _criteria_in(value)


def strata_named(test: Callable[..., Any], arguments: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """The subgroups that a test asks for, each with whether it is said to be one: as a parameter ``stratum`` or strata.

    The others are what its code writes, or names, where it calls ``where``; a subgroup that a test makes or fetches in
    another way is met when it is judged.
    """
    for name in {"stratum", "strata"} & set(arguments):
        yield from ((text, True) for text in _texts_in(arguments[name]) if _STRATUM.fullmatch(text))
    codes = list(_codes_in(getattr(test, "__code__", None)))
    if not any("where" in code.co_names for code in codes):
        return
    there = getattr(test, "__globals__", {})
    named = [there[name] for code in codes for name in code.co_names if name in there]
    for value in (*arguments.values(), *named, *(constant for code in codes for constant in code.co_consts)):
        yield from ((text, False) for text in _texts_in(value) if _STRATUM.fullmatch(text))


def check_claims(criteria: Collection[Criterion], instruments: Collection[InstrumentCard]) -> None:
    """Refuse a criterion on a quantity that no instrument reads, or that is read in another unit or kind.

    Two criteria of one id are refused too: a report could not tell them apart.

    Raises
    ------
    ProtocolError
    """
    cards: dict[str, CriterionCard] = {}
    for criterion in criteria:
        if cards.setdefault(criterion.id, criterion.card) != criterion.card:
            raise ProtocolError(f"criterion {criterion.id}", *SAME_ID)
    check_can_fail(criteria)
    read = {quantity.name: (card.name, quantity) for card in instruments for quantity in card.quantities}
    graded = {
        output.name: len(output.labels) - 1
        for card in instruments for output in card.raw_outputs if output.kind == GRADES
    }  # fmt: skip
    for criterion in criteria:
        estimand = criterion.estimand
        if not estimand.reads:
            continue
        asked = f"criterion {criterion.id}, {estimand!r}"
        if unread := next((of for of in (estimand.quantity, *estimand.parts) if of not in read), ""):
            found = "; ".join(f"instrument {card.name} reads {_listed(card)}" for card in instruments)
            if estimand.scope == READERS:
                advice = "What human readers find is judged on a table of it: editproof judge READINGS --suite SUITE."
                raise ProtocolError(asked, found, advice)
            near = nearest(unread, read, 1)
            meant = f"Did you mean {near[0]}? Else choose" if near else "Choose"
            raise ProtocolError(asked, found, f"{meant} an instrument that reads it, or leave the criterion out.")
        if left_out := sorted(_left_out({estimand.quantity, *estimand.parts}, instruments)):
            found = f"it leaves out {', '.join(left_out)}, so that a loss there is not seen"
            raise ProtocolError(
                asked, found, "Name every class of the output, or claim single ones by auc or auc_drift."
            )
        name, quantity = read[estimand.quantity]
        if estimand.kind == PROBABILITY and quantity.kind != "probability":
            found = f"{name} reads {quantity.name} in {quantity.unit}, which is not a probability"
            raise ProtocolError(asked, found, "Choose an estimand of continuous readings, e.g. mae_drift.")
        if estimand.kind == CONTINUOUS and estimand.unit and estimand.unit != quantity.unit:
            found = f"it is stated in {estimand.unit}, {name} reads {quantity.name} in {quantity.unit}"
            raise ProtocolError(asked, found, "State the criterion's unit and margin in the unit of the instrument.")
        scale = estimand.spec.arguments.get("scale") if estimand.spec else None
        last = graded.get(estimand.quantity)
        if scale and last is not None and not (min(scale) <= 0 and max(scale) >= last):
            found = f"{name} gives grades from 0 to {last}"
            raise ProtocolError(asked, found, f"State the whole scale: scale=[0, {last}].")


def _left_out(claimed: Collection[str], instruments: Collection[InstrumentCard]) -> set[str]:
    """Classes of an output beside those of a claim, where the claim is of more than one of them."""
    outputs = {name.partition("=")[0] for name in claimed if "=" in name} if len(claimed) > 1 else set()
    read = {quantity.name for card in instruments for quantity in card.quantities}
    return {name for name in read - set(claimed) if "=" in name and name.partition("=")[0] in outputs}


def check_can_fail(criteria: Collection[Criterion], scales: Mapping[str, Scale] = NO_SCALE) -> None:
    """Refuse a criterion that holds whatever is measured.

    Its region has every value that the estimand can have; or its threshold has all the values that there can be on one
    side, so that nothing in an image decides it. That it would notice edits that are lost does not help: they say
    nothing of harm, and ``failure_rate()`` is the claim on them.

    Parameters
    ----------
    scales : mapping of str to (float, float)
        Least and greatest value by quantity, as far as they are known.

    Raises
    ------
    ProtocolError
    """
    for criterion in criteria:
        estimand, region = criterion.estimand, criterion.region
        asked = f"criterion {criterion.id}, {estimand!r} {region.words(estimand.unit or '')}"
        least, most = estimand.ends
        if region.holds(least, most):
            found = f"it cannot fail: every value lies between {brief(least)} and {brief(most)}"
            raise ProtocolError(asked, found, "Set a limit that can be missed, or a larger cap.")
        threshold = estimand.threshold
        if threshold is not None and (idle := threshold.idle(scales.get(estimand.quantity))):
            found = f"{idle}, so that nothing in an image decides it, only edits that are lost"
            advice = "Set a threshold that some values meet and others do not"
            declared = "" if threshold.of == VALUE else ", or declare the range of the quantity in the study file"
            raise ProtocolError(asked, found, f"{advice}{declared}.")


def check_image_claims(criteria: Collection[Criterion], measured: Mapping[str, tuple[Collection[str], str]]) -> None:
    """Refuse a criterion on a quantity that no image metric gives, or gives on other arms or in another unit only.

    Parameters
    ----------
    measured : mapping of str to tuple
        Arms on which each quantity is measured, and its unit.

    Raises
    ------
    ProtocolError
    """
    for criterion in criteria:
        estimand = criterion.estimand
        if estimand.scope != IMAGES:
            continue
        asked = f"criterion {criterion.id}, {estimand!r}"
        if estimand.quantity not in measured:
            near = nearest(estimand.quantity, measured, n=3, alike=0.5)
            meant = f"Did you mean {' or '.join(near)}?" if near else f"Metrics give {', '.join(measured)}."
            advice = f"{meant} Return a metric of your own from pytest_editproof_metrics in the root conftest.py."
            raise ProtocolError(asked, f"no metric gives {estimand.quantity}", advice)
        arms, (on, unit) = {estimand.arm} | ({ORIGINAL} & set(estimand.needs)), measured[estimand.quantity]
        if estimand.unit and unit and estimand.unit != unit:
            found = f"it is stated in {estimand.unit}, {estimand.quantity} is measured in {unit}"
            raise ProtocolError(asked, found, "State the criterion's unit and margin in the unit of the metric.")
        if missed := sorted(arms - set(on)):
            known = " and ".join(on)
            found = f"{estimand.quantity} is measured on {known} images, not on {missed[0]} ones"
            raise ProtocolError(asked, found, "Choose another metric or arm.")


def regions_of(criterion: Criterion) -> set[str]:
    """The region (:mod:`editproof.imaging.region`) whose pixels a criterion on images is about; empty for any other."""
    region = criterion.estimand.quantity.rpartition(":")[2]
    return {region} & {PROTECTED, OUTSIDE, INSIDE} if criterion.estimand.scope == IMAGES else set()


def _listed(card: InstrumentCard) -> str:
    return ", ".join(quantity.name for quantity in card.quantities)


def _codes_in(code: object) -> Iterator[CodeType]:
    """A function's code, and that of the functions and comprehensions in it."""
    if isinstance(code, CodeType):
        yield code
        for constant in code.co_consts:
            yield from _codes_in(constant)


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (inner for inner in value if isinstance(inner, str))


def _criteria_in(value: object) -> Iterator[Criterion]:
    if isinstance(value, Criterion):
        yield value
    elif isinstance(value, Mapping):
        yield from (inner for inner in value.values() if isinstance(inner, Criterion))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (inner for inner in value if isinstance(inner, Criterion))

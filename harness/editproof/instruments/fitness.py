"""Whether instruments and a cohort fit: the same quantities in the same units, and no quantity read by two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from editproof.core.numbers import brief
from editproof.errors import DatasetError, InstrumentError
from editproof.types import Case, DatasetCard, InstrumentCard

CLASSES = ("probability", "class", "binary", "")
"""Units under which a cohort may give a reference of two classes, 0 and 1."""


def check_apart(cards: Sequence[InstrumentCard]) -> None:
    """Refuse instruments of one study of which two have one name or read one quantity.

    Raises
    ------
    InstrumentError
    """
    names = [card.name for card in cards]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InstrumentError(f"instrument {twice[0]}", f"{names.count(twice[0])} go by that name", "Name each once.")
    read: dict[str, str] = {}
    for card in cards:
        for quantity in card.quantities:
            if other := read.get(quantity.name):
                asked = f"instruments {other} and {card.name}"
                advice = "Call it by another name on one of the cards, so that claims can tell them apart."
                raise InstrumentError(asked, f"both read {quantity.name}", advice)
            read[quantity.name] = card.name
        for structure in card.structures:
            if other := read.get(f"mask of {structure}"):
                asked = f"instruments {other} and {card.name}"
                advice = "Call it by another name on one of the cards, so that claims can tell them apart."
                raise InstrumentError(asked, f"both show {structure}", advice)
            read[f"mask of {structure}"] = card.name
        for subject in (subject for output in card.raw_outputs for subject in output.subjects):
            if other := read.get(f"output {subject}"):
                asked = f"instruments {other} and {card.name}"
                advice = "Call it by another name on one of the cards, so that claims can tell them apart."
                raise InstrumentError(asked, f"both give {subject}", advice)
            read[f"output {subject}"] = card.name


def check_fit(instrument: InstrumentCard, cohort: DatasetCard, cases: Iterable[Case]) -> None:
    """Refuse an instrument that reads in another unit than the cohort's, or has to be told what the cohort lacks.

    Raises
    ------
    InstrumentError
        A unit or a covariate differs.
    DatasetError
        A label of two classes is neither 0 nor 1.
    """
    asked = f"instrument {instrument.name} on {cohort.name}"
    for quantity in instrument.quantities:
        unit = cohort.units.get(quantity.name)
        two_classes = quantity.kind == "probability"
        if unit is not None and (unit not in CLASSES if two_classes else unit != quantity.unit):
            raise InstrumentError(
                asked,
                f"it reads {quantity.name} in {quantity.unit}, the cohort's reference standard is in {unit}",
                "Mend the unit on the card (scale and offset turn one into the other) or in the cohort.",
            )
    of_classes = [quantity.name for quantity in instrument.quantities if quantity.kind == "probability"]
    for case in cases:
        for name in of_classes:
            if case.reference.get(name, 0.0) not in (0.0, 1.0):
                raise DatasetError(
                    f"{name} of case {case.case_id} in {cohort.name}",
                    f"{brief(case.reference[name])}, and {instrument.name} reads it as a probability",
                    "A reference standard of two classes is 1 (positive) or 0; give each class a column of its own.",
                )
        if lacking := [name for name in instrument.covariates if name not in case.reference]:
            raise InstrumentError(
                asked,
                f"it has to be told {lacking[0]}, which case {case.case_id} does not have",
                "Choose a cohort that carries it, or an instrument that is not told it.",
            )

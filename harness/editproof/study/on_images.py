"""What a study may measure on its images and on the masks drawn on them, and whether claims on it can be measured."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from editproof.core.nearest import nearest
from editproof.criteria.claimed import check_image_claims
from editproof.criteria.declared import check_known
from editproof.criteria.estimand import IMAGES
from editproof.errors import ProtocolError
from editproof.imaging.axes import axes_in_words
from editproof.metrics.masks import TO_ORIGINAL, TO_REFERENCE
from editproof.study.case_records import measured_quantities
from editproof.study.masks import mask_quantities
from editproof.study.outputs import check_references, output_quantities

if TYPE_CHECKING:
    from editproof.criteria import Criterion
    from editproof.criteria.declared import Declared
    from editproof.metrics import Metric
    from editproof.types import Case, InstrumentCard


_NOTHING_TO_FIND = "There is nothing to find: bring cases that have it, or leave the claim out."


def quantities_on_images(
    own: Sequence[Metric], instruments: Sequence[InstrumentCard], axes: str = ""
) -> dict[str, tuple[tuple[str, ...], str]]:
    """Every quantity that may be measured on images, or on what instruments give of them: its arms and its unit.

    With ``axes`` those alone that may be measured on such images.
    """
    of_masks = mask_quantities(instruments, own, axes)
    return measured_quantities(own, axes) | of_masks | output_quantities(instruments, own)


def check_quantities(declared: Declared, own: Sequence[Metric], instruments: Sequence[InstrumentCard]) -> None:
    """Refuse a quantity of the study file that nothing here measures.

    Raises
    ------
    ProtocolError
    """
    check_known(declared, instruments, quantities_on_images(own, instruments))


def check_measurable(
    claims: Collection[Criterion],
    own: Sequence[Metric],
    instruments: Sequence[InstrumentCard],
    cases: Iterable[Case],
    axes: str = "",
) -> None:
    """Refuse claims on images and on masks that this study cannot measure; other claims are left alone.

    Raises
    ------
    ProtocolError
        No metric gives the quantity on that arm and in that unit, or on images of those ``axes``; or a claim is against
        a reference mask or output, or in millimetres, and a case has no such reference, or no spacing; or nothing is
        in the reference of any case that a primary claim, or a floor on the card of an instrument, is held against.
    DatasetError
        The reference of an output is malformed, or has a label that no instrument knows.
    """
    check_image_claims(claims, quantities_on_images(own, instruments))
    if axes:
        _check_axes(claims, quantities_on_images(own, instruments, axes), axes)
    cohort = list(cases)
    _check_structures(claims, instruments, cohort)
    _check_floors(instruments, cohort)
    check_references(instruments, cohort, claims)


def _check_axes(claims: Iterable[Criterion], measured: Collection[str], axes: str) -> None:
    """Refuse claims on what is not measured on images of the cohort's axes; other claims are left alone."""
    for claim in claims:
        if claim.estimand.scope == IMAGES and claim.estimand.quantity not in measured:
            asked = f"criterion {claim.id}, {claim.estimand!r}"
            found = f"{claim.estimand.quantity} is not measured on {axes_in_words([axes])}"
            near = nearest(claim.estimand.quantity, measured, n=3, alike=0.5)
            raise ProtocolError(asked, found, f"Claim {' or '.join(near) or 'another quantity'}, or leave it out.")


def _check_structures(claims: Iterable[Criterion], cards: Iterable[InstrumentCard], cases: Iterable[Case]) -> None:
    """Refuse claims on masks for which a cohort lacks what they are held against; other claims are left alone."""
    known, scaled_too = mask_quantities(cards), output_quantities(cards)
    wanted: dict[str, str] = {}
    needed: dict[str, str] = {}
    scaled = ""
    for claim in claims:
        quantity, who = claim.estimand.quantity, f"criterion {claim.id}"
        name, _, structure = quantity.partition(":")
        if quantity in known and name.endswith(TO_REFERENCE):
            wanted.setdefault(structure, who)
            if claim.role == "primary":
                needed.setdefault(structure, who)
        output = name.removesuffix(f"_{TO_REFERENCE}").removesuffix(f"_{TO_ORIGINAL}")
        if quantity in {*known, *scaled_too} and output.endswith(("mm", "mm2", "ml")):
            scaled = scaled or who
    for case in cases if wanted or scaled else ():
        if scaled and case.spacing_mm is None:
            found = f"case {case.case_id} has no pixel spacing"
            raise ProtocolError(f"{scaled}, in millimetres", found, "Bring the spacing, or claim in pixels (px).")
        structures = case.decode().structures if wanted else {}
        if lacking := sorted(set(wanted) - set(structures)):
            found = f"case {case.case_id} has reference masks of {', '.join(sorted(structures)) or 'nothing'}"
            advice = "Bring them with the cohort, or hold edits against the original: against='original'."
            raise ProtocolError(f"{wanted[lacking[0]]}, against reference masks of {lacking[0]}", found, advice)
        for structure in needed.keys() & {name for name, mask in structures.items() if mask.any()}:
            del needed[structure]
    for structure, who in needed.items():
        asked = f"{who}, against reference masks of {structure}"
        raise ProtocolError(asked, "those of all cases are empty", _NOTHING_TO_FIND)


def _check_floors(cards: Iterable[InstrumentCard], cases: Iterable[Case]) -> None:
    """Refuse an instrument with a floor for a structure of which no case has a reference mask."""
    wanted = {structure: card.name for card in cards for structure in card.structures if card.floors.get(structure)}
    for case in cases if wanted else ():
        for structure, mask in case.decode().structures.items():
            if mask.any():
                wanted.pop(structure, None)
        if not wanted:
            break
    for structure, name in sorted(wanted.items()):
        found = "no case has a reference mask of it that is not empty"
        advice = "Bring them with the cohort, or leave that floor off the card: nothing would show that it is reached."
        raise ProtocolError(f"the floor of {structure} on the card of {name}", found, advice)

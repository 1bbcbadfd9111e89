"""From the label maps that instruments draw to rows of the table: each structure held against two other masks.

Against the reference mask of the cohort, where it brings one that is not empty; and, of an edit, against what the same
instrument draws on the original. Masks of another geometry are brought to the frame of the original.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from editproof.editing.store import RecordKind
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, TARGET
from editproof.imaging.output import mask_in_frame
from editproof.metrics import BUILT_IN, MaskPair, Metric, measured
from editproof.metrics.masks import TO_ORIGINAL, TO_REFERENCE, units_of_structures
from editproof.types import JSON, Pixels

if TYPE_CHECKING:
    from editproof.types import InstrumentCard, Mask

MASKS = RecordKind("masks", dict[str, str])
"""Of one image: every label map that an instrument drew on it, packed, by the name of the mask."""

_ARMS = {TO_REFERENCE: (ORIGINAL, TARGET, EDITED), TO_ORIGINAL: (EDITED,)}

Place = tuple[str, int]


def reads_arm(card: InstrumentCard, arm: str) -> bool:
    """Whether an instrument is asked about images of an arm.

    On the arms between original and edit, numbers are read to see where a change comes from. Nothing else is there,
    so that an instrument which reads no number is not asked.
    """
    numbers = bool(card.quantities) or not (card.masks or card.kept_outputs)
    return (numbers or any(arm in arms for arms in _ARMS.values())) and arm not in card.absent_arms


def mask_rows(
    pixels: Pixels,
    drawn: Mapping[Place, Mapping[str, Mask]],
    spacing_mm: tuple[float, ...] | None = None,
    own: Sequence[Metric] = (),
) -> Iterator[list[JSON]]:
    """Rows ``arm, repeat, instrument, quantity, value, unit`` of every metric of masks.

    Parameters
    ----------
    drawn : mapping of (str, int) to mapping
        Masks by structure, by arm and repeat; those of equal images are one object, and measured once.
    own : sequence of Metric
        To be computed beside the built-in ones.
    """
    shape, known = pixels.edit_mask.shape, dict[tuple[int, str], list[list[JSON]]]()
    originals = drawn.get((ORIGINAL, 0), {})
    for (arm, repeat), masks in drawn.items():
        for against, others in ((TO_REFERENCE, pixels.structures), (TO_ORIGINAL, originals)):
            if arm not in _ARMS[against]:
                continue
            key = id(masks), against
            if key not in known:
                known[key] = [
                    [f"{name}_{against}:{structure}", value, unit]
                    for structure, mask in masks.items()
                    if structure in others and (against == TO_ORIGINAL or others[structure].any())
                    for name, (value, unit) in measured(
                        MaskPair(mask_in_frame(others[structure], shape), mask_in_frame(mask, shape), spacing_mm),
                        (*BUILT_IN, *own),
                    ).items()
                ]
            yield from ([arm, repeat, IMAGE, *row] for row in known[key])


def mask_quantities(
    cards: Iterable[InstrumentCard], own: Iterable[Metric] = (), axes: str = ""
) -> dict[str, tuple[tuple[str, ...], str]]:
    """Every quantity that may be measured on masks, with the arms on which it is measured and the unit.

    With ``axes`` those alone that may be measured on masks of such images.
    """
    found = {}
    for card in cards:
        for quantity, unit in units_of_structures((*BUILT_IN, *own), card.structures, axes).items():
            against = TO_REFERENCE if quantity.partition(":")[0].endswith(TO_REFERENCE) else TO_ORIGINAL
            found[quantity] = _ARMS[against], unit
    return found

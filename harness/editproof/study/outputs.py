"""From outputs that are neither numbers nor masks to rows of the table: each scored against what it is held against.

Against the reference of the cohort, where the case has one; and, of an edit, against what the same instrument gave on
the original. Coordinates on an edit of another geometry are brought to the frame of the original.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.datasets.annotations import with_plain
from editproof.editing.store import RecordKind
from editproof.errors import DatasetError, ProtocolError
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL
from editproof.instruments.ensemble import pooled
from editproof.instruments.raw import box_settings, kept_form
from editproof.metrics import BUILT_IN, Metric, OutputPair, measured
from editproof.metrics.outputs import TO_ORIGINAL, TO_REFERENCE, units_of_outputs
from editproof.types import JSON, RawOutput
from editproof.types.instruments import BOXES, CLASSES, ORDINAL, POINTS, TEXT

if TYPE_CHECKING:
    from editproof.criteria import Criterion
    from editproof.types import Case, InstrumentCard

OUTPUTS = RecordKind("outputs", dict[str, Any])
"""Of one image: what an instrument gave that is neither a number nor a mask, by the name of the output."""

_ARMS = {TO_REFERENCE: (ORIGINAL, EDITED), TO_ORIGINAL: (EDITED,)}
Place = tuple[str, int]


@dataclass(frozen=True, eq=False)
class ImageOutputs:
    """What an instrument gave of one image, and the shape of that image; equal images share one."""

    numbers: Mapping[str, Sequence[float]] | None
    outputs: Mapping[str, JSON] = field(default_factory=dict)
    shape: tuple[int, ...] = ()


def output_rows(
    case: Case,
    card: InstrumentCard,
    given: Mapping[Place, ImageOutputs],
    own: Sequence[Metric] = (),
) -> Iterator[list[JSON]]:
    """Rows ``arm, repeat, instrument, quantity, value, unit`` of every scorer of the outputs of an instrument.

    Parameters
    ----------
    given : mapping of (str, int) to ImageOutputs
        By arm and repeat, the original among them.
    own : sequence of Metric
        To be computed beside the built-in ones.
    """
    if not card.raw_outputs or (ORIGINAL, 0) not in given:
        return
    first, known = given[ORIGINAL, 0], dict[tuple[int, str], list[list[JSON]]]()
    references = {output.name: reference_of(case, output, first.shape) for output in card.raw_outputs}
    for (arm, repeat), of in given.items():
        for against, arms in _ARMS.items():
            key = id(of), against
            if arm not in arms:
                continue
            if key not in known:
                known[key] = [
                    row
                    for output in card.raw_outputs
                    for row in _scores(output, of, first, references[output.name], against, case, own)
                ]
            yield from ([arm, repeat, IMAGE, *row] for row in known[key])


def _scores(
    output: RawOutput,
    of: ImageOutputs,
    first: ImageOutputs,
    reference: Any,
    against: str,
    case: Case,
    own: Sequence[Metric],
) -> Iterator[list[JSON]]:
    """Rows ``quantity, value, unit`` of one output of one image; none where there is nothing to hold it against."""
    reading, before = (_read(output, one, first.shape) for one in (of, first))
    other = before if against == TO_ORIGINAL else reference
    if reading is None or other is None:
        return
    settings = box_settings(output) if output.kind == BOXES else dict(output.settings)
    scored = _read(output, of, first.shape, of_every_score=True) if output.kind == BOXES else None
    for subject in output.subjects:
        one, two = (_concerning(output, subject, value) for value in (reading, other))
        if output.kind == POINTS and against == TO_REFERENCE:
            one = {name: place for name, place in one.items() if name in two}
        boxes = None if scored is None else _concerning(output, subject, scored)
        pair = OutputPair(output.kind, subject, one, two, first.shape, case.spacing_mm, settings, boxes)
        for name, (value, unit) in measured(pair, (*BUILT_IN, *own)).items():
            yield [f"{name}_{against}:{subject}", value, unit]


def _read(output: RawOutput, of: ImageOutputs, frame: tuple[int, ...], *, of_every_score: bool = False) -> Any:
    """What was read of an image, in the frame of the original, as scorers get it; None where there is nothing."""
    if output.kind in (CLASSES, ORDINAL):
        if of.numbers is None:
            return None
        values = [float(pooled(np.array(of.numbers[quantity.name]))) for quantity in output.quantities]
        return values[0] if output.kind == ORDINAL else dict(zip(output.labels, values, strict=True))
    if output.name not in of.outputs:
        return None
    came = of.outputs[output.name]
    rows, columns = (mine / theirs for mine, theirs in zip(frame[:2], of.shape[:2], strict=True))
    if output.kind == POINTS:
        return {name: [x * columns, y * rows] for name, (x, y) in came.items()}
    if output.kind == BOXES:
        least = 0.0 if of_every_score else box_settings(output)["score"]
        return [
            [x * columns, y * rows, width * columns, height * rows, score, label]
            for x, y, width, height, score, label in came
            if score >= least
        ]
    return came


def _concerning(output: RawOutput, subject: str, value: Any) -> Any:
    """The part of an output that is of a subject."""
    if output.kind == POINTS and subject != output.name:
        return {subject: value[subject]} if subject in value else {}
    if output.kind == BOXES and subject != output.name:
        return [box for box in value if box[5] == subject]
    return value


def reference_of(case: Case, output: RawOutput, shape: tuple[int, ...]) -> Any:
    """What the cohort knows of an output of a case, as scorers get it; None where it knows nothing.

    Raises
    ------
    DatasetError
        It is none of that kind, or lies outside the image.
    """
    if output.kind == CLASSES:
        known = {label: case.reference.get(f"{output.name}={label}") for label in output.labels}
        return [label for label, value in known.items() if value] or None
    if output.kind == ORDINAL:
        return case.reference.get(output.name)
    if output.kind not in case.annotations:
        return None
    came, asked = case.annotations[output.kind], f"the reference {output.kind} of case {case.case_id}"
    if output.kind == TEXT:
        return {"text": came} if isinstance(came, str) else dict(came)
    if output.kind == POINTS and isinstance(came, Mapping):
        came = {name: place for name, place in came.items() if name in output.labels}
    if output.kind == BOXES and isinstance(came, Sequence):
        came = [box for box in came if not _is_of_another(box, output)]
    return kept_form(output, came, shape, asked, DatasetError)


def _is_of_another(box: Any, output: RawOutput) -> bool:
    return bool(label := _label(box)) and label not in output.labels


def output_quantities(
    cards: Iterable[InstrumentCard], own: Iterable[Metric] = ()
) -> dict[str, tuple[tuple[str, ...], str]]:
    """Every quantity that may be measured on outputs, with the arms on which it is measured and the unit."""
    outputs = [output for card in cards for output in card.raw_outputs]
    found = {}
    for quantity, unit in units_of_outputs((*BUILT_IN, *own), outputs).items():
        against = TO_REFERENCE if quantity.partition(":")[0].endswith(TO_REFERENCE) else TO_ORIGINAL
        found[quantity] = _ARMS[against], unit
    return found


def check_references(cards: Collection[InstrumentCard], cases: Iterable[Case], claims: Iterable[Criterion]) -> None:
    """Refuse a cohort whose reference no instrument's output can be held against, or that lacks what is claimed.

    Raises
    ------
    DatasetError
        A reference is malformed, lies outside its image, or has a label that no instrument of the study knows.
    ProtocolError
        A claim is against the reference of an output, and a case has none; or a primary one is against a reference in
        which there is nothing for it in any case.
    """
    outputs = [output for card in cards for output in card.raw_outputs]
    claims = list(claims)
    wanted = _claimed(outputs, claims)
    kept = {output.kind for output in outputs} & {POINTS, BOXES, TEXT}
    if not kept and not wanted:
        return
    needed = _needed(outputs, claims)
    for case in map(with_plain, cases):
        shape = case.decode().image.shape if kept & set(case.annotations) else ()
        _check_labels(case, outputs)
        for output in outputs:
            known = reference_of(case, output, shape)
            for part, claim in wanted.get(output.name, {}).items():
                if known is None or (part and part not in known):
                    found = f"case {case.case_id} has no reference {part or output.kind}"
                    asked = f"{claim}, against the reference of {output.name}"
                    raise ProtocolError(asked, found, _WAYS[output.kind])
            for name, subject in [key for key in needed if key[1] in output.subjects]:
                if _is_in(known, output, name, subject):
                    del needed[name, subject]
    for (name, subject), claim in needed.items():
        asked = f"{claim}, against the reference of {subject}"
        found = f"no case has {_CONTENT[name]} there"
        raise ProtocolError(asked, found, "There is nothing to find: bring cases that have it, or leave the claim out.")


_CONTENT = {
    "boxes_found": "a lesion",
    "point_error_px": "a landmark",
    "point_error_mm": "a landmark",
    "largest_point_error_px": "a landmark",
    "largest_point_error_mm": "a landmark",
    "identifiers_left": "an identifier",
    "marks_kept": "a mark",
    "mark_error": "a mark",
}
"""What has to be in the reference of a case for a score to be defined, of scores that need something there."""


def _needed(outputs: Iterable[RawOutput], claims: Iterable[Criterion]) -> dict[tuple[str, str], str]:
    """By score and subject, the first primary claim that needs something in the reference of some case."""
    subjects = {subject for output in outputs for subject in output.subjects}
    found: dict[tuple[str, str], str] = {}
    for claim in claims:
        name, _, subject = claim.estimand.quantity.partition(":")
        score = name.removesuffix(f"_{TO_REFERENCE}")
        if claim.role == "primary" and score != name and score in _CONTENT and subject in subjects:
            found.setdefault((score, subject), f"criterion {claim.id}")
    return found


def _is_in(known: Any, output: RawOutput, score: str, subject: str) -> bool:
    """Whether the reference of a case has something of a subject for a score."""
    if known is None:
        return False
    return bool(known.get(_PARTS[score]) if score in _PARTS else _concerning(output, subject, known))


_OR_ELSE = "or hold edits against the original: against='original'."
_WAYS = {
    CLASSES: f"Bring its class as a column of the cohort, {_OR_ELSE}",
    ORDINAL: f"Bring its grade as a column of the cohort, {_OR_ELSE}",
    POINTS: f"Bring them with the cohort (docs/outputs.md), {_OR_ELSE}",
    BOXES: f"Bring them, a row of the case alone where there is none (docs/outputs.md), {_OR_ELSE}",
    TEXT: f"Bring it with the cohort (docs/outputs.md), {_OR_ELSE}",
}


_PARTS = {
    "character_error": "text", "identifiers_left": "identifiers", "marks_kept": "marks", "mark_error": "marks",
}  # fmt: skip
"""What of a reference text a scorer needs; others need that there is a reference."""


def _claimed(outputs: Iterable[RawOutput], claims: Iterable[Criterion]) -> dict[str, dict[str, str]]:
    """By name of an output, and part of its reference that is needed, the first claim that needs it."""
    of_subject = {subject: output.name for output in outputs for subject in output.subjects}
    found: dict[str, dict[str, str]] = {}
    for claim in claims:
        name, _, subject = claim.estimand.quantity.partition(":")
        if name.endswith(TO_REFERENCE) and subject in of_subject:
            part = _PARTS.get(name.removesuffix(f"_{TO_REFERENCE}"), "")
            found.setdefault(of_subject[subject], {}).setdefault(part, f"criterion {claim.id}")
    return found


def _check_labels(case: Case, outputs: Collection[RawOutput]) -> None:
    for kind in (POINTS, BOXES):
        known = [label for output in outputs if output.kind == kind for label in output.labels]
        if not known or kind not in case.annotations:
            continue
        came = case.annotations[kind]
        named = list(came) if isinstance(came, Mapping) else [label for box in came if (label := _label(box))]
        if strange := sorted(set(map(str, named)) - set(known)):
            found = f"label {strange[0]!r}, which no instrument of the study knows; they know {', '.join(known)}"
            asked = f"the reference {kind} of case {case.case_id}"
            raise DatasetError(asked, found, "Correct it, or leave it out of the reference.")


def _label(box: Any) -> Any:
    if isinstance(box, Mapping):
        return box.get("label")
    return box[-1] if isinstance(box, Sequence) and box and isinstance(box[-1], str) else None

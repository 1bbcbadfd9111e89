"""Outputs that are neither numbers nor masks: what each kind declares, and what an instrument gave, checked.

An output kind is one value, :class:`OutputKind`, in :data:`OUTPUT_KINDS`. Landmarks, boxes and text are kept as they
came, in one plain form for each kind; classes and grades are read as numbers, and kept as those. Coordinates are pixels
from the upper left corner of the image that was read: x to the right, y down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.declared import is_number
from editproof.core.nearest import did_you_mean
from editproof.core.numbers import brief
from editproof.core.records import json_of
from editproof.errors import EditproofError, InstrumentError
from editproof.types import JSON, RawOutput
from editproof.types.instruments import BOXES, CLASSES, ORDINAL, POINTS, TEXT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard

    Values = NDArray[np.float64]

SLACK = 1.0
"""Pixels by which a box or a point may lie beyond the image: what rounding and clipping leave."""
MATCHES = ("iou", "centre")
_SUM = 1e-3
_MOST = 10_000


@dataclass(frozen=True)
class OutputKind:
    """What an instrument can give of an image.

    Attributes
    ----------
    name : str
    check : callable
        From a declared output to what is wrong with it, or "".
    kept : callable, optional
        From a declared output, what came of one image and that image's shape to the plain form in which it is kept. It
        raises ``ValueError`` with what was found. None where it is read as numbers.
    numbers : callable, optional
        From a declared output and what came of some images to numbers of shape (n_members, n_images), by quantity.
    wanted : str
        What to give, for errors.
    """

    name: str
    check: Callable[[RawOutput], str]
    wanted: str
    kept: Callable[[RawOutput, Any, tuple[int, ...]], JSON] | None = None
    numbers: Callable[[RawOutput, Any], dict[str, Values]] | None = None


def kept_form(
    output: RawOutput, told_back: Any, shape: tuple[int, ...], asked: str, error: type[EditproofError]
) -> JSON:
    """What was read of one image, or is known of it, in the plain form in which it is kept.

    Raises
    ------
    EditproofError
        Of the class given: it is no output of that kind, has a label that is not declared, or lies outside the image.
    """
    kind = OUTPUT_KINDS[output.kind]
    try:
        return kind.kept(output, told_back, shape) if kind.kept else None
    except ValueError as wrong:
        raise error(asked, str(wrong), kind.wanted) from None
    except (TypeError, KeyError, IndexError, AttributeError) as wrong:
        raise error(asked, f"it cannot be read ({type(wrong).__name__}: {wrong})", kind.wanted) from wrong


def checked_outputs(
    card: InstrumentCard, case_id: str, told_back: Mapping[str, object], images: Sequence[Image]
) -> list[dict[str, JSON]]:
    """What an instrument gave of each image, by the name of the output, for the kinds that are kept as they came.

    Raises
    ------
    InstrumentError
    """
    found: list[dict[str, JSON]] = [{} for _ in images]
    for output in card.kept_outputs:
        asked = f"{output.name} of case {case_id} by {card.name}"
        given = told_back.get(output.name)
        if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str) or len(given) != len(images):
            number = len(given) if isinstance(given, Sequence | np.ndarray) else type(given).__name__
            advice = f"Give a list with one entry for each image. {OUTPUT_KINDS[output.kind].wanted}"
            raise InstrumentError(asked, f"{number} instead of {len(images)} entries", advice)
        for index, image in enumerate(images):
            found[index][output.name] = kept_form(output, given[index], image.shape, asked, InstrumentError)
    return found


def value_of_cell(output: RawOutput, cell: str, asked: str) -> JSON:
    """What a cell of a table holds of one image: the text itself, or points and boxes as JSON.

    Raises
    ------
    InstrumentError
        It is no JSON.

    Examples
    --------
    >>> value_of_cell(RawOutput("lesions", "boxes", ("nodule",)), '[[1, 2, 3, 4, 0.5, "nodule"]]', "row 2")
    [[1, 2, 3, 4, 0.5, 'nodule']]
    """
    if output.kind == TEXT:
        return cell
    try:
        return json_of(cell)
    except (ValueError, RecursionError):
        found = f"{output.name} is {cell[:40]!r}, which is no JSON"
        raise InstrumentError(asked, found, OUTPUT_KINDS[output.kind].wanted) from None


def with_numbers(card: InstrumentCard, case_id: str, told_back: Mapping[str, object]) -> dict[str, object]:
    """What an instrument gave, with classes and grades as the quantities that they are read as.

    Raises
    ------
    InstrumentError
    """
    found = dict(told_back)
    for output in card.raw_outputs:
        kind = OUTPUT_KINDS[output.kind]
        apart = output.kind == CLASSES and any(quantity.name in told_back for quantity in output.quantities)
        if not kind.numbers or apart:
            continue
        asked = f"{output.name} of case {case_id} by {card.name}"
        if output.name not in told_back:
            raise InstrumentError(asked, "nothing came", kind.wanted)
        try:
            found |= kind.numbers(output, told_back[output.name])
        except ValueError as wrong:
            raise InstrumentError(asked, str(wrong), kind.wanted) from None
        except (TypeError, KeyError, IndexError) as wrong:
            raise InstrumentError(asked, f"it cannot be read ({type(wrong).__name__}: {wrong})", kind.wanted) from wrong
    return found


def check_numbers(card: InstrumentCard, case_id: str, numbers: Mapping[str, Sequence[float]]) -> None:
    """Refuse probabilities of classes that do not sum to 1, and grades that are not on the scale, of one image.

    Raises
    ------
    InstrumentError
    """
    for output in card.raw_outputs:
        asked = f"{output.name} of case {case_id} by {card.name}"
        values = np.array([numbers[quantity.name] for quantity in output.quantities])
        if output.kind == CLASSES and (off := np.abs(values.sum(axis=0) - 1)).max() > _SUM:
            found = f"probabilities that sum to {brief(float(values.sum(axis=0)[off.argmax()]), 4)}"
            advice = "Classes exclude one another: apply a softmax, or declare each as a probability of its own."
            raise InstrumentError(asked, found, advice)
        if output.kind == ORDINAL and not np.isin(values, np.arange(len(output.labels))).all():
            strange = values[~np.isin(values, np.arange(len(output.labels)))][0]
            found = f"grade {brief(float(strange), 4)}, the scale has {_scale(output)}"
            raise InstrumentError(asked, found, OUTPUT_KINDS[ORDINAL].wanted)


def check_outputs(card: InstrumentCard, asked: str) -> None:
    """Refuse raw outputs that no kind can be, or that contradict one another.

    Raises
    ------
    InstrumentError
    """
    subjects: set[str] = set()
    for output in card.raw_outputs:
        if wrong := OUTPUT_KINDS[output.kind].check(output):
            raise InstrumentError(asked, f"output {output.name}: {wrong}", "See docs/outputs.md.")
        if stray := sorted(set(output.settings) - (SETTINGS if output.kind == BOXES else set())):
            near = did_you_mean(stray[0], sorted(SETTINGS)) if output.kind == BOXES else ""
            found = f"output {output.name}: {stray[0]!r} is no setting of {output.kind}"
            raise InstrumentError(asked, found, near or "Leave it out.")
        if twice := sorted(subjects & set(output.subjects)) or sorted({output.name} & set(output.labels)):
            found = f"two outputs, or an output and a label, are called {twice[0]}"
            raise InstrumentError(asked, found, "Give each a name of its own.")
        subjects |= set(output.subjects)
        if output.kind in (POINTS, BOXES) and "ZYX" in card.axes:
            raise InstrumentError(asked, f"output {output.name}: {output.kind} of volumes", "They are of flat images.")
        if card.members > 1 and output.kind != CLASSES:
            found = f"{card.members} members and the output {output.name} ({output.kind}), of which there is no mean"
            raise InstrumentError(asked, found, "Give it one member; join what several read in it.")


def _check_labelled(least: int, noun: str) -> Callable[[RawOutput], str]:
    def check(output: RawOutput) -> str:
        return "" if len(output.labels) >= least else f"it has {len(output.labels)} {noun}, and needs {least}"

    return check


def _check_boxes(output: RawOutput) -> str:
    settings = box_settings(output)
    if not is_number(settings["score"]) or not is_number(settings["iou"]) or not 0 < settings["iou"] <= 1:
        return f"score {settings['score']!r} and iou {settings['iou']!r}; they are numbers, iou above 0 and at most 1"
    if not 0 <= settings["score"] <= 1:
        return f"score {settings['score']!r}, from which on a box counts; scores of boxes are from 0 to 1"
    if settings["match"] not in MATCHES:
        return f"match {settings['match']!r}; it is {' or '.join(MATCHES)}"
    return "" if output.labels else "it has no labels; name what its boxes are of"


def _check_text(output: RawOutput) -> str:
    return "text has no labels" if output.labels else ""


SETTINGS = {"score", "match", "iou"}


def box_settings(output: RawOutput) -> dict[str, Any]:
    """When a box counts, and when it is that of a lesion, as declared or by default."""
    return {"score": 0.5, "match": MATCHES[0], "iou": 0.5, **output.settings}


def _kept_points(output: RawOutput, came: Any, shape: tuple[int, ...]) -> dict[str, list[float]]:
    """Coordinates by landmark; one that is None was not found, and is left out."""
    if not isinstance(came, Mapping):
        rows = list(came)
        if len(rows) != len(output.labels):
            raise ValueError(f"{len(rows)} points instead of {len(output.labels)}")
        came = dict(zip(output.labels, rows, strict=True))
    if strange := sorted(set(map(str, came)) - set(output.labels)):
        raise ValueError(f"point {strange[0]!r}, which is not declared; {', '.join(output.labels)} are")
    found = {}
    for name in output.labels:
        place = came.get(name)
        if place is None:
            continue
        place = [_number(value, f"point {name}") for value in place]
        if len(place) != 2:
            raise ValueError(f"point {name} of {len(place)} coordinates")
        if any(map(math.isnan, place)):
            raise ValueError(f"point {name} with NaN: {_place(place)}")
        if not all(-SLACK <= value <= side + SLACK for value, side in zip(place, shape[1::-1], strict=True)):
            raise ValueError(f"point {name} at {_place(place)}, outside of the image of {_size(shape)}")
        found[name] = place
    return found


def _kept_boxes(output: RawOutput, came: Any, shape: tuple[int, ...]) -> list[list[JSON]]:
    """``[x, y, width, height, score, label]`` of each box; one of a reference has no score, and counts as 1."""
    if isinstance(came, str | Mapping) or came is None:
        raise ValueError(f"{type(came).__name__} instead of a list of boxes")
    boxes = list(came)
    if len(boxes) > _MOST:
        raise ValueError(f"{len(boxes)} boxes; at most {_MOST} are taken")
    return [_kept_box(output, box, shape) for box in boxes]


def _kept_box(output: RawOutput, box: Any, shape: tuple[int, ...]) -> list[JSON]:
    if isinstance(box, Mapping):
        names = ("x", "y", "width", "height", "score", "label")
        if strange := sorted(set(map(str, box)) - set(names)):
            raise ValueError(f"a box with {strange[0]!r}; it has {', '.join(names)}")
        label, numbers = box.get("label"), [box[name] for name in names[:4]] + [box.get("score", 1.0)]
    else:
        entries = list(box)
        label = entries.pop() if entries and isinstance(entries[-1], str) else None
        numbers = entries if len(entries) != 4 else [*entries, 1.0]
    if len(numbers) != 5:
        raise ValueError(f"a box of {len(numbers)} numbers; they are x, y, width, height and score")
    x, y, width, height, score = (_number(value, "a box") for value in numbers)
    if any(map(math.isnan, (x, y, width, height, score))):
        raise ValueError(f"a box with NaN: {_place([x, y, width, height, score])}")
    if not 0 <= score <= 1:
        raise ValueError(f"a box with the score {brief(score, 4)}; scores are from 0 to 1")
    if width <= 0 or height <= 0:
        raise ValueError(f"a box of {brief(width)} by {brief(height)} pixels")
    ends = ((x, width, shape[1]), (y, height, shape[0]))
    if not all(low >= -SLACK and low + side <= most + SLACK for low, side, most in ends):
        raise ValueError(f"a box at {_place([x, y, width, height])}, outside of the image of {_size(shape)}")
    label = label if label is not None or len(output.labels) != 1 else output.labels[0]
    if label not in output.labels:
        raise ValueError(f"a box of label {label!r}, which is not declared; {', '.join(output.labels)} are")
    return [x, y, width, height, score, str(label)]


def _kept_text(output: RawOutput, came: Any, shape: tuple[int, ...]) -> str:
    """The text, lines apart by line breaks; empty where none was read."""
    lines = [came] if isinstance(came, str) else list(came)
    if strange := [line for line in lines if not isinstance(line, str)]:
        raise ValueError(f"{type(strange[0]).__name__} instead of text")
    return "\n".join(lines)


def _classes_as_numbers(output: RawOutput, came: Any) -> dict[str, Values]:
    values = np.asarray(came, dtype=float)
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3 or values.shape[2] != len(output.labels):
        raise ValueError(f"an array of shape {np.shape(came)}; it has {len(output.labels)} classes")
    return {quantity.name: values[:, :, place] for place, quantity in enumerate(output.quantities)}


def _grades_as_numbers(output: RawOutput, came: Any) -> dict[str, Values]:
    values = np.asarray(came, dtype=object).reshape(-1)
    places = {label: float(place) for place, label in enumerate(output.labels)}
    grades = [places.get(value, value) if isinstance(value, str) else value for value in values]
    grades = [_grade(value, output) for value in grades]
    return {output.name: np.array([grades], dtype=float)}


def _grade(value: Any, output: RawOutput) -> float:
    if isinstance(value, str):
        raise ValueError(f"grade {value!r}, the scale has {_scale(output)}")
    return _number(value, "a grade")


def _number(value: Any, of: str) -> float:
    if isinstance(value, bool | str) or np.ndim(value):
        raise ValueError(f"{of} with {type(value).__name__} {str(value)[:40]!r} in place of a number")
    number = math.nan if value is None else float(value)
    if math.isinf(number):
        raise ValueError(f"{of} with an infinite number")
    return number


def _place(values: Sequence[float]) -> str:
    return "(" + ", ".join(brief(value, 4) if not math.isnan(value) else "NaN" for value in values) + ")"


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} columns and {shape[0]} rows"


def _scale(output: RawOutput) -> str:
    return ", ".join(f"{place} {label}" if str(place) != label else label for place, label in enumerate(output.labels))


OUTPUT_KINDS: dict[str, OutputKind] = {
    kind.name: kind
    for kind in (
        OutputKind(
            CLASSES, _check_labelled(2, "classes"), numbers=_classes_as_numbers,
            wanted="Give the probabilities as an array of shape (n_images, n_classes), in the order of the labels.",
        ),
        OutputKind(
            ORDINAL, _check_labelled(2, "grades"), numbers=_grades_as_numbers,
            wanted="Give one grade for each image: a label, or its place on the scale, the lowest being 0.",
        ),
        OutputKind(
            POINTS, _check_labelled(1, "landmarks"), kept=_kept_points,
            wanted="Give x and y in pixels by the name of the landmark; None for one that was not found.",
        ),
        OutputKind(
            BOXES, _check_boxes, kept=_kept_boxes,
            wanted="Give a list of [x, y, width, height, score, label], in pixels; an empty one where there is none.",
        ),
        OutputKind(TEXT, _check_text, kept=_kept_text, wanted="Give the text, or a list of its lines."),
    )
}  # fmt: skip
"""Every kind, by its name."""

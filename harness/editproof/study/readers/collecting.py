"""Answers of readers, unblinded: one long table of readings, as ``editproof judge`` takes it."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editproof.core.nearest import nearest
from editproof.core.separated import SeparatedError, cells_of
from editproof.errors import EvidenceError
from editproof.evidence.measurements import EDITED
from editproof.study.readers.key import Item, Key
from editproof.study.readers.questions import Question
from editproof.types import EditStatus

COLUMNS = ("case", "patient", "arm", "repeat", "reader", "reading", "quantity", "value", "unit", "status", "tool")
"""Columns of the table of readings."""


@dataclass(frozen=True)
class Collected:
    """What readers answered.

    Attributes
    ----------
    rows : tuple of tuple
        In the order of ``COLUMNS``; the value is empty where nothing was answered, or there was nothing to read.
    answered, asked : mapping of str to int
        By reader: answers given, and answers asked for.
    """

    rows: tuple[tuple[object, ...], ...]
    answered: dict[str, int]
    asked: dict[str, int]


def collected(key: Key, files: Sequence[Path], without: Sequence[str] = ()) -> Collected:
    """The answers of sheets and forms, with what is behind each code.

    Parameters
    ----------
    without : sequence of str
        Readers who are left out altogether, which a report of the study has to say.

    Raises
    ------
    EvidenceError
        In one line, with file and line: a file that cannot be read or lacks a column, a sheet of another study, a
        code that the key does not know, an answer that is not on the scale, two answers to one question of one image,
        a reader who is not left out and answered a question on no image at all.
    """
    if strange := sorted(set(without) - set(key.readers)):
        raise EvidenceError(f"without {strange[0]}", "the key has no such reader", f"It has {', '.join(key.readers)}.")
    items = {item.image: item for item in key.items}
    answers: dict[tuple[str, str], tuple[float, str]] = {}
    for file in files:
        for where, image, question, value in _answers(key, items, file):
            place = image, question.quantity
            if place in answers:
                found = f"{question.quantity} of image {image} was answered already, in {answers[place][1]}"
                raise EvidenceError(where, found, "Keep one of the two.")
            answers[place] = value, where
    for reader in key.readers:
        codes = [item.image for item in key.items if item.reader == reader]
        for question in key.questions if reader not in without else ():
            if not any((code, question.quantity) in answers for code in codes):
                raise EvidenceError(
                    f"answers of {reader}", f"none to {question.quantity}",
                    f"Add the file of {reader}, or leave the reader out: --without {reader}.",
                )  # fmt: skip
    kept = replace(key, items=tuple(item for item in key.items if item.reader not in without))
    return _table(kept, {place: value for place, (value, _) in answers.items()})


def _table(key: Key, answers: dict[tuple[str, str], float]) -> Collected:
    rows: list[tuple[object, ...]] = []
    given, asked = dict.fromkeys(key.readers, 0), dict.fromkeys(key.readers, 0)
    for item in sorted(key.items, key=lambda one: (one.case, one.arm != "original", one.repeat, one.reader, one.place)):
        for question in key.questions:
            value = answers.get((item.image, question.quantity))
            asked[item.reader] += 1
            given[item.reader] += value is not None
            rows.append((
                item.case, item.patient, item.arm, item.repeat, item.reader, item.reading, question.quantity,
                "" if value is None else value, question.unit, "" if value is None else EditStatus.OK.value,
                key.tool if item.arm == EDITED else "",
            ))  # fmt: skip
    rows += [
        (
            *(edit.case, edit.patient, EDITED, edit.repeat, reader, 1, question.quantity, "", question.unit),
            *(edit.status, key.tool),
        )
        for edit in key.lost
        for reader in key.readers
        for question in key.questions
    ]
    return Collected(tuple(rows), given, asked)


def _answers(key: Key, items: dict[str, Item], file: Path) -> Iterator[tuple[str, str, Question, float]]:
    """Every answer of a file: where it is, code, question and value."""
    try:
        lines = _lines(file.read_text(encoding="utf-8-sig"))
    except SeparatedError as error:
        raise EvidenceError(f"answers {file}", error.found, error.advice) from error
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"answers {file}", f"they cannot be read ({error})", "Name a sheet or its CSV.") from error
    columns = set(lines[0]) if lines else set()
    if not lines:
        raise EvidenceError(f"answers {file}", "there are none in it", "Name a sheet that a reader filled in.")
    wanted = ["study", "image", *(question.quantity for question in key.questions)]
    if lacking := [name for name in wanted if name not in columns]:
        raise EvidenceError(f"answers {file}", f"no column {lacking[0]!r}", f"Its columns are {', '.join(wanted)}.")
    first = ""
    for number, line in enumerate(lines, 2):
        where = f"answers {file}, line {number}"
        if line["study"] != key.study:
            raise EvidenceError(
                where,
                f"a sheet of study {line['study']!r}, and the key is of {key.study!r}",
                "Use the key of its draw.",
            )
        image = str(line["image"]).strip().upper()
        if image not in items:
            near = nearest(image, items, 1)
            advice = f"Did you mean {near[0]}?" if near else "Take the codes from the sheet."
            raise EvidenceError(where, f"the key knows no image {image!r}", advice)
        first = first or items[image].reader
        if items[image].reader != first:
            found = f"image {image} is of {items[image].reader}, those before are of {first}"
            raise EvidenceError(where, found, "Give each reader's answers as a file of its own.")
        for question in key.questions:
            text = str(line[question.quantity] or "").strip()
            if text:
                yield where, image, question, _value(where, image, question, text)


def _lines(text: str) -> list[dict[str, str]]:
    """The rows of a sheet by its header, whatever the program that saved it separates cells by."""
    rows = [[cell.strip() for cell in row] for row in cells_of(text) if any(row)]
    header = rows[0] if rows else []
    return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in rows[1:]]


def _value(where: str, image: str, question: Question, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or not question.takes(value):
        found = f"{question.quantity} of image {image} is {text!r}"
        raise EvidenceError(where, found, f"The scale goes {question.scale}.")
    return value


def write_readings(path: Path, found: Collected) -> None:
    """Write the table of readings as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(found.rows)

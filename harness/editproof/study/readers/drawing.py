"""A reader study drawn: for every reader a sheet and a form, and the key that stays with the study."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from editproof.core.digests import digest_of
from editproof.errors import ProtocolError
from editproof.report.page.reader_form import FormImage, FormQuestion, reader_form
from editproof.study.readers.key import SCHEMA, Item, Key, LostEdit, write_key
from editproof.study.readers.order import arranged
from editproof.study.readers.pictures import DrawnCase
from editproof.study.readers.questions import Question, QuestionFile
from editproof.types import Case

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""What codes are made of: no vowels, so that they are no words, and no digits, so that they do not look like ids."""
_LENGTH = 6
SHEET_COLUMNS = ("study", "sitting", "place", "image")


@dataclass(frozen=True)
class Design:
    """How a reader study is laid out.

    Attributes
    ----------
    readers : tuple of str
    again : int
        Cases of which every image is read a second time by every reader.
    sittings, gap : int
        See :func:`~editproof.study.readers.order.arranged`.
    seed : int

    Raises
    ------
    ProtocolError
        Where a reader is named twice or in a way that cannot be the name of a file, or a number is too small.
    """

    readers: tuple[str, ...]
    again: int = 0
    sittings: int = 2
    gap: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what could not be drawn."""
        odd = [name for name in self.readers if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name)]
        if odd or not self.readers:
            raise ProtocolError(f"readers {', '.join(self.readers)!r}", f"{odd[:1] or 'none'}", "Write R1,R2,...")
        if len(set(map(str.lower, self.readers))) < len(self.readers):
            raise ProtocolError(f"readers {', '.join(self.readers)}", "one is named twice", "Name each reader once.")
        if self.sittings < 1 or self.gap < 0 or self.again < 0:
            found = f"{self.sittings} sittings, a gap of {self.gap}, {self.again} cases again"
            raise ProtocolError("a reader study", found, "Give --sittings from 1 on, --gap and --again from 0 on.")


def chosen_cases(cases: Sequence[Case], n: int, seed: int) -> list[Case]:
    """Cases drawn at random, without regard to what became of their edits.

    Raises
    ------
    ProtocolError
        Where there are not so many.
    """
    if not 1 <= n <= len(cases):
        raise ProtocolError(f"{n} cases for readers", f"the cohort has {len(cases)}", "Give --n from 1 to that.")
    order = np.random.default_rng([seed, 0]).permutation(len(cases))[:n]
    return [cases[index] for index in sorted(order)]


def key_of(drawn: Sequence[DrawnCase], design: Design, asked: QuestionFile, tool: str, cohort: str) -> Key:
    """Which image each reader meets at which place, under which code.

    Raises
    ------
    ProtocolError
        Where fewer cases were drawn than are to be read again, or the gap leaves no order.
    """
    if design.again > len(drawn):
        raise ProtocolError(
            f"{design.again} cases read again", f"{len(drawn)} were drawn", "Give a smaller --again, or a larger --n."
        )
    random = np.random.default_rng([design.seed, 1])
    twice = set(random.permutation(len(drawn))[: design.again].tolist())
    images = [
        (one.case.case_id, (index, arm, repeat))
        for index, one in enumerate(drawn)
        for arm, repeat in one.pictures
        for _ in range(2 if index in twice else 1)
    ]
    codes: set[str] = set()
    items: list[Item] = []
    for reader in design.readers:
        place, met = 0, dict.fromkeys((image for _, image in images), 0)
        order = arranged(images, sittings=design.sittings, gap=design.gap, random=random)
        for sitting, shown in enumerate(order, 1):
            for image in shown:
                index, arm, repeat = image
                case, place = drawn[index].case, place + 1
                met[image] += 1
                items.append(
                    Item(
                        _new_code(codes, random), reader, sitting, place, case.case_id, case.patient_id, arm, repeat,
                        met[image],
                    )
                )  # fmt: skip
    lost = tuple(
        LostEdit(one.case.case_id, one.case.patient_id, repeat, status)
        for one in drawn
        for repeat, status in one.lost.items()
    )
    study = digest_of([design.seed, cohort, tool, [item.image for item in items]])[:12]
    return Key(SCHEMA, study, tool, cohort, design.seed, design.gap, asked.question, tuple(items), lost)


def _new_code(codes: set[str], random: np.random.Generator) -> str:
    while (code := "".join(random.choice(list(LETTERS), _LENGTH))) in codes:
        continue
    codes.add(code)
    return code


def write_study(folder: Path, key_file: Path, key: Key, drawn: Sequence[DrawnCase], asked: QuestionFile) -> list[Path]:
    """Write a sheet and a form for each reader to a folder, and key and cases beside it.

    Parameters
    ----------
    folder : Path
        What readers may have: it must not exist, or be empty.
    key_file : Path
        Outside of the folder. A table of the cases with their reference standard goes beside it.

    Returns
    -------
    list of Path
        The files for readers.

    Raises
    ------
    ProtocolError
        Where the folder is not empty, the key exists, or it would lie in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProtocolError(f"write to {folder}", "there is something in it", "Name a new folder.")
    if folder.resolve() in (key_file.resolve(), *key_file.resolve().parents):
        raise ProtocolError(f"write the key to {key_file}", "readers get that folder", "Name a place outside of it.")
    if key_file.exists():
        raise ProtocolError(f"write the key to {key_file}", "there is one", "Name another; a key is never replaced.")
    folder.mkdir(parents=True, exist_ok=True)
    key_file.parent.mkdir(parents=True, exist_ok=True)
    write_key(key_file, key)
    _write_cases(key_file.with_suffix(".cases.csv"), drawn)
    pictures = {(one.case.case_id, *place): png for one in drawn for place, png in one.pictures.items()}
    written = []
    for reader in key.readers:
        own = [item for item in key.items if item.reader == reader]
        sheet, form = folder / f"{reader}.csv", folder / f"{reader}.html"
        _write_sheet(sheet, key, own)
        form.write_text(_form(key, reader, own, pictures, asked), encoding="utf-8")
        written += [sheet, form]
    return written


def _write_sheet(path: Path, key: Key, items: Sequence[Item]) -> None:
    names = [question.quantity for question in key.questions]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*SHEET_COLUMNS, *names])
        writer.writerows([key.study, item.sitting, item.place, item.image, *[""] * len(names)] for item in items)


def _form(
    key: Key, reader: str, items: Sequence[Item], pictures: Mapping[tuple[str, str, int], bytes], asked: QuestionFile
) -> str:
    shown = [FormImage(item.image, item.sitting, pictures[item.case, item.arm, item.repeat]) for item in items]
    return reader_form(
        key.study, reader, shown, [_for_form(question) for question in key.questions], asked.instructions
    )


def _for_form(question: Question) -> FormQuestion:
    labels = {float(grade): words for grade, words in question.labels.items()}
    grades = tuple((grade, labels.get(grade, "")) for grade in question.grades)
    return FormQuestion(
        question.quantity, question.text, question.least, question.most, question.step, question.scale, grades
    )


def _write_cases(path: Path, drawn: Sequence[DrawnCase]) -> None:
    """The cases as ``editproof judge --cohort`` takes them."""
    references = sorted({name for one in drawn for name in one.case.reference})
    strata = sorted({name for one in drawn for name in one.case.strata})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "patient", *(f"reference:{n}" for n in references), *(f"stratum:{n}" for n in strata)])
        for one in drawn:
            case = one.case
            known = [case.reference.get(name, "") for name in references]
            writer.writerow([case.case_id, case.patient_id, *known, *(case.strata.get(name, "") for name in strata)])

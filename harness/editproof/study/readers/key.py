"""The key of a reader study: which image is behind which code. It stays with the study, and never goes to a reader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from editproof.core import records
from editproof.core.declared import Count, Line, Wanted, Whole, closed
from editproof.core.schemas import fault_of_schema
from editproof.errors import EvidenceError
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.study.readers.questions import Question

SCHEMA = "editproof-reader-key/1"
_ADVICE = "Name the key that `editproof readers draw` wrote."

Arm = Annotated[str, Wanted(f"{ORIGINAL} or {EDITED}", lambda value: value in (ORIGINAL, EDITED))]


@closed
@dataclass(frozen=True)
class Item:
    """One image as one reader meets it.

    Attributes
    ----------
    image : str
        Its code, of no other image and no other reader.
    sitting, place : int
        Sitting, and place in the whole order, both from 1.
    reading : int
        1 where the reader meets this image for the first time, 2 for the second.
    """

    image: Line
    reader: Line
    sitting: Count
    place: Count
    case: Line
    patient: Line
    arm: Arm
    repeat: Whole
    reading: Count


@closed
@dataclass(frozen=True)
class LostEdit:
    """An edit that did not come back, so that nobody could read it."""

    case: Line
    patient: Line
    repeat: Whole
    status: Line


@closed
@dataclass(frozen=True)
class Key:
    """What unblinds a reader study.

    Attributes
    ----------
    study : str
        What sheets and forms are marked with; it says nothing of what is in them.
    tool, cohort : str
        Name of the tool, and digest of the cohort.
    """

    schema: Line
    study: Line
    tool: Line
    cohort: Line
    seed: int
    gap: Whole
    questions: tuple[Question, ...]
    items: tuple[Item, ...]
    lost: tuple[LostEdit, ...] = ()

    @property
    def readers(self) -> tuple[str, ...]:
        """Who reads, in the order of the draw."""
        return tuple(dict.fromkeys(item.reader for item in self.items))


def write_key(path: Path, key: Key) -> None:
    """Write a key as JSON, readable by its owner alone."""
    path.write_text(json.dumps(records.json_of_record(key), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.chmod(0o600)


def read_key(path: Path) -> Key:
    """The key in a file.

    Raises
    ------
    EvidenceError
        Where it cannot be read, or is none.
    """
    asked = f"key {path}"
    try:
        told = records.json_of(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise EvidenceError(asked, f"it cannot be read ({error})", _ADVICE) from error
    if found := fault_of_schema(told.get("schema") if isinstance(told, dict) else None, [SCHEMA], "a reader key"):
        raise EvidenceError(asked, found, _ADVICE)
    return records.from_plain(Key, told, asked, _ADVICE)

"""Whether an instrument was trained on a case that it is to be judged with."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from editproof.core.declared import Wanted, open_ended
from editproof.core.records import from_plain, json_of
from editproof.datasets.index.likeness import NEAR_BITS, differing_bits
from editproof.datasets.index.reading import Hex
from editproof.datasets.rsna.split import split_of
from editproof.errors import DatasetError
from editproof.types import JSON

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

RULE = "editproof.datasets.rsna.split"
"""How a card names the split rule of this package, under ``training_cases`` or in the words of its training data."""
_HASH = re.compile(r"[0-9a-f]{64}")
"""A sha256, and a perceptual hash of 256 bits."""


_Ids = Annotated[tuple[str, ...], Wanted('a list of ids, such as ["A1", "A2"]')]
_Digest = Annotated[str, Wanted("64 hexadecimal digits", lambda text: bool(_HASH.fullmatch(text.lower())))]


@dataclass(frozen=True)
class TrainingCases:
    """What a card says of the cases that it was trained on; what else is beside these fields is for readers."""

    ids: _Ids = ()
    sha256_of_ids: tuple[_Digest, ...] = ()
    split_rule: JSON = None


@open_ended
@dataclass(frozen=True)
class TrainedOn:
    """The fields of a card that tell of training cases."""

    training_cases: Annotated[TrainingCases, Wanted('an object, such as {"ids": ["A1", "A2"]}')] = TrainingCases()
    training_data: JSON = ""
    name: JSON = None


@dataclass(frozen=True)
class TrainedCase:
    """The fields of an indexed case that are compared; they are in indexes of every schema."""

    case: str
    patient: str
    pixels: str
    hash: Hex


@open_ended
@dataclass(frozen=True)
class TrainingSet:
    """The cases of an index of any schema."""

    cases: tuple[TrainedCase, ...]


@dataclass(frozen=True)
class Training:
    """What is known of the cases that an instrument was trained on.

    Attributes
    ----------
    name : str
        The instrument, or the index of a cohort.
    ids : frozenset of str
        sha256 (hex) of ids of cases or patients.
    pixels, hashes : frozenset of str
        Digests of pixels, and perceptual hashes, of an index.
    by_rule : bool
        Whether the ``train`` split of RSNA's training set was trained on.
    """

    name: str
    ids: frozenset[str] = frozenset()
    pixels: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    by_rule: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anything is known to compare with."""
        return bool(self.ids or self.pixels or self.hashes or self.by_rule)

    def seen(self, known_as: Collection[str], pixels: str, perceptual: str, rsna_id: str | None) -> str | None:
        """In words why a case was trained on, or None."""
        if any(_digest(name) in self.ids for name in known_as):
            return f"{self.name} was trained on its case or patient"
        if pixels in self.pixels:
            return f"its pixels are in {self.name}"
        if any(differing_bits(perceptual, other) <= NEAR_BITS for other in self.hashes):
            return f"a near-duplicate of it is in {self.name}"
        if self.by_rule and rsna_id is not None and split_of(rsna_id) == "train":
            return f"{self.name} was trained on the train split, in which it is"
        return None


def training_at(path: Path) -> Training:
    """What a card, or the index of a cohort that was trained on, says of training cases.

    A card lists them under ``training_cases``: ``ids``, or ``sha256_of_ids`` (hex, of each id), of cases or patients,
    or ``"split_rule": "editproof.datasets.rsna.split"``; a card whose words on its training data name that rule is
    believed.

    Raises
    ------
    DatasetError
        Where the file cannot be read, or lists training cases in another form.
    """
    asked, advice = f"training cases in {path}", "Name an instrument's card.json, or an index of its training set."
    try:
        told = json_of(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(asked, f"it is not JSON ({error})", advice) from error
    if isinstance(told, dict) and "schema" in told and "cases" in told:
        again = "Or index it anew: editproof dataset index."
        return _of_index(from_plain(TrainingSet, told, asked, again, DatasetError), path)
    return _of_card(from_plain(TrainedOn, told, asked, advice, DatasetError), path)


def _of_index(index: TrainingSet, path: Path) -> Training:
    return Training(
        path.name,
        frozenset(_digest(name) for case in index.cases for name in (case.case, case.patient)),
        frozenset(case.pixels for case in index.cases),
        frozenset(case.hash for case in index.cases),
    )


def _of_card(card: TrainedOn, path: Path) -> Training:
    """What a card lists, or says in words."""
    listed = card.training_cases
    by_rule = listed.split_rule == RULE or (listed == TrainingCases() and RULE in str(card.training_data))
    known = {*map(_digest, listed.ids), *(digest.lower() for digest in listed.sha256_of_ids)}
    return Training(str(card.name or path.name), frozenset(known), by_rule=by_rule)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()

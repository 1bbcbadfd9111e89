"""Whether an instrument was trained on a case that it is to be judged with."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editproof.datasets.index.likeness import NEAR_BITS, differing_bits
from editproof.datasets.rsna.split import split_of
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from editproof.types import JSON

RULE = "editproof.datasets.rsna.split"
"""How a card names the split rule of this package, under ``training_cases`` or in the words of its training data."""
_HASH = re.compile(r"[0-9a-f]{64}")
"""A sha256, and a perceptual hash of 256 bits."""


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
        content: JSON = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except ValueError as error:
        raise DatasetError(asked, f"it is not JSON ({error})", advice) from error
    if not isinstance(content, dict):
        raise DatasetError(asked, "it is not a card", advice)
    if "schema" in content and "cases" in content:
        return _of_index(content["cases"], path)
    return _of_card(content, path)


def _of_index(cases: JSON, path: Path) -> Training:
    """The cases of an index, each with the four words that are compared."""
    keys = ("case", "patient", "pixels", "hash")
    for place, case in enumerate(cases if isinstance(cases, list) else [None]):
        lacking = [key for key in keys if not isinstance(case, dict) or not isinstance(case.get(key), str)]
        if lacking or not _HASH.fullmatch(case["hash"]):
            found = (
                f"its case {place + 1} has no {', '.join(lacking)}" if lacking else f"{case['hash']!r} is not a hash"
            )
            raise DatasetError(f"training cases in {path}", found, "Write the index again: editproof dataset index.")
    return Training(
        path.name,
        frozenset(_digest(case[key]) for case in cases for key in ("case", "patient")),
        frozenset(case["pixels"] for case in cases),
        frozenset(case["hash"] for case in cases),
    )


def _of_card(content: Mapping[str, JSON], path: Path) -> Training:
    """What a card lists, or says in words."""
    asked = f"training cases in {path}"
    listed = content.get("training_cases", {})
    if not isinstance(listed, dict):
        found = f"training_cases is {_kind(listed)}"
        raise DatasetError(asked, found, 'Write an object, such as {"ids": ["A1", "A2"]}.')
    for key in ("ids", "sha256_of_ids"):
        names = listed.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            found = (
                f"{key} is {_kind(names)}"
                if not isinstance(names, list)
                else f"{key} has an entry that is not a string"
            )
            raise DatasetError(asked, found, 'List ids as strings, such as ["A1", "A2"].')
    digests = listed.get("sha256_of_ids", [])
    if wrong := [name for name in digests if not _HASH.fullmatch(name.lower())]:
        raise DatasetError(asked, f"{wrong[0][:80]!r} is not a sha256", "Write 64 hexadecimal digits for each id.")
    by_rule = listed.get("split_rule") == RULE or (not listed and RULE in str(content.get("training_data", "")))
    return Training(
        str(content.get("name", path.name)),
        frozenset(_digest(name) for name in listed.get("ids", [])) | {name.lower() for name in digests},
        by_rule=by_rule,
    )


def _kind(value: JSON) -> str:
    """What a value of JSON is, in words."""
    if value is None:
        return "null"
    words = {str: "a string", list: "a list", dict: "an object", bool: "a truth value"}
    return words.get(type(value), "a number")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()

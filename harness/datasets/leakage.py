"""Whether an instrument was trained on a case that it is to be judged with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.datasets.likeness import NEAR_BITS, differing_bits
from harness.datasets.split import split_of
from harness.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from harness.types import JSON

RULE = "harness.datasets.split"
"""How a card names the split rule of this package, under ``training_cases`` or in the words of its training data."""


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
    def tells(self) -> bool:
        """Whether anything can be held against it."""
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
    or ``"split_rule": "harness.datasets.split"``; a card whose words on its training data name that rule is believed.

    Raises
    ------
    DatasetError
        Where the file cannot be read, or lists no ids where it should.
    """
    asked, advice = f"training cases in {path}", "Name an instrument's card.json, or an index of its training set."
    try:
        told: JSON = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except ValueError as error:
        raise DatasetError(asked, f"it is not JSON ({error})", advice) from error
    if not isinstance(told, dict):
        raise DatasetError(asked, "it is no card", advice)
    if "schema" in told and isinstance(told.get("cases"), list):
        cases = told["cases"]
        return Training(
            path.name,
            frozenset(_digest(case[key]) for case in cases for key in ("case", "patient")),
            frozenset(case["pixels"] for case in cases),
            frozenset(case["hash"] for case in cases),
        )
    listed = told.get("training_cases", {})
    ids, digests = listed.get("ids", []), listed.get("sha256_of_ids", [])
    if not all(isinstance(name, str) for name in [*ids, *digests]):
        raise DatasetError(asked, "ids that are no words", "List ids as strings.")
    by_rule = listed.get("split_rule") == RULE or (not listed and RULE in str(told.get("training_data", "")))
    return Training(
        str(told.get("name", path.name)),
        frozenset(_digest(name) for name in ids) | {name.lower() for name in digests},
        by_rule=by_rule,
    )


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()

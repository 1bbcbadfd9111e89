"""The card of an ensemble: read, checked against the weights beside it, and written. No torch here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InstrumentError
from harness.types import PredictorCard, Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.types import JSON

READS = {"bone_age": "months", "sex": "probability"}
"""What a network of this package can read, and in which unit."""
_KNOWN = {field.name for field in fields(PredictorCard)}
_REQUIRED = ("name", "description", "quantities", "members", "sha256", "licence", "training_data", "preprocessing")


def read_card(path: Path) -> PredictorCard:
    """The card at ``path``; the weights beside it are not touched yet.

    Keys of the file that :class:`~harness.types.PredictorCard` does not have are for human readers only.

    Raises
    ------
    InstrumentError
        No such file, not a card, or a card that contradicts itself.
    """
    asked = f"instrument {path}"
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        advice = "Name the card.json of an ensemble, or train one: python -m models.train."
        raise InstrumentError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except ValueError as error:
        raise InstrumentError(asked, f"it is not JSON ({error})", "Name the card, not the weights.") from error
    if not isinstance(told, dict) or (missing := [key for key in _REQUIRED if key not in told]):
        lacking = ", ".join(missing) if isinstance(told, dict) else "everything"
        raise InstrumentError(asked, f"it is no instrument's card: it lacks {lacking}", "See models/README.md.")
    try:
        quantities = tuple(Quantity(**quantity) for quantity in told["quantities"])
        told |= {"quantities": quantities, "covariates": tuple(told.get("covariates", ()))}
        card = PredictorCard(**{key: told[key] for key in told.keys() & _KNOWN})
    except (TypeError, AttributeError) as error:
        raise InstrumentError(asked, f"it is malformed ({error})", "See models/README.md.") from error
    units = {quantity.name: quantity.unit for quantity in quantities}
    if units != READS:
        raise InstrumentError(asked, f"it declares {units}", f"Networks of this package read {READS}.")
    if card.members != len(card.sha256) or card.members < 1:
        found = f"it declares {card.members} members and {len(card.sha256)} weights files"
        raise InstrumentError(asked, found, "List one safetensors file and its sha256 for each member.")
    return card


def verified_weights(card: PredictorCard, folder: Path) -> tuple[Path, ...]:
    """The weights files of a card, in the order of their names, each found to be what the card says.

    Raises
    ------
    InstrumentError
        A file is missing, has another sha256, lies elsewhere, or is not safetensors: a pickle can run code.
    """
    paths = []
    for name in sorted(card.sha256):
        path = folder / name
        asked = f"weights {name} of instrument {card.name}"
        if path.suffix != ".safetensors" or path.parent != folder:
            advice = "Only .safetensors beside the card are loaded; a pickle can run code."
            raise InstrumentError(asked, "it is not a safetensors file beside its card", advice)
        if not path.is_file():
            raise InstrumentError(asked, f"there is no such file in {folder}", "Fetch it again beside its card.")
        if (found := file_sha256(path)) != card.sha256[name]:
            advice = "The file is damaged or belongs to another card; fetch both again."
            raise InstrumentError(asked, f"its sha256 is {found}, the card says {card.sha256[name]}", advice)
        paths.append(path)
    return tuple(paths)


def file_sha256(path: Path) -> str:
    """sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_card(path: Path, card: PredictorCard, for_readers: Mapping[str, JSON]) -> None:
    """Write a card, with further keys that only human readers need."""
    path.write_text(json.dumps({**asdict(card), **for_readers}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""The card of an instrument: read, checked against itself and the files beside it, and written. No torch here."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editproof.errors import InstrumentError
from editproof.instruments.files import PICKLE, SAFETENSORS, content_kind, file_sha256, verified
from editproof.instruments.soundness import check_card, check_fields
from editproof.types import InstrumentCard, Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editproof.types import JSON

__all__ = ["CODE", "RUNTIMES", "file_sha256", "read_card", "verified_weights", "write_card"]

TIMM = "timm"
RUNTIMES = (TIMM, "onnx", "torchscript", "python", "http", "table")
CODE = {"torchscript": "TorchScript", "python": "Python"}
"""Runtimes whose files are programs: they run only where the user, not the card, says that they are trusted."""
READS = {"bone_age": "months", "sex": "probability"}
"""What a timm network of this package can read, and in which unit."""
_KNOWN = {field.name for field in fields(InstrumentCard)}
_DESCRIBED = ("name", "description", "quantities", "licence", "training_data")
_REQUIRED = (*_DESCRIBED, "members", "sha256", "preprocessing")
_READING = {
    "onnx": {"files", "by_covariate", "inputs", "outputs", "options"},
    "torchscript": {"files", "by_covariate", "inputs", "outputs", "options"},
    "python": {"factory", "inputs", "outputs", "options"},
    "http": {"endpoint", "version", "options"},
    "table": {"table"},
}
"""What of a card beside the common fields says how a runtime reads."""
_FOR_READERS = {"notes", "runtime"}


def read_card(path: Path) -> InstrumentCard:
    """The card at ``path``; the files beside it are not touched yet.

    Keys that a card of another runtime than timm may have are listed in ``docs/instruments.md``; one that it does not
    know is an error, since a misspelt one would be silently ignored.

    Raises
    ------
    InstrumentError
        No such file, not a card, or a card that contradicts itself.
    """
    asked = f"instrument {path}"
    try:
        told = _read(Path(path))
    except OSError as error:
        advice = "Name the card.json of an instrument, or train one: python -m models.train."
        raise InstrumentError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except (ValueError, RecursionError) as error:
        advice = "Name the card, not the weights; a number is finite."
        raise InstrumentError(asked, f"it is not JSON ({error})", advice) from error
    runtime = told.get("runtime", TIMM) if isinstance(told, dict) else TIMM
    if runtime not in RUNTIMES:
        raise InstrumentError(asked, f"runtime {runtime!r}", f"Write one of {', '.join(RUNTIMES)}.")
    required = _REQUIRED if runtime == TIMM else _DESCRIBED
    if not isinstance(told, dict) or (missing := [key for key in required if key not in told]):
        lacking = ", ".join(missing) if isinstance(told, dict) else "everything"
        raise InstrumentError(asked, f"it is no instrument's card: it lacks {lacking}", "See docs/instruments.md.")
    if told.get("members", 0) is None:
        del told["members"]
    check_fields(told, asked)
    if runtime != TIMM:
        told = _opened(told, runtime, asked)
    told |= {"quantities": tuple(Quantity(**quantity) for quantity in told["quantities"])}
    told |= {key: tuple(told.get(key, ())) for key in ("covariates", "limitations", "absent_arms")}
    card = InstrumentCard(**{key: told[key] for key in told.keys() & _KNOWN})
    check_card(card, asked, apart=runtime == TIMM)
    if runtime == TIMM:
        _check_timm(card, asked)
    return card


def _read(path: Path) -> Any:
    """What the JSON of a card says; ``NaN`` and numbers beyond all bounds, which Python would take, are no JSON."""

    def number(text: str) -> float:
        if not math.isfinite(value := float(text)):
            raise ValueError(f"{text} is no number of JSON")
        return value

    return json.loads(path.read_text(encoding="utf-8"), parse_float=number, parse_constant=number)


def _opened(told: dict[str, Any], runtime: str, asked: str) -> dict[str, Any]:
    """What a card of another runtime than timm says, its own keys gathered under ``reading``."""
    own = _READING[runtime]
    if unknown := sorted(set(told) - own - _FOR_READERS - _KNOWN):
        advice = f"A card of runtime {runtime} knows {', '.join(sorted(own | _FOR_READERS | _KNOWN))}."
        raise InstrumentError(asked, f"an unknown key {unknown[0]!r}", advice)
    for key in ("reading", "sends_data_to", "absent_arms"):
        told.pop(key, None)
    reading = {"runtime": runtime, **{key: told[key] for key in sorted(own & set(told))}}
    declared = told.get("members")
    told = {"sha256": {}, "members": 1, **told, "reading": reading}
    if runtime in ("onnx", "torchscript"):
        told |= _members(told, reading, declared, asked)
    return told


def _members(told: Mapping[str, Any], reading: dict[str, Any], declared: int | None, asked: str) -> dict[str, Any]:
    """Number of members, and their files in order: one list, or one for each value of a covariate."""
    groups = [reading.get("files") or sorted(told["sha256"])]
    if choice := reading.get("by_covariate"):
        try:
            ((covariate, by_value),) = choice.items()
            groups = [list(names) for names in by_value.values()]
            values = [float(value) for value in by_value]
        except (AttributeError, ValueError, TypeError) as error:
            advice = 'Write {"sex": {"0": ["female.onnx"], "1": ["male.onnx"]}}.'
            raise InstrumentError(asked, f"by_covariate is {choice!r}", advice) from error
        if covariate not in told.get("covariates", ()) or reading.get("files") or len(set(values)) < 2:
            found = f"by_covariate chooses by {covariate!r} among {len(set(values))} values"
            advice = f'List {covariate!r} under covariates, two values or more, and no "files".'
            raise InstrumentError(asked, found, advice)
    else:
        reading["files"] = groups[0]
    sizes = {len(group) for group in groups}
    if len(sizes) > 1 or 0 in sizes:
        words = " or ".join(map(str, sorted(sizes)))
        advice = 'Write "files": ["model.onnx"], or as many files for each value of the covariate.'
        raise InstrumentError(asked, f"it names {words} model files", advice)
    size = sizes.pop()
    if declared not in (None, size):
        advice = "Leave members out, or list as many files."
        raise InstrumentError(asked, f"it declares {declared} members and {size} model files", advice)
    if idle := sorted(set(told["sha256"]) - {name for group in groups for name in group}):
        found_idle = f"sha256 names {idle[0]}, which is no model of the card"
        raise InstrumentError(asked, found_idle, 'List it under "files" or by_covariate, or leave it out.')
    return {"members": size}


def _check_timm(card: InstrumentCard, asked: str) -> None:
    units = {quantity.name: quantity.unit for quantity in card.quantities}
    if units != READS:
        advice = f"timm networks of this package read {READS}; for others name a runtime, see docs/instruments.md."
        raise InstrumentError(asked, f"it declares {units}", advice)
    if card.members != len(card.sha256) or card.members < 1:
        found = f"it declares {card.members} members and {len(card.sha256)} weights files"
        raise InstrumentError(asked, found, "List one safetensors file and its sha256 for each member.")


def verified_weights(card: InstrumentCard, folder: Path) -> tuple[Path, ...]:
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
        content = verified(card, folder, name, "weights")
        if (kind := content_kind(content)) != SAFETENSORS:
            found = "it is a pickle" if kind == PICKLE else "its content is not safetensors"
            raise InstrumentError(asked, found, "Save the weights with safetensors; a pickle can run code.")
        paths.append(path)
    return tuple(paths)


def write_card(path: Path, card: InstrumentCard, for_readers: Mapping[str, JSON]) -> None:
    """Write a card, with further keys that only human readers need."""
    path.write_text(json.dumps({**asdict(card), **for_readers}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
